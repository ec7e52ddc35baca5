"""What is done with a warehouse and without the API: check it, describe it, spread extracted data out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePath

import duckdb

from altur_calls.analytics import pivot
from altur_calls.analytics.checks import Check, checks
from altur_calls.analytics.dbt_sources import sources
from altur_calls.analytics.dictionary import dictionary
from altur_calls.analytics.relations import relations_of
from altur_calls.analytics.views import DATASET, SCHEMA
from altur_calls.errors import SettingsError
from altur_calls.outputs import spare_data
from altur_calls.publishing.readers import reading
from altur_calls.superset.datasets import Types
from altur_calls.superset.files import bundle, zipped
from altur_calls.warehouse.target import Target, nothing_in

DICTIONARY, SOURCES = "dictionary.md", "dbt_sources.yml"

IS_LOADED = f"""
SELECT 1 FROM duckdb_tables() WHERE schema_name = '{DATASET}' AND table_name = '_dlt_loads'
"""  # noqa: S608 (a name of ours)


@contextmanager
def _loaded(
    opened: AbstractContextManager[duckdb.DuckDBPyConnection], target: Target
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a warehouse that was loaded, once at least.

    Raises:
        WarehouseError: if it was not.

    """
    with opened as connection:
        if not connection.execute(IS_LOADED).fetchall():
            raise nothing_in(target.file())
        yield connection


def check(target: Target, *more: Check) -> Iterator[tuple[Check, int]]:
    """Yield each check, and those named as well, and how many rows break it."""
    with _loaded(target.reading(), target) as connection:
        for rule in (*checks(), *more):
            ((rows,),) = connection.execute(f"SELECT count(*) FROM ({rule.query})").fetchall()  # noqa: S608
            yield rule, rows


def describe(target: Target, folder: Path) -> list[Path]:
    """Write the data dictionary and the dbt sources file, and return where."""
    with _loaded(target.reading(), target) as connection:
        relations = relations_of(connection)
    pages = {folder / DICTIONARY: dictionary(relations), folder / SOURCES: sources()}
    _write({path: text.encode() for path, text in pages.items()})
    return list(pages)


def show_in_superset(published: Path, output: Path, path: PurePath) -> None:
    """Write the dashboard for a published file, that lies at ``path`` where Superset runs.

    It is an archive if the name of the output says so, else a folder.
    """
    with reading(published) as connection:
        files = bundle(_types(connection), path)
    if output.suffix == ".zip":
        _write({output: zipped(files)})
    else:
        _write({output / name: text.encode() for name, text in files.items()})


def _types(connection: duckdb.DuckDBPyConnection) -> Types:
    return {
        relation.name: {column.name: column.data_type for column in relation.columns}
        for relation in relations_of(connection)
        if relation.schema == SCHEMA
    }


def _write(files: Mapping[Path, bytes]) -> None:
    for path, content in files.items():
        try:
            spare_data(path).parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise SettingsError(f"Can't write to {path.parent}: {error.strerror}.") from error


def spread(target: Target, campaign_id: int) -> tuple[str, list[str], int]:
    """Make a wide view of a campaign's extracted data; return its name, the columns of keys, and all keys."""
    name = pivot.view_of(campaign_id)
    with _loaded(target.writing(), target) as connection:
        keys = connection.execute(pivot.keys_query(campaign_id)).fetchall()
        if not keys:
            raise SettingsError(f"Campaign {campaign_id} has no call with extracted data in the warehouse.")
        shown = pivot.commonest(keys)
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {pivot.query_of(campaign_id, shown)}")
    return name, pivot.column_names(shown), len(keys)
