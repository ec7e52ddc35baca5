"""A trial: one contestant in one workload, measured and judged."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors import HERE, PYTHON, Contestant, Job
from server import KEY, Figures, Server, StoppedClock
from truth import Verdict, judged, rows_in, rows_of
from workloads import PAGE_SIZE, Workload

from altur_sandbox import World
from altur_sandbox.worlds.base import Wanted

METER = str(Path(__file__).with_name("meter.py"))
TIMEOUT_SECONDS = 1_200


@dataclass(frozen=True)
class Effort:
    """What a process took, its children included, and when it began, in seconds since 1970."""

    began_at: float
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int


@dataclass(frozen=True)
class Result:
    """What a run of a contestant took, and what it led to.

    queryable_seconds: from the start of the process until another one can query what it loaded.
    least_seconds: what the API's limit alone would take for the pages there are, None without a limit.
    """

    name: str
    effort: Effort
    queryable_seconds: float
    figures: Figures
    verdict: Verdict
    least_seconds: float | None


def tried(contestant: Contestant, workload: Workload) -> Iterator[Result]:
    """Yield the result of each run: one for every moment of the workload."""
    world = workload.make_world()
    with (
        Server(workload.make_world, **workload.options) as server,
        tempfile.TemporaryDirectory(prefix="benchmark") as folder,
    ):
        for moment in workload.moments:
            if moment is not None:
                server.move_to(moment)
                world.clock = StoppedClock(moment)
            job = Job(server.url, tuple(world.zones), Path(folder), workload.is_limited, moment)
            server.figures()
            effort = run_process(contestant.command(job), job)
            figures = server.figures()
            verdict = judged(rows_in(job.database, contestant.sql), rows_of(world))
            queryable, least = _queryable_seconds(effort, job), _least_seconds(world, workload)
            yield Result(contestant.name, effort, queryable, figures, verdict, least)


def served(workload: Workload, connections: int) -> tuple[Effort, Figures]:
    """Return what fetching every page of the largest campaign takes a client that does nothing else."""
    world = workload.make_world()
    pages = {campaign_id: _pages(world, campaign_id) for campaign_id in world.zones}
    largest = max(pages, key=pages.__getitem__)
    arguments = (str(largest), str(pages[largest]), str(connections))
    with Server(workload.make_world, **workload.options) as server, tempfile.TemporaryDirectory() as folder:
        job = Job(server.url, (largest,), Path(folder), is_limited=False, moment=None)
        server.figures()
        effort = run_process((PYTHON, str(HERE / "raw_client.py"), server.url, KEY, *arguments), job)
        return effort, server.figures()


def run_process(command: tuple[str, ...], job: Job) -> Effort:
    """Run a command in a fresh process; say on stderr what it said, if it fails."""
    result, log = job.folder / "effort.json", job.folder / "log"
    with log.open("w") as file:
        subprocess.run(
            [PYTHON, "-I", "-S", METER, str(result), *command],
            cwd=job.folder,
            env=job.environment,
            stdout=file,
            stderr=file,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    effort = Effort(**json.loads(result.read_text()))
    if effort.exit_code:
        sys.stderr.write(f"{command[:2]} ended with {effort.exit_code}:\n{log.read_text()[-2_000:]}\n")
    return effort


def _queryable_seconds(effort: Effort, job: Job) -> float:
    """Return when what is published was put in its place; without that, when the process ended."""
    if not job.published.exists():
        return effort.seconds
    return job.published.stat().st_ctime - effort.began_at


def _pages(world: World, campaign_id: int) -> int:
    return -(-len(world.select(campaign_id, Wanted())) // PAGE_SIZE)


def _least_seconds(world: World, workload: Workload) -> float | None:
    if workload.requests_per_second is None:
        return None
    return sum(_pages(world, campaign_id) for campaign_id in world.zones) / workload.requests_per_second
