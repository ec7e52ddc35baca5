-- A call is there once.
SELECT call_id, COUNT(*) AS times
FROM analytics.stg_calls
GROUP BY call_id
HAVING COUNT(*) > 1
