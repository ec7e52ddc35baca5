"""The schema ``analytics`` of a warehouse: views, made when they changed; tables, kept up with each load."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256

import dlt
import duckdb

from altur_calls import tables
from altur_calls.analytics import touched
from altur_calls.analytics.quoting import identifier, literal
from altur_calls.analytics.relations import name_of
from altur_calls.analytics.upkeep import replace_calls, replace_moved
from altur_calls.analytics.views import BUILT, SCHEMA, TABLE, TABLES, for_dataset, meaning, views
from altur_calls.errors import ViewFailed
from altur_calls.failures import said
from altur_calls.runs.audit import make_runs
from altur_calls.warehouse.target import DUCKDB, Client, destination_of, more_memory
from altur_calls.warehouse.transaction import transaction

THERE = """
SELECT table_name FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema = ?
"""

COLUMNS = """
WITH relations AS (
    SELECT schema_name, view_name AS name, 'VIEW' AS kind FROM duckdb_views()
    UNION ALL SELECT schema_name, table_name, 'TABLE' FROM duckdb_tables()
)
SELECT schema_name, name, kind, NULL FROM relations WHERE schema_name IN ($1, $2)
UNION ALL
SELECT columns.schema_name, columns.table_name, NULL, columns.column_name
FROM duckdb_columns() AS columns WHERE columns.schema_name IN ($1, $2)
"""
"""All tables and views, and all their columns."""

IS_WHOLE = f"""
SELECT (SELECT count(*) FROM {SCHEMA}.{TABLE})
    = (SELECT count(*) FROM altur.campaign_calls WHERE NOT is_deleted)
"""  # noqa: S608 (names of ours)


def build_views(pipeline: dlt.Pipeline) -> None:
    """Make, or keep up, the schema ``analytics`` in the DuckDB of a pipeline of your own: after each run.

    Raises:
        ViewFailed: if a view can't be made. Nothing is changed then.

    """
    if (kind := destination_of(pipeline)) != DUCKDB:
        raise ViewFailed(f"The views are made in DuckDB, and this pipeline loads into {kind or 'nothing'}.")
    with pipeline.sql_client() as client:
        keep_up(client)


def keep_up(client: Client) -> None:
    """Bring the views, and the table with the loads that were completed since, up to what the warehouse has.

    Raises:
        ViewFailed: if a view can't be made, or the table not be kept up. Nothing is changed then.

    """
    dataset = client.dataset_name
    with closing(client.native_connection.cursor()) as connection, transaction(connection):
        if name_of(connection).lower() == SCHEMA:
            raise ViewFailed(
                f"A DuckDB file named {SCHEMA} can't have a schema of that name. Name the pipeline otherwise."
            )
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(f"CREATE TABLE IF NOT EXISTS {BUILT} (kind VARCHAR, value VARCHAR, of VARCHAR)")
        with _named(tables.RUNS):
            make_runs(connection, dataset)
        if not (_is_made(connection, dataset) and _kept_up(connection, dataset)):
            with more_memory(client):
                _make(connection, dataset)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say which view it is that DuckDB complains of."""
    try:
        yield
    except duckdb.Error as error:
        raise ViewFailed(f"The calls are loaded, but {SCHEMA}.{name} can't be made: {said(error)}") from error


def definitions() -> str:
    """Return a key that is the same while all views are the same in all they say."""
    told = (list(views().values()), tables.ALL, tables.ROWS, touched.COLUMNS)
    return sha256(repr(told).encode()).hexdigest()[:16]


def _built(connection: duckdb.DuckDBPyConnection, kind: str) -> Mapping[str, str]:
    return dict(connection.execute(f"SELECT value, of FROM {BUILT} WHERE kind = ?", [kind]).fetchall())  # noqa: S608


