-- One row per window that was read by a load that was completed.
-- load_id: The load that was read for
SELECT
    -- ids
    campaign_id,
    _dlt_load_id AS load_id,
    -- text
    doubt,
    -- flags
    is_proved,
    is_suspicious,
    -- measures
    requests,
    total_count,
    calls_read,
    vanished_calls,
    -- moments
    window_start,
    window_end,
    read_at
FROM altur.call_windows
WHERE _dlt_load_id IN (SELECT load_id FROM altur._dlt_loads WHERE status = 0)
