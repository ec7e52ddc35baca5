-- One row per call and tag.
SELECT DISTINCT
    calls.call_id,
    calls.campaign_id,
    tags.tag,
    calls.is_human,
    calls.created_at,
    calls.local_date
FROM analytics.stg_call_tags AS tags
JOIN analytics.calls AS calls
    ON calls.call_id = tags.call_id AND calls.created_at = tags.call_created_at
WHERE tags.tag IS NOT NULL
