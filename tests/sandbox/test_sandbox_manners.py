"""Each unknown of the document, in each of its possible answers."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from altur_sandbox import Manners, example_call

NEWEST_FIRST = ["call_4", "call_3", "call_2", "call_1", "call_0"]


def test_newest_first_is_the_order_unless_told_otherwise(visitor):
    assert visitor.ids() == NEWEST_FIRST


def test_the_list_can_be_oldest_first(sandbox, visitor):
    sandbox.manners = Manners(order="oldest_first")

    assert visitor.ids(pageSize=2, pageIndex=1) == ["call_2", "call_3"]


def test_a_shuffled_list_is_fixed_and_complete_and_in_no_order(sandbox, visitor):
    sandbox.manners = Manners(order="shuffled")

    ids = [id_ for index in range(3) for id_ in visitor.ids(pageSize=2, pageIndex=index)]

    assert ids == visitor.ids()
    assert sorted(ids) == sorted(NEWEST_FIRST)
    assert ids not in (NEWEST_FIRST, NEWEST_FIRST[::-1])


def test_a_shuffled_list_keeps_its_order_when_a_call_arrives(sandbox, visitor, world, noon):
    sandbox.manners = Manners(order="shuffled")
    before = visitor.ids()

    world.put(7, example_call("late", noon + timedelta(hours=1)))

    assert [id_ for id_ in visitor.ids() if id_ != "late"] == before


def test_an_unstable_list_deals_calls_of_one_instant_anew_at_every_request(sandbox, visitor, world, noon):
    for number in range(8):
        world.put(7, example_call(f"tied_{number}", noon + timedelta(minutes=2)))
    sandbox.manners = Manners(order="unstable")

    lists = [visitor.ids() for _ in range(5)]

    assert len({tuple(ids) for ids in lists}) > 1
    assert all(sorted(ids) == sorted(lists[0]) for ids in lists)
    assert all(ids[:2] == ["call_4", "call_3"] and ids[-2:] == ["call_1", "call_0"] for ids in lists)


def test_an_unstable_list_deals_across_the_edge_of_a_page(sandbox, visitor, world, noon):
    """Else each page would always hold the same calls, and paging would be safe after all."""
    for number in range(8):
        world.put(7, example_call(f"tied_{number}", noon + timedelta(hours=1)))
    sandbox.manners = Manners(order="unstable")

    first_pages = {frozenset(visitor.ids(pageSize=4)) for _ in range(10)}

    assert len(first_pages) > 1


@pytest.mark.parametrize(
    ("bounds", "ids"),
    [
        ("inclusive", ["call_3", "call_2", "call_1"]),
        ("exclusive", ["call_2"]),
        ("half_open", ["call_2", "call_1"]),
    ],
)
def test_bounds_decide_about_calls_created_exactly_at_them(sandbox, visitor, bounds, ids):
    sandbox.manners = Manners(bounds=bounds)

    assert visitor.ids(startDate="2026-03-02T18:01:00Z", endDate="2026-03-02T18:03:00Z") == ids


@pytest.mark.parametrize(
    ("timestamps", "text"),
    [
        ("offset", "2026-03-02T12:00:00.123456-06:00"),
        ("z", "2026-03-02T18:00:00.123456Z"),
        ("naive", "2026-03-02T18:00:00.123456"),
        ("milliseconds", "2026-03-02T18:00:00.123Z"),
    ],
)
def test_instants_are_written_one_way_in_every_field(sandbox, visitor, world, noon, timestamps, text):
    sandbox.manners = Manners(timestamps=timestamps)
    moment = noon + timedelta(microseconds=123_456)
    world.put(7, example_call("call_9", moment, started_at=moment, ended_at=None))
    policy = {"policy_id": "p", "evaluated_at": moment}
    world.change("call_9", policy_evaluation={"completed_at": moment, "policies": [policy]})

    call = next(call for call in visitor.page()["calls"] if call["id"] == "call_9")

    evaluation = call["policy_evaluation"]
    assert {call["created_at"], call["started_at"], evaluation["completed_at"]} == {text}
    assert evaluation["policies"][0]["evaluated_at"] == text
    assert call["ended_at"] is None


def test_a_whole_second_is_written_without_a_fraction(visitor):
    assert visitor.page()["calls"][-1]["created_at"] == "2026-03-02T12:00:00-06:00"


def test_instants_cut_to_milliseconds_are_still_filtered_by_the_microsecond(sandbox, visitor, world, noon):
    """The trap: an end taken from a call that was read leaves that very call out."""
    sandbox.manners = Manners(timestamps="milliseconds")
    world.put(7, example_call("call_9", noon + timedelta(hours=1, microseconds=123_456)))
    shown = visitor.page(pageSize=1)["calls"][0]["created_at"]

    assert "call_9" not in visitor.ids(endDate=shown)


@pytest.mark.parametrize(
    ("total_count", "pages"),
    [
        ("every_page", [5, 5]),
        ("first_page", [5, None]),
        ("first_page_absent", [5, "absent"]),
        ("never", ["absent", "absent"]),
    ],
)
def test_the_total_may_be_missing(sandbox, visitor, total_count, pages):
    sandbox.manners = Manners(total_count=total_count)

    totals = [visitor.page(pageSize=2, pageIndex=index).get("total_count", "absent") for index in (0, 1)]

    assert totals == pages


def test_the_total_may_leave_the_filter_out(sandbox, visitor):
    sandbox.manners = Manners(total_count="unfiltered")

    page = visitor.page(endDate="1990-01-01T00:00:00Z")

    assert (page["calls"], page["total_count"]) == ([], 5)


def test_a_larger_page_than_the_server_likes_is_cut_in_silence(sandbox, visitor):
    sandbox.manners = Manners(max_page_size=2)

    page = visitor.page(pageSize=100, pageIndex=1)

    assert [call["id"] for call in page["calls"]] == ["call_2", "call_1"]
    assert page["pagination"]["page_size"] == 2


def test_the_last_index_can_be_lowered(sandbox, visitor):
    sandbox.manners = Manners(max_page_index=1)

    assert visitor.page(pageSize=2, pageIndex=1)["pagination"]["has_next"] is True
    assert visitor.get(pageSize=2, pageIndex=2).json().keys() == {"pageIndex"}


@pytest.mark.parametrize(
    ("has_next", "index", "pagination"),
    [
        ("always", 2, (True, 3)),
        ("never", 0, (False, None)),
        ("right", 0, (True, 1)),
        ("right", 2, (False, None)),
    ],
)
def test_has_next_can_lie_and_next_page_with_it(sandbox, visitor, has_next, index, pagination):
    sandbox.manners = Manners(has_next=has_next)

    shown = visitor.page(pageSize=2, pageIndex=index)["pagination"]

    assert (shown["has_next"], shown["next_page"]) == pagination


def test_past_the_end_is_an_empty_page(visitor):
    page = visitor.page(pageSize=5, pageIndex=1)

    assert (page["calls"], page["total_count"], page["pagination"]["has_next"]) == ([], 5, False)


def test_past_the_end_can_be_a_404(sandbox, visitor):
    sandbox.manners = Manners(past_end="not_found")

    responses = [visitor.get(pageSize=5, pageIndex=index) for index in (0, 1)]

    assert [response.status_code for response in responses] == [200, 404]
    assert responses[1].json() == {"error": 404, "message": "Invalid page."}


def test_an_empty_list_has_a_first_page_also_where_past_the_end_is_a_404(sandbox, visitor):
    sandbox.manners = Manners(past_end="not_found")

    assert visitor.ids(status="failed") == []


def test_the_date_header_is_the_time_of_the_world(visitor, noon):
    assert parsedate_to_datetime(visitor.get().headers["Date"]) == noon


def test_the_date_header_can_be_left_out(sandbox, visitor):
    sandbox.manners = Manners(date_header="none")

    assert "Date" not in visitor.get().headers


def test_the_date_header_can_be_the_real_time(sandbox, visitor, noon):
    sandbox.manners = Manners(date_header="real")

    assert parsedate_to_datetime(visitor.get().headers["Date"]) != noon


def test_a_page_can_be_repeated(sandbox, visitor):
    sandbox.manners = Manners(repeat_page=1)

    pages = [visitor.page(pageSize=2, pageIndex=index) for index in range(3)]

    assert pages[1]["calls"] == pages[0]["calls"]
    assert [page["pagination"]["page_index"] for page in pages] == [0, 1, 2]
    assert [call["id"] for call in pages[2]["calls"]] == ["call_0"]
