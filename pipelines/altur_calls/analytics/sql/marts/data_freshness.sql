-- One row per campaign: up to when it is proved complete, and how old that is.
-- seconds_behind: Seconds from then to now
-- last_loaded_at: When the last load was completed
-- newest_call_at: When its newest call was created
-- calls_in_progress: Calls that were in progress when they were last read
SELECT
    proofs.campaign_id,
    proofs.proved_until,
    EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) - EXTRACT(EPOCH FROM proofs.proved_until) AS seconds_behind,
    proofs.loaded_until,
    proofs.last_read_at,
    loads.last_loaded_at,
    totals.newest_call_at,
    COALESCE(totals.calls_in_progress, 0) AS calls_in_progress
FROM analytics.int_proofs AS proofs
CROSS JOIN (SELECT MAX(loaded_at) AS last_loaded_at FROM analytics.stg_loads) AS loads
LEFT JOIN (
    SELECT
        campaign_id,
        MAX(created_at) AS newest_call_at,
        COUNT(*) FILTER (WHERE status = 'in-progress') AS calls_in_progress
    FROM analytics.calls
    GROUP BY campaign_id
) AS totals
    ON totals.campaign_id = proofs.campaign_id
