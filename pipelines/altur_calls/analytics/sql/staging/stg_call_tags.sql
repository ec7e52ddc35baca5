-- One row per tag of a call, in the order in which the API lists them.
-- tag_position: Its place among the tags of the call, from 0
-- tag: The tag
SELECT
    call_id,
    position AS tag_position,
    value AS tag,
    call_created_at
FROM altur.campaign_calls__tags
