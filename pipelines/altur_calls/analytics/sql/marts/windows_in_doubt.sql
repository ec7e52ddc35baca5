-- One row per window that could not be proved, and that no later reads have proved since.
-- window_start: First creation time of the window
-- doubt: Why it could not be proved
SELECT
    doubtful.campaign_id,
    doubtful.window_start,
    doubtful.window_end,
    doubtful.read_at,
    MAX(doubtful.doubt) AS doubt
FROM (
    SELECT
        unproved.*,
        proved.proved_end,
        proved.proved_start,
        MAX(proved.proved_end) OVER (
            PARTITION BY unproved.campaign_id, unproved.window_start, unproved.window_end, unproved.read_at
            ORDER BY proved.proved_start, proved.proved_end
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM (
        SELECT campaign_id, window_start, window_end, read_at, doubt
        FROM analytics.stg_call_windows
        WHERE NOT is_proved
    ) AS unproved
    LEFT JOIN (
        SELECT campaign_id, window_start AS proved_start, window_end AS proved_end, read_at AS proved_at
        FROM analytics.stg_call_windows
        WHERE is_proved
    ) AS proved
        ON proved.campaign_id = unproved.campaign_id
        AND proved.proved_at > unproved.read_at
        AND proved.proved_start < unproved.window_end
        AND proved.proved_end > unproved.window_start
) AS doubtful
GROUP BY
    doubtful.campaign_id,
    doubtful.window_start,
    doubtful.window_end,
    doubtful.read_at
HAVING
    -- Later proofs leave out its beginning, its end, or something between two of them.
    MIN(doubtful.proved_start) IS NULL
    OR MIN(doubtful.proved_start) > doubtful.window_start
    OR MAX(doubtful.proved_end) < doubtful.window_end
    OR COUNT(*) FILTER (WHERE doubtful.proved_start > doubtful.reached) > 0
