-- One row per way in which calls differ from the API document.
SELECT
    drift_id,
    campaign_id,
    call_id,
    field,
    kind,
    detail,
    read_at
FROM altur.schema_drift
