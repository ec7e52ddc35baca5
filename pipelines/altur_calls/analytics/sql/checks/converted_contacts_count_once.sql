-- The conversions of a campaign are its converted contacts.
SELECT contacts.campaign_id, contacts.converted_contacts, days.conversions
FROM (
    SELECT campaign_id, COUNT(*) FILTER (WHERE is_converted) AS converted_contacts
    FROM analytics.contacts
    GROUP BY campaign_id
) AS contacts
JOIN (
    SELECT campaign_id, CAST(SUM(conversions) AS BIGINT) AS conversions
    FROM analytics.campaign_daily
    GROUP BY campaign_id
) AS days
    ON days.campaign_id = contacts.campaign_id
WHERE contacts.converted_contacts <> days.conversions
