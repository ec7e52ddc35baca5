"""Ctrl-C and SIGTERM end a run when what was read is loaded, and say so."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline
from altur_calls.errors import KeyRefused
from altur_calls.reading import reader
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import COMMAND, NOON, fill
from warehouse import Warehouse, as_loaded

CALLS = 300


@pytest.mark.parametrize(
    ("number", "exit_code", "arguments"),
    [(signal.SIGINT, 130, []), (signal.SIGTERM, 143, []), (signal.SIGTERM, 143, ["--every", "1s"])],
)
def test_a_signal_ends_a_run_when_what_was_read_is_loaded(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    number: signal.Signals,
    exit_code: int,
    arguments: list[str],
) -> None:
    """The process was asked to end before its last requests; the next run asks for the rest."""
    for minutes in range(CALLS):
        world.put(2, example_call(f"more_{minutes:03}", NOON - timedelta(minutes=minutes)))
    given = {**settings, "campaign_ids": [2], "max_window_calls": 25, "requests_per_second": 30}
    environment = {f"SOURCES__ALTUR__{name.upper()}": str(value) for name, value in given.items()}
    process = subprocess.Popen(
        [COMMAND, "run", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    sandbox.faults.add("call", after=15, do=lambda: process.send_signal(number))

    out, err = process.communicate(timeout=60)
    warehouse = Warehouse(tmp_path / "altur_calls.duckdb")
    kept = warehouse.value("SELECT count(*) FROM altur.campaign_calls")
    done = pipeline.run(Target(), **given)

    assert process.returncode == exit_code, err
    assert "ending when what was read is loaded" in err
    assert "stopped early" in err
    assert f"{kept:,} in the warehouse" in out
    assert 0 < kept < CALLS
    assert done.new_calls == CALLS + 3 - kept
    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_an_end_is_not_held_up_by_an_api_that_throttles(
    sandbox: Sandbox, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask for minutes, and whoever asked for an end kills the process before."""
    monkeypatch.setattr(reader, "PATIENCE_SECONDS", 0.1)
    stop = threading.Event()
    sandbox.faults.add("call", times=None, do=stop.set)
    sandbox.faults.add("status", times=None, status=429, retry_after=55)

    done = pipeline.run(Target(), stop=stop, **settings)

    assert (done.is_stopped, done.new_calls) == (True, 0)
    assert done.seconds < 50


@pytest.fixture
def asked(sandbox: Sandbox) -> Iterator[threading.Event]:
    """Return what is set when one of two campaigns is asked for. It never answers."""
    asked, released = threading.Event(), threading.Event()
    sandbox.faults.add("call", campaign_id=2, times=None, do=asked.set)
    sandbox.faults.add("slow", campaign_id=2, seconds=60, until=released, times=None)
    yield asked
    released.set()


def test_an_end_is_not_held_up_by_an_api_that_does_not_answer(
    settings: dict[str, Any], asked: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for an answer is hung up on, and asks no more."""
    monkeypatch.setattr(reader, "PATIENCE_SECONDS", 0.1)
    began = time.monotonic()

    done = pipeline.run(Target(), stop=asked, **settings)

    assert done.is_stopped
    assert done.retries == 0
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("why", ["it throttles", "it does not answer"])
def test_an_end_is_not_held_up_by_a_list_of_campaigns_that_does_not_come(
    world: ManualWorld, sandbox: Sandbox, settings: dict[str, Any], why: str
) -> None:
    """Which are all is not known without it. Nothing is read then, and the next run does it all."""
    stop, released = threading.Event(), threading.Event()
    sandbox.faults.add("call", lists="campaigns", do=stop.set)
    if why == "it throttles":
        sandbox.faults.add("status", lists="campaigns", status=429, retry_after=45)
    else:
        sandbox.faults.add("slow", lists="campaigns", seconds=45, until=released)
    settings = {**settings, "campaign_ids": "all"}

    stopped = pipeline.run(Target(), stop=stop, **settings)
    for thread in threading.enumerate():
        if thread.name.startswith("campaigns"):
            thread.join(20)
            assert not thread.is_alive()  # or it would hold up the end of the process
    released.set()
    sandbox.faults.clear()
    done = pipeline.run(Target(), **{**settings, "requests_per_second": 999})  # a pace that need not pause

    assert (stopped.outcome, stopped.windows, stopped.new_calls) == ("stopped", 0, 0)
    assert stopped.seconds < 30
    assert (done.outcome, done.new_calls) == ("ok", len(world.calls(2)))


def test_an_error_is_not_held_up_by_an_answer_that_does_not_come(
    sandbox: Sandbox, settings: dict[str, Any], asked: threading.Event
) -> None:
    """It comes for another request."""
    sandbox.faults.add("slow", campaign_id=1, seconds=60, until=asked)
    sandbox.faults.add("status", campaign_id=1, status=401)
    began = time.monotonic()

    with pytest.raises(KeyRefused):
        pipeline.run(Target(), **settings)

    assert asked.is_set()
    assert time.monotonic() - began < 30


def test_ctrl_c_ends_a_dry_run_at_once(
    world: ManualWorld, sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    """All that is under way is hung up on, and no more is asked for: it was for the figures only."""
    fill(world, 2, CALLS)
    given = {**settings, "campaign_ids": [2], "max_window_calls": 25}
    environment = {f"SOURCES__ALTUR__{name.upper()}": str(value) for name, value in given.items()}
    process = subprocess.Popen(
        [COMMAND, "run", "--dry-run"], env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )
    released = threading.Event()
    sandbox.faults.add("call", after=3, do=lambda: process.send_signal(signal.SIGINT))
    sandbox.faults.add("slow", after=3, seconds=50, until=released, times=None)

    _, err = process.communicate(timeout=40)
    asked = len(sandbox.requests)
    released.set()

    assert process.returncode == 130, err
    assert "interrupted" in err
    assert asked <= 4


def test_a_run_that_ends_before_its_first_load_has_nothing_to_publish(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing failed."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    stop = threading.Event()
    stop.set()

    done = pipeline.run(Target(), stop=stop, **settings)

    assert (done.is_stopped, done.failure, done.published) == (True, None, None)
