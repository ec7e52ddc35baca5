"""A warehouse of millions of calls, made up in SQL: loading as many from an API would take hours.

Calls are spread evenly over a year and eight campaigns. Three fifths of them are answered, a third by a
person; one in eight is evaluated, one in ten was found changed; a contact was called four times, at any time
of the year. Every 20,000 calls came with a load of their own, as they do when a history is loaded. Ids are
opaque: nothing is found sooner for their order.
"""

from datetime import timedelta
from pathlib import Path

import duckdb
from server import KEY
from workloads import NOON

from altur_calls import pipeline, settings
from altur_calls.warehouse.target import Target
from altur_sandbox import BulkWorld, Sandbox

CAMPAIGNS, CALLS_OF_A_CONTACT = 8, 4
ZONE = "America/Mexico_City"
DAYS, CHANGING_DAYS = 365, 3
START = NOON - timedelta(days=DAYS)
STEP = 1_000_000
"""Calls that are made at once: what DuckDB holds of them stays small."""

NUMBERS = """
SELECT
    n,
    CAST(hash(n) % 100 AS BIGINT) AS dice,
    dice < 38 AND hash(n, 'sample') % 3 = 0 AS is_evaluated,
    CAST(hash(n, 'met') % 4 AS BIGINT) AS met,
    CASE WHEN dice < 62 THEN 15 + CAST(hash(n, 'talk') % 240 AS BIGINT) ELSE 0 END AS talked,
    1 + CAST(hash(n, 'person') % $contacts AS BIGINT) AS person
FROM range($first, $last, $step) AS numbers(n)
"""
"""What is told of a call by its number; the dice decide on who answers."""

CALLS = f"""
SELECT
    'call_' || left(md5(CAST(n AS VARCHAR)), 16) AS id,
    1 + n % {CAMPAIGNS} AS campaign_id,
    'outbound' AS type,
    CASE
        WHEN dice < 62 THEN 'ended' WHEN dice < 85 THEN 'no-answer' WHEN dice < 93 THEN 'busy' ELSE 'failed'
    END AS status,
    CASE WHEN dice < 38 THEN 'human' WHEN dice < 60 THEN 'machine' WHEN dice < 62 THEN 'unknown' END
        AS answered_by,
    $start + to_microseconds(n * $apart) AS created_at,
    created_at + to_seconds(2 + CAST(hash(n, 'ring') % 25 AS BIGINT)) AS started_at,
    started_at + to_seconds(talked) AS ended_at,
    talked AS duration,
    CASE WHEN dice < 62 THEN 60 * CAST(ceil(talked / 60) AS BIGINT) ELSE 0 END AS billed_duration,
    CASE WHEN dice < 38 THEN '{{"monto_prometido":"' || hash(n, 'sum') % 5000 || '"}}' ELSE '{{}}' END
        AS extracted_data,
    '/api/v1.0/call/' || n || '/recording' AS recording_url,
    CASE WHEN is_evaluated THEN 10.0 * met / 3 END AS policy_evaluation__score,
    CASE WHEN is_evaluated THEN 3 END AS policy_evaluation__policies_evaluated_count,
    CASE WHEN is_evaluated THEN met END AS policy_evaluation__policies_met_count,
    CASE WHEN is_evaluated THEN 0 END AS policy_evaluation__policies_not_applicable_count,
    is_evaluated AS policy_evaluation__completed,
    CASE WHEN is_evaluated THEN ended_at + INTERVAL 10 MINUTE END AS policy_evaluation__completed_at,
    created_at + INTERVAL 1 HOUR AS read_at,
    FALSE AS is_deleted,
    '17' || lpad(CAST(n // {settings.CHUNK_CALLS} AS VARCHAR), 8, '0') || '.5' AS _dlt_load_id,
    right(md5(CAST(n AS VARCHAR)), 14) AS _dlt_id,
    n,
    dice,
    is_evaluated,
    met,
    person
FROM ({NUMBERS})
"""

OF_THE_CALL = "id AS call_id, created_at AS call_created_at, _dlt_load_id"
OF_A_CHILD = f"{OF_THE_CALL}, _dlt_id || place AS _dlt_id, place AS position"

OTHERS = {
    "campaign_calls__contact": f"""
SELECT
    {OF_A_CHILD},
    person * {CAMPAIGNS} + campaign_id AS id,
    'c' || person AS f_id,
    'Contact ' || person AS name,
    '+52550' || lpad(CAST(person AS VARCHAR), 7, '0') AS phone_number,
    CASE WHEN dice < 12 THEN 'converted' WHEN dice < 62 THEN 'answered' ELSE 'retrying' END AS status
FROM made, range(1) AS places(place)
""",
    "campaign_calls__tags": f"""
SELECT
    {OF_A_CHILD},
    ['promise', 'callback', 'wrong-number', 'refuses', 'paid'][1 + (dice + place) % 5] AS value
FROM made, range(2) AS places(place)
WHERE dice < 38
""",
    "campaign_calls__policies": f"""
SELECT
    {OF_A_CHILD},
    'policy_' || place AS policy_id,
    ['Greets', 'Says who calls', 'Reads the notice'][1 + place] AS policy_name,
    CASE WHEN place < met THEN 'met' ELSE 'not_met' END AS result,
    'Because.' AS explanation,
    policy_evaluation__completed_at AS evaluated_at
FROM made, range(3) AS places(place)
WHERE is_evaluated
""",
    "campaign_calls__extracted_data": f"""
SELECT {OF_A_CHILD}, 'monto_prometido' AS key, CAST(hash(n, 'sum') % 5000 AS VARCHAR) AS value
FROM made, range(1) AS places(place)
WHERE dice < 38
""",
    "call_changes": f"""
SELECT
    {OF_THE_CALL},
    _dlt_id || '-0' AS _dlt_id,
    campaign_id,
    'status' AS field,
    'in-progress' AS old_value,
    status AS new_value,
    read_at
FROM made
WHERE n % 10 = 0
""",
}
"""The rows that go with the calls made, by table."""

