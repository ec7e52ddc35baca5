"""Runs that end badly: the next one ends at the truth by itself, in one go.

Real processes, real ``kill -9``, at moments that are waited for and not guessed; a crash point of dlt that is
reached every time; lost folders, half-written files, a lost network and a full disk.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import dlt
import pytest

from altur_calls import altur_source
from altur_calls.errors import ApiUnavailable, WarehouseError
from altur_calls.pipeline import run
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON
from warehouse import Warehouse, as_loaded

log = logging.getLogger(__name__)
Fields = dict[str, Any]
COMMAND = Path(sys.executable).with_name("altur-calls")
CALLS = 190
TODAY = datetime.now(UTC) - timedelta(hours=6)
READ = {"campaign_ids": (2,), "max_window_calls": 50}
"""Campaign 2, in some five windows."""

SEEDS = range(int(os.environ.get("ALTUR_CRASH_SEEDS", "7")))
"""Each seed kills one or two processes, seven in a stage each; ``--log-cli-level=INFO`` tells when."""


@pytest.fixture
def world() -> ManualWorld:
    """Return a world with 190 calls in campaign 2, every field filled, the last three in progress today."""
    return filled_world()


def filled_world() -> ManualWorld:
    """Make that world."""
    world = ManualWorld()
    world.add_campaign(2)
    for number in range(CALLS):
        is_open = number >= CALLS - 3
        moment = (TODAY if is_open else NOON) + timedelta(minutes=number)
        status = "in-progress" if is_open else "ended"
        world.put(2, example_call(f"call_{number:03}", moment, status=status))
    return world


@pytest.fixture
def settings(settings: Fields) -> Fields:
    """Return settings that read the campaign."""
    return {**settings, **READ, "campaign_ids": [2]}


@pytest.fixture
def environment(settings: Fields) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    given = {f"SOURCES__ALTUR__{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, **given}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


@pytest.fixture
def load_first(loaded: Callable[..., Warehouse]) -> Callable[[], object]:
    """Return a function that lets the world have been loaded, by a run before."""
    return lambda: loaded(make=filled_world, **READ)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return dlt's working folder."""
    return tmp_path / "dlt" / "pipelines" / "altur_calls"


def assert_truth(warehouse: Warehouse, world: ManualWorld, told: str = "") -> None:
    """Compare field by field; no row, child or ledger entry twice, none without its parent or its load."""
    children = ("contact", "tags", "policies", "extracted_data")
    assert warehouse.calls(2) == as_loaded(world.calls(2)), told
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls__contact") == len(world.calls(2)), told
    orphans = " UNION ALL ".join(
        f"SELECT '{table}', call_id FROM altur.campaign_calls__{table} "
        "WHERE call_id NOT IN (SELECT id FROM altur.campaign_calls)"
        for table in children
    )
    assert warehouse.rows(orphans) == [], told
    assert double_reads(warehouse) == [], told
    unfinished = (
        "SELECT count(*) FROM altur.call_windows WHERE _dlt_load_id NOT IN "
        "(SELECT load_id FROM altur._dlt_loads WHERE status = 0)"
    )
    assert warehouse.value(unfinished) == 0, told


def double_reads(warehouse: Warehouse) -> list[Any]:
    """Return the reads that the ledger has twice."""
    return warehouse.rows(
        "SELECT campaign_id, window_start, window_end, read_at FROM altur.call_windows "
        "GROUP BY ALL HAVING count(*) > 1"
    )


# The crash point at which dlt doubles rows. -------------------------------------------------------------

CRASH = """
import os
from pathlib import Path
from dlt.common.destination.client import RunnableLoadJob

release = RunnableLoadJob._release

def crash(job, state):
    name = Path(job._file_path).name
    if state == "completed" and name.startswith("campaign_calls__tags.") and name.endswith(".parquet"):
        os._exit(137)  # the copy into the staging dataset is committed, and dlt has not noted it
    release(job, state)

RunnableLoadJob._release = crash
"""
PLAIN_RUN = """
import dlt
from altur_calls import altur_source

dlt.pipeline("altur_calls", destination="duckdb", dataset_name="altur").run(altur_source())
"""
OUR_RUN = """
from altur_calls.cli import main

main(["run"])
"""


