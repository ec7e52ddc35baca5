"""The campaigns a warehouse knows: by their ids, or all that the API lists; their names and timezones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest

from altur_calls import altur_source, pipeline
from altur_calls.campaigns import Terms, ids_of, is_due, news_of
from altur_calls.errors import ApiChanged, Forbidden, SettingsError
from altur_calls.extraction import Extraction
from altur_calls.reading.listing import all_listed, listed_from, next_cursor
from altur_calls.warehouse.target import Target
from altur_sandbox import Manners, ManualWorld, Sandbox, example_call
from common import NOON, small_world
from warehouse import Warehouse

Fields = dict[str, Any]
NAMED = "SELECT campaign_id, name, agent_name, timezone FROM altur.campaigns ORDER BY ALL"


# The pages of the list. --------------------------------------------------------------------------------


def page(*ids: int, total: int | None = None, **pagination: Any) -> dict[str, Any]:
    """Return the body of an answer that lists these campaigns."""
    return {"total_count": total, "campaigns": [{"id": id_} for id_ in ids], "pagination": pagination}


@pytest.mark.parametrize(
    ("pagination", "cursor"),
    [
        ({"has_next": True, "next_cursor": "b"}, "b"),
        ({"has_more": True, "next_cursor": "b"}, "b"),
        ({"next_cursor": "b"}, "b"),
        ({"has_next": False, "next_cursor": "b"}, None),
        ({"has_next": False, "next_cursor": None}, None),
        ({}, None),
    ],
)
def test_the_next_page_is_the_one_the_cursor_leads_to(pagination, cursor):
    """Under whichever of the names that copies of the vendor's page have."""
    assert next_cursor([listed_from(page(1, **pagination))]) == cursor


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "without a list of objects"),
        ({"campaigns": [12]}, "without a list of objects"),
        (page(1, has_next=True), "not by which cursor"),
        (page(1, has_next=True, next_cursor=None), "not by which cursor"),
    ],
)
def test_an_answer_that_lists_nothing_is_told(body, message):
    """Nothing is guessed: a list cut short would lose campaigns."""
    with pytest.raises(ApiChanged, match=message):
        listed_from(body)


def test_pages_that_lead_in_a_circle_are_left():
    """A parameter of another name would be ignored, and the first page come for ever."""
    first = listed_from(page(1, has_next=True, next_cursor="b"))

    with pytest.raises(ApiChanged, match="same cursor twice"):
        next_cursor([first, first])


def test_a_list_shorter_than_its_own_count_is_no_list():
    """Each campaign counts once, however often it is listed."""
    pages = [listed_from(page(1, 2, total=3)), listed_from(page(2, total=3))]

    with pytest.raises(ApiChanged, match="lists 2 campaigns where it counts 3"):
        all_listed(pages)
    assert len(all_listed([*pages, listed_from(page(3, total=3))])) == 3


def test_a_campaign_without_a_number_is_told():
    """Its calls could not be asked for."""
    with pytest.raises(ApiChanged, match="whose id is str"):
        ids_of([{"id": 1}, {"id": "x"}])


# What is remembered of it. -----------------------------------------------------------------------------


def test_a_campaign_is_written_when_it_is_new_or_changed():
    """And not with every run."""
    state: Fields = {}
    listed = [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]
    assert [row["name"] for row in news_of(state, [1, 2], listed, Terms(), NOON)] == ["A", "B"]

    assert news_of(state, [1, 2], listed, Terms(), NOON) == []
    renamed = [{"id": 1, "name": "A"}, {"id": 2, "name": "C"}]
    assert [row["name"] for row in news_of(state, [1, 2], renamed, Terms(), NOON)] == ["C"]


def test_what_is_known_of_a_campaign_outlives_a_list_that_did_not_come():
    """One that is new is there all the same, without a name; settings count for both."""
    state: Fields = {}
    news_of(state, [1], [{"id": 1, "name": "A"}], Terms(), NOON)

    rows = news_of(state, [1, 2], None, Terms("America/Bogota"), NOON)

    assert [(row["campaign_id"], row["name"], row["timezone"]) for row in rows] == [
        *((1, "A", "America/Bogota"), (2, None, "America/Bogota"))
    ]
    assert news_of(state, [1, 2], None, Terms("America/Bogota"), NOON) == []


