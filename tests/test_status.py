"""How things stand, as people, machines and monitors are told: real runs and files, a given clock."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from altur_calls.arguments import duration
from altur_calls.errors import AlturError, ApiUnavailable, Busy, KeyRefused, SettingsError
from altur_calls.monitoring.standing import Standing, standing
from altur_calls.monitoring.status import page, problems, verdict
from altur_calls.pipeline import run
from altur_calls.runs.journal import journal_of
from altur_calls.warehouse.lock import is_held, only_run
from altur_calls.warehouse.target import NAME, Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON, Cli
from warehouse import Warehouse

Fields = dict[str, Any]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = NOON + DAY
NOBODY = 65_534
"""The user that owns nothing."""


def load(settings: Fields, *moments: datetime, **changed: Any) -> None:
    """Load at each of some moments."""
    for moment in moments:
        run(Target(), clock=lambda moment=moment: moment, **{**settings, **changed})


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let the world have been loaded at the start, by a run before."""
    loaded(clock=at_start)


@pytest.fixture
def once_published(loaded: Callable[..., Warehouse]) -> None:
    """Let it have been published, too."""
    loaded(clock=at_start, is_published=True)


def at_start() -> datetime:
    return START


def refused(settings: Fields, moment: datetime) -> None:
    """Try to load with a wrong key."""
    with pytest.raises(KeyRefused):
        load(settings, moment, api_key="wrong")


def noted(*moments: datetime, **told: Any) -> None:
    """Note runs like the last one there was, into the copy of its warehouse, at some moments."""
    journal = journal_of(NAME)
    like = journal.rows()[-1]
    for moment in moments:
        began = moment.isoformat()
        here = {"run_id": began, "started_at": began, "ended_at": began, "warehouse": str(Target().file())}
        journal.note({**like, **here, **told})


def stands(now: datetime) -> Standing:
    return standing(Target(), clock=lambda: now)


def wrong(now: datetime) -> list[str]:
    return [problem.what for problem in problems(stands(now))]


def check(now: datetime, max_age: timedelta = 2 * HOUR) -> tuple[int, str]:
    return verdict(stands(now), max_age)


# The page. ----------------------------------------------------------------------------------------------


def test_the_page_tells_what_was_done_how_far_it_is_proved_and_what_is_next(
    settings: Fields, world: ManualWorld
) -> None:
    """In less than twenty lines, none too long for a terminal, but for those of paths and advice."""
    world.put(2, example_call("talking", START - HOUR, status="in-progress"))
    load(settings, START - 30 * MINUTE)
    noted(*(START + number * 15 * MINUTE for number in range(-1, 2)))
    load(settings, START + 30 * MINUTE)

    told = page(stands(START + 34 * MINUTE))

    assert told.startswith("All is well.")
    assert "2026-03-03 18:30  4 min ago   ok" in told
    assert "2026-03-03 18:30  4 min ago" in told.partition("CAMPAIGNS")[2]
    assert "A run at 2026-03-03 18:45, if they come every 15 min as before: what is new, 1 calls in" in told
    assert "WRONG" not in told
    assert len(told.splitlines()) < 20


def test_what_is_wrong_is_told_with_what_to_do(settings: Fields, world: ManualWorld) -> None:
    """A campaign in doubt, by the reason of its first window."""
    call = world.calls(2)[0]
    world.put_raw(2, call, created_at=call["created_at"])  # counted, but listed once
    load(settings, START)

    told = page(stands(START + MINUTE))

    assert told.startswith("2 things are wrong.")
    assert "ended as incomplete: campaign 2 [" in told
    assert "Campaign 2: 1 window could not be proved" in told
    assert "altur-calls run --campaign 2 --since" in told


def test_before_the_first_run_there_is_only_what_to_do() -> None:
    """No traceback, and no file is made."""
    assert wrong(START) == ["Nothing is loaded yet."]
    assert list(Path().glob("*.duckdb*")) == []
    assert check(START) == (6, "nothing is loaded yet")


def test_a_run_that_failed_before_there_was_a_warehouse_is_told(settings: Fields) -> None:
    """Only the journal knows of it."""
    with pytest.raises(AlturError):
        run(Target(), **{**settings, "campaign_ids": "x"})

    (what,) = wrong(datetime.now(UTC))

    assert "ended as settings: campaign_ids holds 'x'" in what


