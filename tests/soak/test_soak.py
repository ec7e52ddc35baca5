"""Runs one after the other, for days of a living world with faults: nothing grows but the warehouse.

``make soak`` does three hundred in one process and in as many, and prints what they took; the continuous
integration does eight.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from living import CAMPAIGNS, LivingWorld
from looping import EVERY

from altur_calls.runs.journal import KEPT, journal_of
from altur_calls.warehouse.target import NAME
from altur_calls.windows import utc_now
from altur_sandbox import Faults, Manners, Sandbox
from common import COMMAND, KEY, METER
from warehouse import Warehouse, as_loaded

SECOND = timedelta(seconds=1)
RUNS = int(os.environ.get("ALTUR_SOAK", "8"))
MOST_GROWTH = 1.1
ENOUGH = 100
"""Fewer runs don't tell to a tenth how long one takes, for the machine has others to serve, nor how large the
warehouse is, for DuckDB leaves room in it and takes it up again."""
UNSTEADY = {"cpu_seconds", "bytes_a_call"}
DAYS, MINUTES, OLDEST = (10, 20, 3) if RUNS >= ENOUGH else (5, 2, 1.5)
"""How old the worlds are, and at which seconds of their age calls last change by the real clock."""

ORIGIN = datetime(2026, 3, 2, 18, tzinfo=UTC)
SLACK = 3 * SECOND
"""Windows begin and end at whole seconds, so what is due is read this much later."""

LOOPING = Path(__file__).with_name("looping.py")
OUTCOMES = {0: "ok", 3: "incomplete", 69: "unavailable"}

Taken = dict[str, float]
"""What a run took, and what there was after it."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="it is measured as Linux tells it"
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs publish, give up soon, and keep temporary files where they are counted."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    monkeypatch.setenv("SOURCES__ALTUR__API_KEY", KEY)
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", str(list(CAMPAIGNS)))
    monkeypatch.setenv("SOURCES__ALTUR__REQUESTS_PER_SECOND", "1000")
    monkeypatch.setenv("SOURCES__ALTUR__RETRY_FOR_SECONDS", "1")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / f"{NAME}.duckdb")


def test_runs_in_one_process_leave_nothing_behind(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``run --every 15m`` makes them, for days in which every tenth run fails and another is in doubt."""
    world = LivingWorld(ORIGIN, EVERY, timedelta(days=DAYS), timedelta(days=3))
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox, looping(sandbox, monkeypatch) as run:
        taken = []
        for number in range(RUNS):
            now = ORIGIN + number * EVERY
            world.advance(now)
            trouble(sandbox, number, lambda: world.advance(world.now + SECOND))
            taken.append({**run(now), **left_by(warehouse)})
        rest(world, sandbox)
        at_last = run(world.settled_at + EVERY)

    report("one process", taken)
    assert_truth(warehouse, world, [*taken, at_last])
    assert_no_growth(taken)


def test_processes_one_after_the_other_leave_nothing_behind(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command itself, by the real clock, in a world that lives fast and is read again as soon."""
    monkeypatch.setenv("SOURCES__ALTUR__REREAD_AGES_MINUTES", "[0.05, 0.2, 0.8, 3.2]")
    result = tmp_path_factory.mktemp("meter") / "taken.json"
    world = LivingWorld(utc_now(), SECOND, timedelta(minutes=MINUTES), OLDEST * SECOND)
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)
        taken = []
        for number in range(RUNS):
            trouble(sandbox, number, lambda: world.advance(utc_now()))
            world.advance(utc_now())
            taken.append({**command(result), **left_by(warehouse)})
        rest(world, sandbox)
        at_last = []
        due = world.settled_at + SLACK
        while utc_now() < due:
            at_last.append(command(result))
        at_last.append(command(result))

    report("processes", taken)
    assert_truth(warehouse, world, [*taken, *at_last])
    assert_no_growth(taken)


def trouble(sandbox: Sandbox, number: int, amid: Callable[[], object]) -> None:
    """Let go wrong what befalls a run; ``amid`` requests time goes on, so that pages shift."""
    sandbox.faults, sandbox.manners = Faults(), Manners()
    sandbox.faults.add("call", times=None, do=amid)
    match number % 10:
        case 1:
            sandbox.faults.add("status", status=429, retry_after=0, after=1)
        case 2:
            sandbox.faults.add("truncated")
        case 3:  # no window can be proved
            sandbox.manners = Manners(total_count="unfiltered")
        case 5:
            sandbox.manners = Manners(max_page_size=3, order="unstable")
        case 6:
            sandbox.faults.add("slow", seconds=0.2)
            sandbox.faults.add("reset", after=1)
        case 7:  # the run fails
            sandbox.faults.add("status", status=503, times=None, after=1)
        case 8:
            sandbox.faults.add("status", status=500, retry_after=0)