def test_what_was_told_of_a_campaign_outlives_a_list_without_it():
    """Its days would move with its timezone."""
    state: Fields = {}
    news_of(state, [1], [{"id": 1, "name": "A", "timezone": "America/Bogota"}], Terms(), NOON)

    assert news_of(state, [1], [{"id": 2}], Terms(), NOON) == []
    (row,) = news_of(state, [1], [], Terms(chosen={1: "America/Tijuana"}), NOON)
    assert (row["name"], row["timezone"]) == ("A", "America/Tijuana")


@pytest.mark.parametrize(
    ("told", "chosen", "zone"),
    [
        ("America/Tijuana", {}, "America/Tijuana"),
        ("America/Tijuana", {1: "America/Bogota"}, "America/Bogota"),
        ("America/Tijuana", {2: "America/Bogota"}, "America/Tijuana"),
        ("Nowhere/Else", {}, "America/Sao_Paulo"),
        ("posix/America/Tijuana", {}, "America/Sao_Paulo"),
        ("", {}, "America/Sao_Paulo"),
        (None, {}, "America/Sao_Paulo"),
        (5, {}, "America/Sao_Paulo"),
    ],
)
def test_the_timezone_is_the_chosen_one_else_the_told_one_else_the_default(told, chosen, zone):
    """A name that nobody knows would break every view."""
    (row,) = news_of({}, [1], [{"id": 1, "timezone": told}], Terms("America/Sao_Paulo", chosen), NOON)

    assert row["timezone"] == zone


def test_the_list_is_asked_for_once_an_hour_or_when_something_is_new():
    """A run every minute need not ask each time."""
    state: Fields = {}
    news_of(state, [1], [], Terms(), NOON)

    assert not is_due(state, [1], Terms(), NOON + timedelta(minutes=59))
    assert is_due(state, [1], Terms(), NOON + timedelta(minutes=60))
    assert is_due(state, [1, 2], Terms(), NOON)
    assert is_due(state, [1], Terms("America/Bogota"), NOON)
    assert is_due(state, [1], Terms(), NOON - timedelta(minutes=1))
    assert is_due({}, [1], Terms(), NOON)


# In the warehouse. -------------------------------------------------------------------------------------


@pytest.fixture
def listing(settings: Fields) -> Fields:
    """Return source settings that ask for the list."""
    return {**settings, "list_campaigns": True}


@pytest.fixture
def named(world: ManualWorld) -> ManualWorld:
    """Give the campaigns names, and add a third with a call."""
    return with_a_third(world)


def with_a_third(world: ManualWorld) -> ManualWorld:
    """Add that."""
    world.add_campaign(3, name="Renewals", timezone="America/Bogota", agent_name="Ana")
    world.put(3, example_call("of_3", NOON))
    return world


@pytest.fixture
def once_listed(loaded: Callable[..., Warehouse], named: ManualWorld, sandbox: Sandbox) -> Warehouse:
    """Let that have been loaded with the list, an hour after noon, by a run before."""
    assert sandbox.world is named
    return loaded(make=of_three, list_campaigns=True, clock=hour_after)


def of_three() -> ManualWorld:
    """Make that world once more."""
    return with_a_third(small_world())


def hour_after() -> datetime:
    return NOON + timedelta(hours=1)


def run(**settings: Any) -> Warehouse:
    """Load what is due, all of it proved."""
    done = pipeline.run(Target(), **settings)
    assert done.exit_code == pipeline.COMPLETE
    return Warehouse(done.warehouse)


@pytest.mark.usefixtures("named")
def test_names_agents_and_timezones_are_there(listing: Fields) -> None:
    """Of the campaigns that are loaded, and no others."""
    warehouse = run(**{**listing, "campaign_ids": [3]})

    assert warehouse.rows(NAMED) == [(3, "Renewals", "Ana", "America/Bogota")]
    assert warehouse.value("SELECT campaign_name FROM analytics.campaigns") == "Renewals"


@pytest.mark.usefixtures("once_listed")
def test_a_renamed_campaign_is_renamed_within_the_hour(named: ManualWorld, listing: Fields) -> None:
    """Without a call that changed."""
    named.change_campaign(2, name="New name")

    warehouse = run(**listing, clock=lambda: NOON + timedelta(hours=3))

    assert "New name" in [name for _, name, *_ in warehouse.rows(NAMED)]


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("manner", ["forbidden", "not_found"])
def test_a_key_that_may_not_list_campaigns_loads_their_calls(
    sandbox: Sandbox, listing: Fields, manner: Any
) -> None:
    """Ids and the default timezone will do."""
    sandbox.manners = Manners(campaigns=manner)

    warehouse = run(**listing, timezone="America/Tijuana")

    assert warehouse.rows(NAMED) == [(1, None, None, "America/Tijuana"), (2, None, None, "America/Tijuana")]
    assert warehouse.value("SELECT campaign_name FROM analytics.campaigns WHERE campaign_id = 2") == "2"


