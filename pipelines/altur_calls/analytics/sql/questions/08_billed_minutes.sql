-- How many minutes were billed each month, and how many contacts converted whose last call was in it?
SELECT campaign_id, DATE_TRUNC('month', local_date) AS month, ROUND(SUM(billed_minutes), 1) AS billed_minutes,
    SUM(conversions) AS conversions
FROM analytics.campaign_daily
GROUP BY campaign_id, DATE_TRUNC('month', local_date)
ORDER BY campaign_id, month
