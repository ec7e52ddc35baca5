"""Which tables and views are published, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from altur_calls.analytics.quoting import identifier, literal
from altur_calls.analytics.relations import Column, Relation
from altur_calls.analytics.views import SCHEMA, views

PUBLICATION = "publication"


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
        Column("load_id", "VARCHAR", "The last load that is in it, as dlt names it"),
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
