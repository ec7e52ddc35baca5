"""What is handed to dlt at once: windows that were read, and what they mean for each table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from altur_calls import tables
from altur_calls.calls.arrow import columns_of, table_of
from altur_calls.calls.changes import News
from altur_calls.calls.history import COMPARED, rows_of_vanished
from altur_calls.calls.records import Row
from altur_calls.calls.shape import Items, items_of, rejected_row
from altur_calls.calls.sightings import Sighting
from altur_calls.cursors import Trace, trace_of

BATCH_CALLS = 20_000
"""Calls that are held before they are handed on."""

VANISHED = ["id", "campaign_id", "created_at", "deleted_at", "_dlt_id"]
"""Columns by which the log of changes tells of a call that vanished."""


class Batch:
    """Reads, and the items that dlt is given for each table."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.items: Items = {name: [] for name in tables.COLUMNS}
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

    def written(self, load_id: str) -> dict[str, pa.Table]:
        """Return the rows of calls and their children that are added, without new fields."""
        return {name: self._table(name, load_id) for name in COMPARED}

    def _table(self, name: str, load_id: str) -> pa.Table:
        rows = _declared(name, self._rows(name), load_id)
        return pa.concat_tables([rows, *self._arrow(name)])

    def add_changes(self, changes: pa.Table | None, load_id: str) -> None:
        """Add what changed in calls that were known, and which of them vanished."""
        items = self.items[tables.CHANGES]
        if changes:
            columns = {name: changes[name].combine_chunks() for name in changes.column_names}
            items.append(table_of(columns, tables.CHANGE_COLUMNS, load_id))
        if self.marked:
            vanished = [row for table in self.marked for row in table.select(VANISHED).to_pylist()]
            items.append(_declared(tables.CHANGES, list(rows_of_vanished(vanished)), load_id))

    def add_rows(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows of a table."""
        self.items[table].append(rows)

    def given(self, table: str) -> Iterator[Any]:
        """Yield what dlt is given for a table: one Arrow table, for each costs a look at the schema; rows."""
        if several := self._arrow(table):
            yield pa.concat_tables(several)
        if rows := self._rows(table):
            yield rows

    def _arrow(self, table: str) -> list[pa.Table]:
        return [item for item in self.items[table] if isinstance(item, pa.Table) and item.num_rows]

    def _rows(self, table: str) -> list[Row]:
        return [row for item in self.items[table] if isinstance(item, list) for row in item]

    @property
    def drifts(self) -> set[str]:
        """The fields that are not as the API document says."""
        return {row["field"] for row in self._rows(tables.DRIFT)}


def _declared(name: str, rows: Sequence[Row], load_id: str) -> pa.Table:
    """Return rows as an Arrow table with the declared columns."""
    declared = tables.COLUMNS[name]
    return table_of(columns_of(rows, declared), declared, load_id)


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
        self._changed: set[str] = set()

    def take(self, news: News) -> list[Sighting]:
        """Return the calls that lie in their window, but for those that were let through before."""
        fresh = []
        self._unknown |= news.unknown
        self._changed |= news.changed
        for call in news.calls:
            if call.created_at not in news.read.window:
                self._strays[call.call_id] = call
            elif call.call_id not in self._seen:
                self._seen.add(call.call_id)
                fresh.append(call)
        return fresh

    def changed(self, calls: Sequence[Sighting]) -> list[str]:
        """Return the ids of those of the calls that were known otherwise."""
        return [call.call_id for call in calls if call.call_id in self._changed]

    def rest(self) -> list[Sighting]:
        """Return the calls that came beside a window only."""
        return [call for call_id, call in self._strays.items() if call_id not in self._seen]

    @property
    def new_calls(self) -> int:
        """How many of the calls were not known where they go."""
        return len(self._unknown)

    @property
    def changed_calls(self) -> int:
        """How many of the calls were known otherwise."""
        return len(self._changed)


def batches(
    several: Iterable[News],
    once: Once,
    marked: Callable[[News, str], Sequence[Any]],
    changes: Callable[[Mapping[str, pa.Table], Sequence[str]], pa.Table | None] | None,
    load_id: str,
) -> Iterator[Batch]:
    """Gather the windows of a load.

    ``marked`` returns the rows of the calls that vanished from a window; ``changes`` tells what changed in
    calls, where that is kept.
    """
    batch, changed = Batch(), list[str]()

    def finished() -> Batch:
        if changes is not None:
            known = changes(batch.written(load_id), changed) if changed else None
            batch.add_changes(known, load_id)
        return batch

    for news in several:
        fresh = once.take(news)
        changed += once.changed(fresh)
        batch.add(news, fresh, marked(news, load_id), load_id)
        if batch.calls >= BATCH_CALLS:
            yield finished()
            batch, changed = Batch(), []
    rest = once.rest()
    changed += once.changed(rest)
    batch.add_calls(rest, load_id)
    yield finished()
