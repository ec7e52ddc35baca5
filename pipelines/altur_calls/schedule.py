"""Runs on a grid of time, one after the other, until they are told to stop."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from altur_calls.errors import SettingsError
from altur_calls.windows import Clock, utc_now

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LONGEST_SLEEP = timedelta(minutes=1)
"""Then the clock is looked at again: it may have been set, and the machine have slept meanwhile."""

logger = logging.getLogger(__name__)


def next_start(now: datetime, every: timedelta) -> datetime:
    """Return the first moment after ``now`` on the grid of ``every``, which begins at midnight UTC.

    However long a run took, the next one starts on the grid; starts that it missed are left out.
    """
    return now + every - (now - EPOCH) % every


def repeat(
    run: Callable[[], int],
    every: timedelta,
    stop: threading.Event,
    tell: Callable[[Exception], int],
    clock: Clock = utc_now,
) -> int:
    """Call ``run`` now and then on the grid of ``every`` until ``stop`` is set.

    An error is told, and survived: what is wrong may be right the next time. But settings are read once in
    the life of a process.

    Returns:
        The exit code of the run that was under way when ``stop`` was set; 0 where none was.

    Raises:
        SettingsError: at once, if a run does.

    """
    while not stop.is_set():
        try:
            exit_code = run()
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it was, the next run is due)
            exit_code = tell(error)
        if stop.is_set():
            return exit_code
        gc.collect()  # a run leaves cycles, and one that failed leaves its connections in them
        start = next_start(clock(), every)
        logger.info("The next run starts at %s.", f"{start:%Y-%m-%d %H:%M:%S} UTC")
        while not stop.is_set() and (left := start - clock()) > timedelta():
            stop.wait(min(left, LONGEST_SLEEP).total_seconds())
            start = min(start, next_start(clock(), every))  # the clock may have been set back
    return 0
