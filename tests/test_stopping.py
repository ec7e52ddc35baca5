"""Ctrl-C and SIGTERM end a run when what was read is loaded, and say so."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline
from altur_calls.reading import reader
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import COMMAND, NOON
from warehouse import Warehouse, as_loaded

CALLS = 300


@pytest.mark.parametrize(
    ("number", "exit_code", "arguments"),
    [(signal.SIGINT, 130, []), (signal.SIGTERM, 143, []), (signal.SIGTERM, 143, ["--every", "1s"])],
)
def test_a_signal_ends_a_run_when_what_was_read_is_loaded(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: dict[str, Any],
    tmp_path: Path,
    number: signal.Signals,
    exit_code: int,
    arguments: list[str],
) -> None:
    """The process was asked to end before its last requests; the next run asks for the rest."""
    for minutes in range(CALLS):
        world.put(2, example_call(f"more_{minutes:03}", NOON - timedelta(minutes=minutes)))
    given = {**settings, "campaign_ids": [2], "max_window_calls": 25, "requests_per_second": 30}
    environment = {f"SOURCES__ALTUR__{name.upper()}": str(value) for name, value in given.items()}
    process = subprocess.Popen(
        [COMMAND, "run", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    sandbox.faults.add("call", after=15, do=lambda: process.send_signal(number))

    out, err = process.communicate(timeout=60)
    warehouse = Warehouse(tmp_path / "altur_calls.duckdb")
    kept = warehouse.value("SELECT count(*) FROM altur.campaign_calls")
    done = pipeline.run(Target(), **given)

    assert process.returncode == exit_code, err
    assert "ending when what was read is loaded" in err
    assert "stopped early" in err
    assert f"{kept:,} in the warehouse" in out
    assert 0 < kept < CALLS
    assert done.new_calls == CALLS + 3 - kept
    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_an_end_is_not_held_up_by_an_api_that_throttles(
    sandbox: Sandbox, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask for minutes, and whoever asked for an end kills the process before."""
    monkeypatch.setattr(reader, "PATIENCE_SECONDS", 0.1)
    stop = threading.Event()
    sandbox.faults.add("call", times=None, do=stop.set)
    sandbox.faults.add("status", times=None, status=429, retry_after=55)

    done = pipeline.run(Target(), stop=stop, **settings)

    assert (done.is_stopped, done.new_calls) == (True, 0)
    assert done.seconds < 50


def test_a_run_that_ends_before_its_first_load_has_nothing_to_publish(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So nothing failed."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    stop = threading.Event()
    stop.set()

    done = pipeline.run(Target(), stop=stop, **settings)

    assert (done.is_stopped, done.failure, done.published) == (True, None, None)
