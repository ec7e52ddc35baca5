-- One row per field of a call that was found changed.
SELECT
    call_id,
    campaign_id,
    field,
    old_value,
    new_value,
    call_created_at,
    read_at
FROM altur.call_changes
