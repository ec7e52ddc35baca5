"""The views that analysts start from: one file each in ``sql``, with its grain and its columns. Pure.

A file begins with a comment: its first line says what a row is, the others what a column means. A column that
is not described there means what it means where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files

from altur_calls import tables

SCHEMA = "analytics"
DATASET = tables.DATASET
"""The schema of the raw tables, as the files name it."""

BUILT = f"{SCHEMA}._built"
"""What was made, and from what, as kind and value: the definitions, the timezones, every load; and
the loads of which readers have, or had before, a copy."""

STAGING, MARTS = "staging", "marts"
TABLE = "calls"
TABLES = {
    TABLE: "created_at",
    "call_tags": "created_at",
    "call_policies": "created_at",
    "call_extracted_data": "created_at",
    "call_changes": "call_created_at",
}
"""Those that are not views but tables, kept up with each load, and the column they lie in the order of.

As views they would take five to eighty times as long as a flat table for a month of a campaign; see
``tests/benchmarks/MARTS.md``.
"""

SUMS = {
    "campaign_hourly": "local_date",
    "campaign_daily": "local_date",
    "contact_attempts": "local_date",
    "tag_daily": "local_date",
    "policy_compliance": "local_date",
    "contacts": "contact_id",
}
"""Views over all calls, and the column that parts them: a row is made from the calls with its value alone."""


@dataclass(frozen=True, slots=True)
class View:
    """A view: what a row is, the columns it describes itself, its query, and the views it is made from."""

    name: str
    layer: str
    grain: str
    described: Mapping[str, str]
    query: str

    @property
    def is_inner(self) -> bool:
        """Whether it is there for other views only."""
        return self.layer == STAGING or self.name.startswith("int_")

    @property
    def is_live(self) -> bool:
        """Whether it tells something else as time goes by."""
        return "CURRENT_TIMESTAMP" in self.query

    @property
    def uses(self) -> list[str]:
        """The views it reads, in the order they are named."""
        return list(dict.fromkeys(re.findall(rf"\b{SCHEMA}\.(\w+)", self.query)))

    @property
    def reads(self) -> list[str]:
        """The raw tables it reads."""
        return list(dict.fromkeys(re.findall(rf"\b{DATASET}\.(\w+)", self.query)))


@cache
def views() -> Mapping[str, View]:
    """Return all views by name, each after those it is made from."""
    found = {view.name: view for layer in (STAGING, MARTS) for view in _files(layer)}
    order = TopologicalSorter({name: found[name].uses for name in sorted(found)}).static_order()
    return {name: found[name] for name in order}


def _files(layer: str) -> Iterable[View]:
    for name, text in texts(layer).items():
        grain, *columns = (line.removeprefix("-- ") for line in head_of(text))
        described = dict(column.split(": ", 1) for column in columns)
        yield View(name, layer, grain, described, text[text.index("SELECT") :].strip())


def texts(folder: str) -> dict[str, str]:
    """Return the SQL files of a folder by name."""
    found = files("altur_calls.analytics") / "sql" / folder
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(found.iterdir(), key=lambda file: file.name)
    }


def head_of(text: str) -> list[str]:
    """Return the comment a file begins with, line by line."""
    return re.match(r"(--.*\n)*", text).group().splitlines()  # type: ignore[union-attr]  # matches anything


def meaning(name: str, column: str) -> str | None:
    """Return what a column of a view means, by the view itself or by what it is made from."""
    view = views()[name]
    if (own := view.described.get(column)) is not None:
        return own
    for raw in view.reads:
        if (known := tables.ALL.get(raw, {}).get(column)) is not None:
            return known.get("description")
    return next(filter(None, (meaning(used, column) for used in view.uses)), None)


def query_of(name: str, **instead: str) -> str:
    """Return the query of a view, reading other tables, or queries in brackets, instead of some views."""
    return re.sub(rf"\b{SCHEMA}\.(\w+)", lambda found: instead.get(found[1], found[0]), views()[name].query)


def for_dataset(sql: str, dataset: str) -> str:
    """Return SQL that reads the raw tables of a dataset, whatever its name."""
    return re.sub(rf"\b{DATASET}\.(?=\w)", f'"{dataset}".', sql)
