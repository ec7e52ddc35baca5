"""Open a published file so that SQL can read it, and can neither write it nor touch any other file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb

from altur_calls.errors import WarehouseError
from altur_calls.failures import translated
from altur_calls.warehouse.write_ahead import log_of

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "allow_persistent_secrets": False,  # those of the user, in the home folder
    "python_enable_replacements": False,  # a table that does not exist is no variable of ours either
    "temp_directory": "",  # what does not fit into memory is an error: calls are not left in other places
}

# Without external access DuckDB still opens the database's own path, and that of a log beside it: COPY could
# overwrite the one, and with the other change what all readers see. What is open already stays readable.
LOCK = """
SET GLOBAL TimeZone = 'UTC';
SET disabled_filesystems = 'LocalFileSystem';
SET lock_configuration = true;
"""
IS_LOCKED = "SELECT current_setting('lock_configuration')"

_one_at_a_time = Lock()


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a published file. Its configuration is locked; times are UTC.

    It sees the file as it was when it was opened. Within a process DuckDB shares what is open by its path: a
    file published meanwhile is seen by the first that opens it after all others were closed.

    Raises:
        WarehouseError: if nothing is published yet, or the file can't be read.

    """
    with _opened(path) as connection:
        yield connection


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    if not path.exists():
        raise WarehouseError(
            f"Nothing is published yet in {path}: altur-calls run, or altur-calls publish, writes it."
        )
    log = log_of(path)
    if log.exists():
        raise WarehouseError(
            f"{log} is not ours, and DuckDB would mix what it holds into {path.name}. Another program has "
            "written there: altur-calls publish removes it and writes the file anew."
        )
    with translated(), _one_at_a_time:
        connection = duckdb.connect(path, read_only=True, config=CONFIG)
        if connection.execute(IS_LOCKED).fetchone() == (False,):
            connection.execute(LOCK)
    return connection
