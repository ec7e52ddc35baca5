"""A window that was read becomes the rows of its tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from altur_calls.reading import Read
from altur_calls.records import Accepted, Rejected, Row, Surprise, key_of, row_of


class Declare:
    """The word that comes before all reads: make the tables, even if no row follows."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """A read and its rows."""

    read: Read
    rows: list[Row]
    rejected: list[Row]
    drift: list[Row]


def shaped(read: Read) -> Shaped:
    """Shape every call of a read, and keep apart those that can't be rows."""
    results = [row_of(call, read.campaign_id, read.read_at) for call in read.calls]
    faults = [result for result in results if isinstance(result, Rejected)]
    accepted = [result for result in results if isinstance(result, Accepted)]
    first: dict[Surprise, Accepted] = {}
    for result in accepted:
        for surprise in result.surprises:
            first.setdefault(surprise, result)
    return Shaped(
        read,
        [result.row for result in accepted],
        [_rejected_row(fault, read) for fault in faults],
        [_drift_row(surprise, result, read) for surprise, result in first.items()],
    )


def _rejected_row(fault: Rejected, read: Read) -> Row:
    return {
        "fault_id": fault.fault_id(read.campaign_id),
        "campaign_id": read.campaign_id,
        "reason": fault.reason,
        "raw": fault.raw,
        "read_at": read.read_at,
    }


def _drift_row(surprise: Surprise, example: Accepted, read: Read) -> Row:
    return {
        "drift_id": key_of(surprise.field, surprise.kind, surprise.detail),
        "field": surprise.field,
        "kind": surprise.kind,
        "detail": surprise.detail,
        "campaign_id": read.campaign_id,
        "call_id": example.row["id"],
        "read_at": read.read_at,
    }


def ledger_row(window: Shaped) -> Row:
    """Return the row that a read leaves in the ledger."""
    read = window.read
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
        # A call that came, but can be no row, has not vanished: such a window is not compared.
        "vanished_calls": 0 if window.rejected else None,
    }
