"""What the warehouse knows: the calls that completed loads have brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.sql_client import SqlClientBase

from altur_calls import settings, tables
from altur_calls.calls.changes import Known, News
from altur_calls.calls.fields import CHILDREN, SCALARS, read_back
from altur_calls.calls.history import COMPARED, changes_of
from altur_calls.calls.records import Row
from altur_calls.windows import Window

OF_A_TIME = """
FROM {calls} WHERE campaign_id = %s AND created_at >= %s AND created_at < %s
"""
"""Rows lie in the file in about the order of their creation, so a span of it is found without reading all."""

KNOWN = """
SELECT id, _dlt_id, created_at, read_at, is_deleted {of_a_time}
    AND _dlt_load_id IN (SELECT load_id FROM {loads} WHERE status = 0)
"""
"""A load that was not completed may have written a call, but not its children."""

MARKED = """
SELECT * REPLACE (true AS is_deleted, CAST(%s AS TIMESTAMPTZ) AS deleted_at, %s AS _dlt_load_id)
FROM (SELECT * {of_a_time}) WHERE id IN (SELECT unnest(CAST(%s AS VARCHAR[])))
"""


IN_WINDOW = "campaign_id = %s AND created_at >= %s AND created_at < %s AND NOT is_deleted"


class Loaded:
    """Looks up calls in a warehouse."""

    def __init__(self, client: SqlClientBase[Any]) -> None:
        """Ask through an open client of the warehouse."""
        self._client = client

    def calls_in(self, campaign_id: int, window: Window) -> Mapping[str, Known]:
        """Return the calls created in a window, and a little around it, by id."""
        around = timedelta(seconds=settings.OVERLAP_SECONDS)
        span = (campaign_id, window.start - around, window.end + around)
        try:
            rows = self._client.execute_sql(self._sql(KNOWN), *span)
        except DestinationUndefinedEntity:
            return {}
        return {call_id: Known(*about) for call_id, *about in rows or ()}

    def marked(self, news: News, load_id: str) -> Sequence[Any]:
        """Return, as Arrow, the rows of the calls that vanished from a window, marked by this load."""
        read = news.read
        span = (read.campaign_id, read.window.start, read.window.end)
        given = (read.read_at, load_id, *span, news.vanished)
        with self._client.execute_query(self._sql(MARKED), *given) as found:
            cursor: Any = found.native_cursor
            return [cursor.to_arrow_table()]

    def fields_in(self, campaign_id: int, window: Window) -> dict[str, Row]:
        """Return the calls of a window that have not vanished, field by field, by id."""
        span = (campaign_id, window.start, window.end)
        calls = self._client.make_qualified_table_name(tables.CALLS)
        chosen = f"(SELECT * FROM {calls} WHERE {IN_WINDOW}) AS calls"  # noqa: S608 (both of ours)
        names = ", ".join(map(self._client.escape_column_name, SCALARS))
        rows: dict[str, Row] = {}
        found = self._client.execute_sql(f"SELECT {names} FROM {chosen}", *span)  # noqa: S608
        for values in found or ():
            rows[values[0]] = dict(zip(SCALARS, read_back(values, [*SCALARS.values()]), strict=True))
            rows[values[0]] |= {table: [] for table in CHILDREN}
        for table, fields in CHILDREN.items() if rows else ():
            names = ", ".join(f"child.{self._client.escape_column_name(name)}" for name in fields)
            child = self._client.make_qualified_table_name(table)
            found = self._client.execute_sql(
                f"SELECT calls.id, {names} FROM {child} AS child JOIN {chosen} "  # noqa: S608
                "ON child.call_id = calls.id AND child.call_created_at = calls.created_at "
                "ORDER BY calls.id, child.position",
                *span,
            )
            for call_id, *values in found or ():
                rows[call_id][table].append(tuple(read_back(values, [*fields.values()])))
        return rows

    def changes(self, given: Mapping[str, pa.Table], call_ids: Sequence[str]) -> pa.Table:
        """Return a row for each field in which calls, as they are about to be written, differ from here."""
        held = {name: self._client.make_qualified_table_name(name) for name in COMPARED}
        return changes_of(self._client.native_connection, held, given, call_ids)

    def _sql(self, sql: str) -> str:
        calls = self._client.make_qualified_table_name(tables.CALLS)
        loads = self._client.make_qualified_table_name("_dlt_loads")
        return sql.format(of_a_time=OF_A_TIME.format(calls=calls), loads=loads)
