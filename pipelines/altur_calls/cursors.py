"""What dlt's state remembers between runs: each campaign's coverage and open calls, and the last runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from altur_calls import coverage, settings
from altur_calls.calls.sightings import created_at_of
from altur_calls.coverage import Coverage
from altur_calls.reading.asking import Task
from altur_calls.reads import Read
from altur_calls.windows import SMALLEST, Window, floor

State = dict[str, Any]
"""dlt's resource state of ``campaign_calls``, times in epoch seconds: ``{"runs": [...], "campaigns":
{id: {"spans": [...], "open": [...], "newest": ...}}}``, with the spans of the coverage, when open calls were
created, and when the newest call was."""

LONGEST_INTERVAL = timedelta(days=1)
RUNS_KEPT = 4
OPEN_KEPT = 50
"""Calls in progress that every run asks for again: a campaign's youngest. The others wait for their age."""


def due_tasks(
    state: State, campaign_ids: Iterable[int], start: datetime, now: datetime, ages: Sequence[timedelta]
) -> list[Task]:
    """Return what each campaign needs to have read now, in the order of campaigns and of time."""
    whole, interval = Window(start, now), interval_of(state, now)
    return [
        Task(campaign_id, window)
        for campaign_id in campaign_ids
        for window in coverage.due(
            coverage_of(state, campaign_id, now, ages),
            whole,
            ages,
            interval,
            [
                *_open(state, campaign_id, Window(max(start, floor(now - ages[-1])), now)),
                *_after_newest(state, campaign_id, whole),
            ],
        )
    ]


def interval_of(state: State, now: datetime) -> timedelta:
    """Return the schedule's interval, as far as the last runs tell: the longest between them.

    The longest of a few, so that a run started by hand does not look like a new schedule.
    """
    moments = [*state.get("runs", []), now.timestamp()]
    gaps = (later - earlier for earlier, later in pairwise(moments))
    return min(timedelta(seconds=max([0.0, *gaps])), LONGEST_INTERVAL)


def note_run(state: State, now: datetime) -> None:
    """Remember that a run began."""
    state["runs"] = [*state.get("runs", []), int(now.timestamp())][-RUNS_KEPT:]


def coverage_of(state: State, campaign_id: int, now: datetime, ages: Sequence[timedelta]) -> Coverage:
    """Return what has been read of a campaign, as far as it can be believed by the clock."""
    kept = _campaign(state, campaign_id).get("spans", [])
    return coverage.believable(coverage.parse(kept, UTC), now, ages)


@dataclass(frozen=True, slots=True)
class Trace:
    """What the cursors need to know of a read, once its calls are gone from memory."""

    campaign_id: int
    window: Window
    read_at: datetime
    is_proved: bool
    created: list[datetime]
    """When its calls were created, in order."""
    open_seconds: frozenset[int]
    """The seconds in which calls were created that are still in progress, since the epoch."""


def trace_of(read: Read) -> Trace:
    """Return what the cursors need to know of a read."""
    moments = [(created, call) for call in read.calls if (created := created_at_of(call))]
    open_seconds = {
        int(floor(created).timestamp()) for created, call in moments if call.get("status") == "in-progress"
    }
    in_order = sorted(created for created, _ in moments)
    return Trace(
        read.campaign_id, read.window, read.read_at, read.is_proved, in_order, frozenset(open_seconds)
    )


def note_read(state: State, read: Trace, now: datetime, ages: Sequence[timedelta]) -> None:
    """Move the cursors of a campaign over a window that was proved; leave them for one that was not."""
    cursor = dict(_campaign(state, read.campaign_id))
    if read.is_proved:
        before = coverage_of(state, read.campaign_id, now, ages)
        after = coverage.with_read(before, read.window, read.created, read.read_at, ages)
        cursor["spans"] = coverage.dump(after)
        cursor["newest"] = max(
            [*(int(moment.timestamp()) for moment in read.created[-1:]), cursor.get("newest", 0)]
        )
    cursor["open"] = _still_open(cursor.get("open", []), read)
    state["campaigns"] = {**state.get("campaigns", {}), str(read.campaign_id): cursor}


def _campaign(state: State, campaign_id: int) -> dict[str, Any]:
    kept: dict[str, Any] = state.get("campaigns", {}).get(str(campaign_id), {})
    return kept


def _after_newest(state: State, campaign_id: int, whole: Window) -> Iterator[Window]:
    """Yield the time since the newest call known: it is empty, so asking for it again costs nothing more.

    Calls that were made then, but shown late, are found by the next run. The newest call's own second is left
    out, and as much as is asked for beside a window: that second may hold pages of calls.
    """
    newest = datetime.fromtimestamp(_campaign(state, campaign_id).get("newest", 0), UTC)
    empty_from = newest + SMALLEST + timedelta(seconds=settings.OVERLAP_SECONDS)
    if whole.start < newest and empty_from < whole.end:
        yield Window(empty_from, whole.end)


def _open(state: State, campaign_id: int, whole: Window) -> Iterator[Window]:
    """Yield where calls may still be in progress. One that was for as long as the last age never ends."""
    for second in _campaign(state, campaign_id).get("open", []):
        created = datetime.fromtimestamp(second, UTC)
        if created in whole:
            yield Window(created, created + SMALLEST)


def _still_open(before: Iterable[int], read: Trace) -> list[int]:
    """Return the seconds in which open calls were created, after a read that may have seen them end."""
    elsewhere = {second for second in before if datetime.fromtimestamp(second, UTC) not in read.window}
    return sorted(elsewhere | read.open_seconds)[-OPEN_KEPT:]