@pytest.mark.usefixtures("named")
def test_a_list_that_fails_is_asked_for_again_soon(sandbox: Sandbox, listing: Fields) -> None:
    """It holds up no call."""
    sandbox.faults.add("not_json", lists="campaigns", times=1)
    assert run(**listing, clock=lambda: NOON + timedelta(hours=1)).rows(NAMED)[1][:2] == (2, None)

    warehouse = run(**listing, clock=lambda: NOON + timedelta(hours=1, minutes=10))

    assert warehouse.rows(NAMED)[1][1] is not None


@pytest.mark.parametrize("manner", ["forbidden", "not_found"])
def test_a_list_that_is_refused_later_takes_no_name_away(
    sandbox: Sandbox, listing: Fields, once_listed: Warehouse, manner: Any
) -> None:
    """Nor a timezone: the days of a campaign would move."""
    before = once_listed.rows(NAMED)
    assert [name for _, name, *_ in before if name is None] == []
    sandbox.manners = Manners(campaigns=manner)

    assert run(**listing, clock=lambda: NOON + timedelta(hours=3)).rows(NAMED) == before


def test_calls_do_not_wait_for_a_list_that_is_late(sandbox: Sandbox, listing: Fields) -> None:
    """It is waited for when all calls are there, and all its pages come."""
    sandbox.manners = Manners(campaigns_page_size=1)
    all_taken = Event()
    sandbox.faults.add("slow", lists="campaigns", seconds=60, until=all_taken)
    with closing(Extraction()) as work:
        altur_source(extraction=work, **listing)
        work.begin({}, {})
        taken = work.take()
        reads = [next(taken), next(taken)]

        all_taken.set()
        rest, rows = list(taken), work.campaign_rows({})

    assert sorted(read.campaign_id for read in reads) == [1, 2]
    assert rest == []
    assert [row["name"] is None for row in rows] == [False, False]


def test_all_campaigns_are_those_the_api_lists(
    named: ManualWorld, sandbox: Sandbox, settings: Fields
) -> None:
    """Page by page; one that is added later comes with the next run."""
    sandbox.manners = Manners(campaigns_page_size=1)
    settings = {**settings, "campaign_ids": "all"}
    assert run(**settings).value("SELECT count(*) FROM altur.campaign_calls") == 4
    named.add_campaign(4)
    named.put(4, example_call("of_4", NOON))

    warehouse = run(**settings)

    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls") == 5
    assert [campaign_id for campaign_id, *_ in warehouse.rows(NAMED)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("manners", "error", "message"),
    [
        ({"campaigns": "forbidden"}, Forbidden, "'all', which takes a key that may list"),
        ({"campaigns_cursor": "stuck", "campaigns_page_size": 1}, ApiChanged, "same cursor twice"),
    ],
)
def test_all_campaigns_are_not_guessed(
    sandbox: Sandbox, settings: Fields, manners: Fields, error: type[Exception], message: str
) -> None:
    """A part of them would look like all."""
    sandbox.manners = Manners(**manners)

    with pytest.raises(error, match=message):
        pipeline.run(Target(), **{**settings, "campaign_ids": "all"})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"timezone": "Mexico"}, "timezone is 'Mexico'"),
        ({"timezones": {"2": "Lima"}}, "timezones of campaign 2 is 'Lima'"),
        ({"timezones": {"x": "America/Lima"}}, "'x', which is no campaign id"),
    ],
)
def test_a_timezone_that_is_none_is_told(settings: Fields, setting: Fields, message: str) -> None:
    """Before anything is asked."""
    with pytest.raises(SettingsError, match=message):
        pipeline.run(Target(), **settings, **setting)


@pytest.mark.usefixtures("named")
def test_dry_run_and_verify_know_all_campaigns_too(settings: Fields) -> None:
    """By the same list."""
    settings = {**settings, "campaign_ids": "all"}
    forecasts, _ = pipeline.dry_run(Target(), **settings)
    run(**settings)

    verdict = pipeline.verify(Target(), **settings)

    assert [forecast.campaign_id for forecast in forecasts] == [3, 2, 1]
    assert verdict.compared_calls == 4
    assert verdict.differences == ()
