"""A warehouse of millions of calls, made up in SQL: loading as many from an API would take hours."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from altur_calls import pipeline
from altur_calls.target import Target
from altur_sandbox import BulkWorld, Sandbox
from server import KEY
from workloads import NOON

CAMPAIGNS = (1, 2, 3, 4, 5, 6, 7, 8)
DAYS = 365
STEP = 1_000_000

CALLS = """
SELECT
    'call_' || lpad(n::VARCHAR, 10, '0') AS id,
    1 + n % {campaigns} AS campaign_id,
    'outbound' AS type,
    CASE WHEN dice < 62 THEN 'ended' WHEN dice < 85 THEN 'no-answer' WHEN dice < 93 THEN 'busy' ELSE 'failed' END
        AS status,
    CASE WHEN dice < 38 THEN 'human' WHEN dice < 60 THEN 'machine' WHEN dice < 62 THEN 'unknown' END AS answered_by,
    TIMESTAMPTZ '{start}' + to_microseconds(n * {apart}) AS created_at,
    created_at + to_seconds(2 + (hash(n, 'ring') % 25)::BIGINT) AS started_at,
    started_at + to_seconds(talked) AS ended_at,
    talked AS duration,
    CASE WHEN dice < 62 THEN 60 * ceil(talked / 60)::BIGINT ELSE 0 END AS billed_duration,
    CASE WHEN dice < 38 THEN '{{"monto_prometido":"' || hash(n, 'sum') % 5000 || '"}}' ELSE '{{}}' END AS extracted_data,
    '/api/v1.0/call/' || n || '/recording' AS recording_url,
    CASE WHEN is_evaluated THEN 10.0 * met / 3 END AS policy_evaluation__score,
    CASE WHEN is_evaluated THEN 3 END AS policy_evaluation__policies_evaluated_count,
    CASE WHEN is_evaluated THEN met END AS policy_evaluation__policies_met_count,
    CASE WHEN is_evaluated THEN 0 END AS policy_evaluation__policies_not_applicable_count,
    is_evaluated AS policy_evaluation__completed,
    CASE WHEN is_evaluated THEN ended_at + INTERVAL 10 MINUTE END AS policy_evaluation__completed_at,
    created_at + INTERVAL 1 HOUR AS read_at,
    false AS is_deleted,
    '1.0' AS _dlt_load_id,
    lpad(n::VARCHAR, 14, '0') AS _dlt_id,
    dice, is_evaluated, met, talked, 1 + (hash(n, 'person') % {contacts})::BIGINT AS person,
FROM (
    SELECT n, (hash(n) % 100)::BIGINT AS dice, dice < 38 AND hash(n, 'sample') % 3 = 0 AS is_evaluated, (hash(n, 'met') % 4)::BIGINT AS met,
        CASE WHEN dice < 62 THEN 15 + (hash(n, 'talk') % 240)::BIGINT ELSE 0 END AS talked
    FROM range({first}, {last}) AS numbers(n)
)
"""
"""Three fifths of the calls are answered, a third by a person; one in eight is evaluated; a contact has four."""

KEYS = "c.id AS call_id, c.created_at AS call_created_at, c._dlt_load_id"
CHILDREN = {
    "campaign_calls__contact": f"""
SELECT {KEYS}, c._dlt_id || '0' AS _dlt_id, 0 AS position, person * {{campaigns}} + campaign_id AS id, 'c' || person AS f_id,
    'Contact ' || person AS name, '+52550' || lpad(person::VARCHAR, 7, '0') AS phone_number,
    CASE WHEN dice < 12 THEN 'converted' WHEN dice < 62 THEN 'answered' ELSE 'retrying' END AS status,
FROM made AS c
""",
    "campaign_calls__tags": f"""
SELECT {KEYS}, c._dlt_id || place AS _dlt_id, place AS position,
    ['promise', 'callback', 'wrong-number', 'refuses', 'paid'][1 + (dice + place) % 5] AS value,
FROM made AS c, range(2) AS places(place) WHERE dice < 38
""",
    "campaign_calls__policies": f"""
SELECT {KEYS}, c._dlt_id || place AS _dlt_id, place AS position, 'policy_' || place AS policy_id,
    ['Greets', 'Says who calls', 'Reads the notice'][1 + place] AS policy_name,
    CASE WHEN place < met THEN 'met' ELSE 'not_met' END AS result, 'Because.' AS explanation,
    policy_evaluation__completed_at AS evaluated_at,
FROM made AS c, range(3) AS places(place) WHERE is_evaluated
""",
    "campaign_calls__extracted_data": f"""
SELECT {KEYS}, c._dlt_id || '0' AS _dlt_id, 0 AS position, 'monto_prometido' AS key,
    (hash(c.id) % 5000)::VARCHAR AS value,
FROM made AS c WHERE dice < 38
""",
}


def make(database: Path, calls: int, start: datetime = NOON - timedelta(days=DAYS)) -> None:
    """Write a warehouse of so many calls, of a year."""
    empty(database)
    apart = DAYS * 86_400_000_000 // calls
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for first in range(0, calls, STEP):
            last = min(first + STEP, calls)
            known = {"campaigns": len(CAMPAIGNS), "contacts": max(1, calls // len(CAMPAIGNS) // 4)}
            rows = CALLS.format(first=first, last=last, start=start, apart=apart, **known)
            connection.execute(f"CREATE OR REPLACE TEMP TABLE made AS {rows}")
            more = "dice, is_evaluated, met, talked, person"
            connection.execute(
                f"INSERT INTO altur.campaign_calls BY NAME SELECT * EXCLUDE ({more}) FROM made ORDER BY created_at"
            )
            for table, sql in CHILDREN.items():
                connection.execute(f"INSERT INTO altur.{table} BY NAME {sql.format(**known)} ORDER BY call_created_at")
        connection.execute(
            "INSERT INTO altur.call_windows BY NAME SELECT campaign_id, min(created_at) AS window_start, "
            "max(created_at) + INTERVAL 1 SECOND AS window_end, max(read_at) AS read_at, 1 AS requests, "
            "count(*) AS total_count, count(*) AS calls_read, true AS is_proved, 0 AS vanished_calls, "
            "'1.0' AS _dlt_load_id, 'window' || campaign_id AS _dlt_id FROM altur.campaign_calls GROUP BY campaign_id"
        )
        connection.execute(
            "INSERT INTO altur._dlt_loads SELECT '1.0', schema_name, 0, inserted_at, schema_version_hash "
            "FROM altur._dlt_loads LIMIT 1"
        )


def empty(database: Path) -> None:
    """Make the tables, as a first run of a campaign without calls does."""
    with Sandbox(BulkWorld({1: 0}), key=KEY, requests_per_second=None) as sandbox:
        pipeline.run(
            Target("large", str(database)), api_key=KEY, base_url=sandbox.url, campaign_ids=[1], requests_per_second=1000
        )
