"""Publish what is loaded: for the command, and for pipelines of your own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dlt
import duckdb

from altur_calls.analytics.keeping import keep_up
from altur_calls.errors import PublishFailed
from altur_calls.failures import holder_of, said
from altur_calls.publishing.database import publish_database
from altur_calls.publishing.parquet import publish_parquet
from altur_calls.publishing.places import Publishing, settings_of
from altur_calls.warehouse.target import DUCKDB, Client, destination_of
from altur_calls.windows import utc_now


@dataclass(frozen=True, slots=True)
class Published:
    """What readers have now."""

    database: Path
    parquet: Path | None
    size: int
    """Of the database, in bytes."""
    seconds: float
    """What publishing took."""
    is_new: bool
    """Whether anything was to be published."""


def publish(pipeline: dlt.Pipeline) -> Published:
    """Publish what a pipeline of your own has in DuckDB. What ``build_views`` does is done first.

    Settings are those of the section ``publishing`` of dlt's configuration.

    Raises:
        ViewFailed: if a view can't be made.
        PublishFailed: if that can't be done. Readers have what they had.

    """
    if (kind := destination_of(pipeline)) != DUCKDB:
        raise PublishFailed(f"A DuckDB file is published, and this pipeline loads into {kind or 'nothing'}.")
    with pipeline.sql_client() as client:
        keep_up(client)
        return publish_client(client, settings_of())


def publish_client(client: Client, settings: Publishing) -> Published:
    """Publish the warehouse that a client of dlt has open.

    Raises:
        PublishFailed: if that can't be done. Readers have what they had.

    """
    began = time.monotonic()
    with closing(client.native_connection.cursor()) as connection:
        working = _file_of(connection)
        database = settings.database(working)
        parquet = settings.parquet_set(working) if settings.parquet else None
        with _told(database):
            raw_schema = client.dataset_name if settings.raw_tables else None
            is_new = publish_database(connection, database, client.dataset_name, raw_schema, utc_now())
        if parquet:
            with _told(parquet):
                is_new |= publish_parquet(connection, database, parquet)
    return Published(database, parquet, database.stat().st_size, time.monotonic() - began, is_new)


def _file_of(connection: duckdb.DuckDBPyConnection) -> Path:
    query = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ((path,),) = connection.execute(query).fetchall()
    if not path:
        raise PublishFailed("A DuckDB in memory has no file to publish.")
    return Path(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what of publishing failed, and that it is only that."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        who = holder_of(error) if isinstance(error, duckdb.Error) else None
        reason = f"It is held open for writing by {who}." if who else said(error)
        raise PublishFailed(
            f"The calls are loaded, but {path} can't be published; readers see what they saw. {reason}"
        ) from error
