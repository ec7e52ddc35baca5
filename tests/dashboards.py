"""Published files to build dashboards of: made up of calls, by the views themselves, or of counts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from altur_calls.analytics.views import views
from altur_calls.dashboard import figures

LOADED = datetime(2026, 3, 31, 16, 45, tzinfo=UTC)
"""A quarter to eleven in Mexico City."""

TODAY = LOADED.date()
ZONE = "America/Mexico_City"

OF_CALLS = ("campaign_hourly", "campaign_daily", "tag_daily", "policy_compliance", "contact_attempts")
"""Views that are made of the tables below and of each other."""

TABLES = """
CREATE SCHEMA analytics;
CREATE TABLE analytics.calls(
    call_id VARCHAR, campaign_id BIGINT, contact_id BIGINT, direction VARCHAR, status VARCHAR,
    answered_by VARCHAR, is_answered BOOLEAN, is_human BOOLEAN, is_converted BOOLEAN, attempt_number BIGINT,
    talk_seconds BIGINT, billed_seconds BIGINT, created_at TIMESTAMPTZ, local_date DATE, local_hour INTEGER
);
CREATE TABLE analytics.call_tags(
    call_id VARCHAR, campaign_id BIGINT, tag VARCHAR, is_human BOOLEAN,
    created_at TIMESTAMPTZ, local_date DATE
);
CREATE TABLE analytics.call_policies(
    call_id VARCHAR, campaign_id BIGINT, policy_id VARCHAR, policy_name VARCHAR, result VARCHAR,
    created_at TIMESTAMPTZ, local_date DATE
);
CREATE TABLE analytics.call_extracted_data(
    call_id VARCHAR, campaign_id BIGINT, key VARCHAR, value VARCHAR, created_at TIMESTAMPTZ, local_date DATE
);
CREATE TABLE analytics.contacts(
    contact_id BIGINT, contact_name VARCHAR, phone_number VARCHAR, contact_reference VARCHAR
);
CREATE TABLE analytics.campaigns(campaign_id BIGINT, campaign_name VARCHAR, timezone VARCHAR, calls BIGINT);
CREATE TABLE analytics.data_completeness(
    campaign_id BIGINT, proved_until TIMESTAMPTZ, windows_in_doubt BIGINT, rejected_calls BIGINT
);
CREATE TABLE analytics.data_freshness(campaign_id BIGINT, loaded_until TIMESTAMPTZ);
CREATE TABLE analytics.publication(loaded_at TIMESTAMPTZ, version VARCHAR);
"""


@dataclass(frozen=True)
class Called:
    """A call, as far as a dashboard asks for it."""

    campaign: int = 1
    contact: int = 1
    day: date = TODAY
    hour: int = 9
    status: str | None = "ended"
    answered_by: str | None = "human"
    talk_seconds: int = 60
    is_converted: bool = False
    attempt: int = 1
    tags: tuple[str, ...] = ()
    policies: tuple[tuple[str | None, str], ...] = ()
    """Names, and results."""
    said: tuple[tuple[str, str], ...] = ()
    """Keys, and values."""


@dataclass(frozen=True)
class Campaign:
    """A campaign, as far as a dashboard asks for it."""

    id: int
    name: str = "A campaign"
    doubts: int = 0
    rejected: int = 0
    proved_until: datetime | None = LOADED
    loaded_until: datetime | None = LOADED
    zone: str = ZONE


@dataclass(frozen=True)
class Contact:
    """Somebody who must not be in a dashboard."""

    id: int
    name: str | None = None
    phone: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class World:
    """What is published."""

    calls: Sequence[Called] = ()
    campaigns: Sequence[Campaign] = (Campaign(1), Campaign(2), Campaign(3))
    contacts: Sequence[Contact] = field(default=())


@contextmanager
def opened(world: World, path: Path | str = ":memory:") -> Iterator[duckdb.DuckDBPyConnection]:
    """Publish a world, and yield a connection to it."""
    with duckdb.connect(path) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(TABLES)
        for table, rows in _rows(world).items():
            _insert(connection, table, rows)
        for name in OF_CALLS:
            connection.execute(f"CREATE TABLE analytics.{name} AS {views()[name].query}")
        yield connection


def publish(world: World, path: Path) -> Path:
    """Publish a world in a file, in place of the one before."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with opened(world, new):
        pass
    return new.replace(path)


