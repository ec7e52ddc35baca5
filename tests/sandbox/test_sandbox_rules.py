"""The rules of the document, over HTTP."""

import pytest
import requests

from altur_sandbox import ManualWorld, Sandbox, example_call


def test_a_page_has_the_shape_of_the_document(visitor):
    page = visitor.page(pageSize=2, pageIndex=1)

    assert page["total_count"] == 5
    assert [call["id"] for call in page["calls"]] == ["call_2", "call_1"]
    assert page["pagination"] == {
        "page_index": 1,
        "page_size": 2,
        "has_next": True,
        "has_previous": True,
        "next_page": 2,
        "previous_page": 0,
    }


def test_the_first_page_has_none_before_it_and_the_last_none_after_it(visitor):
    first, last = (visitor.page(pageSize=2, pageIndex=index)["pagination"] for index in (0, 2))

    assert (first["has_previous"], first["previous_page"]) == (False, None)
    assert (last["has_next"], last["next_page"]) == (False, None)


def test_a_last_page_that_is_full_has_none_after_it(visitor):
    assert visitor.page(pageSize=5)["pagination"]["has_next"] is False


def test_a_page_has_fifty_calls_unless_asked_otherwise(visitor, world, noon):
    for number in range(60):
        world.put(7, example_call(f"more_{number}", noon))

    page = visitor.page()

    assert (len(page["calls"]), page["pagination"]["page_size"]) == (50, 50)


def test_a_campaign_without_calls_has_one_empty_page(visitor, world):
    world.add_campaign(8)

    page = visitor.get("/campaigns/8/calls").json()

    assert (page["total_count"], page["calls"]) == (0, [])
    assert page["pagination"]["has_next"] is False


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        ({"pageSize": "0"}, {"pageSize"}),
        ({"pageSize": "101"}, {"pageSize"}),
        ({"pageSize": "ten"}, {"pageSize"}),
        ({"pageSize": "1.5"}, {"pageSize"}),
        ({"pageSize": "9" * 5000}, {"pageSize"}),
        ({"pageIndex": "-1"}, {"pageIndex"}),
        ({"pageIndex": "25001"}, {"pageIndex"}),
        ({"status": "queued"}, {"status"}),
        ({"status": ""}, {"status"}),
        ({"answeredBy": "nobody"}, {"answeredBy"}),
        ({"startDate": "yesterday"}, {"startDate"}),
        ({"startDate": "0001-01-01T00:00:00+14:00"}, {"startDate"}),
        ({"endDate": "2026-02-30"}, {"endDate"}),
        ({"startDate": "2026-03-02", "endDate": "2026-03-01"}, {"non_field_errors"}),
        ({"status": "x", "pageSize": "x", "endDate": "x"}, {"status", "pageSize", "endDate"}),
    ],
)
def test_what_cannot_be_used_is_a_400_that_names_every_field(visitor, params, fields):
    response = visitor.get(**params)

    assert response.status_code == 400
    assert response.json().keys() == fields
    assert all(isinstance(message, str) for messages in response.json().values() for message in messages)


def test_a_plus_sign_that_was_not_encoded_is_a_wrong_date(sandbox, visitor):
    """In a query a bare plus is a space; a server can't know it was meant as an offset."""
    response = visitor.session.get(f"{sandbox.url}/campaigns/7/calls?startDate=2026-03-02T18:00:00+00:00")

    assert response.json().keys() == {"startDate"}


@pytest.mark.parametrize(
    "params",
    [
        {"pageSize": "1"},
        {"pageSize": "100"},
        {"pageIndex": "25000"},
        {"sort": "created_at"},
        {"endDate": "9999-12-31"},
    ],
)
def test_the_ends_of_the_ranges_and_unknown_parameters_are_fine(visitor, params):
    assert visitor.get(**params).status_code == 200


@pytest.mark.parametrize(
    "header", [None, "", "sandbox-key", "Bearer sandbox-key", "api-key wrong", "Api-Key sandbox-key"]
)
def test_no_page_without_the_key(sandbox, header):
    headers = {} if header is None else {"Authorization": header}

    response = requests.get(f"{sandbox.url}/campaigns/7/calls", headers=headers, timeout=10)

    assert response.status_code == 401
    assert response.json() == {"error": 401, "message": "Invalid API key."}


@pytest.mark.parametrize(
    "path",
    [
        "/campaigns/8/calls",
        "/campaigns/x/calls",
        "/campaigns/7/calls/",
        "/campaigns/",
        "/campaigns/7",
        "/",
        "/campaigns/-7/calls",
    ],
)
def test_what_does_not_exist_is_a_404_in_json(visitor, path):
    response = visitor.get(path)

    assert response.status_code == 404
    assert response.json()["error"] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_calls_can_only_be_read(sandbox, visitor, method):
    response = visitor.session.request(method, f"{sandbox.url}/campaigns/7/calls")

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET"


def test_filters_by_value_keep_what_is_equal(visitor, world):
    world.change("call_1", status="busy", answered_by=None)
    world.change("call_2", answered_by="machine")

    assert visitor.ids(status="busy") == ["call_1"]
    assert visitor.ids(answeredBy="machine") == ["call_2"]
    assert visitor.ids(status="busy", answeredBy="machine") == []
    assert visitor.page(status="ended", pageSize=1)["total_count"] == 4


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-02T18:01:00Z", "2026-03-02T18:02:00Z"),
        ("2026-03-02T18:01:00", "2026-03-02T18:02:00"),
        ("2026-03-02 12:01:00-06:00", "2026-03-02T12:02:00.000000-06:00"),
        ("2026-03-02T18:00:00.000001Z", "2026-03-02T18:02:59.999999Z"),
    ],
)
def test_dates_filter_by_creation_and_are_utc_without_an_offset(visitor, start, end):
    assert visitor.ids(startDate=start, endDate=end) == ["call_2", "call_1"]


def test_a_date_without_a_time_is_its_first_instant(visitor):
    assert visitor.ids(startDate="2026-03-02", endDate="2026-03-03") == [f"call_{n}" for n in (4, 3, 2, 1, 0)]
    assert visitor.ids(endDate="2026-03-02") == []


def test_the_total_is_that_of_the_query_not_of_the_campaign(visitor):
    page = visitor.page(startDate="2026-03-02T18:03:00Z", pageSize=1)

    assert (page["total_count"], page["pagination"]["has_next"]) == (2, True)


def test_pages_joined_in_order_are_the_list(visitor, world):
    joined = [id_ for index in range(3) for id_ in visitor.ids(pageSize=2, pageIndex=index)]

    assert joined[::-1] == [call["id"] for call in world.calls(7)]


def test_every_request_is_remembered_as_it_came(sandbox, visitor):
    visitor.get(pageIndex=2, status="ended")
    visitor.get(pageIndex="two")
    visitor.get("/elsewhere")
    requests.get(f"{sandbox.url}/campaigns/8/calls", timeout=10)

    assert [(seen.campaign_id, seen.page_index, seen.status) for seen in sandbox.requests] == [
        (7, 2, 200),
        (7, None, 400),
        (None, 0, 404),
        (8, 0, 401),
    ]
    assert sandbox.requests[0].params == {"pageIndex": "2", "status": "ended"}
    assert sandbox.requests[0].path == "/api/v1.0/campaigns/7/calls"
    assert sandbox.requests[0].at <= sandbox.requests[1].at


def test_another_world_can_take_the_place_of_the_first(sandbox, visitor):
    sandbox.world = ManualWorld()
    sandbox.world.add_campaign(7)

    assert visitor.page()["total_count"] == 0
    assert isinstance(sandbox, Sandbox)
