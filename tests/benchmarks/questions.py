"""For each mart a question, and the same asked of one flat table by hand."""

from collections.abc import Mapping

CAMPAIGN = 3
MONTH = f"campaign_id = {CAMPAIGN} AND local_date >= DATE '2025-10-01' AND local_date < DATE '2025-11-01'"
ALWAYS = f"campaign_id = {CAMPAIGN}"

LOCAL = "created_at AT TIME ZONE 'America/Mexico_City'"
OF_THE_CALL = "calls.id AS call_id, calls.campaign_id, calls.created_at"

FLAT = {
    "calls": f"""
SELECT
    {OF_THE_CALL},
    CAST(calls.{LOCAL} AS DATE) AS local_date,
    CAST(EXTRACT(HOUR FROM calls.{LOCAL}) AS INTEGER) AS local_hour,
    calls.status,
    calls.answered_by,
    calls.is_deleted,
    CASE WHEN calls.answered_by IS NULL THEN 0 ELSE calls.duration END AS talk_seconds,
    calls.billed_duration AS billed_seconds,
    contacts.id AS contact_id,
    contacts.f_id AS contact_reference,
    contacts.name AS contact_name,
    contacts.phone_number,
    contacts.status AS contact_status,
    row_number() OVER by_contact AS attempt_number,
    contacts.status = 'converted' AND lead(calls.id) OVER by_contact IS NULL AS is_converted
FROM altur.campaign_calls AS calls
JOIN altur.campaign_calls__contact AS contacts ON contacts.call_id = calls.id
WINDOW by_contact AS (PARTITION BY calls.campaign_id, contacts.id ORDER BY calls.created_at, calls.id)
""",
    "tags": """
SELECT calls.*, tags.value AS tag
FROM flat.calls AS calls JOIN altur.campaign_calls__tags AS tags USING (call_id)
""",
    "policies": """
SELECT calls.*, policies.policy_id, policies.policy_name, policies.result
FROM flat.calls AS calls JOIN altur.campaign_calls__policies AS policies USING (call_id)
""",
    "extracted_data": """
SELECT calls.*, extracted.key, extracted.value
FROM flat.calls AS calls JOIN altur.campaign_calls__extracted_data AS extracted USING (call_id)
""",
    "changes": """
SELECT calls.*, changes.field, changes.old_value, changes.new_value
FROM flat.calls AS calls JOIN altur.call_changes AS changes USING (call_id)
""",
    "windows": "SELECT *, window_start AS created_at FROM altur.call_windows",
}
"""A table for each kind of question, with the columns of the calls in it; in the order of their creation."""

ANSWERED = "COUNT(*) FILTER (answered_by IS NOT NULL)"
HUMAN = "COUNT(*) FILTER (answered_by = 'human')"
COUNTS = f"""
    COUNT(*),
    {ANSWERED},
    COUNT(*) FILTER (answered_by IS NULL),
    {HUMAN},
    COUNT(*) FILTER (answered_by = 'machine'),
    COUNT(*) FILTER (answered_by NOT IN ('human', 'machine')),
    COUNT(*) FILTER (status = 'ended'),
    COUNT(*) FILTER (status = 'failed'),
    COUNT(*) FILTER (status = 'busy'),
    COUNT(*) FILTER (status = 'no-answer'),
    COUNT(*) FILTER (status = 'in-progress'),
    COUNT(*) FILTER (status NOT IN ('ended', 'failed', 'busy', 'no-answer', 'in-progress'))
"""
VOLUME = "COUNT(*) FILTER (is_converted), SUM(talk_seconds), SUM(billed_seconds), SUM(billed_seconds) / 60.0"
RATES = f"{ANSWERED} / COUNT(*), {HUMAN} / COUNT(*)"
DOUBTS = f"""
SELECT campaign_id, window_start, window_end, read_at, doubt
FROM flat.windows AS doubtful
WHERE {ALWAYS} AND NOT is_proved AND NOT EXISTS (
    FROM flat.windows AS proved
    WHERE proved.is_proved
        AND proved.campaign_id = doubtful.campaign_id
        AND proved.window_start <= doubtful.window_start
        AND proved.window_end >= doubtful.window_end
        AND proved.read_at > doubtful.read_at
)
"""


def _grouped(mart: str, table: str, groups: str, measures: str) -> tuple[str, str]:
    """Return the same question to a mart of single rows and to a flat table."""
    asked = "SELECT {groups}, {measures} FROM {name} WHERE {MONTH} GROUP BY {groups}"
    known = {"groups": groups, "measures": measures, "MONTH": MONTH}
    return asked.format(name=f"analytics.{mart}", **known), asked.format(name=f"flat.{table}", **known)


