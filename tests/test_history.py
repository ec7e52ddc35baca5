"""The log of changes: why a number of yesterday is another today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import duckdb
import hypothesis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls import pipeline
from altur_calls.calls.batch import Batch
from altur_calls.calls.history import COMPARED, changes_of
from altur_calls.calls.sightings import Sighting, sighting_of
from altur_calls.warehouse.target import Target
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


CASES: list[tuple[Fields, Fields, Changes]] = [
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
        {"policy_evaluation": {"policies": [MET, MET]}},
        {"policy_evaluation": {"policies": [MET, {**MET, "result": "not_met"}]}},
        {"policies.p1": ("met,met", "met,not_met")},
    ),
    (
        {"extracted_data": {"Amount": "1", "amount": "2"}},
        {"extracted_data": {"amount": "3"}},
        {"extracted_data.Amount": ("1", None), "extracted_data.amount": ("2", "3")},
    ),
]
"""Versions of a call, and what changed from one to the other."""


def test_each_field_that_changed_is_told():
    """By its path in the API's answer, with both values as text."""
    old, new, changed = zip(*CASES, strict=True)

    assert between(old, new) == list(changed)


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
    told = between([*old, *new, *old], [*new, *old, *old])
    forth, back, same = (told[start : start + len(old)] for start in range(0, 3 * len(old), len(old)))

    assert [{field: (b, a) for field, (a, b) in changes.items()} for changes in forth] == back
    assert same == [{} for _ in calls]


# In the warehouse. -------------------------------------------------------------------------------------

Run = Callable[..., Warehouse]


def at(hours: float) -> datetime:
    """Return a time, after noon by so many hours."""
    return NOON + timedelta(hours=hours)


at_one = partial(at, 1)


@pytest.fixture
def world() -> ManualWorld:
    """Return a world in which a call is under way at noon."""
    return world_under_way()


def world_under_way() -> ManualWorld:
    """Make that world."""
    world = ManualWorld()
    for campaign_id in (1, 2):
        world.add_campaign(campaign_id)
    for call_id in ("call_0", "call_1", "fickle"):
        world.put(2, example_call(call_id, NOON))
    world.put(2, example_call("changing", NOON, status="in-progress", tags=[]))
    return world


@pytest.fixture
def first(loaded: Run) -> Warehouse:
    """Return what a run at one left."""
    return loaded(make=world_under_way, clock=at_one)


@pytest.fixture
def run(settings: Fields) -> Run:
    """Return a function that loads what is due at a time, after noon by so many hours."""

    def run(hours: float, **changed: Any) -> Warehouse:
        done = pipeline.run(Target(), clock=partial(at, hours), **{**settings, **changed})
        assert done.exit_code == pipeline.COMPLETE
        return Warehouse(done.warehouse)

    return run


def test_a_call_that_changed_leaves_a_row_for_each_field(
    world: ManualWorld, first: Warehouse, run: Run
) -> None:
    """With the time at which the change was seen; none for a call that is new or the same."""
    assert first.rows(LOG) == []
    assert run(2).rows(LOG) == []
    world.change("changing", status="ended", tags=["promise"])

    warehouse = run(3)

    assert warehouse.rows(LOG) == [("status", "in-progress", "ended"), ("tags", None, '["promise"]')]
    assert warehouse.rows("SELECT DISTINCT call_id, campaign_id, read_at FROM analytics.call_changes") == [
        ("changing", 2, at(3))
    ]
    assert run(4).rows(LOG) == warehouse.rows(LOG)


@pytest.mark.usefixtures("first")
def test_a_call_that_moved_in_time_is_told(world: ManualWorld, run: Run) -> None:
    """With what else changed in it."""
    world.change("changing", created_at=NOON + timedelta(milliseconds=500), status="ended")

    warehouse = run(3)

    assert [field for field, *_ in warehouse.rows(LOG)] == ["created_at", "status"]


@pytest.mark.usefixtures("first")
def test_a_call_that_vanished_and_came_back_is_told(world: ManualWorld, run: Run) -> None:
    """Counts of days long past move by it."""
    world.delete("fickle")
    run(3)
    world.put(2, example_call("fickle", NOON))

    warehouse = run(9)

    assert sorted(warehouse.rows(LOG)) == [("is_deleted", "false", "true"), ("is_deleted", "true", "false")]
    world.delete("fickle")
    assert run(30).value("SELECT count(*) - count(DISTINCT _dlt_id) FROM altur.call_changes") == 0


@pytest.mark.usefixtures("first")
def test_the_log_is_as_long_as_it_is_set(world: ManualWorld, run: Run) -> None:
    """Older changes are removed; without days none is kept."""
    world.change("changing", status="ended")
    assert run(2).rows(LOG) == [("status", "in-progress", "ended")]

    assert len(run(2 + 24 * 29).rows(LOG)) == 1
    assert run(2 + 24 * 31).rows(LOG) == []


@pytest.mark.usefixtures("first")
def test_without_days_nothing_is_logged(world: ManualWorld, run: Run) -> None:
    """Neither a change nor a call that vanished."""
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
