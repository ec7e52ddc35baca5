"""What changed in calls, field by field: why a number of yesterday is another today.

Both versions are taken apart into facts, and compared, by DuckDB: in bulk that is many times as fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import duckdb
import pyarrow as pa

from altur_calls import tables
from altur_calls.calls import document
from altur_calls.calls.fields import SCALARS
from altur_calls.calls.records import Row

COMPARED = (tables.CALLS, *tables.CHILD_COLUMNS)
"""The tables of which a call is made up."""

CHANGED = """
SELECT
    call.id AS call_id,
    call.campaign_id,
    call.created_at AS call_created_at,
    change.field,
    change.old_value,
    change.new_value,
    call.read_at,
    concat_ws('-', call._dlt_id, change.field, epoch_us(call.read_at)) AS _dlt_id
FROM ({changes}) AS change
JOIN new_calls AS call ON call.id = change.call_id
WHERE call.id IN (SELECT id FROM {calls} WHERE {of_calls})
"""

OF_CALLS = """
id IN (SELECT id FROM changed)
AND created_at BETWEEN (SELECT min(earliest) FROM changed) AND (SELECT max(latest) FROM changed)
"""
OF_CHILDREN = """
call_id IN (SELECT id FROM changed) AND is_replaced IS NULL
AND call_created_at BETWEEN (SELECT min(earliest) FROM changed) AND (SELECT max(latest) FROM changed)
"""
"""By the time as well: rows lie in about the order of their calls' creation, so they are found without
reading all."""

FIELDS = """
SELECT call_id, unnest(change, recursive := true)
FROM (
    SELECT {key} AS call_id, unnest([{fields}]) AS change
    FROM (SELECT * FROM {held} WHERE {where}) AS old
    {kind} JOIN (SELECT * FROM {given} WHERE {where}) AS new USING ({key})
)
WHERE change IS NOT NULL
"""
"""The fields that a row has, each that is another now."""

FIELD = """
CASE WHEN old.{name} IS DISTINCT FROM new.{name}
    THEN {{'field': '{path}', 'old_value': {old_text}, 'new_value': {new_text}}} END
"""

FACTS = """
SELECT call_id, field, old.value AS old_value, new.value AS new_value
FROM ({old}) AS old FULL JOIN ({new}) AS new USING (call_id, field)
WHERE old.value IS DISTINCT FROM new.value
"""

SEVERAL = {
    tables.TAGS: """
SELECT call_id, 'tags' AS field, CAST(to_json(list(value ORDER BY position)) AS VARCHAR) AS value
FROM {table} WHERE {of_children} GROUP BY call_id
""",
    tables.POLICIES: """
SELECT call_id, 'policies.' || coalesce(policy_id, '') AS field,
    string_agg(result, ',' ORDER BY result) AS value
FROM {table} WHERE {of_children} GROUP BY call_id, policy_id
""",
    tables.EXTRACTED: """
SELECT call_id, 'extracted_data.' || key AS field, value FROM {table} WHERE {of_children}
""",
}
"""What a call has several of, as facts: its tags, each policy's result, each key."""


def changes_of(
    connection: duckdb.DuckDBPyConnection,
    held: Mapping[str, str],
    given: Mapping[str, pa.Table],
    call_ids: Sequence[str],
) -> pa.Table:
    """Return a row for each field in which calls, as they are given, differ from what tables hold of them.

    held: the names of the tables in the warehouse; given: the rows that are about to be written.
    """
    there = {name: f"new_{name.removeprefix('campaign_')}" for name in COMPARED}
    with closing(connection.cursor()) as own:
        for name, table in given.items():
            own.register(there[name], table)
        own.register("ids", pa.table({"id": call_ids}))
        own.register("changed", own.execute(CHANGED_CALLS).to_arrow_table())
        found = [
            own.execute(
                CHANGED.format(changes=changes, calls=held[tables.CALLS], of_calls=OF_CALLS)
            ).to_arrow_table()
            for changes in _comparisons(held, there)
        ]
    return pa.concat_tables(found)


CHANGED_CALLS = """
SELECT id, created_at - INTERVAL 1 DAY AS earliest, created_at + INTERVAL 1 DAY AS latest
FROM new_calls WHERE id IN (SELECT id FROM ids)
"""
"""A call may be shown as created at another time than before; within a day it is found."""


def _comparisons(held: Mapping[str, str], given: Mapping[str, str]) -> Iterator[str]:
    """Yield the queries that compare calls with what is given: one after the other, in less memory."""
    calls = {"key": "id", "where": OF_CALLS, "kind": "INNER", "fields": ",".join(_fields())}
    contacts = {"key": "call_id", "where": OF_CHILDREN, "kind": "FULL", "fields": ",".join(_contact_fields())}
    yield FIELDS.format(held=held[tables.CALLS], given=given[tables.CALLS], **calls)
    yield FIELDS.format(held=held[tables.CONTACT], given=given[tables.CONTACT], **contacts)
    for name, facts in SEVERAL.items():
        old, new = (facts.format(table=side[name], of_children=OF_CHILDREN) for side in (held, given))
        yield FACTS.format(old=old, new=new)


def _fields() -> Iterator[str]:
    flags = {"is_deleted": document.Field("bool", "Whether it vanished")}
    for name, field in (SCALARS | flags).items():
        if field.data_type != "json":  # its keys are compared one by one
            yield _compared(name, field.data_type, name.replace("__", "."))


def _contact_fields() -> Iterator[str]:
    for name, field in document.CONTACT.items():
        yield _compared(name, field.data_type, f"contact.{name}")


def _compared(name: str, data_type: str, path: str) -> str:
    old_text, new_text = (_text(f"{side}.{name}", data_type) for side in ("old", "new"))
    return FIELD.format(name=name, path=path, old_text=old_text, new_text=new_text)


def _text(name: str, data_type: str) -> str:
    if data_type == "timestamp":
        return f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"CAST({name} AS VARCHAR)"


def rows_of_vanished(marked: Sequence[Row]) -> Iterator[Row]:
    """Yield a row for each call that is marked as deleted, of its row in the warehouse."""
    for call in marked:
        yield {
            "call_id": call["id"],
            "campaign_id": call["campaign_id"],
            "call_created_at": call["created_at"],
            "field": "is_deleted",
            "old_value": "false",
            "new_value": "true",
            "read_at": call["deleted_at"],
            "_dlt_id": f"{call['_dlt_id']}-is_deleted-{call['deleted_at'].timestamp():.6f}",
        }
