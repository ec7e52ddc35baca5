"""Files that a user names to be written: never in the place of what was loaded or published."""

from __future__ import annotations

from pathlib import Path

from altur_calls.errors import SettingsError
from altur_calls.warehouse.write_ahead import log_of

MAGIC, PLACE = b"DUCK", slice(8, 12)
"""What every DuckDB database has near its beginning, and where."""


def spare_data(path: Path) -> Path:
    """Return where to write to, unless that would destroy a database, its log, or a part of a Parquet set.

    Raises:
        SettingsError: if it would, or if that can't be told.

    """
    try:
        what = _data_at(path)
    except OSError as error:
        raise SettingsError(f"Can't write {path}: {error.strerror}.") from error
    if what:
        raise SettingsError(f"{path} is {what}, and was left as it is. Name another with --output.")
    return path


def _data_at(path: Path) -> str | None:
    if _is_database(path):
        return "a DuckDB database"
    real = path.resolve()
    logged = real.with_suffix("")
    if real == log_of(logged) and _is_database(logged):
        return "the log of a DuckDB database"
    if any(folder.name.startswith(".") and folder.suffix == ".parquet" for folder in (real, *real.parents)):
        return "part of the published Parquet files"
    return None


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(PLACE.stop)[PLACE] == MAGIC
