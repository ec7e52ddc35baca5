-- The API's counts of a call's policies are those of its results; it may leave out those that don't apply.
SELECT
    calls.call_id,
    calls.policies_evaluated,
    results.results,
    calls.policies_met,
    results.met,
    calls.policies_not_applicable,
    results.not_applicable
FROM analytics.calls AS calls
JOIN (
    SELECT
        call_id,
        call_created_at,
        COUNT(*) AS results,
        COUNT(*) FILTER (WHERE result = 'met') AS met,
        COUNT(*) FILTER (WHERE result = 'not_applicable') AS not_applicable
    FROM analytics.stg_call_policies
    GROUP BY call_id, call_created_at
) AS results
    ON results.call_id = calls.call_id AND results.call_created_at = calls.created_at
WHERE calls.policies_evaluated NOT IN (results.results, results.results - results.not_applicable)
    OR calls.policies_met <> results.met
    OR calls.policies_not_applicable <> results.not_applicable
