"""A scheduled run into warehouses of different size, and reading the same calls again and again.

The first warehouse is loaded from the API. The larger ones are copies of it, filled up with older calls: the
same again, a month earlier each time, with children, windows and loads. Two runs that are not measured bring
their views up to that, and publish it, so that the file is there that readers had before theirs.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb
from extractors import HERE, PYTHON, Job
from server import Server
from trial import Effort, run_process
from workloads import NOON

from altur_sandbox import BulkWorld

CALLS, MONTH_DAYS, SOON, LATER = 100_000, 30, timedelta(minutes=1), timedelta(hours=3.6)
SIZES = (100_000, 1_000_000, 10_000_000)
RUNS = 5
AT = str(HERE / "altur_calls_at.py")
AGAIN = str(HERE / "altur_calls_again.py")

OLDER = {
    "campaign_calls": "id || '-' || {n} AS id, created_at - {span} AS created_at, _dlt_id || {n} AS _dlt_id",
    **dict.fromkeys(
        (f"campaign_calls__{child}" for child in ("contact", "tags", "policies", "extracted_data")),
        "call_id || '-' || {n} AS call_id, call_created_at - {span} AS call_created_at, "
        "_dlt_id || {n} AS _dlt_id",
    ),
    "call_windows": "window_start - {span} AS window_start, window_end - {span} AS window_end, "
    "_dlt_id || {n} AS _dlt_id, _dlt_load_id || {n} AS _dlt_load_id",
    "_dlt_loads": "load_id || {n} AS load_id",
}
"""What sets a row apart from the one it is a copy of, by table."""


@dataclass(frozen=True)
class Growth:
    """What runs took with a warehouse of some size."""

    calls: int
    file_bytes: int
    published_bytes: int
    efforts: tuple[Effort, ...]

    @property
    def seconds(self) -> float:
        """What a run took, the median."""
        return median(effort.seconds for effort in self.efforts)


def world() -> BulkWorld:
    """Return a month of calls until noon, and a day of more to come."""
    per_day = CALLS // MONTH_DAYS
    start = NOON - timedelta(days=MONTH_DAYS)
    return BulkWorld({1: per_day * (MONTH_DAYS + 1)}, start=start, days=MONTH_DAYS + 1)


def grown(sizes: Sequence[int] = SIZES, runs: int = RUNS) -> Iterator[Growth]:
    """Yield what a scheduled run takes for each size of the warehouse; the sizes are measured by turns.

    Between the first and the last of them lie many minutes of filling, in which a machine changes its pace.
    """
    with Server(world, requests_per_second=None) as server, TemporaryDirectory(prefix="growth") as name:
        folder = Path(name)
        job = Job(server.url, (1,), folder / "job", is_limited=True, moment=None)
        warehouses = dict(_warehouses(job, folder, sizes))
        efforts: dict[int, list[Effort]] = {calls: [] for calls in sizes}
        for _ in range(runs):
            for calls, warehouse in warehouses.items():
                shutil.rmtree(job.folder)
                shutil.copytree(warehouse, job.folder)
                os.sync()  # a run is not to wait for what was copied here
                efforts[calls].append(run_process((PYTHON, AT, (NOON + LATER).isoformat()), job))
        for calls, warehouse in warehouses.items():
            files = (warehouse / file.name for file in (job.database, job.published))
            yield Growth(calls, *(file.stat().st_size for file in files), tuple(efforts[calls]))


def _warehouses(job: Job, folder: Path, sizes: Sequence[int]) -> Iterator[tuple[int, Path]]:
    """Yield each size, and a copy of the job's folder with as many calls, loaded and published."""
    job.folder.mkdir()
    run_process((PYTHON, AT, NOON.isoformat()), job)
    youngest = shutil.copy(job.database, folder / "youngest.duckdb")
    months = 1
    for calls in sizes:
        fill_up(job.database, youngest, range(months, calls // CALLS))
        months = calls // CALLS
        for soon in (SOON, 2 * SOON):
            run_process((PYTHON, AT, (NOON + soon).isoformat()), job)
        yield calls, shutil.copytree(job.folder, folder / f"{calls}")


def fill_up(database: Path, youngest: Path, months: range) -> None:
    """Add the rows of another warehouse to one, once for each of so many months earlier."""
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{youngest}' AS youngest (READ_ONLY)")
        for table, changes in OLDER.items():
            for n in months:
                changed = changes.format(n=n, span=f"to_days({n * MONTH_DAYS})")
                rows = f"SELECT * REPLACE ({changed}) FROM youngest.altur.{table}"
                connection.execute(f"INSERT INTO altur.{table} {rows}")
            # DuckDB joins what was filled in parts at the checkpoint after a deletion: no part of a run.
            connection.execute(f"DELETE FROM altur.{table} WHERE rowid = 0")
            connection.execute("CHECKPOINT")


def read_again(calls: int, times: int) -> tuple[int, int, Effort]:
    """Return the size of a warehouse, fresh and after all was read again so often, and what that took."""
    with (
        Server(partial(BulkWorld, {1: calls}), requests_per_second=None) as server,
        TemporaryDirectory(prefix="again") as name,
    ):
        job = Job(server.url, (1,), Path(name), is_limited=False, moment=None)
        run_process((PYTHON, AGAIN, "0"), job)
        fresh = job.database.stat().st_size
        effort = run_process((PYTHON, AGAIN, str(times)), job)
        return fresh, job.database.stat().st_size, effort
