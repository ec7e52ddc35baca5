-- A call is created, then starts, then ends.
SELECT call_id, created_at, started_at, ended_at
FROM analytics.stg_calls
WHERE started_at < created_at OR ended_at < started_at
