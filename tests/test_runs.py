"""Every run leaves a row in the warehouse, however it ended, and every number there can be traced to one."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from altur_calls import altur_source, build_views, tables
from altur_calls.errors import AlturError
from altur_calls.pipeline import run
from altur_calls.runs import journal
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON
from warehouse import Warehouse

Fields = dict[str, Any]
PLAIN = "SELECT {} FROM altur.runs ORDER BY started_at"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


def runs(warehouse: Warehouse, columns: str = "outcome") -> list[Any]:
    """Return columns of all runs, the first to begin first; one column without tuples."""
    rows = warehouse.rows(PLAIN.format(columns))
    return rows if "," in columns else [value for (value,) in rows]


# What a row tells. --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_run_leaves_what_it_brought_and_what_that_took(
    settings: Fields, world: ManualWorld, warehouse: Warehouse
) -> None:
    """New, changed and vanished calls apart; the seconds of its phases add up to no more than all."""
    world.put(1, example_call("new", NOON))
    world.change("call_1", status="failed")
    world.delete("call_2")

    done = run(Target(), since="2026-01-01", **settings)

    counts = "run_id, calls_new, calls_updated, calls_vanished, windows, windows_in_doubt, requests, is_span"
    assert runs(warehouse, counts)[1] == (done.run_id, 1, 1, 1, 2, 0, 2, True)
    assert warehouse.value("SELECT campaign_ids FROM altur.runs LIMIT 1") == "[1, 2]"
    phases = [name for name in tables.RUN_COLUMNS if name.startswith("seconds_")]
    for seconds, *parts in runs(warehouse, ", ".join(["seconds", *phases]))[:1]:
        assert 0 < sum(part or 0 for part in parts) <= seconds
        assert len([part for part in parts if part]) == len(phases) - 1  # nothing was published


def test_what_is_not_as_documented_is_a_warning_the_first_time(
    settings: Fields, world: ManualWorld, warehouse: Warehouse
) -> None:
    """A run that reads the same again is as it should be: nobody looks at a warning that is always there."""
    world.put(1, {**example_call("odd", NOON), "mood": "good"})
    world.put_raw(1, {**example_call("none", NOON), "id": None}, created_at=NOON)

    codes = [run(Target(), since="2026-01-01", **settings).exit_code for _ in range(2)]

    assert codes == [0, 0]
    (told, again) = runs(warehouse, "outcome, calls_rejected, error")
    assert told[:2] == ("warnings", 1)
    assert "mood; see altur.schema_drift" in told[2]
    assert again == ("ok", 1, None)


def test_settings_are_told_without_secrets(settings: Fields, sandbox: Sandbox, warehouse: Warehouse) -> None:
    """Neither the key nor the password in an address is in the warehouse, or beside it."""
    address = sandbox.url.replace("//", "//somebody:password@")
    run(Target(), **{**settings, "base_url": address, "max_window_calls": 77})

    told = json.loads(warehouse.value("SELECT settings FROM altur.runs"))
    assert told["base_url"] == sandbox.url
    assert told["max_window_calls"] == 77
    beside = [warehouse.path, *(path for path in warehouse.path.parent.rglob("*") if path.is_file())]
    assert [path for path in beside if KEY.encode() in path.read_bytes()] == []
    assert [path for path in beside if b":password@" in path.read_bytes()] == []


@pytest.mark.usefixtures("once_loaded")
def test_versions_are_told(warehouse: Warehouse) -> None:
    """Who looks for what changed one day finds an upgrade."""
    told = json.loads(warehouse.value("SELECT versions FROM altur.runs"))
    assert told["tables"] == str(tables.VERSION)
    assert told.keys() == {"altur-calls", "tables", "dlt", "duckdb", "python"}


# From a number to its run. ------------------------------------------------------------------------------


def test_every_row_can_be_traced_to_the_run_that_wrote_it(
    settings: Fields, world: ManualWorld, warehouse: Warehouse
) -> None:
    """Of every raw table, by the load; a run of several loads has them all."""
    for number in range(3, 16):
        world.put(2, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
    first = run(Target(), chunk_calls=8, **{**settings, "max_window_calls": 5}).run_id
    world.put(1, {**example_call("odd", NOON), "mood": "good"})
    world.put_raw(1, {**example_call("none", NOON), "id": None}, created_at=NOON)
    world.change("call_1", status="failed")
    second = run(Target(), since="2026-01-01", **settings).run_id

    assert warehouse.rows("SELECT DISTINCT run_id FROM analytics.loads ORDER BY 1") == [(first,), (second,)]
    assert warehouse.value(f"SELECT count(*) FROM analytics.loads WHERE run_id = '{first}'") > 1
    for table in tables.COLUMNS:
        lost = f"SELECT count(*) FROM altur.{table} ANTI JOIN analytics.loads ON _dlt_load_id = load_id"
        assert warehouse.value(lost) == 0, table
    of_the_second = "SELECT id FROM altur.campaign_calls JOIN analytics.loads ON _dlt_load_id = load_id"
    changed = warehouse.rows(f"{of_the_second} WHERE run_id = '{second}' ORDER BY 1")
    assert changed == [("call_1",), ("odd",)]


# However it ended. --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_run_that_fails_with_the_warehouse_open_is_there_at_once(
    settings: Fields, warehouse: Warehouse
) -> None:
    """With the reason, as it was told."""
    with pytest.raises(AlturError) as failed:
        run(Target(), **{**settings, "api_key": "wrong"})

    told = runs(warehouse, "run_id, outcome, error")[1]
    assert told == (failed.value.run_id, "refused", str(failed.value))


def test_a_run_that_never_had_the_warehouse_is_written_by_the_next(
    settings: Fields, warehouse: Warehouse
) -> None:
    """A wrong setting, before there is any warehouse; and a key refused, which leaves none."""
    for wrong in ({"campaign_ids": "x"}, {"api_key": "wrong"}):
        with pytest.raises(AlturError):
            run(Target(), **{**settings, **wrong})

    run(Target(), **settings)

    assert runs(warehouse) == ["settings", "refused", "ok"]


def test_what_an_unexpected_error_says_is_not_kept(
    settings: Fields, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may quote a call, with a phone number."""
    with monkeypatch.context() as patched:
        patched.setattr(dlt.Pipeline, "run", lambda *_, **__: {}["+52 55 5555 5555"])
        with pytest.raises(KeyError):
            run(Target(), **settings)

    run(Target(), **settings)

    assert runs(warehouse, "outcome, error")[0] == (
        "failed",
        "KeyError: run again with --debug for all of it.",
    )


