"""What a run finds in the warehouse and can't rely on."""

from __future__ import annotations

from typing import Any

import duckdb

from altur_calls import pipeline
from altur_calls.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON
from warehouse import Warehouse, as_loaded

Fields = dict[str, Any]


def test_no_copy_of_what_was_merged_stays_in_the_file(settings: Fields) -> None:
    """People query this file; dlt's staging dataset would carry the last load twice."""
    done = pipeline.run(Target(), **settings)

    schemas = Warehouse(done.warehouse).rows("SELECT DISTINCT table_schema FROM information_schema.tables")
    assert schemas == [("altur",)]


def test_the_ledger_speaks_of_finished_loads_only(settings: Fields) -> None:
    """A row written by a load that was never completed vouches for calls that may not be there."""
    done = pipeline.run(Target(), **settings)
    with duckdb.connect(done.warehouse) as connection:
        connection.execute(
            "INSERT INTO altur.call_windows SELECT * REPLACE ('1.0' AS _dlt_load_id) FROM altur.call_windows"
        )

    pipeline.run(Target(), **settings)

    strays = "SELECT count(*) FROM altur.call_windows WHERE _dlt_load_id = '1.0'"
    assert Warehouse(done.warehouse).value(strays) == 0


def test_a_state_from_the_future_is_not_believed(
    world: ManualWorld, sandbox: Sandbox, settings: Fields
) -> None:
    """Written while the clock ran ahead, dlt would take it for the newest until its time has come."""
    done = pipeline.run(Target(), **settings)
    with duckdb.connect(done.warehouse) as connection:
        for table, column in (("_dlt_pipeline_state", "_dlt_load_id"), ("_dlt_loads", "load_id")):
            connection.execute(f"UPDATE altur.{table} SET {column} = '9999999999.0'")
    world.put(2, example_call("later", NOON))
    pipeline.run(Target(), **settings)
    asked = len(sandbox.requests)

    pipeline.run(Target(), **settings)

    assert Warehouse(done.warehouse).calls(2) == as_loaded(world.calls(2))
    assert all("startDate" in request.params for request in sandbox.requests[asked:])
