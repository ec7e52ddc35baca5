-- One row per window that was in doubt or suspicious, and that no later reads have settled since.
-- is_suspicious: Whether it was proved, but so many calls vanished from it that none was marked
SELECT
    doubtful.campaign_id,
    doubtful.window_start,
    doubtful.window_end,
    doubtful.read_at,
    doubtful.is_suspicious,
    MAX(doubtful.doubt) AS doubt
FROM (
    SELECT
        unsettled.*,
        proved.proved_end,
        proved.proved_start,
        MAX(proved.proved_end) OVER (
            PARTITION BY unsettled.campaign_id, unsettled.window_start, unsettled.window_end, unsettled.read_at
            ORDER BY proved.proved_start, proved.proved_end
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM (
        SELECT
            campaign_id,
            window_start,
            window_end,
            read_at,
            COALESCE(is_suspicious, FALSE) AS is_suspicious,
            doubt
        FROM analytics.stg_call_windows
        WHERE NOT is_proved OR is_suspicious
    ) AS unsettled
    LEFT JOIN (
        SELECT
            campaign_id,
            window_start AS proved_start,
            window_end AS proved_end,
            read_at AS proved_at,
            COALESCE(is_suspicious, TRUE) AS is_suspicious
        FROM analytics.stg_call_windows
        WHERE is_proved
    ) AS proved
        ON proved.campaign_id = unsettled.campaign_id
        AND proved.proved_at > unsettled.read_at
        AND proved.proved_start < unsettled.window_end
        AND proved.proved_end > unsettled.window_start
        -- A proof settles a doubt; a suspicion is settled by one that looked for vanished calls, and is none itself.
        AND NOT (unsettled.is_suspicious AND proved.is_suspicious)
) AS doubtful
GROUP BY
    doubtful.campaign_id,
    doubtful.window_start,
    doubtful.window_end,
    doubtful.read_at,
    doubtful.is_suspicious
HAVING
    -- Later proofs leave out its beginning, its end, or something between two of them.
    MIN(doubtful.proved_start) IS NULL
    OR MIN(doubtful.proved_start) > doubtful.window_start
    OR MAX(doubtful.proved_end) < doubtful.window_end
    OR COUNT(*) FILTER (WHERE doubtful.proved_start > doubtful.reached) > 0
