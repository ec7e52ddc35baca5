-- Which policies are broken most often?
SELECT policy_name, SUM(not_met) AS not_met, ROUND(10.0 * SUM(met) / NULLIF(SUM(met + not_met), 0), 2) AS score
FROM analytics.policy_compliance
GROUP BY policy_name
ORDER BY not_met DESC
