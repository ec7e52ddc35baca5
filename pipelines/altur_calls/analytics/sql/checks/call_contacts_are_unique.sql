-- A call has one contact at most.
SELECT call_id, COUNT(*) AS times
FROM analytics.stg_call_contacts
GROUP BY call_id
HAVING COUNT(*) > 1
