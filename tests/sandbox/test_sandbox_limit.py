"""The rate limit."""

from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from altur_sandbox.limiter import Limiter


def test_the_thirteenth_request_of_a_second_is_throttled(sandbox, visitor):
    """Time is the test's: the requests arrive at 0.00, 0.05, ... 0.60."""
    moments = count(0, 5)
    sandbox.limiter = Limiter(12, clock=lambda: next(moments) / 100)

    statuses = [visitor.get().status_code for _ in range(13)]

    assert statuses == [200] * 12 + [429]


def test_a_throttled_request_says_when_to_come_back(sandbox, visitor):
    sandbox.limiter = Limiter(1, clock=lambda: 0.0)

    visitor.get()
    response = visitor.get()

    assert response.headers["Retry-After"] == "1"
    assert response.json()["error"] == 429


def test_the_second_slides_and_does_not_begin_anew():
    """Twelve at the end of one clock second and one at the start of the next are thirteen in a second."""
    moments = iter([0.9] * 12 + [1.1, 1.89, 1.9])
    limiter = Limiter(12, clock=lambda: next(moments))

    waits = [limiter.admit() for _ in range(15)]

    assert waits[:12] == [0.0] * 12
    assert [round(wait, 6) for wait in waits[12:]] == [0.8, 0.01, 0.0]


def test_refused_requests_count_against_nobody():
    moments = iter([0.0] * 30 + [1.0])
    limiter = Limiter(12, clock=lambda: next(moments))

    for _ in range(30):
        limiter.admit()

    assert limiter.admit() == 0.0


def test_the_limit_is_for_every_request_that_arrives_whatever_its_answer(sandbox, visitor):
    sandbox.limiter = Limiter(3, clock=lambda: 0.0)

    statuses = [visitor.get(path).status_code for path in ("/nowhere", "/campaigns/8/calls")]
    visitor.session.headers["Authorization"] = "api-key wrong"
    statuses += [visitor.get().status_code, visitor.get().status_code]

    assert statuses == [404, 404, 401, 429]


def test_none_is_no_limit():
    limiter = Limiter(None, clock=lambda: 0.0)

    assert not any(limiter.admit() for _ in range(1_000))


@example(gaps=[1, 1_000], limit=1)
@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 5))
def test_no_second_holds_more_than_the_limit(gaps, limit):
    """Laid anywhere: that is, any two admitted requests ``limit`` apart are a second apart or more."""
    now, admitted = 0, []
    limiter = Limiter(limit, clock=lambda: now / 1_000)

    for gap in gaps:
        now += gap
        if limiter.admit() == 0:
            admitted.append(now)

    assert all(later - earlier >= 1_000 for earlier, later in zip(admitted, admitted[limit:], strict=False))


@given(st.integers(0, 10**6))
def test_who_waits_as_told_is_let_in(start):
    """A nanosecond more makes up for the last digit of the sum."""
    now = start / 1_000
    limiter = Limiter(2, clock=lambda: now)
    limiter.admit()
    limiter.admit()

    now += limiter.admit() + 1e-9

    assert limiter.admit() == 0
