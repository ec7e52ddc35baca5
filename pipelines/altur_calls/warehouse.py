"""What is done with a warehouse and no API: check it, describe it, spread extracted data out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from altur_calls.analytics import pivot
from altur_calls.analytics.checks import Check, checks
from altur_calls.analytics.dbt_sources import sources
from altur_calls.analytics.dictionary import DESCRIBED, Column, Relation, dictionary
from altur_calls.errors import SettingsError
from altur_calls.tables import DATASET
from altur_calls.target import Target

DICTIONARY, SOURCES = "dictionary.md", "dbt_sources.yml"


def check(target: Target) -> Iterator[tuple[Check, int]]:
    """Yield each check, and how many rows break it."""
    with target.reading() as connection:
        for rule in checks():
            ((rows,),) = connection.execute(f"SELECT count(*) FROM ({rule.query})").fetchall()  # noqa: S608
            yield rule, rows


def describe(target: Target, folder: Path) -> list[Path]:
    """Write the data dictionary and the dbt sources file, and return where."""
    with target.reading() as connection:
        found = connection.execute(DESCRIBED, {"dataset": DATASET}).fetchall()
    relations = [
        Relation(schema, name, comment, [Column(*column) for column in columns])
        for schema, name, comment, columns in found
    ]
    pages = {folder / DICTIONARY: dictionary(relations), folder / SOURCES: sources()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"Can't write to {folder}: {error.strerror}.") from error
    return list(pages)


def spread(target: Target, campaign_id: int) -> tuple[str, list[str], int]:
    """Make a wide view of a campaign's extracted data; return its name, the columns of keys, and all keys."""
    name = pivot.view_of(campaign_id)
    with target.writing() as connection:
        keys = connection.execute(pivot.keys_query(campaign_id)).fetchall()
        if not keys:
            raise SettingsError(f"Campaign {campaign_id} has no call with extracted data in the warehouse.")
        shown = pivot.commonest(keys)
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {pivot.query_of(campaign_id, shown)}")
    return name, pivot.column_names(shown), len(keys)
