-- The calls of a contact are numbered from 1 without a gap.
SELECT campaign_id, contact_id, COUNT(*) AS calls, MIN(attempt_number) AS first, MAX(attempt_number) AS last
FROM analytics.calls
WHERE contact_id IS NOT NULL
GROUP BY campaign_id, contact_id
HAVING MIN(attempt_number) <> 1 OR MAX(attempt_number) <> COUNT(*) OR COUNT(DISTINCT attempt_number) <> COUNT(*)
