"""A working file that another program has open: it is waited for, for a while, and then named."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

import altur_calls.settings
from altur_calls.errors import Busy, WarehouseError
from altur_calls.failures import translated
from altur_calls.pipeline import COMPLETE, run
from altur_calls.warehouse.target import Target
from altur_sandbox import Sandbox
from common import Cli
from warehouse import Warehouse

Fields = dict[str, Any]
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(flush=True); input()"


@pytest.fixture
def holder(settings: Fields, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Load once, and let another process read the file until it is told something."""
    run(Target(), **settings)
    command = [sys.executable, "-c", HOLD, str(tmp_path / "altur_calls.duckdb")]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout
        holder.stdout.readline()
        yield holder
        if holder.returncode is None:
            holder.communicate("end\n")


def test_who_holds_it_for_long_is_named(
    holder: subprocess.Popen[str], settings: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB's own message, wrapped by dlt, talks of credentials."""
    monkeypatch.setattr(altur_calls.settings, "LOCK_PATIENCE_SECONDS", 0.5)

    with pytest.raises(WarehouseError, match=rf"held open by .+ \(PID {holder.pid}\)") as failed:
        run(Target(), **settings)

    assert failed.value.exit_code == 74
    assert Warehouse(tmp_path / "altur_calls.duckdb").value("SELECT count(*) FROM altur.campaign_calls") == 3


def test_who_is_done_soon_is_waited_for(holder: subprocess.Popen[str], settings: Fields) -> None:
    """Somebody looked into it; the run says for whom it waits, and goes on."""
    told: list[str] = []

    class LetGo(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())
            holder.communicate("end\n")

    logger, hears = logging.getLogger("altur_calls.warehouse.target"), LetGo()
    logger.addHandler(hears)
    try:
        assert run(Target(), **settings).exit_code == COMPLETE
    finally:
        logger.removeHandler(hears)

    assert [f"(PID {holder.pid})" in line for line in told] == [True]


def test_no_one_gets_hold_of_the_file_while_a_run_begins(
    settings: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is opened several times then: whoever came in between would end the run."""
    run(Target(), **settings)
    looks: list[int] = []
    sync = dlt.Pipeline.sync_destination

    def seen(pipeline: dlt.Pipeline) -> None:
        for step in (lambda: None, lambda: sync(pipeline)):
            step()
            look = f"import duckdb; duckdb.connect({str(tmp_path / 'altur_calls.duckdb')!r}, read_only=True)"
            looks.append(subprocess.call([sys.executable, "-c", look], stderr=subprocess.DEVNULL))

    monkeypatch.setattr(dlt.Pipeline, "sync_destination", seen)

    assert run(Target(), **settings).exit_code == COMPLETE
    assert looks == [1, 1]


@pytest.mark.usefixtures("once_loaded")
def test_who_asks_during_a_run_is_told_of_it(cli: Cli, sandbox: Sandbox, settings: Fields) -> None:
    """And not to end a program that has the file open."""
    seen: list[subprocess.CompletedProcess[str]] = []
    sandbox.faults.add("call", do=lambda: seen.append(cli("check")))

    run(Target(), **settings, since="2026-01-01")

    (check,) = seen
    assert check.returncode == Busy.exit_code
    assert "Ask again when it has ended" in check.stderr


def test_what_is_published_is_not_called_the_warehouse() -> None:
    """And who can't open it is not sent to it."""
    held = 'IO Error: Could not set lock on file "/x/calls.published.duckdb": held in /bin/it (PID 7)'

    with pytest.raises(WarehouseError, match=r"^/x/calls.published.duckdb is held") as told, translated():
        raise duckdb.IOException(held)

    assert "To read" not in str(told.value)
