"""What can be done with a target: load what is due, foretell that, and verify what was loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import dlt
import duckdb
from dlt.extract import DltSource

from altur_calls import settings, tables
from altur_calls.analytics.keeping import keep_up
from altur_calls.errors import AlturError, PublishFailed, ViewFailed
from altur_calls.extraction import Extraction
from altur_calls.failures import is_of_api, translated
from altur_calls.logs import tell
from altur_calls.publishing.midway import Midway
from altur_calls.publishing.places import Publishing, settings_of
from altur_calls.publishing.publisher import Published, publish_client
from altur_calls.reading.asking import Asker
from altur_calls.runs.audit import is_loaded, record
from altur_calls.runs.journal import Journal, journal_of, noted
from altur_calls.runs.run import PUBLISHING, VIEWS, Run
from altur_calls.runs.summary import COMPLETE, DIFFERENT, INCOMPLETE, SUSPICIOUS, Summary
from altur_calls.source import altur_source
from altur_calls.survey import Forecast, foretell
from altur_calls.tally import Tally
from altur_calls.verify import Verdict, compare, sample_of, windows_of
from altur_calls.warehouse.loaded import Loaded
from altur_calls.warehouse.recovery import (
    forget_changes,
    forget_loaded,
    forget_orphans,
    forget_windows_ahead,
)
from altur_calls.warehouse.target import (
    Client,
    Target,
    count_rows,
    holds_calls,
    location_of,
    nothing_in,
    state_of,
    version_of,
)
from altur_calls.warehouse.versions import require_todays
from altur_calls.warehouse.write_ahead import bound_log
from altur_calls.windows import Clock, floor, utc_now

__all__ = [
    "COMPLETE",
    "DIFFERENT",
    "INCOMPLETE",
    "SUSPICIOUS",
    "Summary",
    "dry_run",
    "publish",
    "run",
    "verify",
]

Watch = Callable[[Tally], AbstractContextManager[Any]]


def run(
    target: Target,
    *,
    chunk_calls: int = settings.CHUNK_CALLS,
    clock: Clock = utc_now,
    watch: Watch = nullcontext,
    stop: threading.Event | None = None,
    **source_settings: Any,
) -> Summary:
    """Load all that is due, in chunks that are each kept, and return what was done.

    ``source_settings`` are arguments of :func:`altur_calls.altur_source`; the others come from dlt's
    configuration. ``watch`` is entered with the tally of the run while it lasts. Once ``stop`` is set the run
    ends when what was read is loaded.

    Raises:
        AlturError: of the kind that says what to do.

    """
    work = Extraction(chunk_calls, clock=clock, stop=stop)
    this, journal = Run.begun(work.tally, clock), journal_of(target.name)
    with noted(this, journal):
        with translated():
            source = altur_source(extraction=work, **source_settings)
        publishing = settings_of()
        with target.opened() as (pipeline, client), closing(work):
            this.opened(location_of(pipeline), work.settings)
            if holds_calls(pipeline):
                forget_windows_ahead(client, clock())
            tell("run", "the run has begun", warehouse=this.warehouse, settings=this.settings)
            record(client, journal, this)
            held = _held(client)
            try:
                with watch(work.tally):
                    midway = Midway(publishing, held.calls)
                    failure = _load(pipeline, client, source, this, work, midway=midway)
            except Exception as error:
                this.failed(error)
                with suppress(duckdb.Error):  # if the warehouse failed, the next run writes it there
                    this.calls_new = _held(client).calls - held.calls
                    record(client, journal, this)
                if is_of_api(error):  # what came before it is for readers all the same
                    _published(client, publishing, _kept_up(client))
                raise
            done = _summary(client, this, work, held, failure)
            if done.new_calls != work.tally.new_calls:
                forget_orphans(client)
            _record(client, journal, this, done)  # what is published has it too
            with this.phase(PUBLISHING):
                published, failure = _published(client, publishing, failure)
            done = replace(done, published=published, failure=failure, seconds=this.seconds)
            _record(client, journal, this, done)
            tell("done", "the run has ended", **this.facts)
            return done


class Held(NamedTuple):
    """How much the warehouse holds."""

    calls: int
    surprises: int
    """Calls that can't be rows, and ways in which calls differ from the API document."""


def _held(client: Client) -> Held:
    surprises = count_rows(client, tables.REJECTED) + count_rows(client, tables.DRIFT)
    return Held(count_rows(client, tables.CALLS), surprises)


