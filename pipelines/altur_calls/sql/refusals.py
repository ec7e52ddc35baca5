"""What DuckDB says of a query that it refuses, in one line. Pure."""

from __future__ import annotations

import re

PLACE = re.compile(r"^LINE (?P<line>\d+): (?P<text>.*)\n(?P<space> *)\^", re.MULTILINE)


def in_one_line(message: str, sql: str) -> str:
    """Return DuckDB's message with the line and column of ``sql`` that it points at."""
    what = " ".join(PLACE.sub("", message).split())
    place = PLACE.search(message)
    if not place or place["text"].strip(".") not in sql:  # it shows what we made of the query
        return what
    column = len(place["space"]) - len(f"LINE {place['line']}: ")
    is_whole = place["text"] in sql.splitlines()
    return f"{what} (line {place['line']}{f', column {column + 1}' if is_whole else ''})"
