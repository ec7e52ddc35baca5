-- One row per campaign, day and attempt: how the chance of an answer changes with each call to a contact.
-- local_date: Day, by the clocks of the campaign
-- attempt_number: Which loaded call of its contact it is, inbound ones too, from 1
-- calls: Calls that were their contact's call of that number
-- answered_calls: Those of them that a person, a machine or somebody unknown answered
-- human_calls: Those of them that a person answered
-- conversions: Those of them that are the last of a converted contact
-- answer_rate: answered_calls / calls, from 0 to 1
-- human_rate: human_calls / calls, from 0 to 1
SELECT
    campaign_id,
    local_date,
    attempt_number,
    COUNT(*) AS calls,
    COUNT(*) FILTER (WHERE is_answered) AS answered_calls,
    COUNT(*) FILTER (WHERE is_human) AS human_calls,
    COUNT(*) FILTER (WHERE is_converted) AS conversions,
    1.0 * COUNT(*) FILTER (WHERE is_answered) / COUNT(*) AS answer_rate,
    1.0 * COUNT(*) FILTER (WHERE is_human) / COUNT(*) AS human_rate
FROM analytics.calls
WHERE attempt_number IS NOT NULL AND COALESCE(direction, '') <> 'inbound'
GROUP BY campaign_id, local_date, attempt_number
