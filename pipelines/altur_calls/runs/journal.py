"""The journal of runs: what the warehouse can't be told while it is not open, beside the lock of the runs.

A run leaves a line when it has the warehouse and one when it ends. A killed one leaves only the first.
Whoever has the warehouse open next writes all of them there. The latest stay in the journal too: that can be
read while a run has the warehouse.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlt.common.pipeline import get_dlt_pipelines_dir
from filelock import FileLock, Timeout

from altur_calls.calls.records import Row
from altur_calls.errors import AlturError
from altur_calls.logs import of_run
from altur_calls.runs.outcomes import KILLED, RUNNING
from altur_calls.runs.run import Run

KEPT = 50
"""Runs that stay, after all were written to the warehouse."""

MOST_BYTES = 4_000_000
"""Of runs that nobody could write there. Of more, the older half is forgotten."""

PATIENCE_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a pipeline."""

    path: Path

    def note(self, row: Row) -> None:
        """Add what a run tells of itself now. That it can't is no reason for a run to fail."""
        with self._told(), self._alone():
            self._forget_half()
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" + _line(row))  # a line that a crash cut short is ended first

    def rows(self) -> list[Row]:
        """Return the runs it knows, each as it was told of last, the first to begin first."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        latest = {row["run_id"]: row for row in _parsed(text.splitlines())}
        return sorted(latest.values(), key=lambda row: str(row["started_at"]))

    def settle(self, rows: Iterable[Row]) -> None:
        """Keep the latest of some rows, which the warehouse has, and all others."""
        settled = {row["run_id"]: row for row in rows}
        with self._told(), self._alone():
            others = [row for row in self.rows() if row["run_id"] not in settled]
            self._write([*[*settled.values()][-KEPT:], *others])

    def _forget_half(self) -> None:
        if self.path.exists() and self.path.stat().st_size > MOST_BYTES:
            rows = self.rows()
            self._write(rows[len(rows) // 2 :])

    def _write(self, rows: Sequence[Row]) -> None:
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_text("".join(map(_line, rows)), encoding="utf-8")
        new.replace(self.path)

    def _alone(self) -> AbstractContextManager[Any]:
        """Keep other runs out for a moment."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.path}.lock", timeout=PATIENCE_SECONDS)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, Timeout) as error:
            logger.warning("The journal of runs can't be written: %s", error)


def journal_of(pipeline_name: str) -> Journal:
    """Return the journal of a pipeline, in dlt's folder."""
    return Journal(Path(get_dlt_pipelines_dir()) / f"{pipeline_name}.runs.jsonl")


@contextmanager
def noted(run: Run, journal: Journal) -> Iterator[None]:
    """Note in the journal how a run fails, and in the error, and all that is logged, of which run it is."""
    try:
        with of_run(run.run_id):
            yield
    except BaseException as error:
        if run.ended_at is None:
            run.failed(error)
        journal.note(run.row)
        if isinstance(error, AlturError):
            error.run_id = run.run_id
        raise


def concluded(rows: Iterable[Row], run_id: str) -> list[Row]:
    """Return rows as the run that holds the lock knows them: another that has not ended was killed."""
    return [
        {**row, "outcome": KILLED} if row["outcome"] == RUNNING and row["run_id"] != run_id else row
        for row in rows
    ]


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"


def _parsed(lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and {"run_id", "started_at", "outcome"} <= row.keys():
            yield row
