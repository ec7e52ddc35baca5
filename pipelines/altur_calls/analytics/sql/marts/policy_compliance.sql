-- One row per campaign, day and policy with results, by the clocks of the campaign.
-- policy_name: Name of the policy, the last in the alphabet if it had several that day
-- evaluated: Results of the policy
-- met: Those that are met
-- not_met: Those that are not met
-- not_applicable: Those that are not applicable
-- other: Those that are anything else
-- score: met / (met + not_met) * 10, the API's formula; null where nothing applied
-- local_date: Day, by the clocks of the campaign
SELECT
    campaign_id,
    local_date,
    policy_id,
    MAX(policy_name) AS policy_name,
    COUNT(*) AS evaluated,
    COUNT(*) FILTER (WHERE result = 'met') AS met,
    COUNT(*) FILTER (WHERE result = 'not_met') AS not_met,
    COUNT(*) FILTER (WHERE result = 'not_applicable') AS not_applicable,
    COUNT(*) FILTER (WHERE COALESCE(result, '') NOT IN ('met', 'not_met', 'not_applicable')) AS other,
    10.0 * COUNT(*) FILTER (WHERE result = 'met')
        / NULLIF(COUNT(*) FILTER (WHERE result IN ('met', 'not_met')), 0) AS score
FROM analytics.call_policies
GROUP BY campaign_id, local_date, policy_id