FINALLY = {
    "call_windows": """
SELECT
    campaign_id,
    MIN(created_at) AS window_start,
    MAX(created_at) + INTERVAL 1 SECOND AS window_end,
    MAX(read_at) AS read_at,
    1 AS requests,
    COUNT(*) AS total_count,
    COUNT(*) AS calls_read,
    hash(campaign_id, _dlt_load_id) % 50 > 0 AS is_proved,
    CASE WHEN NOT is_proved THEN 'the calls that came are not as many as were counted' END AS doubt,
    0 AS vanished_calls,
    FALSE AS is_suspicious,
    _dlt_load_id,
    _dlt_load_id || campaign_id AS _dlt_id
FROM altur.campaign_calls
GROUP BY campaign_id, _dlt_load_id
""",
    "_dlt_loads": """
SELECT DISTINCT
    calls._dlt_load_id AS load_id,
    loads.schema_name,
    0 AS status,
    loads.inserted_at,
    loads.schema_version_hash
FROM altur.campaign_calls AS calls, (SELECT * FROM altur._dlt_loads LIMIT 1) AS loads
""",
}
"""The rows that tell of all calls, by table."""


def make(database: Path, calls: int) -> None:
    """Write a warehouse of so many calls."""
    _make_tables(database)
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for first in range(0, calls, STEP):
            _make_rows(connection, calls, range(first, min(first + STEP, calls)))
            _insert_rows(connection)
        for table, rows in FINALLY.items():
            connection.execute(f"INSERT INTO altur.{table} BY NAME {rows}")


def load(connection: duckdb.DuckDBPyConnection, calls: int, number: int, new: int, changed: int) -> None:
    """Add a load to a warehouse that was made of so many calls; its loads are counted from 0.

    It brings new calls, and others of the three days before them that changed since.
    """
    connection.execute("SET TimeZone = 'UTC'")
    load_id = f"18{number:08}.5"
    first = calls + number * new
    recent = calls * CHANGING_DAYS // DAYS
    if changed:
        _make_rows(connection, calls, range(first - recent, first, recent // changed), load_id, "busy")
        _delete_rows(connection)
        _insert_rows(connection)
    _make_rows(connection, calls, range(first, first + new), load_id)
    _insert_rows(connection)
    connection.execute(
        "INSERT INTO altur._dlt_loads SELECT * REPLACE (? AS load_id) FROM altur._dlt_loads LIMIT 1",
        [load_id],
    )


def _make_rows(
    connection: duckdb.DuckDBPyConnection,
    calls: int,
    numbers: range,
    load_id: str | None = None,
    status: str | None = None,
) -> None:
    """Make the calls of some numbers, of a warehouse of so many calls."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE made AS SELECT * REPLACE "
        "(coalesce($load_id, _dlt_load_id) AS _dlt_load_id, coalesce($status, status) AS status) "
        f"FROM ({CALLS}) ORDER BY created_at",
        {
            "start": START,
            "apart": DAYS * 86_400_000_000 // max(1, calls),
            "contacts": max(1, calls // CAMPAIGNS // CALLS_OF_A_CONTACT),
            "first": numbers.start,
            "last": numbers.stop,
            "step": numbers.step,
            "load_id": load_id,
            "status": status,
        },
    )


def _insert_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Insert the calls that are made, with all that belongs to them."""
    kept = "SELECT * EXCLUDE (n, dice, is_evaluated, met, person) FROM made"
    connection.execute(f"INSERT INTO altur.campaign_calls BY NAME {kept}")
    for table, rows in OTHERS.items():
        connection.execute(f"INSERT INTO altur.{table} BY NAME {rows}")


def _delete_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete the calls that are made anew, with all that belongs to them."""
    keys = {"campaign_calls": ("id", "created_at"), **dict.fromkeys(OTHERS, ("call_id", "call_created_at"))}
    for table, (call_id, created_at) in keys.items():
        connection.execute(
            f"DELETE FROM altur.{table} AS old USING made "
            f"WHERE old.{call_id} = made.id AND old.{created_at} = made.created_at"
        )


def _make_tables(database: Path) -> None:
    """Make the tables, as a first run of campaigns without calls does."""
    campaigns = range(1, CAMPAIGNS + 1)
    with Sandbox(BulkWorld(dict.fromkeys(campaigns, 0)), key=KEY, requests_per_second=None) as sandbox:
        pipeline.run(
            Target("large", str(database)),
            api_key=KEY,
            base_url=sandbox.url,
            campaign_ids=list(campaigns),
            timezone=ZONE,
            requests_per_second=1_000,
        )
