"""The schema analytics: made when it changed, kept up with each load, and in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import altur_calls.analytics.views
from altur_calls import altur_source
from altur_calls.analytics.views import MARTS, SCHEMA, STAGING, TABLE, TABLES, texts, views
from altur_calls.errors import ViewFailed
from altur_calls.extraction import Extraction
from altur_calls.pipeline import COMPLETE, run
from altur_calls.warehouse.loaded import Loaded
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, example_call
from common import NOON, Cli
from warehouse import Warehouse

Fields = dict[str, Any]
MINUTE = timedelta(minutes=1)
DAY = {"start_date": "2026-03-02", "since": "2026-03-02", "until": "2026-03-03"}
"""The day of all calls here, read as one window of each campaign."""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let the day have been loaded, by a run before."""
    loaded(**DAY)


@pytest.fixture
def settings(settings: Fields) -> Fields:
    """Return settings that read the day."""
    return {**settings, **DAY}


def made(warehouse: Warehouse) -> set[str]:
    """Return the names of what is in the schema, but for what is remembered there."""
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"
    return {name for (name,) in warehouse.rows(query)} - {"_built", "_touched"}


@pytest.fixture
def install() -> Iterator[Callable[..., None]]:
    """Return a function that installs another version of us: its marts by text."""
    ours = {layer: texts(layer) for layer in (STAGING, MARTS)}

    def install(**changed: str) -> None:
        marts = {**ours[MARTS], **changed}
        patch.setattr(altur_calls.analytics.views, "texts", {**ours, MARTS: marts}.__getitem__)
        views.cache_clear()

    with pytest.MonkeyPatch.context() as patch:
        yield install
    views.cache_clear()


def mark(warehouse: Warehouse) -> None:
    """Mark the views and the table of ours, by a comment that is lost with them."""
    kinds = {name: "TABLE" if name in TABLES else "VIEW" for name in views()}
    warehouse.do(*(f"COMMENT ON {kind} analytics.{name} IS 'marked'" for name, kind in kinds.items()))


def marked(warehouse: Warehouse) -> set[str]:
    """Return the names of those that were not made again since they were marked."""
    commented = (
        "SELECT view_name FROM duckdb_views() WHERE comment = 'marked' UNION ALL "
        "SELECT table_name FROM duckdb_tables() WHERE comment = 'marked'"
    )
    return {name for (name,) in warehouse.rows(commented)}


