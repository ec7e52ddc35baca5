"""The list of campaigns, over HTTP."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import requests

from altur_sandbox import BulkWorld, Manners, ManualWorld, SeededWorld
from altur_sandbox.limiter import Limiter

# As the vendor's page "Listar Campañas" has them.
FIELDS = {
    "id",
    "name",
    "description",
    "status",
    "created_at",
    "agent",
    "scheduling",
    "timezone",
    "retries",
    "archived",
    "template",
    "first_message",
    "concurrency_limit",
    "cycle_enabled",
    "cycle_max_iterations",
    "cycle_cooldown_minutes",
    "cycle_filter_statuses",
    "cycle_filter_tags",
    "cycle_current_iteration",
    "cycle_last_iteration_at",
}


@pytest.fixture
def world(noon) -> ManualWorld:
    """Return a world of 60 campaigns, 1 the oldest: two full pages and one that is not."""
    world = ManualWorld(clock=lambda: noon)
    for campaign_id in range(1, 61):
        world.add_campaign(campaign_id)
    return world


@pytest.fixture
def ask(visitor):
    """Return a function that asks for a page of campaigns, which must be a 200."""

    def ask(cursor=None):
        response = visitor.get("/campaigns", cursor=cursor)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def walk(ask, flag="has_next"):
    pages = [ask()]
    while pages[-1]["pagination"][flag]:
        pages.append(ask(pages[-1]["pagination"]["next_cursor"]))
    return pages


def ids(page):
    return [row["id"] for row in page["campaigns"]]


def test_pages_joined_are_every_campaign_once_newest_first(ask):
    pages = walk(ask)

    assert [len(page["campaigns"]) for page in pages] == [25, 25, 10]
    assert [id_ for page in pages for id_ in ids(page)] == list(range(60, 0, -1))
    assert {page["total_count"] for page in pages} == {60}


def test_the_first_page_has_none_before_it_and_the_last_none_after_it(ask):
    first, *_, last = (page["pagination"] for page in walk(ask))

    assert (first["has_previous"], first["previous_cursor"]) == (False, None)
    assert (last["has_next"], last["next_cursor"]) == (False, None)


def test_the_way_back_shows_the_same_pages(ask):
    pages = walk(ask)

    for page, later in pairwise(pages):
        assert ask(later["pagination"]["previous_cursor"]) == page


def test_a_list_that_fits_a_page_exactly_is_one_page(sandbox, ask):
    sandbox.manners = Manners(campaigns_page_size=60)

    assert ask()["pagination"]["has_next"] is False


def test_a_world_without_campaigns_has_one_empty_page(sandbox, ask):
    sandbox.world = ManualWorld()

    assert ask() == {
        "total_count": 0,
        "campaigns": [],
        "pagination": {
            "has_next": False,
            "has_previous": False,
            "next_cursor": None,
            "previous_cursor": None,
        },
    }


def test_a_campaign_that_opens_during_a_walk_moves_no_other(ask, world):
    """Nor is it seen by this walk; the total tells."""
    first = ask()
    world.add_campaign(61)

    second = ask(first["pagination"]["next_cursor"])

    assert ids(second) == list(range(35, 10, -1))
    assert (first["total_count"], second["total_count"]) == (60, 61)


def test_the_last_page_is_empty_if_its_campaigns_went_meanwhile(sandbox, ask, noon):
    second = ask(ask()["pagination"]["next_cursor"])
    sandbox.world = ManualWorld(clock=lambda: noon)
    for campaign_id in range(11, 61):
        sandbox.world.add_campaign(campaign_id)

    page = ask(second["pagination"]["next_cursor"])

    assert (ids(page), page["pagination"]["has_next"]) == ([], False)
    assert ids(ask(page["pagination"]["previous_cursor"])) == ids(second)


@pytest.mark.parametrize("cursor", ["", "2", "next:35", "bmV4dDo=", "bmV4dDozN!Q==", "ñ", "bmV4dA", "//8="])
def test_a_cursor_that_no_page_gave_is_a_400(visitor, cursor):
    response = visitor.get("/campaigns", cursor=cursor)

    assert (response.status_code, response.json()) == (400, {"cursor": ["Invalid cursor."]})


def test_unknown_parameters_are_ignored(visitor):
    response = visitor.get("/campaigns", pageSize=3, status="active")

    assert len(response.json()["campaigns"]) == 25


@pytest.mark.parametrize("header", [None, "sandbox-key", "api-key wrong"])
def test_no_list_without_the_key(sandbox, header):
    headers = {} if header is None else {"Authorization": header}

    response = requests.get(f"{sandbox.url}/campaigns", headers=headers, timeout=10)

    assert response.status_code == 401
    assert response.json() == {"error": 401, "message": "Invalid API key."}


def test_campaigns_can_only_be_read(sandbox, visitor):
    response = visitor.session.post(f"{sandbox.url}/campaigns")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET")


def test_lists_of_campaigns_and_of_calls_share_one_limit(sandbox, visitor):
    sandbox.limiter = Limiter(2, clock=lambda: 0.0)

    statuses = [visitor.get(path).status_code for path in ("/campaigns/7/calls", "/campaigns", "/campaigns")]

    assert statuses == [200, 200, 429]


def test_the_log_tells_lists_apart(sandbox, visitor):
    for path in ("/campaigns", "/campaigns/7/calls", "/campaigns/7"):
        visitor.get(path)

    assert [(seen.lists, seen.campaign_id, seen.page_index, seen.status) for seen in sandbox.requests] == [
        ("campaigns", None, None, 200),
        ("calls", 7, 0, 200),
        (None, None, 0, 404),
    ]


# Rows.


@pytest.mark.parametrize("another_world", [None, SeededWorld(days=1), BulkWorld({7: 3})])
def test_a_row_has_the_fields_of_the_document(sandbox, ask, another_world):
    sandbox.world = another_world or sandbox.world

    rows = ask()["campaigns"]

    assert rows
    assert all(row.keys() == FIELDS for row in rows)


def test_the_seeded_world_tells_its_four_campaigns(sandbox, ask):
    sandbox.world = SeededWorld(days=1)

    rows = ask()["campaigns"]

    assert [(row["id"], row["name"], row["agent"]["name"], row["timezone"]) for row in rows] == [
        (1104, "Línea de atención 24 horas", "Sofía", "America/Mexico_City"),
        (1103, "Renovación de seguros", "Camila", "America/Bogota"),
        (1102, "Promoción tarjeta de tienda", "Mateo", "America/Tijuana"),
        (1101, "Cobranza preventiva", "Sofía", "America/Mexico_City"),
    ]
    assert rows[0]["agent"] == rows[3]["agent"]
    assert rows[0]["scheduling"] == {}
    assert rows[3]["scheduling"]["sun"] == {"startTime": "08:00", "stopTime": "20:00", "active": False}


def test_the_seeded_campaigns_are_older_than_their_calls_and_stay_as_they_are():
    start = datetime(2026, 3, 2, tzinfo=UTC)
    world = SeededWorld(clock=lambda: start)
    before = world.campaigns()

    world.clock = lambda: start + timedelta(days=9)

    assert world.campaigns() == before
    assert all(row["created_at"] < world.calls(id_)[0]["created_at"] for id_, row in before.items())


def test_a_bulk_world_tells_a_campaign_for_each_number(sandbox, ask):
    sandbox.world = BulkWorld({12: 5, 7: 5}, zone=ZoneInfo("America/Bogota"))

    rows = ask()["campaigns"]

    assert [(row["id"], row["name"], row["timezone"]) for row in rows] == [
        (12, "Campaign 12", "America/Bogota"),
        (7, "Campaign 7", "America/Bogota"),
    ]


def test_a_campaign_made_by_hand_is_plausible_until_told_otherwise(ask, world):
    world.add_campaign(61)
    world.add_campaign(
        62, name="Cobranza", status="finished", timezone=None, agent_name="Camila", archived=True
    )

    told, plain = ask()["campaigns"][:2]

    assert (plain["name"], plain["status"], plain["archived"]) == ("Campaña 61", "active", False)
    assert (plain["timezone"], plain["created_at"]) == ("America/Mexico_City", "2026-03-02T12:00:00-06:00")
    assert (told["name"], told["status"], told["archived"]) == ("Cobranza", "finished", True)
    assert (told["timezone"], told["agent"]["name"]) == (None, "Camila")


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (ZoneInfo("America/Bogota"), "America/Bogota"),
        (UTC, "UTC"),
        (timezone(timedelta(hours=-5)), None),
    ],
)
def test_the_timezone_is_the_name_of_the_zone_and_an_offset_has_none(ask, world, zone, name):
    world.add_campaign(61, zone)

    assert ask()["campaigns"][0]["timezone"] == name


def test_a_change_of_a_campaign_shows_at_the_next_request_and_leaves_its_calls(visitor, ask, world):
    total = visitor.get("/campaigns/60/calls").json()["total_count"]
    ask()

    world.change_campaign(60, name="Otro nombre", agent=None, archived="sí")

    row = ask()["campaigns"][0]
    assert (row["name"], row["agent"], row["archived"], row["status"]) == (
        "Otro nombre",
        None,
        "sí",
        "active",
    )
    assert visitor.get("/campaigns/60/calls").json()["total_count"] == total


# Manners.


@pytest.mark.parametrize(("campaigns", "status"), [("forbidden", 403), ("not_found", 404)])
def test_a_key_can_be_refused_the_list_of_campaigns(sandbox, visitor, campaigns, status):
    """Calls can still be read."""
    sandbox.manners = Manners(campaigns=campaigns)

    response = visitor.get("/campaigns")

    assert response.status_code == status
    assert response.json().keys() == {"error", "message"}
    assert response.json()["error"] == status
    assert visitor.get("/campaigns/7/calls").status_code == 200


def test_has_next_can_be_called_has_more(sandbox, ask):
    sandbox.manners = Manners(campaigns_has_next="has_more")

    pages = walk(ask, flag="has_more")

    assert [page["pagination"]["has_more"] for page in pages] == [True, True, False]
    assert all("has_next" not in page["pagination"] for page in pages)
    assert sum(len(page["campaigns"]) for page in pages) == 60


def test_rows_can_lack_the_timezone(sandbox, ask):
    sandbox.manners = Manners(campaigns_timezone="absent")

    assert all(row.keys() == FIELDS - {"timezone"} for row in ask()["campaigns"])


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 60), (40, [40, 20]), (100, [60])])
def test_pages_can_have_another_size(sandbox, ask, size, sizes):
    sandbox.manners = Manners(campaigns_page_size=size)

    assert [len(page["campaigns"]) for page in walk(ask)] == sizes


def test_a_cursor_can_lead_to_the_page_it_came_with(sandbox, ask):
    """The trap: a walk that trusts it never ends."""
    sandbox.manners = Manners(campaigns_cursor="stuck")
    first = ask()

    again = ask(first["pagination"]["next_cursor"])

    assert again == first
    assert again["pagination"]["has_next"] is True


@pytest.mark.parametrize(
    ("total_count", "totals"),
    [("first_page", [60, None, None]), ("first_page_absent", [60, "absent", "absent"])],
)
def test_the_total_may_be_on_the_first_page_only(sandbox, ask, total_count, totals):
    sandbox.manners = Manners(total_count=total_count)

    assert [page.get("total_count", "absent") for page in walk(ask)] == totals


def test_instants_are_written_like_those_of_calls(sandbox, ask):
    sandbox.manners = Manners(timestamps="naive")

    assert ask()["campaigns"][0]["created_at"] == "2026-03-02T18:00:00"


# Faults.


@pytest.mark.parametrize("status", [429, 500])
def test_any_status_can_be_asked_for(sandbox, visitor, status):
    sandbox.faults.add("status", status=status, retry_after=3)

    response = visitor.get("/campaigns")

    assert (response.status_code, response.headers["Retry-After"]) == (status, "3")
    assert visitor.get("/campaigns").status_code == 200


@pytest.mark.parametrize(
    ("kind", "failure"),
    [("reset", requests.ConnectionError), ("truncated", requests.exceptions.ChunkedEncodingError)],
)
def test_an_answer_can_break(sandbox, visitor, kind, failure):
    sandbox.faults.add(kind)

    with pytest.raises(failure):
        visitor.get("/campaigns")


@pytest.mark.parametrize(("kind", "missing"), [("bare", "campaigns"), ("no_pagination", "pagination")])
def test_a_page_can_lack_a_part(sandbox, ask, kind, missing):
    whole = ask()
    sandbox.faults.add(kind)

    assert ask() == {name: value for name, value in whole.items() if name != missing}


def test_a_fault_can_be_kept_for_one_list(sandbox, visitor):
    paths = ("/campaigns", "/campaigns/7/calls", "/campaigns", "/campaigns/7/calls")
    sandbox.faults.add("status", status=502, lists="calls")
    sandbox.faults.add("status", status=503, lists="campaigns", after=1)

    assert [visitor.get(path).status_code for path in paths] == [200, 502, 503, 200]


@pytest.mark.parametrize("chosen", [{"campaign_id": 7}, {"page": 0}])
def test_a_fault_of_a_page_or_a_campaign_is_of_calls(sandbox, visitor, chosen):
    sandbox.faults.add("status", **chosen)

    assert [visitor.get(path).status_code for path in ("/campaigns", "/campaigns/7/calls")] == [200, 500]
