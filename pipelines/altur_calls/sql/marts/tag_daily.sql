-- One row per campaign, day and tag, by the clocks of the campaign.
-- calls: Calls with the tag
-- human_calls: Those of them that a person answered
-- conversions: Contacts that are converted and whose last call has the tag
SELECT
    calls.campaign_id,
    calls.local_date,
    tags.tag,
    COUNT(*) AS calls,
    COUNT(*) FILTER (WHERE calls.is_human) AS human_calls,
    COUNT(*) FILTER (WHERE calls.is_converted) AS conversions
FROM analytics.call_tags AS tags
JOIN analytics.calls AS calls
    ON calls.call_id = tags.call_id AND calls.created_at = tags.created_at
GROUP BY calls.campaign_id, calls.local_date, tags.tag
