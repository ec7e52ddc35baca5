-- One row per campaign that is loaded.
-- timezone: Zone of its days and hours: as set for it, else as the API tells, else the default
-- campaign_name: Its name, where the key may list campaigns
-- campaign_status: Its status there: pending, ready, active, inactive, cooldown, finished
-- campaign_created_at: When the campaign was created
SELECT
    -- ids
    campaign_id,
    -- text
    name AS campaign_name,
    status AS campaign_status,
    agent_name,
    timezone,
    -- flags
    is_archived,
    -- moments
    loaded_from,
    created_at AS campaign_created_at,
    read_at
FROM altur.campaigns
