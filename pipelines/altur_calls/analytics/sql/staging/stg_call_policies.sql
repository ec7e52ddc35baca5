-- One row per policy result of a call.
-- policy_position: Its place among the results of the call, from 0
SELECT
    -- ids
    call_id,
    policy_id,
    position AS policy_position,
    -- text
    policy_name,
    result,
    explanation,
    -- moments
    evaluated_at,
    call_created_at
FROM altur.campaign_calls__policies
