"""Read windows over the wire, many pages at a time, and prove each one before it is handed on."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from math import inf
from typing import Any

from altur_calls import settings
from altur_calls.api import Api
from altur_calls.asking import Asker, Task, halves
from altur_calls.errors import CampaignNotFound, RequestRejected
from altur_calls.paging import Page, contradicts_itself, doubt, goes_on, last_index
from altur_calls.sightings import call_id_of
from altur_calls.tally import Tally
from altur_calls.windows import SMALLEST, Clock, Window, utc_now

WALKERS = 16
"""Windows under way at once. Small windows take two requests one after the other, so they need company."""

AHEAD_CALLS = 14_000
"""Calls that may be read or on their way before the one who asked takes them."""

LAST_CALLS = 2_000
"""The last window, if it likely holds more, is cut in two, and so is the last of those: little is left to do
when all is read."""

MOST_CUTS_WITHOUT_PROOF = 256
"""Cuts of a campaign's windows, while not one of them could be proved. So many are only seen where the API's
count means something else than it should, and no cut will ever prove anything."""

STRAY_PAGES = 3
"""Pages followed past the counted end, while the API insists that there are more."""


@dataclass(frozen=True, slots=True)
class Read:
    """A window that was read: its calls, and whether they are proved to be all of them."""

    campaign_id: int
    window: Window
    read_at: datetime
    """When its first request was sent: nothing in it is older news than this."""
    calls: list[Any]
    """As the API gave them, each id once."""
    requests: int
    total_count: int | None
    doubt: str | None
    """Why the window is not proved, or ``None`` if it is."""

    is_missing: bool = False
    """The API knows no such campaign."""

    @property
    def is_proved(self) -> bool:
        """Whether the calls are all that the window holds, by the API's own count."""
        return self.doubt is None


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
        self._tally = tally
        self._clock = clock
        self._stop = stop or threading.Event()
        self._todo: deque[Task] = deque(tasks)
        self._open = len(self._todo)  # tasks that have not ended in a read
        self._uncounted = len(self._todo)  # of them, those not yet asked how many calls they hold, and cut
        self._guard = threading.Condition()
        self._ahead = 0
        self._ready_calls = 0
        self._arrived = 0  # calls on pages of windows that are read
        self._began = time.monotonic()
        self._tickets = count()
        self._waiting: set[int] = set()
        self._closed = False
        self._cuts: Counter[int] = Counter()  # by campaign, until a window of it is proved
        self._proved: set[int] = set()
        self._done: queue.SimpleQueue[Read | BaseException] = queue.SimpleQueue()
        self._pages = ThreadPoolExecutor(settings.REQUESTS_IN_FLIGHT, "page")

    def __iter__(self) -> Iterator[Read]:
        """Yield every read; raise the first error of a walker."""
        walkers = [
            threading.Thread(target=self._walk_windows, name=f"walker-{n}", daemon=True)
            for n in range(WALKERS if self._open else 0)
        ]
        for walker in walkers:
            walker.start()
        try:
            while self._open:
                result = self._next_done()
                if result is None:
                    return
                if isinstance(result, BaseException):
                    raise result
                self._count(result)
                self._open -= 1
                yield result
                self._give_back(len(result.calls))
        finally:
            self.close()
            for walker in walkers:
                walker.join()

    def _next_done(self) -> Read | BaseException | None:
        """Return what ended next; none where the run is to end and nothing comes, as the API throttles."""
        patience = PATIENCE_SECONDS
        while patience > 0:
            try:
                return self._done.get(timeout=POLL_SECONDS)
            except queue.Empty:
                patience -= POLL_SECONDS if self._stop.is_set() else 0
        return None

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
        return not self._uncounted

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at the pace of what came so far; for ever, if that is not known."""
        if not (self.is_counted and self._arrived):
            return inf
        left = self._tally.calls_counted - self._arrived
        return left * (time.monotonic() - self._began) / self._arrived if left >= 0 else inf

    @property
    def is_exhausted(self) -> bool:
        """Whether all reads were handed on."""
        return not self._open

    def close(self) -> None:
        """Ask no more: release all threads that wait."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()
        self._api.close()
        self._pages.shutdown(wait=False, cancel_futures=True)

    def _count(self, read: Read) -> None:
        self._tally.add(windows=1, calls_read=len(read.calls))
        self._add_ready(-len(read.calls))
        if read.is_missing:
            self._tally.missing.append(read.doubt or "")
        elif not read.is_proved:
            self._tally.unproved.append(f"campaign {read.campaign_id} {read.window}: {read.doubt}")

    # The walkers' side.

    def _walk_windows(self) -> None:
        while (taken := self._next_task()) is not None:
            try:
                self._work(*taken)
            except BaseException as error:  # noqa: BLE001 (handed to the thread that iterates)
                self._done.put(error)
                return

    def _next_task(self) -> tuple[Task, int] | None:
        """Return a task, and what tells in which order tasks were taken."""
        with self._guard:
            while not self._closed:
                if self._todo:
                    task = self._todo.popleft()
                    if self._is_last(task) and task.calls > LAST_CALLS and task.window.length > SMALLEST:
                        task, *rest = halves(task)
                        self._open += len(rest)
                        self._todo.extend(rest)
                        self._guard.notify_all()
                    return task, next(self._tickets)
                self._guard.wait()
        return None

    def _note_counted(self, task: Task) -> None:
        with self._guard:
            self._uncounted -= task.is_first

    def _is_last(self, task: Task) -> bool:
        return task.is_part and not (task.is_retry or self._todo or self._uncounted)

    def _replace(self, *tasks: Task) -> None:
        """Put ``tasks`` first in the queue, in place of one that was taken."""
        with self._guard:
            self._open += len(tasks) - 1
            self._todo.extendleft(reversed(tasks))
            self._guard.notify_all()

    def _may_cut(self, task: Task) -> bool:
        """Tell if cutting a window may yet prove something."""
        is_vain = self._cuts[task.campaign_id] >= MOST_CUTS_WITHOUT_PROOF
        return task.window.length > SMALLEST and (task.campaign_id in self._proved or not is_vain)

    def _cut(self, task: Task, parts: Iterable[Task]) -> None:
        with self._guard:
            self._cuts[task.campaign_id] += 1
        self._replace(*parts)

    def _hand_over(self, read: Read) -> None:
        if read.is_proved:
            self._proved.add(read.campaign_id)
        self._add_ready(len(read.calls))
        self._done.put(read)

    def _give_back(self, calls: int) -> None:
        with self._guard:
            self._ahead -= calls
            self._guard.notify_all()

    def _take_back(self, expected: int, pages: list[Page]) -> None:
        """Count a window as not read, as it is to be read again."""
        self._give_back(expected)
        self._add_arrived(-sum(len(page.calls) for page in pages))

    def _add_ready(self, calls: int) -> None:
        with self._guard:
            self._ready_calls += calls

    def _add_arrived(self, calls: int) -> None:
        with self._guard:
            self._arrived += calls

    def _take(self, calls: int, ticket: int) -> None:
        """Wait until so many calls may be read ahead, in the order of tasks: the smallest come last."""
        with self._guard:
            self._waiting.add(ticket)
            while not self._closed and (
                ticket > min(self._waiting) or (self._ahead and self._ahead + calls > AHEAD_CALLS)
            ):
                self._guard.wait()
            self._waiting.remove(ticket)
            self._ahead += calls
            self._guard.notify_all()

    def _work(self, task: Task, ticket: int) -> None:
        read_at = self._clock()
        try:
            first = self._asker.first_page(task)
        except CampaignNotFound as error:
            self._note_counted(task)
            self._done.put(
                Read(task.campaign_id, task.window, read_at, [], 2, None, str(error), is_missing=True)
            )
            return
        expected = max(first.total or 0, len(first.calls))
        if task.is_first:
            self._tally.add(calls_counted=expected)
        parts = []
        if self._asker.is_too_large(first) and self._may_cut(task):
            parts = self._asker.smaller(task, first)
        self._note_counted(task)
        if parts:
            self._cut(task, parts)
            return
        self._take(expected, ticket)
        self._add_arrived(len(first.calls))
        pages, refusal = self._all_pages(task, first)
        self._judge(task, read_at, pages, refusal, expected)

    def _judge(
        self, task: Task, read_at: datetime, pages: list[Page], refusal: str | None, expected: int
    ) -> None:
        reason = refusal or doubt(pages)
        is_counted_more = last_index(pages[0]) and not contradicts_itself(pages[0])
        has_more = refusal or _holds_several(pages) or is_counted_more
        may_split = has_more and self._may_cut(task)
        if reason and not task.is_retry and (pages[0].total is not None or not may_split):
            self._take_back(expected, pages)
            self._replace(replace(task, is_retry=True))
        elif reason and may_split:
            self._take_back(expected, pages)
            self._cut(task, (Task(task.campaign_id, part, is_part=True) for part in task.window.parts(2)))
        else:
            calls = _each_once(pages)
            self._give_back(expected - len(calls))
            self._hand_over(
                Read(task.campaign_id, task.window, read_at, calls, len(pages), pages[0].total, reason)
            )

    def _all_pages(self, task: Task, first: Page) -> tuple[list[Page], str | None]:
        """Return the pages in order, and the API's refusal to go on, if there was one."""
        pages, last = [first], last_index(first)
        try:
            pages += self._counted_pages(task, last or 0)  # those before a refusal stay
        except RequestRejected as error:
            return pages, f"a page after the first was refused: {error}"
        refusal = self._follow(task, pages, last)
        if last and all(page.total is None for page in pages[1:]):
            # Its count, asked for again: nothing else shows that the list moved meanwhile.
            pages.append(replace(self._asker.page_or_end(task, 0), calls=[]))
        return pages, refusal

    def _counted_pages(self, task: Task, last: int) -> Iterator[Page]:
        """Yield the pages from 1 to ``last``; after one that is empty, no more are asked for."""
        is_over = threading.Event()

        def ask(index: int) -> Page | None:
            if is_over.is_set():
                return None
            page = self._asker.page_or_end(task, index)
            self._add_arrived(len(page.calls))
            if not page.calls:
                is_over.set()
            return page

        return filter(None, self._pages.map(ask, range(1, last + 1)))

    def _follow(self, task: Task, pages: list[Page], last: int | None) -> str | None:
        """Add the pages that follow those counted, if there seem to be any; return the API's refusal.

        Without a count no more than show that there are several: then the window is split.
        """
        full = pages[0].size or settings.PAGE_SIZE
        may_split = last is not None or self._may_cut(task)
        most = STRAY_PAGES if may_split else self._asker.max_window_calls
        while goes_on(pages, full) and most > 0:
            most -= 1
            try:
                pages.append(self._asker.page_or_end(task, len(pages)))
                self._add_arrived(len(pages[-1].calls))
            except RequestRejected as error:
                is_end = last is not None or len(pages[-1].calls) < full
                return None if is_end else f"a page after the first was refused: {error}"
        return None


def _holds_several(pages: list[Page]) -> bool:
    """Tell if calls came on more than one page. What comes on one can't be split into less."""
    return sum(1 for page in pages if page.calls) > 1


def _each_once(pages: list[Page]) -> list[Any]:
    """Return the calls of all pages; of those with the same id, the one that came last."""
    by_id: dict[Any, Any] = {}
    for page in pages:
        for call in page.calls:
            by_id[call_id_of(call) or object()] = call
    return list(by_id.values())
