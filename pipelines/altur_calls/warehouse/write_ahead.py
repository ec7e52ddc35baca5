"""The write-ahead log of a DuckDB file: what was committed and is not yet in the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from altur_calls.warehouse.recovery import forget_merged

MOST_BYTES = 100_000_000
"""A log that is longer is written into its file. After a crash whoever opens the file next replays the log,
in more memory than it has bytes; dlt lets it grow to a gigabyte (DuckDB's ``checkpoint_threshold``)."""


def log_of(database: Path) -> Path:
    """Return where DuckDB keeps what is not yet in a database file."""
    return database.with_name(f"{database.name}.wal")


def bound_log(client: SqlClientBase[Any], database: Path) -> None:
    """Write what is committed into the file itself, if there is much of it. No transaction may be open.

    But for dlt's copies of what was merged since the last time: they take as long to write as what is kept.
    """
    log = log_of(database)
    if log.exists() and log.stat().st_size > MOST_BYTES:
        forget_merged(client)
        client.execute_sql("CHECKPOINT")
