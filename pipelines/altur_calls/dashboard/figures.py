"""What the page tells: asked of a published file, as integers that add up. No person is in it.

Of extracted data, and of tags, only what can't point at somebody is told; see :data:`PERSONAL` and
:data:`LEAST_CONTACTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from altur_calls.dashboard.cubes import packed
from altur_calls.dashboard.periods import daily_from, periods

MOST_CELLS = 300_000
"""Cells that are told by day, at most about; what is older is told by month. This bounds the page."""

MOST_TAGS, MOST_POLICIES, MOST_KEYS, MOST_VALUES = 12, 12, 8, 6
"""The commonest of each campaign (of each key) that are told."""

MOST_ATTEMPTS = 8
"""Attempts told apart; the last stands for all from it on."""

LEAST_CONTACTS = 10
"""A value or a key is told if so many contacts of a campaign gave it, at least."""

LEAST_SHARE = 20
"""And a value if it came in one of so many calls with its key, at least: in categories, not amounts."""

MOST_CHARACTERS = 120
"""Of a name. What is longer is cut."""

COMMON_TAGS = f"""
CREATE OR REPLACE TEMP TABLE common_tags AS
WITH totals AS (SELECT campaign_id, tag, SUM(calls) AS calls FROM analytics.tag_daily GROUP BY ALL),
ranked AS (
    SELECT tag, calls, ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY calls DESC, tag) AS place
    FROM totals
    UNION ALL
    SELECT tag, SUM(calls), ROW_NUMBER() OVER (ORDER BY SUM(calls) DESC, tag) FROM totals GROUP BY tag
)
SELECT tag, MAX(calls) AS calls FROM ranked WHERE place <= {MOST_TAGS} GROUP BY tag
"""  # noqa: S608 (numbers of ours)
"""The commonest tags of each campaign, and of all."""

COMMON_VALUES = f"""
CREATE OR REPLACE TEMP TABLE common_values AS
WITH keys AS (
    SELECT campaign_id, key, COUNT(*) AS calls
    FROM analytics.call_extracted_data
    GROUP BY campaign_id, key
    QUALIFY ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY COUNT(*) DESC, key) <= {MOST_KEYS}
)
SELECT campaign_id, key, NULL AS value FROM keys
UNION ALL
SELECT campaign_id, key, trim(value)
FROM analytics.call_extracted_data JOIN keys USING (campaign_id, key)
GROUP BY campaign_id, key, trim(value)
HAVING COUNT(*) * {LEAST_SHARE} >= ANY_VALUE(keys.calls)
"""  # noqa: S608 (numbers of ours)
"""The commonest keys of each campaign, and what comes often with them. Without a value: the key itself."""

PERSONAL = r"""
CREATE OR REPLACE TEMP MACRO plain(words) AS
    lower(strip_accents(trim(regexp_replace(words, '\s+', ' ', 'g'))));
CREATE OR REPLACE TEMP TABLE people AS
SELECT DISTINCT plain(name) AS name
FROM (SELECT unnest([contact_name, phone_number, contact_reference]) AS name FROM analytics.contacts)
WHERE plain(name) IN (
    SELECT plain(tag) FROM common_tags
    UNION ALL SELECT plain(key) FROM common_values
    UNION ALL SELECT plain(value) FROM common_values WHERE value <> ''
);
CREATE OR REPLACE TEMP MACRO is_personal(words) AS
    contains(words, '@')
    OR (
        length(regexp_replace(words, '[^\p{Nd}]', '', 'g')) > 6
        AND NOT regexp_full_match(trim(words), '\d{4}-\d{2}-\d{2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}')
    )
    OR plain(words) IN (FROM people);
"""
"""Words that may be somebody's: an address, a number of seven digits or more that is no date, the name, the
number or the reference of a contact."""

SHOWN_TAGS = """
CREATE OR REPLACE TEMP TABLE shown_tags AS
SELECT tag, ROW_NUMBER() OVER (ORDER BY calls DESC, tag) - 1 AS item
FROM common_tags
WHERE NOT is_personal(tag)
"""

SHOWN_POLICIES = f"""
CREATE OR REPLACE TEMP TABLE shown_policies AS
WITH ranked AS (
    SELECT
        policy_id,
        MAX_BY(policy_name, local_date) AS policy_name,
        SUM(evaluated) AS results,
        ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY results DESC, policy_id) AS place
    FROM analytics.policy_compliance
    GROUP BY campaign_id, policy_id
)
SELECT
    policy_id,
    coalesce(MAX_BY(policy_name, results), policy_id, '') AS policy_name,
    ROW_NUMBER() OVER (ORDER BY MAX(results) DESC, policy_id) - 1 AS item
