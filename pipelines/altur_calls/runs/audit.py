"""The table of runs in the warehouse: made where it is missing, and told of every run at the next chance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing

import duckdb

from altur_calls import tables
from altur_calls.calls.records import Row
from altur_calls.runs.journal import Journal, concluded
from altur_calls.runs.outcomes import KILLED, RUNNING
from altur_calls.runs.run import Run
from altur_calls.warehouse.ddl import definitions, qualified
from altur_calls.warehouse.target import Client
from altur_calls.warehouse.transaction import transaction

IS_LOADED = """
SELECT 1 FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema = %s AND table_name = '_dlt_loads'
"""

FORGET = """
DELETE FROM {runs} WHERE run_id = $run_id OR (outcome = $running AND run_id IN (SELECT unnest($told)))
"""
THERE = "SELECT run_id FROM {runs} WHERE run_id IN (SELECT unnest($told))"

CONCLUDE = """
WITH strays AS (
    SELECT load_id FROM {loads}
    WHERE status = 0 AND load_id > (SELECT coalesce(max(last_load_id), '') FROM {runs})
)
UPDATE {runs} AS run SET
    outcome = $killed,
    first_load_id = (SELECT min(load_id) FROM strays WHERE CAST(load_id AS DOUBLE) >= epoch(run.started_at)),
    last_load_id = (SELECT max(load_id) FROM strays WHERE CAST(load_id AS DOUBLE) >= epoch(run.started_at))
WHERE outcome = $running AND run_id <> $run_id
"""
"""A run that was killed can't tell of its loads: they are those since it began that no other has made."""


def make_runs(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Make the table of runs in the schema of a dataset, if it is not there."""
    columns = definitions(tables.RUN_COLUMNS)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {qualified(dataset, tables.RUNS)} ({columns})")


def record(client: Client, journal: Journal, run: Run) -> None:
    """Note how a run stands, and bring the warehouse up to what the journal knows.

    Only for the run that holds the lock: what else is said to be running was killed.
    """
    journal.note(run.row)
    if not is_loaded(client):
        return
    others = [row for row in journal.rows() if row["run_id"] != run.run_id]
    told = [*(row for row in others if row.get("warehouse") in {None, run.warehouse}), run.row]
    names = {
        "runs": qualified(client.dataset_name, tables.RUNS),
        "loads": qualified(client.dataset_name, "_dlt_loads"),
    }
    with closing(client.native_connection.cursor()) as connection, transaction(connection):
        make_runs(connection, client.dataset_name)
        _write(connection, names["runs"], told, run.run_id)
        facts = {"killed": KILLED, "running": RUNNING, "run_id": run.run_id}
        connection.execute(CONCLUDE.format(**names), facts)
    journal.settle({**row, "warehouse": run.warehouse} for row in concluded(told, run.run_id))


def is_loaded(client: Client) -> bool:
    """Tell if dlt has made its tables: before that there is no schema for ours."""
    found = client.execute_sql(IS_LOADED, client.dataset_name)
    return bool(found)


def _write(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row], run_id: str) -> None:
    """Write the rows that are not there as they ended, and that of a run in any case."""
    facts = {"told": [row["run_id"] for row in rows], "run_id": run_id, "running": RUNNING}
    connection.execute(FORGET.format(runs=table), facts)
    there = connection.execute(THERE.format(runs=table), {"told": facts["told"]}).fetchall()
    known = {name for (name,) in there}
    fresh = [row for row in rows if row["run_id"] not in known]
    if values := [[_value(row, name) for name in tables.RUN_COLUMNS] for row in fresh]:
        names, places = ", ".join(tables.RUN_COLUMNS), ", ".join("?" * len(tables.RUN_COLUMNS))
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608


def _value(row: Row, name: str) -> object:
    value = row.get(name)
    is_json = tables.RUN_COLUMNS[name]["data_type"] == "json"
    return json.dumps(value, ensure_ascii=False) if is_json and value is not None else value
