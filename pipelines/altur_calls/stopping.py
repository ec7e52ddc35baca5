"""Ctrl-C and SIGTERM: the first ends a run with its load package, a second one at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from altur_calls.logs import line

SIGNALLED = 128
"""Exit codes of what a signal ended, in the way of shells: this, and the signal's number."""

STDERR = 2
ENDING = "ending when what was read is loaded; once more ends it at once."


class Stop(threading.Event):
    """Set when a run should end early; ``signal_number`` tells by which signal."""

    signal_number: int | None = None


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Yield what the first SIGINT or SIGTERM sets. After it, either does again what it did before."""
    stop = Stop()
    told = f"{line('ending', ENDING)}\n".encode()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, _frame: FrameType | None) -> None:
        restore()
        os.write(STDERR, told)  # print may be what was interrupted
        stop.signal_number = number
        # In a thread: the one that was interrupted may be about to wait for it, and hold its lock.
        threading.Thread(target=stop.set, name="stop").start()

    for number in before:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        restore()


def end_with_the_reader() -> None:
    """Let this process end without a word when what it writes is read no further, as before ``head``."""
    if hasattr(signal, "SIGPIPE"):  # not on Windows
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
