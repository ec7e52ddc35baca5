"""A published database beside the working one, in the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from altur_calls.analytics.quoting import identifier, literal

NAME = "altur.published"
"""Its name there. DuckDB names a file by what is before the first dot: no working file can have this one."""

COPY = identifier(NAME)
"""The same in SQL."""


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: Path, option: str) -> Iterator[None]:
    """Have the database of a file in a connection, for a while."""
    connection.execute(f"ATTACH {literal(str(path))} AS {COPY} ({option})")
    try:
        yield
    finally:
        connection.execute(f"DETACH {COPY}")


@contextmanager
def written_at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB write what is committed to a file at once, and not to a log before: nobody has it yet."""
    ((threshold,),) = connection.execute("SELECT current_setting('checkpoint_threshold')").fetchall()
    connection.execute("SET GLOBAL checkpoint_threshold = '1KB'")
    try:
        yield
    finally:
        connection.execute(f"SET GLOBAL checkpoint_threshold = {literal(threshold)}")
