"""What of a campaign has been read, and how old it was then; from that, what is due. Pure.

A call changes after it was read: it ends, tags and policy results come hours later, and the API has no
update time to ask for. So every call is read again at growing **ages** (the time since its creation). The
coverage of a campaign is a staircase of spans, each with the age its calls had *at least* when they were
last read: the newest span has age 0, the oldest the last age, and is settled. A span never read is absent.

The law: after a read at age ``p``, the next one comes before age ``max(4 p, p + interval)``, where the
interval is the schedule's. So a change made when a call was ``A`` old shows by ``max(4 A, A + interval)``.
Within that bound a re-read waits, so that many calls share its pages.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from altur_calls.windows import Window, floor

GROWTH = 4
"""A call is read again before it is this many times as old as at its last read."""

LAST_SLACK = 1.2
"""The last age is reached, at the latest, at this multiple of it."""

BRIDGE_CALLS = 25
"""Windows with no more calls between them are read as one: a request costs more than a few calls."""

NEW = timedelta(0)


@dataclass(frozen=True, slots=True)
class Span:
    """Calls created in ``window`` were at least ``age`` old when last read, and ``calls`` in number."""

    window: Window
    age: timedelta
    calls: int


Coverage = tuple[Span, ...]
"""Disjoint spans in order of time."""


def due(
    coverage: Coverage,
    whole: Window,
    ages: Sequence[timedelta],
    interval: timedelta,
    also: Iterable[Window] = (),
) -> list[Window]:
    """Return what to read now, as disjoint windows in order of time.

    ``whole`` is the campaign's time so far: from its start date to now. ``ages`` grow and begin with 0.
    ``interval`` is the time until the next run, as far as it can be known. ``also`` is read in any case.
    """
    wanted = [*_unread(coverage, whole), *_stale(coverage, whole, ages, interval), *also]
    return _bridged(sorted(wanted), coverage)


def _unread(coverage: Coverage, whole: Window) -> Iterable[Window]:
    at = whole.start
    for span in coverage:
        if at < min(span.window.start, whole.end):
            yield Window(at, min(span.window.start, whole.end))
        at = max(at, span.window.end)
    if at < whole.end:
        yield Window(at, whole.end)


def _stale(
    coverage: Coverage, whole: Window, ages: Sequence[timedelta], interval: timedelta
) -> Iterable[Window]:
    now = whole.end
    for span in coverage:
        following = next((age for age in ages if age > span.age), None)
        start = max(span.window.start, whole.start)
        if following is None or start >= span.window.end:
            continue
        limit = min(GROWTH * span.age, LAST_SLACK * ages[-1])
        if now + interval <= start + limit:
            continue  # the next run will still be in time
        end = min(span.window.end, floor(max(now - following, now + interval - limit)))
        if start < end:
            yield Window(start, end)


def _bridged(windows: list[Window], coverage: Coverage) -> list[Window]:
    result: list[Window] = []
    for window in windows:
        if result and calls_within(coverage, result[-1].end, window.start) <= BRIDGE_CALLS:
            result[-1] = Window(result[-1].start, max(result[-1].end, window.end))
        else:
            result.append(window)
    return result


def covered(coverage: Coverage) -> list[Window]:
    """Return what was read at whatever age, in order of time; what follows each other as one window."""
    return [span.window for span in _merged(replace(span, age=NEW) for span in coverage)]


def calls_within(coverage: Coverage, start: datetime, end: datetime) -> float:
    """Estimate how many calls were created in ``[start, end)``, as if spread evenly over each span."""
    total = 0.0
    for span in coverage:
        shared = min(end, span.window.end) - max(start, span.window.start)
        if shared > NEW:
            total += span.calls * (shared / span.window.length)
    return total


def with_read(
    coverage: Coverage,
    window: Window,
    created: Sequence[datetime],
    read_at: datetime,
    ages: Sequence[timedelta],
) -> Coverage:
    """Return the coverage after a proved read of ``window`` that began at ``read_at``.

    ``created`` holds the creation times of the calls it found, in order.
    """
    around = [part for span in coverage for part in _outside(span, window)]
    edges = {window.start, window.end, *(floor(read_at - age) for age in ages)}
    inside = sorted(edge for edge in edges if window.start <= edge <= window.end)
    read = [
        Span(Window(a, b), _age_class(read_at - b, ages), bisect_left(created, b) - bisect_left(created, a))
        for a, b in pairwise(inside)
    ]
    return _merged(sorted([*around, *read], key=lambda span: span.window))


def _age_class(age: timedelta, ages: Sequence[timedelta]) -> timedelta:
    return max((step for step in ages if step <= age), default=NEW)


def _outside(span: Span, window: Window) -> Iterable[Span]:
    for part in (
        Window(span.window.start, min(span.window.end, window.start)),
        Window(max(span.window.start, window.end), span.window.end),
    ):
        if part.length > NEW:
            yield replace(span, window=part, calls=round(span.calls * (part.length / span.window.length)))


def _merged(spans: Iterable[Span]) -> Coverage:
    result: list[Span] = []
    for span in spans:
        last = result[-1] if result else None
        if last and last.window.end == span.window.start and last.age == span.age:
            joint = Window(last.window.start, span.window.end)
            result[-1] = Span(joint, span.age, last.calls + span.calls)
        else:
            result.append(span)
    return tuple(result)


def believable(coverage: Coverage, now: datetime, ages: Sequence[timedelta]) -> Coverage:
    """Return the coverage without what can't have happened by ``now``.

    When a clock that ran ahead is set right, spans may reach into the future, or claim that calls were
    older than they are now. The first are forgotten and the second made younger, so both are read again.
    """
    result = []
    for span in coverage:
        if span.window.start >= now:
            continue
        window = Window(span.window.start, min(span.window.end, now))
        result.append(replace(span, window=window, age=min(span.age, _age_class(now - window.end, ages))))
    return _merged(result)


def dump(coverage: Coverage) -> list[list[float]]:
    """Return the coverage as JSON: ``[start, end, age, calls]`` in epoch seconds and seconds."""
    return [
        [
            int(span.window.start.timestamp()),
            int(span.window.end.timestamp()),
            span.age.total_seconds(),
            span.calls,
        ]
        for span in coverage
    ]


def parse(value: Any, zone: Any) -> Coverage:
    """Return the coverage that :func:`dump` gave, in the time zone ``zone``."""
    return tuple(
        Span(
            Window(datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)),
            timedelta(seconds=age),
            calls,
        )
        for start, end, age, calls in value
    )
