"""Where rows go, and as what: a table on a terminal, a format for a program, a file that is whole."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click
import duckdb

from altur_calls.errors import QueryFailed, SettingsError
from altur_calls.outputs import spare_data
from altur_calls.publishing.replacing import in_place_of
from altur_calls.sql import formats
from altur_calls.sql.refusals import in_one_line
from altur_calls.sql.session import Session

TABLE, CSV, JSON, JSONL, PARQUET = "table", "csv", "json", "jsonl", "parquet"

WRITERS: Mapping[str, Callable[[Session, duckdb.DuckDBPyRelation, BinaryIO], None]] = {
    CSV: formats.write_csv,
    JSON: formats.write_json,
    JSONL: formats.write_jsonl,
    PARQUET: formats.write_parquet,
}
FORMATS = (TABLE, *WRITERS)
SUFFIXES = {f".{kind}": kind for kind in WRITERS} | {".ndjson": JSONL}

ROWS_SHOWN = 40
"""Of a table, the first and the last. Below it stands how many there are."""

WIDE = 100_000
"""Columns of text: no table is cut where it is not for a terminal."""


@dataclass(frozen=True, slots=True)
class Output:
    """A format, and a file if it is not stdout."""

    kind: str
    path: Path | None = None

    def write(self, session: Session, result: duckdb.DuckDBPyRelation) -> None:
        """Write the rows of a result.

        Raises:
            SettingsError: if the file can't be written.

        """
        if self.kind == TABLE:
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE
            session.do(result.show, max_rows=ROWS_SHOWN, max_width=width)
            return
        # Selected once more, so that each column has a name of its own.
        with _opened(self.path) as out:
            WRITERS[self.kind](session, result.project("*"), out)


def output_of(kind: str | None, path: Path | None) -> Output:
    """Return what is meant where one of them or both are left out.

    Raises:
        SettingsError: if there is a database where it is to be written.
        click.UsageError: if they can't be had together.

    """
    if path:
        spare_data(path)
    if kind is None:
        kind = SUFFIXES.get(path.suffix.lower()) if path else TABLE if sys.stdout.isatty() else CSV
    if kind is None:
        raise click.UsageError(f"--format is missing: {path} may be {', '.join(WRITERS)}.")
    if kind == TABLE and path:
        raise click.UsageError(f"A table is for reading; a file may be {', '.join(WRITERS)}.")
    if kind == PARQUET and not path and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with --output.")
    return Output(kind, path)


def answer(session: Session, sql: str, output: Output) -> None:
    """Write what the statements of ``sql`` give.

    Raises:
        QueryFailed: if DuckDB refuses one, or if several give rows that are not for tables.

    """
    try:
        for number, result in enumerate(session.results(sql)):
            if number and output.kind != TABLE:
                raise QueryFailed(f"More than one statement gives rows: {output.kind} holds those of one.")
            output.write(session, result)
    except duckdb.Error as error:
        raise QueryFailed(in_one_line(str(error), sql)) from error


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """Yield what to write to. A file is put in its place when it is whole."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with in_place_of(path) as new, new.open("wb") as out:
            yield out
    except OSError as error:
        raise SettingsError(f"Can't write to {path}: {error.strerror}.") from error