def _rows(mart: str, table: str, groups: str, measures: str) -> tuple[str, str]:
    """Return the question for the rows of a mart that is an aggregate, and the aggregate by hand."""
    by_hand = f"SELECT {groups}, {measures} FROM flat.{table} WHERE {MONTH} GROUP BY {groups}"
    return f"SELECT * FROM analytics.{mart} WHERE {MONTH}", by_hand


QUESTIONS: Mapping[str, tuple[str, str]] = {
    "calls": _grouped("calls", "calls", "status", "COUNT(*), SUM(talk_seconds)"),
    "campaign_hourly": _rows(
        "campaign_hourly",
        "calls",
        "campaign_id, local_date, local_hour",
        f"{COUNTS}, {VOLUME}, {RATES}, COUNT(*) FILTER (is_converted) / COUNT(*)",
    ),
    "campaign_daily": _rows(
        "campaign_daily",
        "calls",
        "campaign_id, local_date",
        f"{COUNTS}, COUNT(DISTINCT contact_id), {VOLUME}, {RATES}, COUNT(*) FILTER (is_converted) / COUNT(*)",
    ),
    "contact_attempts": _rows(
        "contact_attempts",
        "calls",
        "campaign_id, local_date, attempt_number",
        f"COUNT(*), {ANSWERED}, {HUMAN}, COUNT(*) FILTER (is_converted), {RATES}",
    ),
    "call_tags": _grouped("call_tags", "tags", "tag", "COUNT(*)"),
    "tag_daily": _rows(
        "tag_daily",
        "tags",
        "campaign_id, local_date, tag",
        f"COUNT(*), {HUMAN}, COUNT(*) FILTER (is_converted)",
    ),
    "call_policies": _grouped("call_policies", "policies", "policy_id, result", "COUNT(*)"),
    "policy_compliance": _rows(
        "policy_compliance",
        "policies",
        "campaign_id, local_date, policy_id",
        """
            MAX(policy_name),
            COUNT(*),
            COUNT(*) FILTER (result = 'met'),
            COUNT(*) FILTER (result = 'not_met'),
            COUNT(*) FILTER (result = 'not_applicable'),
            COUNT(*) FILTER (result NOT IN ('met', 'not_met', 'not_applicable')),
            10.0 * COUNT(*) FILTER (result = 'met') / COUNT(*) FILTER (result IN ('met', 'not_met'))
        """,
    ),
    "call_extracted_data": _grouped(
        "call_extracted_data", "extracted_data", "key", "COUNT(*), COUNT(DISTINCT value)"
    ),
    "call_changes": _grouped("call_changes", "changes", "field, old_value, new_value", "COUNT(*)"),
    "contacts": (
        f"""
SELECT contact_status, COUNT(*), SUM(attempts), SUM(human_calls), COUNT(DISTINCT phone_number)
FROM analytics.contacts
WHERE {ALWAYS}
GROUP BY contact_status
""",
        f"""
SELECT status, COUNT(*), SUM(attempts), SUM(human_calls), COUNT(DISTINCT phone_number)
FROM (
    SELECT
        arg_max(contact_status, created_at) AS status,
        arg_max(phone_number, created_at) AS phone_number,
        COUNT(*) AS attempts,
        {HUMAN} AS human_calls
    FROM flat.calls
    WHERE {ALWAYS}
    GROUP BY contact_id
)
GROUP BY status
""",
    ),
    "campaigns": (
        f"SELECT calls, first_call_at, last_call_at FROM analytics.campaigns WHERE {ALWAYS}",
        f"SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM flat.calls WHERE {ALWAYS}",
    ),
    "windows_in_doubt": (f"SELECT * FROM analytics.windows_in_doubt WHERE {ALWAYS}", DOUBTS),
    "data_freshness": (
        f"SELECT newest_call_at, calls_in_progress FROM analytics.data_freshness WHERE {ALWAYS}",
        f"SELECT MAX(created_at), COUNT(*) FILTER (status = 'in-progress') FROM flat.calls WHERE {ALWAYS}",
    ),
    "data_completeness": (
        f"SELECT calls, vanished_calls, windows_in_doubt FROM analytics.data_completeness WHERE {ALWAYS}",
        f"""
SELECT COUNT(*) FILTER (NOT is_deleted), COUNT(*) FILTER (is_deleted), (SELECT COUNT(*) FROM ({DOUBTS}))
FROM flat.calls
WHERE {ALWAYS}
""",
    ),
}
"""For each mart, a question to it, and the same to a flat table: for a month if it has days."""
