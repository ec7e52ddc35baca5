-- A call belongs to a campaign that is known.
SELECT calls.campaign_id, COUNT(*) AS calls
FROM analytics.calls AS calls
LEFT JOIN analytics.stg_campaigns AS campaigns
    ON campaigns.campaign_id = calls.campaign_id
WHERE campaigns.campaign_id IS NULL
GROUP BY calls.campaign_id
