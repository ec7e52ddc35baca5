-- One row per load that was completed, and the run that made it: what is in a table, by its _dlt_load_id.
-- run_id: The run that made it; null if another pipeline did
SELECT
    loads.load_id,
    runs.run_id,
    loads.loaded_at
FROM analytics.stg_loads AS loads
LEFT JOIN analytics.stg_runs AS runs
    ON loads.load_id BETWEEN runs.first_load_id AND runs.last_load_id
