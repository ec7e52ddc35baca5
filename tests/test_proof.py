"""A window counts as read only when it is proved: one unknown of the API at a time, through real HTTP.

Each test compares the warehouse with the world, and asks the ledger and the exit code what they say of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from altur_calls.pipeline import COMPLETE, INCOMPLETE, Summary, run
from altur_calls.warehouse.target import Target
from altur_calls.windows import Window
from altur_sandbox import Manners, ManualWorld, Sandbox
from common import NOON
from warehouse import Warehouse, as_loaded

Fields = dict[str, Any]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NOW = NOON + 180 * MINUTE
"""The tool's present at its first run, whose window begins at noon."""


@pytest.fixture
def settings(settings: Fields) -> Fields:
    """Return settings for a run over the three hours of campaign 2."""
    return {**settings, "campaign_ids": [2], "start_date": NOON.isoformat(), "clock": lambda: NOW}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Return the warehouse that runs load into."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


def put(world: ManualWorld, call_id: str, created_at: datetime) -> None:
    """Put a call into campaign 2, beside its three."""
    world.put(2, {"id": call_id, "created_at": created_at})


def fill(world: ManualWorld, calls: int, *, first: datetime = NOON, step: timedelta = 40 * SECOND) -> None:
    """Put so many calls into campaign 2; with a step of nothing all at one instant."""
    for number in range(calls):
        put(world, f"more_{number:03}", first + number * step)


def reads(warehouse: Warehouse, columns: str, which: str = "true") -> list[tuple[Any, ...]]:
    """Return what the ledger says of the reads, in the order of the time that was read."""
    return warehouse.rows(
        f"SELECT {columns} FROM altur.call_windows WHERE {which} ORDER BY window_start, read_at"
    )


def assert_proved(done: Summary, warehouse: Warehouse, world: ManualWorld) -> None:
    """After a first run: every call is here, and proved windows tile the time from noon to its present."""
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert set(reads(warehouse, "is_proved, doubt")) == {(True, None)}
    windows = reads(warehouse, "window_start, window_end")
    assert (windows[0][0], windows[-1][1]) == (NOON, NOW)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(windows))
    assert (done.exit_code, done.unproved) == (COMPLETE, ())


# Manners of the list. -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manners", "requests"),
    [
        # The count is asked for again when the pages are read.
        ({"total_count": "first_page_absent"}, 4),
        # Smaller pages are more of them.
        ({"max_page_size": 40}, 7),
        # The pages counted are read; where the API insists on more, another one, which turns out empty.
        ({"has_next": "never"}, 3),
        ({"has_next": "always"}, 4),
    ],
    ids=str,
)
def test_a_window_of_several_pages_is_proved_by_its_count(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    warehouse: Warehouse,
    manners: Fields,
    requests: int,
) -> None:
    """At the first try, with the requests that its pages take."""
    fill(world, 247)
    sandbox.manners = Manners(**manners)

    done = run(Target(), **settings)

    assert_proved(done, warehouse, world)
    assert reads(warehouse, "total_count, calls_read, requests") == [(250, 250, requests)]
    assert done.requests == requests


@pytest.mark.parametrize(
    "manners",
    [
        {"total_count": "never", "has_next": "never"},
        {"total_count": "never", "has_next": "always", "past_end": "not_found"},
        {"repeat_page": 1},
        {"max_page_index": 1},
    ],
    ids=str,
)
def test_where_several_pages_prove_nothing_windows_are_split(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse, manners: Fields
) -> None:
    """No count, a page that comes twice, pages beyond the last index: down to windows that can be proved."""
    fill(world, 247)
    sandbox.manners = Manners(**manners)

    done = run(Target(), **settings)

    assert_proved(done, warehouse, world)
    within = 200 if "max_page_index" in manners else 100
    assert len(reads(warehouse, "1")) > 1
    assert max(reads(warehouse, "calls_read")) <= (within,)


