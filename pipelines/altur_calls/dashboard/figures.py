"""What the page tells: asked of a published file, as integers that add up. No person is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from altur_calls.dashboard import shown
from altur_calls.dashboard.cubes import packed
from altur_calls.dashboard.periods import daily_from, periods

MOST_CELLS = 300_000
"""Cells that are told by day, at most about; what is older is told by month. This bounds the page."""

MOST_ATTEMPTS = 8
"""Attempts told apart; the last stands for all from it on."""

MOST_CHARACTERS = 120
"""Of a name. What is longer is cut."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Counts by campaign, day and item: what they count, and how they are asked for."""

    measures: tuple[str, ...]
    query: str
    """Its columns: campaign_id, local_date, item, and the measures."""


CUBES = {
    "days": Cube(
        (
            *("human", "machine", "unknown", "ended", "no_answer", "busy", "failed", "in_progress", "other"),
            *("conversions", "talk_seconds", "billed_seconds", "met", "not_met"),
        ),
        """
        SELECT
            campaign_id, local_date, 0 AS item, human_calls, machine_calls, unknown_calls,
            ended_calls, no_answer_calls, busy_calls, failed_calls, in_progress_calls, other_status_calls,
            conversions, talk_seconds, billed_seconds, coalesce(met, 0), coalesce(not_met, 0)
        FROM analytics.campaign_daily LEFT JOIN (
            SELECT campaign_id, local_date, SUM(met) AS met, SUM(not_met) AS not_met
            FROM analytics.policy_compliance
            GROUP BY ALL
        ) USING (campaign_id, local_date)
        """,
    ),
    "hours": Cube(
        ("calls", "answered"),
        """
        SELECT campaign_id, local_date, (isodow(local_date) - 1) * 24 + local_hour, calls, answered_calls
        FROM analytics.campaign_hourly
        """,
    ),
    "attempts": Cube(
        ("calls", "answered", "human"),
        f"""
        SELECT campaign_id, local_date, LEAST(attempt_number, {MOST_ATTEMPTS}) - 1, calls, answered_calls,
            human_calls
        FROM analytics.contact_attempts
        """,  # noqa: S608 (a number of ours)
    ),
    "tags": Cube(
        ("calls", "human", "conversions"),
        """
        SELECT campaign_id, local_date, item, calls, human_calls, conversions
        FROM analytics.tag_daily JOIN shown_tags USING (tag)
        """,
    ),
    "policies": Cube(
        ("met", "not_met", "not_applicable"),
        """
        SELECT campaign_id, local_date, item, met, not_met, not_applicable
        FROM analytics.policy_compliance AS results
        JOIN shown_policies AS told ON told.policy_id IS NOT DISTINCT FROM results.policy_id
        """,
    ),
    "values": Cube(
        ("calls",),
        """
        SELECT campaign_id, local_date, item, COUNT(*)
        FROM analytics.call_extracted_data AS extracted JOIN shown_values AS told USING (campaign_id, key)
        WHERE told.value IS NULL OR told.value = trim(extracted.value)
        GROUP BY ALL
        """,
    ),
}

CAMPAIGNS = """
SELECT
    campaign_id, campaign_name, timezone, proved_until,
    coalesce(windows_in_doubt, 0), coalesce(rejected_calls, 0),
    CAST(timezone(coalesce(timezone, 'UTC'), loaded_until) AS DATE)
FROM analytics.campaigns AS campaigns
LEFT JOIN analytics.data_completeness USING (campaign_id)
LEFT JOIN (SELECT campaign_id, loaded_until FROM analytics.data_freshness) USING (campaign_id)
ORDER BY campaigns.calls DESC, campaign_id
"""

SLOTS = {"days": 1, "hours": 7 * 24, "attempts": MOST_ATTEMPTS}
"""Items of the cubes that have the same ones always."""


