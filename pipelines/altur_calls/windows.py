"""Windows of ``created_at``: the unit of reading, proving and remembering. Pure; the clock is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Tells the time, aware."""

SMALLEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Half-open span of creation times in UTC, on whole seconds: ``start <= created_at < end``."""

    start: datetime
    end: datetime

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment < self.end

    def __str__(self) -> str:
        return f"[{self.start:%Y-%m-%dT%H:%M:%SZ}, {self.end:%Y-%m-%dT%H:%M:%SZ})"

    @property
    def length(self) -> timedelta:
        """The span of time from start to end."""
        return self.end - self.start

    def cut(self, at: datetime) -> tuple[Window, ...]:
        """Return the parts before and from ``at``, without empty ones."""
        at = floor(min(max(at, self.start), self.end))
        return tuple(part for part in (Window(self.start, at), Window(at, self.end)) if part.length)

    def parts(self, count: int) -> tuple[Window, ...]:
        """Tile the window with ``count`` parts of like length, or as many as there are seconds."""
        count = min(count, self.length // SMALLEST)
        edges = [floor(self.start + self.length * n / count) for n in range(count)]
        return tuple(Window(a, b) for a, b in zip(edges, [*edges[1:], self.end], strict=True))


def utc_now() -> datetime:
    """Return the present, by the clock of this machine."""
    return datetime.now(UTC)


def floor(moment: datetime) -> datetime:
    """Cut a moment to its whole second, the precision windows are kept in."""
    return moment.replace(microsecond=0)
