"""The tables and views of a database, with what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from altur_calls.analytics.quoting import identifier
from altur_calls.analytics.views import SCHEMA, View, views

RELATIONS = """
SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE database_name = $database
UNION ALL
SELECT schema_name, view_name, comment FROM duckdb_views() WHERE database_name = $database AND NOT internal
ORDER BY ALL
"""

COLUMNS = """
SELECT schema_name, table_name, column_name, data_type, comment
FROM duckdb_columns() WHERE database_name = $database AND NOT internal
ORDER BY schema_name, table_name, column_index
"""


Shape = tuple[str, str, tuple[tuple[str, str], ...]]
"""The schema, the name, and names and types of the columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its type as DuckDB shows it, and what it means."""

    name: str
    data_type: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view of a database."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[Column, ...]

    @property
    def name_in_sql(self) -> str:
        """Its name in SQL, without that of the database."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    @property
    def view(self) -> View | None:
        """The view of ours that it stays, since it tells the time; a table otherwise."""
        own = views().get(self.name) if self.schema == SCHEMA else None
        return own if own and own.is_live else None

    @property
    def is_inner(self) -> bool:
        """Whether it is there for other views only, or is a note of ours."""
        if self.schema != SCHEMA:
            return False
        own = views().get(self.name)
        return self.name.startswith("_") or (own is not None and own.is_inner)

    @property
    def is_own(self) -> bool:
        """Whether somebody put it beside the views: it may change without a load."""
        return self.schema == SCHEMA and self.name not in views()

    @property
    def shape(self) -> Shape:
        """What readers know it by."""
        return self.schema, self.name, tuple((column.name, column.data_type) for column in self.columns)


def relations_of(connection: duckdb.DuckDBPyConnection, attached: str | None = None) -> list[Relation]:
    """Return the tables and views of an attached database; by default of that which the connection is to."""
    database = {"database": attached or name_of(connection)}
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, name, *column in connection.execute(COLUMNS, database).fetchall():
        columns.setdefault((schema, name), []).append(Column(*column))
    found = connection.execute(RELATIONS, database).fetchall()
    return [
        Relation(schema, name, comment, tuple(columns.get((schema, name), ())))
        for schema, name, comment in found
    ]


def name_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return by what name DuckDB knows the database that a connection is to."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    return str(name)
