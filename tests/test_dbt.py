"""The tables as sources of a dbt project: real dbt, on what the real pipeline loaded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import altur_calls
from altur_calls import tables
from altur_calls.analytics.dbt_sources import sources
from altur_sandbox import ManualWorld, example_call
from common import NOON
from warehouse import Warehouse

DBT = Path(sys.prefix, "dbt", "bin", "dbt")
PROJECT = Path(__file__).with_name("dbt")
FILE = Path(altur_calls.__file__).with_name("docs") / "dbt_sources.yml"


@dataclass(frozen=True)
class Project:
    """A copy of the dbt project, with the sources file among its models."""

    folder: Path
    warehouse: Warehouse

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dbt without a home, where settings of the user may lie; deprecations are errors."""
        return subprocess.run(
            [DBT, "--warn-error", "--no-use-colors", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "WAREHOUSE": str(self.warehouse.path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def artifact(self, name: str) -> Any:
        """Return what dbt wrote down of its last run."""
        return json.loads((self.folder / "target" / name).read_text())

    def outcomes(self) -> dict[str, str]:
        """Return the status of each model and test, by its name."""
        results = self.artifact("run_results.json")["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}


def world_of_rows() -> ManualWorld:
    """Return a world that leaves rows in every table."""
    world = ManualWorld()
    world.add_campaign(2)
    for number in range(3):
        world.put(2, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
    world.add_campaign(3)
    for number in range(5):
        call = example_call(f"more_{number}", NOON + timedelta(hours=7 * number), answered_by="machine")
        world.put(3, call)
    world.put(3, example_call("odd", NOON, status="ringing"))
    world.put(3, {**example_call("no_id", NOON), "id": None})
    return world


@pytest.fixture
def project(loaded: Callable[..., Warehouse], tmp_path: Path) -> Project:
    """Return the project on a warehouse with rows in every table."""
    assert DBT.exists(), f"{DBT} is missing: make test installs it"
    warehouse = loaded(make=world_of_rows, campaign_ids=(2, 3))
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    shutil.copy(FILE, folder / "models")
    return Project(folder, warehouse)


def test_the_sources_file_is_that_of_the_tables() -> None:
    """It lies in the package, where people find it without running anything."""
    assert FILE.read_text() == sources(), "the file is stale: altur-calls docs renews it"


def test_a_dbt_project_builds_on_the_sources(project: Project) -> None:
    """Its model has the rows that plain SQL gives, and what the file says of the tables is so."""
    done = project.run("build")

    assert done.returncode == 0, done.stdout
    warehouse = project.warehouse
    assert warehouse.rows("SELECT * FROM models.calls_per_day ORDER BY ALL") == warehouse.rows(
        "SELECT campaign_id, created_at::DATE, count(*), sum((answered_by = 'human')::INTEGER) "
        "FROM altur.campaign_calls GROUP BY ALL ORDER BY ALL"
    )
    assert _described(project) == _found(warehouse)
    outcomes = project.outcomes()
    assert outcomes.pop("calls_per_day") == "success"
    assert set(outcomes.values()) == {"pass"}
    assert outcomes.keys() >= {*map(_unique, tables.UNIQUE), *map(_of_a_call, tables.CHILD_COLUMNS)}


def test_a_damaged_warehouse_fails_the_tests(project: Project) -> None:
    """A call that is there twice, and children whose call is gone. No model is built on such calls."""
    with duckdb.connect(project.warehouse.path) as connection:
        connection.execute(
            "INSERT INTO altur.campaign_calls SELECT * REPLACE ('another' AS _dlt_id) "
            "FROM altur.campaign_calls WHERE id = 'call_1'"
        )
        connection.execute("DELETE FROM altur.campaign_calls WHERE id = 'call_2'")

    done = project.run("build")

    assert done.returncode == 1, done.stdout
    outcomes = project.outcomes()
    assert {name for name, status in outcomes.items() if status == "fail"} == {
        _unique(tables.CALLS),
        *map(_of_a_call, tables.CHILD_COLUMNS),
    }
    assert outcomes["calls_per_day"] == "skipped"


def test_a_day_without_runs_is_a_warning(project: Project) -> None:
    """By the ledger, which grows with every run, not by the calls: there may be none that are new."""
    with duckdb.connect(project.warehouse.path) as connection:
        connection.execute("UPDATE altur.call_windows SET read_at = read_at - INTERVAL 36 HOUR")

    project.run("source", "freshness")

    results = project.artifact("sources.json")["results"]
    assert {found["unique_id"]: found["status"] for found in results} == {
        "source.calls.altur.call_windows": "warn"
    }


def _unique(table: str) -> str:
    return f"source_unique_altur_{table}_{tables.UNIQUE[table]}"


def _of_a_call(table: str) -> str:
    return f"source_relationships_altur_{table}_call_id__id__source_altur_campaign_calls_"


def _described(project: Project) -> set[tuple[str, str, str]]:
    """Return all tables and columns that have a description, and the types of the columns."""
    return {
        (source["name"], column["name"], _shown(column["data_type"]))
        for source in project.artifact("manifest.json")["sources"].values()
        for column in source["columns"].values()
        if source["description"] and column["description"]
    }


def _shown(data_type: str) -> str:
    """Return the name that DuckDB shows for a type."""
    shown: str = duckdb.sql(f"SELECT typeof(CAST(NULL AS {data_type}))").fetchall()[0][0]
    return shown


def _found(warehouse: Warehouse) -> set[tuple[str, str, str]]:
    """Return the columns of the warehouse, but for dlt's own."""
    rows = warehouse.rows(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'altur' AND NOT starts_with(table_name, '_dlt_') "
        "AND NOT starts_with(column_name, '_dlt_') AND column_name != 'is_replaced'"
    )
    return {(table, column, data_type) for table, column, data_type in rows}
