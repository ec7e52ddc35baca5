-- What did people promise to pay, whatever the campaign calls it?
SELECT campaign_id, key, COUNT(*) AS calls, MIN(value) AS example
FROM analytics.call_extracted_data
WHERE LOWER(key) LIKE '%amount%' OR LOWER(key) LIKE '%monto%'
GROUP BY campaign_id, key
ORDER BY calls DESC
