"""Calls that the API no longer lists: marked, never removed, and only on good evidence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from altur_calls import altur_source
from altur_calls.errors import ApiUnavailable
from altur_calls.extraction import Extraction
from altur_calls.pipeline import COMPLETE, INCOMPLETE, SUSPICIOUS, run
from altur_calls.warehouse.loaded import Loaded
from altur_calls.warehouse.target import Target
from altur_sandbox import Manners, ManualWorld, Sandbox, example_call
from common import NOON
from warehouse import Warehouse, as_loaded

Fields = dict[str, Any]
COMMAND = Path(sys.executable).with_name("altur-calls")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DAY = {"since": "2026-03-02", "until": "2026-03-03"}
"""The day of all calls here, read as one window."""


@pytest.fixture
def settings(settings: Fields) -> Fields:
    """Return settings for campaign 2 alone."""
    return {**settings, "campaign_ids": [2]}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let campaign 2 have been loaded, by a run before."""
    loaded(campaign_ids=(2,))


CALLS = {11: 30, 12: 100, 13: 210, 14: 209, 15: 30, 21: 3, 22: 20, 23: 21, 24: 100}
"""Of campaigns of many."""


def many() -> ManualWorld:
    """Make a world of campaigns with so many calls, all on one day."""
    world = ManualWorld()
    for campaign_id, count in CALLS.items():
        world.add_campaign(campaign_id)
        for number in range(count):
            world.put(campaign_id, {"id": f"{campaign_id}_{number}", "created_at": NOON + number * SECOND})
    return world


@pytest.fixture
def of_many(loaded: Callable[..., Warehouse], sandbox: Sandbox) -> ManualWorld:
    """Let that world have been loaded, by a run before, and be served."""
    loaded(make=many, campaign_ids=tuple(CALLS))
    sandbox.world = many()
    return sandbox.world


def drop_from(world: ManualWorld, campaign_id: int, count: int) -> None:
    """Delete so many of them."""
    for number in range(count):
        world.delete(f"{campaign_id}_{number}")


def marked(warehouse: Warehouse) -> list[str]:
    """Return the ids of the calls marked as deleted."""
    return [
        row[0] for row in warehouse.rows("SELECT id FROM altur.campaign_calls WHERE is_deleted ORDER BY id")
    ]


# Marked. ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_call_that_a_later_proved_window_does_not_list_is_marked_with_since_when(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Since the read that found it gone; its row and children stay, and no other call is touched."""
    before = as_loaded(world.calls(2))
    world.delete("call_1")

    done = run(Target(), **settings, **DAY)

    assert done.exit_code == COMPLETE
    assert warehouse.calls(2) == before
    assert warehouse.rows("SELECT id, is_deleted FROM altur.campaign_calls ORDER BY id") == [
        *(("call_0", False), ("call_1", True), ("call_2", False))
    ]
    assert warehouse.value("SELECT deleted_at FROM altur.campaign_calls WHERE is_deleted") == warehouse.value(
        "SELECT read_at FROM altur.call_windows WHERE vanished_calls = 1"
    )


