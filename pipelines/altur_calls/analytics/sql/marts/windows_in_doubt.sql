-- One row per window that could not be proved, and that no later reads have proved since.
-- window_start: First creation time of the window
-- doubt: Why it could not be proved
SELECT
    campaign_id,
    window_start,
    window_end,
    read_at,
    doubt
FROM analytics.int_open_windows
WHERE NOT is_suspicious
