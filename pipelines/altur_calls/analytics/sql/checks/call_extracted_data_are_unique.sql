-- A call has a key once.
SELECT call_id, key, COUNT(*) AS times
FROM analytics.call_extracted_data
GROUP BY call_id, key
HAVING COUNT(*) > 1
