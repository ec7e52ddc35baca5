"""The views on a real Postgres: the same files, put into its dialect, say the same of the same rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlglot

from altur_calls import tables
from altur_calls.analytics.views import DATASET, SCHEMA, views
from altur_calls.pipeline import INCOMPLETE, run
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, SeededWorld, example_call
from common import NOON
from postgres import IS_INSTALLED, connected, served
from warehouse import Warehouse

Rows = Counter[tuple[Any, ...]]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = NOON + 18 * DAY
"""The clocks of Tijuana and New York have gone forward meanwhile, those of the others have not."""

ZONES = {
    1101: ZoneInfo("America/Mexico_City"),
    1102: ZoneInfo("America/Tijuana"),
    1103: ZoneInfo("Asia/Kolkata"),
    1104: ZoneInfo("America/New_York"),
}
RAW = [*tables.ALL, "_dlt_loads"]
MOVING = "seconds_behind"
"""The only column that is another with every look."""


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """Return the folder of the socket of a Postgres."""
    if not IS_INSTALLED:
        pytest.skip(
            "no Postgres on this machine: initdb and pg_ctl are neither in PATH nor where Debian has them"
        )
    with served() as folder:
        yield folder


@pytest.fixture
def postgres(server: Path) -> Iterator[psycopg.Connection]:
    """Return a connection to an empty database."""
    with connected(server) as connection:
        yield connection


@pytest.fixture
def world() -> ManualWorld:
    """Return four campaigns in zones of their own, with the calls of a seeded world; and an empty one."""
    world = ManualWorld()
    for campaign_id in ZONES:
        fill(world, campaign_id)
    world.add_campaign(1105)
    return world


def fill(world: ManualWorld, campaign_id: int) -> None:
    """Put a campaign's calls into the world, in the place of what it had of it."""
    world.add_campaign(campaign_id, ZONES[campaign_id])
    for call in SeededWorld(clock=lambda: NOW, scale=0.05).calls(campaign_id):
        world.put(campaign_id, call)


@pytest.fixture
def settings(settings: dict[str, Any], world: ManualWorld) -> dict[str, Any]:
    """Return settings for these campaigns, with the zones the API tells."""
    return {**settings, "campaign_ids": [*world.campaigns()], "list_campaigns": True}


@pytest.fixture
def warehouse(world: ManualWorld, settings: dict[str, Any], tmp_path: Path) -> Warehouse:
    """Return what two runs loaded: odd, broken, changed and vanished calls; windows in doubt, one no more."""
    world.put(1101, example_call("odd", NOON, status="ringing", answered_by=None, contact=None, tags=[None]))
    world.put(1102, {"id": "bare", "created_at": NOON})
    world.put(1103, example_call("drifted", NOON, duration="a while", tags=[], sentiment="good"))
    world.put_raw(1103, {**example_call("no_id", NOON), "id": None}, created_at=NOON)
    for campaign_id in (1102, 1104):
        list_twice(world, campaign_id, world.calls(campaign_id)[7])
    first = run(Target(), clock=lambda: NOW, **settings)

    fill(world, 1102)
    vanished, changed, answered, *_ = world.calls(1101)
    world.delete(vanished["id"])
    world.change(changed["id"], status="failed", tags=["otra"], contact=None)
    world.change(answered["id"], answered_by="machine", duration=61, billed_duration=None)
    world.put(1101, example_call("talking", NOW, status="in-progress", ended_at=None, duration=None))
    span = {"since": (NOW - 90 * DAY).isoformat(), "until": (NOW + HOUR / 2).isoformat()}
    second = run(Target(), clock=lambda: NOW + HOUR, **settings, **span)

    assert (first.exit_code, second.exit_code) == (INCOMPLETE, INCOMPLETE)
    return Warehouse(tmp_path / "altur_calls.duckdb")


