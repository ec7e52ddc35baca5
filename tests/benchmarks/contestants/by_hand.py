"""What a good engineer writes in an hour: ``by_hand.py URL KEY CAMPAIGN,... DATABASE [DAYS]``.

One session, page after page, wait as told after a 429; newer calls than the newest known, and with DAYS
those created so many days before it again.
"""

import json
import sys
import time

import duckdb
import pyarrow as pa
import requests

PAGES_AT_ONCE = 50
TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    id VARCHAR, campaign_id BIGINT, type VARCHAR, status VARCHAR, answered_by VARCHAR, created_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, duration BIGINT, billed_duration BIGINT,
    recording_url VARCHAR,
    contact STRUCT(id BIGINT, f_id VARCHAR, name VARCHAR, phone_number VARCHAR, status VARCHAR),
    extracted_data JSON, score DOUBLE, evaluated BIGINT, met BIGINT, not_applicable BIGINT, completed BOOLEAN,
    completed_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS tags (call_id VARCHAR, place BIGINT, tag VARCHAR);
CREATE TABLE IF NOT EXISTS policies (
    call_id VARCHAR, place BIGINT, policy_id VARCHAR, policy_name VARCHAR, result VARCHAR,
    explanation VARCHAR, evaluated_at TIMESTAMPTZ);
"""
START = """
SELECT strftime(max(created_at) - to_days(?), '%Y-%m-%dT%H:%M:%S.%fZ') FROM calls WHERE campaign_id = ?
"""
CALL = (
    *("id", "type", "status", "answered_by", "created_at", "started_at", "ended_at"),
    *("duration", "billed_duration", "recording_url", "contact"),
)


def pages(session, url, start):
    """Yield the calls created since then, page after page."""
    params = {"pageSize": 100, "pageIndex": 0, **({"startDate": start} if start else {})}
    while True:
        response = session.get(url, params=params, timeout=60)
        if response.status_code == 429:
            time.sleep(float(response.headers.get("Retry-After", 1)))
            continue
        response.raise_for_status()
        page = response.json()
        yield page["calls"]
        if not page["pagination"]["has_next"]:
            return
        params["pageIndex"] += 1


def call_row(campaign_id, call):
    """Return a call as its row."""
    evaluation = call["policy_evaluation"]
    return {
        **{name: call[name] for name in CALL},
        "campaign_id": campaign_id,
        "extracted_data": json.dumps(call["extracted_data"]),
        "score": evaluation["score"],
        "evaluated": evaluation["policies_evaluated_count"],
        "met": evaluation["policies_met_count"],
        "not_applicable": evaluation["policies_not_applicable_count"],
        "completed": evaluation["completed"],
        "completed_at": evaluation["completed_at"],
    }


def replace(database, campaign_id, calls):
    """Put calls and their children in the place of older versions of them."""
    tags = [
        {"call_id": call["id"], "place": place, "tag": tag}
        for call in calls
        for place, tag in enumerate(call["tags"])
    ]
    policies = [
        {"call_id": call["id"], "place": place, **policy}
        for call in calls
        for place, policy in enumerate(call["policy_evaluation"]["policies"])
    ]
    database.begin()
    ids = pa.table({"id": [call["id"] for call in calls]})
    database.register("ids", ids)
    insert(database, "calls", "id", [call_row(campaign_id, call) for call in calls])
    insert(database, "tags", "call_id", tags)
    insert(database, "policies", "call_id", policies)
    database.commit()


def insert(database, table, key, rows):
    """Replace the rows of the calls at hand."""
    database.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT id FROM ids)")
    if rows:
        database.register("arrived", pa.Table.from_pylist(rows))
        database.execute(f"INSERT INTO {table} BY NAME SELECT * FROM arrived")


def main(url, key, campaign_ids, path, days=0):
    """Load what was created since the newest call known."""
    with requests.Session() as session, duckdb.connect(path) as database:
        session.headers["Authorization"] = f"api-key {key}"
        database.execute("SET TimeZone = 'UTC'")
        database.execute(TABLES)
        for campaign_id in map(int, campaign_ids.split(",")):
            (start,) = database.execute(START, [int(days), campaign_id]).fetchone()
            waiting = []
            for calls in pages(session, f"{url}/campaigns/{campaign_id}/calls", start):
                waiting += calls
                if len(waiting) >= 100 * PAGES_AT_ONCE:
                    replace(database, campaign_id, waiting)
                    waiting = []
            if waiting:
                replace(database, campaign_id, waiting)


if __name__ == "__main__":
    main(*sys.argv[1:])
