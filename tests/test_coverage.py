"""The laws of coverage: no gap, no call too old at its next read, and not more requests than needed.

The first half checks each function on a tiny scale, ages of seconds, against a model: a table of seconds.
The second half lives through schedules at full scale. Time is an argument, so a month takes a second.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from altur_calls import cursors, settings
from altur_calls.coverage import (
    NEW,
    Coverage,
    Span,
    believable,
    calls_within,
    due,
    dump,
    parse,
    with_read,
)
from altur_calls.reads import Read
from altur_calls.windows import Window

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
AGES = [minutes * MINUTE for minutes in (0, *settings.REREAD_AGES_MINUTES)]
SETTLED = AGES[-1]
FLOORING = 2 * SECOND
"""Windows are kept in whole seconds, so a call may be read this much early or late."""


def at(seconds: float) -> datetime:
    """Return a moment, in seconds from the origin."""
    return ORIGIN + timedelta(seconds=seconds)


def window(start: float, end: float) -> Window:
    """Return a window, in seconds from the origin."""
    return Window(at(start), at(end))


def span(start: float, end: float, age: float, calls: int = 0) -> Span:
    """Return a span, in seconds from the origin."""
    return Span(window(start, end), timedelta(seconds=age), calls)


# Each function by itself. ------------------------------------------------------------------------------

TINY_AGES = [timedelta(seconds=seconds) for seconds in (0, 5, 18, 60)]


@dataclass(frozen=True)
class Reading:
    """A proved read of ``[start, end)`` that began ``late`` seconds after its end. All in seconds."""

    start: int
    end: int
    late: int
    calls: tuple[int, ...]

    @property
    def read_at(self) -> int:
        """Return when the read began."""
        return self.end + self.late


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Draw a read of some window, with the calls it found."""
    start = draw(st.integers(0, 150))
    end = start + draw(st.integers(1, 100))
    calls = draw(st.lists(st.integers(start, end - 1), max_size=40))
    return Reading(start, end, draw(st.integers(0, 90)), tuple(sorted(calls)))


histories = st.lists(readings(), max_size=8).map(lambda reads: sorted(reads, key=lambda read: read.read_at))
"""Reads of any windows, in the order of time: what a schedule, backfills and failures may add up to."""


def after(history: Sequence[Reading]) -> Coverage:
    """Return the coverage after the reads."""
    coverage: Coverage = ()
    for read in history:
        calls = [at(second) for second in read.calls]
        coverage = with_read(coverage, window(read.start, read.end), calls, at(read.read_at), TINY_AGES)
    return coverage


def end_of(history: Sequence[Reading]) -> int:
    """Return the moment of the last read."""
    return max((read.read_at for read in history), default=0)


def by_second(coverage: Coverage) -> dict[int, timedelta]:
    """Spell a coverage out: each second it holds, and the age of its span."""
    return {
        second: span.age
        for span in coverage
        for second in range(
            int((span.window.start - ORIGIN).total_seconds()), int((span.window.end - ORIGIN).total_seconds())
        )
    }


def seconds_of(windows: Sequence[Window]) -> set[int]:
    """Spell windows out: each second they hold."""
    return set(by_second(tuple(Span(window, NEW, 0) for window in windows)))


@given(histories)
def test_coverage_remembers_what_was_read_and_how_old_its_calls_were_at_least(history):
    """A table of seconds says the same: the last read of a second counts, by the age of its last instant."""
    table = {}
    for read in history:
        for second in range(read.start, read.end):
            youngest = timedelta(seconds=read.read_at - second - 1)
            table[second] = max(age for age in TINY_AGES if age <= youngest)

    assert by_second(after(history)) == table


@given(histories)
def test_spans_are_in_order_and_none_is_empty_or_meets_its_like(history):
    """Two neighbours of one age would be one span, or the state grew for ever."""
    spans = after(history)

    assert all(span.window.length > NEW and span.calls >= 0 for span in spans)
    assert all(left.window.end <= right.window.start for left, right in pairwise(spans))
    assert not any(
        left.window.end == right.window.start and left.age == right.age for left, right in pairwise(spans)
    )


