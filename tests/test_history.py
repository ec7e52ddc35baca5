"""The log of changes: why a number of yesterday is another today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import duckdb
import hypothesis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls import pipeline
from altur_calls.batch import Batch
from altur_calls.history import COMPARED, changes_of
from altur_calls.sightings import Sighting, sighting_of
from altur_calls.target import Target
from altur_sandbox import ManualWorld, example_call
from common import NOON
from warehouse import Warehouse

Fields = dict[str, Any]
Changes = dict[str, tuple[Any, Any]]
LOG = "SELECT field, old_value, new_value FROM altur.call_changes ORDER BY ALL"


def written(calls: Sequence[Fields]) -> dict[str, pa.Table]:
    """Return the rows of calls, by table, as they are written; their ids are their places."""
    sightings = [sighting_of({**CALL, **call, "id": str(place)}, 7, NOON) for place, call in enumerate(calls)]
    batch = Batch()
    batch.add_calls([sighting for sighting in sightings if isinstance(sighting, Sighting)], "1.0")
    assert batch.calls == len(calls)
    return batch.written("1.0")


def between(old: Sequence[Fields], new: Sequence[Fields]) -> list[Changes]:
    """Return what changed from one version of some calls to the next, call by call."""
    with duckdb.connect() as connection:
        for name, table in written(old).items():
            connection.from_arrow(table).create(name)
        ids = [str(place) for place in range(len(old))]
        rows = changes_of(connection, {name: name for name in COMPARED}, written(new), ids).to_pylist()
    changes: list[Changes] = [{} for _ in old]
    for row in rows:
        changes[int(row["call_id"])][row["field"]] = (row["old_value"], row["new_value"])
    return changes


CALL = {"created_at": "2026-03-01T11:00:00Z"}
MET = {"policy_id": "p1", "policy_name": "Greets", "result": "met"}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({}, {}, {}),
        ({"status": "in-progress"}, {"status": "ended"}, {"status": ("in-progress", "ended")}),
        ({}, {"duration": 7}, {"duration": (None, "7")}),
        ({"ended_at": "2026-03-01T11:01:00Z"}, {}, {"ended_at": ("2026-03-01T11:01:00.000000Z", None)}),
        ({"ended_at": "2026-03-01T11:01:00Z"}, {"ended_at": "2026-03-01T05:01:00-06:00"}, {}),
        (
            {"contact": {"id": 1, "status": "retrying"}},
            {"contact": {"id": 1, "status": "converted"}},
            {"contact.status": ("retrying", "converted")},
        ),
        ({"tags": ["a"]}, {"tags": ["a", "b"]}, {"tags": ('["a"]', '["a","b"]')}),
        (
            {},
            {"policy_evaluation": {"score": 10, "policies": [MET]}},
            {"policy_evaluation.score": (None, "10.0"), "policies.p1": (None, "met")},
        ),
        (
            {"policy_evaluation": {"policies": [MET]}},
            {"policy_evaluation": {"policies": [{**MET, "result": "not_met", "explanation": "Late."}]}},
            {"policies.p1": ("met", "not_met")},
        ),
        (
            {"extracted_data": {"Amount": "1", "amount": "2"}},
            {"extracted_data": {"amount": "3"}},
            {"extracted_data.Amount": ("1", None), "extracted_data.amount": ("2", "3")},
        ),
    ],
)
def test_each_field_that_changed_is_told(old, new, changed):
    """By its path in the API's answer, with both values as text."""
    assert between([old], [new]) == [changed]


values = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 9), st.booleans())
versions = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["ended", "busy", "else", 5]),
        "duration": values,
        "tags": st.one_of(st.none(), st.lists(values, max_size=2)),
        "contact": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"name": values, "id": values})),
        "extracted_data": st.one_of(st.none(), st.dictionaries(st.text(max_size=2), values, max_size=2)),
    },
)