def _load(  # noqa: PLR0913 (each is another's)
    pipeline: dlt.Pipeline,
    client: Client,
    source: DltSource,
    this: Run,
    work: Extraction,
    *,
    midway: Midway,
) -> AlturError | None:
    """Load in chunks, and keep the views up, and readers; return what is wrong with the views."""
    work.loaded = Loaded(client)
    failure = None
    kept_up = -inf  # after the first chunk always: to make the views takes memory by what is there
    while not work.is_over:
        try:
            pipeline.run(source)
        finally:
            this.note_load(pipeline)
        forget_loaded(pipeline)
        if not work.is_over:  # else it is written when the file is closed, after readers have all
            bound_log(client, Path(str(this.warehouse)))
        if work.is_over or work.tally.calls_read - kept_up >= work.keep_up_calls:
            kept_up = work.tally.calls_read
            with this.phase(VIEWS):
                forget_changes(client, this.clock() - timedelta(days=work.change_log_days))
                failure = _kept_up(client)
            if not (failure or work.is_over) and midway.is_due(work):
                with this.phase(PUBLISHING):
                    _published(client, midway.publishing, None)
                    midway.note(work)
    return failure


def _record(client: Client, journal: Journal, this: Run, done: Summary) -> None:
    this.ended(done.outcome, done.trouble)
    record(client, journal, this)


def _kept_up(client: Client) -> AlturError | None:
    """Bring the views up to what is loaded; return what is wrong with them: no reason not to load."""
    try:
        keep_up(client)
    except ViewFailed as error:
        return error
    return None


def _published(
    client: Client, publishing: Publishing, failure: AlturError | None
) -> tuple[Published | None, AlturError | None]:
    """Publish what is loaded, if it is to be and nothing failed before; return what failed instead."""
    if failure or not (publishing.enabled and is_loaded(client)):
        return None, failure
    try:
        published = publish_client(client, publishing)
    except PublishFailed as error:
        return None, error
    tell(
        "published",
        "readers have it",
        path=str(published.database),
        bytes=published.size,
        is_new=published.is_new,
        seconds=round(published.seconds, 3),
    )
    return published, None


def _summary(
    client: Client, this: Run, work: Extraction, before: Held, failure: AlturError | None
) -> Summary:
    after, tally = _held(client), work.tally
    this.calls_new = after.calls - before.calls
    return Summary(
        run_id=this.run_id,
        campaigns=len(tally.campaign_ids),
        new_calls=this.calls_new,
        read_calls=tally.calls_read,
        total_calls=after.calls,
        rejected_calls=tally.rejected,
        windows=tally.windows,
        requests=tally.requests,
        throttled=tally.throttled,
        retries=tally.retries,
        seconds=this.seconds,
        warehouse=str(this.warehouse),
        unproved=tuple(tally.unproved),
        missing=tuple(tally.missing),
        suspicious=tuple(tally.suspicious),
        drifts=tuple(sorted(tally.drifts)),
        has_surprises=after.surprises > before.surprises,
        failure=failure,
        is_stopped=not work.is_done,
    )


def publish(target: Target, publishing: Publishing) -> Published:
    """Publish what is loaded, as a run does at its end.

    Raises:
        WarehouseError: if nothing is loaded.
        PublishFailed: if that can't be done. Readers have what they had.

    """
    with _loaded(target) as (_, client):
        keep_up(client)
        return publish_client(client, publishing)


def dry_run(
    target: Target, *, clock: Clock = utc_now, **source_settings: Any
) -> tuple[list[Forecast], float]:
    """Return what a run would read, by campaign, and how many seconds its requests take at least."""
    work = _prepared(clock, source_settings)
    with _remembered(target) as state, closing(work.connect()) as api:
        tasks = work.order.tasks(work.roster.ids(api), state, floor(clock()))
        forecasts = foretell(Asker(api, work.max_window_calls), tasks)
    return forecasts, sum(forecast.requests for forecast in forecasts) / api.pace.per_second


@contextmanager
def _remembered(target: Target) -> Iterator[dict[str, Any]]:
    """Yield the cursors, and keep runs out meanwhile; none where there is no warehouse, and none is made."""
    if not target.file().exists():
        yield {}
        return
    with target.opened(loads=False) as (pipeline, _):
        yield state_of(pipeline)


def verify(
    target: Target,
    *,
    windows: int | None = None,
    seed: int | None = None,
    clock: Clock = utc_now,
    watch: Watch = nullcontext,
    **source_settings: Any,
) -> Verdict:
    """Compare so many windows, drawn by chance, or all, with what the API gives now."""
    work = _prepared(clock, source_settings)
    with _loaded(target) as (pipeline, _), closing(work.connect()) as api, watch(work.tally):
        tasks = windows_of(pipeline, work.roster.ids(api), floor(clock()), work.order.ages)
        return compare(pipeline, work.reader(api, sample_of(tasks, windows, seed)))


def _prepared(clock: Clock, source_settings: dict[str, Any]) -> Extraction:
    """Return the settings of the source, as dlt resolves them."""
    work = Extraction(clock=clock)
    with translated():
        altur_source(extraction=work, **source_settings)
    return work


@contextmanager
def _loaded(target: Target) -> Iterator[tuple[dlt.Pipeline, Client]]:
    """Open a target that was loaded, by this release; none is made.

    Raises:
        WarehouseError: if it was not.

    """
    target.existing()
    with target.opened(loads=False) as (pipeline, client):
        if not holds_calls(pipeline):
            raise nothing_in(location_of(pipeline))
        require_todays(version_of(pipeline))
        yield pipeline, client
