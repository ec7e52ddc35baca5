"""What each chart should show, as SQL of its own: from the calls, where the chart reads what is added up."""

from __future__ import annotations

CALLS = """
SELECT calls.*, campaign_name FROM analytics.calls JOIN analytics.campaigns USING (campaign_id) WHERE {which}
"""
POLICIES = """
SELECT results.*, campaign_name
FROM analytics.call_policies AS results JOIN analytics.campaigns USING (campaign_id) WHERE {which}
"""
TAGS = """
SELECT tags.*, campaign_name FROM analytics.call_tags AS tags JOIN analytics.campaigns USING (campaign_id)
WHERE {which}
"""
SCORE = "10 * count(*) FILTER (result = 'met') / count(*) FILTER (result IN ('met', 'not_met'))"
RATES = "avg(is_answered::INTEGER), avg(is_human::INTEGER)"

EXPECTED = {
    "calls": f"SELECT count(*) FROM ({CALLS})",
    "answered": f"SELECT avg(is_answered::INTEGER) FROM ({CALLS})",
    "by_a_person": f"SELECT avg(is_human::INTEGER) FROM ({CALLS})",
    "conversions": f"SELECT count(*) FILTER (is_converted) FROM ({CALLS})",
    "minutes": f"SELECT sum(billed_seconds) / 60 FROM ({CALLS})",
    "score": f"SELECT {SCORE} FROM ({POLICIES})",
    "days": f"""
        SELECT epoch_ms(local_date),
            count(*) FILTER (status = 'ended'), count(*) FILTER (status = 'in-progress'),
            count(*) FILTER (status = 'no-answer'), count(*) FILTER (status = 'busy'),
            count(*) FILTER (status = 'failed'),
            count(*) FILTER (status NOT IN ('ended', 'in-progress', 'no-answer', 'busy', 'failed'))
        FROM ({CALLS}) GROUP BY local_date
    """,
    "whom": f"SELECT ifnull(answered_by, 'nobody'), count(*) FROM ({CALLS}) GROUP BY ALL",
    "hours": f"""
        SELECT local_hour, strftime(local_date, '%u %a'), avg(is_answered::INTEGER)
        FROM ({CALLS}) GROUP BY ALL
    """,
    "attempts": f"""
        SELECT CASE WHEN attempt_number >= 8 THEN '8+' ELSE attempt_number::VARCHAR END, {RATES}
        FROM ({CALLS}) WHERE attempt_number IS NOT NULL AND direction = 'outbound' GROUP BY ALL
    """,
    "tags": f"SELECT tag, count(*) FROM ({TAGS}) GROUP BY ALL",
    "policies": f"""
        SELECT policy_name,
            count(*) FILTER (result = 'not_met') / count(*) FILTER (result IN ('met', 'not_met'))
        FROM ({POLICIES}) GROUP BY ALL
    """,
    "campaigns": f"""
        SELECT campaign_name, count(*), {RATES}, count(*) FILTER (is_converted), avg(is_converted::INTEGER),
            sum(billed_seconds) / 60
        FROM ({CALLS}) GROUP BY ALL
    """,
    "completeness": """
        SELECT campaign_name, epoch_ms(proved_until), is_complete,
            windows_in_doubt, rejected_calls, vanished_calls
        FROM analytics.data_completeness JOIN analytics.campaigns USING (campaign_id) WHERE {which}
    """,
    "publication": """
        SELECT epoch_us(published_at) / 1000, epoch_us(loaded_at) / 1000, calls FROM analytics.publication
    """,
}
"""By the names of the charts; ``{which}`` is what the filters leave."""
