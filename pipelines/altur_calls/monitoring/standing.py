"""How things stand: what the warehouse, the journal of runs and the lock tell together.

What is published is asked first: that holds up no run, and no run holds it up. What came later, such as runs
that failed since, the journal knows; of runs with another folder of dlt, the working file. That is asked for
all where nothing is published any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, cast

import duckdb
from dlt.common.pipeline import get_dlt_pipelines_dir

from altur_calls.calls.records import Row
from altur_calls.errors import Busy, WarehouseError
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.readers import reading
from altur_calls.runs import outcomes
from altur_calls.runs.journal import concluded, journal_of
from altur_calls.warehouse.lock import is_held
from altur_calls.warehouse.target import Target
from altur_calls.windows import Clock, utc_now

RUNS_ASKED_FOR = 50

RUNS = f"""
SELECT
    run_id, started_at, ended_at, outcome, error, CAST(campaign_ids AS VARCHAR) AS campaign_ids, is_span,
    windows, windows_in_doubt, calls_new, calls_updated, seconds, last_load_id
FROM analytics.runs WHERE outcome <> '{Busy.outcome}' ORDER BY started_at DESC LIMIT {RUNS_ASKED_FOR}
"""  # noqa: S608 (values of ours)

CAMPAIGNS = """
SELECT campaign_id, campaign_name, data_completeness.proved_until, calls_in_progress,
    data_completeness.calls, windows_in_doubt, rejected_calls, drifted_fields, first_doubt
