-- One row per campaign and day with calls, by the clocks of the campaign.
-- contacts: Contacts that were called
-- local_date: Day, by the clocks of the campaign
SELECT
    hours.campaign_id,
    hours.local_date,
    -- by answer
    hours.calls,
    hours.answered_calls,
    hours.unanswered_calls,
    hours.human_calls,
    hours.machine_calls,
    hours.unknown_calls,
    -- by status
    hours.ended_calls,
    hours.failed_calls,
    hours.busy_calls,
    hours.no_answer_calls,
    hours.in_progress_calls,
    hours.other_status_calls,
    -- volume
    people.contacts,
    hours.conversions,
    hours.talk_seconds,
    hours.billed_seconds,
    hours.billed_seconds / 60.0 AS billed_minutes,
    -- rates
    1.0 * hours.answered_calls / hours.calls AS answer_rate,
    1.0 * hours.human_calls / hours.calls AS human_rate,
    1.0 * hours.conversions / hours.calls AS conversion_rate
FROM (
    SELECT
        campaign_id,
        local_date,
        CAST(SUM(calls) AS BIGINT) AS calls,
        CAST(SUM(answered_calls) AS BIGINT) AS answered_calls,
        CAST(SUM(unanswered_calls) AS BIGINT) AS unanswered_calls,
        CAST(SUM(human_calls) AS BIGINT) AS human_calls,
        CAST(SUM(machine_calls) AS BIGINT) AS machine_calls,
        CAST(SUM(unknown_calls) AS BIGINT) AS unknown_calls,
        CAST(SUM(ended_calls) AS BIGINT) AS ended_calls,
        CAST(SUM(failed_calls) AS BIGINT) AS failed_calls,
        CAST(SUM(busy_calls) AS BIGINT) AS busy_calls,
        CAST(SUM(no_answer_calls) AS BIGINT) AS no_answer_calls,
        CAST(SUM(in_progress_calls) AS BIGINT) AS in_progress_calls,
        CAST(SUM(other_status_calls) AS BIGINT) AS other_status_calls,
        CAST(SUM(conversions) AS BIGINT) AS conversions,
        CAST(SUM(talk_seconds) AS BIGINT) AS talk_seconds,
        CAST(SUM(billed_seconds) AS BIGINT) AS billed_seconds
    FROM analytics.campaign_hourly
    GROUP BY campaign_id, local_date
) AS hours
JOIN (
    SELECT
        campaign_id,
        local_date,
        COUNT(DISTINCT contact_id) AS contacts
    FROM analytics.calls
    GROUP BY campaign_id, local_date
) AS people
    ON people.campaign_id = hours.campaign_id AND people.local_date = hours.local_date
