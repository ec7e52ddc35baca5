"""The world a test makes by hand."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from altur_sandbox import example_call


def test_calls_are_listed_oldest_first_whatever_the_order_they_came_in(world, noon):
    world.put(7, example_call("early", noon - timedelta(days=1)))

    assert [call["id"] for call in world.calls(7)] == [
        "early",
        "call_0",
        "call_1",
        "call_2",
        "call_3",
        "call_4",
    ]


def test_calls_of_one_instant_are_listed_in_order_of_arrival(visitor, world, noon):
    for name in ("b", "a", "c"):
        world.put(7, example_call(name, noon + timedelta(hours=1)))

    assert visitor.ids()[:3] == ["c", "a", "b"]


def test_putting_a_call_again_replaces_it(visitor, world, noon):
    world.put(7, example_call("call_2", noon + timedelta(minutes=2), tags=["again"]))

    assert visitor.ids() == ["call_4", "call_3", "call_2", "call_1", "call_0"]
    assert visitor.page()["calls"][2]["tags"] == ["again"]


def test_a_call_put_again_at_another_instant_moves(visitor, world, noon):
    world.put(7, example_call("call_2", noon + timedelta(hours=1)))

    assert visitor.ids() == ["call_2", "call_4", "call_3", "call_1", "call_0"]


def test_a_change_shows_at_the_next_request(visitor, world):
    visitor.page()

    world.change("call_4", status="failed", tags=[])

    call = visitor.page()["calls"][0]
    assert (call["status"], call["tags"], call["duration"]) == ("failed", [], 95)


def test_a_change_does_not_reach_into_what_was_returned_before(world):
    before = world.calls(7)

    world.change("call_0", status="failed")

    assert before[0]["status"] == "ended"
    assert world.calls(7)[0]["status"] == "failed"


def test_a_deleted_call_is_gone(visitor, world):
    world.delete("call_2")

    assert visitor.ids() == ["call_4", "call_3", "call_1", "call_0"]
    assert visitor.page()["total_count"] == 4


def test_two_campaigns_can_hold_a_call_of_one_id_and_it_changes_in_both(world, noon):
    world.add_campaign(8)
    world.put(8, example_call("call_0", noon))

    world.change("call_0", status="busy")

    assert [world.calls(campaign_id)[0]["status"] for campaign_id in (7, 8)] == ["busy", "busy"]


@pytest.mark.parametrize(
    "act", [lambda world: world.change("x", status="busy"), lambda world: world.delete("x")]
)
def test_a_call_nobody_put_cannot_be_changed_or_deleted(world, act):
    with pytest.raises(KeyError, match="x"):
        act(world)


@pytest.mark.parametrize(
    "item", ["a string", None, 17, [1], {"no": "id"}, {"id": "x", "status": ["a", "list"]}]
)
def test_anything_can_stand_where_a_call_should(visitor, world, noon, item):
    world.put_raw(7, item, created_at=noon + timedelta(hours=1))

    assert visitor.page()["calls"][0] == item
    assert visitor.page(status="ended", answeredBy="human")["total_count"] == 5


def test_raw_items_are_not_among_the_calls(world, noon):
    world.put_raw(7, {"id": "call_9"}, created_at=noon)

    assert len(world.calls(7)) == 5


@pytest.mark.parametrize(
    "created_at",
    [
        datetime(2026, 3, 2, 18, 30),  # noqa: DTZ001 - without an offset is what is tried
        datetime(2026, 3, 2, 13, 30, tzinfo=timezone(timedelta(hours=-5))),
        "2026-03-02T18:30:00Z",
    ],
)
def test_a_creation_can_be_given_in_any_zone_and_as_text(visitor, world, created_at):
    world.put(7, {**example_call("call_9", datetime.now(UTC)), "created_at": created_at})

    assert visitor.ids(startDate="2026-03-02T18:30:00Z", endDate="2026-03-02T18:30:00Z") == ["call_9"]


def test_the_clock_can_be_replaced(visitor, world, noon):
    world.clock = lambda: noon + timedelta(days=1)

    assert visitor.get().headers["Date"] == "Tue, 03 Mar 2026 18:00:00 GMT"


def test_a_campaign_writes_the_offset_of_its_own_zone(visitor, world, noon):
    world.add_campaign(9, zone=timezone(timedelta(hours=9)))
    world.put(9, example_call("far", noon))

    call = visitor.get("/campaigns/9/calls").json()["calls"][0]

    assert call["created_at"] == "2026-03-03T03:00:00+09:00"
