"""The tables of ``analytics``: the rows of calls that came, changed or vanished are written anew.

What this costs depends on those calls, not on all that there are: rows lie in about the order in which calls
were created, so what belongs to a call is looked for among those of its time. Only the other calls of a
contact, which tell how manieth a call is, may lie anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from altur_calls.analytics import touched
from altur_calls.analytics.touched import KEYS
from altur_calls.analytics.views import SCHEMA, TABLE, TABLES, for_dataset, query_of

FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
{stg_calls}
WHERE _dlt_load_id IN (SELECT unnest($loads))
"""

OF_THEIR_TIME = "{created_at} BETWEEN $oldest AND $newest AND call_id IN (SELECT call_id FROM fresh)"
OF_ANY_TIME = "call_id IN (SELECT call_id FROM fresh)"
"""Rows to replace: where they should be, or also where a call was before it moved to another time."""

GONE = f"""
CREATE OR REPLACE TEMP TABLE gone AS
SELECT rowid AS row_id, campaign_id, {KEYS} FROM {SCHEMA}.{TABLE} WHERE {{these}}
"""  # noqa: S608

THEIRS = f"""
CREATE OR REPLACE TEMP TABLE theirs AS
SELECT rowid AS row_id, campaign_id, contact_id, contact_status, created_at, attempt_number, is_converted
FROM {SCHEMA}.{TABLE}
WHERE contact_id IN (SELECT contact_id FROM gone UNION SELECT contact_id FROM come)
"""  # noqa: S608
"""The calls of the contacts whose calls came or went. Not their ids: to read those would take longest."""

TIED = f"""
CREATE OR REPLACE TEMP TABLE tied AS
SELECT rowid AS row_id, call_id FROM {SCHEMA}.{TABLE} WHERE rowid IN (
    SELECT row_id FROM (
        SELECT row_id, COUNT(*) OVER (PARTITION BY campaign_id, contact_id, created_at) AS calls FROM theirs
    ) WHERE calls > 1
)
"""  # noqa: S608
"""Those of them that only their ids put in order, being created at the same moment."""

COUNTED = """
CREATE OR REPLACE TEMP TABLE counted AS
SELECT row_id, attempt_number, is_converted FROM (
    SELECT
        row_id,
        (attempt_number, is_converted) AS before,
        ROW_NUMBER() OVER of_the_contact AS attempt_number,
        contact_status IS NOT DISTINCT FROM 'converted' AND LEAD(row_id) OVER of_the_contact IS NULL
            AS is_converted
    FROM theirs LEFT JOIN tied USING (row_id)
    WINDOW of_the_contact AS (PARTITION BY campaign_id, contact_id ORDER BY created_at, call_id)
) WHERE (attempt_number, is_converted) IS DISTINCT FROM before
"""
"""As the definition of the table counts them: those for whom that is another number than before."""

COUNT = f"""
UPDATE {SCHEMA}.{TABLE} AS calls
SET attempt_number = counted.attempt_number, is_converted = counted.is_converted
FROM counted WHERE calls.rowid = counted.row_id
"""  # noqa: S608

RECOUNTED = f"(FROM {SCHEMA}.{TABLE} WHERE rowid IN (SELECT row_id FROM counted))"  # noqa: S608


FORGOTTEN = f"""
DELETE FROM {SCHEMA}.call_changes
WHERE read_at < (SELECT COALESCE(MIN(read_at), TIMESTAMPTZ 'infinity') FROM {SCHEMA}.stg_call_changes)
"""  # noqa: S608
"""Changes that the bounded log has no more."""

BY_ROW = "SET dynamic_or_filter_threshold = 1000"
"""Up to so many rows, which lie anywhere, are looked for one by one, not between the first and the last."""


def replace_calls(connection: duckdb.DuckDBPyConnection, dataset: str, loads: Sequence[str]) -> None:
    """Write the rows of the calls that some loads wrote."""
    connection.execute(FORGOTTEN)
    fresh = FRESH.format(stg_calls=query_of("stg_calls"))
    connection.execute(for_dataset(fresh, dataset), {"loads": loads})
    come = query_of(TABLE, int_calls=f"({query_of('int_calls', stg_calls='fresh')})")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE come AS {come}")
    oldest, newest = connection.execute("SELECT min(created_at), max(created_at) FROM fresh").fetchall()[0]
    if oldest is not None:
        _replace_fresh(connection, OF_THEIR_TIME, {"oldest": oldest, "newest": newest})


def replace_moved(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the rows of the same calls again, in place of what there is of them at any time."""
    _replace_fresh(connection, OF_ANY_TIME, {})


def _replace_fresh(connection: duckdb.DuckDBPyConnection, these: str, span: Mapping[str, Any]) -> None:
    connection.execute(GONE.format(these=these.format(created_at=TABLES[TABLE])), span)
    for table, created_at in TABLES.items():
        _replace(connection, table, these.format(created_at=created_at), span)
    for statement in (THEIRS, BY_ROW, TIED, COUNTED, COUNT):
        connection.execute(statement)
    touched.note(connection, "gone", "come", RECOUNTED)


def _replace(connection: duckdb.DuckDBPyConnection, table: str, these: str, span: Mapping[str, Any]) -> None:
    rows = "FROM come" if table == TABLE else query_of(table, **{TABLE: "come"})
    connection.execute(f"DELETE FROM {SCHEMA}.{table} WHERE {these}", span)  # noqa: S608
    connection.execute(
        f"INSERT INTO {SCHEMA}.{table} BY NAME SELECT * FROM ({rows}) WHERE {these} "  # noqa: S608
        f"ORDER BY {TABLES[table]}",
        span,
    )
