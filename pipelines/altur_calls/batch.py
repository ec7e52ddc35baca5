"""What is handed to dlt at once: windows that were read, and what they mean for each table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from altur_calls import tables
from altur_calls.changes import News
from altur_calls.cursors import Trace, trace_of
from altur_calls.records import Row
from altur_calls.shape import Items, items_of, rejected_row
from altur_calls.sightings import Sighting

BATCH_CALLS = 20_000
"""Calls that are held before they are handed on."""


class Batch:
    """Reads, and the items that dlt is given for each table."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.items: Items = {name: [] for name in tables.ALL}
        self.traces: list[Trace] = []
        self.marked: list[Any] = []
        """Arrow tables with the rows of calls that vanished, as the warehouse has them."""
        self.calls = 0

    def add(self, news: News, calls: Sequence[Sighting], marked: Sequence[Any], load_id: str) -> None:
        """Add a window: of its calls those to write, and the rows of those that vanished."""
        self.traces.append(trace_of(news.read))
        self.items[tables.WINDOWS].append([news.ledger_row])
        self.items[tables.REJECTED].append([rejected_row(fault, news.read) for fault in news.rejected])
        self.marked += marked
        self.add_calls(calls, load_id)

    def add_calls(self, calls: Sequence[Sighting], load_id: str) -> None:
        """Add calls to write."""
        self.calls += len(calls)
        for name, items in items_of(calls, load_id).items():
            self.items[name] += items

    def given(self, table: str) -> Iterator[Any]:
        """Yield what dlt is given for a table: one Arrow table, for each costs a look at the schema; rows."""
        several = [item for item in self.items[table] if isinstance(item, pa.Table)]
        if several:
            yield pa.concat_tables(several)
        yield self._rows(table)

    def _rows(self, table: str) -> list[Row]:
        return [row for item in self.items[table] if isinstance(item, list) for row in item]

    @property
    def drifts(self) -> set[str]:
        """The fields that are not as the API document says."""
        return {row["field"] for row in self._rows(tables.DRIFT)}


class Once:
    """Lets each call through once a load: as the window it lies in gave it, or else as another one did.

    Windows are asked for a little wider than they are, so the calls at their edges come twice. Child rows
    have no key by which dlt could tell that.
    """

    def __init__(self) -> None:
        """Begin a load."""
        self._seen: set[str] = set()
        self._strays: dict[str, Sighting] = {}
        self._unknown: set[str] = set()

    def take(self, news: News) -> list[Sighting]:
        """Return the calls that lie in their window, but for those that were let through before."""
        fresh = []
        self._unknown |= news.unknown
        for call in news.calls:
            if call.created_at not in news.read.window:
                self._strays[call.call_id] = call
            elif call.call_id not in self._seen:
                self._seen.add(call.call_id)
                fresh.append(call)
        return fresh

    def rest(self) -> list[Sighting]:
        """Return the calls that came beside a window only."""
        return [call for call_id, call in self._strays.items() if call_id not in self._seen]

    @property
    def new_calls(self) -> int:
        """How many of the calls were not known where they go."""
        return len(self._unknown)


def batches(
    several: Iterable[News], once: Once, marked: Callable[[News, str], Sequence[Any]], load_id: str
) -> Iterator[Batch]:
    """Gather the windows of a load. ``marked`` returns the rows of the calls that vanished from one."""
    batch = Batch()
    for news in several:
        batch.add(news, once.take(news), marked(news, load_id), load_id)
        if batch.calls >= BATCH_CALLS:
            yield batch
            batch = Batch()
    batch.add_calls(once.rest(), load_id)
    yield batch
