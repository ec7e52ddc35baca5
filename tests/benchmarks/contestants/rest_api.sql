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
    contact__name,
    contact__status,
    policy_evaluation__score,
    epoch_us(policy_evaluation__completed_at),
    coalesce(tags, []),
    coalesce(policies, [])
FROM altur.calls AS call
LEFT JOIN (
    SELECT _dlt_parent_id, list(value ORDER BY _dlt_list_idx) AS tags
    FROM altur.calls__tags GROUP BY _dlt_parent_id
) AS tag ON tag._dlt_parent_id = call._dlt_id
LEFT JOIN (
    SELECT _dlt_parent_id, list([policy_id, result, explanation] ORDER BY _dlt_list_idx) AS policies
    FROM altur.calls__policy_evaluation__policies GROUP BY _dlt_parent_id
) AS policy ON policy._dlt_parent_id = call._dlt_id
