-- One row per call that can't be a row, and way in which it came.
SELECT
    fault_id,
    campaign_id,
    call_id,
    reason,
    raw,
    read_at
FROM altur.rejected_calls
