"""Rows as Arrow tables: what dlt loads without looking at every value of every row.

dlt's normaliser takes a fifth of a millisecond a call, several times what all else takes together. It is
needed where it decides something: for rows with columns that are not declared. Rows without are complete as
they are, down to dlt's own keys, and go around it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from altur_calls.calls.records import Row
from altur_calls.calls.sightings import raw_json

TYPES = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "json": pa.string(),
}
"""Arrow's types by dlt's names."""

Columns = dict[str, Any]
"""Lists or Arrow arrays of equal length, by column."""


def table_of(columns: Columns, declared: TTableSchemaColumns, load_id: str) -> pa.Table:
    """Return an Arrow table with all declared columns, as written by this load."""
    count = len(columns["_dlt_id"])
    given = {**columns, "_dlt_load_id": pa.repeat(load_id, count)}
    schema = schema_of(declared)
    arrays = [_array(given.get(field.name), field.type, count) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def schema_of(declared: TTableSchemaColumns) -> pa.Schema:
    """Return declared columns as Arrow has them."""
    return pa.schema(map(_field, declared.values()))


def _array(values: Any, kind: pa.DataType, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, kind)
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _field(column: TColumnSchema) -> pa.Field:
    return pa.field(column["name"], TYPES[str(column["data_type"])], column.get("nullable", True))


def parted(rows: Sequence[Row], declared: TTableSchemaColumns) -> tuple[list[Row], list[Row]]:
    """Return the rows that have declared columns only, and the others."""
    plain: list[Row] = []
    others: list[Row] = []
    for row in rows:
        (plain if row.keys() <= declared.keys() else others).append(row)
    return plain, others


def columns_of(rows: Sequence[Row], declared: TTableSchemaColumns) -> Columns:
    """Return rows column by column."""
    return {
        name: [_text_of(row.get(name)) if column["data_type"] == "json" else row.get(name) for row in rows]
        for name, column in declared.items()
    }


def _text_of(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a number of more than 64 bits
        return raw_json(value)


class _JsonIsText(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return "when merging arrow schema with dlt schema" not in record.getMessage()


@contextmanager
def json_is_text() -> Iterator[None]:
    """Keep dlt from warning, while it takes a table, that JSON came as text: Arrow knows no other way."""
    known = _JsonIsText()
    logger = logging.getLogger("dlt")
    logger.addFilter(known)
    try:
        yield
    finally:
        logger.removeFilter(known)
