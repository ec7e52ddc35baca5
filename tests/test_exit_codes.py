"""Every exit code of the README, from a real process, with its word in the summary and in the warehouse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from altur_calls import logs
from altur_calls.pipeline import run
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON, Cli
from warehouse import Warehouse

README = (Path(__file__).parent.parent / "README.md").read_text()
WAREHOUSE = Path("altur_calls.duckdb")

Arranged = AbstractContextManager[Any]


def surprising(world: ManualWorld, _: Sandbox) -> Arranged:
    world.put(1, {**example_call("odd", NOON), "mood": "good"})
    return nullcontext()


def emptied(world: ManualWorld, _: Sandbox) -> Arranged:
    for number in range(40):
        world.put(1, example_call(f"gone_{number}", NOON + timedelta(minutes=number)))
    run(Target())
    for number in range(40):
        world.delete(f"gone_{number}")
    return nullcontext()


def taken_name(*_: Any) -> Arranged:
    with duckdb.connect(WAREHOUSE) as connection:
        connection.execute("CREATE SCHEMA analytics; CREATE TABLE analytics.calls (mine INTEGER)")
    return nullcontext()


def held_open(*_: Any) -> Arranged:
    return duckdb.connect(WAREHOUSE)


def under_way(*_: Any) -> Arranged:
    folder = Path("dlt", "pipelines")
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "altur_calls.lock")


def a_web_page(_: ManualWorld, sandbox: Sandbox) -> Arranged:
    sandbox.faults.add("not_json", times=None)
    return nullcontext()


def as_it_is(*_: Any) -> Arranged:
    return nullcontext()


def setting(name: str, value: str) -> dict[str, str]:
    return {f"SOURCES__ALTUR__{name}": value}


CASES: dict[str, tuple[int, Callable[..., Arranged], dict[str, str]]] = {
    "ok": (0, as_it_is, {}),
    "warnings": (0, surprising, {}),
    "incomplete": (3, as_it_is, setting("CAMPAIGN_IDS", "[99, 2]")),
    "suspicious": (4, emptied, setting("START_DATE", "2026-03-02")),
    "unavailable": (69, as_it_is, setting("BASE_URL", "http://127.0.0.1:9")),
    "views": (70, taken_name, {}),
    "publishing": (73, as_it_is, {"PUBLISHING__ENABLED": "true", "PUBLISHING__FOLDER": "/dev/null"}),
    "warehouse": (74, held_open, {}),  # a full disk: see test_crash.py
    "busy": (75, under_way, {}),
    "changed": (76, a_web_page, {}),
    "refused": (77, as_it_is, setting("API_KEY", "wrong")),
    "settings": (78, as_it_is, setting("CAMPAIGN_IDS", "twelve")),
}
LATER = ["unavailable", "busy", "changed", "refused", "settings", "warehouse"]
"""The warehouse is told of them by the next run: they did not have it, or there was none (the last has)."""

ELSEWHERE = {1, 2, 5, 6, 65, 130, 143}
"""Tested below, and in test_stopping.py, test_status.py and the tests of sql."""


@pytest.mark.parametrize("outcome", [outcome for outcome in CASES if outcome not in LATER])
def test_a_run_ends_with_the_code_of_its_outcome(
    cli: Cli, world: ManualWorld, sandbox: Sandbox, outcome: str
) -> None:
    """And the warehouse keeps it."""
    assert kept(run_that_ends_as(outcome, cli, world, sandbox)) == outcome


def test_runs_without_a_warehouse_end_with_their_codes_too(
    cli: Cli, world: ManualWorld, sandbox: Sandbox
) -> None:
    """And the next run that has one keeps them all."""
    run_ids = [run_that_ends_as(outcome, cli, world, sandbox) for outcome in LATER]

    run(Target())

    assert [kept(run_id) for run_id in run_ids] == LATER


def run_that_ends_as(outcome: str, cli: Cli, world: ManualWorld, sandbox: Sandbox) -> str:
    """Run, and return its id: the last line on stdout tells all to machines, each on stderr is an event."""
    code, arrange, environment = CASES[outcome]
    with arrange(world, sandbox):
        arguments = ["--since", "2026-03-01"] if outcome == "suspicious" else []
        done = cli("run", "--json", "--log-format", "json", *arguments, **environment)
    sandbox.faults.clear()

    summary = json.loads(done.stdout.splitlines()[-1])
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert (done.returncode, summary["exit_code"], summary["outcome"]) == (code, code, outcome), done.stderr
    assert {event.get("run_id") for event in events} <= {summary["run_id"], None}
    assert bool(summary["error"]) == (outcome != "ok")
    assert KEY not in done.stderr + done.stdout
    return str(summary["run_id"])


def kept(run_id: str) -> str:
    """Return what the warehouse says of a run."""
    return str(Warehouse(WAREHOUSE).value(f"SELECT outcome FROM altur.runs WHERE run_id = '{run_id}'"))


FAILING = """
from altur_calls import pipeline
from altur_calls.cli import main

