-- Is a third or fourth attempt still worth it?
SELECT attempt_number, SUM(calls) AS calls, ROUND(1.0 * SUM(human_calls) / SUM(calls), 3) AS human_rate
FROM analytics.contact_attempts
GROUP BY attempt_number
ORDER BY attempt_number
