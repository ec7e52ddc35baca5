"""Calls become what dlt is given for each table: Arrow tables, and rows it has to look at itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from altur_calls import tables
from altur_calls.calls.arrow import columns_of, parted, table_of
from altur_calls.calls.columns import documented, replaced
from altur_calls.calls.records import Accepted, Row, Surprise, row_of
from altur_calls.calls.sightings import Rejected, Sighting, key_of
from altur_calls.reads import Read

AT_ONCE = 500
"""Calls that are looked at together. One that is not as documented costs the others the short way."""

Items = dict[str, list[Any]]
"""For each table what dlt is to be given: Arrow tables and lists of rows."""


def items_of(sightings: Sequence[Sighting], load_id: str) -> Items:
    """Return calls, their children, and how they differ from the document, as written by this load."""
    items: Items = {name: [] for name in (tables.CALLS, *tables.CHILD_COLUMNS, tables.DRIFT)}
    rest = iter(sightings)
    while some := list(islice(rest, AT_ONCE)):
        for name, found in (documented(some, load_id) or _one_by_one(some, load_id)).items():
            items[name] += found
    return items


def _one_by_one(sightings: Sequence[Sighting], load_id: str) -> Items:
    shaped = [row_of(seen) for seen in sightings]
    items = {tables.CALLS: list(_given([call.row for call in shaped], tables.CALL_COLUMNS, load_id))}
    for name, columns in tables.CHILD_COLUMNS.items():
        field = name.removeprefix(f"{tables.CALLS}__")
        several = [call.children[field] for call in shaped]
        without = [seen for seen, rows in zip(sightings, several, strict=True) if not rows]
        items[name] = [
            table_of(replaced(without), columns, load_id),
            *_given(list(chain.from_iterable(several)), columns, load_id),
        ]
    return {**items, tables.DRIFT: [list(_drift(sightings, shaped))]}


def _given(rows: Sequence[Row], declared: Any, load_id: str) -> Iterator[Any]:
    """Yield rows with declared columns as an Arrow table, and those with others for dlt to find out about."""
    plain, others = parted(rows, declared)
    if plain:
        yield table_of(columns_of(plain, declared), declared, load_id)
    if others:
        yield others


def _drift(sightings: Sequence[Sighting], shaped: Sequence[Accepted]) -> Iterator[Row]:
    """Yield each kind of surprise once, with the first call it came with."""
    first: dict[Surprise, Sighting] = {}
    for seen, call in zip(sightings, shaped, strict=True):
        for surprise in call.surprises:
            first.setdefault(surprise, seen)
    for surprise, seen in first.items():
        yield {
            "drift_id": key_of(surprise.field, surprise.kind, surprise.detail),
            "field": surprise.field,
            "kind": surprise.kind,
            "detail": surprise.detail,
            "campaign_id": seen.campaign_id,
            "call_id": seen.call_id,
            "read_at": seen.read_at,
        }


def rejected_row(fault: Rejected, read: Read) -> Row:
    """Return the row of a call that can't be one of the calls."""
    return {
        "fault_id": fault.fault_id(read.campaign_id),
        "campaign_id": read.campaign_id,
        "call_id": fault.call_id,
        "reason": fault.reason,
        "raw": fault.raw,
        "read_at": read.read_at,
    }


def ledger_row(read: Read, vanished_calls: int | None, *, is_suspicious: bool | None) -> Row:
    """Return the row that a read leaves in the ledger."""
    return {
        "campaign_id": read.campaign_id,
        "window_start": read.window.start,
        "window_end": read.window.end,
        "read_at": read.read_at,
        "requests": read.requests,
        "total_count": read.total_count,
        "calls_read": len(read.calls),
        "is_proved": read.is_proved,
        "doubt": read.doubt,
        "vanished_calls": vanished_calls,
        "is_suspicious": is_suspicious,
    }