def list_twice(world: ManualWorld, campaign_id: int, call: dict[str, Any]) -> None:
    """Have the API count one call more than there are: no window with it can be proved."""
    world.put_raw(campaign_id, call, created_at=call["created_at"])


def test_every_view_has_the_rows_it_has_in_duckdb(postgres: psycopg.Connection, warehouse: Warehouse) -> None:
    """Whatever the timezone of who asks. ``calls``, in DuckDB a table that is kept up, is a view here."""
    create(postgres, warehouse)
    for table in RAW:
        copy_rows(postgres, warehouse, table)
    make_views(postgres)

    differing = {}
    for name in views():
        columns, ours = duckdb_rows(warehouse, name)
        assert ours, f"{name} has no rows to compare"
        found, theirs = postgres_rows(postgres, name)
        if (found, theirs) != (columns, ours):
            differing[name] = {"columns": found, "duckdb": [*(ours - theirs)], "postgres": [*(theirs - ours)]}
    assert not differing


def test_every_view_is_empty_where_nothing_is_loaded(
    postgres: psycopg.Connection, settings: dict[str, Any], tmp_path: Path
) -> None:
    """None divides by nothing, or makes a row of it."""
    run(Target(), **{**settings, "campaign_ids": [1105]})
    create(postgres, Warehouse(tmp_path / "altur_calls.duckdb"))
    make_views(postgres)

    assert {name for name in views() if postgres_rows(postgres, name)[1]} == set()


def create(postgres: psycopg.Connection, warehouse: Warehouse) -> None:
    """Make the raw tables, column by column as DuckDB has them."""
    postgres.execute(f"CREATE SCHEMA {DATASET}")
    made = dict(
        warehouse.rows(f"SELECT table_name, sql FROM duckdb_tables() WHERE schema_name = '{DATASET}'")
    )
    for table in RAW:
        postgres.execute(in_dialect(made[table]))


def copy_rows(postgres: psycopg.Connection, warehouse: Warehouse, table: str) -> None:
    with postgres.cursor().copy(f"COPY {DATASET}.{table} FROM STDIN") as copy:
        for row in warehouse.rows(f"SELECT * FROM {DATASET}.{table}"):
            copy.write_row(row)


def make_views(postgres: psycopg.Connection) -> None:
    postgres.execute(f"CREATE SCHEMA {SCHEMA}")
    for view in views().values():
        try:
            postgres.execute(f"CREATE VIEW {SCHEMA}.{view.name} AS {in_dialect(view.query)}")
        except psycopg.Error as error:
            error.add_note(f"in the view {view.name}")
            raise


def in_dialect(sql: str) -> str:
    """Put DuckDB's SQL into that of Postgres."""
    (statement,) = sqlglot.transpile(sql, read="duckdb", write="postgres")
    return statement


def duckdb_rows(warehouse: Warehouse, name: str) -> tuple[list[str], Rows]:
    columns = [column for column, *_ in warehouse.rows(f"DESCRIBE {SCHEMA}.{name}")]
    return columns, counted(columns, warehouse.rows(f"SELECT * FROM {SCHEMA}.{name}"))


def postgres_rows(postgres: psycopg.Connection, name: str) -> tuple[list[str], Rows]:
    found = postgres.execute(f"SELECT * FROM {SCHEMA}.{name}")
    columns = [column.name for column in found.description or ()]
    return columns, counted(columns, found)


def counted(columns: list[str], rows: Iterable[tuple[Any, ...]]) -> Rows:
    """Return how often each row is there, in whatever order."""
    return Counter(tuple(map(comparable, columns, row)) for row in rows)


def comparable(column: str, value: Any) -> Any:
    """Return numbers with a fraction to the millionth, and moments in one zone."""
    if column == MOVING:
        return value is not None
    if isinstance(value, float | Decimal):
        return round(float(value), 6)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC)
    if isinstance(value, dict | list):
        return json.dumps(value)  # JSON, which only the driver of Postgres reads
    return value
