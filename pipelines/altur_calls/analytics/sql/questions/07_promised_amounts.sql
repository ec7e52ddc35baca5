-- What does each campaign call the amounts that people promise, and how many calls have one?
SELECT campaign_id, key, COUNT(*) AS calls, MIN(value) AS example
FROM analytics.call_extracted_data
WHERE LOWER(key) LIKE '%amount%' OR LOWER(key) LIKE '%monto%'
GROUP BY campaign_id, key
ORDER BY calls DESC
