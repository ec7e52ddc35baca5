"""Warehouses of older releases, brought up to today's tables in place. What dlt adds by itself needs no step.

A step ends with its own transaction, before the load that notes the new version does: after a crash between
the two it is taken again, and must then come to the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import dlt
import duckdb
import pyarrow as pa

from altur_calls import tables
from altur_calls.calls.arrow import schema_of
from altur_calls.calls.records import Row, pairs_of
from altur_calls.calls.sightings import call_id_of
from altur_calls.errors import WarehouseError
from altur_calls.logs import tell
from altur_calls.warehouse.ddl import definitions, qualified
from altur_calls.warehouse.target import DUCKDB, destination_of
from altur_calls.warehouse.transaction import transaction
from altur_calls.warehouse.versions import refuse, said_of

CALLS_AT_ONCE = 20_000

PAIRS = "pairs_of_calls"

Step = Callable[[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection, str], None]
"""Takes the tables of a dataset to the next version: reads by one connection, writes by the other."""


def upgrade(pipeline: dlt.Pipeline, schema_name: str, version: int) -> None:
    """Bring the tables of a pipeline's warehouse from a version to today's.

    Raises:
        WarehouseError: if no step leads there.

    """
    refuse(version)
    if destination_of(pipeline) != DUCKDB:
        raise WarehouseError(
            f"{said_of(version)}, and can bring them up in DuckDB only. Load into another place."
        )
    said = f"bringing the tables from version {version} to {tables.VERSION}, as this altur-calls has them"
    tell("upgrade", said, logging.INFO, of=version, to=tables.VERSION)
    with pipeline.sql_client(schema_name) as client:
        native = client.native_connection
        with closing(native.cursor()) as reads, closing(native.cursor()) as writes:
            for begins_with in range(version, tables.VERSION):
                if step := STEPS.get(begins_with):
                    with transaction(writes):
                        step(reads, writes, client.dataset_name)


def _extracted_data_as_rows(
    reads: duckdb.DuckDBPyConnection, writes: duckdb.DuckDBPyConnection, dataset: str
) -> None:
    """Make the table of extracted data, which calls only had as JSON."""
    name, columns = qualified(dataset, tables.EXTRACTED), tables.CHILD_COLUMNS[tables.EXTRACTED]
    writes.execute(f"CREATE OR REPLACE TABLE {name} ({definitions(columns)})")
    calls = reads.execute(
        "SELECT id, created_at, _dlt_id, _dlt_load_id, extracted_data "  # noqa: S608 (a name of ours)
        f"FROM {qualified(dataset, tables.CALLS)} WHERE extracted_data IS NOT NULL"
    )
    while several := calls.fetchmany(CALLS_AT_ONCE):
        writes.register(PAIRS, pa.Table.from_pylist([*_pairs(several)], schema=schema_of(columns)))
        writes.execute(f"INSERT INTO {name} BY NAME FROM {PAIRS}")


def _pairs(calls: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """Yield the rows that a load would make of the extracted data of calls."""
    for call_id, created_at, version, load_id, extracted in calls:
        for position, pair in enumerate(pairs_of(json.loads(extracted))):
            yield {
                **pair,
                "call_id": call_id,
                "call_created_at": created_at,
                "position": position,
                "_dlt_id": f"{version}{position}",
                "_dlt_load_id": load_id,
            }


def _ids_of_rejected_calls(
    reads: duckdb.DuckDBPyConnection, writes: duckdb.DuckDBPyConnection, dataset: str
) -> None:
    """Give rejected calls the ids that only their raw text had."""
    name = qualified(dataset, tables.REJECTED)
    faults = reads.execute(f"SELECT fault_id, raw FROM {name}").fetchall()  # noqa: S608 (a name of ours)
    writes.execute(f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS call_id VARCHAR")
    for fault_id, raw in faults:
        given = [call_id_of(json.loads(raw)), fault_id]
        writes.execute(f"UPDATE {name} SET call_id = ? WHERE fault_id = ?", given)  # noqa: S608


STEPS: dict[int, Step] = {2: _extracted_data_as_rows, 3: _ids_of_rejected_calls}
"""By the version a step begins with."""
