"""What is read ahead is bounded, and windows are read in the order they are due."""

from __future__ import annotations

import threading

import pytest

from altur_calls.reading.ahead import AHEAD_CALLS, Ahead


@pytest.fixture
def waits() -> threading.Semaphore:
    """Count how often somebody had to wait."""
    return threading.Semaphore(0)


@pytest.fixture
def ahead(waits: threading.Semaphore, monkeypatch: pytest.MonkeyPatch) -> Ahead:
    """Return a bound that tells who waits for it."""
    ahead = Ahead()
    change = ahead._change  # noqa: SLF001 (nothing else shows that a thread has come to wait)
    wait = change.wait

    def told(timeout: float | None = None) -> bool:
        waits.release()
        return wait(timeout)

    monkeypatch.setattr(change, "wait", told)
    return ahead


def admitted(ahead: Ahead, calls: int, turn: int, order: list[int]) -> threading.Thread:
    """Return a thread that waits to be admitted, and says so then."""

    def wait() -> None:
        ahead.admit(calls, turn)
        order.append(turn)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_small_window_does_not_overtake_a_large_one(ahead: Ahead, waits: threading.Semaphore) -> None:
    """Else the large ones would be left for the end, when nothing else is to be read meanwhile."""
    order: list[int] = []
    ahead.admit(AHEAD_CALLS - 5, 0)
    threads = []
    for turn, calls in ((1, 10), (2, 1)):
        threads.append(admitted(ahead, calls, turn, order))
        assert waits.acquire(timeout=10)
    assert not order

    ahead.release(AHEAD_CALLS - 5)
    for thread in threads:
        thread.join(10)

    assert sorted(order) == [1, 2]


def test_a_window_alone_may_be_as_large_as_it_is(ahead: Ahead) -> None:
    """It can't be read in parts."""
    order: list[int] = []

    admitted(ahead, AHEAD_CALLS * 2, 0, order).join(10)

    assert order == [0]


def test_nobody_waits_once_it_is_closed(ahead: Ahead, waits: threading.Semaphore) -> None:
    """A run that ends leaves no thread behind."""
    ahead.admit(AHEAD_CALLS, 0)
    order: list[int] = []
    thread = admitted(ahead, 1, 1, order)
    assert waits.acquire(timeout=10)

    ahead.close()
    thread.join(10)

    assert order == [1]
