"""Compare altur-calls with other ways to load the same calls, all against the sandbox, in one go.

``make bench`` runs everything (half an hour) and writes RESULTS.md; ``make bench CALLS=60000`` does
so with another number of calls for the API-bound workload. A part of it, shown and not written:

    python tests/benchmarks/compare.py --only altur-calls --workload api --calls 60000 --latency 0.25
    python tests/benchmarks/compare.py --workload api --calls 12000 --latency 0.05-0.8
    python tests/benchmarks/compare.py --workload staleness --only altur-calls --only by-hand

Contestants are started as processes of their own (``contestants/``); what one takes is measured from the
start of its process to its end. A warehouse can be queried then; what altur-calls publishes, already before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import report
from extractors import ALL, ALTUR_CALLS, BY_HAND, BY_HAND_AGAIN, BY_NAME, Contestant
from growth import SIZES, grown, read_again
from trial import served, tried
from workloads import (
    LATENCY_SECONDS,
    LIMIT,
    Latency,
    Workload,
    api_bound,
    cpu_bound,
    many_campaigns,
    staleness,
)

WORKLOADS = ("api", "cpu", "staleness", "growth", "again", "server")
API_CALLS, API_CALLS_OF_OURS = 20_000, 60_000
CPU_CALLS, CPU_CALLS_OF_THE_FAST = 20_000, 100_000
AGAIN_CALLS, AGAIN_TIMES = 50_000, 20
HARDER = ((60_000, 1.0), (60_000, (0.05, 0.8)), (240_000, LATENCY_SECONDS))
HOURS = (2.0, 26.0)
CONNECTIONS = (1, 4)


@dataclass(frozen=True)
class Wish:
    """What the command line asks for; empty or None: as usual."""

    only: tuple[str, ...]
    calls: int | None
    latency: Latency | None
    hours: tuple[float, ...]
    times: int

    @property
    def is_usual(self) -> bool:
        """Whether neither the number of calls nor the latency was asked for."""
        return self.calls is None and self.latency is None

    def among(self, usual: Sequence[Contestant]) -> list[Contestant]:
        """Return those to try: the ones named, whether usual or not."""
        return [BY_NAME[name] for name in self.only] or list(usual)

    def loads(self, usual: int, more: int, fast: Sequence[Contestant]) -> Iterator[tuple[int, Contestant]]:
        """Yield numbers of calls, each with who loads them: the usual all, and more the fast ones."""
        yield from ((self.calls or usual, contestant) for contestant in self.among(ALL))
        if not self.calls:
            yield from ((more, contestant) for contestant in self.among(fast) if contestant in fast)


class LatencyType(click.ParamType):
    """Seconds, or two numbers of seconds with a dash between: anything from the one to the other."""

    name = "seconds"

    def convert(self, value, param, ctx):  # noqa: ARG002 - click's signature
        """Read it."""
        try:
            low, dash, high = value.partition("-")
            return (float(low), float(high)) if dash else float(low)
        except ValueError:
            self.fail(f"{value!r} is neither like 0.25 nor like 0.05-0.8")


def api(wish: Wish) -> Iterator[str]:
    """Yield the section in which the API is the limit."""
    latency = LATENCY_SECONDS if wish.latency is None else wish.latency
    yield from report.section(
        "The API is the limit",
        f"{LIMIT} requests in any second. `queryable after` are seconds from the start of the process until "
        "another one can query all calls; `x limit` is that as a multiple of what the limit leaves: pages / "
        f"{LIMIT}.",
    )
    for calls, contestant in wish.loads(API_CALLS, API_CALLS_OF_OURS, [ALTUR_CALLS]):
        yield from _rows(contestant, api_bound(calls, latency))
    if wish.is_usual and ALTUR_CALLS in wish.among(ALL):
        for calls, other_latency in HARDER:
            yield from _rows(ALTUR_CALLS, api_bound(calls, other_latency))
        yield from _rows(ALTUR_CALLS, many_campaigns(300, 200, latency))


def cpu(wish: Wish) -> Iterator[str]:
    """Yield the section in which the contestant is the limit."""
    latency = wish.latency or 0.0
    yield from report.section("The extractor is the limit", "No limit on requests.")
    for calls, contestant in wish.loads(CPU_CALLS, CPU_CALLS_OF_THE_FAST, [ALTUR_CALLS, BY_HAND]):
        yield from _rows(contestant, cpu_bound(calls, latency))


def stale(wish: Wish) -> Iterator[str]:
    """Yield the section in which the calls change after they were read."""
    yield from report.section(
        "Calls that change",
        "Four living campaigns, loaded and loaded again hours later: by then calls in progress ended, tags "
        "and policy results came, and there are new calls. `by-hand-a-day-again` asks for the day before the "
        "newest call again, too.",
    )
    for contestant in wish.among([*ALL, BY_HAND_AGAIN]):
        yield from _rows(contestant, staleness(wish.hours))


def server(wish: Wish) -> Iterator[str]:
    """Yield the section that tells whether the server held anybody up."""
    yield from report.server_section()
    for connections in CONNECTIONS:
        workload = cpu_bound(wish.calls or CPU_CALLS_OF_THE_FAST, wish.latency or 0.0)
        yield report.server_row(connections, *served(workload, connections))


def growth(wish: Wish) -> Iterator[str]:
    """Yield the section on warehouses of different size; ``--calls`` is that of the largest."""
    yield from report.growth_section()
    several = []
    for size in grown([calls for calls in SIZES if calls <= (wish.calls or max(SIZES))]):
        several.append(size)
        yield report.growth_row(size, several[0])


def again(wish: Wish) -> Iterator[str]:
    """Yield the section on the same calls, read again and again."""
    yield from report.again_section()
    calls = wish.calls or AGAIN_CALLS
    yield report.again_row(calls, wish.times, *read_again(calls, wish.times))


SECTIONS = dict(zip(WORKLOADS, (api, cpu, stale, growth, again, server), strict=True))


def _rows(contestant: Contestant, workload: Workload) -> Iterator[str]:
    for loaded, result in zip(workload.loads, tried(contestant, workload), strict=True):
        yield report.row(result, loaded)
        if result.verdict.example:
            click.echo(f"  for example {result.verdict.example}", err=True)


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(BY_NAME)), help="Contestant; repeatable.")
@click.option("--workload", "named", multiple=True, type=click.Choice(WORKLOADS), help="Repeatable.")
@click.option("--calls", type=int, help="How many to load, by all contestants.")
@click.option("--api-calls", type=int, help="The same, in the workload api only.")
@click.option("--latency", type=LatencyType(), help="Of the server, like 0.25 or 0.05-0.8.")
@click.option("--hours", type=float, multiple=True, default=HOURS, show_default=True, help="Of staleness.")
@click.option("--times", type=int, default=AGAIN_TIMES, show_default=True, help="To read again.")
@click.option("--results", type=click.Path(path_type=Path), help="File to write the results to as well.")
def main(only, named, calls, api_calls, latency, hours, times, results):
    """Run contestants in workloads; all of them unless named."""
    words = "Written by `make bench`; what is compared and how: `compare.py`, `contestants/`."
    lines = list(report.opening("altur-calls and others", words))
    for name in named or WORKLOADS:
        wish = Wish(only, calls or (api_calls if name == "api" else None), latency, hours, times)
        for line in SECTIONS[name](wish):
            click.echo(line)
            lines.append(line)
    if results:
        results.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
