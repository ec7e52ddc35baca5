"""Each call once a load, however often it came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from altur_calls import tables
from altur_calls.calls.batch import Batch, Once, batches
from altur_calls.calls.changes import News, news_of
from altur_calls.reads import Read
from altur_calls.windows import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(hour: int, **minutes: float) -> News:
    """Return what is news of an hour: calls by their id, so many minutes after its start."""
    start = NOON + hour * HOUR
    calls = [
        {"id": call_id, "created_at": (start + timedelta(minutes=after)).isoformat(), "duration": hour}
        for call_id, after in minutes.items()
    ]
    return news_of(Read(7, Window(start, start + HOUR), NOON, calls, 1, len(calls), None), None)


def rows_of(several: list[Batch], table: str) -> list[dict[str, Any]]:
    """Return the rows that dlt is given for a table."""
    found: list[dict[str, Any]] = []
    for batch in several:
        for item in batch.given(table):
            found += item.to_pylist() if isinstance(item, pa.Table) else item
    return found


def loaded(*several: News) -> list[Batch]:
    """Return the batches of a load."""
    return list(batches(several, Once(), lambda _news, _load: (), None, "1.0"))


def test_a_call_at_the_edge_of_two_windows_is_written_as_its_own_window_gave_it() -> None:
    """Both were asked a second wider. Its children would be there twice."""
    for order in ((0, 1), (1, 0)):
        both = (window(0, edge=60.01, a=5), window(1, edge=0.01, b=5))

        rows = rows_of(loaded(*(both[place] for place in order)), tables.CALLS)

        assert sorted((row["id"], row["duration"]) for row in rows) == [("a", 0), ("b", 1), ("edge", 1)]


def test_a_call_that_came_beside_its_window_only_is_written_too() -> None:
    """Nothing that came is lost, wherever it came."""
    rows = rows_of(loaded(window(0, a=5, stray=60.01)), tables.CALLS)

    assert sorted(row["id"] for row in rows) == ["a", "stray"]


def test_a_call_that_comes_twice_is_let_through_once() -> None:
    """The API may list it in two campaigns, or as created at two times."""
    once = Once()

    taken = [*once.take(window(0, a=5)), *once.take(window(1, a=5)), *once.rest()]

    assert [seen.call_id for seen in taken] == ["a"]


@pytest.mark.parametrize("more", [{}, {"new_field": 1}], ids=["as documented", "with a new field"])
def test_for_a_call_without_tags_stands_a_row_by_which_dlt_deletes_those_it_had(more: dict[str, Any]) -> None:
    """Where it has some, those do."""
    tagged = window(0, a=5, b=6)
    tagged.calls[1].call.update({"tags": ["VIP"], **more})

    rows = rows_of(loaded(tagged), tables.TAGS)

    found = [(row["call_id"], row.get("is_replaced"), row["value"]) for row in rows]
    assert found == [("a", True, None), ("b", None, "VIP")]


def test_every_window_has_its_row_in_the_ledger_and_its_trace_for_the_cursors() -> None:
    """Also one without calls."""
    several = loaded(window(0, a=5), window(1))

    assert [row["calls_read"] for row in rows_of(several, tables.WINDOWS)] == [1, 0]
    assert [len(trace.created) for batch in several for trace in batch.traces] == [1, 0]
