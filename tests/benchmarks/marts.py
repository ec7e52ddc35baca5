"""Time the marts of ten million calls against flat tables, and what keeping them up costs each load.

``make bench-marts`` runs everything (a quarter of an hour, 8 GB of disk) and writes MARTS.md. A part of it,
shown and not written:

    python tests/benchmarks/marts.py --part marts --calls 1000000
    python tests/benchmarks/marts.py --part loads --folder /tmp/large

The warehouses are made in SQL (``large.py``); a ``--folder`` keeps them for the next time.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import duckdb
import large
import report
from growth import SIZES
from questions import FLAT, QUESTIONS

from altur_calls import process, settings
from altur_calls.analytics.keeping import keep_up
from altur_calls.warehouse.target import Client, Target

RUNS = 9
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Load:
    """What a load brings."""

    new: int
    changed: int
    times: int = RUNS

    def __str__(self) -> str:
        """Say it."""
        return f"{self.new:,} new" + (f", {self.changed} changed" if self.changed else "")


SCHEDULED, CHUNK, MANY = Load(500, 200), Load(settings.CHUNK_CALLS, 0), Load(500, 200, times=200)


def made(folder: Path, calls: int) -> Path:
    """Return the warehouse of so many calls, made if it isn't there."""
    database = folder / f"{calls}.duckdb"
    if not database.exists():
        large.make(database, calls)
    return database


@contextmanager
def opened(database: Path) -> Iterator[Client]:
    """Open a warehouse as a run does."""
    with Target("marts", str(database)).opened() as (_, client):
        yield client


def built(database: Path) -> float:
    """Make the views and tables from the beginning, as after an upgrade; return the seconds that takes."""
    with opened(database) as client:
        client.native_connection.execute("DROP SCHEMA IF EXISTS analytics CASCADE")
        return seconds_of(lambda: keep_up(client))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def marts(folder: Path, sizes: list[int]) -> Iterator[str]:
    """Yield the section on what marts answer, in the largest warehouse."""
    calls = sizes[-1]
    words = (
        f"A campaign and a month of {calls:,} calls, {calls // large.CAMPAIGNS // 12:,} of them; of marts "
        "without days, the campaign. By hand, the same is asked of one flat table that holds all it needs, "
        f"local times too; the answers are compared. Medians of {RUNS}, warm, in turns, read-only."
    )
    yield from section(f"The marts of {calls:,} calls", words, "mart", "ms", "by hand, ms", "ratio")
    database = folder / "marts.duckdb"
    shutil.copy(made(folder, calls), database)
    built(database)
    with duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA flat")
        for table, rows in FLAT.items():
            connection.execute(f"CREATE TABLE flat.{table} AS {rows} ORDER BY created_at")
    with duckdb.connect(database, read_only=True) as connection:
        for mart in QUESTIONS:
            ours, by_hand = answered(connection, mart)
            yield report.table_row(
                mart, f"{1_000 * ours:.1f}", f"{1_000 * by_hand:.1f}", f"{ours / by_hand:.2f}"
            )
    database.unlink()


def answered(connection: duckdb.DuckDBPyConnection, mart: str) -> tuple[float, float]:
    """Return the seconds in which a mart answers its question, and those in which a flat table does.

    Raises:
        ValueError: if they answer otherwise.

    """
    taken: tuple[list[float], list[float]] = [], []
    for _ in range(1 + RUNS):
        answers = []
        for query, seconds in zip(QUESTIONS[mart], taken, strict=True):
            began = time.perf_counter()
            rows = connection.execute(query).fetchall()
            seconds.append(time.perf_counter() - began)
            answers.append(sorted(map(repr, rows)))
        if answers[0] != answers[1]:
            raise ValueError(f"{mart}: {answers[0][:2]} is not {answers[1][:2]}")
    return median(taken[0][1:]), median(taken[1][1:])