@pytest.mark.usefixtures("once_loaded")
def test_how_often_a_run_failed_in_a_row_is_told(settings: Fields) -> None:
    """Once may be the network."""
    refused(settings, START + MINUTE)
    noted(START + 2 * MINUTE, START + 3 * MINUTE)

    (what,) = wrong(START + 4 * MINUTE)

    assert "ended as refused, for the 3. time in a row: GET /campaigns/" in what


@pytest.mark.usefixtures("once_loaded")
def test_a_schedule_that_stopped_is_told() -> None:
    """Runs came every quarter of an hour, and then none."""
    noted(*(START + number * 15 * MINUTE for number in range(1, 5)))

    assert wrong(START + 85 * MINUTE) == []
    assert wrong(START + 95 * MINUTE) == [
        "No run began since 2026-03-03 19:15, though they came every 15 min."
    ]


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.parametrize(
    "minutes",
    [
        pytest.param([1, 180, 181, 540], id="now and then"),
        pytest.param([15, 30, 45], id="a few"),
        pytest.param([number * 8 / 60 for number in range(1, 7)], id="one after the other"),
    ],
)
def test_runs_by_hand_are_no_schedule(minutes: list[float]) -> None:
    """Nobody is told to see to a scheduler that is not there."""
    noted(*(START + number * MINUTE for number in minutes))

    assert wrong(START + 30 * DAY) == []


# Where it is seen. --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_published")
def test_it_is_told_while_a_run_has_the_warehouse() -> None:
    """From what is published, and the journal."""
    noted(START + HOUR, ended_at=None, outcome="running")

    with Target().opened():
        told = stands(START + HOUR)

    assert told.running
    assert told.seen_in == Target().published()
    assert [run["outcome"] for run in told.runs] == ["running", "ok"]
    assert [run["outcome"] for run in stands(START + HOUR).runs] == ["killed", "ok"]


@pytest.mark.parametrize("is_published", [False, True])
def test_the_command_tells_of_a_run_that_is_under_way(
    cli: Cli, loaded: Callable[..., Warehouse], settings: Fields, sandbox: Sandbox, *, is_published: bool
) -> None:
    """It has the working file, for hours when it is the first; the run notices nothing."""
    if is_published:
        loaded(is_published=True)
    seen: list[subprocess.CompletedProcess[str]] = []
    sandbox.faults.add("call", do=lambda: seen.append(cli("status", "--json")))

    done = run(Target(), **settings, since="2026-01-01")

    (status,) = seen
    told = json.loads(status.stdout)
    assert (status.returncode, done.exit_code) == (0, 0)
    assert told["is_running"]
    assert [run["outcome"] for run in told["runs"]] == ["running", "ok"][: 1 + is_published]
    assert len(told["campaigns"]) == 2 * is_published


@pytest.mark.usefixtures("once_loaded")
def test_without_a_published_file_the_warehouse_is_read(tmp_path: Path) -> None:
    """Whoever does not publish is told as well."""
    assert stands(START).seen_in == tmp_path / "altur_calls.duckdb"
    assert [campaign.calls for campaign in stands(START).campaigns] == [0, 3]


