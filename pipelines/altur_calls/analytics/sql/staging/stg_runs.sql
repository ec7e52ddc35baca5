-- One row per run.
SELECT
    -- ids
    run_id,
    first_load_id,
    last_load_id,
    -- text
    outcome,
    error,
    campaign_ids,
    settings,
    versions,
    -- flags
    is_span,
    -- measures
    windows,
    windows_in_doubt,
    calls_read,
    calls_new,
    calls_updated,
    calls_vanished,
    calls_rejected,
    requests,
    throttled,
    retries,
    seconds,
    seconds_opening,
    seconds_reading,
    seconds_normalizing,
    seconds_loading,
    seconds_views,
    seconds_publishing,
    -- moments
    started_at,
    ended_at
FROM altur.runs
