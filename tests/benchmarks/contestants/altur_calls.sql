SELECT
    call.id,
    campaign_id,
    call.status,
    answered_by,
    epoch_us(created_at),
    epoch_us(started_at),
    epoch_us(ended_at),
    duration,
    billed_duration,
    contact.name,
    contact.status,
    policy_evaluation__score,
    epoch_us(policy_evaluation__completed_at),
    coalesce(tags, []),
    coalesce(policies, [])
FROM altur.campaign_calls AS call
LEFT JOIN altur.campaign_calls__contact AS contact ON contact.call_id = call.id
LEFT JOIN (
    SELECT call_id, list(value ORDER BY position) AS tags
    FROM altur.campaign_calls__tags GROUP BY call_id
) AS tag ON tag.call_id = call.id
LEFT JOIN (
    SELECT call_id, list([policy_id, result, explanation] ORDER BY position) AS policies
    FROM altur.campaign_calls__policies GROUP BY call_id
) AS policy ON policy.call_id = call.id
WHERE NOT coalesce(is_deleted, false)
