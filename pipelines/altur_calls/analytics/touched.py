"""Which calls had rows of the tables written anew since readers got their copy: all that it lacks.

Noted only while a copy is known, and while it lacks little: else the next one is made from the beginning.
"""

from __future__ import annotations

import duckdb

from altur_calls.analytics.views import BUILT, SCHEMA, TABLE

TOUCHED = f"{SCHEMA}._touched"
KEYS = "call_id, created_at, contact_id, local_date"
"""Of a call: by these are found its rows, and those that sum them up."""

LITTLE_CALLS, LITTLE_SHARE = 100_000, 1 / 4
"""As many calls, or such a share of all, may be touched before a copy is better made anew."""

COLUMNS = "call_id VARCHAR, created_at TIMESTAMPTZ, contact_id BIGINT, local_date DATE"

IS_LITTLE = f"""
SELECT count(*) <= greatest({LITTLE_CALLS}, {LITTLE_SHARE} * (SELECT count(*) FROM {SCHEMA}.{TABLE}))
FROM {TOUCHED}
"""  # noqa: S608


def note(connection: duckdb.DuckDBPyConnection, *several: str) -> None:
    """Note calls by several tables, which have the ``KEYS``: as they were, and as they are."""
    if _since(connection) is None:
        return
    rows = " UNION ALL ".join(f"SELECT {KEYS} FROM {table}" for table in several)  # noqa: S608
    connection.execute(f"INSERT INTO {TOUCHED} BY NAME {rows}")
    if not connection.execute(IS_LITTLE).fetchall()[0][0]:
        forget(connection)


def is_known(connection: duckdb.DuckDBPyConnection, run_id: str) -> bool:
    """Tell if all that was touched since a load was published is noted."""
    return _since(connection) == run_id


def published(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Begin to note, as readers have all until this load."""
    forget(connection)
    connection.execute(f"INSERT INTO {BUILT} VALUES ('published', ?, NULL)", [run_id])  # noqa: S608


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Note nothing any more: what readers lack is not known, or too much."""
    connection.execute(f"DELETE FROM {TOUCHED}; DELETE FROM {BUILT} WHERE kind = 'published'")  # noqa: S608


def _since(connection: duckdb.DuckDBPyConnection) -> str | None:
    found = connection.execute(f"SELECT value FROM {BUILT} WHERE kind = 'published'").fetchall()  # noqa: S608
    return found[0][0] if found else None