@given(histories, st.integers(0, 300), st.integers(0, 120), st.integers(0, 100))
def test_what_is_due_is_disjoint_in_order_and_within_the_whole(history, start, more, interval):
    """Nothing is asked twice in a run, and nothing from before the start date or after now."""
    whole = window(start, max(start, end_of(history)) + more)
    windows = due(
        believable(after(history), whole.end, TINY_AGES), whole, TINY_AGES, timedelta(seconds=interval)
    )

    assert all(whole.start <= part.start < part.end <= whole.end for part in windows)
    assert all(left.end < right.start for left, right in pairwise(windows))


@given(histories, st.integers(0, 120), st.integers(0, 100))
def test_what_was_never_read_is_due_and_so_is_what_was_read_as_new(history, more, interval):
    """A gap is closed by the next run, whatever made it."""
    now = end_of(history) + more
    known = by_second(after(history))
    must = {second for second in range(now) if known.get(second, NEW) == NEW}

    windows = due(after(history), window(0, now), TINY_AGES, timedelta(seconds=interval))

    assert must <= seconds_of(windows)


@given(histories, st.integers(0, 120), st.integers(0, 100))
def test_what_is_left_out_would_still_be_in_time_at_the_next_run(history, more, interval):
    """The law of re-reading, seen from one run: by the next one, no call is over 4 times its last age."""
    now = end_of(history) + more
    left = after(history)
    windows = seconds_of(due(left, window(0, now), TINY_AGES, timedelta(seconds=interval)))

    for second, age in by_second(left).items():
        if second not in windows and age < TINY_AGES[-1]:
            assert timedelta(seconds=now + interval - second - 1) <= 4 * age


@given(histories, st.lists(st.integers(0, 200), max_size=5))
def test_what_else_is_wanted_is_due_as_well(history, wanted):
    """A call in progress is asked for in every run, however lately it was read."""
    now = end_of(history) + 201
    also = [window(second, second + 1) for second in wanted]

    windows = due(after(history), window(0, now), TINY_AGES, MINUTE, also)

    must = seconds_of(due(after(history), window(0, now), TINY_AGES, MINUTE))
    assert must | set(wanted) <= seconds_of(windows)
    assert all(left.end < right.start for left, right in pairwise(windows))


@given(histories, st.integers(0, 120))
def test_a_clock_that_was_never_wrong_is_believed(history, more):
    """What has happened by now could have happened by now."""
    spans = after(history)

    assert believable(spans, at(end_of(history) + more), TINY_AGES) == spans


@given(histories, st.integers(0, 300))
def test_a_clock_set_back_leaves_nothing_that_can_not_have_happened(history, now):
    """No span reaches past now, and no call was older when it was read than it is now."""
    left = believable(after(history), at(now), TINY_AGES)
    before = by_second(after(history))

    assert set(by_second(left)) == {second for second in before if second < now}
    assert all(span.window.length > NEW and span.age <= at(now) - span.window.end for span in left)
    assert all(age <= before[second] for second, age in by_second(left).items())


def test_ages_of_parts_of_a_second_survive_the_state():
    """Ages are minutes, and 33.33 of them are no whole number of seconds."""
    ages = [NEW, 33.33 * MINUTE]
    spans = with_read((), window(0, 9000), [], at(9000), ages)

    assert parse(dump(spans), UTC) == spans


@given(histories)
def test_coverage_survives_the_state(history):
    """The state is JSON; it travels with every load and comes back from the warehouse."""
    spans = after(history)

    assert parse(json.loads(json.dumps(dump(spans))), UTC) == spans


@pytest.mark.parametrize(
    ("coverage", "windows"),
    [
        pytest.param((), [(0, 1000)], id="nothing was read: all of it"),
        pytest.param((span(0, 1000, 60),), [], id="all settled: nothing"),
        pytest.param((span(0, 900, 60),), [(900, 1000)], id="the new end"),
        pytest.param((span(100, 1000, 60),), [(0, 100)], id="an earlier start date"),
        pytest.param((span(-500, 1000, 60),), [], id="a later start date"),
        pytest.param((span(-500, -100, 0), span(0, 1000, 60)), [], id="new calls before the start date"),
        pytest.param((span(0, 400, 60), span(600, 1000, 60)), [(400, 600)], id="a gap"),
        pytest.param((span(0, 900, 60), span(900, 1000, 0)), [(900, 1000)], id="new calls, again"),
        pytest.param((span(0, 975, 60), span(975, 990, 5, 9)), [(975, 1000)], id="near 4 times 5 s"),
        pytest.param((span(0, 990, 60), span(990, 995, 5, 9)), [(995, 1000)], id="far from 4 times 5 s"),
        pytest.param((span(0, 900, 5, 99), span(900, 1000, 60, 99)), [(0, 900)], id="stale before settled"),
    ],
)
def test_due_by_example(coverage, windows):
    """At second 1000, with ten seconds to the next run, and ages of 5, 18 and 60 seconds."""
    tens = timedelta(seconds=10)

    assert due(coverage, window(0, 1000), TINY_AGES, tens) == [window(*pair) for pair in windows]


