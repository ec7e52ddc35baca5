-- One row per campaign that is loaded.
-- campaign_name: Its name, where the key may list campaigns; else its id
-- first_call_at: When its first call was created
-- last_call_at: When its last call was created
-- calls: Calls the API lists
SELECT
    -- ids
    campaigns.campaign_id,
    -- text
    COALESCE(campaigns.campaign_name, CAST(campaigns.campaign_id AS VARCHAR)) AS campaign_name,
    campaigns.campaign_status,
    campaigns.agent_name,
    campaigns.timezone,
    campaigns.is_archived,
    -- measures
    COALESCE(totals.calls, 0) AS calls,
    -- moments
    campaigns.campaign_created_at,
    totals.first_call_at,
    totals.last_call_at
FROM analytics.stg_campaigns AS campaigns
LEFT JOIN (
    SELECT
        campaign_id,
        COUNT(*) AS calls,
        MIN(created_at) AS first_call_at,
        MAX(created_at) AS last_call_at
    FROM analytics.calls
    GROUP BY campaign_id
) AS totals
    ON totals.campaign_id = campaigns.campaign_id
