-- The calls of a day by status are its calls.
SELECT campaign_id, local_date, calls
FROM analytics.campaign_daily
WHERE ended_calls + failed_calls + busy_calls + no_answer_calls + in_progress_calls + other_status_calls <> calls
