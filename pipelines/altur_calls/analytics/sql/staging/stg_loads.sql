-- One row per load that was completed.
-- load_id: The load, as dlt names it
-- loaded_at: When it was completed
SELECT
    load_id,
    inserted_at AS loaded_at
FROM altur._dlt_loads
WHERE status = 0
