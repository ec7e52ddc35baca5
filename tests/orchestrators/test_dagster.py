"""The definitions for Dagster in a real Dagster: loaded, materialised and checked, in process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from altur_calls import tables
from altur_calls.analytics.checks import checks
from altur_calls.orchestrators.dagster import PROVED, altur_checks, altur_days, altur_tables, defs
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON
from warehouse import Warehouse, as_loaded


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Give each test a Dagster that remembers nothing."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def warehouse(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Warehouse:
    """Return where the calls of the sandbox go, by settings in the environment."""
    monkeypatch.setenv("SOURCES__ALTUR__API_KEY", KEY)
    monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", "[1, 2]")
    monkeypatch.setenv("SOURCES__ALTUR__RETRY_FOR_SECONDS", "0.3")
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    return Warehouse(tmp_path / "altur_calls.duckdb")


def test_the_definitions_are_whole() -> None:
    """There is an asset for each table, a check for each rule, and a schedule for the job of both."""
    dg.Definitions.validate_loadable(defs)

    assert {key.to_user_string() for key in altur_tables.keys} == {f"altur/{name}" for name in tables.COLUMNS}
    assert {key.name for key in altur_checks.check_keys} == {PROVED.name, *(rule.name for rule in checks())}
    assert defs.resolve_schedule_def("altur_calls_schedule").cron_schedule == "*/15 * * * *"


def test_assets_are_described_as_the_tables_are() -> None:
    """Before anything was loaded."""
    spec = altur_tables.specs_by_key[dg.AssetKey(["altur", tables.TAGS])]
    columns = spec.metadata["dagster/column_schema"].columns

    assert spec.description == f"A row is {tables.ROWS[tables.TAGS]}."
    assert {column.name: column.description for column in columns} == {
        name: hints["description"] for name, hints in tables.COLUMNS[tables.TAGS].items()
    }


def test_the_job_loads_publishes_and_checks(
    world: ManualWorld, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    """Each table is reported with its rows, each rule with its outcome."""
    done = defs.resolve_job_def("altur_calls").execute_in_process(instance=instance)

    reported = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in done.get_asset_materialization_events()
        if event.asset_key
    }
    evaluations = done.get_asset_check_evaluations()
    assert done.success
    assert reported == {
        name: warehouse.value(f"SELECT count(*) FROM altur.{name}") for name in tables.COLUMNS
    }
    assert {found.check_name for found in evaluations} == {key.name for key in altur_checks.check_keys}
    assert all(found.passed for found in evaluations)
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    published = Warehouse(warehouse.path.with_name("altur_calls.published.duckdb"))
    assert published.value("SELECT calls FROM analytics.publication") == 3


def test_a_table_can_be_chosen(warehouse: Warehouse, instance: dg.DagsterInstance) -> None:
    """It alone is reported, and all are loaded: they belong together."""
    done = dg.materialize(
        [altur_tables], selection=dg.AssetSelection.assets(["altur", tables.TAGS]), instance=instance
    )

    assert [event.asset_key.path[-1] for event in done.get_asset_materialization_events()] == [tables.TAGS]
    assert len(warehouse.calls(2)) == 3


@pytest.mark.usefixtures("warehouse")
def test_the_second_run_finds_what_is_new(world: ManualWorld, instance: dg.DagsterInstance) -> None:
    """As runs of the command do: cursors are in the warehouse."""
    dg.materialize([altur_tables], instance=instance)
    world.put(2, example_call("late", NOON + timedelta(days=1)))

    done = dg.materialize([altur_tables], instance=instance)

    metadata = done.get_asset_materialization_events()[0].materialization.metadata
    assert metadata["new_calls"].value == 1


def test_a_broken_rule_fails_its_check_and_shows_the_query(
    warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    """And no other check that is not about the same."""
    dg.materialize([altur_tables], instance=instance)
    with duckdb.connect(warehouse.path) as connection:
        connection.execute("INSERT INTO altur.campaign_calls__tags SELECT * FROM altur.campaign_calls__tags")
        connection.execute("INSERT INTO analytics.call_tags SELECT * FROM analytics.call_tags")

    done = dg.materialize(
        [altur_tables, altur_checks], selection=dg.AssetSelection.all_asset_checks(), instance=instance
    )

    (broken,) = (
        found for found in done.get_asset_check_evaluations() if found.check_name == "call_tags_are_unique"
    )
    assert not broken.passed
    assert broken.severity == dg.AssetCheckSeverity.ERROR
    assert "FROM analytics.call_tags" in broken.metadata["query"].value


def test_a_campaign_that_is_not_found_is_a_warning(
    warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are loaded."""
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", "[99, 2]")

    done = defs.resolve_job_def("altur_calls").execute_in_process(instance=instance)

    (failed,) = (found for found in done.get_asset_check_evaluations() if not found.passed)
    assert (failed.check_name, failed.severity) == (PROVED.name, dg.AssetCheckSeverity.WARN)
    assert len(warehouse.calls(2)) == 3


@pytest.mark.parametrize(
    ("tags", "key", "span"),
    [
        ({}, "2026-03-02", ("2026-03-02", "2026-03-03")),
        (
            {ASSET_PARTITION_RANGE_START_TAG: "2026-03-01", ASSET_PARTITION_RANGE_END_TAG: "2026-03-04"},
            None,
            ("2026-03-01", "2026-03-05"),
        ),
    ],
)
def test_days_are_read_again_in_one_run(
    warehouse: Warehouse,
    instance: dg.DagsterInstance,
    tags: dict[str, str],
    key: str | None,
    span: tuple[str, str],
) -> None:
    """One day, or a span of days as a backfill asks for it; nothing else is read, but for a second around."""
    done = dg.materialize([altur_days], partition_key=key, tags=tags, instance=instance)

    assert done.success
    assert warehouse.rows(
        "SELECT DISTINCT strftime(window_start, '%Y-%m-%d'), strftime(window_end, '%Y-%m-%d') "
        "FROM altur.call_windows"
    ) == [span]
    assert len(warehouse.calls(2)) == 3


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(("name", "value"), [("API_KEY", "wrong"), ("CAMPAIGN_IDS", "twelve")])
def test_what_waiting_does_not_mend_is_not_tried_again(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A key that is refused, a setting that is wrong."""
    monkeypatch.setenv(f"SOURCES__ALTUR__{name}", value)

    done = dg.materialize([altur_tables], instance=instance, raise_on_error=False)

    assert not done.success
    assert not [event for event in done.all_events if event.is_step_up_for_retry]
    assert altur_tables.op.retry_policy.max_retries == 3
