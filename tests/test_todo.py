"""Windows to read: each is read once, whatever becomes of it before, and there is an end to it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from altur_calls.reading.asking import Task, halves_of_time
from altur_calls.reading.todo import MOST_CUTS_WITHOUT_PROOF, Todo
from altur_calls.windows import SMALLEST, Window

START = datetime(2026, 1, 1, tzinfo=UTC)


def task(campaign_id: int = 1) -> Task:
    """Return a window of a campaign, of an hour."""
    return Task(campaign_id, Window(START, START + timedelta(hours=1)))


@given(
    campaigns=st.integers(0, 5),
    fates=st.lists(st.sampled_from(["read", "again", "cut"]), max_size=40),
)
def test_all_is_read_once_however_often_it_is_cut(campaigns: int, fates: list[str]) -> None:
    """Every moment of every window is read, none twice; only then is there nothing left to do."""
    todo = Todo([task(campaign_id) for campaign_id in range(campaigns)])
    read: list[Task] = []

    for _ in range(campaigns + 2 * len(fates)):
        if todo.is_empty:
            break
        taken = todo.take()
        assert taken is not None
        fate, one = fates.pop() if fates else "read", taken[0]
        if fate == "again" and not one.is_retry:
            todo.put_back(replace(one, is_retry=True))
        elif fate == "cut" and todo.may_cut(one):
            todo.cut(one, halves_of_time(one))
        else:
            todo.note_read()
            read.append(one)

    assert todo.is_empty
    assert sum((one.window.length for one in read), timedelta()) == campaigns * timedelta(hours=1)
    assert len({(one.campaign_id, one.window) for one in read}) == len(read)


def test_parts_come_before_other_windows() -> None:
    """What was begun is brought to its end, oldest first."""
    todo = Todo([task(1), task(2)])
    first = todo.take()
    assert first is not None

    todo.cut(first[0], halves_of_time(first[0]))

    taken = [one for one in (todo.take() for _ in range(3)) if one]
    assert [(one.campaign_id, turn) for one, turn in taken] == [(1, 1), (1, 2), (2, 3)]
    assert taken[0][0].window.start == START


def test_calls_are_counted_once_all_were_asked() -> None:
    """Parts, and windows that are read once more, hold no calls that were not counted before."""
    todo = Todo([task(1), task(2)])

    for one in (task(1), replace(task(1), is_retry=True), replace(task(1), is_part=True)):
        todo.note_counted(one)
        assert not todo.is_counted
    todo.note_counted(task(2))

    assert todo.is_counted


def test_cuts_that_prove_nothing_have_an_end() -> None:
    """Where one window could be proved others may be; the smallest can't be cut."""
    todo = Todo([task(1)])
    for _ in range(MOST_CUTS_WITHOUT_PROOF):
        assert todo.may_cut(task(1))
        todo.cut(task(1), [task(1)])

    assert not todo.may_cut(task(1))
    assert todo.may_cut(task(2))
    todo.note_proved(1)
    assert todo.may_cut(task(1))
    assert not todo.may_cut(Task(1, Window(START, START + SMALLEST)))


def test_who_waits_for_a_window_is_given_what_is_put_back() -> None:
    """A window that is cut is work for others, too."""
    todo, given_out = Todo([task()]), list[object]()
    taken = todo.take()
    other = threading.Thread(target=lambda: given_out.append(todo.take()), daemon=True)
    other.start()

    assert taken is not None
    todo.put_back(taken[0])
    other.join(10)

    assert given_out == [(task(), 1)]


def test_who_waits_for_a_window_ends_when_it_is_closed() -> None:
    """And nothing is given out any more."""
    todo, given_out = Todo([]), list[object]()
    waiting = threading.Thread(target=lambda: given_out.append(todo.take()), daemon=True)
    waiting.start()

    todo.close()
    waiting.join(10)
    todo.put_back(task())

    assert given_out == [None]
    assert todo.take() is None
