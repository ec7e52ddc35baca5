"""What the log of changes costs: the same calls found changed, with the log and without it."""

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb
from server import KEY, Server

from altur_calls import pipeline, process
from altur_calls.warehouse.target import Target
from altur_sandbox import BulkWorld

OTHERWISE = """
UPDATE altur.campaign_calls
SET _dlt_id = 'x' || _dlt_id[2:], status = 'in-progress', answered_by = NULL, duration = 0
WHERE id IN (SELECT id FROM altur.campaign_calls ORDER BY created_at DESC LIMIT {changed})
"""
"""As if the youngest calls had been read while they were in progress."""

PAIRS = 5


def cost(calls: int, changed: int, pairs: int = PAIRS) -> tuple[float, float, int]:
    """Return the CPU seconds of a run that finds calls changed, with and without the log; the log's rows."""
    with (
        Server(partial(BulkWorld, {1: calls}), requests_per_second=None) as server,
        TemporaryDirectory(prefix="changes") as folder,
    ):
        target = Target("changes", str(Path(folder, "changes.duckdb")))
        given = {"api_key": KEY, "base_url": server.url, "campaign_ids": [1], "requests_per_second": 100_000}
        pipeline.run(target, **given)
        spent: dict[int, list[float]] = {30: [], 0: []}
        for days in (30, 0) * pairs:
            with duckdb.connect(target.credentials) as connection:
                connection.execute(OTHERWISE.format(changed=changed))
            began = time.process_time()
            pipeline.run(target, since="2020-01-01", change_log_days=days, **given)
            spent[days].append(time.process_time() - began)
            if days:
                with duckdb.connect(target.credentials) as connection:
                    ((rows,),) = connection.execute("SELECT count(*) FROM altur.call_changes").fetchall()
        return median(spent[30]), median(spent[0]), rows


def main() -> None:
    """Print the cost for a scheduled run, and for one that finds every call changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    calls = parser.parse_args().calls
    process.prepare()
    for changed in (calls // 40, calls):
        with_log, without, rows = cost(calls, changed)
        told = f"{calls:,} calls read again, {changed:,} changed, {rows:,} rows: "
        told += f"{with_log:.2f} s of CPU with the log, {without:.2f} s without ({with_log / without:.2f}x)"
        sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main()
