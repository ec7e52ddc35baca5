"""The schema ``analytics`` of a warehouse: views, made when they changed; tables, kept up with each load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256

import duckdb

from altur_calls.errors import ViewFailed
from altur_calls.target import Client, more_memory
from altur_calls.upkeep import replace_calls
from altur_calls.views import SCHEMA, TABLES, View, for_dataset, meaning, views

BUILT = f"{SCHEMA}._built"
"""What the table was made from, as kind and value: the definitions, the timezones, every load."""


def keep_up(client: Client) -> None:
    """Bring the views, and the table with the loads that were completed since, up to what the warehouse has.

    Raises:
        ViewFailed: if a view can't be made. Nothing is changed then.

    """
    dataset = client.dataset_name
    with closing(client.native_connection.cursor()) as connection, _at_once(connection):
        if _built(connection, "definitions") != {definitions(): dataset}:
            with more_memory(client):
                _make(connection, dataset)
        else:
            _keep_up(connection, dataset)


@contextmanager
def _at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def definitions() -> str:
    """Return a key that is the same while all views are the same in all they say."""
    return sha256(repr(list(views().values())).encode()).hexdigest()[:16]


def _built(connection: duckdb.DuckDBPyConnection, kind: str) -> Mapping[str, str]:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {BUILT} (kind VARCHAR, value VARCHAR, of VARCHAR)")
    return dict(connection.execute(f"SELECT value, of FROM {BUILT} WHERE kind = ?", [kind]).fetchall())  # noqa: S608


def _make(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Make every view, and the table from the beginning."""
    for view in views().values():
        kind = "TABLE" if view.name in TABLES else "VIEW"
        order = f" ORDER BY {TABLES[view.name]}" if view.name in TABLES else ""
        try:
            connection.execute(f"DROP {kind} IF EXISTS {SCHEMA}.{view.name} CASCADE")
            query = for_dataset(view.query, dataset)
            connection.execute(f"CREATE {kind} {SCHEMA}.{view.name} AS {query}{order}")
            _describe(connection, view, kind)
        except duckdb.Error as error:
            raise ViewFailed(
                f"The calls are loaded, but {SCHEMA}.{view.name} can't be made: {str(error).splitlines()[0]}"
            ) from error
    connection.execute(f"DELETE FROM {BUILT}")  # noqa: S608
    connection.execute(f"INSERT INTO {BUILT} VALUES ('definitions', ?, ?)", [definitions(), dataset])  # noqa: S608
    _note(connection, dataset)


def _describe(connection: duckdb.DuckDBPyConnection, view: View, kind: str) -> None:
    connection.execute(f"COMMENT ON {kind} {SCHEMA}.{view.name} IS {_quoted(view.grain)}")
    for column, *_ in connection.execute(f"DESCRIBE {SCHEMA}.{view.name}").fetchall():
        means = _quoted(meaning(view.name, column) or "")
        connection.execute(f'COMMENT ON COLUMN {SCHEMA}.{view.name}."{column}" IS {means}')


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _keep_up(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """Write the rows of the calls that came, changed or vanished, or whose clocks are others now."""
    known, built = _built(connection, "load"), _built(connection, "zone")
    fresh_loads = [load for load in _loads(connection, dataset) if load not in known]
    zones = _zones(connection, dataset)
    moved = [int(number) for number, zone in zones.items() if built.get(number, "UTC") != zone]
    if fresh_loads or moved:
        replace_calls(connection, dataset, fresh_loads, moved)
        _note(connection, dataset)


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
