-- One row per call the API lists.
-- attempt_number: Which loaded call of its contact it is, inbound ones too, from 1; null without a contact
-- is_converted: Whether it is its contact's last call, and the contact is converted: so each counts once
-- local_date: Day of its creation, by the clocks of its campaign
-- local_hour: Hour of its creation, 0 to 23, by the clocks of its campaign
SELECT
    -- ids
    call_id,
    campaign_id,
    contact_id,
    -- text
    direction,
    status,
    answered_by,
    contact_status,
    -- flags
    is_answered,
    is_human,
    is_evaluated,
    COALESCE(attempt_number = attempts AND contact_status = 'converted', FALSE) AS is_converted,
    -- measures
    attempt_number,
    ring_seconds,
    talk_seconds,
    billed_seconds,
    policy_score,
    policies_evaluated,
    policies_met,
    policies_not_applicable,
    -- moments
    created_at,
    started_at,
    ended_at,
    evaluated_at,
    -- by the clocks of the campaign
    local_created_at,
    CAST(local_created_at AS DATE) AS local_date,
    CAST(EXTRACT(HOUR FROM local_created_at) AS INTEGER) AS local_hour
FROM (
    SELECT
        calls.*,
        CASE WHEN contact_id IS NOT NULL THEN ROW_NUMBER() OVER (
            PARTITION BY campaign_id, contact_id ORDER BY created_at, call_id
        ) END AS attempt_number,
        COUNT(*) OVER (PARTITION BY campaign_id, contact_id) AS attempts
    FROM analytics.int_calls AS calls
) AS numbered