def loads(folder: Path, sizes: list[int]) -> Iterator[str]:
    """Yield the section on what loads cost in warehouses of different size."""
    words = (
        "Seconds in which the views and tables of `analytics` are brought up to a load, with the memory that "
        "a run has, and those of the checkpoint that a run ends with; medians of "
        f"{RUNS} loads. {SCHEDULED} is a scheduled run; {CHUNK} is a part of a history that is loaded. Made "
        "anew: once, after an upgrade."
    )
    columns = ("calls in the warehouse", "file MB", "a load", "keep up", "checkpoint", "made anew")
    yield from section("What a load costs", words, *columns)
    for calls in sizes:
        whole, database = folder / "whole.duckdb", folder / "loads.duckdb"
        shutil.copy(made(folder, calls), whole)
        anew = built(whole)
        for load in (SCHEDULED, CHUNK):
            shutil.copy(whole, database)
            kept_up, checkpoint = medians(loaded(database, calls, load))
            size = f"{whole.stat().st_size / MEGABYTE:,.0f}"
            cells = (f"{seconds:.2f}" for seconds in (kept_up, checkpoint))
            yield report.table_row(f"{calls:,}", size, str(load), *cells, f"{anew:.1f}")
        whole.unlink()
        database.unlink()


def many(folder: Path, sizes: list[int]) -> Iterator[str]:
    """Yield the section on the file after many loads, into the largest warehouse but one."""
    calls = sizes[-2] if len(sizes) > 1 else sizes[-1]
    words = (
        f"The file before and after {MANY.times} loads, each of {MANY} calls; what the last {RUNS} of them "
        "cost, medians."
    )
    yield from section("Many loads", words, "calls", "file MB", "bytes a call", "a load, s", "checkpoint, s")
    database = folder / "many.duckdb"
    shutil.copy(made(folder, calls), database)
    built(database)
    yield report.table_row(*_weighed(database, calls), "", "")
    kept_up, checkpoint = medians(list(loaded(database, calls, MANY))[-RUNS:])
    cells = _weighed(database, calls + MANY.times * MANY.new)
    yield report.table_row(*cells, f"{kept_up:.2f}", f"{checkpoint:.2f}")
    database.unlink()


def _weighed(database: Path, calls: int) -> tuple[str, str, str]:
    size = database.stat().st_size
    return f"{calls:,}", f"{size / MEGABYTE:,.1f}", f"{size / calls:.0f}"


def medians(costs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the medians of the seconds of keeping up, and of the checkpoints."""
    kept_up, checkpoints = zip(*costs, strict=True)
    return median(kept_up), median(checkpoints)


def loaded(database: Path, calls: int, load: Load, first: int = 0) -> Iterator[tuple[float, float]]:
    """Yield, for one load after the other, the seconds of keeping up, and of a checkpoint then."""
    with opened(database) as client:
        connection = client.native_connection
        for number in range(first, first + load.times):
            large.load(connection, calls, number, load.new, load.changed)
            connection.execute("CHECKPOINT")
            yield seconds_of(lambda: keep_up(client)), seconds_of(lambda: connection.execute("CHECKPOINT"))


def section(title: str, words: str, *columns: str) -> Iterator[str]:
    """Yield a heading, a few sentences and the head of a table."""
    yield from ("", f"## {title}", "", words, "")
    yield from report.table_head(columns)


PARTS = {"marts": marts, "loads": loads, "many": many}


@click.command()
@click.option("--part", "named", multiple=True, type=click.Choice(list(PARTS)), help="Repeatable.")
@click.option("--calls", type=int, default=max(SIZES), show_default=True, help="Of the largest warehouse.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where warehouses are kept for the next time."
)
@click.option("--results", type=click.Path(path_type=Path), help="File to write the results to as well.")
def main(named, calls, folder, results):
    """Time the marts, and the loads that keep them up."""
    process.prepare()
    with TemporaryDirectory(prefix="marts") as temporary:
        os.environ["DLT_DATA_DIR"] = temporary
        words = (
            "Written by `make bench-marts`; what is compared and how: `marts.py`, `questions.py`, `large.py`."
        )
        lines = list(report.opening("The marts", words))
        sizes = [size for size in SIZES if size < calls] + [calls]
        for name in named or PARTS:
            for line in PARTS[name](folder or Path(temporary), sizes):
                click.echo(line)
                lines.append(line)
    if results:
        results.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
