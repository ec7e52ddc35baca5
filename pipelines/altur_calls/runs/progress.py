"""Show a run while it lasts: a bar on a terminal, a log line now and then elsewhere. On stderr."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from altur_calls import logs
from altur_calls.tally import Tally

LOG_EVERY_SECONDS = 10.0
DRAW_EVERY_SECONDS = 0.25


@contextmanager
def watched(tally: Tally) -> Iterator[None]:
    """Report on ``tally`` until the context ends."""
    console = Console(stderr=True)
    is_shown = console.is_terminal and not logs.is_for_machines()
    reporter = _bar(tally, console) if is_shown else _lines(tally)
    with reporter:
        yield


@contextmanager
def _bar(tally: Tally, console: Console) -> Iterator[None]:
    columns = (
        TextColumn("[bold]{task.fields[what]}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, what="asking the API", rate="")
        began = time.monotonic()

        def draw() -> None:
            seconds = time.monotonic() - began
            bar.update(
                task,
                total=tally.calls_counted or None,
                completed=tally.calls_read,
                what=f"{tally.calls_read:,} of {tally.calls_counted:,} calls",
                rate=f"{_rate(tally, seconds)}{_trouble(tally)}",
            )

        with _ticking(draw, DRAW_EVERY_SECONDS):
            yield


@contextmanager
def _lines(tally: Tally) -> Iterator[None]:
    began = time.monotonic()

    def write() -> None:
        seconds = time.monotonic() - began
        # Calls at the edges of windows are read twice and counted once.
        left = max(0, tally.calls_counted - tally.calls_read) * seconds / max(tally.calls_read, 1)
        logs.tell(
            "progress",
            f"{tally.calls_read:,} of {tally.calls_counted:,} calls read, {_rate(tally, seconds)}, "
            f"{left:.0f} s left, {tally.requests:,} requests{_trouble(tally)}",
            logging.INFO,
            calls=tally.calls_read,
            calls_counted=tally.calls_counted,
            requests=tally.requests,
            throttled=tally.throttled,
            retries=tally.retries,
            seconds=round(seconds, 3),
            seconds_left=round(left),
        )

    with _ticking(write, LOG_EVERY_SECONDS):
        yield


def _rate(tally: Tally, seconds: float) -> str:
    rate = tally.calls_read / max(seconds, 1e-3)
    limit = tally.calls_per_second_limit
    return f"{rate:,.0f}/s" + (f" ({rate / limit:.0%} of the limit)" if limit else "")


def _trouble(tally: Tally) -> str:
    return f", {tally.throttled} x 429, {tally.retries} retries" if tally.retries else ""


@contextmanager
def _ticking(report: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call ``report`` every so many seconds, in a thread of its own."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(seconds):
            report()

    thread = threading.Thread(target=copy_context().run, args=(tick,), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
