"""Warehouses that other releases wrote: older ones are brought up to date in place, newer ones left alone.

``releases/version-2`` is a warehouse as the first release left it, after it had loaded ``first_calls`` and
nothing else (``EXPORT DATABASE 'version-2' (FORMAT csv)``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from altur_calls import altur_source, pipeline, tables
from altur_calls.commands import watching
from altur_calls.errors import WarehouseError
from altur_calls.publishing.places import settings_of
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON
from warehouse import Warehouse, as_loaded

FIRST_RELEASE = Path(__file__).parent / "releases" / "version-2"
SOMEONE = {"id": 51, "f_id": "CRED-0051", "name": "Someone", "phone_number": None, "status": "answered"}
EXTRACTED = (
    {"monto_prometido": "1250.00", "Payment Date": "2026-03-31"},
    {},
    None,
    {"monto": 12.5, "Monto": None, "lista": ["a", {"b": 1}], "sí": True},
)
UNDER_WAY: dict[str, Any] = {
    "status": "in-progress",
    "ended_at": None,
    "duration": None,
    "extracted_data": None,
    "tags": [],
    "policy_evaluation": None,
}
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'altur' ORDER BY ALL"


@pytest.fixture
def world() -> ManualWorld:
    """Return the world as the first release saw it."""
    world = ManualWorld()
    world.add_campaign(1)
    world.add_campaign(2)
    for number in range(8):
        extracted = EXTRACTED[number % len(EXTRACTED)]
        moment = NOON + timedelta(minutes=number)
        world.put(1, example_call(f"old_{number}", moment, contact=SOMEONE, extracted_data=extracted))
    world.put(2, example_call("open", NOON, contact=SOMEONE, **UNDER_WAY))
    world.put(2, example_call("odd", NOON + timedelta(minutes=1), contact=SOMEONE, mood="good"))
    return world


@pytest.fixture
def older(tmp_path: Path) -> Warehouse:
    """Return a warehouse of the first release, where the next run looks for it."""
    path = tmp_path / "altur_calls.duckdb"
    with duckdb.connect(path) as connection:
        for name in ("schema.sql", "load.sql"):
            connection.execute((FIRST_RELEASE / name).read_text().replace("version-2", str(FIRST_RELEASE)))
    return Warehouse(path)


def two_hours_later() -> datetime:
    return NOON + timedelta(hours=3)


@pytest.fixture
def loaded(world: ManualWorld, older: Warehouse, settings: dict[str, Any]) -> Callable[[], Warehouse]:
    """Return a function that runs this release two hours after the first one, when things have changed."""
    world.put(2, example_call("open", NOON, contact=SOMEONE))
    world.put(1, example_call("new", NOON + timedelta(hours=2), contact=SOMEONE))

    def loaded() -> Warehouse:
        pipeline.run(Target(), clock=two_hours_later, **settings)
        return older

    return loaded


def test_a_run_brings_an_older_warehouse_up_to_date(
    world: ManualWorld, loaded: Callable[[], Warehouse], sandbox: Sandbox
) -> None:
    """As if this release had loaded it all, and without reading it all again."""
    warehouse = loaded()

    assert warehouse.calls(1) == as_loaded(world.calls(1))
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert {name for (name,) in warehouse.rows(TABLES)} >= {*tables.COLUMNS, tables.RUNS}
    assert len(sandbox.requests) < 6


def test_what_an_upgrade_makes_is_what_a_load_makes(
    loaded: Callable[[], Warehouse], settings: dict[str, Any], tmp_path: Path
) -> None:
    """Down to the keys of rows, and how values are written: reading it all again changes nothing."""
    upgraded = loaded()
    fresh = Warehouse(tmp_path / "fresh.duckdb")
    pipeline.run(Target("fresh"), clock=two_hours_later, **settings)

    rows = "SELECT * EXCLUDE (_dlt_load_id, _dlt_id) FROM altur.campaign_calls__extracted_data ORDER BY ALL"
    assert upgraded.rows(rows) == fresh.rows(rows)
    assert columns(upgraded) == columns(fresh)
    assert not pipeline.verify(Target(), clock=two_hours_later, **settings).differences


def columns(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_name = 'campaign_calls__extracted_data' AND table_schema = 'altur' ORDER BY ALL"
    )


def test_rejected_calls_of_an_older_warehouse_get_their_ids(
    older: Warehouse, loaded: Callable[[], Warehouse]
) -> None:
    """By which data_completeness counts them once, and no more when they are loaded."""
    older.do(
        "INSERT INTO altur.rejected_calls VALUES "
        "('f1', 1, 'created_at can''t be read', '{\"id\": \" new \"}', '2026-03-02 18:00:00+00', '1', 'a'), "
        "('f2', 1, 'created_at can''t be read', '{\"id\": 7}', '2026-03-02 18:00:00+00', '1', 'b'), "
        "('f3', 1, 'no id', '[]', '2026-03-02 18:00:00+00', '1', 'c')"
    )

    warehouse = loaded()

    ids = warehouse.rows("SELECT fault_id, call_id FROM altur.rejected_calls ORDER BY ALL")
    assert ids == [("f1", "new"), ("f2", "7"), ("f3", None)]
    rejected = "SELECT rejected_calls FROM analytics.data_completeness WHERE campaign_id = 1"
    assert warehouse.value(rejected) == 2


def test_what_readers_get_is_as_it_should_be(loaded: Callable[[], Warehouse]) -> None:
    """Views, checks and the published copy."""
    loaded()

    assert watching.check() == 0
    pipeline.publish(Target(), settings_of(enabled=True))


def test_an_upgrade_that_is_cut_short_is_taken_again(
    world: ManualWorld, loaded: Callable[[], Warehouse], sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    """The step is done, but the load that notes it never came: here the API was down."""
    sandbox.faults.add("status", times=None, status=503)
    with pytest.raises(Exception, match="503"):
        pipeline.run(Target(), clock=two_hours_later, **{**settings, "retry_for_seconds": 0.1})
    sandbox.faults.clear()

    assert loaded().calls(1) == as_loaded(world.calls(1))


def test_somebodys_own_pipeline_is_brought_up_too(
    world: ManualWorld, older: Warehouse, settings: dict[str, Any]
) -> None:
    """They have no command, and the same tables."""
    theirs = dlt.pipeline(
        "altur_calls", destination=dlt.destinations.duckdb(str(older.path)), dataset_name="altur"
    )
    theirs.run(altur_source(**settings))

    assert older.calls(1) == as_loaded(world.calls(1))


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (2, r"tables of version 4.*of version 2: a newer release wrote it\. Upgrade altur-calls"),
        (9, r"tables of version 4.*of version 9, and can't bring them up.*another file"),
    ],
)
def test_a_warehouse_of_a_release_that_is_not_known_is_left_alone(
    settings: dict[str, Any],
    loads: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ours: int,
    words: str,
) -> None:
    """The message says what to do; not a byte is changed."""
    shutil.copytree(loads(), tmp_path, dirs_exist_ok=True)
    path = tmp_path / "altur_calls.duckdb"
    before = path.read_bytes()
    monkeypatch.setattr(tables, "VERSION", ours)
    monkeypatch.setattr(tables, "OLDEST", ours)

    for do in (pipeline.run, pipeline.verify):
        with pytest.raises(WarehouseError, match=words):
            do(Target(), **settings)
    with pytest.raises(WarehouseError, match=words):
        pipeline.publish(Target(), settings_of(enabled=True))

    assert path.read_bytes() == before


@pytest.mark.usefixtures("older")
def test_commands_that_can_not_bring_it_up_name_the_one_that_can(settings: dict[str, Any]) -> None:
    """Before a run has."""
    for command in (
        lambda: pipeline.verify(Target(), **settings),
        lambda: pipeline.publish(Target(), settings_of(enabled=True)),
    ):
        with pytest.raises(WarehouseError, match="altur-calls run brings them up to that first"):
            command()
