"""What of a read is news to a warehouse: calls that are new or changed, and calls that vanished. Pure.

A call that lies in a proved window which does not list it any more is gone at the source. It is marked, not
removed: ``is_deleted`` and ``deleted_at``. A read that lists it again makes it whole. If many vanish at once
the API is more likely wrong than the warehouse: none is marked, and the window is called suspicious.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from altur_calls.calls.records import Row
from altur_calls.calls.shape import ledger_row
from altur_calls.calls.sightings import Rejected, Sighting, sighting_of
from altur_calls.reads import Read

SUSPICIOUS_CALLS = 20
SUSPICIOUS_SHARE = 0.1
"""More calls than this, and a larger share of their window, don't vanish without something being wrong."""


PART = "-"
"""At the end of the version of a call that was written without some of its tables."""


@dataclass(frozen=True, slots=True)
class Known:
    """A call as the warehouse has it."""

    version: str
    created_at: datetime
    read_at: datetime
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class News:
    """Of a window that was read, what the warehouse does not know yet."""

    read: Read
    calls: list[Sighting]
    """New, changed, or back again."""
    rejected: list[Rejected]
    gone: list[str] | None = None
    """Ids of the calls it no longer lists; ``None`` if it was not compared."""
    listed: int = 0
    unknown: frozenset[str] = frozenset()
    """Ids of the calls that the warehouse does not have, or not as created at the time they were."""
    changed: frozenset[str] = frozenset()
    """Ids of the calls that it has otherwise."""

    @property
    def is_suspicious(self) -> bool:
        """Whether so many calls are gone that the API is to be doubted."""
        gone = len(self.gone or ())
        return gone > SUSPICIOUS_CALLS and gone > SUSPICIOUS_SHARE * (gone + self.listed)

    @property
    def outline(self) -> News:
        """The same without its calls: what is kept of it in memory."""
        no_ids = frozenset[str]()
        return replace(self, read=replace(self.read, calls=[]), calls=[], unknown=no_ids, changed=no_ids)

    @property
    def of_a_part(self) -> News:
        """The same for a load that leaves out tables: to a whole one, the calls are others than it reads.

        So that writes them, with all that belongs to them.
        """
        return replace(self, calls=[replace(call, version=call.version + PART) for call in self.calls])

    @property
    def vanished(self) -> list[str]:
        """The ids to mark as deleted."""
        return [] if self.is_suspicious else self.gone or []

    @property
    def ledger_row(self) -> Row:
        """What is remembered of the window."""
        if self.gone is None:
            return ledger_row(self.read, None, is_suspicious=None)
        return ledger_row(self.read, len(self.gone), is_suspicious=self.is_suspicious)


def news_of(read: Read, known: Mapping[str, Known] | None) -> News:
    """Compare a window with the calls of its time that the warehouse has; without any, all of it is news."""
    results = [sighting_of(call, read.campaign_id, read.read_at) for call in read.calls]
    seen = [result for result in results if isinstance(result, Sighting)]
    rejected = [result for result in results if isinstance(result, Rejected)]
    if known is None:
        return News(read, seen, rejected)
    listed = {call.call_id for call in seen} | {fault.call_id for fault in rejected}
    unknown = frozenset(call.call_id for call in seen if not _is_there(call, known.get(call.call_id)))
    fresh = [call for call in seen if _is_news(call, known.get(call.call_id), read)]
    changed = frozenset(call.call_id for call in fresh if call.call_id in known)
    if None in listed or not read.is_proved:
        # A call that came, but without its id, has not vanished, and may be any of those that are known.
        return News(read, fresh, rejected, unknown=unknown, changed=changed)
    gone = [
        call_id
        for call_id, call in known.items()
        if call_id not in listed
        and not call.is_deleted
        and call.created_at in read.window
        and call.read_at < read.read_at
    ]
    listed_calls = sum(call.created_at in read.window for call in seen)
    return News(read, fresh, rejected, gone, listed_calls, unknown, changed)


def _is_there(call: Sighting, known: Known | None) -> bool:
    return known is not None and known.created_at == call.created_at


def _is_news(call: Sighting, known: Known | None, read: Read) -> bool:
    if known is None:
        return True
    if call.created_at not in read.window and known.read_at > read.read_at:
        return False  # seen at the edge of its window, which was read later and loaded before
    return known.is_deleted or known.version != call.version


def suspicions(several: Sequence[News]) -> Iterator[str]:
    """Tell which windows lost too many calls, and which campaigns all they had in the windows read."""
    suspects = [news for news in several if news.is_suspicious]
    for news in suspects:
        yield (
            f"campaign {news.read.campaign_id} {news.read.window}: "
            f"{len(news.gone or ())} calls vanished at once; none was marked as deleted"
        )
    gone, listed = Counter[int](), Counter[int]()
    for news in several:
        gone[news.read.campaign_id] += len(news.gone or ())
        listed[news.read.campaign_id] += news.listed
    for campaign_id in gone.keys() - {news.read.campaign_id for news in suspects}:
        if gone[campaign_id] and not listed[campaign_id]:
            count = gone[campaign_id]
            yield f"campaign {campaign_id} held {count} calls in the windows read, and now holds none"
