-- One row per campaign: what it holds, and what is in doubt, by the ledger of windows.
-- calls: Calls the API lists
-- vanished_calls: Calls it no longer lists; no other view counts them
-- windows_read: Windows that were read, each time counted
-- suspicious_windows: Windows from which so many calls vanished that none was marked, until they are read again and sound
-- rejected_calls: Calls that can't be rows, and that no later read could load; kept raw in altur.rejected_calls
-- drifted_fields: Fields last seen in it that are not as the API document says
-- last_load_id: The last load that read a window of it
SELECT
    proofs.campaign_id,
    proofs.proved_until,
    proofs.is_complete,
    COALESCE(totals.calls, 0) AS calls,
    COALESCE(totals.vanished_calls, 0) AS vanished_calls,
    COALESCE(reads.windows_read, 0) AS windows_read,
    proofs.windows_in_doubt,
    COALESCE(suspicious.suspicious_windows, 0) AS suspicious_windows,
    COALESCE(rejected.rejected_calls, 0) AS rejected_calls,
    COALESCE(drift.drifted_fields, 0) AS drifted_fields,
    reads.last_load_id
FROM analytics.int_proofs AS proofs
LEFT JOIN (
    SELECT
        campaign_id,
        COUNT(*) AS windows_read,
        MAX(load_id) AS last_load_id
    FROM analytics.stg_call_windows
    GROUP BY campaign_id
) AS reads
    ON reads.campaign_id = proofs.campaign_id
LEFT JOIN (
    SELECT campaign_id, COUNT(*) AS suspicious_windows
    FROM analytics.int_open_windows
    WHERE is_suspicious
    GROUP BY campaign_id
) AS suspicious
    ON suspicious.campaign_id = proofs.campaign_id
LEFT JOIN (
    SELECT
        campaign_id,
        COUNT(*) FILTER (WHERE NOT is_vanished) AS calls,
        COUNT(*) FILTER (WHERE is_vanished) AS vanished_calls
    FROM analytics.stg_calls
    GROUP BY campaign_id
) AS totals
    ON totals.campaign_id = proofs.campaign_id
LEFT JOIN (
    -- Each call once, however often it came otherwise; one without an id is taken for another each time.
    SELECT rejected.campaign_id, COUNT(DISTINCT COALESCE(rejected.call_id, rejected.fault_id)) AS rejected_calls
    FROM analytics.stg_rejected_calls AS rejected
    LEFT JOIN analytics.stg_calls AS calls
        ON calls.call_id = rejected.call_id
    LEFT JOIN analytics.stg_call_windows AS windows
        -- A call that is again as it was before is not written again, but its time was read since.
        ON windows.campaign_id = calls.campaign_id
        AND windows.window_start <= calls.created_at
        AND windows.window_end > calls.created_at
        AND windows.read_at > rejected.read_at
        AND windows.is_proved
    WHERE windows.campaign_id IS NULL AND (calls.read_at IS NULL OR calls.read_at < rejected.read_at)
    GROUP BY rejected.campaign_id
) AS rejected
    ON rejected.campaign_id = proofs.campaign_id
LEFT JOIN (
    SELECT campaign_id, COUNT(DISTINCT field) AS drifted_fields
    FROM analytics.stg_schema_drift
    GROUP BY campaign_id
) AS drift
    ON drift.campaign_id = proofs.campaign_id