@pytest.fixture(params=[PLAIN_RUN, OUR_RUN], ids=["of plain dlt", "of altur-calls"])
def crash(request: pytest.FixtureRequest, environment: dict[str, str]) -> None:
    """Crash in the middle of the first load, right after the copy into dlt's staging dataset."""
    crashed = python(CRASH + request.param, environment)
    assert crashed.returncode == 137, crashed.stderr


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run some Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")  # dlt, when it resumes a package
@pytest.mark.usefixtures("crash")
def test_dlt_by_itself_doubles_the_rows_of_a_load_that_crashed(
    settings: Fields, warehouse: Warehouse
) -> None:
    """Of dlt 1.31.0, without any error: the reason for the cure. When this fails, dlt has healed."""
    pipeline = dlt.pipeline("altur_calls", destination="duckdb", dataset_name="altur")
    assert pipeline.has_pending_data

    pipeline.run(altur_source(**settings))
    pipeline.run(altur_source(**settings))

    tags = "FROM (SELECT call_id, position, count(*) AS rows FROM altur.campaign_calls__tags GROUP BY ALL)"
    assert warehouse.value(f"SELECT count(DISTINCT call_id) {tags}") == CALLS
    assert warehouse.value(f"SELECT max(rows) {tags}") == 2


@pytest.mark.usefixtures("crash")
def test_the_next_run_ends_at_the_truth_where_dlt_would_double(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """In one invocation: what was pending is forgotten and read again, with what came since."""
    world.put(2, example_call("since", NOON + timedelta(days=1)))

    done = run(Target(), **settings)

    assert (done.exit_code, done.total_calls) == (0, CALLS + 1)
    assert_truth(warehouse, world)


@pytest.mark.parametrize("crash", [OUR_RUN], indirect=True, ids=["of altur-calls"])
@pytest.mark.usefixtures("crash")
def test_so_does_the_next_command(
    world: ManualWorld, environment: dict[str, str], warehouse: Warehouse
) -> None:
    """As a scheduler would start it."""
    done = subprocess.run([COMMAND, "run"], env=environment, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0
    assert_truth(warehouse, world)


# Killed at any moment. ----------------------------------------------------------------------------------

IN_CHUNKS = """
from altur_calls.pipeline import run
from altur_calls.warehouse.target import Target

run(Target(), chunk_calls=40)
"""
STAGES = {
    "asking": "no file",
    "writing what came": "normalize/*/*/new_jobs/*",
    "normalising": "load/new/*/new_jobs/*",
    "ready to load": "load/normalized/*/new_jobs/*",
    "loading": "load/normalized/*/started_jobs/*",
    "loaded in part": "load/normalized/*/completed_jobs/*",
    "loaded": "load/loaded/*",
}
"""Signs of progress: files in dlt's working folder; of asking, the requests that were answered."""


@dataclass(frozen=True)
class Moment:
    """When to kill: at the n-th sign of a stage, and up to some milliseconds later."""

    stage: str
    signs: int
    later_seconds: float


def moment_of(random: Random, stage: str) -> Moment:
    """Choose a moment within a stage."""
    return Moment(stage, random.randint(1, 6 if stage == "asking" else 2), random.uniform(0, 0.05))


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_kill_at_any_moment_the_next_run_ends_at_the_truth(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    environment: dict[str, str],
    folder: Path,
    warehouse: Warehouse,
    load_first: Callable[[], object],
    seed: int,
) -> None:
    """In the first load or a later one, of one package or of many; once, or again before it recovered."""
    random = Random(seed)  # noqa: S311 (chance, not secrecy)
    stages = random.sample(list(STAGES), k=random.choice((1, 2)))
    stages[0] = list(STAGES)[seed % len(STAGES)]
    command = [COMMAND, "run"] if seed % 2 else [sys.executable, "-c", IN_CHUNKS]
    if seed % 3:
        load_first()
    for number, stage in enumerate(stages):
        change(world, number)
        was_killed = kill(command, environment, sandbox, folder, moment_of(random, stage))
        log.info(
            "seed %s, %s: %s", seed, stage, "killed" if was_killed else "ended before it could be killed"
        )

    done = run(Target(), **settings)

    told = f"seed {seed}: {stages}"
    assert done.exit_code == 0, told
    assert_truth(warehouse, world, told)


def change(world: ManualWorld, number: int) -> None:
    """Let calls come, of the present, and let those in progress change."""
    for position in range(60):
        world.put(2, example_call(f"new_{number}_{position}", datetime.now(UTC) - timedelta(seconds=1.2)))
    for position in range(CALLS - 3, CALLS):
        world.change(f"call_{position:03}", tags=[f"tag {number}"] * number, duration=number)


def kill(
    command: list[Any], environment: dict[str, str], sandbox: Sandbox, folder: Path, moment: Moment
) -> bool:
    """Start a process and kill it at a moment of its work; false if it ended before that came."""
    asked, old = len(sandbox.requests), files_of(moment.stage, folder)

    def signs() -> int:
        if moment.stage == "asking":
            return len(sandbox.requests) - asked
        return len(files_of(moment.stage, folder) - old)

    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and signs() < moment.signs:
            time.sleep(0.002)
        time.sleep(moment.later_seconds)
        process.send_signal(signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def files_of(stage: str, folder: Path) -> set[Path]:
    """Return the files of a stage; they come and go while they are looked for."""
    try:
        return set(folder.glob(STAGES[stage]))
    except FileNotFoundError:
        return set()


# Lost and half-written files. ---------------------------------------------------------------------------


def cut_short(path: Path) -> None:
    """Keep the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no folder of dlt at all": lambda folder: shutil.rmtree(folder.parent.parent),
    "no working folder": shutil.rmtree,
    "an empty working folder": lambda folder: (shutil.rmtree(folder), folder.mkdir()),
    "a half-written state": lambda folder: cut_short(folder / "state.json"),
    "an empty state": lambda folder: (folder / "state.json").write_bytes(b""),
    "no state": lambda folder: (folder / "state.json").unlink(),
    "a half-written schema": lambda folder: cut_short(next((folder / "schemas").glob("*.json"))),
    "a half-written package": lambda folder: (folder / "load" / "normalized" / "1.0" / "new_jobs").mkdir(
        parents=True
    ),
    "a stale lock": lambda folder: folder.with_suffix(".lock").write_text("99999"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_working_folder_that_is_lost_or_damaged_costs_nothing(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    warehouse: Warehouse,
    folder: Path,
    load_first: Callable[[], object],
    damage: Callable[[Path], object],
) -> None:
    """The warehouse knows all that counts: nothing is read again from the beginning."""
    load_first()
    asked = len(sandbox.requests)
    world.change("call_189", tags=["changed"])
    damage(folder)

    done = run(Target(), **settings)

    assert (done.exit_code, done.new_calls) == (0, 0)
    assert_truth(warehouse, world)
    assert all("startDate" in request.params for request in sandbox.requests[asked:])


# A lost network. ----------------------------------------------------------------------------------------


def test_a_network_lost_in_the_middle_of_a_backfill_keeps_what_came(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """All that was read before it is loaded, the last chunk too, and the next run asks for the others.

    And for a few calls between them, where that saves requests. The calls lie evenly: one request tells how
    many they are and one the oldest; then one finds nothing before it, and 17 find 36 or 37 calls each, in
    any order. The last four fail, which is told after two retries, when the others have long been read.
    """
    calls = 620
    for number in range(CALLS):
        world.delete(f"call_{number:03}")
    for number in range(calls):
        world.put(2, example_call(f"even_{number:03}", datetime.now(UTC) - timedelta(hours=10 * number + 1)))
    backfill = {**settings, "chunk_calls": 150, "retry_for_seconds": 2}
    sandbox.faults.add("reset", times=None, after=16)

    with pytest.raises(ApiUnavailable):
        run(Target(), **backfill)
    kept = warehouse.value("SELECT count(*) FROM altur.campaign_calls")
    sandbox.faults.clear()
    done = run(Target(), **backfill)

    assert 400 <= kept < calls
    assert done.new_calls == calls - kept
    assert done.read_calls - done.new_calls < kept / 2
    assert_truth(warehouse, world)


# A full disk. -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SmallDisk:
    """A folder that holds little, until it is enlarged."""

    path: Path
    largest_file: int | None
    """Bytes, where no small disk could be made: then files are limited instead."""

    def run(self, arguments: list[Any], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a process while there is little room."""

        def limit() -> None:
            if self.largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest_file, self.largest_file))

        return subprocess.run(
            arguments,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            preexec_fn=limit,
        )

    def enlarge(self) -> None:
        """Make room."""
        if self.largest_file is None:
            subprocess.run(["mount", "-o", "remount,size=256m", self.path], check=True)


ROOM = {"the warehouse's": "5m", "the working folder's": "1m"}


@pytest.fixture(params=ROOM)
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SmallDisk, dict[str, str]]]:
    """Yield a disk without room for a load, and the settings that put the warehouse or dlt's folder on it."""
    path = tmp_path / "small"
    path.mkdir()
    size = ROOM[request.param]
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True, check=False
    )
    disk = SmallDisk(path, None if mounted.returncode == 0 else int(size[:-1]) * 500_000)
    if request.param == "the warehouse's":
        yield disk, {"DESTINATION__DUCKDB__CREDENTIALS": str(path / "altur_calls.duckdb")}
    else:
        yield disk, {"DLT_DATA_DIR": str(path)}
    if mounted.returncode == 0:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_a_full_disk_is_told_and_the_next_run_with_room_ends_at_the_truth(
    world: ManualWorld,
    settings: Fields,
    environment: dict[str, str],
    full: tuple[SmallDisk, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever disk it is: what was written is not half believed."""
    disk, where = full
    random = Random(0)  # noqa: S311 (data that no file format makes smaller)
    for number in range(600):
        notes = {"notes": random.randbytes(4_000).hex()}
        world.put(2, example_call(f"more_{number}", NOON - timedelta(minutes=number), extracted_data=notes))
    given = {**environment, "SOURCES__ALTUR__MAX_WINDOW_CALLS": "1000", **where}

    failed = disk.run([COMMAND, "run"], given)
    disk.enlarge()
    for name, value in where.items():
        monkeypatch.setenv(name, value)
    done = run(Target(), **{**settings, "max_window_calls": 1000})

    assert failed.returncode == WarehouseError.exit_code, failed.stderr
    assert failed.stderr.count("altur-calls:") == 1
    assert done.exit_code == 0
    assert_truth(
        Warehouse(Path(where.get("DESTINATION__DUCKDB__CREDENTIALS", tmp_path / "altur_calls.duckdb"))), world
    )


# Two at once. -------------------------------------------------------------------------------------------


@pytest.fixture
def first_run(
    sandbox: Sandbox, environment: dict[str, str], load_first: Callable[[], object]
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a run, of a warehouse that holds calls, in the middle of a request."""
    load_first()
    asked = threading.Event()
    sandbox.faults.add("call", do=asked.set)
    sandbox.faults.add("slow", seconds=60, times=None)
    with subprocess.Popen([COMMAND, "run"], env=environment, stderr=subprocess.DEVNULL) as process:
        assert asked.wait(timeout=30)
        yield process
        process.kill()


@pytest.mark.usefixtures("first_run")
def test_a_second_run_leaves_at_once_and_touches_nothing(
    sandbox: Sandbox, environment: dict[str, str], tmp_path: Path
) -> None:
    """Within two seconds, the start of Python and dlt included: the better of two.

    A machine that is shared may need as long for a start alone: then within twice that.
    """
    before, asked = files_in(tmp_path), len(sandbox.requests)
    command, start = [COMMAND, "run"], [sys.executable, "-c", "import altur_calls.pipeline"]

    codes, seconds = zip(*(timed(command, environment) for _ in range(2)), strict=True)

    assert set(codes) == {75}
    assert min(seconds) < 2 or min(seconds) < 2 * timed(start, environment)[1]
    assert files_in(tmp_path) == before
    assert len(sandbox.requests) == asked


def timed(command: list[Any], environment: dict[str, str]) -> tuple[int, float]:
    """Run a command; return its exit code and its seconds."""
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    return done.returncode, time.monotonic() - began


def files_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every file with its size and the time of its last change, but locks and the journal of runs."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.suffix not in {".lock", ".jsonl"}
    }


def test_the_lock_of_a_killed_run_is_free(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    warehouse: Warehouse,
    folder: Path,
    first_run: subprocess.Popen[bytes],
) -> None:
    """The system frees it with the process; no file has to be removed."""
    first_run.kill()
    first_run.wait()
    sandbox.faults.clear()

    done = run(Target(), **settings)

    assert done.exit_code == 0
    assert folder.with_suffix(".lock").exists()
    assert_truth(warehouse, world)
