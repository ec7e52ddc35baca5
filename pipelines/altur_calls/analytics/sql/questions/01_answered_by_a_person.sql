-- How many calls, out and in, did each campaign have in the last seven days; how many did a person answer?
SELECT campaign_id, campaign_name, SUM(days.calls) AS calls, SUM(human_calls) AS human_calls,
    ROUND(1.0 * SUM(human_calls) / SUM(days.calls), 3) AS human_rate
FROM analytics.campaign_daily AS days
JOIN analytics.campaigns AS campaigns USING (campaign_id)
WHERE local_date > CURRENT_DATE - 7
GROUP BY campaign_id, campaign_name
ORDER BY calls DESC