def rest(world: LivingWorld, sandbox: Sandbox) -> None:
    """Let nothing happen or go wrong any more."""
    world.rest()
    sandbox.faults, sandbox.manners = Faults(), Manners()


@contextmanager
def looping(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[datetime], Taken]]:
    """Start a process that runs again and again; yield what makes it run at a moment."""
    monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)
    with subprocess.Popen(
        [sys.executable, LOOPING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin
        assert stdout

        def run(now: datetime) -> Taken:
            stdin.write(f"{now.isoformat()}\n")
            return dict(json.loads(stdout.readline()))

        yield run
        stdin.close()


def command(result: Path) -> Taken:
    """Run the command, and return what its process took."""
    subprocess.run(
        [sys.executable, METER, result, COMMAND, "run"], check=True, capture_output=True, timeout=60
    )
    return dict(json.loads(result.read_text()))


def left_by(warehouse: Warehouse) -> Taken:
    """Return what there is after a run, beside the journal, which keeps the last fifty."""
    files = [path for path in warehouse.path.parent.rglob("*") if path.is_file()]
    others = [path for path in files if path.suffix != ".duckdb" and path != journal_of(NAME).path]
    calls = warehouse.value("SELECT count(*) FROM altur.campaign_calls")
    return {
        "files": len(files),
        "bytes_beside": sum(path.stat().st_size for path in others),
        "bytes_a_call": warehouse.path.stat().st_size / calls,
        "calls": calls,
    }


def growth(taken: list[Taken], name: str) -> tuple[float, float]:
    """Return the medians of a measure in the second and in the last quarter: before that runs warm up."""
    quarter = len(taken) // 4
    values = [each[name] for each in taken]
    return median(values[quarter : 2 * quarter]), median(values[-quarter:])


def report(what: str, taken: list[Taken]) -> None:
    """Print what the runs took."""
    lines = [f"{len(taken)} runs, {what}", f"{'':14}{'2nd quarter':>14}{'last quarter':>14}"]
    for name in [name for name in taken[0] if name != "exit_code"]:
        earlier, later = growth(taken, name)
        lines.append(f"{name:14}{earlier:14,.2f}{later:14,.2f}{later / earlier - 1:+8.1%}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def assert_no_growth(taken: list[Taken]) -> None:
    """Compare each measure but the calls, and wall time, which tells of the machine."""
    left_out = {"exit_code", "calls", "seconds"} | (set() if len(taken) >= ENOUGH else UNSTEADY)
    for name in [name for name in taken[0] if name not in left_out]:
        earlier, later = growth(taken, name)
        assert later <= MOST_GROWTH * earlier, f"{name} grew from {earlier:,} to {later:,}"


def assert_truth(warehouse: Warehouse, world: LivingWorld, taken: list[Taken]) -> None:
    """Compare the warehouse with the world field by field, and its runs with how they ended."""
    vanished = {
        call_id for (call_id,) in warehouse.rows("SELECT id FROM altur.campaign_calls WHERE is_deleted")
    }
    for campaign_id in CAMPAIGNS:
        loaded = [call for call in warehouse.calls(campaign_id) if call["id"] not in vanished]
        assert loaded == as_loaded(world.calls(campaign_id))
    assert vanished or len(taken) < ENOUGH  # so few runs see a minute of the world
    outcomes = [
        outcome for (outcome,) in warehouse.rows("SELECT outcome FROM altur.runs ORDER BY started_at")
    ]
    assert outcomes == [OUTCOMES[int(each["exit_code"])] for each in taken]
    assert set(outcomes) == set(OUTCOMES.values())
    published = Warehouse(warehouse.path.with_suffix(".published.duckdb"))
    assert published.value("SELECT calls FROM analytics.publication") == sum(
        len(world.calls(campaign_id)) for campaign_id in CAMPAIGNS
    )
    assert len(journal_of(NAME).rows()) == min(KEPT, len(taken))
