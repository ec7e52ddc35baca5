-- Which policies are broken most often?
SELECT policy_id, MAX(policy_name) AS policy_name, SUM(not_met) AS not_met,
    ROUND(10.0 * SUM(met) / NULLIF(SUM(met + not_met), 0), 2) AS score
FROM analytics.policy_compliance
GROUP BY policy_id
ORDER BY not_met DESC
