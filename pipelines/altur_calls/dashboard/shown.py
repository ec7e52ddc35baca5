"""What may be told by name: the commonest tags, policies, keys and values that can't point at somebody.

Statements that make temporary tables in a connection to a published file: ``shown_tags``, ``shown_policies``
and ``shown_values``, each with the number of its ``item``.
"""

from __future__ import annotations

MOST_TAGS, MOST_POLICIES, MOST_KEYS, MOST_VALUES = 12, 12, 8, 6
"""The commonest of each campaign (of each key) that are told; of policies those most often not met, too."""

LEAST_CONTACTS = 10
"""A value or a key is told if so many contacts of a campaign gave it, at least."""

LEAST_SHARE = 20
"""And a value if it came in one of so many calls with its key, at least: in categories, not amounts."""

COMMON_TAGS = f"""
CREATE OR REPLACE TEMP TABLE common_tags AS
WITH totals AS (SELECT campaign_id, tag, SUM(calls) AS calls FROM analytics.tag_daily GROUP BY ALL),
ranked AS (
    SELECT tag, calls, ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY calls DESC, tag) AS place
    FROM totals
    UNION ALL
    SELECT tag, SUM(calls), ROW_NUMBER() OVER (ORDER BY SUM(calls) DESC, tag) FROM totals GROUP BY tag
)
SELECT tag, MAX(calls) AS calls FROM ranked WHERE place <= {MOST_TAGS} GROUP BY tag
"""  # noqa: S608 (numbers of ours)
"""The commonest tags of each campaign, and of all."""

COMMON_VALUES = f"""
CREATE OR REPLACE TEMP TABLE common_values AS
WITH keys AS (
    SELECT campaign_id, key, COUNT(*) AS calls
    FROM analytics.call_extracted_data
    GROUP BY campaign_id, key
    QUALIFY ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY COUNT(*) DESC, key) <= {MOST_KEYS}
)
SELECT campaign_id, key, NULL AS value FROM keys
UNION ALL
SELECT campaign_id, key, trim(value)
FROM analytics.call_extracted_data JOIN keys USING (campaign_id, key)
GROUP BY campaign_id, key, trim(value)
HAVING COUNT(*) * {LEAST_SHARE} >= ANY_VALUE(keys.calls)
"""  # noqa: S608 (numbers of ours)
"""The commonest keys of each campaign, and what comes often with them. Without a value: the key itself."""

PERSONAL = r"""
CREATE OR REPLACE TEMP MACRO plain(words) AS
    lower(strip_accents(trim(regexp_replace(words, '\s+', ' ', 'g'))));
CREATE OR REPLACE TEMP TABLE people AS
SELECT DISTINCT plain(name) AS name
FROM (SELECT unnest([contact_name, phone_number, contact_reference]) AS name FROM analytics.contacts)
WHERE plain(name) IN (
    SELECT plain(tag) FROM common_tags
    UNION ALL SELECT plain(key) FROM common_values
    UNION ALL SELECT plain(value) FROM common_values WHERE value <> ''
);
CREATE OR REPLACE TEMP MACRO is_personal(words) AS
    contains(words, '@')
    OR (
        length(regexp_replace(words, '[^\p{Nd}]', '', 'g')) > 6
        AND NOT regexp_full_match(trim(words), '\d{4}-\d{2}-\d{2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}')
    )
    OR plain(words) IN (FROM people);
"""
"""Words that may be somebody's: an address, a number of seven digits or more that is no date, the name, the
number or the reference of a contact."""

SHOWN_TAGS = """
CREATE OR REPLACE TEMP TABLE shown_tags AS
SELECT tag, ROW_NUMBER() OVER (ORDER BY calls DESC, tag) - 1 AS item
FROM common_tags
WHERE NOT is_personal(tag)
"""

SHOWN_POLICIES = f"""
CREATE OR REPLACE TEMP TABLE shown_policies AS
WITH ranked AS (
    SELECT
        policy_id,
        MAX_BY(policy_name, local_date) AS policy_name,
        SUM(evaluated) AS results,
        ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY results DESC, policy_id) AS place,
        SUM(not_met) AS failures,
        ROW_NUMBER() OVER (PARTITION BY campaign_id ORDER BY failures DESC, policy_id) AS place_of_failures
    FROM analytics.policy_compliance
    GROUP BY campaign_id, policy_id
)
SELECT
    policy_id,
    coalesce(MAX_BY(policy_name, results), policy_id, '') AS policy_name,
    ROW_NUMBER() OVER (ORDER BY MAX(results) DESC, policy_id) - 1 AS item
FROM ranked
WHERE place <= {MOST_POLICIES} OR (failures > 0 AND place_of_failures <= {MOST_POLICIES})
GROUP BY policy_id
"""  # noqa: S608 (numbers of ours)

SHOWN_VALUES = f"""
CREATE OR REPLACE TEMP TABLE shown_values AS
WITH told AS (
    SELECT campaign_id, key, common.value
    FROM common_values AS common
    JOIN analytics.call_extracted_data AS extracted USING (campaign_id, key)
    JOIN analytics.calls AS calls
        ON calls.call_id = extracted.call_id AND calls.created_at = extracted.created_at
    WHERE common.value IS NULL OR common.value = trim(extracted.value)
    GROUP BY campaign_id, key, common.value
    HAVING COUNT(DISTINCT contact_id) >= {LEAST_CONTACTS}
        AND NOT is_personal(key) AND NOT coalesce(is_personal(common.value), FALSE)
    QUALIFY common.value IS NULL OR {MOST_VALUES} >= ROW_NUMBER() OVER (
        PARTITION BY campaign_id, key, common.value IS NULL ORDER BY COUNT(*) DESC, common.value
    )
)
SELECT campaign_id, key, value, DENSE_RANK() OVER (ORDER BY key, value NULLS FIRST) - 1 AS item FROM told
"""  # noqa: S608 (numbers of ours)
"""The keys and values of each campaign that may be told."""

STATEMENTS = (COMMON_TAGS, COMMON_VALUES, PERSONAL, SHOWN_TAGS, SHOWN_POLICIES, SHOWN_VALUES)
"""In this order."""
