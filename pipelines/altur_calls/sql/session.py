"""The published file, open for one query after the other, each of which Ctrl-C can end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb
import pyarrow as pa

from altur_calls.publishing.readers import reading
from altur_calls.publishing.replacing import identity

P = ParamSpec("P")
T = TypeVar("T")

POLL_SECONDS = 0.1


class Session:
    """A published file that is open, and its successor once it was replaced and ``renew`` is called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._worker.submit(lambda: None).result()  # it begins here: Ctrl-C while it does would lose its work
        self._opened = ExitStack()
        self._file: tuple[int, int] | None = None
        self.renew()

    def renew(self) -> bool:
        """Open the file if it is another one than that which is open, and tell if so.

        Raises:
            WarehouseError: if there is none that can be read. The next call tries again.

        """
        file = identity(self.path)
        if file and file == self._file:
            return False
        self._file = None
        self._opened.close()  # first: DuckDB takes what is open for the file of that name
        self.connection = self._opened.enter_context(reading(self.path))
        self._file = file
        return True

    def close(self) -> None:
        """Close the file."""
        self._worker.shutdown()
        self._opened.close()

    def results(self, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
        """Yield the result of each statement that has one. What is selected is read when it is asked for.

        Raises:
            duckdb.Error: if DuckDB refuses a statement; with the place in ``sql``, if it knows one.

        """
        before = ""
        for statement in self.connection.extract_statements(sql):
            result = self.do(_result, self.connection, statement, before)
            before += statement.query
            if result is not None:
                yield result

    def batches(self, result: duckdb.DuckDBPyRelation, rows: int) -> Iterator[pa.RecordBatch]:
        """Return what a result holds, so many rows at a time. When this returns, the first are there.

        Raises:
            duckdb.Error: if that fails, also while it is read on.

        """
        reader = self.do(result.to_arrow_reader, rows)
        return iter(lambda: self.do(_next, reader), None)

    def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what some ``work`` of DuckDB returns; Ctrl-C ends it.

        Another thread does it: in that of signals, DuckDB looks for the next row without looking for them.
        """
        try:
            doing = self._worker.submit(work, *args, **kwargs)
            while not doing.done():
                wait([doing], POLL_SECONDS)  # a signal that comes just before it is heard after it
            return doing.result()
        except KeyboardInterrupt:
            idle = self._worker.submit(lambda: None)  # done when all is that was begun
            while not idle.done():
                self.connection.interrupt()  # more than once: a query may not have begun to listen
                wait([idle], POLL_SECONDS)
            raise


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    try:
        return next(reader, None)
    except (pa.ArrowException, OSError) as error:  # what DuckDB says comes through Arrow
        raise duckdb.Error(str(error)) from error


def _result(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, before: str
) -> duckdb.DuckDBPyRelation | None:
    try:
        return connection.sql(statement)
    except duckdb.Error as error:
        # Where in the text it is wrong is told by another way to run it, and rightly of the first statement.
        blank = re.sub(r"[^\n]", " ", before)
        try:
            connection.execute(blank + statement.query)
        except duckdb.Error as placed:
            if str(placed).startswith(str(error)):
                raise placed from error
        raise
