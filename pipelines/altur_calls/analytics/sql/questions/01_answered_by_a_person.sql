-- How many calls had each campaign in the last seven days with data, and how many did a person answer?
SELECT campaign_name, SUM(days.calls) AS calls, SUM(human_calls) AS human_calls,
    ROUND(1.0 * SUM(human_calls) / SUM(days.calls), 3) AS human_rate
FROM analytics.campaign_daily AS days
JOIN analytics.campaigns AS campaigns USING (campaign_id)
WHERE local_date >= (SELECT MAX(local_date) FROM analytics.campaign_daily) - 6
GROUP BY campaign_id, campaign_name
ORDER BY calls DESC
