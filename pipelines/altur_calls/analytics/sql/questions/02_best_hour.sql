-- At which hour of the day do people answer most often?
SELECT local_hour, SUM(calls) AS calls, ROUND(1.0 * SUM(human_calls) / SUM(calls), 3) AS human_rate
FROM analytics.campaign_hourly
GROUP BY local_hour
HAVING SUM(calls) >= 20
ORDER BY human_rate DESC
