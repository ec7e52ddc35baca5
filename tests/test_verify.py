"""A dry run foretells what a run does; verify compares the warehouse with the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from altur_calls import pipeline
from altur_calls.errors import WarehouseError
from altur_calls.warehouse.target import Target
from altur_sandbox import BulkWorld, ManualWorld, Sandbox, example_call
from common import KEY, NOON, Cli, fill

Fields = dict[str, Any]


@pytest.fixture
def target() -> Target:
    """Return a target in the test's own directory."""
    return Target("verified")


def change_warehouse(sql: str) -> None:
    with duckdb.connect("verified.duckdb") as connection:
        connection.execute(sql)


def test_a_dry_run_is_within_five_percent_of_the_run(target: Target) -> None:
    """In requests, for campaigns that fit a window and campaigns that don't; and it loads nothing."""
    world = BulkWorld({1: 4_345, 2: 80, 3: 0}, rhythm=0.5)
    settings: Fields = {"api_key": KEY, "campaign_ids": [1, 2, 3], "requests_per_second": 1000}
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        settings |= {"base_url": sandbox.url, "max_window_calls": 1_000}

        forecasts, _ = pipeline.dry_run(target, **settings)
        done = pipeline.run(target, **settings)

    foretold = sum(forecast.requests for forecast in forecasts)
    assert foretold == pytest.approx(done.requests, rel=0.05)
    assert sum(forecast.calls for forecast in forecasts) == pytest.approx(done.new_calls, rel=0.01)
    assert done.new_calls == 4_425


def test_a_dry_run_asks_no_more_than_once_a_window(
    target: Target, sandbox: Sandbox, settings: Fields
) -> None:
    """It is there to be cheap."""
    forecasts, seconds = pipeline.dry_run(target, **settings)

    assert len(sandbox.requests) == sum(forecast.windows for forecast in forecasts) == 2
    assert seconds == pytest.approx(2 / 1000)


def test_what_was_loaded_right_verifies(target: Target, world: ManualWorld, settings: Fields) -> None:
    """Every field of every shape, children included."""
    world.put(2, example_call("bare", NOON, contact=None, tags=[], policy_evaluation=None, extracted_data={}))
    world.put(2, example_call("odd", NOON, status={"code": 1}, duration="7", extracted_data="none"))
    pipeline.run(target, **settings)

    verdict = pipeline.verify(target, **settings)

    assert verdict.differences == ()
    assert verdict.compared_calls == verdict.all_calls == 5
    assert verdict.chance == 1


CHANGES = {
    "duration": "UPDATE altur.campaign_calls SET duration = 1 WHERE id = '{}'",
    "ended_at": "UPDATE altur.campaign_calls SET ended_at = NULL WHERE id = '{}'",
    "extracted_data": "UPDATE altur.campaign_calls SET extracted_data = '{{}}' WHERE id = '{}'",
    "campaign_calls__tags": "UPDATE altur.campaign_calls__tags SET value = 'x' WHERE call_id = '{}'",
    "campaign_calls__contact": "DELETE FROM altur.campaign_calls__contact WHERE call_id = '{}'",
    "missing in the warehouse": "DELETE FROM altur.campaign_calls WHERE id = '{}'",
}


def test_what_differs_is_named(target: Target, world: ManualWorld, settings: Fields) -> None:
    """By campaign, call and field; without values, which may be personal."""
    for field in CHANGES:
        world.put(2, example_call(field, NOON))
    pipeline.run(target, **settings)
    for field, sql in CHANGES.items():
        change_warehouse(sql.format(field))

    verdict = pipeline.verify(target, **settings)

    differences = [(found.campaign_id, found.call_id, found.field) for found in verdict.differences]
    assert sorted(differences) == sorted((2, field, field) for field in CHANGES)


def test_a_sample_says_what_it_could_have_found(target: Target, world: ManualWorld, settings: Fields) -> None:
    """A part of the windows holds a part of the rows: that is the chance to hold one bad row."""
    fill(world, 2, 1_200, timedelta(minutes=1))
    pipeline.run(target, **settings)

    verdict = pipeline.verify(target, windows=1, seed=1, **{**settings, "campaign_ids": [2]})

    assert verdict.windows == 1
    assert 0 < verdict.chance == verdict.compared_calls / 1_203 < 1


def test_there_must_be_something_to_verify(target: Target, settings: Fields) -> None:
    """Nothing compared is not nothing wrong."""
    with pytest.raises(WarehouseError, match="Nothing is loaded yet"):
        pipeline.verify(target, **settings)


def test_the_commands_tell(sandbox: Sandbox, cli: Cli, inside: Cli, loaded: Callable[..., Any]) -> None:
    """A table and a sum for the dry run, differences and a chance for verify, each with its exit code."""
    foretold = cli("run", "--dry-run")
    loaded()
    right = inside("verify", "--all")
    sandbox.world.change("call_1", duration=1)  # type: ignore[attr-defined]
    wrong = inside("verify", "--all", "--seed", "3")

    assert "2 windows, 3 calls, 2 requests" in foretold.stdout
    assert right.returncode == 0
    assert "3 of 3 calls compared: 0 differences" in right.stdout
    assert "chance of 100.0%" in right.stdout
    assert wrong.returncode == 5
    assert "campaign 2 call call_1: duration" in wrong.stdout


def test_a_dry_run_names_a_campaign_that_is_not_found(inside: Cli) -> None:
    """As the run will, and with its exit code; the others are foretold."""
    environment = {"SOURCES__ALTUR__CAMPAIGN_IDS": "[99, 2]"}
    foretold = inside("run", "--dry-run", **environment)
    for_machines = inside("run", "--dry-run", "--json", **environment)
    done = inside("run", **environment)

    campaigns = {
        campaign["campaign_id"]: campaign for campaign in json.loads(for_machines.stdout)["campaigns"]
    }
    assert foretold.returncode == for_machines.returncode == done.returncode == 3
    assert foretold.stderr == done.stderr
    assert "incomplete: GET /campaigns/99/calls answered 404" in foretold.stderr
    assert "2 windows, 3 calls, 3 requests" in foretold.stdout
    assert "2 windows read, 1 proved complete; 3 requests" in done.stdout
    assert "404" in campaigns[99]["missing"]
    assert campaigns[2]["missing"] is None


def test_a_dry_run_of_one_window_counts_one(inside: Cli) -> None:
    """Of calls and requests, too."""
    one = inside("run", "--dry-run", "--campaign", "1")

    assert one.returncode == 0
    assert "1 window, 0 calls, 1 request: " in one.stdout


def test_a_dry_run_of_no_campaign_tells_of_none(inside: Cli, sandbox: Sandbox) -> None:
    """A key that lists all of them may list none."""
    sandbox.world = ManualWorld()

    none = inside("run", "--dry-run", SOURCES__ALTUR__CAMPAIGN_IDS="all")

    assert none.returncode == 0, none.stderr
    assert "0 windows, 0 calls, 0 requests: 0.0 minutes." in none.stdout


def test_only_what_counts_as_read_is_compared(target: Target, world: ManualWorld, settings: Fields) -> None:
    """Not calls from before the start date or since the run, nor campaigns that were never loaded."""
    world.put(2, example_call("before", NOON - timedelta(days=30)))
    settings |= {"start_date": "2026-03-01"}
    pipeline.run(target, **{**settings, "campaign_ids": [2]})
    world.put(2, example_call("since", datetime.now(UTC)))
    fill(world, 1, 3, timedelta(minutes=1))

    verdict = pipeline.verify(target, **settings)

    assert verdict.differences == ()
    assert verdict.compared_calls == verdict.all_calls == 3
