"""Ask for the pages of a window, and cut a window that holds too much into smaller ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from altur_calls import settings
from altur_calls.calls.sightings import created_at_of
from altur_calls.errors import CampaignNotFound, RequestRejected
from altur_calls.reading.api import Api
from altur_calls.reading.paging import Page, contradicts_itself, last_index
from altur_calls.windows import SMALLEST, Window, floor

PART_CALLS_SHARE = 0.75
"""How full the parts of a window are meant to be: calls are not spread evenly."""


@dataclass(frozen=True, slots=True)
class Task:
    """A window of a campaign to read."""

    campaign_id: int
    window: Window
    is_retry: bool = False
    dense: Window | None = None
    """Where in the window its calls are, as far as that is known."""
    is_part: bool = False
    """Whether it was cut off from a window whose calls were counted."""
    calls: int = 0
    """About how many calls it holds, where it is such a part."""

    @property
    def is_first(self) -> bool:
        """Whether its calls were not counted before, as part of another or by itself."""
        return not (self.is_part or self.is_retry)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the API about windows."""

    api: Api
    max_window_calls: int

    def page(self, task: Task, index: int) -> Page:
        """Return a page of a window."""
        return self.api.calls_page(task.campaign_id, {**_bounds(task.window), "pageIndex": index})

    def first_page(self, task: Task) -> Page:
        """Return page 0; a 404 there, said twice, means an empty window if the campaign is there."""
        try:
            return self.page(task, 0)
        except CampaignNotFound:
            self.api.calls_page(task.campaign_id, {"pageSize": 1})
        try:
            return self.page(task, 0)
        except CampaignNotFound:
            return Page([], total=0, has_next=False)

    def page_or_end(self, task: Task, index: int) -> Page:
        """Return a later page; a 404 there means past the end, in the way of Django REST Framework."""
        try:
            return self.page(task, index)
        except CampaignNotFound:
            return Page([], has_next=False)

    def is_too_large(self, first: Page) -> bool:
        """Tell by its first page if a window holds more than is read at once."""
        return (first.total or 0) > self.max_window_calls and not contradicts_itself(first)

    def smaller(self, task: Task, first: Page) -> list[Task]:
        """Cut a window with too many calls into parts that likely hold few enough."""
        total = first.total or 0
        count = -(-total // max(1, int(self.max_window_calls * PART_CALLS_SHARE)))
        dense = task.dense or (self._extent(task, first) if is_boundless(task) else None) or task.window
        return [
            Task(task.campaign_id, window, dense=part, is_part=True, calls=total // count)
            for window, part in cut_where_dense(task.window, dense, count)
        ]

    def _extent(self, task: Task, first: Page) -> Window | None:
        """Return the time from the oldest to the newest call on the first and last page, that included.

        If the list is sorted it is that of all calls. A guess to begin with: it saves halving the decades
        before the first call and the months after the last. No proof rests on it.
        """
        last = min(last_index(first) or 0, settings.MAX_PAGE_INDEX)
        try:
            calls = [*first.calls, *self.page_or_end(task, last).calls]
        except RequestRejected:
            calls = first.calls
        created = list(filter(None, map(created_at_of, calls)))
        return Window(floor(min(created)), floor(max(created)) + SMALLEST) if created else None


def halves(task: Task) -> list[Task]:
    """Cut a part of a window in two, where its calls are."""
    return [
        replace(task, window=window, dense=dense, calls=task.calls // 2)
        for window, dense in cut_where_dense(task.window, task.dense or task.window, 2)
    ]


def halves_of_time(task: Task) -> list[Task]:
    """Cut a window in the middle: of what can't be proved nobody knows where its calls are."""
    return [Task(task.campaign_id, part, is_part=True) for part in task.window.parts(2)]


def is_boundless(task: Task) -> bool:
    """Tell if nothing is known of a window but that it begins with time itself."""
    return task.window.start == settings.BEGINNING and task.dense is None


def cut_where_dense(window: Window, dense: Window, count: int) -> list[tuple[Window, Window]]:
    """Tile a window with ``count`` parts, each with the part of ``dense`` that it holds.

    The time before and after ``dense`` goes to the first and the last part, as asking for it alone would cost
    a request each. Where ``dense`` can't be cut, it is set apart.
    """
    *before, rest = window.cut(dense.start)
    inner, *after = rest.cut(dense.end)
    parts = inner.parts(count)
    if len(parts) == 1:
        return [(part, part) for part in (*before, inner, *after)]
    edges = [window.start, *(part.end for part in parts[:-1]), window.end]
    return [(Window(a, b), part) for (a, b), part in zip(pairwise(edges), parts, strict=True)]


def _bounds(window: Window) -> dict[str, str]:
    """Return the filter for a window: wider by the overlap, and open at the beginning of time."""
    overlap = timedelta(seconds=settings.OVERLAP_SECONDS)
    bounds = {"endDate": _iso(window.end + overlap)}
    if window.start > settings.BEGINNING:
        bounds["startDate"] = _iso(window.start - overlap)
    return bounds


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
