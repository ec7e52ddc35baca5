-- Contacts, tags, policy results and extracted data have their call.
SELECT part.call_id, part.kind
FROM (
    SELECT call_id, call_created_at, 'contact' AS kind FROM analytics.stg_call_contacts
    UNION ALL
    SELECT call_id, call_created_at, 'tag' AS kind FROM analytics.stg_call_tags
    UNION ALL
    SELECT call_id, call_created_at, 'policy result' AS kind FROM analytics.stg_call_policies
    UNION ALL
    SELECT call_id, call_created_at, 'extracted data' AS kind FROM analytics.stg_call_extracted_data
) AS part
LEFT JOIN analytics.stg_calls AS calls
    ON calls.call_id = part.call_id AND calls.created_at = part.call_created_at
WHERE calls.call_id IS NULL
