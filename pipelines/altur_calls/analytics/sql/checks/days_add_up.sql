-- The calls of all days of a campaign are its calls.
SELECT campaigns.campaign_id, campaigns.calls, COALESCE(days.calls, 0) AS calls_of_days
FROM analytics.campaigns AS campaigns
LEFT JOIN (
    SELECT campaign_id, CAST(SUM(calls) AS BIGINT) AS calls
    FROM analytics.campaign_daily
    GROUP BY campaign_id
) AS days
    ON days.campaign_id = campaigns.campaign_id
WHERE campaigns.calls <> COALESCE(days.calls, 0)
