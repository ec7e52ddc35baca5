"""The tables of ``analytics`` after each kind of change: equal to what their definitions say, to the row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline, tables
from altur_calls.analytics.keeping import keep_up
from altur_calls.analytics.views import TABLES, views
from altur_calls.extraction import Extraction
from altur_calls.pipeline import run
from altur_calls.warehouse.target import Client, Target, count_rows
from altur_sandbox import ManualWorld, example_call
from common import NOON, fill
from warehouse import Warehouse, unpublished

Change = Callable[[ManualWorld], None]

DAYS = {"since": "2026-03-01", "until": "2026-03-05"}
"""Those of all calls here, read again by each run."""

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


@pytest.fixture
def world() -> ManualWorld:
    """Return a world in which Ana was called three times, is converted, Ben once, and somebody else too."""
    return world_of_two()


def world_of_two() -> ManualWorld:
    """Make that world."""
    world = ManualWorld()
    for campaign_id in (1, 2):
        world.add_campaign(campaign_id)
    for number in range(3):
        world.put(2, example_call(f"call_{number}", NOON + number * timedelta(minutes=1)))
    for number, hour in enumerate((0, 5, 10)):
        put(world, f"ana_{number}", hour, "Ana", status="converted")
    put(world, "ben_0", 3, "Ben")
    return world


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let the days have been loaded and published, by a run before."""
    loaded(make=world_of_two, **DAYS, is_published=True)


def put(world: ManualWorld, call_id: str, hour: float, contact: str, status: str = "answered") -> None:
    """Put a call of a contact into campaign 2, so many hours after noon."""
    known = {"id": len(contact) * 1000 + ord(contact[0]), "f_id": contact, "name": contact, "status": status}
    call = example_call(call_id, NOON + hour * HOUR)
    world.put(2, {**call, "contact": {**call["contact"], **known}, "tags": ["promise", "promise", "paid"]})


def differing(warehouse: Warehouse) -> list[str]:
    """Return the names of the tables that are not what their definitions say."""
    pairs = [(name, f"FROM analytics.{name}", views()[name].query) for name in TABLES]
    counts = " UNION ALL ".join(
        f"SELECT '{name}', count(*) "
        f"FROM ((({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one})))"
        for name, one, other in pairs
    )
    return [name for name, count in warehouse.rows(counts) if count]


def attempts(warehouse: Warehouse) -> dict[str, tuple[int, bool]]:
    """Return how manieth a call of Ana or Ben is, and whether it converted."""
    rows = warehouse.rows(
        "SELECT call_id, attempt_number, is_converted FROM analytics.calls "
        "WHERE call_id LIKE 'ana%' OR call_id LIKE 'ben%' ORDER BY created_at, call_id"
    )
    return {call_id: (attempt, converted) for call_id, attempt, converted in rows}


CHANGES: dict[str, Change] = {
    "a new call of a known contact": lambda world: put(world, "ana_3", 20, "Ana", status="converted"),
    "a call that came late": lambda world: put(world, "ana_late", 2, "Ana", status="converted"),
    "two calls at the same moment": lambda world: put(world, "ana_1b", 5, "Ana", status="converted"),
    "a call that ended": lambda world: world.change("ana_1", status="failed", tags=[], extracted_data={}),
    "the last call, no longer converted": lambda world: put(world, "ana_2", 10, "Ana"),
    "a call of another contact now": lambda world: put(world, "ana_1", 5, "Ben"),
    "a call without a contact now": lambda world: world.change("ana_1", contact=None),
    "a call that vanished": lambda world: world.delete("ana_2"),
    "a call created at another time": lambda world: put(world, "ana_0", 30, "Ana", status="converted"),
    "a call that is back": lambda world: put(world, "ana_2", 10, "Ana", status="converted"),
    "nothing": lambda _: None,
}


@pytest.mark.usefixtures("once_loaded")
def test_each_table_is_what_its_definition_says_after_every_change(
    world: ManualWorld, settings: dict[str, Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, each found by a run of its own. What readers have is only brought up each time."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    monkeypatch.setattr("altur_calls.publishing.database._make", fails)
    published = Warehouse(warehouse.path.with_suffix(".published.duckdb"))
    for name, change in CHANGES.items():
        change(world)

        run(Target(), **settings, **DAYS)

        assert differing(warehouse) == [], f"after {name}"
        assert unpublished(warehouse, published) == [], f"after {name}"


def fails(*_: object) -> None:
    """Stand for what must not be needed."""
    pytest.fail("What readers have was made anew.")


@pytest.mark.usefixtures("once_loaded")
def test_a_late_call_moves_the_attempts_after_it(
    world: ManualWorld, settings: dict[str, Any], warehouse: Warehouse
) -> None:
    """And the contact stays converted where its last call lies."""
    put(world, "ana_late", 2, "Ana", status="converted")

    run(Target(), **settings, **DAYS)

    assert attempts(warehouse) == {
        "ana_0": (1, False),
        "ana_late": (2, False),
        "ben_0": (1, False),
        "ana_1": (3, False),
        "ana_2": (4, True),
    }


def test_a_campaign_with_another_timezone_has_other_days_in_every_table(
    settings: dict[str, Any], warehouse: Warehouse
) -> None:
    """Also for calls that no load brings again."""
    run(Target(), **settings, **DAYS, timezone="America/Mexico_City")
    before = warehouse.rows("SELECT DISTINCT local_date FROM analytics.call_tags")

    run(Target(), **settings, **DAYS, timezone="Pacific/Auckland")

    assert warehouse.rows("SELECT DISTINCT local_date FROM analytics.call_tags") != before
    assert differing(warehouse) == []


@pytest.mark.usefixtures("once_loaded")
def test_what_the_log_of_changes_forgets_is_gone_from_its_table(
    world: ManualWorld, settings: dict[str, Any], warehouse: Warehouse
) -> None:
    """With the run that forgets it."""
    world.change("ana_1", status="failed")
    run(Target(), **settings, **DAYS)
    assert warehouse.value("SELECT COUNT(*) FROM analytics.call_changes") > 0

    run(Target(), **settings, **DAYS, clock=lambda: datetime.now(UTC) + timedelta(days=60))

    assert warehouse.value("SELECT COUNT(*) FROM analytics.call_changes") == 0
    assert differing(warehouse) == []


def test_the_views_are_made_of_little_where_much_is_loaded(
    world: ManualWorld, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it takes in memory to make them depends on what is there: the first chunk, even of a fast API."""
    monkeypatch.setattr(Extraction, "keep_up_calls", inf)
    loaded: list[int] = []

    def counted(client: Client) -> None:
        loaded.append(count_rows(client, tables.CALLS))
        keep_up(client)

    monkeypatch.setattr(pipeline, "keep_up", counted)
    fill(world, 2, 600, MINUTE)

    run(Target(), chunk_calls=100, max_window_calls=100, **settings)

    assert len(loaded) == 2
    assert 0 < loaded[0] < 300 < loaded[1]
