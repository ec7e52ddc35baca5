-- The score of a call is met / applicable * 10, by its own counts and to a tenth.
SELECT call_id, policy_score, policies_evaluated, policies_met, policies_not_applicable
FROM analytics.calls
WHERE policies_evaluated - COALESCE(policies_not_applicable, 0) > 0
    AND ABS(policy_score - 10.0 * policies_met / (policies_evaluated - COALESCE(policies_not_applicable, 0))) > 0.1
