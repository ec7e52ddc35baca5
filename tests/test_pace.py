"""The pace: real threads and the real clock. No test waits for anything but the pace itself.

A thread may be kept from the processor between its turn and the moment it notes the time. So turns are
compared with the time before all of them, where being late can't make a right pace look wrong; and that a
pace is fast enough must be seen in one try of several.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from altur_calls.reading.pace import MOST_MARGIN_SECONDS, Limiter, Pace, Stopped

THREADS = 8


def turns(pace: Pace, count: int) -> list[float]:
    """Take turns with many threads, and return when each was let through, in order."""

    def turn(_: int) -> float:
        with pace.turn():
            return time.monotonic()

    with ThreadPoolExecutor(THREADS) as threads:
        return sorted(threads.map(turn, range(count)))


@contextmanager
def waiting(pace: Pace, outcomes: list[str]) -> Iterator[None]:
    """Let threads wait for their turn meanwhile, and note what became of each in the end."""

    def wait() -> None:
        try:
            with pace.turn():
                outcomes.append("sent")
        except Stopped:
            outcomes.append("stopped")

    threads = [threading.Thread(target=wait) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(timeout=10)


def test_requests_are_spread_over_the_second():
    """The server is not met with a burst: twenty at once would be there in no time."""
    began = time.monotonic()

    sent = turns(Pace(Limiter(20)), 20)

    assert sent[-1] - began >= 19 * 0.5 / 20


def test_no_second_holds_more_requests_than_allowed():
    """A request and the one a burst later are a span apart, whichever thread sends them."""
    began = time.monotonic()

    sent = turns(Pace(Limiter(3.9)), 7)

    assert sent[3] - began >= 3 / 3.9
    assert sent[6] - began >= 2 * 3 / 3.9


def test_the_second_slides_and_does_not_begin_anew():
    """Half a burst, a pause, then all who come: a new clock second is no new allowance."""
    pace = Pace(Limiter(30))
    began = time.monotonic()

    sent = turns(pace, 15)
    pace.throttled(0.6)
    halfway = time.monotonic()
    sent += turns(pace, 35)

    assert sent[30] - began >= 1.0
    assert sent[45] - halfway >= 1.0


def test_turns_are_taken_as_fast_as_the_pace_allows():
    """The API's limit is what a backfill waits for; the pace must not add to it."""
    assert any(is_fast() for _ in range(5))


def is_fast() -> bool:
    """Tell whether a burst went at once, and the next one a second later, on a machine that is shared."""
    began = time.monotonic()

    sent = turns(Pace(Limiter(40)), 50)

    assert sent[40] - began >= 1.0
    return sent[39] - began < 1.0 and sent[49] - began < 2.0


def test_a_rate_below_one_is_one_request_in_several_seconds():
    """Somebody shares the limit with others."""
    began = time.monotonic()

    sent = turns(Pace(Limiter(0.9)), 2)

    assert sent[1] - began >= 1 / 0.9


def test_the_margin_grows_while_the_api_throttles():
    """The network may bring requests closer together than they were sent."""
    pace = Pace(Limiter(1.9))
    for _ in range(20):
        pace.throttled(0)
    began = time.monotonic()

    sent = turns(pace, 2)

    assert sent[1] - began >= 1 / 1.9 + MOST_MARGIN_SECONDS * 0.95


def test_throttled_holds_everybody_back():
    """The API asked all of us to wait, not only the request that was refused."""
    pace = Pace(Limiter(1000))
    began = time.monotonic()
    pace.throttled(0.4)

    sent = turns(pace, THREADS)

    assert sent[0] - began >= 0.4


def test_throttled_holds_back_those_who_wait_already():
    """Their turn would have come before the pause ends."""
    pace, outcomes = Pace(Limiter(50)), []
    turns(pace, 50)

    with waiting(pace, outcomes):
        until = time.monotonic() + 1.3
        pace.throttled(1.3)

    assert time.monotonic() >= until
    assert outcomes == ["sent"] * THREADS


def test_a_shorter_pause_does_not_end_a_longer_one():
    """Two requests in flight are refused, each with its own wait."""
    pace = Pace(Limiter(1000))
    began = time.monotonic()
    pace.throttled(0.4)
    pace.throttled(0.01)

    (sent,) = turns(pace, 1)

    assert sent - began >= 0.4


def test_stop_releases_everyone_who_waits():
    """An end asked for must not take as long as the pause."""
    pace, outcomes = Pace(Limiter(1000)), []
    pace.throttled(300)

    with waiting(pace, outcomes):
        pace.stop()

    assert outcomes == ["stopped"] * THREADS


def test_nobody_is_let_through_after_a_stop():
    """A run that ends sends nothing any more, even if it could."""
    pace = Pace(Limiter(1000))
    pace.stop()

    with pytest.raises(Stopped), pace.turn():
        pass


def test_a_sleep_ends_with_a_stop():
    """So does the wait before a retry."""
    pace = Pace(Limiter(1000))
    pace.stop()
    began = time.monotonic()

    pace.sleep(300)

    assert time.monotonic() - began < 10


def test_connections_that_share_a_limiter_keep_one_pace():
    """Two pipelines in one process have one key, and one allowance."""
    limiter = Limiter(20)
    began = time.monotonic()

    with ThreadPoolExecutor(2) as both:
        sent = sorted(
            moment
            for moments in both.map(turns, (Pace(limiter), Pace(limiter)), (15, 15))
            for moment in moments
        )

    assert sent[20] - began >= 1
    assert sent[29] - sent[9] >= 0.9


def test_a_connection_that_is_stopped_does_not_wait_for_the_turn_of_another():
    """Which waits for a minute, as the API asked."""
    limiter = Limiter(1000)
    ours, theirs = Pace(limiter), Pace(limiter)
    limiter.throttled(60)
    outcomes: list[str] = []
    others: list[str] = []
    with waiting(theirs, others):
        with waiting(ours, outcomes):
            ours.stop()
        assert outcomes == ["stopped"] * THREADS
        assert others == []
        theirs.stop()