def test_an_order_without_meaning_hides_no_old_calls(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """A first load guesses where a campaign begins by its first and last page; the guess is no more."""
    del settings["start_date"]
    fill(world, 297, first=NOON - 297 * MINUTE, step=MINUTE)
    sandbox.manners = Manners(order="shuffled", max_page_size=10)

    done = run(Target(), **settings, max_window_calls=100)

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert all(is_proved for (is_proved,) in reads(warehouse, "is_proved"))
    assert done.exit_code == COMPLETE


@pytest.mark.parametrize("bounds", ["inclusive", "exclusive"])
def test_calls_created_exactly_at_a_bound_are_in_one_window_or_the_other(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse, bounds: Any
) -> None:
    """A call in every second, so on every edge between windows too."""
    fill(world, 200, step=SECOND)
    sandbox.manners = Manners(bounds=bounds)

    done = run(Target(), **settings, max_window_calls=60)

    assert_proved(done, warehouse, world)
    edges = {start for (start,) in reads(warehouse, "window_start")}
    assert len(edges & {call["created_at"] for call in world.calls(2)}) > 3


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in Tokyo meanwhile: a time without an offset is not to be read as the machine's."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("timestamps", ["naive", "milliseconds"])
def test_times_mean_the_same_however_they_are_written(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse, timestamps: Any
) -> None:
    """Naive means UTC, wherever the tool runs; fewer digits are no other time."""
    digits = {"milliseconds": 123_000}.get(timestamps, 123_456)
    fill(world, 117, first=NOON + timedelta(microseconds=123_456))
    sandbox.manners = Manners(timestamps=timestamps)

    done = run(Target(), **settings, max_window_calls=60)

    assert {call["created_at"].microsecond for call in warehouse.calls(2)} == {0, digits}
    for call in [call for call in world.calls(2) if call["created_at"].microsecond]:
        world.change(call["id"], created_at=call["created_at"].replace(microsecond=digits))
    assert_proved(done, warehouse, world)


# A list that moves while it is read. --------------------------------------------------------------------


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
def test_calls_that_are_made_during_a_walk_do_not_disturb_it(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse, order: Any
) -> None:
    """A window ends in the past. The next run finds them."""
    fill(world, 247)
    before = as_loaded(world.calls(2))
    number = count()
    sandbox.faults.add(
        "call", times=5, do=lambda: put(world, f"new_{(n := next(number))}", NOW + (2 + n) * SECOND)
    )
    sandbox.manners = Manners(order=order)

    done = run(Target(), **settings)
    after_first = warehouse.calls(2)
    sandbox.faults.clear()
    then = run(Target(), **{**settings, "clock": lambda: NOW + 5 * MINUTE})

    assert after_first == before
    assert (done.exit_code, done.requests, then.exit_code) == (COMPLETE, 3, COMPLETE)
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert set(reads(warehouse, "is_proved, doubt")) == {(True, None)}


def late(world: ManualWorld, first: datetime) -> None:
    """Let a call appear at the head of the list: the next page shows one again, and makes up the count."""
    put(world, "late", first)


def gone(world: ManualWorld, first: datetime) -> None:
    """Let the first call of the list go: the next page, which was one call, is past the end."""
    world.delete(next(call["id"] for call in world.calls(2) if call["created_at"] == first))


@pytest.mark.parametrize(
    ("happen", "order", "total_count"),
    [
        (late, "newest_first", "every_page"),
        (late, "newest_first", "first_page"),
        (gone, "oldest_first", "every_page"),
        (gone, "oldest_first", "never"),
    ],
)
def test_a_window_whose_list_moved_is_read_again(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    warehouse: Warehouse,
    happen: Callable[[ManualWorld, datetime], None],
    order: Any,
    total_count: Any,
) -> None:
    """Between its two pages; without a count it is read in parts."""
    fill(world, 98)
    first = NOW - SECOND if order == "newest_first" else NOON
    sandbox.manners = Manners(order=order, total_count=total_count, past_end="not_found")
    sandbox.faults.add("call", page=1, do=lambda: happen(world, first))

    done = run(Target(), **settings)

    assert_proved(done, warehouse, world)
    assert len(reads(warehouse, "1")) == 1 or total_count == "never"


# Windows that only a split proves, or nothing. ----------------------------------------------------------


def test_calls_of_one_instant_that_change_places_are_proved_by_a_split(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """They lie across the edge of a page, so every walk finds some twice and others never."""
    fill(world, 157, first=NOON + 5 * MINUTE, step=MINUTE)
    for number in range(90):
        put(world, f"tied_{number}", NOON + 90 * MINUTE)
    sandbox.manners = Manners(order="unstable")

    done = run(Target(), **settings)

    assert_proved(done, warehouse, world)
    assert done.windows > 1


@pytest.mark.parametrize(
    ("manners", "arrived", "doubt"),
    [
        (
            {"max_page_index": 1},
            200,
            "a page after the first was refused: GET /campaigns/2/calls answered 400",
        ),
        ({"total_count": "never"}, 250, "the API gave no total_count to check several pages against"),
    ],
    ids=str,
)
def test_a_second_that_nothing_proves_is_loaded_and_named(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Fields,
    warehouse: Warehouse,
    manners: Fields,
    arrived: int,
    doubt: str,
) -> None:
    """No window is smaller. Only the two that overlap it share its doubt."""
    fill(world, 250, first=NOON + 90 * MINUTE + SECOND / 2, step=0 * SECOND)
    sandbox.manners = Manners(**manners)

    done = run(Target(), **settings)

    assert done.exit_code == INCOMPLETE
    assert done.total_calls == 3 + arrived
    doubtful = reads(warehouse, "window_start, doubt, is_proved", "doubt IS NOT NULL")
    assert [(start - NOON - 90 * MINUTE) / SECOND for start, _, _ in doubtful] == [-1, 0, 1]
    assert all(told.startswith(doubt) and not is_proved for _, told, is_proved in doubtful)
    assert sorted(done.unproved)[1].startswith(
        f"campaign 2 [2026-03-02T19:30:00Z, 2026-03-02T19:30:01Z): {doubt}"
    )


def test_a_count_that_is_always_wrong_is_told_and_asked_for_again_until_it_is_right(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """The API counts one call more than it lists distinct ones. No cursor moves over that window."""
    fill(world, 247)
    sound, sandbox.world = world, miscounting(world)

    first = run(Target(), **settings)
    loaded = warehouse.calls(2)
    second = run(Target(), **settings)
    sandbox.world = sound
    third = run(Target(), **settings)

    assert [done.exit_code for done in (first, second, third)] == [INCOMPLETE, INCOMPLETE, COMPLETE]
    assert loaded == warehouse.calls(2) == as_loaded(world.calls(2))
    doubtful = Window(NOON, NOON + 45 * MINUTE)
    again = reads(warehouse, "window_end, is_proved, doubt", f"window_start = '{NOON}'")
    doubt = "71 distinct calls arrived where total_count is 72"
    assert again == [(doubtful.end, False, doubt)] * 2 + [(doubtful.end, True, None)]
    assert first.unproved == second.unproved == (f"campaign 2 {doubtful}: {doubt}",)
    assert len(reads(warehouse, "1", "doubt IS NOT NULL")) == 2


def test_where_nothing_can_be_proved_cutting_windows_comes_to_an_end(
    world: ManualWorld, sandbox: Sandbox, settings: Fields, warehouse: Warehouse
) -> None:
    """The API counts without its filter, so no part of a window ever holds what is counted for it."""
    fill(world, 250)
    sandbox.manners = Manners(total_count="unfiltered")

    done = run(Target(), **{**settings, "max_window_calls": 50})

    assert done.exit_code == INCOMPLETE
    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert done.requests < 300


def miscounting(world: ManualWorld) -> ManualWorld:
    """Return the world with one of its calls listed, and so counted, twice."""
    copy = ManualWorld()
    copy.add_campaign(2)
    for call in world.calls(2):
        copy.put(2, call)
    copy.put_raw(2, {"id": "more_030", "created_at": NOON + 20 * MINUTE}, created_at=NOON + 20 * MINUTE)
    return copy