@hypothesis.settings(max_examples=20)
@given(st.lists(st.tuples(versions, versions), min_size=1, max_size=20))
def test_changes_lead_back_to_what_was(calls):
    """What changed one way changed back the other, and the same version tells nothing."""
    old, new = zip(*calls, strict=True)
    forth, back = between(old, new), between(new, old)

    assert [{field: (b, a) for field, (a, b) in changes.items()} for changes in forth] == back
    assert between(old, old) == [{} for _ in calls]


# In the warehouse. -------------------------------------------------------------------------------------

Run = Callable[..., Warehouse]


@pytest.fixture
def run(settings: Fields) -> Run:
    """Return a function that loads what is due at a time, after noon by so many hours."""

    def run(hours: float, **changed: Any) -> Warehouse:
        done = pipeline.run(Target(), clock=lambda: NOON + timedelta(hours=hours), **{**settings, **changed})
        assert done.exit_code == pipeline.COMPLETE
        return Warehouse(done.warehouse)

    return run


def test_a_call_that_changed_leaves_a_row_for_each_field(world: ManualWorld, run: Run) -> None:
    """With the time at which the change was seen; none for a call that is new or the same."""
    world.put(2, example_call("changing", NOON, status="in-progress", tags=[]))
    assert run(1).rows(LOG) == []
    assert run(2).rows(LOG) == []
    world.change("changing", status="ended", tags=["promise"])

    warehouse = run(3)

    assert warehouse.rows(LOG) == [("status", "in-progress", "ended"), ("tags", None, '["promise"]')]
    assert warehouse.rows("SELECT DISTINCT call_id, campaign_id, read_at FROM analytics.call_changes") == [
        ("changing", 2, NOON + timedelta(hours=3))
    ]
    assert run(4).rows(LOG) == warehouse.rows(LOG)


def test_a_call_that_moved_in_time_is_told(world: ManualWorld, run: Run) -> None:
    """With what else changed in it."""
    world.put(2, example_call("moving", NOON, status="in-progress"))
    run(1)
    world.change("moving", created_at=NOON + timedelta(milliseconds=500), status="ended")

    warehouse = run(3)

    assert [field for field, *_ in warehouse.rows(LOG)] == ["created_at", "status"]


def test_a_call_that_vanished_and_came_back_is_told(world: ManualWorld, run: Run) -> None:
    """Counts of days long past move by it."""
    call = example_call("fickle", NOON)
    world.put(2, call)
    run(1)
    world.delete("fickle")
    run(3)
    world.put(2, call)

    warehouse = run(9)

    assert sorted(warehouse.rows(LOG)) == [("is_deleted", "false", "true"), ("is_deleted", "true", "false")]
    world.delete("fickle")
    assert run(30).value("SELECT count(*) - count(DISTINCT _dlt_id) FROM altur.call_changes") == 0


def test_the_log_is_as_long_as_it_is_set(world: ManualWorld, run: Run) -> None:
    """Older changes are removed; without days none is kept."""
    world.put(2, example_call("changing", NOON, status="in-progress"))
    run(1)
    world.change("changing", status="ended")
    assert run(2).rows(LOG) == [("status", "in-progress", "ended")]

    assert len(run(2 + 24 * 29).rows(LOG)) == 1
    assert run(2 + 24 * 31).rows(LOG) == []


def test_without_days_nothing_is_logged(world: ManualWorld, run: Run) -> None:
    """Neither a change nor a call that vanished."""
    world.put(2, example_call("changing", NOON, status="in-progress"))
    run(1, change_log_days=0)
    world.change("changing", status="ended")
    world.delete("call_0")

    assert run(3, change_log_days=0).rows(LOG) == []


def test_somebodys_own_pipeline_has_the_log_too(world: ManualWorld, load: Callable[..., Warehouse]) -> None:
    """What is read is compared with the DuckDB it goes to."""
    load()
    world.change("call_0", status="busy")
    world.delete("call_1")

    warehouse = load(since="2026-01-01")

    assert warehouse.rows(LOG) == [("is_deleted", "false", "true"), ("status", "ended", "busy")]
