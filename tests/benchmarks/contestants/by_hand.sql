SELECT
    call.id,
    campaign_id,
    status,
    answered_by,
    epoch_us(created_at),
    epoch_us(started_at),
    epoch_us(ended_at),
    duration,
    billed_duration,
    contact.name,
    contact.status,
    score,
    epoch_us(completed_at),
    coalesce(tags, []),
    coalesce(policies, [])
FROM calls AS call
LEFT JOIN (
    SELECT call_id, list(tag ORDER BY place) AS tags FROM tags GROUP BY call_id
) AS tag ON tag.call_id = call.id
LEFT JOIN (
    SELECT call_id, list([policy_id, result, explanation] ORDER BY place) AS policies
    FROM policies GROUP BY call_id
) AS policy ON policy.call_id = call.id
