"""Which calls had rows of the tables written anew since readers got a copy: all that it lacks.

Noted only while a copy is known, and while it lacks little: else the next one is made from the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from altur_calls.analytics.views import BUILT, SCHEMA, TABLE

TOUCHED = f"{SCHEMA}._touched"
KEYS = "call_id, created_at, contact_id, local_date"
"""Of a call: by these are found its rows, and those that sum them up."""

LITTLE_CALLS, LITTLE_SHARE = 100_000, 1 / 4
"""As many calls, or such a share of all, may be touched before a copy is better made anew."""

COLUMNS = "call_id VARCHAR, created_at TIMESTAMPTZ, contact_id BIGINT, local_date DATE, since VARCHAR"
"""``since``: the load that readers had when the call was noted."""

COUNT = f"SELECT count(DISTINCT call_id) FROM {TOUCHED} WHERE since = ?"  # noqa: S608

MOST = f"SELECT greatest({LITTLE_CALLS}, {LITTLE_SHARE} * count(*)) FROM {SCHEMA}.{TABLE}"  # noqa: S608

LACKING = f"""
CREATE OR REPLACE TEMP TABLE lacking AS FROM {TOUCHED} WHERE since = $last OR $load_id <> $last
"""


def begin(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table, in place of the one there is. Nothing is noted in it until readers have a copy."""
    connection.execute(f"CREATE OR REPLACE TABLE {TOUCHED} ({COLUMNS})")


def note(connection: duckdb.DuckDBPyConnection, *several: str) -> None:
    """Note calls by several tables, which have the ``KEYS``: as they were, and as they are."""
    if not (known := copies(connection)):
        return
    rows = " UNION ALL ".join(f"SELECT {KEYS}, $since AS since FROM {table}" for table in several)  # noqa: S608
    connection.execute(f"INSERT INTO {TOUCHED} BY NAME {rows}", {"since": known[0]})
    if count(connection, known[0]) > connection.execute(MOST).fetchall()[0][0]:
        forget(connection)


def copies(connection: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """Return the loads that readers have, and had before: all that copies of these lack is noted."""
    found = connection.execute(f"SELECT value, of FROM {BUILT} WHERE kind = 'published'").fetchall()  # noqa: S608
    return [load_id for load_id in found[0] if load_id] if found else []


def count(connection: duckdb.DuckDBPyConnection, load_id: str) -> int:
    """Return how many calls were touched while readers had a load."""
    return int(connection.execute(COUNT, [load_id]).fetchall()[0][0])


def select_lacking(connection: duckdb.DuckDBPyConnection, load_id: str) -> None:
    """Put the calls that a copy of a load lacks into the temporary table ``lacking``."""
    connection.execute(LACKING, {"load_id": load_id, "last": copies(connection)[0]})


def published(connection: duckdb.DuckDBPyConnection, load_id: str, before: str | None) -> None:
    """Begin to note, as readers have all until this load.

    What a copy of ``before`` lacks stays noted: of the load that they had until now, if that copy is kept.
    """
    connection.execute(f"DELETE FROM {TOUCHED} WHERE since IS DISTINCT FROM ?", [before])  # noqa: S608
    connection.execute(f"DELETE FROM {BUILT} WHERE kind = 'published'")  # noqa: S608
    connection.execute(f"INSERT INTO {BUILT} VALUES ('published', ?, ?)", [load_id, before])  # noqa: S608


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Note nothing any more: what readers lack is not known, or too much."""
    connection.execute(f"DELETE FROM {TOUCHED}; DELETE FROM {BUILT} WHERE kind = 'published'")  # noqa: S608
