"""The workloads: which world is served how, and at which moments it is loaded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from server import StoppedClock

from altur_sandbox import BulkWorld, SeededWorld, World

PAGE_SIZE = 100
LIMIT = 12
LATENCY_SECONDS = 0.25
NOON = datetime(2026, 3, 3, 18, tzinfo=UTC)
"""Noon of a Tuesday where the campaigns are."""

_HOUR = timedelta(hours=1)

Latency = float | tuple[float, float]


@dataclass(frozen=True)
class Workload:
    """A world to load.

    options: of the server. moments: at which it is loaded, one after the other, if its time matters.
    """

    title: str
    make_world: Callable[[], World]
    options: dict[str, Any] = field(default_factory=dict)
    moments: tuple[datetime | None, ...] = (None,)

    @property
    def requests_per_second(self) -> int | None:
        """The limit of the API, if it has one."""
        return self.options["requests_per_second"]

    @property
    def is_limited(self) -> bool:
        """Whether the API has a limit."""
        return self.requests_per_second is not None

    @property
    def loads(self) -> list[str]:
        """What each load is called."""
        later = [moment - self.moments[0] for moment in self.moments[1:] if moment and self.moments[0]]
        return [self.title, *(f"{span / _HOUR:g} h later" for span in later)]


def api_bound(calls: int, latency: Latency = LATENCY_SECONDS, limit: int | None = LIMIT) -> Workload:
    """Return finished calls behind an API that takes its time."""
    options = {"latency": latency, "requests_per_second": limit}
    return Workload(f"{calls:,} calls, {told(latency)}", partial(BulkWorld, _campaigns(calls)), options)


def many_campaigns(campaigns: int, calls: int, latency: Latency) -> Workload:
    """Return so many campaigns of so many finished calls each."""
    options = {"latency": latency, "requests_per_second": LIMIT}
    world = partial(BulkWorld, dict.fromkeys(range(1, campaigns + 1), calls))
    return Workload(f"{campaigns} x {calls} calls, {told(latency)}", world, options)


def told(latency: Latency) -> str:
    """Return a latency as text."""
    bounds = latency if isinstance(latency, tuple) else (latency,)
    return " to ".join(f"{1_000 * bound:.0f}" for bound in bounds) + " ms"


def cpu_bound(calls: int, latency: Latency = 0.0) -> Workload:
    """Return finished calls behind an API that is never waited for."""
    return api_bound(calls, latency, limit=None)


def staleness(hours: tuple[float, ...]) -> Workload:
    """Return four living campaigns, loaded at noon and again so many hours later."""
    moments = (NOON, *(NOON + timedelta(hours=later) for later in hours))
    world = partial(SeededWorld, clock=StoppedClock(NOON), days=7, scale=3)
    return Workload("first load", world, {"requests_per_second": None}, moments)


def _campaigns(calls: int) -> dict[int, int]:
    """Share calls among three campaigns of different size."""
    half, third = calls // 2, calls * 3 // 10
    return {1: half, 2: third, 3: calls - half - third}
