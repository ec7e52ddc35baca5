"""A window that holds too much is cut where its calls are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from altur_calls.reading.asking import cut_where_dense
from altur_calls.windows import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = st.integers(-50, 500)


def second(number: int) -> datetime:
    return START + timedelta(seconds=number)


@given(st.integers(1, 400), SECONDS, st.integers(1, 300), st.integers(1, 20))
def test_the_parts_tile_the_window_wherever_the_calls_seem_to_be(
    length: int, extent_start: int, extent_length: int, count: int
) -> None:
    """No gap, no overlap, both ends kept: the extent is a guess, and may even lie outside."""
    window = Window(START, second(length))
    extent = Window(second(extent_start), second(extent_start + extent_length))

    tiles = cut_where_dense(window, extent, count)

    parts = [part for part, _ in tiles]
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(left.end == right.start for left, right in pairwise(parts))
    assert all(part.length > timedelta(0) for part in parts)
    assert all(part.start <= dense.start < dense.end <= part.end for part, dense in tiles)
    assert len(parts) <= max(count, 3)


def test_the_time_before_the_first_call_and_after_the_last_costs_no_request_of_its_own() -> None:
    """However long it is: it goes with the first and the last part."""
    tiles = cut_where_dense(Window(START, second(1000)), Window(second(900), second(920)), 2)

    assert tiles == [
        (Window(START, second(910)), Window(second(900), second(910))),
        (Window(second(910), second(1000)), Window(second(910), second(920))),
    ]


def test_calls_of_one_second_are_set_apart_from_the_time_around_them() -> None:
    """Such a window can't be cut, but what is around it needs no more than a look."""
    tiles = cut_where_dense(Window(START, second(1000)), Window(second(900), second(901)), 5)

    assert [part for part, _ in tiles] == [
        Window(START, second(900)),
        Window(second(900), second(901)),
        Window(second(901), second(1000)),
    ]
