-- One row per call and key that the conversation gave something for, keys as they came.
SELECT
    calls.call_id,
    calls.campaign_id,
    extracted.key,
    extracted.value,
    calls.created_at,
    calls.local_date
FROM analytics.stg_call_extracted_data AS extracted
JOIN analytics.calls AS calls
    ON calls.call_id = extracted.call_id AND calls.created_at = extracted.call_created_at
WHERE extracted.value IS NOT NULL