def _rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {
        "campaigns": [
            (one.id, one.name, one.zone, sum(call.campaign == one.id for call in world.calls))
            for one in world.campaigns
        ],
        "data_completeness": [
            (campaign.id, campaign.proved_until, campaign.doubts, campaign.rejected)
            for campaign in world.campaigns
        ],
        "data_freshness": [(campaign.id, campaign.loaded_until) for campaign in world.campaigns],
        "contacts": [(one.id, one.name, one.phone, one.reference) for one in world.contacts],
        "publication": [(LOADED, "1.2.3")],
        "calls": [],
        "call_tags": [],
        "call_policies": [],
        "call_extracted_data": [],
    }
    for number, call in enumerate(world.calls):
        key = (f"call_{number}", call.campaign)
        when = (datetime(call.day.year, call.day.month, call.day.day, call.hour, tzinfo=UTC), call.day)
        is_human = call.answered_by == "human"
        rows["calls"].append(
            (
                *key, call.contact, "outbound", call.status, call.answered_by, call.answered_by is not None,
                is_human, call.is_converted, call.attempt, call.talk_seconds, 2 * call.talk_seconds, *when,
                call.hour,
            )
        )  # fmt: skip
        rows["call_tags"] += [(*key, tag, is_human, *when) for tag in set(call.tags)]
        rows["call_policies"] += [(*key, name, name, result, *when) for name, result in call.policies]
        rows["call_extracted_data"] += [(*key, name, value, *when) for name, value in call.said]
    return rows


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        columns = {f"column_{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}
        connection.register("rows", pa.table(columns))
        connection.execute(f"INSERT INTO analytics.{table} SELECT * FROM rows")
        connection.unregister("rows")


def upto(most: int, seed: int | str) -> str:
    """Return the SQL of a number below another, by chance, the same each time."""
    return f"CAST(hash(campaign_id, local_date, {seed}) % {most} AS BIGINT)"


@contextmanager
def dense(campaigns: int, days: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to what campaigns that call all day, every day, would publish: counts alone."""
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        connection.execute(
            f"""
            INSERT INTO analytics.publication VALUES (now(), '1.2.3');
            INSERT INTO analytics.campaigns
            SELECT id, 'The campaign of number ' || id, '{ZONE}', 1000 FROM range({campaigns}) ids(id);
            CREATE TABLE grid AS
            SELECT id AS campaign_id, DATE '{TODAY}' - CAST(back AS INTEGER) AS local_date
            FROM range({campaigns}) ids(id), range({days}) days(back);
            CREATE TABLE analytics.campaign_daily AS
            SELECT *, {upto(400, 1)} AS human_calls, {upto(200, 2)} AS machine_calls,
                {upto(50, 3)} AS unknown_calls,
                {upto(600, 4)} AS ended_calls, {upto(300, 5)} AS no_answer_calls, {upto(80, 6)} AS busy_calls,
                {upto(40, 7)} AS failed_calls, {upto(3, 8)} AS in_progress_calls, 0 AS other_status_calls,
                {upto(40, 9)} AS conversions, {upto(99999, 10)} AS talk_seconds,
                {upto(99999, 11)} AS billed_seconds
            FROM grid;
            CREATE TABLE analytics.campaign_hourly AS
            SELECT grid.*, 8 + hour AS local_hour, 50 + {upto(50, "hour")} AS calls,
                {upto(50, "hour")} AS answered_calls
            FROM grid, range(12) hours(hour);
            CREATE TABLE analytics.contact_attempts AS
            SELECT grid.*, number AS attempt_number, {upto(99, "number")} AS calls,
                {upto(70, "number")} AS answered_calls, {upto(40, "number")} AS human_calls
            FROM grid, range(1, 9) numbers(number);
            CREATE TABLE analytics.tag_daily AS
            SELECT grid.*, 'Tag ' || (campaign_id % 10 + number) AS tag, {upto(99, "number")} AS calls,
                {upto(70, "number")} AS human_calls, {upto(20, "number")} AS conversions
            FROM grid, range(12) numbers(number);
            CREATE TABLE analytics.policy_compliance AS
            SELECT grid.*, 'policy_' || number AS policy_id, 'Policy ' || number AS policy_name,
                99 AS evaluated, {upto(90, "number")} AS met, {upto(30, "number")} AS not_met,
                {upto(9, "number")} AS not_applicable
            FROM grid, range(5) numbers(number);
            INSERT INTO analytics.calls BY NAME
            SELECT campaign_id || '-' || local_date AS call_id, campaign_id, {upto(999, 1)} AS contact_id,
                CAST(local_date AS TIMESTAMPTZ) AS created_at, local_date
            FROM grid;
            INSERT INTO analytics.call_extracted_data
            SELECT call_id, campaign_id, 'Key ' || number, 'Value ' || {upto(6, "number")},
                created_at, local_date
            FROM analytics.calls, range(5) numbers(number);
            """
        )
        yield connection


@contextmanager
def few_cells(most: int) -> Iterator[None]:
    """Let less be told by day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "MOST_CELLS", most)
        yield


def sums_of(
    figures: dict[str, Any], cube: str, campaigns: Iterable[int], first: date, last: date
) -> dict[tuple[int, str], int]:
    """Return what the page adds up for a filter, by item and measure, without zeros."""
    told = figures["cubes"][cube]
    start, end = (figures["starts"].index((day - date(1970, 1, 1)).days) for day in (first, last))
    found: dict[tuple[int, str], int] = {}
    for campaign, (steps, *columns) in zip(figures["campaigns"], told["campaigns"], strict=True):
        if campaign["id"] not in campaigns:
            continue
        for row, key in enumerate(accumulate(steps)):
            period, item = divmod(key, told["items"])
            if start <= period <= end:
                for measure, column in zip(told["measures"], columns, strict=True):
                    found[item, measure] = found.get((item, measure), 0) + column[row]
    return {place: count for place, count in found.items() if count}


def day(number: int) -> date:
    """Return a day by its number, counted back from the day of the load."""
    return TODAY - timedelta(days=number)
