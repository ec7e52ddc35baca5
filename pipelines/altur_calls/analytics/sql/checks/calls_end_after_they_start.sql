-- A call ends after it starts.
SELECT call_id, started_at, ended_at
FROM analytics.stg_calls
WHERE ended_at < started_at