@pytest.mark.parametrize(("calls", "windows"), [(25, [(0, 1000)]), (26, [(0, 100), (900, 1000)])])
def test_windows_with_few_calls_between_them_are_read_as_one(calls, windows):
    """A request costs more than a few calls, and an idle campaign has many windows with none between."""
    read = (span(100, 900, 60, calls),)

    assert due(read, window(0, 1000), TINY_AGES, MINUTE) == [window(*pair) for pair in windows]


def test_a_start_date_to_come_leaves_nothing_to_read():
    """A campaign may be planned before its first call."""
    assert due((), window(1000, 0), TINY_AGES, MINUTE) == []


def test_calls_within_a_span_count_as_if_spread_evenly():
    """An estimate is enough: it decides about a request, not about a call."""
    read = (span(0, 100, 60, 50), span(200, 300, 0, 10))

    assert calls_within(read, at(50), at(250)) == pytest.approx(25 + 5)


@given(readings())
def test_a_span_holds_as_many_calls_as_were_read_in_it(read):
    """The calls that the overlap brings along, from outside the window, are not counted."""
    calls = [at(second) for second in (read.start - 1, *read.calls, read.end)]

    spans = with_read((), window(read.start, read.end), calls, at(read.read_at), TINY_AGES)

    assert sum(span.calls for span in spans) == len(read.calls)


# Schedules, lived through. -----------------------------------------------------------------------------

Verdict = Callable[[int], bool]
"""Whether the window of this number fails in a run."""


@dataclass
class Campaign:
    """Calls by the moments they were created at, and the moments at which a schedule really read them."""

    created: list[datetime]
    ages: Sequence[timedelta] = tuple(AGES)
    coverage: Coverage = ()
    spans_at_most: int = 0
    now: datetime = ORIGIN
    intervals: dict[datetime, timedelta] = field(default_factory=dict)
    """When the next run was expected, by the moments of the runs."""
    reads: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def run(
        self, after: timedelta, interval: timedelta, fails: Verdict = lambda _: False, fast: timedelta = NEW
    ) -> list[Window]:
        """Read what is due some time after the last run, by a clock that may be fast or slow."""
        self.now += after
        self.intervals[self.now] = interval
        clock, visible = self.now + fast, self.created[: bisect_left(self.created, self.now)]
        self.coverage = believable(parse(dump(self.coverage), UTC), clock, self.ages)
        windows = due(self.coverage, Window(ORIGIN, clock), self.ages, interval)
        windows = [part for number, part in enumerate(windows) if not fails(number)]
        for part in windows:
            for number in range(bisect_left(visible, part.start), bisect_left(visible, part.end)):
                self.reads[number].append(self.now)
            self.coverage = with_read(self.coverage, part, visible, clock, self.ages)
        self.spans_at_most = max(self.spans_at_most, len(self.coverage))
        return windows

    def assert_read_in_time(self, late: timedelta = NEW) -> None:
        """Check the law: read, and read again from age p to age q <= 4 p or the next run, until settled."""
        for number, created in enumerate(self.created[: bisect_left(self.created, self.now)]):
            assert self.reads[number]
            for read, following in pairwise([*self.reads[number], self.now]):
                age = read - created
                bound = max(min(4 * age, 1.2 * self.ages[-1]), age + self.intervals[read])
                assert age >= self.ages[-1] or following - created <= bound + late + FLOORING


@st.composite
def calls_over(draw: st.DrawFn, length: timedelta) -> list[datetime]:
    """Draw creation times within ``length``: single ones, and crowds that no window bridges."""
    places = draw(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([1, 1, 30])), min_size=1, max_size=12))
    return sorted(ORIGIN + place * length for place, crowd in places for _ in range(crowd))


