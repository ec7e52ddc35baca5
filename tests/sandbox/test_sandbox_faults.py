"""Each fault, and which requests it strikes."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import pytest
import requests

from altur_sandbox import Faults, example_call


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_any_status_can_be_asked_for(sandbox, visitor, status):
    sandbox.faults.add("status", status=status)

    response = visitor.get()

    assert response.status_code == status
    assert response.json()["error"] == status
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (3, "3"),
        (datetime(2026, 3, 2, 18, 0, 9, tzinfo=UTC), "Mon, 02 Mar 2026 18:00:09 GMT"),
        ("soon", "soon"),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nonsense(sandbox, visitor, retry_after, header):
    sandbox.faults.add("status", status=429, retry_after=retry_after)

    assert visitor.get().headers["Retry-After"] == header


def test_a_reset_breaks_the_connection_and_the_next_request_is_fine(sandbox, visitor):
    sandbox.faults.add("reset")

    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        visitor.get()

    assert visitor.get().status_code == 200
    assert [seen.status for seen in sandbox.requests] == [None, 200]


def test_a_truncated_answer_promises_more_than_it_sends(sandbox, visitor):
    sandbox.faults.add("truncated")

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        visitor.get()

    assert visitor.get().status_code == 200


def test_a_slow_answer_holds_up_no_other(sandbox, visitor):
    """The slow request is over only when its client gives up; the other ones are answered meanwhile."""
    sandbox.faults.add("slow", seconds=60, page=1)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(
            _times_out, f"{sandbox.url}/campaigns/7/calls?pageIndex=1", visitor.session.headers
        )
        others = [visitor.get().status_code for _ in range(3)]

    assert slow.result()
    assert others == [200] * 3


def _times_out(url, headers):
    try:
        requests.get(url, headers=headers, timeout=0.5)
    except requests.ReadTimeout:
        return True
    return False


def test_a_slow_answer_comes_in_the_end(sandbox, visitor):
    sandbox.faults.add("slow", seconds=0.05)

    response = visitor.get()

    assert response.status_code == 200
    assert response.elapsed.total_seconds() >= 0.05


def test_a_slow_answer_may_wait_for_something(sandbox, visitor):
    """For a test that is to be quick, on whatever machine."""
    until = threading.Event()
    sandbox.faults.add("slow", seconds=60, until=until)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(visitor.get)
        is_waiting = not wait([slow], timeout=0.2).done
        until.set()

        assert slow.result(timeout=10).status_code == 200
    assert is_waiting


def test_latency_is_for_every_answer(sandbox, visitor):
    sandbox.latency = 0.03

    assert all(visitor.get().elapsed.total_seconds() >= 0.03 for _ in range(2))


def test_latency_can_vary_between_two_bounds(sandbox, visitor):
    """A client that keeps its requests apart by luck of an even latency is found out."""
    sandbox.latency = (0.0, 0.2)

    waits = [visitor.get().elapsed.total_seconds() for _ in range(10)]

    assert max(waits) - min(waits) > 0.02


def test_an_answer_that_is_not_json_is_a_200_all_the_same(sandbox, visitor):
    sandbox.faults.add("not_json")

    response = visitor.get()

    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.text.startswith("<!doctype html>")


@pytest.mark.parametrize(("kind", "missing"), [("bare", "calls"), ("no_pagination", "pagination")])
def test_a_page_can_lack_a_part(sandbox, visitor, kind, missing):
    whole = visitor.page()
    sandbox.faults.add(kind)

    assert visitor.page() == {name: value for name, value in whole.items() if name != missing}


def test_a_call_can_arrive_between_two_pages_and_shift_them(sandbox, visitor, world, noon):
    """Newest first, so the last call of a page is the first of the next: read twice, and none missed."""
    sandbox.faults.add("call", page=1, do=lambda: world.put(7, example_call("late", noon.replace(hour=20))))

    pages = [visitor.ids(pageSize=2, pageIndex=index) for index in range(3)]

    assert pages == [["call_4", "call_3"], ["call_3", "call_2"], ["call_1", "call_0"]]


def test_a_call_can_vanish_between_two_pages_and_hide_another(sandbox, visitor, world):
    sandbox.faults.add("call", page=1, do=lambda: world.delete("call_4"))

    pages = [visitor.ids(pageSize=2, pageIndex=index) for index in range(3)]

    assert pages == [["call_4", "call_3"], ["call_1", "call_0"], []]


def test_a_fault_strikes_as_often_as_asked_and_then_no_more(sandbox, visitor):
    sandbox.faults.add("status", status=503, times=2)

    assert [visitor.get().status_code for _ in range(4)] == [503, 503, 200, 200]


def test_a_fault_without_a_number_strikes_until_cleared(sandbox, visitor):
    sandbox.faults.add("status", status=503, times=None)
    before = [visitor.get().status_code for _ in range(4)]

    sandbox.faults.clear()

    assert before == [503] * 4
    assert visitor.get().status_code == 200


def test_a_fault_lets_the_first_requests_pass(sandbox, visitor):
    sandbox.faults.add("status", after=2)

    assert [visitor.get().status_code for _ in range(4)] == [200, 200, 500, 200]


def test_a_fault_of_a_page_waits_for_it_and_counts_only_it(sandbox, visitor):
    sandbox.faults.add("status", page=1, after=1)

    statuses = [visitor.get(pageSize=2, pageIndex=index).status_code for index in (0, 1, 2, 1, 1)]

    assert statuses == [200, 200, 200, 500, 200]


def test_a_fault_of_a_campaign_leaves_the_others_alone(sandbox, visitor, world):
    world.add_campaign(8)
    sandbox.faults.add("status", campaign_id=8)

    statuses = [visitor.get(f"/campaigns/{campaign_id}/calls").status_code for campaign_id in (7, 8)]

    assert statuses == [200, 500]


def test_faults_in_place_of_an_answer_take_turns(sandbox, visitor):
    sandbox.faults.add("status", status=502)
    sandbox.faults.add("status", status=503)

    assert [visitor.get().status_code for _ in range(3)] == [502, 503, 200]


def test_what_comes_before_an_answer_can_meet_one_that_is_spoilt(sandbox, visitor, world):
    sandbox.faults.add("call", do=lambda: world.delete("call_0"))
    sandbox.faults.add("status", status=500)

    assert visitor.get().status_code == 500
    assert visitor.page()["total_count"] == 4


def test_a_request_without_the_key_uses_up_no_fault(sandbox, visitor):
    sandbox.faults.add("status", status=500)

    refused = requests.get(f"{sandbox.url}/campaigns/7/calls", timeout=10)

    assert (refused.status_code, visitor.get().status_code) == (401, 500)


def test_a_spoilt_page_that_would_be_a_400_is_the_400(sandbox, visitor):
    sandbox.faults.add("truncated")

    assert visitor.get(pageSize=0).status_code == 400


def test_chance_is_the_same_for_the_same_seed():
    rates = {"status:503": 0.2, "reset": 0.1, "slow:0.5": 0.3}

    runs = [[_names(faults) for _ in range(200)] for faults in (Faults(rates, seed=3), Faults(rates, seed=3))]

    assert runs[0] == runs[1]


def test_chance_strikes_about_as_often_as_its_rate():
    faults = Faults({"status:503": 0.2, "slow:0.5": 0.5}, seed=1)

    struck = Counter(name for _ in range(2_000) for name in _names(faults))

    assert 320 < struck["status", 503] < 480
    assert 900 < struck["slow", 0.5] < 1_100


def _names(faults):
    struck = faults.strike("calls", campaign_id=7, page=0)
    return [(fault.kind, fault.seconds if fault.kind == "slow" else fault.status) for fault in struck]


def test_chance_can_be_served(sandbox, visitor):
    sandbox.faults = Faults({"status:418": 1.0})

    assert visitor.get().status_code == 418


@pytest.mark.parametrize("name", ["statsu:500", "call", ""])
def test_a_fault_nobody_knows_is_refused_at_once(name):
    with pytest.raises(ValueError, match="no fault by chance"):
        Faults({name: 0.5})


def test_a_call_of_nothing_is_refused_at_once():
    with pytest.raises(ValueError, match="something to do"):
        Faults().add("call")
