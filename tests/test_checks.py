"""The rules that a warehouse keeps: each holds after a load, and each is seen to be broken."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from altur_calls import pipeline
from altur_calls.analytics.checks import checks
from altur_calls.offline import check
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON, Cli


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a world with several attempts, a vanished call and an edge of two windows; return the file."""
    folder = tmp_path_factory.mktemp("checks")
    world = ManualWorld()
    for campaign_id in (1, 2):
        world.add_campaign(campaign_id)
    for number in range(3):
        world.put(2, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
        world.put(1, example_call(f"again_{number}", NOON + timedelta(hours=number), tags=["a", "a", "b"]))
    world.put(1, example_call("alone", NOON, contact=None, policy_evaluation=None))
    target = Target(credentials=str(folder / "calls.duckdb"))
    with pytest.MonkeyPatch.context() as patch, Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        given = {"api_key": KEY, "base_url": sandbox.url, "campaign_ids": [1, 2], "requests_per_second": 1000}
        pipeline.run(target, **given)
        world.delete("call_0")
        return Path(pipeline.run(target, since="2026-01-01", **given).warehouse)


@pytest.fixture
def database(loaded: Path, tmp_path: Path) -> Path:
    """Return a copy of it, where the command looks."""
    return Path(shutil.copy(loaded, tmp_path / "altur_calls.duckdb"))


def broken() -> set[str]:
    """Return the names of the rules that do not hold."""
    return {rule.name for rule, rows in check(Target()) if rows}


@pytest.mark.usefixtures("database")
def test_all_rules_hold_after_a_load() -> None:
    """Vanished calls, equal tags and calls without a contact break none."""
    assert broken() == set()


BREAKS = {
    "answers_add_up": "UPDATE analytics.calls SET is_human = false WHERE call_id = 'call_1'",
    "attempts_are_counted": "UPDATE analytics.calls SET attempt_number = 7 WHERE call_id = 'call_1'",
    "call_contacts_are_unique": "INSERT INTO altur.campaign_calls__contact "
    "FROM altur.campaign_calls__contact WHERE call_id = 'call_1'",
    "call_extracted_data_are_unique": "INSERT INTO analytics.call_extracted_data "
    "FROM analytics.call_extracted_data WHERE call_id = 'call_1'",
    "call_parts_have_calls": "UPDATE altur.campaign_calls__tags SET call_id = 'nobody'",
    "call_tags_are_unique": "INSERT INTO analytics.call_tags FROM analytics.call_tags",
    "calls_are_those_the_api_lists": "DELETE FROM analytics.calls WHERE call_id = 'alone'",
    "calls_are_unique": "INSERT INTO altur.campaign_calls FROM altur.campaign_calls WHERE id = 'call_1'",
    "calls_end_after_they_start": "UPDATE altur.campaign_calls SET ended_at = started_at - INTERVAL 1 SECOND "
    "WHERE id = 'call_1'",
    "calls_have_campaigns": "DELETE FROM altur.campaigns WHERE campaign_id = 2",
    "contacts_are_unique": "INSERT INTO altur.campaign_calls__contact "
    "FROM altur.campaign_calls__contact WHERE call_id = 'call_2'",
    "converted_contacts_count_once": "UPDATE analytics.calls SET is_converted = true WHERE call_id = 'alone'",
    "days_add_up": "CREATE OR REPLACE VIEW analytics.campaign_daily AS SELECT 2 AS campaign_id, 1 AS calls, "
    "0 AS answered_calls, 1 AS unanswered_calls, 0 AS human_calls, 0 AS machine_calls, 0 AS unknown_calls, "
    "1 AS ended_calls, 0 AS failed_calls, 0 AS busy_calls, 0 AS no_answer_calls, 0 AS in_progress_calls, "
    "0 AS other_status_calls, 0 AS conversions, DATE '2026-03-02' AS local_date",
    "policies_are_counted": "DELETE FROM altur.campaign_calls__policies WHERE position = 0",
    "score_is_met_of_applicable": "UPDATE analytics.calls SET policy_score = 9 WHERE call_id = 'call_1'",
    "seconds_are_not_negative": "UPDATE altur.campaign_calls SET billed_duration = -1 WHERE id = 'call_1'",
    "statuses_add_up": "CREATE OR REPLACE VIEW analytics.campaign_daily AS "
    "SELECT * REPLACE (ended_calls + 1 AS ended_calls) FROM analytics.days",
}
"""For each rule a change of the warehouse that breaks it."""

DAYS = "SELECT sql FROM duckdb_views() WHERE view_name = 'campaign_daily'"


def test_no_rule_is_without_a_change_that_breaks_it() -> None:
    """A rule that can't be broken says nothing."""
    assert BREAKS.keys() == {rule.name for rule in checks()}


@pytest.mark.parametrize("name", BREAKS)
def test_a_warehouse_that_breaks_a_rule_is_found_out(name: str, database: Path) -> None:
    """By the rule that it breaks; others may notice too."""
    with duckdb.connect(database) as connection:
        ((days,),) = connection.execute(DAYS).fetchall()
        connection.execute(days.replace("campaign_daily", "days", 1))
        connection.execute(BREAKS[name])

    assert name in broken()


def test_the_command_shows_the_rows_by_sql(cli: Cli, database: Path) -> None:
    """So that somebody can look at once; the exit code tells a scheduler."""
    assert cli("check").returncode == 0
    with duckdb.connect(database) as connection:
        connection.execute(BREAKS["seconds_are_not_negative"])

    told = cli("check")

    assert told.returncode == 5
    assert "BROKEN No call lasts, or is billed, less than nothing." in told.stdout
    assert "1 of the rules broken." in told.stdout
    query = told.stdout.partition("1 row:\n")[2].partition(";")[0]
    with duckdb.connect(database, read_only=True) as connection:
        assert connection.execute(query).fetchall() == [("call_1", 95, -1)]


ASKING_FOR_CALLS = [("publish",), ("verify",), ("check",), ("docs",), ("pivot", "2")]


@pytest.mark.parametrize("command", ASKING_FOR_CALLS, ids=lambda command: command[0])
@pytest.mark.parametrize("is_there", [False, True], ids=["no file", "an empty one"])
def test_nothing_loaded_is_told(
    inside: Cli, tmp_path: Path, command: tuple[str, ...], *, is_there: bool
) -> None:
    """Rather than that all rules hold; and no file is made, which the next command would take for a load."""
    warehouse = tmp_path / "altur_calls.duckdb"
    if is_there:
        duckdb.connect(warehouse).close()

    told = inside(*command)

    assert told.returncode == 74
    assert f"Nothing is loaded yet in {warehouse}: altur-calls run comes first." in told.stderr
    assert warehouse.exists() == is_there
    assert not (tmp_path / "altur_docs").exists()


def test_a_run_that_could_not_load_is_no_load(inside: Cli) -> None:
    """It leaves a file, and no table of ours in it."""
    assert inside("run", SOURCES__ALTUR__API_KEY="wrong").returncode == 77

    assert [inside(*command).returncode for command in ASKING_FOR_CALLS] == [74] * len(ASKING_FOR_CALLS)


def test_what_a_first_run_would_read_is_told_without_making_a_file(inside: Cli, tmp_path: Path) -> None:
    """All of it."""
    told = inside("run", "--dry-run")

    assert (told.returncode, "3 calls" in told.stdout) == (0, True)
    assert list(tmp_path.glob("*.duckdb")) == []
