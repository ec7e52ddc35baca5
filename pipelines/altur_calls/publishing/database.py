"""The published database: written beside the one that readers have, checked, and put in its place.

DuckDB itself writes it, from the connection that did the load. So the lock of the working file is never let
go, as closing any other handle of it would do, and nothing is missed that is still in its write-ahead log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from altur_calls.analytics import touched
from altur_calls.analytics.quoting import identifier, literal
from altur_calls.analytics.relations import Relation, Shape, name_of, relations_of
from altur_calls.analytics.views import SCHEMA, View, for_dataset
from altur_calls.errors import PublishFailed
from altur_calls.failures import holder_of, said
from altur_calls.publishing.attaching import COPY, NAME, attached, written_at_once
from altur_calls.publishing.relations import PUBLICATION, PUBLICATION_TOLD, comments, published
from altur_calls.publishing.renewing import adds_up, renew, rows_of
from altur_calls.publishing.replacing import copy_file, in_place_of
from altur_calls.publishing.spare import forget_spare, keep_spare, take_spare
from altur_calls.warehouse.transaction import transaction
from altur_calls.warehouse.write_ahead import log_of

logger = logging.getLogger(__name__)

STORAGE_VERSION = "v1.0.0"
"""What every DuckDB since 1.0 opens, 2.0 too. The default of later ones may not be."""

COPIED_BYTES = 200_000
"""So much is copied in the time that a call takes to be written, half a millisecond. With more calls it costs
less to copy what readers have than to write these twice, into that and into what they had before."""

LOAD = "SELECT load_id, inserted_at FROM altur._dlt_loads WHERE status = 0 ORDER BY rowid DESC LIMIT 1"
"""The last by the order in which they came: the clock may have been set back."""

TELL = f"""
CREATE TABLE {COPY}.{SCHEMA}.{PUBLICATION} AS
SELECT
    $load_id AS load_id,
    $loaded_at AS loaded_at,
    $published_at AS published_at,
    CASE WHEN count(*) = count(proved_until) THEN min(proved_until) END AS proved_until,
    CAST(coalesce(sum(calls), 0) AS BIGINT) AS calls,
    CAST(coalesce(sum(windows_in_doubt), 0) AS BIGINT) AS windows_in_doubt,
    $version AS version