def figures(connection: duckdb.DuckDBPyConnection, *, made_at: datetime) -> dict[str, Any]:
    """Return all that the page tells, ready for JSON."""
    for statement in shown.STATEMENTS:
        connection.execute(statement)
    campaigns = connection.execute(CAMPAIGNS).fetchall()
    names = _names(connection)
    first, by_day, last = _span(connection, made_at)
    starts = periods(first, by_day, last)
    items = {**SLOTS, **{name: len(named) for name, named in names.items()}}
    return {
        "made": _moment(made_at),
        "published": _published(connection),
        "campaigns": [_campaign(campaign) for campaign in campaigns],
        "first": _day(first),
        "starts": [_day(start) for start in starts],
        "end": _day(last) + 1,
        "byDay": _day(by_day),
        "names": names,
        "least": {"contacts": shown.LEAST_CONTACTS, "share": shown.LEAST_SHARE},
        "cubes": {
            name: {
                "items": items[name],
                "measures": cube.measures,
                "campaigns": packed(
                    _rows(connection, name, by_day),
                    [campaign[0] for campaign in campaigns],
                    {start: number for number, start in enumerate(starts)},
                    items[name],
                    len(cube.measures),
                ),
            }
            for name, cube in CUBES.items()
        },
    }


def _span(connection: duckdb.DuckDBPyConnection, made_at: datetime) -> tuple[date, date, date]:
    """Make a table of each cube; return the first day, the first that is told by itself, and the last."""
    for name, cube in CUBES.items():
        columns = ", ".join(("campaign_id", "local_date", "item", *cube.measures))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE cube_{name}({columns}) AS {cube.query}")
    months = " UNION ALL ".join(f"SELECT local_date FROM cube_{name}" for name in CUBES)  # noqa: S608
    cells = connection.execute(
        f"SELECT CAST(date_trunc('month', local_date) AS DATE), COUNT(*) FROM ({months}) GROUP BY ALL"  # noqa: S608
    ).fetchall()
    ((first, last),) = connection.execute("SELECT MIN(local_date), MAX(local_date) FROM cube_days").fetchall()
    by_day = daily_from(dict(cells), MOST_CELLS)
    if by_day is None:
        today = made_at.date()
        return today, today, today
    return first, max(first, by_day), last


def _rows(connection: duckdb.DuckDBPyConnection, name: str, by_day: date) -> list[tuple[Any, ...]]:
    sums = ", ".join(f"CAST(SUM({measure}) AS BIGINT)" for measure in CUBES[name].measures)
    return connection.execute(
        "SELECT campaign_id, CASE WHEN local_date >= ? THEN local_date "  # noqa: S608 (names of ours)
        f"ELSE CAST(date_trunc('month', local_date) AS DATE) END AS start, item, {sums} "
        f"FROM cube_{name} GROUP BY ALL ORDER BY campaign_id, start, item",
        [by_day],
    ).fetchall()


def _names(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    """Return what the items of a cube are called, in their order."""
    tags = connection.execute("SELECT tag FROM shown_tags ORDER BY item").fetchall()
    policies = connection.execute("SELECT policy_name FROM shown_policies ORDER BY item").fetchall()
    values = connection.execute("SELECT DISTINCT item, key, value FROM shown_values ORDER BY item").fetchall()
    return {
        "tags": [_cut(tag) for (tag,) in tags],
        "policies": [_cut(policy) for (policy,) in policies],
        "values": [[_cut(key), None if value is None else _cut(value)] for _, key, value in values],
    }


def _published(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    ((loaded_at, version),) = connection.execute(
        "SELECT loaded_at, version FROM analytics.publication"
    ).fetchall()
    return {"loaded": _moment(loaded_at), "version": version}


def _campaign(campaign: tuple[Any, ...]) -> dict[str, Any]:
    number, name, zone, proved_until, doubts, rejected, part_day = campaign
    return {
        "id": number,
        "name": _cut(name),
        "zone": zone or "UTC",
        "proved": _moment(proved_until),
        "open": doubts,
        "rejected": rejected,
        "partDay": part_day and _day(part_day),
    }


def _cut(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(days=1)
