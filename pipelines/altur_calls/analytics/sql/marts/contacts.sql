-- One row per contact of a campaign that has calls, as its last call shows it.
-- contact_status: Status of the contact in the campaign, by its last call
-- is_converted: Whether that status is converted
-- attempts: Calls of the contact, inbound ones too
-- first_call_at: When its first call was created
-- last_call_at: When its last call was created
-- last_call_id: Its last call
-- answered_calls: Calls that a person, a machine or somebody unknown answered
-- human_calls: Calls a person answered
-- talk_seconds: Seconds of the answered calls
-- billed_seconds: Seconds that are billed
SELECT
    -- ids
    totals.campaign_id,
    totals.contact_id,
    shown.contact_reference,
    last_calls.call_id AS last_call_id,
    -- text
    shown.contact_name,
    shown.phone_number,
    shown.contact_status,
    -- flags
    last_calls.is_converted,
    -- measures
    totals.attempts,
    totals.answered_calls,
    totals.human_calls,
    totals.talk_seconds,
    totals.billed_seconds,
    -- moments
    totals.first_call_at,
    last_calls.created_at AS last_call_at
FROM (
    SELECT
        campaign_id,
        contact_id,
        COUNT(*) AS attempts,
        COUNT(*) FILTER (WHERE is_answered) AS answered_calls,
        COUNT(*) FILTER (WHERE is_human) AS human_calls,
        CAST(SUM(talk_seconds) AS BIGINT) AS talk_seconds,
        CAST(SUM(billed_seconds) AS BIGINT) AS billed_seconds,
        MIN(created_at) AS first_call_at
    FROM analytics.calls
    WHERE contact_id IS NOT NULL
    GROUP BY campaign_id, contact_id
) AS totals
JOIN analytics.calls AS last_calls
    ON last_calls.campaign_id = totals.campaign_id
    AND last_calls.contact_id = totals.contact_id
    AND last_calls.attempt_number = totals.attempts
JOIN analytics.stg_call_contacts AS shown
    ON shown.call_id = last_calls.call_id AND shown.call_created_at = last_calls.created_at
