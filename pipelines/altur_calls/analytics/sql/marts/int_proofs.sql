-- One row per campaign: up to when it is proved complete.
-- proved_until: Every call created before this is loaded, by the API's own count; null before the first proof
-- loaded_until: Where its newest proved window ends; a day that ends later is not all there
-- last_read_at: When a window of it was last read
-- windows_in_doubt: Windows that no read has proved since
-- is_complete: Whether all its time until the last window is proved: no gap, no window in doubt
SELECT
    campaigns.campaign_id,
    CASE WHEN reads.read_from <= campaigns.loaded_from
        THEN NULLIF(LEAST(reads.proved_end, gaps.first_gap, doubts.first_doubt), reads.read_from)
    END AS proved_until,
    reads.proved_end AS loaded_until,
    reads.last_read_at,
    COALESCE(doubts.windows_in_doubt, 0) AS windows_in_doubt,
    COALESCE(reads.read_from <= campaigns.loaded_from, FALSE)
        AND gaps.first_gap IS NULL AND doubts.first_doubt IS NULL AS is_complete
FROM analytics.stg_campaigns AS campaigns
LEFT JOIN (
    SELECT
        campaign_id,
        MIN(window_start) AS read_from,
        MAX(window_end) FILTER (WHERE is_proved) AS proved_end,
        MAX(read_at) AS last_read_at
    FROM analytics.stg_call_windows
    GROUP BY campaign_id
) AS reads
    ON reads.campaign_id = campaigns.campaign_id
LEFT JOIN (
    -- What was read by hand from before its beginning leaves no gap to that.
    SELECT ordered.campaign_id, MIN(GREATEST(ordered.reached, begins.loaded_from)) AS first_gap
    FROM (
        SELECT
            campaign_id,
            window_start,
            MAX(window_end) OVER (
                PARTITION BY campaign_id
                ORDER BY window_start, window_end
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS reached
        FROM analytics.stg_call_windows
    ) AS ordered
    INNER JOIN analytics.stg_campaigns AS begins
        ON begins.campaign_id = ordered.campaign_id
    WHERE ordered.window_start > GREATEST(ordered.reached, begins.loaded_from)
    GROUP BY ordered.campaign_id
) AS gaps
    ON gaps.campaign_id = campaigns.campaign_id
LEFT JOIN (
    SELECT
        doubtful.campaign_id,
        MIN(doubtful.window_start) FILTER (WHERE doubtful.window_end > begins.loaded_from) AS first_doubt,
        COUNT(*) AS windows_in_doubt
    FROM analytics.windows_in_doubt AS doubtful
    INNER JOIN analytics.stg_campaigns AS begins
        ON begins.campaign_id = doubtful.campaign_id
    GROUP BY doubtful.campaign_id
) AS doubts
    ON doubts.campaign_id = campaigns.campaign_id
