"""The tables, column by column: what exists, typed and described, before the first call is read.

Names and meanings of the API's fields follow its document; ``dlt`` adds its own keys (``_dlt_*``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

from altur_calls.calls import document
from altur_calls.calls.document import Field

DATASET = "altur"
"""The schema they are in, unless somebody's own pipeline has another."""

CALLS = "campaign_calls"
CONTACT = "campaign_calls__contact"
TAGS = "campaign_calls__tags"
POLICIES = "campaign_calls__policies"
EXTRACTED = "campaign_calls__extracted_data"
WINDOWS = "call_windows"
REJECTED = "rejected_calls"
DRIFT = "schema_drift"
CAMPAIGNS = "campaigns"
CHANGES = "call_changes"
RUNS = "runs"

VERSION = 4
"""Of the tables below. A run brings older ones in a warehouse up to them, and leaves newer ones alone."""

OLDEST = 2
"""The oldest version that can be brought up to it: that of the first release."""


REQUIRED: TColumnSchema = {"nullable": False}


def _columns(
    fields: Mapping[str, Field], **columns: tuple[str, str] | tuple[str, str, TColumnSchema]
) -> TTableSchemaColumns:
    """Return columns for the fields of the document, and others by dlt type, description and more hints."""
    known = {name: _column(name, field.data_type, field.description) for name, field in fields.items()}
    return {**known, **{name: _column(name, *about) for name, about in columns.items()}}


def _column(name: str, data_type: Any, description: str, hints: TColumnSchema | None = None) -> TColumnSchema:
    return {"name": name, "data_type": data_type, "description": description, **(hints or {})}


ROW_KEYS: dict[str, Any] = {
    "_dlt_id": ("text", "The same while the row is", {"row_key": True, "unique": True, **REQUIRED}),
    "_dlt_load_id": ("text", "The load that wrote the row", REQUIRED),
}
"""dlt's own columns, which it leaves to whoever gives it Arrow tables."""

CALL_COLUMNS = _columns(
    {**document.CALL, **{f"policy_evaluation__{name}": field for name, field in document.EVALUATION.items()}},
    id=("text", "Unique identifier of the call", REQUIRED),
    created_at=("timestamp", "When the call was created", REQUIRED),
    campaign_id=("bigint", "Campaign the call was read from", REQUIRED),
    unexpected=("json", "Values that did not fit their column, by path"),
    # A call that comes twice in one load (its page shifted) is settled by the newest read.
    read_at=("timestamp", "When this version of the call was first seen", {"dedup_sort": "desc", **REQUIRED}),
    is_deleted=("bool", "Whether a later proved window no longer lists the call"),
    deleted_at=("timestamp", "When the first such window was read"),
    **ROW_KEYS,
)

CHILD_KEYS: dict[str, Any] = {
    "call_id": ("text", "The call it belongs to", REQUIRED),
    "call_created_at": ("timestamp", "When that call was created", REQUIRED),
    "position": ("bigint", "Its place among those of the call, from 0", REQUIRED),
    # A row that is marked so is never loaded; it only makes dlt delete the rows its call had before.
    "is_replaced": ("bool", "Always null", {"hard_delete": True}),
    **ROW_KEYS,
}

CHILD_COLUMNS = {
    CONTACT: _columns(document.CONTACT, **CHILD_KEYS),
    TAGS: _columns(document.TAG, **CHILD_KEYS),
    POLICIES: _columns(document.POLICY, **CHILD_KEYS),
    EXTRACTED: _columns(document.EXTRACTED, **CHILD_KEYS),
}
"""The child tables of ``campaign_calls``."""

WINDOW_COLUMNS = _columns(
    {},
    campaign_id=("bigint", "Campaign that was read", REQUIRED),
    window_start=("timestamp", "First creation time of the window", REQUIRED),
    window_end=("timestamp", "End of the window, itself not in it", REQUIRED),
    read_at=("timestamp", "When the read began", REQUIRED),
    requests=("bigint", "Requests of the read that counts", REQUIRED),
    total_count=("bigint", "Calls in the window by the API's own count, overlap included"),
    calls_read=("bigint", "Distinct calls that arrived", REQUIRED),
    is_proved=("bool", "Whether the two agree and the walk ended where the API says it ends", REQUIRED),
    doubt=("text", "Why the window is not proved"),
    vanished_calls=("bigint", "Calls in the warehouse that the API no longer lists; null until compared"),
    is_suspicious=("bool", "Whether so many vanished that none was marked as deleted"),
)

REJECTED_COLUMNS = _columns(
    {},
    fault_id=("text", "The same for the same faulty call, however often it is read", REQUIRED),
    campaign_id=("bigint", "Campaign it was read from", REQUIRED),
    call_id=("text", "Its id, if that is not what it lacks"),
    reason=("text", "Why it can't be a row", REQUIRED),
    raw=("text", "The call as it came, JSON", REQUIRED),
    read_at=("timestamp", "When it was last read", REQUIRED),
)

