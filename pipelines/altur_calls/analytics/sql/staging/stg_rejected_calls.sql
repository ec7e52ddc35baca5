-- One row per call that can't be a row.
SELECT
    fault_id,
    campaign_id,
    reason,
    raw,
    read_at
FROM altur.rejected_calls
