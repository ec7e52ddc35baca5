"""Rows in the formats that programs read: some thousands at a time, so that memory is bounded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import duckdb
import pyarrow as pa
from pyarrow import parquet

from altur_calls.errors import QueryFailed
from altur_calls.sql import texts
from altur_calls.sql.session import Session

ROWS = 10_000
"""That are in memory at a time."""

ROWS_OF_GROUP = 100_000
"""The same for Parquet, which compresses them together."""


def write_csv(session: Session, result: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write CSV with a header. A null is empty."""
    batches = session.batches(result.project(texts.cells(result.types)), ROWS)
    out.write(_csv([result.columns]))
    out.writelines(_csv(zip(*(column.to_pylist() for column in batch), strict=True)) for batch in batches)


def write_json(session: Session, result: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write a JSON array with an object for each row, each in a line."""
    before = "["
    for batch in session.batches(_objects(result), ROWS):
        out.write((before + ",\n ".join(batch.column(0).to_pylist())).encode())
        before = ",\n "
    out.write(b"[]\n" if before == "[" else b"]\n")


def write_jsonl(session: Session, result: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write a JSON object for each row, each in a line."""
    for batch in session.batches(_objects(result), ROWS):
        out.writelines(f"{line}\n".encode() for line in batch.column(0).to_pylist())


def write_parquet(session: Session, result: duckdb.DuckDBPyRelation, out: BinaryIO) -> None:
    """Write a Parquet file.

    Raises:
        QueryFailed: if it has no type for what is in a list or a struct.

    """
    result = result.project(texts.columns(result.columns, result.types))
    schema = session.do(result.limit(0).to_arrow_table).schema
    try:
        with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
            for batch in session.batches(result, ROWS_OF_GROUP):
                writer.write_batch(batch)
    except pa.ArrowNotImplementedError as error:
        raise QueryFailed(f"Parquet can't hold this; cast it to VARCHAR: {error}") from error


def _csv(rows: Iterable[Sequence[str | None]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _objects(result: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return result.project(texts.objects(result.columns, result.types))
