"""The published tables as Parquet files, for tools without a driver of DuckDB: all of one load, or none.

Readers open a symbolic link. It points to a folder that is written to its end before the link is; the folder
before that one stays until the next time, for whoever reads it still.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import duckdb

from altur_calls.analytics.quoting import literal
from altur_calls.analytics.relations import Relation, relations_of
from altur_calls.analytics.views import SCHEMA
from altur_calls.publishing.attaching import COPY, NAME, attached
from altur_calls.publishing.relations import PUBLICATION
from altur_calls.publishing.replacing import replace_link, sync

PUBLISHED_AT = f"SELECT epoch_us(published_at) FROM {COPY}.{SCHEMA}.{PUBLICATION}"  # noqa: S608 (names of ours)

UNFINISHED = "unfinished"


def publish_parquet(connection: duckdb.DuckDBPyConnection, database: Path, link: Path) -> bool:
    """Write the tables of a published database to files below ``link``, and tell if there were any to write.

    Raises:
        duckdb.Error, OSError: if they can't be written. Readers have what they had.

    """
    folders = link.with_name(f".{link.name}")
    if link.exists() and not link.is_symlink():
        raise FileExistsError("There is something else already, which is not ours to replace.")
    before = link.readlink().name if link.exists() else ""
    with attached(connection, database, "READ_ONLY"):
        ((name,),) = connection.execute(PUBLISHED_AT).fetchall()
        if before == str(name):
            return False
        for leftover in (UNFINISHED, str(name)):
            shutil.rmtree(folders / leftover, ignore_errors=True)
        for relation in relations_of(connection, NAME):
            if not relation.is_inner:
                _write(connection, relation, folders / UNFINISHED)
    (folders / UNFINISHED).rename(folders / str(name))
    sync(folders)
    replace_link(f"{folders.name}/{name}", link)
    for old in folders.iterdir():
        if old.name not in {before, str(name)}:
            shutil.rmtree(old, ignore_errors=True)  # what is not of ours as well
    return True


def _write(connection: duckdb.DuckDBPyConnection, relation: Relation, folder: Path) -> None:
    path = folder / relation.schema / f"{quote(relation.name, safe=' ')}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"COPY (FROM {COPY}.{relation.name_in_sql}) TO {literal(str(path))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    sync(path)
    sync(path.parent)
