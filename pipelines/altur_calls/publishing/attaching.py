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


def log_of(database: Path) -> Path:
    """Return where DuckDB keeps what is not yet in a database file."""
    return database.with_name(f"{database.name}.wal")
