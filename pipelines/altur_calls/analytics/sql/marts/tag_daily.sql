-- One row per campaign, day and tag, by the clocks of the campaign.
-- calls: Calls with the tag
-- human_calls: Those of them that a person answered
-- conversions: Contacts that are converted and whose last call has the tag
-- local_date: Day, by the clocks of the campaign
SELECT
    tags.campaign_id,
    tags.local_date,
    tags.tag,
    COUNT(*) AS calls,
    COUNT(*) FILTER (WHERE tags.is_human) AS human_calls,
    COUNT(converted.call_id) AS conversions
FROM analytics.call_tags AS tags
LEFT JOIN (
    SELECT call_id, campaign_id, local_date
    FROM analytics.calls
    WHERE is_converted
) AS converted
    -- More than tells calls apart: so those of a campaign and its days are all that is read, on both sides.
    ON converted.campaign_id = tags.campaign_id
    AND converted.local_date = tags.local_date
    AND converted.call_id = tags.call_id
GROUP BY tags.campaign_id, tags.local_date, tags.tag
