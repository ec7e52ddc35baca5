-- One row per field of a call that was found changed. (A conversion also moves to its contact's next call.)
-- local_date: Day of the call, by the clocks of its campaign
SELECT
    changes.call_id,
    changes.campaign_id,
    changes.field,
    changes.old_value,
    changes.new_value,
    changes.call_created_at,
    changes.read_at,
    CAST(changes.call_created_at AT TIME ZONE COALESCE(campaigns.timezone, 'UTC') AS DATE) AS local_date
FROM analytics.stg_call_changes AS changes
LEFT JOIN analytics.stg_campaigns AS campaigns
    ON campaigns.campaign_id = changes.campaign_id
