-- One row per call, also of those that the API no longer lists.
-- call_id: Unique identifier of the call
-- is_evaluated: Whether the policies of the call were evaluated
-- direction: Whether the call went out or came in (the API's type)
-- is_vanished: Whether a later proved window no longer lists the call
-- vanished_at: When the first such window was read
-- policy_score: Compliance as the API gives it, 0 to 10
-- evaluated_at: When the policies of the call were evaluated
-- policies_evaluated: Policies evaluated
-- policies_met: Policies met
-- policies_not_applicable: Policies that did not apply
-- duration_seconds: Seconds the call lasted
-- billed_seconds: Seconds that are billed
SELECT
    -- ids
    id AS call_id,
    campaign_id,
    -- text
    type AS direction,
    status,
    answered_by,
    recording_url,
    -- flags
    is_deleted AS is_vanished,
    policy_evaluation__completed AS is_evaluated,
    -- measures
    duration AS duration_seconds,
    billed_duration AS billed_seconds,
    policy_evaluation__score AS policy_score,
    policy_evaluation__policies_evaluated_count AS policies_evaluated,
    policy_evaluation__policies_met_count AS policies_met,
    policy_evaluation__policies_not_applicable_count AS policies_not_applicable,
    -- moments
    created_at,
    started_at,
    ended_at,
    policy_evaluation__completed_at AS evaluated_at,
    read_at,
    deleted_at AS vanished_at
FROM altur.campaign_calls
