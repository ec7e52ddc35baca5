"""The world too large to hold."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_sandbox import BulkWorld, Manners, SeededWorld
from altur_sandbox.worlds.base import Wanted
from altur_sandbox.worlds.bulk import Spread

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_three_million_calls_are_counted_and_the_last_page_within_reach_is_read(sandbox, visitor):
    """25,001 pages of 100 end before three million calls do: what lies beyond needs a narrower window."""
    sandbox.world = BulkWorld({7: 3_000_000})

    page = visitor.page(pageSize=100, pageIndex=25_000)

    assert page["total_count"] == 3_000_000
    assert page["pagination"]["has_next"] is True
    assert page["calls"][0]["id"] == sandbox.world.call_id(7, 499_999)


def test_pages_joined_are_the_campaign_to_the_last_call(sandbox, visitor):
    sandbox.world = BulkWorld({7: 1_234, 8: 10})
    sandbox.manners = Manners(order="oldest_first")

    ids = [id_ for index in range(13) for id_ in visitor.ids(pageSize=100, pageIndex=index)]

    assert ids == [sandbox.world.call_id(7, position) for position in range(1_234)]
    assert visitor.ids(pageSize=100, pageIndex=13) == []


def test_a_window_holds_its_share_of_the_calls(sandbox, visitor):
    sandbox.world = BulkWorld({7: 90_000}, days=90)

    page = visitor.page(startDate="2026-01-11", endDate="2026-01-20T23:59:59.999999Z", pageSize=1)

    assert page["total_count"] == 10_000


def test_windows_that_tile_the_span_hold_every_call_once():
    world = BulkWorld({7: 100_003}, days=30, rhythm=0.9)
    days = [START + timedelta(days=day) for day in range(31)]

    counts = [len(world.select(7, Wanted(start, end))) for start, end in pairwise(days)]

    assert sum(counts) == 100_003


def test_a_rhythm_crowds_calls_in_the_middle_of_each_day():
    world = BulkWorld({7: 30_000}, days=30, rhythm=0.8)
    day = START + timedelta(days=10)

    night = world.select(7, Wanted(day, day + timedelta(hours=6)))
    noon = world.select(7, Wanted(day + timedelta(hours=9), day + timedelta(hours=15)))

    assert len(noon) > 2 * len(night)


@given(
    count=st.integers(1, 3_000_000),
    rhythm=st.floats(0, 0.99),
    days=st.integers(1, 400),
    share=st.floats(0, 1),
)
def test_later_positions_are_never_earlier(count, rhythm, days, share):
    spread = Spread(count, START, days, rhythm)
    position = int(share * (count - 1))

    assert START <= spread.at(0) <= spread.at(position) <= spread.at(position + 1)
    assert spread.at(count - 1) < START + timedelta(days=days)


def test_a_rhythm_that_would_turn_time_back_is_refused():
    with pytest.raises(ValueError, match="turn time back"):
        BulkWorld({7: 1}, rhythm=1.5)


def test_ids_are_unique_over_campaigns():
    world = BulkWorld({1: 0, 2: 0})

    ids = {world.call_id(campaign_id, position) for campaign_id in (1, 2) for position in range(10_000)}

    assert len(ids) == 20_000


def test_rows_are_calls_like_the_seeded_ones(sandbox, visitor):
    sandbox.world = BulkWorld({7: 5_000})
    calls = visitor.page(pageSize=100)["calls"]
    seeded = SeededWorld(clock=lambda: START, days=3).calls(1101)[0]

    assert all(call.keys() == seeded.keys() for call in calls)
    assert all(call["contact"].keys() == seeded["contact"].keys() for call in calls)
    assert all(len(call["policy_evaluation"]["policies"]) == 3 for call in calls)
    assert all(call["created_at"] < call["started_at"] < call["ended_at"] for call in calls)
    assert len({call["contact"]["id"] for call in calls}) > 30


def test_filters_by_value_work_by_scanning(sandbox, visitor):
    sandbox.world = BulkWorld({7: 500})

    assert visitor.page(status="ended", answeredBy="human")["total_count"] == 500
    assert visitor.page(status="busy")["total_count"] == 0
