"""A bound on what is read ahead of whoever takes it."""

from __future__ import annotations

import threading

AHEAD_CALLS = 14_000
"""Calls that may be read or on their way before the one who asked takes them."""


class Ahead:
    """Counts the calls of windows from before their pages are asked for until they are taken. Thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self.calls = 0
        """How many are counted now."""
        self._waiting: set[int] = set()
        self._change = threading.Condition()
        self._closed = False

    def admit(self, calls: int, turn: int) -> None:
        """Wait until so many calls may be read ahead, in the order of turns: a small window overtakes none.

        A window alone may be as large as it is.
        """
        with self._change:
            self._waiting.add(turn)
            self._change.wait_for(lambda: self._closed or self._is_next(calls, turn))
            self._waiting.remove(turn)
            self.calls += calls
            self._change.notify_all()

    def _is_next(self, calls: int, turn: int) -> bool:
        has_room = not self.calls or self.calls + calls <= AHEAD_CALLS
        return has_room and turn == min(self._waiting)

    def release(self, calls: int) -> None:
        """Count so many calls no more: they were taken, or are not there."""
        with self._change:
            self.calls -= calls
            self._change.notify_all()

    def close(self) -> None:
        """Hold nobody back any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
