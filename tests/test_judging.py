"""What becomes of a window whose pages were read, and which of its calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls.reading.asking import Task
from altur_calls.reading.judging import Fate, each_once, fate_of
from altur_calls.reading.paging import Page
from altur_calls.windows import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = "a page after the first was refused"


def task(*, is_retry: bool = False) -> Task:
    """Return a window, read for the first time or again."""
    return Task(1, Window(START, START + timedelta(hours=1)), is_retry=is_retry)


def page(*ids: str, total: int | None = None, **others: Any) -> Page:
    """Return a page of calls with these ids, two at most."""
    return Page([{"id": call_id} for call_id in ids], total, 2, **others)


PROVED = [page("a", "b", total=3), page("c", total=3)]
MOVED = [page("a", "b", total=3), page("c", total=4)]
ONE_PAGE = [page("a", "b", total=1)]
CUT_SHORT = [page("a", "b", total=3), page(total=3)]
UNCOUNTED = [page("a", "b"), page("c")]
WITHOUT_ITS_FILTER = [page("a", total=3, has_next=False)]


@pytest.mark.parametrize(
    ("pages", "first", "again"),
    [
        pytest.param(PROVED, Fate.KEPT, Fate.KEPT, id="proved"),
        pytest.param(MOVED, Fate.AGAIN, Fate.HALVED, id="moved while it was read"),
        pytest.param(CUT_SHORT, Fate.AGAIN, Fate.HALVED, id="calls are missing"),
        pytest.param(ONE_PAGE, Fate.AGAIN, Fate.KEPT, id="one page, which can't be split"),
        pytest.param(UNCOUNTED, Fate.HALVED, Fate.HALVED, id="no count: another try would prove no more"),
        pytest.param(WITHOUT_ITS_FILTER, Fate.AGAIN, Fate.KEPT, id="a count that means something else"),
    ],
)
def test_a_window_in_doubt_is_read_again_and_then_in_halves(
    pages: list[Page], first: Fate, again: Fate
) -> None:
    """Where there are halves that may be proved."""
    fates = [fate_of(task(is_retry=is_retry), pages, None, may_cut=True)[0] for is_retry in (False, True)]

    assert fates == [first, again]


@given(
    pages=st.lists(
        st.builds(
            lambda ids, total, has_next: page(*ids, total=total, has_next=has_next),
            st.lists(st.sampled_from("abcd"), max_size=2),
            st.none() | st.integers(0, 4),
            st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=4,
    ),
    refusal=st.none() | st.just(REFUSED),
    may_cut=st.booleans(),
    is_retry=st.booleans(),
)
def test_no_window_is_read_for_ever(
    *, pages: list[Page], refusal: str | None, may_cut: bool, is_retry: bool
) -> None:
    """It is read again once, and cut only where that may prove something."""
    fate, reason = fate_of(task(is_retry=is_retry), pages, refusal, may_cut=may_cut)

    assert fate is not Fate.AGAIN or not is_retry
    assert fate is not Fate.HALVED or may_cut
    assert reason is not None or fate is Fate.KEPT
    assert refusal is None or reason == refusal


def test_a_refusal_is_no_end() -> None:
    """Even after a single page, for there are others."""
    pages = [page("a", "b", total=2)]

    assert fate_of(task(), pages, REFUSED, may_cut=True) == (Fate.AGAIN, REFUSED)
    assert fate_of(task(is_retry=True), pages, REFUSED, may_cut=True) == (Fate.HALVED, REFUSED)
    assert fate_of(task(is_retry=True), pages, REFUSED, may_cut=False) == (Fate.KEPT, REFUSED)


def test_of_calls_with_the_same_id_the_last_is_kept() -> None:
    """It is the newest news. Those without an id are all kept, to be told of."""
    pages = [
        Page([{"id": "a", "status": "in-progress"}, {"status": "ended"}]),
        Page([{"status": "ended"}, {"id": "a", "status": "ended"}]),
    ]

    calls = each_once(pages)

    assert [call for call in calls if "id" in call] == [{"id": "a", "status": "ended"}]
    assert len(calls) == 3
