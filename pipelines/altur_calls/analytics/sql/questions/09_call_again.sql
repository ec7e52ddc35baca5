-- Whom did we call most, three times at least, without a person ever answering or a conversion?
SELECT campaign_id, contact_id, contact_reference, ours.calls, ours.last_call_at
FROM analytics.contacts
JOIN (
    SELECT campaign_id, contact_id, COUNT(*) AS calls, MAX(created_at) AS last_call_at
    FROM analytics.calls
    WHERE COALESCE(direction, '') <> 'inbound'
    GROUP BY campaign_id, contact_id
) AS ours USING (campaign_id, contact_id)
WHERE ours.calls >= 3 AND human_calls = 0 AND NOT is_converted
ORDER BY ours.calls DESC
LIMIT 20
