-- A contact of a campaign is there once.
SELECT campaign_id, contact_id, COUNT(*) AS times
FROM analytics.contacts
GROUP BY campaign_id, contact_id
HAVING COUNT(*) > 1
