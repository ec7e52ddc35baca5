-- One row per call the API lists, with its contact and its campaign; attempts are counted in calls.
-- answered_by: human, machine, unknown; null where nobody answered, or nobody has yet
-- is_answered: Whether the API tells who answered: a person, a machine (voicemail), somebody unknown
-- is_human: Whether a person answered
-- is_evaluated: Whether the policies of the call were evaluated
-- ring_seconds: Seconds from the call's creation to its start; null if it never started
-- talk_seconds: Seconds the call lasted if it was answered, else 0
-- billed_seconds: Seconds that are billed, 0 where the API tells none
-- local_created_at: When the call was created, by the clocks of its campaign
SELECT
    -- ids
    calls.call_id,
    calls.campaign_id,
    contacts.contact_id,
    -- text
    calls.direction,
    calls.status,
    calls.answered_by,
    contacts.contact_status,
    -- flags
    calls.answered_by IS NOT NULL AS is_answered,
    COALESCE(calls.answered_by = 'human', FALSE) AS is_human,
    COALESCE(calls.is_evaluated, FALSE) AS is_evaluated,
    -- measures
    EXTRACT(EPOCH FROM calls.started_at) - EXTRACT(EPOCH FROM calls.created_at) AS ring_seconds,
    CASE WHEN calls.answered_by IS NULL THEN 0 ELSE COALESCE(calls.duration_seconds, 0) END AS talk_seconds,
    COALESCE(calls.billed_seconds, 0) AS billed_seconds,
    calls.policy_score,
    calls.policies_evaluated,
    calls.policies_met,
    calls.policies_not_applicable,
    -- moments
    calls.created_at,
    calls.started_at,
    calls.ended_at,
    calls.evaluated_at,
    calls.created_at AT TIME ZONE COALESCE(campaigns.timezone, 'UTC') AS local_created_at
FROM analytics.stg_calls AS calls
LEFT JOIN analytics.stg_call_contacts AS contacts
    ON contacts.call_id = calls.call_id AND contacts.call_created_at = calls.created_at
LEFT JOIN analytics.stg_campaigns AS campaigns
    ON campaigns.campaign_id = calls.campaign_id
WHERE NOT calls.is_vanished
