"""The command line as a user types it: real processes, exit codes, stdout and stderr."""

from __future__ import annotations

import inspect
import os
import pty
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from filelock import FileLock

from altur_calls import altur_source, pipeline
from altur_calls.cli import main
from altur_calls.errors import SettingsError
from altur_calls.pipeline import run
from altur_calls.publishing.places import Publishing, settings_of
from altur_calls.runs.notifications import Notifications
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, example_call
from common import COMMAND, KEY, NOON, Cli
from warehouse import Warehouse, as_loaded

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_a_run_says_what_it_did(cli: Cli, world: ManualWorld, tmp_path: Path) -> None:
    """On stdout: calls, requests, seconds, where the warehouse is, what readers got, and what to do next."""
    done = cli("run", PUBLISHING__ENABLED="true")

    warehouse = tmp_path / "altur_calls.duckdb"
    assert done.returncode == 0, done.stderr
    assert "2 campaigns: 3 new calls, 0 read again; 3 in the warehouse." in done.stdout
    assert "2 windows read, 2 proved complete; 2 requests, 0 x 429, 0 retries" in done.stdout
    assert f"Warehouse: {warehouse}" in done.stdout
    assert f"Published for readers: {tmp_path / 'altur_calls.published.duckdb'} (" in done.stdout
    assert "Next: altur-calls sql, or altur-calls dashboard --open" in done.stdout
    assert Warehouse(warehouse).calls(2) == as_loaded(world.calls(2))


@pytest.mark.usefixtures("once_loaded")
def test_the_second_run_finds_what_is_new(inside: Cli, world: ManualWorld) -> None:
    """And counts it apart from what was there."""
    world.put(2, example_call("late", NOON + timedelta(days=1)))
    world.put(2, example_call("later", NOON + timedelta(days=2)))

    done = inside("run", "--campaign", "2", "--since", "2026-03-03")

    assert "1 campaign: 2 new calls, 0 read again; 5 in the warehouse." in done.stdout


@pytest.mark.usefixtures("cli")
@pytest.mark.parametrize("name", ["altur", "analytics"])
def test_a_file_that_is_named_as_a_schema_is_refused(name: str) -> None:
    """DuckDB would not know which is meant, and dlt's error does not tell."""
    with pytest.raises(SettingsError, match=f"has a schema {name}"):
        run(Target(credentials=f"{name}.duckdb"))


@pytest.mark.usefixtures("once_loaded")
def test_the_warehouse_goes_where_dlt_is_told_and_shares_no_cursors(inside: Cli, tmp_path: Path) -> None:
    """The destination's settings are dlt's own, and its state is in one folder per pipeline.

    What a warehouse holds is told by the warehouse.
    """
    inside("run", DESTINATION__DUCKDB__CREDENTIALS=str(tmp_path / "second.duckdb"))

    assert len(Warehouse(tmp_path / "second.duckdb").calls(2)) == 3


def test_an_unknown_campaign_is_named_and_the_others_load(inside: Cli, tmp_path: Path) -> None:
    """The exit code tells a scheduler that not all is there."""
    done = inside("run", SOURCES__ALTUR__CAMPAIGN_IDS="[99, 2]")

    assert done.returncode == 3
    assert "GET /campaigns/99/calls answered 404: no such campaign" in done.stderr
    assert len(Warehouse(tmp_path / "altur_calls.duckdb").calls(2)) == 3


@pytest.mark.parametrize(
    ("environment", "exit_code", "words"),
    [
        ({"SOURCES__ALTUR__API_KEY": "wrong"}, 77, "answered 401: the API refuses the key"),
        ({"SOURCES__ALTUR__API_KEY": ""}, 78, "api_key is empty"),
        ({"SOURCES__ALTUR__CAMPAIGN_IDS": '["x"]'}, 78, "'x', which is no campaign id"),
        ({"SOURCES__ALTUR__CAMPAIGN_IDS": "twelve"}, 78, "'twelve', which is no campaign id"),
        ({"SOURCES__ALTUR__BASE_URL": "http://127.0.0.1:9"}, 69, "nobody answers at that address"),
        ({"SOURCES__ALTUR__BASE_URL": "nowhere"}, 78, "base_url is not a URL"),
        ({"DESTINATION__DUCKDB__CREDENTIALS": "/nowhere/x.duckdb"}, 74, "can't use the warehouse"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    inside: Cli, environment: dict[str, str], exit_code: int, words: str
) -> None:
    """What, where and what to do; no traceback, no key."""
    done = inside("run", **environment)

    assert done.returncode == exit_code
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert KEY not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--windows", "-3"),
        ("verify", "--windows", "0"),
        ("sandbox", "--port", "22222222"),
        ("dashboard", "--serve", "--port", "65536"),
        ("sandbox", "--scale", "-1"),
        ("sandbox", "--scale", "0"),
    ],
    ids=" ".join,
)
def test_a_number_that_means_nothing_is_a_wrong_command_line(inside: Cli, arguments: tuple[str, ...]) -> None:
    """And nothing is begun with it."""
    done = inside(*arguments)

    assert done.returncode == 2
    assert f"Invalid value for '{arguments[-2]}'" in done.stderr


