"""A campaign's extracted data as a wide view: a row for each call, a column for each key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from altur_calls.analytics.quoting import identifier, literal

FIXED = ("call_id", "contact_id", "status", "answered_by", "created_at", "local_date")
"""Columns of a call beside its keys."""

MOST_KEYS = 200
"""Columns of keys, at most: the commonest."""


def view_of(campaign_id: int) -> str:
    """Return the name of the view of a campaign."""
    return f"analytics.extracted_data_{campaign_id}"


def keys_query(campaign_id: int) -> str:
    """Return the query for a campaign's keys and how often each came, in the order in which they first came.

    So a column keeps its name when more keys come.
    """
    return (
        "SELECT key, COUNT(*) AS calls FROM analytics.call_extracted_data "  # noqa: S608 (a number)
        f"WHERE campaign_id = {campaign_id} AND NOT contains(key, chr(0)) "
        "GROUP BY key ORDER BY MIN(created_at), key"
    )


def commonest(keys: Sequence[tuple[str, int]]) -> list[str]:
    """Return as many of the keys as a view may have columns, in the same order."""
    kept = dict(sorted(keys, key=lambda key: -key[1])[:MOST_KEYS])
    return [key for key, _ in keys if key in kept]


def query_of(campaign_id: int, keys: Sequence[str]) -> str:
    """Return the query of the view."""
    columns = ", ".join(f"calls.{name}" for name in FIXED)
    values = "".join(
        f",\n    MAX(CASE WHEN extracted.key = {literal(key)} THEN extracted.value END) "
        f"AS {identifier(column)}"
        for key, column in zip(keys, column_names(keys), strict=True)
    )
    return (
        f"SELECT\n    {columns}{values}\n"
        "FROM analytics.calls AS calls\n"
        "LEFT JOIN analytics.call_extracted_data AS extracted\n"
        "    ON extracted.call_id = calls.call_id AND extracted.created_at = calls.created_at\n"
        f"WHERE calls.campaign_id = {campaign_id}\n"
        f"GROUP BY {columns}"
    )


def column_names(keys: Iterable[str]) -> list[str]:
    """Return a column name for each key: the key itself, numbered where SQL would take two for the same."""
    taken = set(FIXED)
    names = []
    for key in keys:
        name, number = key or "(no name)", 1
        while name.lower() in taken:
            number += 1
            name = f"{key or '(no name)'} ({number})"
        taken.add(name.lower())
        names.append(name)
    return names
