"""Windows: whole seconds, half open, cut without a gap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls.windows import SMALLEST, Window, floor

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a moment, in seconds from midnight."""
    return MIDNIGHT + timedelta(seconds=seconds)


def window(start: float, end: float) -> Window:
    """Return a window, in seconds from midnight."""
    return Window(at(start), at(end))


moments = st.integers(0, 400_000_000).map(at)
windows = st.builds(
    lambda start, seconds: Window(start, start + timedelta(seconds=seconds)),
    moments,
    st.one_of(st.integers(1, 30), st.integers(1, 400_000_000)),
)


@given(windows, st.integers(1, 500))
def test_parts_tile_their_window(whole, count):
    """No gap, no overlap, both ends kept: a call belongs to exactly one part."""
    parts = whole.parts(count)

    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(left.end == right.start for left, right in pairwise(parts))


@given(windows, st.integers(1, 500))
def test_parts_are_as_many_as_asked_for_or_as_there_are_seconds(whole, count):
    """Splitting a crowded second must come to an end."""
    parts = whole.parts(count)

    assert len(parts) == min(count, whole.length // SMALLEST)
    assert all(part.length >= SMALLEST for part in parts)


@given(windows, st.integers(1, 500))
def test_parts_are_of_like_length_and_on_whole_seconds(whole, count):
    """The filter of the API is written in whole seconds."""
    lengths = [part.length for part in whole.parts(count)]

    assert max(lengths) - min(lengths) <= SMALLEST
    assert all(length % SMALLEST == timedelta(0) for length in lengths)


@pytest.mark.parametrize(
    ("cut_at", "parts"),
    [
        pytest.param(4, [(0, 4), (4, 10)], id="inside"),
        pytest.param(4.9, [(0, 4), (4, 10)], id="inside a second: before it"),
        pytest.param(0, [(0, 10)], id="at the start"),
        pytest.param(10, [(0, 10)], id="at the end"),
        pytest.param(-5, [(0, 10)], id="before the start"),
        pytest.param(15, [(0, 10)], id="after the end"),
    ],
)
def test_a_cut_gives_the_parts_that_are_not_empty(cut_at, parts):
    """An empty window would cost a request."""
    assert window(0, 10).cut(at(cut_at)) == tuple(window(*part) for part in parts)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [(at(-0.001), False), (at(0), True), (at(9.999), True), (at(10), False), ("2026-03-01", False)],
)
def test_a_window_holds_its_start_but_not_its_end(moment, inside):
    """Half open, so that neighbours share no call."""
    assert (moment in window(0, 10)) is inside


def test_a_window_is_told_in_utc_and_half_open():
    """So it stands in messages, which people copy into ``--since`` and ``--until``."""
    assert str(window(0, 90)) == "[2026-03-01T00:00:00Z, 2026-03-01T00:01:30Z)"


@given(st.floats(0, 400_000_000).map(at))
def test_a_floor_is_the_whole_second_a_moment_lies_in(moment):
    """Rounding up would put a call before the window that holds it."""
    assert floor(moment) <= moment < floor(moment) + SMALLEST
    assert floor(moment).microsecond == 0
