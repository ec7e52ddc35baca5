"""The world that lives by itself."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import orjson
import pytest

from altur_sandbox import Manners, SeededWorld
from altur_sandbox.page import make_page
from altur_sandbox.query import parse

NOW = datetime(2026, 3, 11, 17, 30, tzinfo=UTC)
CAMPAIGNS = (1101, 1102, 1103, 1104)


def world_at(now, **settings):
    return SeededWorld(clock=lambda: now, **{"days": 12, "scale": 0.5, **settings})


def everything(world):
    return {call["id"]: call for campaign_id in CAMPAIGNS for call in world.calls(campaign_id)}


@pytest.fixture(scope="module")
def calls():
    return everything(world_at(NOW))


def test_the_same_seed_and_clock_give_the_same_calls(calls):
    assert everything(world_at(NOW)) == calls


def test_another_seed_gives_other_calls(calls):
    assert not calls.keys() & everything(world_at(NOW, seed=8, days=1)).keys()


def test_a_world_started_later_remembers_the_one_before(calls):
    """What is the same: every call of the days both reach. What differs: only what time brought."""
    later = everything(world_at(NOW + timedelta(days=2)))

    shared = {id_ for id_, call in calls.items() if call["created_at"] > NOW - timedelta(days=3)}

    assert shared < later.keys()
    assert {later[id_]["created_at"] for id_ in shared} == {calls[id_]["created_at"] for id_ in shared}


def test_a_running_world_becomes_what_one_started_then_would_be():
    running = world_at(NOW)
    everything(running)

    running.clock = lambda: NOW + timedelta(hours=30)

    then = everything(world_at(NOW + timedelta(hours=30), days=14))
    shown = everything(running)
    assert {id_: then[id_] for id_ in shown} == shown
    assert max(shown.values(), key=_age)["created_at"] > NOW + timedelta(hours=29)


def _age(call):
    return call["created_at"]


def test_there_are_some_twenty_thousand_calls_in_the_default_world():
    world = SeededWorld(clock=lambda: NOW)

    totals = [make_page(world, id_, parse({}, Manners()), Manners(), 0)["total_count"] for id_ in CAMPAIGNS]

    assert 17_000 < sum(totals) < 26_000
    assert max(totals) == totals[0]


def test_it_reaches_back_as_many_days_as_asked(calls):
    oldest = min(call["created_at"] for call in calls.values())

    assert timedelta(days=11) < NOW - oldest < timedelta(days=13)


def test_nothing_is_created_after_now_and_no_instant_lies_ahead(calls):
    instants = [
        moment
        for call in calls.values()
        for moment in (
            call["created_at"],
            call["started_at"],
            call["ended_at"],
            call["policy_evaluation"]["completed_at"],
        )
        if moment is not None
    ]

    assert max(instants) <= NOW


def test_ids_are_unique_over_all_campaigns():
    world = world_at(NOW)
    ids = [call["id"] for campaign_id in CAMPAIGNS for call in world.calls(campaign_id)]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_at_any_hour_something_changes_within_minutes(hour):
    now = NOW.replace(hour=hour)
    world = world_at(now, days=1, scale=1.0)
    before = everything(world)

    world.clock = lambda: now + timedelta(minutes=5)

    assert everything(world) != before


def test_a_call_is_in_progress_until_it_ends():
    busy_days = everything(world_at(NOW, days=1, scale=10))
    running = [call for call in busy_days.values() if call["status"] == "in-progress"]

    assert running
    assert all(call["ended_at"] is None and call["duration"] == 0 for call in running)
    assert all(call["tags"] == [] and call["extracted_data"] == {} for call in running)


def test_an_ended_call_lasted_as_long_as_it_says(calls):
    ended = [call for call in calls.values() if call["status"] == "ended"]

    for call in ended:
        assert call["created_at"] < call["started_at"] < call["ended_at"]
        assert call["ended_at"] - call["started_at"] == timedelta(seconds=call["duration"])
        assert call["duration"] <= call["billed_duration"] < call["duration"] + 6


def test_nobody_answers_a_call_that_is_busy_or_fails(calls):
    missed = [call for call in calls.values() if call["status"] in {"busy", "no-answer", "failed"}]

    assert {call["answered_by"] for call in missed} == {None}
    assert {(call["started_at"], call["duration"]) for call in missed} == {(None, 0)}


def test_tags_come_minutes_after_the_end():
    world = world_at(NOW, scale=2.0)
    just_ended = [call for call in everything(world).values() if _ended_within(call, timedelta(seconds=69))]

    world.clock = lambda: NOW + timedelta(minutes=11)

    later = everything(world)
    assert just_ended
    assert not any(call["tags"] for call in just_ended)
    assert any(later[call["id"]]["tags"] for call in just_ended)


def _ended_within(call, span):
    return call["answered_by"] == "human" and call["ended_at"] and NOW - call["ended_at"] < span


def test_about_sixty_percent_are_evaluated_between_five_minutes_and_six_hours_later(calls):
    settled = [
        call
        for call in calls.values()
        if call["answered_by"] == "human" and call["created_at"] < NOW - timedelta(hours=7)
    ]
    delays = [
        call["policy_evaluation"]["completed_at"] - call["ended_at"]
        for call in settled
        if call["policy_evaluation"]["completed"]
    ]

    assert 0.55 < len(delays) / len(settled) < 0.65
    assert min(delays) >= timedelta(minutes=5)
    assert sorted(delays)[int(len(delays) * 0.99)] <= timedelta(hours=6)


def test_scores_follow_the_formula_and_are_null_until_judged(calls):
    evaluations = [call["policy_evaluation"] for call in calls.values()]

    for evaluation in evaluations:
        results = Counter(policy["result"] for policy in evaluation["policies"])
        applicable = results["met"] + results["not_met"]
        if not evaluation["completed"]:
            assert {value for name, value in evaluation.items() if name not in {"completed", "policies"}} == {
                None
            }
            continue
        assert evaluation["score"] == round(results["met"] / applicable * 10, 2)
        assert evaluation["policies_evaluated_count"] == results.total()
        assert evaluation["policies_met_count"] == results["met"]
        assert evaluation["policies_not_applicable_count"] == results["not_applicable"]


def test_some_contacts_and_some_evaluations_are_corrected_days_later():
    first = everything(world_at(NOW, days=20, scale=1.0))
    settled = [id_ for id_, call in first.items() if call["created_at"] < NOW - timedelta(hours=8)]
    later = everything(world_at(NOW + timedelta(days=10), days=40, scale=1.0))

    edited = [id_ for id_ in settled if later[id_]["contact"] != first[id_]["contact"]]
    revised = [id_ for id_ in settled if _results(later[id_]) != _results(first[id_])]

    assert edited
    assert revised
    assert len(edited + revised) < len(settled) * 0.02


def _results(call):
    return [policy["result"] for policy in call["policy_evaluation"]["policies"]]


def test_people_who_do_not_pick_up_are_called_again_that_day(calls):
    by_contact = {}
    for call in sorted(calls.values(), key=_age):
        if call["type"] == "outbound":
            by_contact.setdefault((call["contact"]["id"], call["created_at"].date()), []).append(call)

    retried = [pair for attempts in by_contact.values() for pair in pairwise(attempts)]

    assert sum(first["contact"]["status"] == "retrying" for first, _ in retried) > 100
    assert {first["status"] for first, _ in retried if first["contact"]["status"] == "retrying"} <= {
        "busy",
        "no-answer",
    }


def test_numbers_are_well_formed_and_cannot_ring(calls):
    """E.164; after the area code comes a 0, which begins no local number in Mexico or Colombia."""
    numbers = {call["contact"]["phone_number"] for call in calls.values()}

    assert all(re.fullmatch(r"\+52(55|664)0\d{6,7}|\+576010\d{6}", number) for number in numbers)


def test_extracted_data_comes_under_more_than_one_key(calls):
    keys = {key for call in calls.values() for key in call["extracted_data"]}

    assert {"Payment Amount", "monto_prometido", "payment amount"} <= keys


def test_collections_rest_on_sunday_and_at_night(calls):
    local = [
        (moment.weekday(), moment.hour)
        for moment in (
            call["created_at"] - timedelta(hours=6)
            for call in calls.values()
            if call["contact"]["f_id"].startswith("CRED")
        )
    ]

    assert {weekday for weekday, _ in local} == {0, 1, 2, 3, 4, 5}
    assert {hour for _, hour in local} == set(range(8, 20))


def test_the_listing_agrees_with_the_calls_also_when_filtered():
    world = world_at(NOW)
    query = parse({"status": "no-answer", "startDate": "2026-03-05", "endDate": "2026-03-09"}, Manners())

    page = make_page(world, 1101, query, Manners(), 0)

    bounds = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    truth = [
        call
        for call in world.calls(1101)
        if call["status"] == "no-answer" and bounds[0] <= call["created_at"] <= bounds[1]
    ]
    assert page["total_count"] == len(truth) > 0


def test_a_row_is_made_anew_when_its_call_changes_and_only_then():
    """The newest calls of a line this busy are still in progress."""
    world = world_at(NOW, days=1, scale=10)
    before = _newest_rows(world)

    same = _newest_rows(world)
    world.clock = lambda: NOW + timedelta(minutes=30)
    after = _newest_rows(world)

    assert all(row is kept for row, kept in zip(same, before, strict=True))
    assert not {orjson.dumps(row) for row in before[:3]} & {orjson.dumps(row) for row in after}


def _newest_rows(world):
    return make_page(world, 1104, parse({}, Manners()), Manners(), 0)["calls"]
