-- The table calls holds the calls that did not vanish, and no others.
SELECT
    COALESCE(listed.call_id, counted.call_id) AS call_id,
    CASE WHEN counted.call_id IS NULL THEN 'missing' ELSE 'too many' END AS what
FROM (SELECT call_id, created_at FROM analytics.stg_calls WHERE NOT is_vanished) AS listed
FULL JOIN analytics.calls AS counted
    ON counted.call_id = listed.call_id AND counted.created_at = listed.created_at
WHERE listed.call_id IS NULL OR counted.call_id IS NULL
