"""A campaign's extracted data as a wide view: a row for each call, a column for each key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FIXED = ("call_id", "contact_id", "status", "answered_by", "created_at", "local_date")
"""Columns of a call beside its keys."""

MOST_KEYS = 200
"""Columns of keys, at most: the commonest."""


def view_of(campaign_id: int) -> str:
    """Return the name of the view of a campaign."""
    return f"analytics.extracted_data_{campaign_id}"


def keys_query(campaign_id: int) -> str:
    """Return the query for a campaign's keys, the commonest first."""
    return (
        f"SELECT key FROM analytics.call_extracted_data WHERE campaign_id = {campaign_id} "  # noqa: S608 (a number)
        "GROUP BY key ORDER BY COUNT(*) DESC, key"
    )


def query_of(campaign_id: int, keys: Sequence[str]) -> str:
    """Return the query of the view."""
    columns = ", ".join(f"calls.{name}" for name in FIXED)
    values = "".join(
        f",\n    MAX(CASE WHEN extracted.key = {_text(key)} THEN extracted.value END) AS {_name(column)}"
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


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