def test_debug_shows_the_traceback(cli: Cli) -> None:
    """For the one who has to find the cause; the exit code is the same."""
    done = cli("run", "--debug", SOURCES__ALTUR__API_KEY="wrong")

    assert "Traceback" in done.stderr
    assert done.returncode == 77


@pytest.mark.usefixtures("once_loaded")
def test_a_failed_run_leaves_the_warehouse_as_it_was(inside: Cli, world: ManualWorld, tmp_path: Path) -> None:
    """Nothing is half loaded."""
    assert inside("run", "--since", "2026-01-01", SOURCES__ALTUR__API_KEY="wrong").returncode == 77

    assert Warehouse(tmp_path / "altur_calls.duckdb").calls(2) == as_loaded(world.calls(2))


def test_a_second_run_leaves_at_once(cli: Cli, tmp_path: Path) -> None:
    """With an exit code of its own, and without touching anything."""
    with FileLock(tmp_path / "dlt" / "pipelines" / "altur_calls.lock"):
        done = cli("run")

    assert done.returncode == 75
    assert "Another run of pipeline altur_calls is under way" in done.stderr
    assert not (tmp_path / "altur_calls.duckdb").exists()


def test_the_demo_loads_the_sandbox_into_a_warehouse_of_its_own(cli: Cli, tmp_path: Path) -> None:
    """Made-up calls never mix with real ones; a second run finds the same calls and newer ones."""
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    made_up = {"SOURCES__ALTUR__API_KEY": "", "PUBLISHING__ENABLED": "true"}
    done = cli("run", "--demo", "--since", since, "--campaign", "1104", **made_up)

    assert done.returncode == 0, done.stderr
    assert "Its calls are made up" in done.stderr
    assert "GROUP BY campaign_name ORDER BY calls DESC;" in done.stdout
    assert "by_a_person" in done.stdout
    assert "Next: altur-calls sql --demo" in done.stdout
    assert not (tmp_path / "altur_calls.duckdb").exists()


def test_with_a_key_the_demo_is_a_plain_run(inside: Cli, tmp_path: Path) -> None:
    """`make run` serves both."""
    done = inside("run", "--demo")

    assert "3 new calls" in done.stdout
    assert (tmp_path / "altur_calls.duckdb").exists()


@pytest.mark.usefixtures("cli")
def test_a_terminal_shows_a_progress_bar() -> None:
    """A real terminal, so that what is tested is what people see."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([COMMAND, "run"], stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:
                break
    os.close(ours)

    assert process.returncode == 0
    assert b"asking the API" in shown or b"calls" in shown


def commands() -> list[tuple[str, Any]]:
    return sorted(main.commands.items())


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_has_help_an_example_and_a_place_in_the_readme(name: str, command: Any) -> None:
    """So that the documents can't drift."""
    help_text = CliRunner().invoke(main, [name, "--help"]).output
    assert "Example" in help_text
    assert f"altur-calls {name}" in README
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("SOURCES__ALTUR__MAX_WINDOW_CALLS", "sources.altur"),
        ("PUBLISHING__PARQUET", "publishing"),
    ],
)
def test_a_setting_of_the_wrong_type_is_told_with_its_place(inside: Cli, name: str, section: str) -> None:
    """By the variable that sets it, and by its section."""
    done = inside("run", **{name: "perhaps"})

    assert done.returncode == SettingsError.exit_code
    assert "has a value of the wrong type" in done.stderr
    assert f"{name}=" in done.stderr
    assert f"under [{section}] in .dlt/config.toml" in done.stderr


def test_every_setting_is_in_the_readme_and_in_config_toml() -> None:
    """With the name dlt knows it by."""
    config = (ROOT / ".dlt" / "config.toml").read_text()
    names = set(inspect.signature(altur_source).parameters) - {"extraction"}
    names |= {*Publishing.get_resolvable_fields(), *Notifications.get_resolvable_fields()}

    assert {name for name in names if f"`{name}`" not in README} == set()
    assert {name for name in names if not re.search(rf"^#? ?{name} = ", config, re.MULTILINE)} == {
        *("api_key", "webhook_url", "since", "until")
    }


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.usefixtures("cli")
def test_the_queries_of_the_readme_run() -> None:
    """On what is published, and each finds something."""
    published = pipeline.publish(Target(), settings_of()).database

    queries = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    assert len(queries) >= 3
    assert all(Warehouse(published).rows(sql) for sql in queries)


@pytest.mark.usefixtures("cli")
def test_the_readme_counts_calls_where_it_says_so(world: ManualWorld, settings: dict[str, Any]) -> None:
    """Not the results of a policy that a call has twice."""
    late = {"policy_id": "p1", "policy_name": "Greets", "result": "not_met"}
    world.put(1, example_call("twice", NOON, tags=["late"], policy_evaluation={"policies": [late, late]}))
    warehouse = Warehouse(pipeline.run(Target(), **settings).warehouse)

    (asked,) = re.findall(r"```sql\n(SELECT tag, policy_name.*?)```", README, re.DOTALL)
    assert ("late", "Greets", 1) in warehouse.rows(asked)
