-- At which hours of the day, of those with twenty calls or more, do people answer our calls most often?
SELECT local_hour, COUNT(*) AS calls, ROUND(1.0 * COUNT(*) FILTER (WHERE is_human) / COUNT(*), 3) AS human_rate
FROM analytics.calls
WHERE COALESCE(direction, '') <> 'inbound'
GROUP BY local_hour
HAVING COUNT(*) >= 20
ORDER BY human_rate DESC
