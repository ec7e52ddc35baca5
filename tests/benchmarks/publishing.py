"""Time what it costs to publish a warehouse for readers, of about 100 MB and of about 1 GB.

``make bench-publishing`` runs it (five minutes, 3 GB of disk) and writes PUBLISHING.md. To try a size:

    python tests/benchmarks/publishing.py --calls 300000

The warehouses are made in SQL (``large.py``). How much of the time is the disk's, a plain copy of the working
file tells, written to the disk as well. A load brings 500 new calls and 2,000 that changed.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import large
import report
from marts import MEGABYTE, built, seconds_of

from altur_calls import process
from altur_calls.analytics.keeping import keep_up
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.publisher import publish_client
from altur_calls.publishing.replacing import sync
from altur_calls.warehouse.target import Target

SIZES = (550_000, 5_500_000)
NEW, CHANGED = 500, 2_000
"""Calls of a load."""

LOADS = 3
"""The first is written into a copy of what was made at once, the others of what loads were written into."""

COLUMNS = (
    *("calls", "working file, MB", "published, MB", "all, s", "first load, s", "a load, s", "nothing new, s"),
    *("Parquet, MB", "Parquet as well, s", "plain copy, s"),
)


def published(folder: Path, calls: int) -> str:
    """Publish a warehouse of so many calls; return the row of the table."""
    database = folder / "working.duckdb"
    large.make(database, calls)
    built(database)
    with Target("large", str(database)).opened() as (_, client):
        first = publish_client(client, settings_of())
        loads = []
        for number in range(LOADS):
            large.load(client.native_connection, calls, number, NEW, CHANGED)
            keep_up(client)
            loads.append(publish_client(client, settings_of()))
        again = publish_client(client, settings_of())
        files = publish_client(client, settings_of(parquet=True))
    copy = folder / "copy.duckdb"

    def copied() -> None:
        shutil.copyfile(database, copy)
        sync(copy)

    plain = seconds_of(copied)
    row = report.table_row(
        f"{calls:,}",
        *(f"{size / MEGABYTE:,.0f}" for size in (database.stat().st_size, first.size)),
        *(f"{done.seconds:.2f}" for done in (first, loads[0], loads[-1], again)),
        f"{size_of(files.parquet) / MEGABYTE:,.0f}",
        *(f"{seconds:.2f}" for seconds in (files.seconds, plain)),
    )
    for path in (database, copy, *folder.glob(f"*{first.database.name}*")):
        path.unlink()
    return row


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def lines_of(sizes: tuple[int, ...], folder: Path) -> Iterator[str]:
    """Yield the results as text."""
    words = "Written by `make bench-publishing`; what is done and how: `publishing.py`, `large.py`."
    yield from (*report.opening("Publishing", words), "")
    yield (
        f"`all` is published first. A load brings {NEW} new calls and {CHANGED:,} that changed: much beside "
        "files of this size, so it is written into a copy of what readers have."
    )
    yield ""
    yield from report.table_head(COLUMNS)
    for calls in sizes:
        yield published(folder, calls)


@click.command()
@click.option("--calls", type=int, help="Of one warehouse; by default of two, of 100 MB and of 1 GB.")
@click.option("--results", type=click.Path(path_type=Path), help="File to write the results to as well.")
def main(calls, results):
    """Time what it costs to publish."""
    process.prepare()
    with TemporaryDirectory(prefix="publishing") as temporary:
        os.environ["DLT_DATA_DIR"] = temporary
        os.environ["PUBLISHING__ENABLED"] = "false"  # of the tables, before there are rows
        lines = []
        for line in lines_of((calls,) if calls else SIZES, Path(temporary)):
            click.echo(line)
            lines.append(line)
    if results:
        results.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
