"""What can be asked: tables, with what their columns mean. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from altur_calls.analytics.relations import Relation


def tables(relations: Sequence[Relation]) -> str:
    """Return a line for each table: its name, and what a row is."""
    return "\n".join(_aligned([(_name(relation), relation.comment or "") for relation in relations]))


def schema(relation: Relation) -> str:
    """Return a table's columns, a line for each: name, type and meaning."""
    columns = _aligned([(column.name, column.data_type, column.comment or "") for column in relation.columns])
    head = f"{_name(relation)}: {relation.comment}" if relation.comment else _name(relation)
    return "\n".join([head, *(f"  {line}" for line in columns)])


def words(relations: Sequence[Relation]) -> list[str]:
    """Return the names that are worth completing."""
    names = {name for relation in relations for name in (relation.schema, relation.name)}
    return sorted(names | {column.name for relation in relations for column in relation.columns})


def _name(relation: Relation) -> str:
    return f"{relation.schema}.{relation.name}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as lines in which all columns but the last are as wide as their longest text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]
