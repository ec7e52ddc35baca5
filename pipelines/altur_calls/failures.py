"""Errors of dlt and DuckDB, told as ours: what happened, where, and what to do."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
)
from dlt.common.configuration.providers.toml import SECRETS_TOML, TomlProviderReadException

from altur_calls.errors import AlturError, SettingsError, WarehouseError

UNEXPECTED = 1
"""Exit code of errors that nobody foresaw."""

INTERRUPTED = 130
"""That of Ctrl-C, as shells tell it: 128 and the number of SIGINT."""

REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
"""What the system says of a file it lets nobody make: no right to, a disk to read from only, no folder."""

NOT_OF_DATA = duckdb.CatalogException | duckdb.BinderException | duckdb.ParserException | duckdb.IOException
"""Errors in which DuckDB quotes queries, names and files, and no rows."""

PUBLISHED = ".published."
"""In the names of files that are published."""

DISK_FULL = "The disk is full. Make room and run again; what was not committed is read again."


@contextmanager
def translated() -> Iterator[None]:
    """Raise what dlt and DuckDB raise as an :class:`AlturError`, where it can be told better."""
    try:
        yield
    except Exception as error:
        if any(isinstance(link, KeyboardInterrupt) for link in causes(error)):
            raise KeyboardInterrupt from error
        known = known_of(error)
        if known is None or known is error:
            raise
        raise known from error


def known_of(error: BaseException) -> AlturError | None:
    """Return what an error is told as; none where there is no better word for it."""
    return next(filter(None, map(_known, causes(error))), None)


def is_of_api(error: BaseException) -> bool:
    """Tell if it was the API that failed, not the warehouse."""
    known = next((link for link in causes(error) if isinstance(link, AlturError)), None)
    return known is not None and not isinstance(known, WarehouseError)


def in_a_line(error: BaseException) -> tuple[str, int, str]:
    """Return what an error says in a line, the exit code of a process that ends with it, and the outcome."""
    if isinstance(error, AlturError):
        return str(error), error.exit_code, error.outcome
    if isinstance(error, KeyboardInterrupt):
        return "interrupted. What was loaded is kept; the next run carries on.", INTERRUPTED, "stopped"
    # What it says is left out: it may quote a call.
    return f"{type(error).__name__}: run again with --debug for all of it.", UNEXPECTED, AlturError.outcome


def said(error: duckdb.Error | OSError) -> str:
    """Return what DuckDB or the system says of an error, in a line, where that is of names and files.

    What it says of data it quotes, and that may be a phone number.
    """
    if isinstance(error, OSError | NOT_OF_DATA):
        return str(error).splitlines()[0]
    return f"DuckDB's {type(error).__name__}: run again with --debug for all of it."


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _known(error: BaseException) -> AlturError | None:
    if isinstance(error, AlturError):
        return error
    if isinstance(error, ConfigurationException):
        return _of_settings(error)
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, duckdb.Error):
        return _of_duckdb(error)
    return None


def _of_settings(error: ConfigurationException) -> SettingsError | None:
    if isinstance(error, ConfigFieldMissingException):
        return SettingsError("Missing: " + "; ".join(map(_where_to_set, error.fields)))
    if isinstance(error, ConfigValueCannotBeCoercedException):
        return SettingsError(
            f"{error.field_name} has a value of the wrong type: {_where_to_set(error.field_name)}"
        )
    if isinstance(error, TomlProviderReadException):
        return SettingsError(_of_toml(error.full_paths))
    return None


def _where_to_set(field: str) -> str:
    variable = f"SOURCES__ALTUR__{field.upper()}"
    if field == "api_key":
        return f"{field} (set {variable}, or {field} under [sources.altur] in .dlt/secrets.toml)"
    example = "'[12, 34]'" if field == "campaign_ids" else "..."
    return f"{field} (set {variable}={example}, or {field} under [sources.altur] in .dlt/config.toml)"


def _of_toml(paths: Sequence[str]) -> str:
    files = (Path(path).absolute() for path in paths)
    told = [f"{file} {why}" for file in files if (why := _unreadable(file))]
    return " ".join(told) or f"One of {', '.join(paths)} can't be read as TOML: mend it."


def _unreadable(path: Path) -> str | None:
    """Return why a file of settings can't be read, if so; of secrets only where: a parser may quote them."""
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"can't be read: {error.strerror}. Let the user of this process read it."
    except UnicodeDecodeError:
        return "is not text in UTF-8: save it as that."
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at (line \d+|end of document)", str(error))
        where = place.group() if place else "somewhere"
        why = where if path.name == SECRETS_TOML else f"- {error}"
        return f"is not TOML {why}: mend it there."
    return None


def holder_of(error: duckdb.Error) -> str | None:
    """Return who has the file open that DuckDB could not lock; none where that is not what went wrong."""
    message = str(error)
    if "Could not set lock on file" not in message:
        return None
    holder = re.search(r"held in (.+? \(PID \d+\))", message)
    return holder.group(1) if holder else "another process"


def _of_system(error: OSError) -> AlturError | None:
    if error.errno == errno.ENOSPC:
        return WarehouseError(DISK_FULL)
    if error.errno in REFUSED and error.filename:
        return WarehouseError(not_usable(error.filename, error.strerror))
    return None


def not_usable(path: object, why: object) -> str:
    """Return what to say of a file or folder that this process may not use."""
    return (
        f"{path} can't be used: {why}. Let the user of this process read and write it, or set another path."
    )


def _of_duckdb(error: duckdb.Error) -> AlturError | None:
    message = str(error)
    if who := holder_of(error):
        file = re.search(r'lock on file "([^"]+)"', message)
        name = file.group(1) if file else "The warehouse"
        advice = "" if PUBLISHED in name else " To read, open the published database: that holds nothing up."
        return WarehouseError(
            f"{name} is held open by {who}. Close it there and run again. Nothing was changed.{advice}"
        )
    if "No space left" in message:
        return WarehouseError(DISK_FULL)
    if refused := re.search(
        r'[Cc]annot open file "([^"]+)": (Permission denied|Read-only file system)', message
    ):
        return WarehouseError(not_usable(*refused.groups()))
    if message.startswith("IO Error"):
        return WarehouseError(f"DuckDB can't use the warehouse: {message.splitlines()[0]}")
    return None
