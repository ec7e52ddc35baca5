-- May I trust the numbers: up to when is each campaign proved complete?
SELECT campaign_id, campaign_name, proved_until, is_complete, windows_in_doubt, suspicious_windows, rejected_calls
FROM analytics.data_completeness
JOIN analytics.campaigns USING (campaign_id)
ORDER BY campaign_name, campaign_id
