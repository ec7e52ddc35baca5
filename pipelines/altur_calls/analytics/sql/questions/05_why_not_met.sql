-- Which calls broke a policy, and why: the twenty newest results?
SELECT policy_name, call_id, explanation
FROM analytics.call_policies
WHERE result = 'not_met'
ORDER BY created_at DESC
LIMIT 20
