-- Windows that were read follow each other, from the first of a campaign to the last.
SELECT campaign_id, reached AS gap_start, window_start AS gap_end
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
WHERE window_start > reached
