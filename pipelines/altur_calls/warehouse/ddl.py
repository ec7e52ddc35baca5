"""SQL that makes tables where dlt does not: that of runs, and those that an upgrade adds. Pure."""

from __future__ import annotations

from dlt.common.schema.typing import TTableSchemaColumns

from altur_calls.analytics.quoting import identifier

TYPES = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "json": "JSON",
}
"""DuckDB's types by dlt's names."""


def qualified(dataset: str, table: str) -> str:
    """Return the name of a table in the schema of a dataset."""
    return f"{identifier(dataset)}.{identifier(table)}"


def definitions(columns: TTableSchemaColumns) -> str:
    """Return the columns of a table as ``CREATE TABLE`` takes them."""
    return ", ".join(
        f"{identifier(name)} {TYPES[str(column['data_type'])]}"
        + ("" if column.get("nullable", True) else " NOT NULL")
        for name, column in columns.items()
    )