FROM analytics.data_completeness
JOIN analytics.data_freshness USING (campaign_id)
JOIN analytics.campaigns USING (campaign_id)
LEFT JOIN (
    SELECT campaign_id, arg_min(doubt, window_start) AS first_doubt
    FROM analytics.windows_in_doubt GROUP BY campaign_id
) AS doubts USING (campaign_id)
ORDER BY campaign_id
"""

TELLS_OF_RUNS = """
SELECT count(*) FROM information_schema.tables
WHERE table_catalog = current_database() AND table_schema = 'analytics' AND table_name = 'loads'
"""

LAST_LOAD = "SELECT max(load_id) FROM analytics.loads"

SCHEDULED = 8
"""Runs by which the schedule is told."""

LEAST_GAPS = 4
"""Of about the same length, between runs of a schedule. Fewer may be chance."""

LEAST_INTERVAL = 55
"""Seconds between them: a minute, but for what schedulers are late at times. Faster is a person, trying."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that is loaded."""

    campaign_id: int
    name: str
    proved_until: datetime | None
    in_progress: int
    calls: int
    windows_in_doubt: int
    rejected_calls: int
    drifted_fields: int
    first_doubt: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at a moment."""

    now: datetime
    warehouse: Path
    seen_in: Path | None
    """The file that tells of the campaigns; ``None`` if none can be read now."""
    last_load_id: str | None
    """The last load in it."""
    runs: Sequence[Row]
    """The latest, the last to begin first, without those that gave way to another: they tell nothing."""
    campaigns: Sequence[Campaign]
    """Those that the last runs were to load."""
    is_gone: bool = False
    """Whether the warehouse was loaded, and is not there any more."""

    @property
    def running(self) -> Row | None:
        """The run that is under way, if one is."""
        return next((run for run in self.runs if run["outcome"] == outcomes.RUNNING), None)

    @property
    def ended(self) -> Sequence[Row]:
        """The runs that have ended, or were killed."""
        return [run for run in self.runs if run["outcome"] != outcomes.RUNNING]

    @property
    def interval(self) -> float | None:
        """Seconds from one run to the next, if they come by a schedule, as far as the last ones tell."""
        began = [run["started_at"].timestamp() for run in self.runs if not run["is_span"]][: SCHEDULED + 1]
        gaps = [later - earlier for later, earlier in pairwise(began)]
        usual = median(gaps) if gaps else 0
        regular = [gap for gap in gaps if usual / 2 <= gap <= usual * 2]
        is_schedule = len(regular) >= LEAST_GAPS and len(regular) > len(gaps) / 2
        return usual if is_schedule and usual >= LEAST_INTERVAL else None


def last_load_of(rows: Iterable[Row]) -> str:
    """Return the last load of some runs; empty if they loaded nothing."""
    return max((row["last_load_id"] for row in rows if row.get("last_load_id")), default="")


def standing(target: Target, *, clock: Clock = utc_now) -> Standing:
    """Return how things stand with a target, whatever runs or fails there.

    Raises:
        WarehouseError: if the warehouse can't be read.

    """
    file, is_free = target.file(), not is_held(Path(get_dlt_pipelines_dir()), target.name)
    noted = _noted(target.name, str(file), is_free=is_free)
    unpublished = _runs_of_working(target) if is_free else []
    published = target.published()
    seen_in, campaigns, last_load_id = None, [], None
    with ExitStack() as opened:
        path, connection = published, _published(opened, published)
        latest = _latest([*_runs(connection), *unpublished], noted)
        if connection is None or _is_left_behind(connection, latest):
            path, connection = file, _working(opened, target) if is_free and file.exists() else None
        if connection is not None:
            seen_in = path
            campaigns = [Campaign(*row) for row in connection.execute(CAMPAIGNS).fetchall()]
            last_load_id = _last_load(connection)
    loaded = _loaded(latest)
    shown = [campaign for campaign in campaigns if not loaded or campaign.campaign_id in loaded]
    gone = is_free and is_gone(target.name, file, published)
    return Standing(clock(), file, seen_in, last_load_id, latest, shown, gone)


def is_gone(name: str, file: Path, published: Path) -> bool:
    """Tell if a warehouse was loaded and is not there any more, as far as can be told from here.

    By the journal of runs, or by what is published beside it. Published to another folder, without a journal,
    it may be on another machine, where all is well.
    """
    if file.exists():
        return False
    is_beside = published.exists() and published.resolve().parent == file.resolve().parent
    return is_beside or bool(last_load_of(_noted(name, str(file), is_free=True)))


def _published(opened: ExitStack, path: Path) -> duckdb.DuckDBPyConnection | None:
    """Open the published file, if it is there and tells of runs."""
    return _telling(opened.enter_context(reading(path))) if path.exists() else None


def _working(opened: ExitStack, target: Target) -> duckdb.DuckDBPyConnection | None:
    """Open the working file, if it tells of runs."""
    return _telling(opened.enter_context(target.reading()))


def _runs_of_working(target: Target) -> list[Row]:
    """Return the runs that the working file knows, if it can be read. It is closed at once, for the next run.

    Who can open it sees that no run has it.
    """
    try:
        with ExitStack() as opened:
            return concluded(_runs(_working(opened, target)), "")
    except (WarehouseError, OSError):
        return []


def _is_left_behind(published: duckdb.DuckDBPyConnection, latest: Iterable[Row]) -> bool:
    """Tell if there was a load since a file was published, and nobody means to publish it."""
    return not settings_of().enabled and last_load_of(latest) > (_last_load(published) or "")


def _last_load(connection: duckdb.DuckDBPyConnection) -> str | None:
    ((last_load_id,),) = connection.execute(LAST_LOAD).fetchall()
    return cast("str | None", last_load_id)


def _telling(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection | None:
    """Return a connection, unless its file is from before there were runs."""
    return connection if connection.execute(TELLS_OF_RUNS).fetchall() == [(1,)] else None


def _runs(connection: duckdb.DuckDBPyConnection | None) -> list[Row]:
    if connection is None:
        return []
    found = connection.execute(RUNS)
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return [{**row, "campaign_ids": json.loads(row["campaign_ids"] or "[]")} for row in rows]


def _noted(name: str, warehouse: str, *, is_free: bool) -> list[Row]:
    """Return the runs that the journal knows, but for those that gave way to another."""
    rows = [row for row in journal_of(name).rows() if row["outcome"] != Busy.outcome]
    known = [row for row in rows if row.get("warehouse") in {None, warehouse}]
    return concluded(known, "") if is_free else known


def _latest(told: Iterable[Row], noted: Iterable[Row]) -> list[Row]:
    """Return the runs that are told of, each as it was told of last, and those that are noted beside them."""
    by_id = {row["run_id"]: row for row in told}
    for row in noted:
        if row["run_id"] not in by_id or row["outcome"] != outcomes.RUNNING:
            moments = {name: _moment(row[name]) for name in ("started_at", "ended_at")}
            by_id[row["run_id"]] = {**row, **moments}
    return sorted(by_id.values(), key=lambda row: row["started_at"], reverse=True)[:RUNS_ASKED_FOR]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _loaded(latest: Iterable[Row]) -> set[int]:
    """Return the campaigns of the last two runs that were to load what is due.

    Of two, for one may have been for a campaign by hand. One that is no longer loaded gets no older.
    """
    several = [row["campaign_ids"] for row in latest if row["campaign_ids"] and not row["is_span"]]
    return {campaign_id for campaign_ids in several[:2] for campaign_id in campaign_ids}
