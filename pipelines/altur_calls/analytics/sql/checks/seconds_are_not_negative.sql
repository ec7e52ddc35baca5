-- No call lasts, or is billed, less than nothing.
SELECT call_id, duration_seconds, billed_seconds
FROM analytics.stg_calls
WHERE duration_seconds < 0 OR billed_seconds < 0