def strays(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Return the rows in which the table differs from its definition, asked anew."""
    kept, anew = f"FROM {SCHEMA}.{TABLE}", f"SELECT * FROM ({views()[TABLE].query})"
    return warehouse.rows(
        f"SELECT 'too many', * FROM ({kept} EXCEPT ALL {anew}) "
        f"UNION ALL SELECT 'missing', * FROM ({anew} EXCEPT ALL {kept})"
    )


# Kept up. ------------------------------------------------------------------------------------------------

ZONES = ["UTC", "America/Bogota", "Asia/Tokyo"]


class Owner:
    """Somebody whose calls come, change, vanish and come back, by chance."""

    def __init__(self, world: ManualWorld, seed: int) -> None:
        self.world = world
        self.chance = Random(seed)  # noqa: S311 (no secret)
        self.away: dict[str, Fields] = {}
        self.homes: dict[str, int] = {}

    def act(self) -> None:
        """Do a handful of things; some of them to the same call."""
        for _ in range(self.chance.randint(0, 6)):
            act = [self.comes, self.comes, self.changes, self.moves, self.vanishes, self.returns]
            self.chance.choice(act)()

    def comes(self) -> None:
        """Let a call appear: between those that are there, or at the same moment as one."""
        call_id = f"c{len(self.homes) + len(self.away)}-{self.chance.random():.6f}"
        self.homes[call_id] = self.chance.choice([1, 2])
        self.world.put(
            self.homes[call_id], example_call(call_id, self.moment(), contact=self.contact(), tags=[])
        )

    def changes(self) -> None:
        """Let another contact be a call's, or none; or let the contact be converted, or be without status."""
        if call_id := self.any_call():
            self.world.change(call_id, contact=self.contact())

    def moves(self) -> None:
        """Let a call be created at another time than it was."""
        if call_id := self.any_call():
            self.world.change(call_id, created_at=self.moment())

    def vanishes(self) -> None:
        """Let a call be listed no more."""
        if call_id := self.any_call():
            listed = self.world.calls(self.homes[call_id])
            self.away[call_id] = next(call for call in listed if call["id"] == call_id)
            self.world.delete(call_id)

    def returns(self) -> None:
        """Let a call be listed again, as somebody else's."""
        if self.away:
            call_id = self.chance.choice(sorted(self.away))
            self.world.put(self.homes[call_id], {**self.away.pop(call_id), "contact": self.contact()})

    def any_call(self) -> str | None:
        """Return the id of a call that is listed."""
        return self.chance.choice(sorted(self.homes.keys() - self.away.keys()) or [None])

    def moment(self) -> Any:
        """Return one of twenty moments: some calls share one."""
        return NOON + self.chance.randint(0, 19) * MINUTE

    def contact(self) -> Fields | None:
        """Return one of four contacts, who are the same people in no two campaigns; or nobody."""
        number = self.chance.randint(0, 4)
        status = self.chance.choice(["answered", "converted", None])
        return {"id": number, "f_id": f"C-{number}", "name": "-", "status": status} if number else None


@pytest.mark.parametrize("seed", range(2))
def test_the_table_is_what_its_definition_says_after_every_run(
    world: ManualWorld, settings: Fields, warehouse: Warehouse, seed: int
) -> None:
    """Whatever became of the calls; it is not made anew for that."""
    owner = Owner(world, seed)
    settings["timezones"] = {"2": owner.chance.choice(ZONES)}
    run(Target(), **settings)
    mark(warehouse)
    for _ in range(4):
        owner.act()

        done = run(Target(), **settings, chunk_calls=owner.chance.choice([1, 1000]))

        assert not done.failure
        assert strays(warehouse) == []
        listed = len(world.calls(1)) + len(world.calls(2))
        assert warehouse.value(f"SELECT count(*) FROM {SCHEMA}.{TABLE}") == listed
    assert marked(warehouse) == views().keys()


def test_the_last_call_of_a_converted_contact_is_found_anew_with_each_that_comes_or_goes(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Attempts are counted over all of a contact's calls: a call that is late moves the numbers of others."""
    contact = {"id": 7, "f_id": "C-7", "name": "-", "status": "converted"}
    told = []

    def tell() -> None:
        run(Target(), **settings)
        numbered = f"SELECT call_id, attempt_number, is_converted FROM {SCHEMA}.{TABLE} WHERE contact_id = 7"
        told.append(warehouse.rows(f"{numbered} ORDER BY attempt_number"))

    world.put(1, example_call("second", NOON + 2 * MINUTE, contact=contact))
    tell()
    world.put(1, example_call("third", NOON + 3 * MINUTE, contact=contact))
    tell()
    world.put(1, example_call("first", NOON + 1 * MINUTE, contact=contact))
    tell()
    world.delete("third")
    tell()

    assert told == [
        [("second", 1, True)],
        [("second", 1, False), ("third", 2, True)],
        [("first", 1, False), ("second", 2, False), ("third", 3, True)],
        [("first", 1, False), ("second", 2, True)],
    ]


def test_calls_of_one_contact_and_moment_are_numbered_by_their_ids(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Any order would do, if it is always the same: also where the one that comes first was loaded last."""
    for ids in (["c", "b"], ["d"], ["a"]):
        for call_id in ids:
            world.put(1, example_call(call_id, NOON))
        run(Target(), **settings)

    numbered = f"SELECT call_id, attempt_number FROM {SCHEMA}.{TABLE} WHERE campaign_id = 1 ORDER BY ALL"
    assert warehouse.rows(numbered) == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]


def test_a_contact_without_a_status_is_not_converted(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Nor null: also where its calls are numbered anew."""
    nobody_knows = {"id": 7, "f_id": "C-7", "name": "-", "status": None}
    world.put(1, example_call("second", NOON + MINUTE, contact=nobody_knows))
    run(Target(), **settings)
    world.put(1, example_call("first", NOON, contact=nobody_knows))

    run(Target(), **settings)

    numbered = f"SELECT call_id, attempt_number, is_converted FROM {SCHEMA}.{TABLE} WHERE contact_id = 7"
    assert warehouse.rows(f"{numbered} ORDER BY ALL") == [("first", 1, False), ("second", 2, False)]


@pytest.mark.usefixtures("once_loaded")
def test_what_a_run_loaded_and_did_not_live_to_count_is_counted_by_the_next(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """The load is complete; the process dies before the table is kept up."""
    world.put(1, example_call("new", NOON))
    world.delete("call_1")
    with Target().opened() as (pipeline, client):
        work = Extraction()
        work.loaded = Loaded(client)
        pipeline.run(altur_source(extraction=work, **settings))
    assert len(strays(warehouse)) > 0

    run(Target(), **settings)

    assert strays(warehouse) == []
    assert warehouse.value(f"SELECT count(*) FROM {SCHEMA}.{TABLE}") == 3


def test_calls_that_were_deleted_from_the_warehouse_by_hand_are_counted_no_more(
    settings: Fields, warehouse: Warehouse
) -> None:
    """As when somebody asks to be forgotten. No load tells of it."""
    run(Target(), **{**settings, "campaign_ids": [2]})
    warehouse.do("DELETE FROM altur.campaign_calls WHERE id = 'call_1'")

    run(Target(), **{**settings, "campaign_ids": [1]})

    assert warehouse.rows(f"SELECT call_id FROM {SCHEMA}.{TABLE} ORDER BY ALL") == [("call_0",), ("call_2",)]
    assert strays(warehouse) == []


# Made, and not made again. -------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_what_did_not_change_is_not_made_again(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Dashboards keep their views; a run costs what its calls cost."""
    mark(warehouse)
    world.put(1, example_call("new", NOON))

    run(Target(), **settings)
    run(Target(), **settings)

    assert marked(warehouse) == views().keys()


def test_rows_of_calls_that_are_the_same_are_not_written_again(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """A run without news leaves the table as it is, row by row."""
    world.put(1, example_call("alone", NOON, contact=None))
    run(Target(), **settings)
    rows = f"SELECT rowid, call_id FROM {SCHEMA}.{TABLE} ORDER BY ALL"
    before = warehouse.rows(rows)

    run(Target(), **settings)

    assert warehouse.rows(rows) == before


@pytest.mark.usefixtures("once_loaded")
def test_every_view_and_column_is_described_where_it_is_found(warehouse: Warehouse) -> None:
    """In the warehouse itself: BI tools show it."""
    described = dict(
        warehouse.rows(
            "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'analytics' UNION ALL "
            "SELECT table_name, comment FROM duckdb_tables() "
            "WHERE schema_name = 'analytics' AND NOT starts_with(table_name, '_')"
        )
    )
    columns = warehouse.rows(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE schema_name = 'analytics' AND NOT starts_with(table_name, '_')"
    )
    assert described == {view.name: view.grain for view in views().values()}
    assert {name for name, *_ in columns} == views().keys()
    assert [(name, column) for name, column, comment in columns if not comment] == []


@pytest.mark.usefixtures("once_loaded")
def test_views_that_somebody_dropped_are_back_after_the_next_run(
    settings: Fields, warehouse: Warehouse
) -> None:
    """One of them, the table, or the whole schema."""
    for accident in ("VIEW analytics.contacts", "TABLE analytics.calls", "SCHEMA analytics"):
        warehouse.do(f"DROP {accident} CASCADE")

        done = run(Target(), **settings)

        assert done.exit_code == COMPLETE, accident
        assert made(warehouse) == views().keys()
        assert strays(warehouse) == []


@pytest.mark.usefixtures("once_loaded")
def test_a_view_of_somebodys_own_stays(
    settings: Fields, warehouse: Warehouse, install: Callable[..., None]
) -> None:
    """In our schema and made from our views, while ours are made again."""
    warehouse.do("CREATE VIEW analytics.mine AS SELECT campaign_id, calls FROM analytics.campaigns")
    install(contacts=texts(MARTS)["contacts"].replace("One row per contact", "One row per person"))

    run(Target(), **settings)

    assert warehouse.rows("SELECT * FROM analytics.mine ORDER BY ALL") == [(1, 0), (2, 3)]
    assert made(warehouse) == {*views(), "mine"}


def test_a_view_that_we_no_longer_have_is_dropped(
    settings: Fields, warehouse: Warehouse, install: Callable[..., None]
) -> None:
    """It would fail some day, and nobody would know why."""
    install(old="-- One row.\nSELECT 1 AS one\n")
    run(Target(), **settings)
    was_there = "old" in made(warehouse)
    install()

    done = run(Target(), **settings)

    assert (was_there, done.exit_code) == (True, COMPLETE)
    assert made(warehouse) == views().keys()


# A view that fails. --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_view_that_fails_names_itself_and_loses_no_call(
    world: ManualWorld, settings: Fields, warehouse: Warehouse, install: Callable[..., None]
) -> None:
    """The run loads, says which, and ends with a code of its own; those that were there stay as they were."""
    install(contacts="-- One row per contact.\nSELECT nothing FROM altur.campaign_calls\n")
    world.put(1, example_call("new", NOON))

    failed = run(Target(), **settings)
    there_then = made(warehouse)
    install()
    mended = run(Target(), **settings)

    assert (failed.exit_code, failed.new_calls) == (ViewFailed.exit_code, 1)
    assert "analytics.contacts can't be made" in str(failed.failure)
    assert '"nothing" not found' in str(failed.failure)
    assert there_then == views().keys()
    assert (mended.exit_code, strays(warehouse)) == (COMPLETE, [])


def test_something_of_somebodys_own_under_a_name_of_ours_is_named_and_not_destroyed(
    settings: Fields, warehouse: Warehouse
) -> None:
    """Calls come in all the same, and once it is renamed so do the views."""
    warehouse.do("CREATE SCHEMA analytics", "CREATE TABLE analytics.contacts AS SELECT 'mine' AS word")

    failed = run(Target(), **settings)
    calls = warehouse.value("SELECT count(*) FROM altur.campaign_calls")
    warehouse.do("ALTER TABLE analytics.contacts RENAME TO people")
    mended = run(Target(), **settings)

    assert failed.exit_code == 70
    assert "analytics.contacts" in str(failed.failure)
    assert (calls, mended.exit_code) == (3, COMPLETE)
    assert warehouse.rows("SELECT * FROM analytics.people") == [("mine",)]
    assert made(warehouse) == {*views(), "people"}


@pytest.mark.usefixtures("once_loaded")
def test_a_table_that_can_not_be_kept_up_is_named_and_loses_no_call(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """A column it is made from was renamed underneath; the call that vanished is marked all the same."""
    column = "ALTER TABLE altur.campaign_calls__contact RENAME"
    warehouse.do(f"{column} status TO state")
    world.delete("call_1")

    failed = run(Target(), **settings)
    warehouse.do(f"{column} state TO status")
    marked = warehouse.rows("SELECT id FROM altur.campaign_calls WHERE is_deleted")
    mended = run(Target(), **settings)

    assert failed.exit_code == 70
    assert "analytics.calls" in str(failed.failure)
    assert (marked, mended.exit_code) == ([("call_1",)], COMPLETE)
    assert strays(warehouse) == []
    assert warehouse.value(f"SELECT count(*) FROM {SCHEMA}.{TABLE}") == 2


def test_the_command_says_which_view_fails_and_ends_with_70(cli: Cli, warehouse: Warehouse) -> None:
    """On stderr, as a scheduler's mail shows it."""
    warehouse.do("CREATE SCHEMA analytics", "CREATE TABLE analytics.tag_daily AS SELECT 1 AS one")

    done = cli("run", **{f"SOURCES__ALTUR__{name.upper()}": value for name, value in DAY.items()})

    assert done.returncode == 70
    assert "The calls are loaded, but analytics.tag_daily can't be made" in done.stderr
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls") == 3


# Nothing loaded yet. -------------------------------------------------------------------------------------


def test_without_a_call_every_view_is_there_and_has_no_row_but_of_campaigns_and_runs(
    settings: Fields, warehouse: Warehouse
) -> None:
    """A dashboard that is built before the first call shows nothing, and no error."""
    done = run(Target(), **{**settings, "campaign_ids": [1]})

    rows = {name: warehouse.value(f"SELECT count(*) FROM {SCHEMA}.{name}") for name in views()}
    assert done.exit_code == COMPLETE
    assert {name: count for name, count in rows.items() if count} == {
        "campaigns": 1,
        "data_freshness": 1,
        "data_completeness": 1,
        "int_proofs": 1,
        "loads": rows["stg_loads"],
        "runs": 1,
        "stg_campaigns": 1,
        "stg_call_windows": 1,
        "stg_loads": rows["stg_loads"],
        "stg_runs": 1,
    }


def test_a_campaign_without_a_call_is_told_to_be_complete_and_empty(
    settings: Fields, warehouse: Warehouse
) -> None:
    """The window that was read proves it: that is no campaign which nobody has read."""
    run(Target(), **{**settings, "campaign_ids": [1]})

    assert warehouse.rows("SELECT campaign_name, timezone, calls, last_call_at FROM analytics.campaigns") == [
        ("1", "UTC", 0, None)
    ]
    assert warehouse.rows(
        "SELECT proved_until::DATE::VARCHAR, is_complete, calls, vanished_calls, windows_read, "
        "windows_in_doubt, suspicious_windows, rejected_calls, drifted_fields "
        "FROM analytics.data_completeness"
    ) == [("2026-03-03", True, 0, 0, 1, 0, 0, 0, 0)]
    assert warehouse.rows("SELECT newest_call_at, calls_in_progress FROM analytics.data_freshness") == [
        (None, 0)
    ]


def test_a_campaign_that_the_api_does_not_know_is_told_to_be_unproved(
    settings: Fields, warehouse: Warehouse
) -> None:
    """A row, so that nobody misses it; but no claim."""
    run(Target(), **{**settings, "campaign_ids": [1, 404]})

    complete = (
        "SELECT campaign_id, is_complete, windows_in_doubt FROM analytics.data_completeness ORDER BY ALL"
    )
    fresh = "SELECT proved_until, seconds_behind FROM analytics.data_freshness WHERE campaign_id = 404"
    assert warehouse.rows(complete) == [(1, True, 0), (404, False, 1)]
    assert warehouse.rows(fresh) == [(None, None)]


PROVED = "SELECT campaign_id, proved_until, is_complete FROM analytics.data_completeness ORDER BY campaign_id"


def test_what_is_read_by_hand_from_before_the_start_date_takes_no_proof_back(
    settings: Fields, warehouse: Warehouse
) -> None:
    """Nobody said that all is loaded from there on."""
    settings |= {"since": None, "until": None}
    run(Target(), **settings)
    before = warehouse.rows(PROVED)

    run(Target(), **{**settings, "since": "2025-01-01", "until": "2025-02-01"})

    assert warehouse.rows(PROVED) == before
    assert all(is_complete for _, _, is_complete in before)


def test_nothing_is_proved_by_a_clock_that_ran_ahead(settings: Fields, warehouse: Warehouse) -> None:
    """The next run by a right one reads again what that one can't have read."""
    settings |= {"since": None, "until": None}
    run(Target(), clock=lambda: datetime.now(UTC) + timedelta(days=30), **settings)

    run(Target(), **settings)

    now = datetime.now(UTC)
    for _, proved_until, is_complete in warehouse.rows(PROVED):
        assert now - timedelta(minutes=2) < proved_until <= now
        assert is_complete


def test_a_clock_that_ran_behind_takes_no_proof_for_good(settings: Fields, warehouse: Warehouse) -> None:
    """What is older than it can be told keeps its proof, all else is read again."""
    settings |= {"since": None, "until": None}
    run(Target(), **settings)

    run(Target(), clock=lambda: datetime.now(UTC) - timedelta(days=2), **settings)
    run(Target(), **settings)

    for _, proved_until, is_complete in warehouse.rows(PROVED):
        assert datetime.now(UTC) - timedelta(minutes=2) < proved_until
        assert is_complete
