"""Runs again and again: on the grid, one after the other, through errors, until a signal comes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls.errors import ApiUnavailable, SettingsError
from altur_calls.schedule import next_start, repeat
from altur_sandbox import Sandbox
from common import COMMAND, NOON, Cli

QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("now", "every", "start"),
    [
        ("12:07:31", QUARTER, "12:15:00"),
        ("12:15:00", QUARTER, "12:30:00"),
        ("23:59:59", QUARTER, "00:00:00"),
        ("12:07:31", timedelta(hours=2), "14:00:00"),
        ("12:07:31", timedelta(days=1), "00:00:00"),
    ],
)
def test_starts_are_on_the_clock(now: str, every: timedelta, start: str) -> None:
    """Quarters of an hour at 0, 15, 30 and 45, days at midnight UTC, whenever the first run was."""
    moment = datetime.fromisoformat(f"2026-03-02T{now}+00:00")

    assert f"{next_start(moment, every):%H:%M:%S}" == start


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10**6))  # noqa: DTZ001
def test_the_next_start_is_the_first_of_the_grid(now: datetime, seconds: int) -> None:
    """After now, by no more than the interval, and the starts that follow are an interval apart."""
    moment, every = now.replace(tzinfo=UTC), timedelta(seconds=seconds)

    start = next_start(moment, every)

    assert moment < start <= moment + every
    assert next_start(start, every) == start + every


class Night(threading.Event):
    """A stop in a world of its own, where waiting takes no time but is seen on the clock."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now
        self.set_back = timedelta()

    def wait(self, timeout: float | None = None) -> bool:
        """Let time pass."""
        self.now += timedelta(seconds=timeout or 0) - self.set_back
        self.set_back = timedelta()
        return self.is_set()


def test_a_long_run_leaves_out_the_starts_it_missed() -> None:
    """Never two at once, and no run makes up for another."""
    night, starts = Night(NOON + timedelta(minutes=7)), []

    def run() -> int:
        starts.append(night.now)
        night.now += timedelta(minutes=40 if len(starts) == 2 else 1)
        if len(starts) == 4:
            night.set()
        return 0

    repeat(run, QUARTER, night, lambda _: 1, clock=lambda: night.now)

    assert [(start - NOON) / timedelta(minutes=1) for start in starts] == [7, 15, 60, 75]


def test_a_clock_that_is_set_back_puts_no_start_off() -> None:
    """By two days here, while the next run is waited for."""
    night, starts = Night(NOON), []
    night.set_back = timedelta(days=2)

    def run() -> int:
        starts.append(night.now)
        if len(starts) == 2:
            night.set()
        return 0

    repeat(run, QUARTER, night, lambda _: 1, clock=lambda: night.now)

    assert starts[1] - (NOON - timedelta(days=2)) <= QUARTER


def test_errors_are_told_and_the_next_run_starts() -> None:
    """Whatever went wrong, foreseen or not."""
    night, told = Night(NOON), []
    fates: list[Exception | None] = [ApiUnavailable("down"), ZeroDivisionError(), None]

    def run() -> int:
        fate = fates.pop(0)
        if fate:
            raise fate
        night.set()
        return 3

    def tell(error: Exception) -> int:
        told.append(type(error))
        return 1

    assert repeat(run, QUARTER, night, tell, clock=lambda: night.now) == 3
    assert told == [ApiUnavailable, ZeroDivisionError]


def test_a_run_is_gone_while_the_next_is_waited_for() -> None:
    """What it held, connections among it, is let go at once, however rarely this process looks for cycles."""

    class Held:
        """A part of a run that knows itself."""

        def __init__(self) -> None:
            self.myself = self

    class Looking(Night):
        """A night that ends as soon as somebody waits, and sees what is left."""

        def wait(self, timeout: float | None = None) -> bool:
            """See what is left."""
            left.append(held[0]())
            self.set()
            return super().wait(timeout)

    held: list[weakref.ref[Held]] = []
    left: list[Held | None] = []

    def run() -> int:
        held.append(weakref.ref(Held()))
        return 0

    repeat(run, QUARTER, Looking(NOON), lambda _: 1, clock=lambda: NOON)

    assert left == [None]


def test_settings_end_it() -> None:
    """They are read once in the life of a process, so no later run can mend them."""

    def run() -> int:
        raise SettingsError("wrong")

    with pytest.raises(SettingsError):
        repeat(run, QUARTER, Night(NOON), lambda _: 1)


@contextmanager
def loop(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command as it is, with both outputs in one pipe."""
    with subprocess.Popen(
        [COMMAND, "run", *arguments],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what a process says until it says ``words``."""
    said = ""
    for line in process.stdout or ():
        said += line
        if words in line:
            return said
    raise AssertionError(f"it never said {words!r}, but: {said}")


@pytest.mark.usefixtures("cli")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_outlives_an_api_that_is_down(sandbox: Sandbox, number: signal.Signals) -> None:
    """It says what is wrong and goes on; asked to end while it waits, it ends at once, as all is well."""
    sandbox.faults.add("status", times=None, status=503)
    with loop("--every", "1s") as process:
        broken = read_until(process, "The next run starts at")
        sandbox.faults.clear()
        whole = read_until(process, "3 in the warehouse")
        read_until(process, "The next run starts at")
        process.send_signal(number)
        exit_code = process.wait(60)

    assert "status 503. Gave up" in broken
    assert "3 new calls" in whole
    assert exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["--every", "soon"], 78, "--every is 'soon': write a number and a unit"),
        (["--every", "0m"], 78, "--every is '0m'"),
        (["--every", "15m", "--since", "2026-01-01"], 2, "--every loads what is due"),
        (["--every", "15m", "--campaign", "x"], 78, "'x', which is no campaign id"),
    ],
)
def test_what_can_not_be_repeated_is_refused(
    cli: Cli, arguments: list[str], exit_code: int, words: str
) -> None:
    """At once, with the exit code of its kind, so that whoever started it sees it."""
    done = cli("run", *arguments)

    assert done.returncode == exit_code
    assert words in done.stderr