def _is_made(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Tell if all views are there, as they are defined now."""
    there = {name for (name,) in connection.execute(THERE, [SCHEMA]).fetchall()}
    return _built(connection, "definitions") == {definitions(): dataset} and views().keys() <= there


def _make(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Make every view, and the table from the beginning, in place of those that were made before.

    Whatever else has one of their names is somebody's own, and stays.
    """
    touched.begin(connection)
    for name, kind in _built(connection, "made").items():
        with _named(name):
            connection.execute(f"DROP {kind} IF EXISTS {SCHEMA}.{name} CASCADE")
    connection.execute(f"DELETE FROM {BUILT}")  # noqa: S608
    for view in views().values():
        kind = "TABLE" if view.name in TABLES else "VIEW"
        order = f" ORDER BY {TABLES[view.name]}" if view.name in TABLES else ""
        with _named(view.name):
            query = for_dataset(view.query, dataset)
            connection.execute(f"CREATE {kind} {SCHEMA}.{view.name} AS {query}{order}")
        connection.execute(f"INSERT INTO {BUILT} VALUES ('made', ?, ?)", [view.name, kind])  # noqa: S608
    _describe(connection, dataset)
    connection.execute(f"INSERT INTO {BUILT} VALUES ('definitions', ?, ?)", [definitions(), dataset])  # noqa: S608
    _note(connection, dataset)


def _describe(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Comment on all tables and views and their columns: BI tools show that where people choose from them."""
    comments = []
    for schema, name, kind, column in connection.execute(COLUMNS, [SCHEMA, dataset]).fetchall():
        means = _meanings(schema, name)
        if means is not None:
            thing = f"{identifier(schema)}.{identifier(name)}" + (f".{identifier(column)}" if column else "")
            comments.append(f"COMMENT ON {'COLUMN' if column else kind} {thing} IS {literal(means(column))}")
    connection.execute(";".join(comments))


def _meanings(schema: str, name: str) -> Callable[[str | None], str] | None:
    """Return what tells the meaning of a column, and without one, of a row."""
    if schema == SCHEMA and name in views():
        return lambda column: meaning(name, column) or "" if column else views()[name].grain
    if schema != SCHEMA and (columns := tables.ALL.get(name)):
        return lambda column: (
            (columns.get(column, {}).get("description") or "") if column else tables.ROWS[name]
        )
    return None


def _kept_up(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Write the rows of the calls that came, changed or vanished.

    Returns:
        Whether that was enough. Not so where the clocks of a campaign are others than before, and where there
        are not as many rows then as calls: somebody deleted some by hand.

    """
    known, built = _built(connection, "load"), _built(connection, "zone")
    fresh_loads = [load for load in _loads(connection, dataset) if load not in known]
    zones = _zones(connection, dataset)
    if any(zones.get(number) != zone for number, zone in built.items()):
        return False
    with _named(TABLE):
        if not fresh_loads:
            return _is_whole(connection, dataset)
        replace_calls(connection, dataset, fresh_loads)
        _note(connection, dataset)
        if _is_whole(connection, dataset):
            return True
        replace_moved(connection)
        return _is_whole(connection, dataset)


def _is_whole(connection: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    return bool(connection.execute(for_dataset(IS_WHOLE, dataset)).fetchall()[0][0])


def _note(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Remember what the table has: the loads, and the timezones by which its days were told."""
    connection.execute(f"DELETE FROM {BUILT} WHERE kind = 'zone'")  # noqa: S608
    known = _built(connection, "load")
    rows: list[tuple[str, str, str | None]]
    rows = [("load", load, None) for load in _loads(connection, dataset) if load not in known]
    rows += [("zone", number, zone) for number, zone in _zones(connection, dataset).items()]
    if rows:
        connection.executemany(f"INSERT INTO {BUILT} VALUES (?, ?, ?)", rows)  # noqa: S608


def _loads(connection: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    query = "SELECT load_id FROM altur._dlt_loads WHERE status = 0"
    return [load for (load,) in connection.execute(for_dataset(query, dataset)).fetchall()]


def _zones(connection: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    query = "SELECT CAST(campaign_id AS VARCHAR), timezone FROM altur.campaigns"
    return dict(connection.execute(for_dataset(query, dataset)).fetchall())
