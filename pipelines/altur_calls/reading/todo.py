"""Windows that are still to be read: taken in order by many threads, and cut into smaller ones."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import count

from altur_calls.reading.asking import Task, halves
from altur_calls.windows import SMALLEST

LAST_CALLS = 2_000
"""The last window, if it likely holds more, is cut in two, and so is the last of those: little is left to do
when all is read."""

MOST_CUTS_WITHOUT_PROOF = 256
"""Cuts of a campaign's windows, while not one of them could be proved. So many are only seen where the API's
count means something else than it should, and no cut will ever prove anything."""


class Todo:
    """The tasks of a reader. Safe to share by threads."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        """Begin with what is due."""
        self._tasks = deque(tasks)
        self._open = len(self._tasks)  # those that have not ended in a read
        self._uncounted = len(self._tasks)  # of them, those not yet asked how many calls they hold, and cut
        self._turns = count()
        self._cuts: Counter[int] = Counter()  # by campaign
        self._proved: set[int] = set()  # campaigns with a window that is proved
        self._change = threading.Condition()
        self._closed = False

    @property
    def is_empty(self) -> bool:
        """Whether all ended in a read."""
        return not self._open

    @property
    def is_counted(self) -> bool:
        """Whether it is known how many calls all of them hold."""
        return not self._uncounted

    def take(self) -> tuple[Task, int] | None:
        """Wait for a task and return it, with a number that tells in which order they were taken.

        Of the last one, if it is large, only the first half is taken. ``None`` once it is closed.
        """
        with self._change:
            self._change.wait_for(lambda: self._tasks or self._closed)
            if self._closed:
                return None
            task = self._tasks.popleft()
            if self._is_last(task) and task.calls > LAST_CALLS and task.window.length > SMALLEST:
                task, *rest = halves(task)
                self._open += len(rest)
                self._tasks.extend(rest)
                self._change.notify_all()
            return task, next(self._turns)

    def _is_last(self, task: Task) -> bool:
        return task.is_part and not (task.is_retry or self._tasks or self._uncounted)

    def note_counted(self, task: Task, parts: Sequence[Task] = ()) -> None:
        """Note that a task was asked how many calls it holds, and put what it was cut into in its place."""
        with self._change:
            if parts:
                self.cut(task, parts)
            self._uncounted -= task.is_first

    def note_proved(self, campaign_id: int) -> None:
        """Note that a window of a campaign is proved: cuts of others may prove them, too."""
        self._proved.add(campaign_id)

    def note_read(self) -> None:
        """Note that a task ended in a read."""
        with self._change:
            self._open -= 1

    def put_back(self, *tasks: Task) -> None:
        """Put tasks first in the queue, in place of one that was taken."""
        with self._change:
            self._open += len(tasks) - 1
            self._tasks.extendleft(reversed(tasks))
            self._change.notify_all()

    def may_cut(self, task: Task) -> bool:
        """Tell if cutting a window may yet prove something."""
        is_vain = self._cuts[task.campaign_id] >= MOST_CUTS_WITHOUT_PROOF
        return task.window.length > SMALLEST and (task.campaign_id in self._proved or not is_vain)

    def cut(self, task: Task, parts: Sequence[Task]) -> None:
        """Put the parts of a task that was taken in its place."""
        with self._change:
            self._cuts[task.campaign_id] += 1
        self.put_back(*parts)

    def close(self) -> None:
        """Give out no more: release all threads that wait."""
        with self._change:
            self._closed = True
            self._change.notify_all()