@pytest.mark.usefixtures("once_published")
def test_runs_that_fail_with_another_folder_of_dlt_are_told(
    settings: Fields, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They publish nothing, and their journal is not here: the working file knows of them."""
    refused(settings, START + MINUTE)
    monkeypatch.delenv("PUBLISHING__ENABLED")
    monkeypatch.setenv("DLT_DATA_DIR", "elsewhere")

    code, told = check(START + 2 * MINUTE)

    assert (code, told.partition(": ")[0]) == (6, "refused")
    assert stands(START + 2 * MINUTE).seen_in == Target().published()


@pytest.mark.usefixtures("once_published")
def test_who_cannot_open_the_working_file_is_told_what_is_published(
    cli: Cli, settings: Fields, sandbox: Sandbox
) -> None:
    """A run has it, and its lock is in another folder of dlt."""
    seen: list[subprocess.CompletedProcess[str]] = []
    environment = {"DLT_DATA_DIR": "elsewhere", "PUBLISHING__ENABLED": "true"}
    sandbox.faults.add("call", do=lambda: seen.append(cli("status", "--json", **environment)))

    run(Target(), **settings, since="2026-01-01")

    (status,) = seen
    assert status.returncode == 0, status.stderr
    assert [run["outcome"] for run in json.loads(status.stdout)["runs"]] == ["ok"]


@pytest.mark.usefixtures("once_published")
def test_a_warehouse_that_was_deleted_is_told(tmp_path: Path) -> None:
    """What readers have is as good as before; the next run reads years again."""
    (tmp_path / "altur_calls.duckdb").unlink()

    said = f"The warehouse {tmp_path}/altur_calls.duckdb is not there: the next run loads everything"
    assert check(START) == (6, f"gone: {said} from the beginning.")
    assert wrong(START) == [f"{said} from the beginning."]
    assert [campaign.calls for campaign in stands(START).campaigns] == [0, 3]
    (tmp_path / "altur_calls.published.duckdb").unlink()
    noted(START, last_load_id="1")
    assert check(START)[0] == 6


@pytest.mark.usefixtures("once_published")
def test_where_there_is_only_what_is_published_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs may be on another machine, with their journal; they publish to a folder of both."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (tmp_path / "altur_calls.published.duckdb").rename(folder / "altur_calls.published.duckdb")
    (tmp_path / "altur_calls.duckdb").unlink()
    monkeypatch.setenv("PUBLISHING__FOLDER", str(folder))
    monkeypatch.setenv("DLT_DATA_DIR", "elsewhere")

    assert (check(START)[0], wrong(START)) == (0, [])


@pytest.mark.usefixtures("once_published")
def test_a_published_file_that_is_behind_is_told(settings: Fields, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing failed."""
    load(settings, START + HOUR)
    monkeypatch.delenv("PUBLISHING__ENABLED")

    assert wrong(START + HOUR) == ["Readers do not see the last load yet."]


@pytest.mark.usefixtures("once_published")
def test_what_was_published_before_that_was_switched_off_is_not_asked(
    settings: Fields, tmp_path: Path
) -> None:
    """It would get ever older; while a run has the warehouse, nothing is known but that."""
    load(settings, START + DAY)

    assert wrong(START + DAY) == []
    assert check(START + DAY)[0] == 0
    assert stands(START + DAY).seen_in == tmp_path / "altur_calls.duckdb"
    with Target().opened():
        assert stands(START + DAY).seen_in is None


@pytest.mark.usefixtures("once_loaded")
def test_looking_at_it_writes_nothing_to_the_folder_of_a_run(tmp_path: Path) -> None:
    """Dlt throws a folder away that it does not know, and one may be a run's that begins."""
    folder = tmp_path / "dlt" / "pipelines" / NAME
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()

    stands(START)

    assert list(folder.iterdir()) == []


def test_looking_at_the_lock_makes_no_run_busy(tmp_path: Path) -> None:
    """Who looks holds it for a moment; a run waits that long."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            is_held(tmp_path, NAME)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(look)
        try:
            for _ in range(100):
                with only_run(tmp_path, NAME):
                    assert is_held(tmp_path, NAME)
        finally:
            is_over.set()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user without rights, where this is the one with all of them."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize(("mode", "is_seen"), [(0o444, True), (0o000, False)])
def test_who_may_not_write_the_lock_is_told_what_can_be_seen(
    tmp_path: Path, mode: int, *, is_seen: bool
) -> None:
    """A monitor is another user than the runs."""
    tmp_path.chmod(0o755)
    with only_run(Path(), NAME):
        Path(f"{NAME}.lock").chmod(mode)
        with as_nobody():
            assert is_held(Path(), NAME) is is_seen
    with as_nobody():
        assert not is_held(Path(), NAME)


def test_who_may_not_enter_the_folder_of_the_lock_sees_no_run(tmp_path: Path) -> None:
    """It is no reason to tell nothing."""
    folder = tmp_path / "closed"
    with only_run(folder, NAME):
        folder.chmod(0o000)
        with as_nobody():
            assert not is_held(folder, NAME)
        folder.chmod(0o755)


# For monitors. ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_check_is_good_while_all_campaigns_are_proved_lately(settings: Fields) -> None:
    """The oldest counts."""
    load(settings, START + HOUR, campaign_ids=[2])

    code, told = check(START + 90 * MINUTE)
    assert (code, told.startswith("ok: campaign 1 is proved until 2026-03-03 18:00 UTC, 90 min")) == (0, True)

    code, told = check(START + 3 * HOUR)
    assert (code, told) == (
        6,
        "too old: campaign 1 is proved until 2026-03-03 18:00 UTC, 3 h ago (at most 2 h)",
    )


@pytest.mark.usefixtures("once_loaded")
def test_a_campaign_that_is_no_longer_loaded_alerts_nobody(settings: Fields) -> None:
    """After two runs without it: one may have been by hand."""
    load(settings, START + 3 * HOUR, campaign_ids=[2])
    assert check(START + 3 * HOUR)[0] == 6

    load(settings, START + 4 * HOUR, campaign_ids=[2])

    assert check(START + 4 * HOUR)[0] == 0


@pytest.mark.usefixtures("once_loaded")
def test_what_the_next_run_may_mend_is_borne_for_a_while(settings: Fields) -> None:
    """An API that is down at night wakes nobody before it is too late."""
    with pytest.raises(ApiUnavailable):
        load(settings, START + MINUTE, base_url="http://127.0.0.1:9", retry_for_seconds=0.1)

    code, told = check(START + HOUR)
    assert (code, "the last run ended as unavailable" in told) == (0, True)
    assert check(START + 3 * HOUR)[0] == 6


@pytest.mark.usefixtures("once_loaded")
def test_what_no_run_mends_alerts_at_once(settings: Fields) -> None:
    """Somebody has to do something."""
    refused(settings, START + MINUTE)

    code, told = check(START + 2 * MINUTE)

    assert (code, told.partition(": ")[0]) == (6, "refused")


@pytest.mark.usefixtures("once_loaded")
def test_runs_that_gave_way_to_another_hide_nothing(settings: Fields) -> None:
    """Be they many: how the last that did anything ended is told, and no schedule is seen in them."""
    refused(settings, START + MINUTE)
    with Target().opened(), pytest.raises(Busy):
        load(settings, START + 2 * MINUTE)
    noted(*(START + number * MINUTE for number in range(3, 62)))

    told = stands(START + 62 * MINUTE)

    assert [run["outcome"] for run in told.runs] == ["refused", "ok"]
    assert told.interval is None
    assert verdict(told, HOUR)[1].startswith("refused: ")


def test_a_first_load_that_takes_too_long_alerts_though_others_gave_way_to_it(settings: Fields) -> None:
    """It is judged by its own beginning."""
    began = datetime.now(UTC) - 3 * HOUR
    row = {"run_id": "first", "started_at": began.isoformat(), "ended_at": None, "outcome": "running"}
    journal_of(NAME).note({**row, "error": None, "campaign_ids": [], "is_span": False, "seconds": None})
    with Target().opened():
        with pytest.raises(Busy):
            run(Target(), **settings)
        told = check(began + 3 * HOUR)

    assert told == (6, "too long: a run is under way for 3 h, and nothing that is loaded is published")


def test_a_campaign_that_was_never_proved_alerts(settings: Fields) -> None:
    """It was added, and is not there."""
    load(settings, START, campaign_ids=[2, 99])

    assert check(START) == (6, "campaign 99 was never proved")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7_200), (" 1d ", 86_400), ("36h", 129_600)]
)
def test_a_length_of_time_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert duration("--max-age", text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "0h", "-1h", "1.5h", "2 hours", "²h"])
def test_anything_else_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--max-age is .*: write a number and a unit"):
        duration("--max-age", text)


# The command. -------------------------------------------------------------------------------------------


def test_the_command_tells_people_machines_and_monitors(
    cli: Cli, inside: Cli, loaded: Callable[..., Warehouse]
) -> None:
    """Three ways, one truth."""
    loaded()

    people, machines, monitors = inside("status"), inside("status", "--json"), cli("status", "--check")

    assert people.stdout.startswith("All is well.")
    told = json.loads(machines.stdout)
    assert [run["outcome"] for run in told["runs"]] == ["ok"]
    assert [campaign["campaign_id"] for campaign in told["campaigns"]] == [1, 2]
    assert (told["problems"], told["is_running"]) == ([], False)
    assert monitors.stdout.startswith("ok: campaign")
    assert monitors.stdout.count("\n") == 1
    assert [done.returncode for done in (people, machines, monitors)] == [0, 0, 0]


def test_the_command_alerts(inside: Cli) -> None:
    """One line, exit code 6, and as JSON where that is asked for."""
    done = inside("status", "--check", "--json")

    assert done.returncode == 6
    assert json.loads(done.stdout)["verdict"] == "nothing is loaded yet"


@pytest.mark.usefixtures("once_loaded")
def test_a_warehouse_from_before_there_were_runs_is_told_of(tmp_path: Path) -> None:
    """Of its campaigns nothing is known, until the next run."""
    with duckdb.connect(tmp_path / "altur_calls.duckdb") as connection:
        connection.execute("DROP VIEW analytics.loads")
    journal_of(NAME).path.unlink()

    assert wrong(START) == ["Nothing is loaded yet."]
    assert Warehouse(tmp_path / "altur_calls.duckdb").value("SELECT count(*) FROM altur.runs") == 1
