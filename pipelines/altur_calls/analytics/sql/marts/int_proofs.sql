-- One row per campaign: up to when it is proved complete.
-- proved_until: Every call created before this is loaded, by the API's own count; null before the first proof
-- last_read_at: When a window of it was last read
-- windows_in_doubt: Windows that no read has proved since
SELECT
    campaigns.campaign_id,
    CASE WHEN doubts.first_doubt < reads.proved_end THEN doubts.first_doubt ELSE reads.proved_end END AS proved_until,
    reads.last_read_at,
    COALESCE(doubts.windows_in_doubt, 0) AS windows_in_doubt
FROM analytics.stg_campaigns AS campaigns
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
    SELECT
        campaign_id,
        MIN(window_start) AS first_doubt,
        COUNT(*) AS windows_in_doubt
    FROM analytics.windows_in_doubt
    GROUP BY campaign_id
) AS doubts
    ON doubts.campaign_id = campaigns.campaign_id
