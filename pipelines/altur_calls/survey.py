"""Foretell a run: what it would read and what that costs, from one request a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from altur_calls import settings
from altur_calls.errors import CampaignNotFound
from altur_calls.reading.asking import Asker, Task, is_boundless
from altur_calls.windows import SMALLEST


@dataclass(frozen=True, slots=True)
class Forecast:
    """What reading a campaign's due windows would take."""

    campaign_id: int
    windows: int
    calls: int
    requests: int
    missing: str | None = None
    """What to say of a campaign that the API does not know."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the first page of a window tells of it. One that is cut is no window, but costs requests."""

    task: Task
    windows: int
    calls: int
    pages: int
    missing: str | None = None

    @property
    def is_paged(self) -> bool:
        """Whether it is read page by page."""
        return self.windows > 0 and self.pages > 1 and not self.missing


def foretell(asker: Asker, tasks: Sequence[Task]) -> list[Forecast]:
    """Ask for the first page of each window, cut as a run would cut it, and add up by campaign.

    Closes the connection if that fails or is interrupted.
    """
    with ThreadPoolExecutor(settings.REQUESTS_IN_FLIGHT, "survey") as pool, ExitStack() as unless_it_fails:
        unless_it_fails.callback(asker.api.close)  # the pool waits for its threads, and they for answers
        found = [
            seen for several in pool.map(lambda task: list(_ask(asker, task)), tasks) for seen in several
        ]
        unless_it_fails.pop_all()
    counts_later = _counts_later(asker, next((seen for seen in found if seen.is_paged), None))
    sums: dict[int, Forecast] = {}
    for seen in found:
        campaign_id = seen.task.campaign_id
        sofar = sums.get(campaign_id, Forecast(campaign_id, 0, 0, 0))
        is_counted_again = seen.is_paged and not counts_later
        sums[campaign_id] = Forecast(
            campaign_id,
            sofar.windows + seen.windows,
            sofar.calls + seen.calls,
            sofar.requests + seen.pages + is_counted_again,
            sofar.missing or seen.missing,
        )
    return list(sums.values())


def _counts_later(asker: Asker, example: _Seen | None) -> bool:
    """Tell if pages after the first give a count. If not, a run asks each window for its count once more."""
    return example is None or asker.page_or_end(example.task, 1).total is not None


def _ask(asker: Asker, task: Task) -> Iterator[_Seen]:
    try:
        first = asker.first_page(task)
    except CampaignNotFound as error:
        yield _Seen(task, 1, 0, 2, str(error))
        return
    if asker.is_too_large(first) and task.window.length > SMALLEST:
        parts = asker.smaller(task, first)
        yield _Seen(task, 0, 0, 2 if is_boundless(task) else 1)
        for part in parts:
            yield from _ask(asker, part)
        return
    calls = first.total if first.total is not None else len(first.calls)
    pages = -(-calls // (first.size or settings.PAGE_SIZE))
    yield _Seen(task, 1, calls, max(1, pages))
