"""Put right what runs leave behind: unfinished loads, states from the future, copies of what was loaded."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
from dlt.destinations.sql_client import SqlClientBase

from altur_calls import tables

UNFINISHED = """
DELETE FROM {windows} WHERE _dlt_load_id NOT IN (SELECT load_id FROM {loads} WHERE status = 0)
"""

ORPHANS = """
DELETE FROM {child} WHERE NOT EXISTS (
    SELECT 1 FROM {calls} AS calls WHERE calls.id = call_id AND calls.created_at = call_created_at
)
"""

FROM_THE_FUTURE = "FROM {states} WHERE CAST(_dlt_load_id AS DOUBLE PRECISION) > %s"

CLOCK_SLACK_SECONDS = 60


def forget_unfinished(pipeline: dlt.Pipeline) -> None:
    """Remove the ledger rows of loads that were never completed: the calls they speak of may not be there."""
    with pipeline.sql_client() as client:
        windows = client.make_qualified_table_name(tables.WINDOWS)
        loads = client.make_qualified_table_name(pipeline.default_schema.loads_table_name)
        client.execute_sql(UNFINISHED.format(windows=windows, loads=loads))


def forget_orphans(client: SqlClientBase[Any]) -> None:
    """Remove child rows of calls as they no longer are.

    Children are replaced by call and time. A call that the API shows as created at another time than before
    is merged like any other, but its older children stand where nobody looks for them.
    """
    calls = client.make_qualified_table_name(tables.CALLS)
    for name in tables.CHILD_COLUMNS:
        child = client.make_qualified_table_name(name)
        client.execute_sql(ORPHANS.format(child=child, calls=calls))


def forget_changes(client: SqlClientBase[Any], before: datetime) -> None:
    """Remove changes that were seen before a moment: the log is bounded."""
    changes = client.make_qualified_table_name(tables.CHANGES)
    client.execute_sql(f"DELETE FROM {changes} WHERE read_at < %s", before)  # noqa: S608 (a name of ours, quoted)


def forget_future(pipeline: dlt.Pipeline) -> bool:
    """Remove states from the future; true if there was one, so that the state must be fetched anew.

    dlt takes the state with the highest load id, which is a time. One written under a clock that ran ahead
    would be taken for the newest until that time has come.
    """
    with pipeline.sql_client() as client:
        states = client.make_qualified_table_name(pipeline.default_schema.state_table_name)
        future, latest = FROM_THE_FUTURE.format(states=states), time.time() + CLOCK_SLACK_SECONDS
        found = client.execute_sql(f"SELECT count(*) {future}", latest)
        if found and found[0][0]:
            client.execute_sql(f"DELETE {future}", latest)
            return True
    return False


def forget_windows_ahead(client: SqlClientBase[Any], now: datetime) -> None:
    """Put right the ledger where a clock ran ahead: windows that end after ``now`` prove nothing.

    The cursors don't believe these either, so they are read again. What was read later than now was read by
    now, or a read to come would not count as the later one.
    """
    windows = client.make_qualified_table_name(tables.WINDOWS)
    latest = now + timedelta(seconds=CLOCK_SLACK_SECONDS)
    client.execute_sql(f"DELETE FROM {windows} WHERE window_end > %s", latest)  # noqa: S608 (a name of ours)
    client.execute_sql(f"UPDATE {windows} SET read_at = %s WHERE read_at > %s", now, latest)  # noqa: S608


def forget_merged(client: SqlClientBase[Any]) -> None:
    """Remove dlt's copy, in the warehouse, of what was merged last: people query that file.

    The next load makes it again.
    """
    with client.with_staging_dataset():
        if client.has_dataset():
            client.drop_dataset()


def forget_loaded(pipeline: dlt.Pipeline) -> None:
    """Remove dlt's copies of what was loaded, but for the last: they would grow with the warehouse."""
    packages = Path(pipeline.working_dir, "load", "loaded").glob("*")
    for package in sorted(packages, key=lambda folder: float(folder.name))[:-1]:
        shutil.rmtree(package)
