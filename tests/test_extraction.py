"""What a load takes: as much as is there, if that is worth a load; and what is known of the rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from altur_calls import altur_source
from altur_calls.extraction import Extraction
from altur_calls.reading import ahead, reader
from altur_calls.reading.ahead import Ahead
from altur_calls.reading.asking import Task
from altur_calls.windows import Window
from altur_sandbox import Manners, ManualWorld, Sandbox
from common import NOON, fill

Settings = dict[str, Any]


@pytest.fixture
def work() -> Iterator[Extraction]:
    """Return a pass in chunks of up to 60 calls, of which thirty are worth a load."""
    work = Extraction(chunk_calls=60)
    yield work
    work.close()


def begun(work: Extraction, **settings: Any) -> Extraction:
    """Begin a pass that has read nothing before."""
    altur_source(extraction=work, **settings)
    work.begin({}, {})
    return work


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Return what an answer may wait for that is not to come in a test."""
    released = threading.Event()
    yield released
    released.set()


def test_what_came_is_loaded_while_the_rest_is_waited_for(
    world: ManualWorld, sandbox: Sandbox, settings: Settings, work: Extraction, held: threading.Event
) -> None:
    """A campaign that answers slowly holds up nobody else."""
    fill(world, 1, 30)
    sandbox.faults.add("slow", campaign_id=2, seconds=60, until=held, times=None)

    reads = list(begun(work, **settings).take())

    assert [(read.campaign_id, len(read.calls)) for read in reads] == [(1, 30)]
    assert not work.is_done


def test_too_few_calls_for_a_load_wait_for_others(
    world: ManualWorld, settings: Settings, work: Extraction
) -> None:
    """A load costs a third of a second, however small it is."""
    fill(world, 1, 9)

    reads = list(begun(work, **settings).take())

    assert sorted(read.campaign_id for read in reads) == [1, 2]
    assert work.is_done


def test_a_load_takes_no_more_than_it_may(world: ManualWorld, settings: Settings, work: Extraction) -> None:
    """What is held in memory is bounded, however much is there."""
    fill(world, 2, 400)
    begun(work, **{**settings, "max_window_calls": 40})
    sizes = []

    while not work.is_done:
        sizes.append(sum(len(read.calls) for read in work.take()))

    assert max(sizes) < 60 + 40
    assert sum(sizes) >= 403


def test_reading_goes_on_while_what_was_taken_is_loaded(
    world: ManualWorld,
    sandbox: Sandbox,
    settings: Settings,
    work: Extraction,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a load took makes room for more, though nobody asks for the next load yet."""
    monkeypatch.setattr(ahead, "AHEAD_CALLS", 200)
    for campaign_id in (1, 2):
        fill(world, campaign_id, 150)
    second_pages = [threading.Event(), threading.Event()]
    for campaign_id, asked in enumerate(second_pages, 1):
        sandbox.faults.add("call", campaign_id=campaign_id, page=1, do=asked.set)

    reads = list(begun(work, **settings).take())

    assert len(reads) == 1
    assert all(asked.wait(10) for asked in second_pages)


def test_what_is_admitted_is_released_once(
    world: ManualWorld, settings: Settings, work: Extraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a long pass would come to a standstill, or hold more and more."""
    held = Ahead()
    monkeypatch.setattr(reader, "Ahead", lambda: held)
    fill(world, 2, 400)
    begun(work, **{**settings, "max_window_calls": 40})

    while not work.is_done:
        list(work.take())

    assert held.calls == 0


def test_a_window_may_hold_a_single_call(world: ManualWorld, settings: Settings, work: Extraction) -> None:
    """However little is to be held, it can be cut so."""
    fill(world, 1, 5)

    reads = list(begun(work, **{**settings, "max_window_calls": 1}).take())

    assert len({call["id"] for read in reads for call in read.calls}) == 5 + 3


def test_how_many_calls_are_due_is_known_from_the_first_answer(
    world: ManualWorld, settings: Settings, work: Extraction
) -> None:
    """By it the time that is left is told; the windows that a campaign is cut into add nothing."""
    fill(world, 2, 200)
    given = {**settings, "campaign_ids": [2], "max_window_calls": 50}

    next(begun(work, **given).take())
    early = work.tally.calls_counted
    for _ in work.take():
        pass

    assert early == work.tally.calls_counted == 203


def test_a_history_ends_with_windows_of_few_calls(
    world: ManualWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all is read little is left to load."""
    monkeypatch.setattr("altur_calls.reading.todo.LAST_CALLS", 20)
    fill(world, 1, 400)
    work = Extraction()

    reads = list(begun(work, **{**settings, "campaign_ids": [1]}, max_window_calls=200).take())

    sizes = [len(read.calls) for read in sorted(reads, key=lambda read: read.window.start) if read.calls]
    assert sum(sizes) >= 400  # windows overlap by a second
    assert max(sizes[-2:]) <= 20 < min(sizes[:2])
    assert all(earlier >= later for earlier, later in pairwise(sizes[2:]))


@pytest.fixture
def nearly_read(world: ManualWorld, sandbox: Sandbox, held: threading.Event) -> None:
    """Let a campaign have been read, and nearly all of another, whose last page is slow to come."""
    fill(world, 1, 120)
    fill(world, 2, 110)
    sandbox.faults.add("slow", campaign_id=2, seconds=60, until=held, page=1, times=None)


@pytest.mark.usefixtures("nearly_read")
def test_the_less_is_left_the_sooner_it_is_loaded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer calls than are worth a load by themselves are worth one when no more than that are to come."""
    monkeypatch.setattr("altur_calls.settings.STEP_SECONDS", 0)

    reads = list(begun(Extraction(chunk_calls=1_000), **settings).take())

    assert [read.campaign_id for read in reads] == [1]


@pytest.mark.usefixtures("nearly_read")
def test_what_will_be_there_before_a_load_were_over_is_waited_for(
    settings: Settings, held: threading.Event
) -> None:
    """By the pace so far. Else there would be one load more, and the last calls would wait for it."""
    taken = begun(Extraction(chunk_calls=1_000), **settings).take()
    reads = [next(taken)]
    held.set()
    reads += taken

    assert {read.campaign_id for read in reads} == {1, 2}


@pytest.mark.usefixtures("nearly_read")
def test_what_is_slow_to_come_is_not_waited_for_long(settings: Settings) -> None:
    """What came is kept then."""
    reads = list(begun(Extraction(chunk_calls=1_000, chunk_seconds=0), **settings).take())

    assert [read.campaign_id for read in reads] == [1]


def test_where_more_came_than_was_counted_nothing_is_known_of_the_rest(
    world: ManualWorld, sandbox: Sandbox, settings: Settings, work: Extraction
) -> None:
    """An API without a count: the first page of a window is all that is known to be there."""
    sandbox.manners = Manners(total_count="never")
    fill(world, 1, 250)
    altur_source(extraction=work, **{**settings, "campaign_ids": [1]})
    reader = work.reader(work.connect(), [Task(1, Window(NOON, NOON + timedelta(hours=250)))])

    calls = sum(len(read.calls) for read in reader)

    assert calls >= 250
    assert reader.seconds_left == inf
