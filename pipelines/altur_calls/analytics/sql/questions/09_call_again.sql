-- Which contacts had three calls or more, and none that a person answered?
SELECT campaign_id, contact_reference, attempts, last_call_at
FROM analytics.contacts
WHERE attempts >= 3 AND human_calls = 0 AND NOT is_converted
ORDER BY attempts DESC
LIMIT 20
