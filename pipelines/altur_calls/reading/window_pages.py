"""All pages of a window: those its first page counts, many at a time, and those that seem to follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from altur_calls import settings
from altur_calls.errors import RequestRejected
from altur_calls.reading.asking import Asker, Task
from altur_calls.reading.paging import Page, goes_on, last_index

STRAY_PAGES = 3
"""Pages followed past the counted end, while the API insists that there are more."""


class WindowPages:
    """Asks for the pages that are counted as many at a time as there are connections; for others in turn.

    ``note_arrived`` is told how many calls came with each page but a window's first.
    """

    def __init__(self, asker: Asker, note_arrived: Callable[[int], None]) -> None:
        """Set up; nothing is asked."""
        self._asker = asker
        self._note_arrived = note_arrived
        self._pool = ThreadPoolExecutor(settings.REQUESTS_IN_FLIGHT, "page")

    def close(self) -> None:
        """Ask for no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def all_of(self, task: Task, first: Page, *, may_cut: bool) -> tuple[list[Page], str | None]:
        """Return the pages of a window in order, and the API's refusal to go on, if there was one.

        Where ``may_cut`` and nothing is counted, no more of them than show that there are several.
        """
        pages, last = [first], last_index(first)
        try:
            pages += self._counted(task, last or 0)  # those before a refusal stay
        except RequestRejected as error:
            return pages, f"a page after the first was refused: {error}"
        is_bounded = last is not None or may_cut
        refusal = self._follow(task, pages, STRAY_PAGES if is_bounded else self._asker.max_window_calls)
        if last and all(page.total is None for page in pages[1:]):
            # Its count, asked for again: nothing else shows that the list moved meanwhile.
            pages.append(replace(self._asker.page_or_end(task, 0), calls=[]))
        return pages, refusal

    def _counted(self, task: Task, last: int) -> Iterator[Page]:
        """Yield the pages from 1 to ``last``; after one that is empty, no more are asked for."""
        is_over = threading.Event()

        def ask(index: int) -> Page | None:
            if is_over.is_set():
                return None
            page = self._page(task, index)
            if not page.calls:
                is_over.set()
            return page

        return filter(None, self._pool.map(ask, range(1, last + 1)))

    def _follow(self, task: Task, pages: list[Page], most: int) -> str | None:
        """Add the pages that follow those counted, if there seem to be any; return the API's refusal."""
        full, is_counted = pages[0].size or settings.PAGE_SIZE, pages[0].total is not None
        while goes_on(pages, full) and most > 0:
            most -= 1
            try:
                pages.append(self._page(task, len(pages)))
            except RequestRejected as error:
                is_end = is_counted or len(pages[-1].calls) < full
                return None if is_end else f"a page after the first was refused: {error}"
        return None

    def _page(self, task: Task, index: int) -> Page:
        page = self._asker.page_or_end(task, index)
        self._note_arrived(len(page.calls))
        return page
