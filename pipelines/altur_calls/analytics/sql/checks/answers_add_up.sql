-- Answered and unanswered calls of a day are its calls; so are those of a person, a machine and unknown.
SELECT campaign_id, local_date, calls, answered_calls, unanswered_calls, human_calls, machine_calls, unknown_calls
FROM analytics.campaign_daily
WHERE answered_calls + unanswered_calls <> calls
    OR human_calls + machine_calls + unknown_calls <> answered_calls
