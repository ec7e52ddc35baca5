"""What a run finds in the warehouse and can't rely on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON, fill
from warehouse import Warehouse, as_loaded

Fields = dict[str, Any]


def test_no_copy_of_what_was_merged_stays_in_the_file(loaded: Callable[..., Warehouse]) -> None:
    """People query this file; dlt's staging dataset would carry the last load twice."""
    schemas = "SELECT DISTINCT table_schema FROM information_schema.tables ORDER BY ALL"
    assert loaded().rows(schemas) == [("altur",), ("analytics",)]


def test_the_ledger_speaks_of_finished_loads_only(settings: Fields, loaded: Callable[..., Warehouse]) -> None:
    """A row written by a load that was never completed vouches for calls that may not be there."""
    warehouse = loaded()
    warehouse.do(
        "INSERT INTO altur.call_windows SELECT * REPLACE ('1.0' AS _dlt_load_id) FROM altur.call_windows"
    )

    pipeline.run(Target(), **settings)

    assert warehouse.value("SELECT count(*) FROM altur.call_windows WHERE _dlt_load_id = '1.0'") == 0


def test_a_state_from_the_future_is_not_believed(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, loaded: Callable[..., Warehouse]
) -> None:
    """Written while the clock ran ahead, dlt would take it for the newest until its time has come."""
    warehouse = loaded()
    for table, column in (("_dlt_pipeline_state", "_dlt_load_id"), ("_dlt_loads", "load_id")):
        warehouse.do(f"UPDATE altur.{table} SET {column} = '9999999999.0'")
    world.put(2, example_call("later", NOON))
    pipeline.run(Target(), **settings)
    asked = len(sandbox.requests)

    pipeline.run(Target(), **settings)

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert all("startDate" in request.params for request in sandbox.requests[asked:])


def test_dlts_folder_keeps_no_more_than_the_last_package(
    world: ManualWorld, settings: Fields, tmp_path: Path
) -> None:
    """A backfill of a million calls would leave hundreds of them."""
    fill(world, 2, 40)

    done = pipeline.run(Target(), chunk_calls=10, max_window_calls=10, **settings)

    loads = Warehouse(done.warehouse).value("SELECT count(*) FROM altur._dlt_loads")
    folder = tmp_path / "dlt" / "pipelines" / "altur_calls" / "load" / "loaded"
    assert loads > 3
    assert len(list(folder.iterdir())) == 1


@pytest.fixture
def many(world: ManualWorld, settings: Fields) -> Path:
    """Load 1,000 calls and return the warehouse."""
    for number in range(1_000):
        world.put(2, example_call(f"more_{number:04}", NOON + number * timedelta(seconds=1)))
    return Path(pipeline.run(Target(), **settings).warehouse)


def test_reading_the_same_calls_again_does_not_let_the_file_grow(many: Path, settings: Fields) -> None:
    """What did not change is not written."""
    fresh = many.stat().st_size

    for _ in range(3):
        pipeline.run(Target(), **settings, since="2026-03-01")

    assert many.stat().st_size <= 1.3 * fresh


def test_the_room_of_calls_that_changed_is_used_again(
    many: Path, world: ManualWorld, settings: Fields
) -> None:
    """The file may hold a second version of a part of it, but no third."""
    sizes = []
    for again in range(5):
        for number in range(again, 1_000, 30):
            world.change(f"more_{number:04}", tags=[f"in read {again}"])
        pipeline.run(Target(), **settings, since="2026-03-01")
        sizes.append(many.stat().st_size)

    assert Warehouse(many).calls(2) == as_loaded(world.calls(2))
    assert max(sizes[3:]) <= 1.1 * max(sizes[:3])