@st.composite
def growing_ages(draw: st.DrawFn) -> list[timedelta]:
    """Draw the default ages, their beginning, or somebody's own."""
    own = st.lists(st.integers(1, 50_000), min_size=1, max_size=6, unique=True).map(sorted)
    default = st.integers(1, len(AGES) - 1).map(lambda count: settings.REREAD_AGES_MINUTES[:count])
    return [minutes * MINUTE for minutes in (0, *draw(st.one_of(default, default, own)))]


intervals = st.one_of(
    st.sampled_from([MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 360 * MINUTE, DAY]),
    st.integers(60, 86_400).map(lambda seconds: seconds * SECOND),
)


@effort(max_examples=30, deadline=None)
@given(st.data(), intervals, growing_ages())
def test_every_call_is_read_anew_before_it_is_four_times_as_old(data, interval, ages):
    """Whatever the schedule, a change made at age A shows by age 4 A, or one interval later."""
    runs = min(200, (ages[-1] * 1.2 + 2 * DAY) // interval + 2)
    campaign = Campaign(data.draw(calls_over(min(runs * interval / 2, 2 * DAY))), ages)

    for _ in range(runs):
        campaign.run(interval, interval)

    campaign.assert_read_in_time()


@effort(max_examples=40, deadline=None)
@given(st.data(), st.lists(st.tuples(intervals, intervals), min_size=1, max_size=60))
def test_a_run_that_nobody_foretold_makes_reads_late_by_no_more_than_it_is(data, schedule):
    """Hourly by night, by hand in between: each run only guesses when the next one comes."""
    guesses = [guess for _, guess in schedule]
    surprise = max((gap - guess for (gap, _), guess in zip(schedule[1:], guesses, strict=False)), default=NEW)
    campaign = Campaign(data.draw(calls_over(sum((gap for gap, _ in schedule), NEW))))

    for gap, guess in schedule:
        campaign.run(gap, guess)

    campaign.assert_read_in_time(late=max(surprise, NEW))


@pytest.mark.parametrize("interval", [60 * MINUTE, 360 * MINUTE, DAY], ids=str)
def test_a_call_is_settled_at_thirty_days_and_never_read_again(interval):
    """History costs nothing: a campaign of years is as cheap to follow as a new one."""
    campaign = Campaign([at(number * 997.3) for number in range(300)])

    while campaign.now < ORIGIN + 45 * DAY:
        campaign.run(interval, interval)

    campaign.assert_read_in_time()
    for number, created in enumerate(campaign.created):
        *earlier, last = (read - created for read in campaign.reads[number])
        assert last >= SETTLED
        assert max(earlier) <= SETTLED + FLOORING


@effort(max_examples=40, deadline=None)
@given(st.data(), intervals)
def test_every_call_is_read_by_the_first_run_after_its_creation(data, interval):
    """New calls wait for nothing."""
    campaign = Campaign(data.draw(calls_over(40 * interval)))

    for _ in range(41):
        campaign.run(interval, interval)

    for number, created in enumerate(campaign.created):
        assert campaign.reads[number][0] == created + interval - (created - ORIGIN) % interval


broken_run = st.tuples(
    intervals,
    st.sets(st.integers(0, 5)),
    st.one_of(st.just(0), st.integers(-40 * 86_400, 40 * 86_400)).map(lambda seconds: seconds * SECOND),
)
"""Time since the run before, numbers of the windows that fail, and how fast the clock is."""


@effort(max_examples=60, deadline=None)
@given(st.data(), st.lists(broken_run, max_size=12), intervals)
def test_no_failure_and_no_clock_leaves_a_gap(data, runs, interval):
    """Windows fail, clocks jump back and forth: one clean run later everything up to now is covered."""
    campaign = Campaign(data.draw(calls_over(10 * DAY)))
    for gap, failing, fast in runs:
        campaign.run(gap, interval, failing.__contains__, fast)

    campaign.run(interval, interval)

    spans = campaign.coverage
    assert (spans[0].window.start, spans[-1].window.end) == (ORIGIN, campaign.now)
    assert all(left.window.end == right.window.start for left, right in pairwise(spans))


@effort(max_examples=60, deadline=None)
@given(st.data(), st.lists(broken_run, max_size=12), intervals)
def test_no_failure_leaves_a_call_unread(data, runs, interval):
    """What a broken run left out, the next whole one reads: not by the state, but in fact."""
    campaign = Campaign(data.draw(calls_over(10 * DAY)))
    for gap, failing, _ in runs:
        campaign.run(gap, interval, failing.__contains__)

    campaign.run(interval, interval)

    assert len(campaign.reads) == bisect_left(campaign.created, campaign.now)


@effort(max_examples=60, deadline=None)
@given(st.data(), st.integers(-40 * 86_400, 29 * 86_400), intervals, st.integers(1, 40))
def test_a_clock_that_was_wrong_hides_no_call(data, seconds, interval, runs):
    """It claimed reads of calls to come. Set right, they count as read now at best, and the law goes on."""
    campaign = Campaign(data.draw(calls_over(10 * interval)))
    campaign.run(interval, interval, fast=seconds * SECOND)
    set_right = ORIGIN + 2 * interval

    for _ in range(runs):
        campaign.run(interval, interval)

    for number, created in enumerate(campaign.created):
        age = max(set_right - created, NEW)
        if campaign.now - created > max(4 * age, age + interval) + FLOORING:
            assert campaign.reads[number]


# Costs, at full scale. ---------------------------------------------------------------------------------

RUN = 5 * MINUTE


def requests_of(windows: Sequence[Window], created: Sequence[datetime]) -> int:
    """Count the pages of 100 calls that windows take, with a second of overlap on either side."""
    counts = (
        bisect_left(created, part.end + SECOND) - bisect_left(created, part.start - SECOND)
        for part in windows
    )
    return sum(max(1, -(-count // settings.PAGE_SIZE)) for count in counts)


def lived(created: list[datetime], length: timedelta) -> tuple[Campaign, list[int]]:
    """Follow a campaign every five minutes, and return it with the requests of each run."""
    campaign = Campaign(created)
    costs = [requests_of(campaign.run(RUN, RUN), created) for _ in range(length // RUN)]
    return campaign, costs


@pytest.fixture(scope="module")
def busy() -> tuple[Campaign, list[int]]:
    """Return four days of 10,000 calls each, followed every five minutes until all are settled."""
    random = Random(7)  # noqa: S311 (calls, not secrets)
    created = sorted(ORIGIN + random.random() * 4 * DAY for _ in range(40_000))
    return lived(created, 4 * DAY + 32 * DAY)


def test_an_idle_campaign_costs_about_a_request_a_run():
    """Most campaigns are over; together they must leave the rate limit to those that are not."""
    _, costs = lived([], 6 * DAY)

    assert sum(costs) <= 1.2 * len(costs)


def test_a_busy_campaign_costs_at_most_0_12_requests_a_call_in_its_life(busy):
    """Ten reads in pages of 100, and a little: without the one request a run that idleness costs."""
    campaign, costs = busy
    idle_runs = len(costs) - 4 * DAY // RUN

    assert (sum(costs) - idle_runs) / len(campaign.created) <= 0.12


def test_a_busy_campaign_costs_about_a_request_a_run_once_it_is_settled(busy):
    """What is settled is left alone, whatever its size."""
    _, costs = busy
    settled = costs[35 * DAY // RUN :]

    assert sum(settled) <= 1.2 * len(settled)


def test_what_is_remembered_of_a_campaign_stays_small(busy):
    """A span for each age and a few more, not one for each run: the state is saved with every load."""
    campaign, _ = busy

    assert campaign.spans_at_most <= 20


def test_every_call_of_a_busy_campaign_is_read_in_time_and_settled(busy):
    """The law holds for a whole life too, at the schedule we recommend."""
    campaign, _ = busy

    campaign.assert_read_in_time()
    assert all(
        campaign.reads[number][-1] - created >= SETTLED for number, created in enumerate(campaign.created)
    )


# What the state keeps of it: cursors. ------------------------------------------------------------------


def read_of(
    start: float, end: float, *calls: dict[str, Any], late: float = 0, doubt: str | None = None
) -> Read:
    """Return a read of campaign 7 that began some seconds after its window's end."""
    return Read(7, window(start, end), at(end + late), list(calls), 1, len(calls), doubt)


def call(second: float, status: str = "completed") -> dict[str, Any]:
    """Return as much of a call as cursors look at."""
    return {"id": f"call_{second}", "created_at": at(second).isoformat(), "status": status}


def planned(state: cursors.State, now: float, *campaign_ids: int) -> list[tuple[int, float, float]]:
    """Return the tasks due at a second, as campaign, start and end."""
    tasks = cursors.due_tasks(state, campaign_ids or [7], ORIGIN, at(now), TINY_AGES)
    return [
        (
            task.campaign_id,
            *((edge - ORIGIN).total_seconds() for edge in (task.window.start, task.window.end)),
        )
        for task in tasks
    ]


def noted(*reads: Read, state: cursors.State | None = None) -> cursors.State:
    """Return the state after reads, as it comes back from the warehouse."""
    state = dict(state or {})
    for read in reads:
        cursors.note_read(state, cursors.trace_of(read), read.read_at, TINY_AGES)
    back: cursors.State = json.loads(json.dumps(state))
    return back


@pytest.mark.parametrize(
    ("runs", "seconds"),
    [
        pytest.param([], 0, id="the first run knows nothing"),
        pytest.param([700], 300, id="one gap"),
        pytest.param([100, 400, 700], 300, id="regular"),
        pytest.param([100, 400, 990], 590, id="the longest"),
        pytest.param([400, 700, 990], 300, id="a run by hand is no new schedule"),
        pytest.param([-200_000, 700], 86_400, id="after a pause: a day at most"),
    ],
)
def test_the_interval_of_a_schedule_is_the_longest_of_the_last(runs, seconds):
    """At second 1000. Too long a guess costs requests, too short a one costs freshness."""
    state = {"runs": [int(at(run).timestamp()) for run in runs]}

    assert cursors.interval_of(state, at(1000)) == timedelta(seconds=seconds)


def test_a_clock_set_back_makes_no_negative_interval():
    """By it, new calls would still be in time at a run before this one."""
    assert cursors.interval_of({"runs": [int(at(1000).timestamp())]}, at(700)) >= NEW


def test_only_the_last_runs_are_remembered():
    """The state is saved with every load and must not grow."""
    state = {}
    for second in range(10):
        cursors.note_run(state, at(second))

    assert state == {"runs": [int(at(second).timestamp()) for second in (6, 7, 8, 9)]}


def test_each_campaign_has_its_own_cursors():
    """A campaign that is added later is read from its beginning."""
    state = noted(read_of(0, 1000))

    assert planned(state, 1030, 7, 8) == [(7, 940, 1030), (8, 0, 1030)]


def test_a_window_that_was_not_proved_stays_due():
    """Its rows are kept, its calls are not counted as read."""
    state = noted(read_of(0, 1000, call(950), doubt="total_count moved"))

    assert planned(state, 1030) == [(7, 0, 1030)]


def test_a_call_in_progress_is_asked_for_by_every_run_until_it_has_ended():
    """A long call may end at an age between two of the ages."""
    crowd = [call(962 + number / 20) for number in range(300)]
    begun = noted(read_of(0, 1000, call(960, "in-progress"), *crowd), read_of(990, 1005))
    ended = noted(read_of(960, 961, call(960), late=45), state=begun)

    assert (7, 960, 961) in planned(begun, 1010)
    assert 960 not in [start for _, start, _ in planned(ended, 1010)]


def test_the_youngest_calls_in_progress_are_kept_and_the_others_wait_for_their_age():
    """A campaign in which calls never end must not ask for each of them for ever."""
    begun = [call(second, "in-progress") for second in range(2 * cursors.OPEN_KEPT)]

    state = noted(read_of(0, 1000, *begun))

    kept = [int(at(second).timestamp()) for second in range(cursors.OPEN_KEPT, 2 * cursors.OPEN_KEPT)]
    assert state["campaigns"]["7"]["open"] == kept


def test_a_call_that_never_ends_is_settled_like_the_others():
    """After the last age it has been in progress for a month, and nobody is talking."""
    crowd = [call(500 + number / 10) for number in range(300)]
    state = noted(read_of(0, 1000, call(400, "in-progress"), *crowd))

    assert (7, 400, 401) not in planned(state, 1010)


def test_a_note_leaves_what_it_was_given_untouched():
    """A load that fails is repeated from the state before it."""
    state = noted(read_of(0, 1000))
    campaigns = state["campaigns"]
    before = json.dumps(campaigns)

    cursors.note_read(state, cursors.trace_of(read_of(1000, 1100)), at(1100), TINY_AGES)

    assert json.dumps(campaigns) == before
    assert json.dumps(state["campaigns"]) != before
