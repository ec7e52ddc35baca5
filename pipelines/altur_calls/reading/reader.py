"""Read windows over the wire, many pages at a time, and prove each one before it is handed on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import inf

from altur_calls import settings
from altur_calls.errors import CampaignNotFound
from altur_calls.reading.ahead import Ahead
from altur_calls.reading.api import Api
from altur_calls.reading.asking import Asker, Task, halves_of_time
from altur_calls.reading.judging import Fate, each_once, fate_of
from altur_calls.reading.paging import Page
from altur_calls.reading.todo import Todo
from altur_calls.reading.window_pages import WindowPages
from altur_calls.reads import Read
from altur_calls.tally import Tally
from altur_calls.windows import Clock, utc_now

WALKERS = 16
"""Windows under way at once. Small windows take two requests one after the other, so they need company."""

PATIENCE_SECONDS = 10.0
"""For a window that is under way when the run is to end."""

POLL_SECONDS = 0.5


class Reader:
    """Iterate over the reads of ``tasks`` in the order they are done; read ahead within a bound."""

    def __init__(  # noqa: PLR0913 (each is another's)
        self,
        api: Api,
        tasks: Iterable[Task],
        tally: Tally,
        max_window_calls: int = settings.MAX_WINDOW_CALLS,
        clock: Clock = utc_now,
        *,
        stop: threading.Event | None = None,
    ) -> None:
        """Set up; nothing is asked before the first iteration. After ``stop`` no read is waited for long."""
        self._api = api
        self._asker = Asker(api, max_window_calls)
        self._pages = WindowPages(self._asker, self._add_arrived)
        self._todo = Todo(tasks)
        self._ahead = Ahead()
        self._tally = tally
        self._clock = clock
        self._stop = stop or threading.Event()
        self._done: queue.SimpleQueue[Read | BaseException] = queue.SimpleQueue()
        self._held_calls = 0  # of the read that was handed on last
        self._began = time.monotonic()
        self._counts = threading.Lock()
        self._ready_calls = 0
        self._arrived = 0  # calls on pages of windows that are read

    def __iter__(self) -> Iterator[Read]:
        """Yield every read; raise the first error of a walker."""
        walkers = [
            threading.Thread(target=self._walk, name=f"walker-{n}", daemon=True)
            for n in range(0 if self._todo.is_empty else WALKERS)
        ]
        for walker in walkers:
            walker.start()
        try:
            while not self._todo.is_empty:
                if not (taken := self._taken()):
                    return
                yield taken.pop()  # so that nothing here keeps it while this waits
                self.let_go()
        finally:
            self._close()
            for walker in walkers:
                walker.join()

    def _taken(self) -> list[Read]:
        """Return the read that ended next, or an empty list where none is waited for any more."""
        result = self._next_done()
        if isinstance(result, BaseException):
            raise result
        if result is None:
            return []
        self._count(result)
        self._todo.note_read()
        self._held_calls = len(result.calls)
        return [result]

    def _next_done(self) -> Read | BaseException | None:
        """Return what ended next; none where the run is to end and nothing comes, as the API throttles."""
        patience = PATIENCE_SECONDS
        while patience > 0:
            try:
                return self._done.get(timeout=POLL_SECONDS)
            except queue.Empty:
                patience -= POLL_SECONDS if self._stop.is_set() else 0
        return None

    def _count(self, read: Read) -> None:
        self._tally.add(windows=1, calls_read=len(read.calls))
        self._add_ready(-len(read.calls))
        if read.is_missing:
            self._tally.missing.append(read.doubt or "")
        elif not read.is_proved:
            self._tally.unproved.append(f"campaign {read.campaign_id} {read.window}: {read.doubt}")

    def let_go(self) -> None:
        """Count the calls that were handed on last as read ahead no more.

        Done when the next are asked for. Who pauses before that says so here, and reading goes on meanwhile.
        """
        held, self._held_calls = self._held_calls, 0
        self._ahead.release(held)

    def _close(self) -> None:
        """Ask no more: release all threads that wait."""
        self._api.close()
        self._todo.close()
        self._ahead.close()
        self._pages.close()

    # How far it is.

    @property
    def is_ready(self) -> bool:
        """Whether the next read need not be waited for."""
        return not self._done.empty()

    @property
    def ready_calls(self) -> int:
        """How many calls the reads have that need not be waited for."""
        return self._ready_calls

    @property
    def is_counted(self) -> bool:
        """Whether it is known how many calls all that is to be read holds."""
        return self._todo.is_counted

    @property
    def is_exhausted(self) -> bool:
        """Whether all reads were handed on."""
        return self._todo.is_empty

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at the pace of what came so far; for ever, if that is not known."""
        if not (self.is_counted and self._arrived):
            return inf
        left = self._tally.calls_counted - self._arrived
        return left * (time.monotonic() - self._began) / self._arrived if left >= 0 else inf

    def _add_ready(self, calls: int) -> None:
        with self._counts:
            self._ready_calls += calls

    def _add_arrived(self, calls: int) -> None:
        with self._counts:
            self._arrived += calls

    # The walkers' side.

    def _walk(self) -> None:
        while (taken := self._todo.take()) is not None:
            try:
                self._read(*taken)
            except BaseException as error:  # noqa: BLE001 (handed to the thread that iterates)
                self._done.put(error)
                return

    def _read(self, task: Task, turn: int) -> None:
        read_at = self._clock()
        try:
            first = self._asker.first_page(task)
        except CampaignNotFound as error:
            self._todo.note_counted(task)
            self._done.put(
                Read(task.campaign_id, task.window, read_at, [], 2, None, str(error), is_missing=True)
            )
            return
        expected = max(first.total or 0, len(first.calls))
        if task.is_first:
            self._tally.add(calls_counted=expected)
        parts = []
        if self._asker.is_too_large(first) and self._todo.may_cut(task):
            parts = self._asker.smaller(task, first)
        self._todo.note_counted(task, parts)
        if parts:
            return
        self._ahead.admit(expected, turn)
        self._add_arrived(len(first.calls))
        may_cut = self._todo.may_cut(task)  # asked once: where pages are left out, it is cut
        pages, refusal = self._pages.all_of(task, first, may_cut=may_cut)
        fate, reason = fate_of(task, pages, refusal, may_cut=may_cut)
        if fate is Fate.KEPT:
            calls = each_once(pages)
            self._ahead.release(expected - len(calls))
            self._hand_over(
                Read(task.campaign_id, task.window, read_at, calls, len(pages), first.total, reason)
            )
            return
        self._take_back(expected, pages)
        if fate is Fate.AGAIN:
            self._todo.put_back(replace(task, is_retry=True))
        else:
            self._todo.cut(task, halves_of_time(task))

    def _take_back(self, expected: int, pages: list[Page]) -> None:
        """Count a window as not read, as it is to be read again."""
        self._ahead.release(expected)
        self._add_arrived(-sum(len(page.calls) for page in pages))

    def _hand_over(self, read: Read) -> None:
        if read.is_proved:
            self._todo.note_proved(read.campaign_id)
        self._add_ready(len(read.calls))
        self._done.put(read)