DRIFT_COLUMNS = _columns(
    {},
    drift_id=("text", "The same for the same kind of surprise", REQUIRED),
    field=("text", "Path of the property in the API's answer", REQUIRED),
    kind=("text", "new_field, unexpected_type, unknown_value", REQUIRED),
    detail=("text", "The type or the enumeration value that came", REQUIRED),
    campaign_id=("bigint", "Campaign of the latest call with it", REQUIRED),
    call_id=("text", "The latest call with it", REQUIRED),
    read_at=("timestamp", "When it was last read", REQUIRED),
)

CAMPAIGN_COLUMNS = _columns(
    {},
    campaign_id=("bigint", "Campaign that is loaded", REQUIRED),
    name=("text", "Its name, where the key may list campaigns"),
    status=("text", "Its status there: pending, ready, active, inactive, cooldown, finished"),
    agent_id=("text", "Agent that makes its calls"),
    agent_name=("text", "Name of that agent"),
    timezone=("text", "Zone of its days: as set for it, else as the API tells, else the default", REQUIRED),
    is_archived=("bool", "Whether it is archived"),
    loaded_from=("timestamp", "From when on its calls are loaded", REQUIRED),
    created_at=("timestamp", "When the campaign was created"),
    read_at=("timestamp", "When these were last found changed", REQUIRED),
)

CHANGE_COLUMNS = _columns(
    {},
    call_id=("text", "The call that changed", REQUIRED),
    campaign_id=("bigint", "Campaign of the call", REQUIRED),
    call_created_at=("timestamp", "When the call was created", REQUIRED),
    field=("text", "What changed, by its path in the API's answer", REQUIRED),
    old_value=("text", "As it was, lists as JSON; null if it was not there"),
    new_value=("text", "As it is since, lists as JSON; null if it is no longer there"),
    read_at=("timestamp", "When the change was seen", REQUIRED),
    **ROW_KEYS,
)

RUN_COLUMNS = _columns(
    {},
    run_id=("text", "When it began, and some letters by chance", REQUIRED),
    started_at=("timestamp", "When it began", REQUIRED),
    ended_at=("timestamp", "When it ended; null while it lasts, and where it was killed"),
    outcome=(
        "text",
        "How it ended: ok, warnings, incomplete and so on, as the README lists them; running while it lasts",
        REQUIRED,
    ),
    error=("text", "What went wrong, and what to do"),
    campaign_ids=("json", "Campaigns it was to read"),
    is_span=("bool", "Whether it read a span that was named, instead of what was due"),
    windows=("bigint", "Windows it read"),
    windows_in_doubt=("bigint", "Those of them that it could not prove"),
    calls_read=("bigint", "Calls that arrived, each time counted"),
    calls_new=("bigint", "Calls that were not in the warehouse"),
    calls_updated=("bigint", "Calls that were, otherwise"),
    calls_vanished=("bigint", "Calls that it marked as deleted"),
    calls_rejected=("bigint", "Calls that can't be rows, each time counted"),
    requests=("bigint", "Requests it sent"),
    throttled=("bigint", "Answers of 429"),
    retries=("bigint", "Requests that were sent again, after a 429 or another failure"),
    seconds=("double", "From its beginning to its end"),
    seconds_opening=("double", "Part of that until the warehouse was open"),
    seconds_reading=("double", "Part in which pages were waited for and made rows"),
    seconds_normalizing=("double", "Part in which dlt prepared load packages"),
    seconds_loading=("double", "Part in which they were loaded"),
    seconds_views=("double", "Part in which the schema analytics was kept up"),
    seconds_publishing=("double", "Part for the copy for readers; in that copy itself not known yet"),
    first_load_id=("text", "The first load it completed"),
    last_load_id=("text", "The last load it completed: those between are its loads, too"),
    settings=("json", "What it was told, without secrets"),
    versions=("json", "Of altur-calls, its tables, dlt, DuckDB and Python"),
)

COLUMNS: dict[str, TTableSchemaColumns] = {
    CALLS: CALL_COLUMNS,
    **CHILD_COLUMNS,
    CHANGES: CHANGE_COLUMNS,
    CAMPAIGNS: CAMPAIGN_COLUMNS,
    WINDOWS: WINDOW_COLUMNS,
    REJECTED: REJECTED_COLUMNS,
    DRIFT: DRIFT_COLUMNS,
}
"""The columns of each table that is loaded."""

ALL: dict[str, TTableSchemaColumns] = {**COLUMNS, RUNS: RUN_COLUMNS}
"""Those, and of the table that runs keep of themselves."""

ROWS = {
    CALLS: "A call, by `id`",
    CONTACT: "The contact of a call",
    TAGS: "A tag of a call",
    POLICIES: "A policy result of a call",
    EXTRACTED: "A pair of a call's extracted data",
    CHANGES: "A field of a call that was found changed",
    CAMPAIGNS: "A campaign that is loaded",
    WINDOWS: "A window read: the ledger",
    REJECTED: "A call that can't be a row, as it came",
    DRIFT: "A way in which calls differ from the API document",
    RUNS: "A run, however it ended; one that could not open the warehouse is written by the next that can",
}
"""What a row of each table is."""

UNIQUE = {
    CALLS: "id",
    CONTACT: "call_id",
    CAMPAIGNS: "campaign_id",
    REJECTED: "fault_id",
    DRIFT: "drift_id",
    RUNS: "run_id",
}
"""The column that tells the rows of a table apart, where one alone does."""