@pytest.mark.usefixtures("once_loaded")
def test_since_when_is_told_by_the_first_read_that_missed_it(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Later reads find nothing new."""
    world.delete("call_1")
    run(Target(), **settings, **DAY)
    since = warehouse.value("SELECT deleted_at FROM altur.campaign_calls WHERE is_deleted")

    run(Target(), **settings, **DAY)

    assert warehouse.value("SELECT deleted_at FROM altur.campaign_calls WHERE is_deleted") == since
    assert warehouse.rows("SELECT vanished_calls FROM altur.call_windows ORDER BY read_at") == [
        (0,),
        (1,),
        (0,),
    ]


def test_a_call_that_vanishes_is_found_without_a_word_from_the_user(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """When its age is due it is read again, like any other."""
    world.put(2, example_call("young", datetime.now(UTC) - MINUTE))
    world.put(2, example_call("young too", datetime.now(UTC) - MINUTE))
    run(Target(), **settings)
    world.delete("young")

    done = run(Target(), clock=lambda: datetime.now(UTC) + 40 * MINUTE, **settings)

    assert done.exit_code == COMPLETE
    assert marked(warehouse) == ["young"]


@pytest.mark.usefixtures("once_loaded")
def test_a_call_that_comes_back_is_whole_again(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """With its children and what has changed meanwhile; nothing tells that it was away."""
    call = next(call for call in world.calls(2) if call["id"] == "call_1")
    world.delete("call_1")
    run(Target(), **settings, **DAY)
    world.put(2, {**call, "tags": ["back", "again"]})

    run(Target(), **settings, **DAY)

    assert marked(warehouse) == []
    assert warehouse.value("SELECT count(deleted_at) FROM altur.campaign_calls") == 0
    assert warehouse.calls(2) == as_loaded(world.calls(2))


# Not marked. --------------------------------------------------------------------------------------------


def test_a_window_that_is_not_proved_marks_nothing(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """What it did not list may only not have come. When it is proved the call is marked."""
    for number in range(150):
        world.put(2, {"id": f"same_{number}", "created_at": NOON})
    run(Target(), **settings)
    world.delete("same_7")
    sandbox.manners = Manners(repeat_page=1)

    unproved = run(Target(), **settings, **DAY)
    after_unproved = marked(warehouse)
    sandbox.manners = Manners()
    run(Target(), **settings, **DAY)

    assert unproved.exit_code == INCOMPLETE
    assert after_unproved == []
    assert marked(warehouse) == ["same_7"]


@pytest.mark.usefixtures("once_loaded")
def test_a_campaign_that_is_not_found_marks_nothing(
    sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """A 404 says nothing of its calls."""
    sandbox.faults.add("status", status=404, times=None)

    done = run(Target(), **settings, **DAY)

    assert done.exit_code == INCOMPLETE
    assert marked(warehouse) == []


@pytest.mark.usefixtures("once_loaded")
def test_a_run_that_fails_marks_nothing(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """Nothing was read."""
    world.delete("call_1")
    sandbox.faults.add("reset", times=None)

    with pytest.raises(ApiUnavailable):
        run(Target(), **{**settings, **DAY, "retry_for_seconds": 0.1})

    assert marked(warehouse) == []


def test_a_window_speaks_only_of_calls_within_its_bounds(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """The second asked for on either side is overlap: a call there is judged by its own window."""
    edge = NOON + 30 * MINUTE
    for call_id, moment in {"before": edge - SECOND / 2, "on it": edge, "after": edge + SECOND / 2}.items():
        world.put(2, {"id": call_id, "created_at": moment})
    run(Target(), **settings)
    for call_id in ("before", "on it", "after"):
        world.delete(call_id)

    run(Target(), **settings, since="2026-03-02", until=edge.isoformat())

    assert marked(warehouse) == ["before"]


@pytest.mark.usefixtures("once_loaded")
def test_a_call_that_is_listed_but_can_be_no_row_has_not_vanished(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """The API still lists it; what came of it is in rejected_calls."""
    world.delete("call_1")
    world.put_raw(2, {"id": "call_1", "created_at": "yesterday"}, created_at=NOON + MINUTE)

    run(Target(), **settings, **DAY)

    assert warehouse.value("SELECT count(*) FROM altur.rejected_calls") == 1
    assert marked(warehouse) == []


# Suspicious. --------------------------------------------------------------------------------------------


def test_many_calls_that_vanish_at_once_are_suspicious_and_none_is_marked(
    of_many: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """More than 20, and more than a tenth of their window: more likely the API is wrong than we are."""
    cases = {
        11: (30, 20, False),  # two thirds, but not more than 20
        12: (100, 21, True),
        13: (210, 21, False),  # a tenth, not more
        14: (209, 21, True),
        15: (30, 30, True),
    }
    settings["campaign_ids"] = [*cases]
    assert {campaign_id: calls for campaign_id, (calls, _, _) in cases.items()}.items() <= CALLS.items()
    for campaign_id, (_, gone, _) in cases.items():
        drop_from(of_many, campaign_id, gone)

    done = run(Target(), **settings, **DAY)

    ledger = "SELECT vanished_calls, is_suspicious FROM altur.call_windows WHERE campaign_id = {} "
    told = "\n".join(done.suspicious)
    assert done.exit_code == SUSPICIOUS
    for campaign_id, (_, gone, is_suspicious) in cases.items():
        of_it = [call_id for call_id in marked(warehouse) if call_id.startswith(f"{campaign_id}_")]
        last = warehouse.rows(ledger.format(campaign_id) + "ORDER BY read_at DESC LIMIT 1")
        assert len(of_it) == (0 if is_suspicious else gone)
        assert last == [(gone, is_suspicious)]
        assert (f"campaign {campaign_id} " in told) is is_suspicious
    assert told.count("30 calls vanished at once") == 1


def test_a_suspicious_window_beside_a_sound_one_stops_nothing_there(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Each window is judged by itself."""
    for number in range(3, 100):
        world.put(2, {"id": f"call_{number}", "created_at": NOON + number * SECOND})
    world.put(2, example_call("elsewhere", NOON + timedelta(days=30)))
    world.put(2, example_call("elsewhere too", NOON + timedelta(days=30)))
    given = {**settings, "max_window_calls": 101, "since": "2026-03-01"}
    run(Target(), **given)
    for number in range(50):
        world.delete(f"call_{number}")
    world.delete("elsewhere")

    done = run(Target(), **{**given, "until": "2026-03-03"})
    then = run(Target(), **{**given, "since": "2026-03-03"})

    assert (done.exit_code, then.exit_code) == (SUSPICIOUS, COMPLETE)
    assert marked(warehouse) == ["elsewhere"]


def test_calls_that_are_back_after_a_suspicious_read_were_never_marked(
    of_many: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """An API that lost its memory for an hour costs an exit code and nothing else."""
    settings["campaign_ids"] = [12]
    sandbox.world = ManualWorld()
    sandbox.world.add_campaign(12)
    count = "SELECT suspicious_windows FROM analytics.data_completeness WHERE campaign_id = 12"
    empty = run(Target(), **settings, **DAY)
    then = warehouse.value(count)
    sandbox.world = of_many

    done = run(Target(), **settings, **DAY)

    assert (empty.exit_code, done.exit_code) == (SUSPICIOUS, COMPLETE)
    assert (then, warehouse.value(count)) == (1, 0)
    assert warehouse.calls(12) == as_loaded(of_many.calls(12))
    assert marked(warehouse) == []


def test_a_suspicious_run_says_so_and_ends_with_its_own_code(of_many: ManualWorld, settings: Fields) -> None:
    """On stderr, with campaign, span and number; 4 for a scheduler."""
    settings["campaign_ids"] = [12]
    drop_from(of_many, 12, 50)

    done = command("run", "--since", "2026-03-02", "--until", "2026-03-03", **settings)

    assert done.returncode == 4
    assert (
        "altur-calls: suspicious: campaign 12 [2026-03-02T00:00:00Z, 2026-03-03T00:00:00Z): "
        "50 calls vanished at once; none was marked as deleted\n"
    ) in done.stderr


def command(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line with the settings in its environment."""
    given = {f"SOURCES__ALTUR__{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.run(
        [COMMAND, *arguments],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# No silent zero. ----------------------------------------------------------------------------------------


def test_a_campaign_that_held_calls_and_now_holds_none_is_not_green(
    of_many: ManualWorld, settings: Fields
) -> None:
    """However few they were: the API answers 200 and an empty list, and nothing else would tell."""
    cases = [21, 22, 23, 24]
    settings["campaign_ids"] = cases
    for campaign_id in cases:
        drop_from(of_many, campaign_id, CALLS[campaign_id])

    done = run(Target(), **settings, **DAY)

    assert done.exit_code == SUSPICIOUS
    told = "\n".join(done.suspicious)
    assert [campaign_id for campaign_id in cases if f"campaign {campaign_id} " not in told] == []


def test_a_campaign_that_falls_silent_is_found_without_a_word_from_the_user(
    world: ManualWorld, settings: Fields
) -> None:
    """By the next age of its youngest calls."""
    for number in range(40):
        world.put(2, example_call(f"young_{number}", datetime.now(UTC) - MINUTE))
    run(Target(), **settings)
    for number in range(40):
        world.delete(f"young_{number}")

    done = run(Target(), clock=lambda: datetime.now(UTC) + 40 * MINUTE, **settings)

    assert done.exit_code == SUSPICIOUS


def test_a_campaign_that_never_held_a_call_is_green(
    loaded: Callable[..., Warehouse], settings: Fields, warehouse: Warehouse
) -> None:
    """A new campaign has none yet."""
    loaded()  # campaign 1 with campaign 2

    again = run(Target(), **{**settings, **DAY, "campaign_ids": [1]})

    assert again.exit_code == COMPLETE
    assert warehouse.rows("SELECT outcome FROM altur.runs") == [("ok",), ("ok",)]


# A crash in between. ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_run_that_dies_before_its_load_marks_nothing_and_the_next_one_does(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """A mark is a row of the load, like the cursor and the ledger: they are there together, or not at all."""
    world.delete("call_1")
    with Target().opened() as (pipeline, client):
        work = Extraction()
        work.loaded = Loaded(client)
        pipeline.extract(altur_source(extraction=work, **settings, **DAY))
        pipeline.normalize()
    assert marked(warehouse) == []

    done = run(Target(), **settings, **DAY)

    assert done.exit_code == COMPLETE
    assert marked(warehouse) == ["call_1"]


@pytest.mark.usefixtures("once_loaded")
def test_calls_of_a_load_that_was_not_completed_are_written_again(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """Their children may not be there, though the call looks as new as it can."""
    with duckdb.connect(warehouse.path) as connection:
        connection.execute("UPDATE altur.campaign_calls SET _dlt_load_id = '1.0' WHERE id = 'call_1'")
        connection.execute("DELETE FROM altur.campaign_calls__tags WHERE call_id = 'call_1'")

    run(Target(), **settings, **DAY)

    assert warehouse.calls(2) == as_loaded(world.calls(2))


# What did not change. -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_a_call_that_did_not_change_is_not_written_again(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """It keeps the load that brought it: what is read again costs the warehouse nothing."""
    loads = "SELECT id, _dlt_load_id FROM altur.campaign_calls ORDER BY id"
    before = dict(warehouse.rows(loads))
    world.change("call_1", tags=["new"])

    run(Target(), **settings, **DAY)

    after = dict(warehouse.rows(loads))
    assert {call_id for call_id in after if after[call_id] != before[call_id]} == {"call_1"}
    assert warehouse.calls(2) == as_loaded(world.calls(2))


@pytest.mark.usefixtures("once_loaded")
def test_a_call_whose_time_of_creation_moved_has_its_children_once(
    world: ManualWorld, settings: Fields, warehouse: Warehouse
) -> None:
    """The API says when a call was created, not that it will never say otherwise."""
    world.change("call_1", created_at=NOON + 5 * MINUTE, tags=["moved"])

    done = run(Target(), **settings, **DAY)

    assert done.exit_code == COMPLETE
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert marked(warehouse) == []
