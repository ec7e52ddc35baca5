-- One row per campaign: up to when it is proved complete, and how old that is.
-- proved_until: Every call created before this is loaded, by the API's own count; null before the first proof
-- seconds_behind: Seconds from then to now
-- last_read_at: When a window of it was last read
-- last_loaded_at: When the last load was completed
-- newest_call_at: When its newest call was created
-- calls_in_progress: Calls that were in progress when they were last read
SELECT
    campaigns.campaign_id,
    CASE WHEN doubts.first_doubt < reads.proved_end THEN doubts.first_doubt ELSE reads.proved_end END AS proved_until,
    EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) - EXTRACT(EPOCH FROM
        CASE WHEN doubts.first_doubt < reads.proved_end THEN doubts.first_doubt ELSE reads.proved_end END
    ) AS seconds_behind,
    reads.last_read_at,
    loads.last_loaded_at,
    totals.newest_call_at,
    COALESCE(totals.calls_in_progress, 0) AS calls_in_progress
FROM analytics.stg_campaigns AS campaigns
CROSS JOIN (SELECT MAX(loaded_at) AS last_loaded_at FROM analytics.stg_loads) AS loads
LEFT JOIN (
    SELECT
        campaign_id,
        MAX(window_end) FILTER (WHERE is_proved) AS proved_end,
        MAX(read_at) AS last_read_at
    FROM analytics.stg_call_windows
    GROUP BY campaign_id
) AS reads
    ON reads.campaign_id = campaigns.campaign_id
LEFT JOIN (
    SELECT campaign_id, MIN(window_start) AS first_doubt
    FROM analytics.windows_in_doubt
    GROUP BY campaign_id
) AS doubts
    ON doubts.campaign_id = campaigns.campaign_id
LEFT JOIN (
    SELECT
        campaign_id,
        MAX(created_at) AS newest_call_at,
        COUNT(*) FILTER (WHERE status = 'in-progress') AS calls_in_progress
    FROM analytics.calls
    GROUP BY campaign_id
) AS totals
    ON totals.campaign_id = campaigns.campaign_id