pipeline.run = lambda *_, **__: 1 / 0
main(["run", "--json"])
"""


@pytest.mark.usefixtures("cli")
def test_an_unexpected_error_is_1() -> None:
    """Nothing that we know a better word for."""
    done = subprocess.run(
        [sys.executable, "-c", FAILING], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert "ZeroDivisionError: run again with --debug" in done.stderr
    assert json.loads(done.stdout)["outcome"] == "failed"


def test_a_command_line_that_cannot_be_understood_is_2(cli: Cli) -> None:
    """As everywhere."""
    assert cli("run", "--no-such-option").returncode == 2


@pytest.mark.usefixtures("once_loaded")
def test_a_broken_rule_is_5(cli: Cli) -> None:
    """With the rule in what machines read."""
    with duckdb.connect(WAREHOUSE) as connection:
        connection.execute("DELETE FROM analytics.calls")

    done = cli("check", "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["broken"] > 0) == (5, True)
    assert {rule["name"] for rule in told["rules"] if rule["rows"]} >= {"calls_are_those_the_api_lists"}


@pytest.mark.usefixtures("once_loaded")
def test_what_verify_compared_is_told_to_machines(cli: Cli, world: ManualWorld) -> None:
    """Each difference by campaign, call and field."""
    world.change("call_1", status="failed")

    done = cli("verify", "--json", "--all")

    told = json.loads(done.stdout)
    assert done.returncode == 5
    assert told["differences"] == [{"campaign_id": 2, "call_id": "call_1", "field": "status"}]
    assert told["chance"] == 1


def test_every_code_of_the_readme_is_tested() -> None:
    """And every one that is tested is there."""
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(",")}

    assert told == ELSEWHERE | {code for code, *_ in CASES.values()}
    assert {outcome for outcome in CASES if f"`{outcome}`" not in table} == set()


# Logs. --------------------------------------------------------------------------------------------------


def test_machines_are_told_of_every_event(cli: Cli) -> None:
    """One line each, with the run, and what it is about."""
    done = cli("run", "--log-format", "json", PUBLISHING__ENABLED="true")

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["run", "window", "window", "load", "published", "done"]
    assert len({event["run_id"] for event in events}) == 1
    first, second = events[1:3]
    assert {first["campaign_id"], second["campaign_id"]} == {1, 2}
    assert first.keys() >= {"window_start", "window_end", "calls", "requests", "is_proved", "seconds"}
    assert events[-1]["calls_new"] == 3
    assert events[-1]["outcome"] == "ok"


def test_people_are_told_of_nothing_that_is_as_it_should_be(cli: Cli) -> None:
    """Cron sends a letter for every line."""
    assert cli("run").stderr == ""


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.parametrize("theirs", ["JSON", "{message}"])
def test_dlt_logs_in_the_same_format(cli: Cli, theirs: str) -> None:
    """Whatever format it is told by its own setting."""
    done = cli("run", "--log-format", "json", RUNTIME__LOG_LEVEL="INFO", RUNTIME__LOG_FORMAT=theirs)

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {event["logger"] for event in events if event["event"] == "message"} == {"dlt"}


def test_a_line_for_a_signal_is_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written past the logging, which may be what was interrupted."""
    monkeypatch.setattr(logs.logger, "handlers", [])
    assert logs.line("ending", "ending soon.") == "altur-calls: ending soon."

    logs.prepare(logs.JSON)

    assert json.loads(logs.line("ending", "ending soon."))["event"] == "ending"