KILLED = """
import os
from altur_calls import pipeline

def killed(*_):
    os._exit(137)

pipeline.forget_loaded = killed  # after the first load
from altur_calls.cli import main

main(["run"])
"""


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.parametrize("is_lost", [False, True], ids=["the journal", "the warehouse alone"])
@pytest.mark.usefixtures("cli")
def test_a_run_that_was_killed_is_told_with_its_loads(
    settings: Fields, world: ManualWorld, warehouse: Warehouse, tmp_path: Path, *, is_lost: bool
) -> None:
    """By the next one; also where dlt's folder went with the machine."""
    with duckdb.connect(warehouse.path) as connection:  # as an older release left them
        connection.execute("UPDATE altur.runs SET first_load_id = NULL, last_load_id = NULL")
    world.put(2, example_call("brought", NOON + timedelta(days=1)))
    killed = subprocess.run([sys.executable, "-c", KILLED], check=False, timeout=60)
    assert killed.returncode == 137
    if is_lost:
        (tmp_path / "dlt" / "pipelines" / "altur_calls.runs.jsonl").unlink()

    run(Target(), **settings)

    assert runs(warehouse, "outcome, ended_at IS NULL") == [("ok", False), ("killed", True), ("ok", False)]
    by = "SELECT outcome FROM altur.campaign_calls JOIN analytics.loads ON load_id = _dlt_load_id "
    assert warehouse.value(f"{by} JOIN altur.runs USING (run_id) WHERE id = 'brought'") == "killed"
    assert warehouse.value("SELECT count(*) FROM analytics.loads WHERE run_id IS NULL") == 1


@pytest.mark.usefixtures("once_loaded")
def test_a_busy_run_leaves_a_row_too(settings: Fields, warehouse: Warehouse) -> None:
    """A schedule that is too close is seen in the table."""
    with Target().opened(), pytest.raises(AlturError):
        run(Target(), **settings)

    run(Target(), **settings)

    assert runs(warehouse) == ["ok", "busy", "ok"]


# The journal. -------------------------------------------------------------------------------------------


def test_runs_go_to_the_warehouse_they_were_of(settings: Fields, tmp_path: Path) -> None:
    """Pipelines of one name share a journal, whatever file they load into."""
    first, second = (Warehouse(tmp_path / f"{name}.duckdb") for name in ("first", "second"))
    for place in (first, second, first):
        run(Target(credentials=str(place.path)), **settings)

    assert [len(runs(first)), len(runs(second))] == [2, 1]


def test_the_journal_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A schedule that fails every minute for a year does not fill the disk; the latest stay."""
    monkeypatch.setattr(journal, "MOST_BYTES", 2_000)
    kept = journal.Journal(tmp_path / "runs.jsonl")
    for number in range(200):
        kept.note({"run_id": f"{number:03}", "started_at": f"{number:03}", "outcome": "settings"})

    assert kept.path.stat().st_size < 2_500
    assert kept.rows()[-1]["run_id"] == "199"


def test_a_line_that_was_cut_short_costs_no_other(tmp_path: Path) -> None:
    """The disk was full, or the machine lost power."""
    kept = journal.Journal(tmp_path / "runs.jsonl")
    row = {"run_id": "first", "started_at": "1", "outcome": "ok"}
    kept.note(row)
    with kept.path.open("ab") as file:
        file.write('{"run_id": "cut shó'.encode()[:-1])
    kept.note({**row, "run_id": "last", "started_at": "2"})

    assert [told["run_id"] for told in kept.rows()] == ["first", "last"]


def test_a_journal_that_cannot_be_written_stops_no_run(
    settings: Fields, warehouse: Warehouse, tmp_path: Path
) -> None:
    """What is told of a run is worth less than its calls; the row comes all the same."""
    (tmp_path / "dlt" / "pipelines" / "altur_calls.runs.jsonl").mkdir(parents=True)

    assert run(Target(), **settings).exit_code == 0

    assert runs(warehouse) == ["ok"]


def test_a_pipeline_of_somebody_has_an_empty_table(settings: Fields, tmp_path: Path) -> None:
    """The views are the same there."""
    pipeline = dlt.pipeline("somebodys", destination="duckdb", dataset_name="altur")
    pipeline.run(altur_source(**settings))
    build_views(pipeline)

    theirs = Warehouse(tmp_path / "somebodys.duckdb")
    assert theirs.rows("FROM analytics.runs") == []
    assert theirs.rows("SELECT DISTINCT run_id FROM analytics.loads") == [(None,)]


def test_a_warehouse_of_before_gets_the_table(settings: Fields, warehouse: Warehouse) -> None:
    """The next run makes it."""
    run(Target(), **settings)
    with Target().writing() as connection:
        connection.execute("DROP TABLE altur.runs")

    run(Target(), **settings)

    assert runs(warehouse) == ["ok", "ok"]  # the first from the journal