FROM {COPY}.{SCHEMA}.data_completeness
"""  # noqa: S608 (names of ours)


def publish_database(
    connection: duckdb.DuckDBPyConnection, path: Path, dataset: str, raw_schema: str | None, now: datetime
) -> bool:
    """Publish what a warehouse has at ``path``, and tell if there was anything new in it.

    ``dataset`` is the schema it is loaded to; so is ``raw_schema``, if that is published as well.

    Raises:
        PublishFailed: if nothing is loaded, or one of its views can't be read.
        duckdb.Error, OSError: if it can't be written. Readers have what they had.

    """
    found = connection.execute(for_dataset(LOAD, dataset)).fetchall()
    if not found:
        raise PublishFailed("Nothing is loaded yet: altur-calls run comes first.")
    ((load_id, loaded_at),) = found
    working = name_of(connection)
    wanted = published(relations_of(connection), raw_schema)
    before = _copy_at(connection, path)
    if before and not before.has_shape(wanted):
        before = None
    is_noted = load_id in touched.copies(connection)[:1]  # not where tables were made anew by hand
    if before and before.load_id == load_id and is_noted and _has_all(connection, path, working, wanted):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "load_id": load_id,
        "loaded_at": loaded_at,
        "published_at": now,
        "version": version("altur-calls"),
    }
    path = path.resolve()
    with in_place_of(path) as new:
        spare = None
        if not (before and _renewed(connection, before, path, new, wanted, facts)):
            _make(connection, new, working, wanted, facts)
        elif touched.count(connection, before.load_id) * COPIED_BYTES <= new.stat().st_size:
            spare = before.load_id
        if spare:
            keep_spare(path)
        else:
            forget_spare(path)
        # Of somebody else; it would be replayed into what comes now.
        log_of(path).unlink(missing_ok=True)
    with transaction(connection):
        touched.published(connection, load_id, spare)
    return True


@dataclass(frozen=True, slots=True)
class Copy:
    """A published database: of which load it is, who made it, and by what readers know its tables."""

    load_id: str
    version: str
    shapes: frozenset[Shape]

    def has_shape(self, wanted: Sequence[Relation]) -> bool:
        """Tell if this release made it, of what is wanted now."""
        shapes = frozenset(relation.shape for relation in (*wanted, PUBLICATION_TOLD))
        return (self.version, self.shapes) == (version("altur-calls"), shapes)


def _copy_at(connection: duckdb.DuckDBPyConnection, path: Path) -> Copy | None:
    """Return what is published, unless it is somebody else's file, or one that was damaged.

    Raises:
        duckdb.IOException: if a program has opened the published file to write to it.

    """
    if not path.exists() or log_of(path).exists():
        return None
    try:
        with attached(connection, path, "READ_ONLY"):
            query = f"SELECT load_id, version FROM {COPY}.{SCHEMA}.{PUBLICATION}"  # noqa: S608 (names of ours)
            told = connection.execute(query).fetchall()
            shapes = frozenset(relation.shape for relation in relations_of(connection, NAME))
            return Copy(told[0][0], told[0][1], shapes) if told else None
    except duckdb.Error as error:
        if holder_of(error):
            raise
        return None


def _has_all(
    connection: duckdb.DuckDBPyConnection, path: Path, working: str, wanted: Sequence[Relation]
) -> bool:
    """Tell if what somebody put beside the views is published as it is now. Every row of it is read."""
    own = [relation for relation in wanted if relation.is_own]
    try:
        with attached(connection, path, "READ_ONLY"):
            return all(
                _rows(connection, COPY, relation) == _rows(connection, identifier(working), relation)
                for relation in own
            )
    except duckdb.Error:  # what is wrong with one of them is told when it is written
        return False


def _rows(connection: duckdb.DuckDBPyConnection, database: str, relation: Relation) -> tuple[int, int | None]:
    """Return what is the same while a relation has the same rows, in whatever order."""
    query = f"SELECT count(*), sum(hash(altur_row)) FROM {database}.{relation.name_in_sql} AS altur_row"  # noqa: S608
    ((count, total),) = connection.execute(query).fetchall()
    return count, total


def _renewed(  # noqa: PLR0913, PLR0917 (each is another's)
    connection: duckdb.DuckDBPyConnection,
    before: Copy,
    path: Path,
    new: Path,
    wanted: Sequence[Relation],
    facts: Mapping[str, object],
) -> bool:
    """Bring a database up to what is loaded, if all is known that it lacks, and tell if it is that then.

    The one that readers had before theirs, if that may be written to; otherwise a copy of theirs. Whatever is
    wrong with it, it can be made anew.
    """
    known = touched.copies(connection)
    if before.load_id not in known[:1]:
        return False
    try:
        old = _copy_at(connection, new) if take_spare(path, new) else None
        if not (old and old.has_shape(wanted) and old.load_id in known):
            new.unlink(missing_ok=True)
            copy_file(path, new)
            old = before
        with written_at_once(connection), attached(connection, new, "READ_WRITE"), transaction(connection):
            connection.execute(f"DROP TABLE {COPY}.{SCHEMA}.{PUBLICATION}")
            renew(connection, old.load_id, wanted)
            _tell(connection, facts)
            is_right = adds_up(connection)
        return is_right and _is_whole(connection, new, rows_of(connection, wanted))
    except duckdb.Error as error:
        logger.info("The copy of readers is made anew: %s", said(error))
        return False


def _make(
    connection: duckdb.DuckDBPyConnection,
    new: Path,
    working: str,
    wanted: Sequence[Relation],
    facts: Mapping[str, object],
) -> None:
    """Write all that is wanted into a new database.

    Raises:
        PublishFailed: if it is not whole then.

    """
    new.unlink(missing_ok=True)
    log_of(new).unlink(missing_ok=True)
    option = f"STORAGE_VERSION {literal(STORAGE_VERSION)}"
    with written_at_once(connection), attached(connection, new, option):
        counts = _write(connection, working, wanted, facts)
    if not _is_whole(connection, new, counts):
        raise PublishFailed(f"{new} was not written to its end. Readers see what they saw.")


def _write(
    connection: duckdb.DuckDBPyConnection,
    working: str,
    wanted: Sequence[Relation],
    facts: Mapping[str, object],
) -> dict[str, int]:
    """Write all that is wanted into the attached database, at once; return how many rows each table has."""
    counts = {}
    with transaction(connection):
        for schema in dict.fromkeys(relation.schema for relation in wanted):
            connection.execute(f"CREATE SCHEMA {COPY}.{identifier(schema)}")
        for relation in wanted:
            with _named(relation):
                if relation.view:
                    _make_view(connection, working, relation.view)
                else:
                    query = f"CREATE TABLE {COPY}.{relation.name_in_sql} AS FROM {relation.name_in_sql}"
                    ((counts[relation.name_in_sql],),) = connection.execute(query).fetchall()
            connection.execute(";".join(comments(relation, COPY)))
        _tell(connection, facts)
    return counts


def _tell(connection: duckdb.DuckDBPyConnection, facts: Mapping[str, object]) -> None:
    """Say in the attached database what it is a copy of."""
    connection.execute(TELL, facts)
    connection.execute(";".join(comments(PUBLICATION_TOLD, COPY)))


def _make_view(connection: duckdb.DuckDBPyConnection, working: str, view: View) -> None:
    """Make a view that reads the published tables, whatever name their file has where it is opened."""
    connection.execute(f"USE {COPY}")
    try:
        connection.execute(f"CREATE VIEW {SCHEMA}.{view.name} AS {view.query}")
    finally:
        connection.execute(f"USE {identifier(working)}")


@contextmanager
def _named(relation: Relation) -> Iterator[None]:
    """Say which table or view it is that can't be read: it may be somebody's own."""
    try:
        yield
    except duckdb.Error as error:
        raise PublishFailed(
            f"The calls are loaded, but {relation.schema}.{relation.name} can't be published; readers see "
            f"what they saw. {said(error)}"
        ) from error


def _is_whole(connection: duckdb.DuckDBPyConnection, new: Path, counts: Mapping[str, int]) -> bool:
    """See, before anybody else does, that what was written can be opened and has all its rows."""
    if log_of(new).exists():
        return False
    with attached(connection, new, "READ_ONLY"):
        return counts == {
            table: connection.execute(f"SELECT count(*) FROM {COPY}.{table}").fetchall()[0][0]  # noqa: S608
            for table in counts
        }
