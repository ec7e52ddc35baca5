"""Put a warehouse right that a run left unfinished, or that was written under a clock that ran ahead."""

from __future__ import annotations

import time

import dlt

from altur_calls import tables

UNFINISHED = """
DELETE FROM {windows} WHERE _dlt_load_id NOT IN (SELECT load_id FROM {loads} WHERE status = 0)
"""

FROM_THE_FUTURE = "FROM {states} WHERE CAST(_dlt_load_id AS DOUBLE PRECISION) > %s"

CLOCK_SLACK_SECONDS = 60


def forget_unfinished(pipeline: dlt.Pipeline) -> None:
    """Remove the ledger rows of loads that were never completed: the calls they speak of may not be there."""
    with pipeline.sql_client() as client:
        windows = client.make_qualified_table_name(tables.WINDOWS)
        loads = client.make_qualified_table_name(pipeline.default_schema.loads_table_name)
        client.execute_sql(UNFINISHED.format(windows=windows, loads=loads))


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
