"""Read windows again that count as read, and compare them with the warehouse, field by field."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import dlt

from altur_calls import tables
from altur_calls.calls.fields import canonical
from altur_calls.calls.records import Accepted, Row, row_of
from altur_calls.calls.sightings import Sighting, sighting_of
from altur_calls.coverage import covered
from altur_calls.cursors import coverage_of
from altur_calls.reading.asking import Task
from altur_calls.reading.reader import Reader
from altur_calls.reads import Read
from altur_calls.warehouse.loaded import Loaded
from altur_calls.warehouse.target import state_of
from altur_calls.windows import Window, floor

WINDOW_CALLS = 500
"""Calls in a window that is compared, about."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a call that is not in the warehouse as the API gives it. Values may be personal: untold."""

    campaign_id: int
    call_id: str
    field: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found."""

    windows: int
    compared_calls: int
    all_calls: int
    differences: tuple[Difference, ...]
    doubts: tuple[str, ...]

    @property
    def chance(self) -> float:
        """The chance that this sample had to hold one bad row, were there just one."""
        return self.compared_calls / self.all_calls if self.all_calls else 1.0


def windows_of(
    pipeline: dlt.Pipeline, campaign_ids: Sequence[int], now: datetime, ages: Sequence[timedelta]
) -> list[Task]:
    """Cut what counts as read of each campaign into windows of about ``WINDOW_CALLS`` calls."""
    with pipeline.sql_client() as client:
        calls = client.make_qualified_table_name(tables.CALLS)
        rows = client.execute_sql(
            f"SELECT campaign_id, created_at FROM (SELECT campaign_id, created_at, row_number() OVER "  # noqa: S608
            f"(PARTITION BY campaign_id ORDER BY created_at) AS place FROM {calls}) AS placed "
            f"WHERE place % {WINDOW_CALLS} = 0 ORDER BY campaign_id, created_at"
        )
    state, tasks = state_of(pipeline), []
    for campaign_id in campaign_ids:
        cuts = {floor(created) for number, created in rows or () if number == campaign_id}
        for whole in covered(coverage_of(state, campaign_id, now, ages)):
            edges = sorted({whole.start, whole.end, *(cut for cut in cuts if cut in whole)})
            tasks += [Task(campaign_id, Window(a, b)) for a, b in pairwise(edges)]
    return tasks


def sample_of(tasks: Sequence[Task], size: int | None, seed: int | None) -> list[Task]:
    """Return ``size`` of the windows, drawn by chance, or all of them."""
    if size is None or size >= len(tasks):
        return list(tasks)
    return sorted(random.Random(seed).sample(tasks, size), key=lambda task: (task.campaign_id, task.window))  # noqa: S311


def compare(pipeline: dlt.Pipeline, reader: Reader) -> Verdict:
    """Read and compare window after window."""
    windows, compared = 0, 0
    differences: list[Difference] = []
    doubts: list[str] = []
    with pipeline.sql_client() as client:
        loaded = Loaded(client)
        for read in reader:
            windows += 1
            if not read.is_proved:
                doubts.append(f"campaign {read.campaign_id} {read.window}: {read.doubt}")
            there = {call.row["id"]: canonical(call) for call in _accepted(read)}
            here = loaded.fields_in(read.campaign_id, read.window)
            compared += len(here)
            differences += _differences(read.campaign_id, there, here, is_proved=read.is_proved)
        name = client.make_qualified_table_name(tables.CALLS)
        everything = client.execute_sql(f"SELECT count(*) FROM {name} WHERE NOT is_deleted")  # noqa: S608
    return Verdict(windows, compared, int((everything or [[0]])[0][0]), tuple(differences), tuple(doubts))


def _accepted(read: Read) -> Iterator[Accepted]:
    for call in read.calls:
        seen = sighting_of(call, read.campaign_id, read.read_at)
        if isinstance(seen, Sighting) and seen.created_at in read.window:
            yield row_of(seen)


def _differences(
    campaign_id: int, there: dict[str, Row], here: dict[str, Row], *, is_proved: bool
) -> Iterator[Difference]:
    for call_id in sorted({*there, *here}):
        if call_id not in here:
            yield Difference(campaign_id, call_id, "missing in the warehouse")
        elif call_id not in there:
            if is_proved:
                yield Difference(campaign_id, call_id, "no longer listed by the API")
        else:
            given, loaded = there[call_id], here[call_id]
            for field in given:
                if given[field] != loaded[field]:
                    yield Difference(campaign_id, call_id, field)
