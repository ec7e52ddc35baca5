-- One row per call and key of its extracted data, also of those that nothing was given for.
-- key_position: Its place among the keys of the call, from 0
SELECT
    call_id,
    position AS key_position,
    key,
    value,
    call_created_at
FROM altur.campaign_calls__extracted_data
