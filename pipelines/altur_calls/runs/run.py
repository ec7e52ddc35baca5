"""A run as it is told of itself: what it was to do, how it ended, and what that took."""

from __future__ import annotations

import platform
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version

import dlt

from altur_calls import tables
from altur_calls.calls.records import Row
from altur_calls.failures import known_of
from altur_calls.logs import tell
from altur_calls.runs.outcomes import FAILED, RUNNING, STOPPED
from altur_calls.tally import Tally
from altur_calls.windows import Clock

OPENING, READING, NORMALIZING, LOADING = "opening", "reading", "normalizing", "loading"
VIEWS, PUBLISHING = "views", "publishing"
STEPS = {"extract": READING, "normalize": NORMALIZING, "load": LOADING}
"""Phases, by the steps of dlt's trace."""


@dataclass(slots=True)
class Run:
    """One run, while it lasts."""

    run_id: str
    started_at: datetime
    tally: Tally
    clock: Clock
    settings: Row = field(default_factory=dict)
    warehouse: str | None = None
    """Where it loads to; ``None`` until that is open."""
    outcome: str = RUNNING
    error: str | None = None
    ended_at: datetime | None = None
    calls_new: int = 0
    load_ids: list[str] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    """The seconds that each took."""
    _began: float = field(default_factory=time.monotonic)
    _last_trace: str | None = None

    @classmethod
    def begun(cls, tally: Tally, clock: Clock) -> Run:
        """Return a run that begins now. Names of later runs come later."""
        now = clock()
        return cls(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", now, tally, clock)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def opened(self, warehouse: str, settings: Row) -> None:
        """Note that the warehouse is open, and what is to be done."""
        self.warehouse, self.settings = warehouse, settings
        self.phases[OPENING] = self.seconds

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time of what is done meanwhile to a phase."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._add(name, time.monotonic() - began)

    def note_load(self, pipeline: dlt.Pipeline) -> None:
        """Count what dlt did last, as its trace tells: completed loads, and the time of each step."""
        trace = pipeline.last_trace
        if trace is None or trace.transaction_id == self._last_trace:
            return
        self._last_trace = trace.transaction_id
        seconds = 0.0
        for step in trace.steps:
            if step.step in STEPS and step.finished_at:
                took = (step.finished_at - step.started_at).total_seconds()
                self._add(STEPS[step.step], took)
                seconds += took
        for package in trace.last_load_info.load_packages if trace.last_load_info else ():
            if package.state == "loaded":
                self.load_ids.append(package.load_id)
                tell(
                    "load",
                    "a load is completed",
                    load_id=package.load_id,
                    calls_read=self.tally.calls_read,
                    seconds=round(seconds, 3),
                )

    def _add(self, phase: str, seconds: float) -> None:
        self.phases[phase] = self.phases.get(phase, 0) + seconds

    def ended(self, outcome: str, error: str | None = None) -> None:
        """Note how it ended."""
        self.outcome, self.error, self.ended_at = outcome, error, self.clock()

    def failed(self, error: BaseException) -> None:
        """Note which error ended it. What an unexpected one says is left out: it may quote a call."""
        known = known_of(error)
        if known:
            self.ended(known.outcome, str(known))
        elif isinstance(error, KeyboardInterrupt):
            self.ended(STOPPED)
        else:
            self.ended(FAILED, f"{type(error).__name__}: run again with --debug for all of it.")

    @property
    def row(self) -> Row:
        """Its row, and where it goes to."""
        told = {"settings": self.settings or None, "versions": versions()}
        return {"warehouse": self.warehouse, **self.facts, **told}

    @property
    def facts(self) -> Row:
        """How it ended, what it brought and what that took."""
        tally = self.tally
        return {
            "run_id": self.run_id,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "outcome": self.outcome,
            "error": self.error,
            "campaign_ids": tally.campaign_ids,
            "is_span": bool(self.settings.get("since") or self.settings.get("until")),
            "windows": tally.windows,
            "windows_in_doubt": len(tally.unproved) + len(tally.missing),
            "calls_read": tally.calls_read,
            "calls_new": self.calls_new,
            "calls_updated": tally.changed_calls,
            "calls_vanished": tally.vanished_calls,
            "calls_rejected": tally.rejected,
            "requests": tally.requests,
            "throttled": tally.throttled,
            "retries": tally.retries,
            "seconds": round(self.seconds, 3),
            **{
                f"seconds_{name}": round(self.phases[name], 3) if name in self.phases else None
                for name in (OPENING, READING, NORMALIZING, LOADING, VIEWS, PUBLISHING)
            },
            "first_load_id": min(self.load_ids, default=None),
            "last_load_id": max(self.load_ids, default=None),
        }


@cache
def versions() -> dict[str, str]:
    """Return the versions of what takes part."""
    parts = {name: version(name) for name in ("altur-calls", "dlt", "duckdb")}
    return {**parts, "tables": str(tables.VERSION), "python": platform.python_version()}
