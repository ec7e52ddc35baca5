-- One row per policy result of a call.
SELECT
    -- ids
    calls.call_id,
    calls.campaign_id,
    policies.policy_id,
    policies.policy_position,
    -- text
    policies.policy_name,
    policies.result,
    policies.explanation,
    -- moments
    policies.evaluated_at,
    calls.created_at,
    calls.local_date
FROM analytics.stg_call_policies AS policies
JOIN analytics.calls AS calls
    ON calls.call_id = policies.call_id AND calls.created_at = policies.call_created_at
