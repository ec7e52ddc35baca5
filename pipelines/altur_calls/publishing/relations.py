"""Which tables and views are published, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from altur_calls.analytics.quoting import identifier, literal
from altur_calls.analytics.views import SCHEMA, STAGING, View, views

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

PUBLICATION = "publication"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its type, and what it means."""

    name: str
    kind: str
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
        return self.name.startswith("_") or (
            own is not None and (own.layer == STAGING or own.name.startswith("int_"))
        )

    @property
    def is_own(self) -> bool:
        """Whether somebody put it beside the views: it may change without a load."""
        return self.schema == SCHEMA and self.name not in views()

    @property
    def shape(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """What readers know it by."""
        return self.schema, self.name, tuple((column.name, column.kind) for column in self.columns)


def relations_of(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """Return the tables and views of an attached database."""
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, name, *column in connection.execute(COLUMNS, {"database": database}).fetchall():
        columns.setdefault((schema, name), []).append(Column(*column))
    found = connection.execute(RELATIONS, {"database": database}).fetchall()
    return [
        Relation(schema, name, comment, tuple(columns.get((schema, name), ())))
        for schema, name, comment in found
    ]


def published(relations: Iterable[Relation], raw_schema: str | None) -> list[Relation]:
    """Return those that readers get, in the order in which they can be made.

    Of the schema ``analytics`` all but what only other views are made from, and our notes: what somebody else
    put there too. Of the raw tables all, if their schema is named.
    """
    needed = {name for view in views().values() if view.is_live for name in view.uses}
    kept = [
        relation
        for relation in relations
        if (relation.schema == SCHEMA and (relation.name in needed or not relation.is_inner))
        or relation.schema == raw_schema
    ]
    return sorted(kept, key=lambda relation: relation.view is not None)


def comments(relation: Relation, database: str) -> Sequence[str]:
    """Return the statements that say of a relation what it says of itself."""
    kind = "VIEW" if relation.view else "TABLE"
    said = [(f"{kind} {database}.{relation.name_in_sql}", relation.comment)]
    said += [
        (f"COLUMN {database}.{relation.name_in_sql}.{identifier(column.name)}", column.comment)
        for column in relation.columns
    ]
    return [f"COMMENT ON {thing} IS {literal(comment)}" for thing, comment in said if comment]


PUBLICATION_TOLD = Relation(
    SCHEMA,
    PUBLICATION,
    "One row: what this database is a copy of.",
    (
        Column("run_id", "VARCHAR", "The last load that is in it, as dlt names it"),
        Column("loaded_at", "TIMESTAMP WITH TIME ZONE", "When that load was completed"),
        Column("published_at", "TIMESTAMP WITH TIME ZONE", "When this copy was made"),
        Column(
            "proved_until",
            "TIMESTAMP WITH TIME ZONE",
            "Every call of every campaign that was created before this is in it, by the API's own count; "
            "null while a campaign was never proved",
        ),
        Column("calls", "BIGINT", "Calls the API lists"),
        Column("windows_in_doubt", "BIGINT", "Windows that no read has proved since"),
        Column("version", "VARCHAR", "Of altur-calls, which made it"),
    ),
)
"""The table that is made for readers only."""
