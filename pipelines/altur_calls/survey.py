"""Foretell a run: what it would read and what that costs, from one request a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from altur_calls import settings
from altur_calls.asking import Asker, Task
from altur_calls.errors import CampaignNotFound


@dataclass(frozen=True, slots=True)
class Forecast:
    """What reading a campaign's due windows would take."""

    campaign_id: int
    windows: int
    calls: int
    requests: int


def foretell(asker: Asker, tasks: Sequence[Task]) -> list[Forecast]:
    """Ask for the first page of each window, cut as a run would cut it, and add up by campaign."""
    with ThreadPoolExecutor(settings.REQUESTS_IN_FLIGHT, "survey") as pool:
        found = [
            forecast
            for several in pool.map(lambda task: list(_ask(asker, task)), tasks)
            for forecast in several
        ]
    sums: dict[int, Forecast] = {}
    for one in found:
        sofar = sums.get(one.campaign_id, Forecast(one.campaign_id, 0, 0, 0))
        sums[one.campaign_id] = Forecast(
            one.campaign_id,
            sofar.windows + one.windows,
            sofar.calls + one.calls,
            sofar.requests + one.requests,
        )
    return list(sums.values())


def _ask(asker: Asker, task: Task) -> Iterator[Forecast]:
    try:
        first = asker.first_page(task)
    except CampaignNotFound:
        yield Forecast(task.campaign_id, 1, 0, 2)
        return
    if asker.is_too_large(task, first):
        parts = asker.smaller(task, first)
        yield Forecast(task.campaign_id, 0, 0, 2 if task.window.start == settings.BEGINNING else 1)
        for part in parts:
            yield from _ask(asker, part)
        return
    calls = first.total if first.total is not None else len(first.calls)
    pages = -(-calls // (first.size or settings.PAGE_SIZE))
    yield Forecast(task.campaign_id, 1, calls, max(1, pages))
