-- A call has a tag once.
SELECT call_id, tag, COUNT(*) AS times
FROM analytics.call_tags
GROUP BY call_id, tag
HAVING COUNT(*) > 1
