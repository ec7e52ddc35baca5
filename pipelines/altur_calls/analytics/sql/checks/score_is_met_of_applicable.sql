-- The score of a call is met / applicable * 10, by its results and to a tenth.
SELECT calls.call_id, calls.policy_score, results.met, results.applicable
FROM analytics.calls AS calls
JOIN (
    SELECT
        call_id,
        call_created_at,
        COUNT(*) FILTER (WHERE result = 'met') AS met,
        COUNT(*) FILTER (WHERE result IN ('met', 'not_met')) AS applicable
    FROM analytics.stg_call_policies
    GROUP BY call_id, call_created_at
) AS results
    ON results.call_id = calls.call_id AND results.call_created_at = calls.created_at
WHERE results.applicable > 0
    AND ABS(calls.policy_score - 10.0 * results.met / results.applicable) > 0.1
