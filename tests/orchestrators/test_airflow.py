"""The definitions for Airflow in a real Airflow: its command runs the DAGs, with SQLite behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON
from warehouse import Warehouse, as_loaded

AIRFLOW = Path(sys.executable).with_name("airflow")
DAGS = "from altur_calls.orchestrators.airflow import altur_calls, altur_days  # an Airflow DAG each\n"

TASK = ("altur_calls", "altur.altur_calls", "2026-03-03")

Airflow = Callable[..., subprocess.CompletedProcess[str]]


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    ours = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "false", "HOME": str(home)}
    return subprocess.run(
        [AIRFLOW, *arguments],
        env={**os.environ, **ours, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of an Airflow that has just been set up with our DAGs."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "dags" / "altur.py").write_text(DAGS)
    done = run(home, "db", "migrate")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """Return a home of its own for each test: what it says of itself is not where it is."""
    home = tmp_path / "airflow"
    shutil.copytree(empty_home, home, ignore=shutil.ignore_patterns("airflow.cfg", "logs"))
    return home


@pytest.fixture
def airflow(home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    """Return a function that runs Airflow's command, with the sandbox's settings in its environment."""
    monkeypatch.setenv("SOURCES__ALTUR__API_KEY", KEY)
    monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", "[1, 2]")
    monkeypatch.setenv("SOURCES__ALTUR__RETRY_FOR_SECONDS", "0.3")
    monkeypatch.delenv("PUBLISHING__ENABLED")
    return lambda *arguments, **environment: run(home, *arguments, **environment)


@pytest.fixture
def warehouse(home: Path) -> Warehouse:
    """Return where the DAGs load to unless dlt is told otherwise."""
    return Warehouse(home / "altur_calls.duckdb")


def test_airflow_takes_the_dags(airflow: Airflow) -> None:
    """Both of them, and without an error."""
    errors = airflow("dags", "list-import-errors", "--local")
    listed = airflow("dags", "list", "--local", "--output", "plain")

    assert "No data found" in errors.stdout
    assert {line.split()[0] for line in listed.stdout.splitlines()} >= {"altur_calls", "altur_days"}


def test_a_run_loads_what_is_due_and_publishes(
    airflow: Airflow, world: ManualWorld, warehouse: Warehouse
) -> None:
    """The next one finds what came since."""
    first = airflow("dags", "test", "altur_calls", "2026-03-03")
    world.put(2, example_call("late", NOON + timedelta(days=1)))
    second = airflow("dags", "test", "altur_calls", "2026-03-04")

    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    published = Warehouse(warehouse.path.with_name("altur_calls.published.duckdb"))
    assert published.value("SELECT calls FROM analytics.publication") == 4


def test_a_run_reads_its_data_interval(airflow: Airflow, warehouse: Warehouse) -> None:
    """By its logical date: the last day that was over then, and nothing around it."""
    done = airflow("dags", "test", "altur_days", "2026-03-03")

    assert done.returncode == 0, done.stderr
    assert warehouse.rows(
        "SELECT DISTINCT strftime(window_start, '%Y-%m-%d'), strftime(window_end, '%Y-%m-%d') "
        "FROM altur.call_windows"
    ) == [("2026-03-02", "2026-03-03")]
    assert len(warehouse.calls(2)) == 3


def test_a_key_that_is_refused_fails_the_run_at_once(airflow: Airflow) -> None:
    """It is said why, and not tried again."""
    done = airflow("dags", "test", "altur_calls", "2026-03-03", SOURCES__ALTUR__API_KEY="wrong")

    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the API refuses the key" in told
    assert "UP_FOR_RETRY" not in told


def test_what_is_incomplete_is_loaded_and_fails_the_task(airflow: Airflow, warehouse: Warehouse) -> None:
    """So that it is tried again, and told by whatever Airflow tells failures with."""
    done = airflow("tasks", "test", *TASK, SOURCES__ALTUR__CAMPAIGN_IDS="[99, 2]")

    assert "AirflowException: incomplete: GET" in done.stdout + done.stderr
    assert "/campaigns/99/calls answered 404" in done.stdout + done.stderr
    assert len(warehouse.calls(2)) == 3


def test_a_run_keeps_off_while_the_command_loads(
    airflow: Airflow, warehouse: Warehouse, tmp_path: Path
) -> None:
    """They share the lock, wherever the helper has dlt work."""
    lock = tmp_path / "dlt" / "pipelines" / "altur_calls.lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        done = airflow("tasks", "test", *TASK)

    assert "Another run of pipeline altur_calls is under way" in done.stdout + done.stderr
    assert not warehouse.path.exists()
