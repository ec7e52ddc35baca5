"""What can be done with a target: load what is due, foretell that, and verify what was loaded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import dlt

from altur_calls import settings
from altur_calls.analytics.keeping import keep_up
from altur_calls.asking import Asker
from altur_calls.errors import AlturError, PublishFailed, ViewFailed, WarehouseError
from altur_calls.extraction import Extraction
from altur_calls.failures import is_of_api, translated
from altur_calls.loaded import Loaded
from altur_calls.publishing.places import Publishing, settings_of
from altur_calls.publishing.publisher import Published, publish_client
from altur_calls.recovery import forget_changes, forget_loaded, forget_orphans
from altur_calls.source import altur_source
from altur_calls.survey import Forecast, foretell
from altur_calls.tally import Tally
from altur_calls.target import Client, Target, count_calls, holds_calls, location_of, state_of
from altur_calls.verify import Verdict, compare, sample_of, windows_of
from altur_calls.windows import Clock, floor, utc_now

COMPLETE, INCOMPLETE, SUSPICIOUS, DIFFERENT = 0, 3, 4, 5

Watch = Callable[[Tally], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    campaigns: int
    new_calls: int
    read_calls: int
    total_calls: int
    rejected_calls: int
    windows: int
    requests: int
    throttled: int
    retries: int
    seconds: float
    warehouse: str
    unproved: tuple[str, ...]
    missing: tuple[str, ...]
    suspicious: tuple[str, ...]
    drifts: tuple[str, ...]
    failure: AlturError | None = None
    """What went wrong after the calls were loaded: a view could not be made, or nothing be published."""
    published: Published | None = None
    """What readers got. None where the settings say so, or it failed."""
    is_stopped: bool = False
    """Whether it was ended early: the rest is due."""

    @property
    def exit_code(self) -> int:
        """0; 3 if a window could not be proved or a campaign was not found; 4 if too many calls vanished.

        Else that of what failed after the calls were loaded: 70 for a view, 73 for publishing.
        """
        if self.unproved or self.missing:
            return INCOMPLETE
        if self.suspicious:
            return SUSPICIOUS
        return self.failure.exit_code if self.failure else COMPLETE


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
    began = time.monotonic()
    stop = stop or threading.Event()
    work = Extraction(chunk_calls, clock=clock, stop=stop)
    with translated():
        source = altur_source(extraction=work, **source_settings)
    publishing = settings_of()
    with target.opened() as (pipeline, client):
        work.loaded = Loaded(client)
        before, kept_up, failure = count_calls(pipeline), 0, None
        try:
            with watch(work.tally):
                while not (work.is_done or stop.is_set()):
                    pipeline.run(source)
                    forget_loaded(pipeline)
                    is_last = work.is_done or stop.is_set()
                    if is_last or work.tally.calls_read - kept_up >= chunk_calls * settings.KEEP_UP_SHARE:
                        kept_up = work.tally.calls_read
                        forget_changes(client, clock() - timedelta(days=work.change_log_days))
                        failure = _kept_up(client)
        except Exception as error:
            if is_of_api(error):  # what came before it is for readers all the same
                _published(client, publishing, _kept_up(client))
            raise
        finally:
            work.close()
        if count_calls(pipeline) - before != work.tally.new_calls:
            forget_orphans(client)
        published, failure = _published(client, publishing, failure)
        done = _summary(pipeline, work.tally, before, time.monotonic() - began)
        return replace(done, is_stopped=not work.is_done, failure=failure, published=published)


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
    if failure or not publishing.enabled:
        return None, failure
    try:
        return publish_client(client, publishing), None
    except PublishFailed as error:
        return None, error


def _summary(pipeline: dlt.Pipeline, tally: Tally, before: int, seconds: float) -> Summary:
    total = count_calls(pipeline)
    return Summary(
        campaigns=tally.campaigns,
        new_calls=total - before,
        read_calls=tally.calls_read,
        total_calls=total,
        rejected_calls=tally.rejected,
        windows=tally.windows,
        requests=tally.requests,
        throttled=tally.throttled,
        retries=tally.retries,
        seconds=seconds,
        warehouse=location_of(pipeline),
        unproved=tuple(tally.unproved),
        missing=tuple(tally.missing),
        suspicious=tuple(tally.suspicious),
        drifts=tuple(sorted(tally.drifts)),
    )


def publish(target: Target, publishing: Publishing) -> Published:
    """Publish what is loaded, as a run does at its end.

    Raises:
        PublishFailed: if that can't be done. Readers have what they had.

    """
    with target.opened() as (pipeline, client):
        if not holds_calls(pipeline):
            raise WarehouseError(_nothing_loaded(pipeline))
        keep_up(client)
        return publish_client(client, publishing)


def dry_run(
    target: Target, *, clock: Clock = utc_now, **source_settings: Any
) -> tuple[list[Forecast], float]:
    """Return what a run would read, by campaign, and how many seconds its requests take at least."""
    work = _prepared(clock, source_settings)
    with target.opened() as (pipeline, _), closing(work.connect()) as api:
        tasks = work.order.tasks(work.roster.ids(api), state_of(pipeline), floor(clock()))
        forecasts = foretell(Asker(api, work.max_window_calls), tasks)
    return forecasts, sum(forecast.requests for forecast in forecasts) / api.pace.per_second


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
    with target.opened() as (pipeline, _):
        if not holds_calls(pipeline):
            raise WarehouseError(_nothing_loaded(pipeline))
        with closing(work.connect()) as api, watch(work.tally):
            tasks = windows_of(pipeline, work.roster.ids(api), floor(clock()))
            return compare(pipeline, work.reader(api, sample_of(tasks, windows, seed)))


def _prepared(clock: Clock, source_settings: dict[str, Any]) -> Extraction:
    """Return the settings of the source, as dlt resolves them."""
    work = Extraction(clock=clock)
    with translated():
        altur_source(extraction=work, **source_settings)
    return work


def _nothing_loaded(pipeline: dlt.Pipeline) -> str:
    return f"Nothing is loaded yet in {location_of(pipeline)}: altur-calls run comes first."