FROM ranked
WHERE place <= {MOST_POLICIES}
GROUP BY policy_id
"""  # noqa: S608 (numbers of ours)

SHOWN_VALUES = f"""
CREATE OR REPLACE TEMP TABLE shown_values AS
WITH told AS (
    SELECT campaign_id, key, common.value
    FROM common_values AS common
    JOIN analytics.call_extracted_data AS extracted USING (campaign_id, key)
    JOIN analytics.calls AS calls
        ON calls.call_id = extracted.call_id AND calls.created_at = extracted.created_at
    WHERE common.value IS NULL OR common.value = trim(extracted.value)
    GROUP BY campaign_id, key, common.value
    HAVING COUNT(DISTINCT contact_id) >= {LEAST_CONTACTS}
        AND NOT is_personal(key) AND NOT coalesce(is_personal(common.value), FALSE)
    QUALIFY common.value IS NULL OR {MOST_VALUES} >= ROW_NUMBER() OVER (
        PARTITION BY campaign_id, key, common.value IS NULL ORDER BY COUNT(*) DESC, common.value
    )
)
SELECT campaign_id, key, value, DENSE_RANK() OVER (ORDER BY key, value NULLS FIRST) - 1 AS item FROM told
"""  # noqa: S608 (numbers of ours)
"""The keys and values of each campaign that may be told."""


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
        FROM analytics.policy_compliance JOIN shown_policies USING (policy_id)
        """,
    ),
    "values": Cube(
        ("calls",),
        """
        SELECT campaign_id, local_date, item, COUNT(*)
        FROM analytics.call_extracted_data AS extracted JOIN shown_values AS shown USING (campaign_id, key)
        WHERE shown.value IS NULL OR shown.value = trim(extracted.value)
        GROUP BY ALL
        """,
    ),
}

CAMPAIGNS = """
SELECT
    campaign_id, campaign_name, timezone, proved_until,
    windows_in_doubt, rejected_calls, campaigns.calls
FROM analytics.campaigns AS campaigns LEFT JOIN analytics.data_completeness USING (campaign_id)
ORDER BY campaigns.calls DESC, campaign_id
"""

SLOTS = {"days": 1, "hours": 7 * 24, "attempts": MOST_ATTEMPTS}
"""Items of the cubes that have the same ones always."""


def figures(connection: duckdb.DuckDBPyConnection, *, made_at: datetime) -> dict[str, Any]:
    """Return all that the page tells, ready for JSON."""
    for statement in (COMMON_TAGS, COMMON_VALUES, PERSONAL, SHOWN_TAGS, SHOWN_POLICIES, SHOWN_VALUES):
        connection.execute(statement)
    campaigns = connection.execute(CAMPAIGNS).fetchall()
    names = _names(connection)
    first, by_day, last = _span(connection, made_at)
    starts = periods(first, by_day, last)
    items = {**SLOTS, **{name: len(named) for name, named in names.items()}}
    return {
        "made": _moment(made_at),
        "published": _published(connection),
        "campaigns": [_campaign(*campaign) for campaign in campaigns],
        "starts": [_day(start) for start in starts],
        "end": _day(last) + 1,
        "byDay": _day(by_day),
        "names": names,
        "least": {"contacts": LEAST_CONTACTS, "share": LEAST_SHARE},
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


def _campaign(
    number: int, name: str, zone: str | None, proved_until: datetime | None, *counts: int | None
) -> dict[str, Any]:
    doubts, rejected, _ = (count or 0 for count in counts)
    return {
        "id": number,
        "name": _cut(name),
        "zone": zone or "UTC",
        "proved": _moment(proved_until),
        "open": doubts,
        "rejected": rejected,
    }


def _cut(words: str) -> str:
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(days=1)
