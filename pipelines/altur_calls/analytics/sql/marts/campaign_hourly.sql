-- One row per campaign, day and hour with calls, by the clocks of the campaign.
-- calls: Calls the API lists
-- answered_calls: Calls that a person, a machine (voicemail) or somebody unknown answered
-- unanswered_calls: Calls nobody answered, or nobody has yet
-- human_calls: Calls a person answered
-- machine_calls: Calls a machine answered
-- unknown_calls: Calls of which nobody knows what answered
-- ended_calls: Calls with the status ended
-- failed_calls: Calls with the status failed
-- busy_calls: Calls with the status busy
-- no_answer_calls: Calls with the status no-answer
-- in_progress_calls: Calls with the status in-progress
-- other_status_calls: Calls with another status, or none
-- conversions: Contacts that are converted, counted where their last call lies: a later one moves or takes them
-- talk_seconds: Seconds of the answered calls
-- billed_seconds: Seconds that are billed
-- billed_minutes: The same in minutes
-- answer_rate: answered_calls / calls, from 0 to 1; voicemail counts as an answer, in human_rate it does not
-- human_rate: human_calls / calls, from 0 to 1
-- conversion_rate: conversions / calls, from 0 to 1
-- local_date: Day, by the clocks of the campaign
-- local_hour: Hour, 0 to 23, by the clocks of the campaign
SELECT
    campaign_id,
    local_date,
    local_hour,
    -- by answer
    COUNT(*) AS calls,
    COUNT(*) FILTER (WHERE is_answered) AS answered_calls,
    COUNT(*) FILTER (WHERE NOT is_answered) AS unanswered_calls,
    COUNT(*) FILTER (WHERE is_human) AS human_calls,
    COUNT(*) FILTER (WHERE answered_by = 'machine') AS machine_calls,
    COUNT(*) FILTER (WHERE answered_by NOT IN ('human', 'machine')) AS unknown_calls,
    -- by status
    COUNT(*) FILTER (WHERE status = 'ended') AS ended_calls,
    COUNT(*) FILTER (WHERE status = 'failed') AS failed_calls,
    COUNT(*) FILTER (WHERE status = 'busy') AS busy_calls,
    COUNT(*) FILTER (WHERE status = 'no-answer') AS no_answer_calls,
    COUNT(*) FILTER (WHERE status = 'in-progress') AS in_progress_calls,
    COUNT(*) FILTER (
        WHERE COALESCE(status, '') NOT IN ('ended', 'failed', 'busy', 'no-answer', 'in-progress')
    ) AS other_status_calls,
    -- volume
    COUNT(*) FILTER (WHERE is_converted) AS conversions,
    CAST(SUM(talk_seconds) AS BIGINT) AS talk_seconds,
    CAST(SUM(billed_seconds) AS BIGINT) AS billed_seconds,
    SUM(billed_seconds) / 60.0 AS billed_minutes,
    -- rates
    1.0 * COUNT(*) FILTER (WHERE is_answered) / COUNT(*) AS answer_rate,
    1.0 * COUNT(*) FILTER (WHERE is_human) / COUNT(*) AS human_rate,
    1.0 * COUNT(*) FILTER (WHERE is_converted) / COUNT(*) AS conversion_rate
FROM analytics.calls
GROUP BY campaign_id, local_date, local_hour
