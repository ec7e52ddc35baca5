"""Names and texts as SQL takes them. Pure."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Return a name of a table or column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text, quoted."""
    return "'" + text.replace("'", "''") + "'"
