-- One row per call that has a contact: the contact as that call shows it.
-- contact_id: Internal id of the campaign contact
-- contact_reference: Your own reference of the contact (the API's f_id)
-- contact_name: Name of the contact
-- contact_status: Status of the contact in the campaign
SELECT
    -- ids
    call_id,
    id AS contact_id,
    f_id AS contact_reference,
    -- text
    name AS contact_name,
    phone_number,
    status AS contact_status,
    -- moments
    call_created_at
FROM altur.campaign_calls__contact
