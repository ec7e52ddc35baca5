"""Results as lines of Markdown."""

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median

from growth import Growth
from server import Figures
from trial import Effort, Result

PACKAGES = ("dlt", "duckdb", "requests", "pyarrow")
COLUMNS = (
    *("contestant", "loaded", "seconds", "queryable after", "x limit"),
    *("CPU s", "peak MB", "server CPU", "requests", "429"),
    *("right", "stale", "missing", "extra"),
)
_MEGABYTE = 1_000_000


def opening(title: str, words: str) -> Iterator[str]:
    """Yield a title, and what was used: the day, the versions, the machine."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield from (f"# {title}", "", words, "")
    yield f"{datetime.now(UTC):%Y-%m-%d}. Python {platform.python_version()}, {versions}."
    yield f"{os.cpu_count()} cores, {memory:.0f} GB; load average at the start {os.getloadavg()[0]:.1f}."


def section(title: str, words: str) -> Iterator[str]:
    """Yield a heading, a sentence or two, and the head of a table of results."""
    yield from ("", f"## {title}", "", words, "")
    yield from table_head(COLUMNS)


def row(result: Result, loaded: str) -> str:
    """Return a result as a row of its section's table."""
    effort, figures, verdict = result.effort, result.figures, result.verdict
    multiple = f"{result.queryable_seconds / result.least_seconds:.2f}" if result.least_seconds else ""
    return table_row(
        result.name if not effort.exit_code else f"{result.name} (exit {effort.exit_code})",
        loaded,
        f"{effort.seconds:.1f}",
        f"{result.queryable_seconds:.1f}",
        multiple,
        f"{effort.cpu_seconds:.1f}",
        f"{effort.peak_bytes / _MEGABYTE:,.0f}",
        f"{figures.cpu_seconds / effort.seconds:.0%}",
        *map("{:,}".format, (figures.requests, figures.throttled)),
        *map("{:,}".format, (verdict.right, verdict.stale, verdict.missing, verdict.extra)),
    )


def server_section() -> Iterator[str]:
    """Yield the heading of the server's own section."""
    words = (
        "A client that fetches pages of 100 calls and does not even parse them, without limit or latency. "
        "The column `server CPU` of the tables above is the server's share of one core during a run."
    )
    yield from ("", "## The server alone", "", words, "")
    yield from table_head(
        ("connections", "pages", "seconds", "pages/s", "server CPU", "ms CPU a page", "client CPU")
    )


def server_row(connections: int, effort: Effort, figures: Figures) -> str:
    """Return what the server did for so many connections as a row."""
    return table_row(
        f"{connections}",
        f"{figures.requests:,}",
        f"{effort.seconds:.1f}",
        f"{figures.requests / effort.seconds:,.0f}",
        f"{figures.cpu_seconds / effort.seconds:.0%}",
        f"{1_000 * figures.cpu_seconds / figures.requests:.2f}",
        f"{effort.cpu_seconds / effort.seconds:.0%}",
    )


def growth_section() -> Iterator[str]:
    """Yield the heading of the section on warehouses of different size."""
    words = (
        "A scheduled run of altur-calls that finds 499 new calls and reads 1,779 others again, from the "
        "start of its process to its end, publishing included, into warehouses with more and more older "
        "calls. The sizes were measured by turns, five times; medians."
    )
    yield from ("", "## A scheduled run, and the size of the warehouse", "", words, "")
    yield from table_head(
        ("calls in the warehouse", "file MB", "published MB", "seconds", "x the smallest", "CPU s", "peak MB")
    )


def growth_row(growth: Growth, smallest: Growth) -> str:
    """Return what runs took with a warehouse as a row."""
    return table_row(
        f"{growth.calls:,}",
        f"{growth.file_bytes / _MEGABYTE:,.0f}",
        f"{growth.published_bytes / _MEGABYTE:,.0f}",
        f"{growth.seconds:.2f}",
        f"{growth.seconds / smallest.seconds:.2f}",
        f"{median(effort.cpu_seconds for effort in growth.efforts):.1f}",
        f"{max(effort.peak_bytes for effort in growth.efforts) / _MEGABYTE:,.0f}",
    )


def again_section() -> Iterator[str]:
    """Yield the heading of the section on reading the same calls again and again."""
    words = "All calls of a campaign, loaded once and then read again, so many times, by altur-calls."
    yield from ("", "## The same calls again", "", words, "")
    yield from table_head(("calls", "times", "fresh file MB", "file MB", "x fresh", "peak MB"))


def again_row(calls: int, times: int, fresh: int, after: int, effort: Effort) -> str:
    """Return what became of a file as a row."""
    return table_row(
        f"{calls:,}",
        f"{times}",
        f"{fresh / _MEGABYTE:.1f}",
        f"{after / _MEGABYTE:.1f}",
        f"{after / fresh:.2f}",
        f"{effort.peak_bytes / _MEGABYTE:,.0f}",
    )


def table_head(columns: tuple[str, ...]) -> Iterator[str]:
    """Yield the head of a table: the first column holds names, the others numbers."""
    yield table_row(*columns)
    yield table_row("---", *["---:"] * (len(columns) - 1))


def table_row(*cells: str) -> str:
    """Return cells as a row of a table."""
    return f"| {' | '.join(cells)} |"
