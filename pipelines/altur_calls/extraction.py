"""One pass over all that is due: planned from the cursors, read ahead, taken in chunks, counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

import pyarrow as pa

from altur_calls import campaigns, cursors, settings
from altur_calls.calls.batch import Batch, Once, batches
from altur_calls.calls.changes import News, news_of, suspicions
from altur_calls.calls.records import Row
from altur_calls.cursors import State, Trace
from altur_calls.errors import AlturError, SettingsError
from altur_calls.logs import tell
from altur_calls.reading.api import Api
from altur_calls.reading.asking import Task
from altur_calls.reading.pace import Stopped
from altur_calls.reading.reader import Reader
from altur_calls.reads import Read
from altur_calls.roster import Roster
from altur_calls.tally import Tally
from altur_calls.warehouse.loaded import Loaded
from altur_calls.windows import Clock, Window, floor, utc_now


@dataclass(frozen=True, slots=True)
class Order:
    """What to read of the campaigns: from when, and how often again."""

    start: datetime
    since: datetime | None
    until: datetime | None
    ages: Sequence[timedelta]

    @property
    def is_explicit(self) -> bool:
        """Whether a span was named, instead of what is due."""
        return self.since is not None or self.until is not None

    def tasks(self, campaign_ids: Sequence[int], state: State, now: datetime) -> list[Task]:
        """Return the windows of campaigns to read at ``now``, by the cursors in ``state`` or as named."""
        if self.start >= now:
            raise SettingsError(f"start_date is {self.start:%Y-%m-%dT%H:%M:%SZ}, which is still to come.")
        if not self.is_explicit:
            return cursors.due_tasks(state, campaign_ids, self.start, now, self.ages)
        span = Window(floor(self.since or self.start), floor(min(self.until or now, now)))
        if span.start >= span.end:
            raise SettingsError(f"since and until leave nothing to read: {span} is empty, or not yet over.")
        return [Task(campaign_id, span) for campaign_id in campaign_ids]


class Extraction:
    """A pass over what is due. The source makes one; hand it yours to watch it, or to load it in chunks.

    With ``chunk_calls``, each load of the source takes as many calls as are there, and at most about so many:
    load it again until ``is_done``. Reading goes on meanwhile.
    """

    def __init__(
        self,
        chunk_calls: int | None = None,
        chunk_seconds: float = settings.CHUNK_SECONDS,
        clock: Clock = utc_now,
        stop: threading.Event | None = None,
    ) -> None:
        """Take everything in one load, or up to ``chunk_calls`` or ``chunk_seconds`` worth of reading.

        Once ``stop`` is set, no more is taken.
        """
        self._clock = clock
        self._stop = stop or threading.Event()
        self._chunk_calls = chunk_calls
        self._chunk_seconds = chunk_seconds
        self._reader: Reader | None = None
        self._reads: Iterator[Read] | None = None
        self._error: AlturError | None = None
        self.settings: Row = {}
        """What it was told, without secrets."""
        self.loaded: Loaded | None = None
        """Where the calls go, if that can be asked: only what it does not know is loaded then."""
        self.tally = Tally()
        self.is_done = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is taken: all is, or it is to stop."""
        return self.is_done or self._stop.is_set()

    @property
    def keep_up_calls(self) -> float:
        """How many calls are worth that the views are brought up: more where that holds up the loading."""
        chunk = self._chunk_calls or 0
        if not self.has_time:
            return chunk * settings.KEEP_UP_CHUNKS
        return min(chunk * settings.KEEP_UP_SHARE, self.left_calls)

    @property
    def left_calls(self) -> float:
        """How many calls are left to read, as far as that is known; infinitely many otherwise.

        When no more are left than are there, those are worth to be loaded, and published: so the less is left
        the smaller are the steps, and little is to be done when all is read.
        """
        left = self.tally.calls_counted - self.tally.calls_read
        is_known = self._reader is not None and self._reader.is_counted and left > 0
        return left if is_known else inf

    @property
    def has_time(self) -> bool:
        """Whether there is time for something else: little waits to be loaded, and more is still to come."""
        much = (self._chunk_calls or 0) * settings.CHUNK_SHARE
        reader = self._reader
        return bool(reader and reader.ready_calls < much and reader.seconds_left > settings.STEP_SECONDS)

    @property
    def _is_waiting(self) -> bool:
        return self._reader is not None and not self._reader.is_ready

    def prepare(
        self,
        connect: Callable[..., Api],
        roster: Roster,
        order: Order,
        max_window_calls: int,
        change_log_days: float,
    ) -> None:
        """Say how to connect, what to read, and how long changes are kept. Sends no request."""
        self._connect = connect
        self.change_log_days = change_log_days
        self.roster = roster
        self.order = order
        self.max_window_calls = max_window_calls

    def begin(self, state: State, known: campaigns.State) -> None:
        """Plan what is due by ``state`` and start to read it, unless a pass is under way already.

        Meanwhile the list of campaigns is asked for, if by what is ``known`` of them it is due. Where all of
        them are to be read it comes first; nothing is read if the pass is to stop before it came.
        """
        if self._reads is not None:
            return
        self.is_done = False
        now = floor(self._clock())
        with ExitStack() as unless_it_fails:
            api = self.connect()
            unless_it_fails.callback(api.close)
            try:
                campaign_ids = self.roster.ids(api, self._stop)
            except Stopped:
                return
            tasks = self.order.tasks(campaign_ids, state, now)
            unless_it_fails.pop_all()
        self.tally.campaign_ids = list(campaign_ids)
        if not self.order.is_explicit:
            cursors.note_run(state, now)
        self.roster.ask(api, campaign_ids, known, now)
        self._reader = self.reader(api, tasks)
        self._reads = iter(self._reader)

    def reader(self, api: Api, tasks: Sequence[Task]) -> Reader:
        """Return a reader of ``tasks``, with the settings of the source."""
        return Reader(api, tasks, self.tally, self.max_window_calls, self._clock, stop=self._stop)

    def connect(self) -> Api:
        """Return a connection to the API, counted in the tally."""
        api = self._connect(tally=self.tally)
        self.tally.calls_per_second_limit = api.pace.per_second * settings.PAGE_SIZE
        return api

    def batches(self, load_id: str, *, is_part: bool = False) -> Iterator[Batch]:
        """Yield what this load is to bring into each table; ``is_part`` if some of them are left out."""
        several: list[News] = []
        once = Once()
        changes = self._changes if self.change_log_days else None
        for batch in batches(self._news(several, is_part=is_part), once, self._marked, changes, load_id):
            self.tally.drifts |= batch.drifts
            yield batch
        self.tally.add(new_calls=once.new_calls, changed_calls=once.changed_calls)
        self.tally.suspicious += suspicions(several)

    def _news(self, several: list[News], *, is_part: bool) -> Iterator[News]:
        for read in self.take():
            known = self.loaded.calls_in(read.campaign_id, read.window) if self.loaded else None
            news = news_of(read, known)
            if is_part:
                news = news.of_a_part
            self.tally.add(rejected=len(news.rejected), vanished_calls=len(news.vanished))
            several.append(news.outline)
            self._tell(news)
            yield news

    def _tell(self, news: News) -> None:
        read = news.read
        seconds = (self._clock() - read.read_at).total_seconds()
        tell(
            "window",
            f"campaign {read.campaign_id} {read.window}: {read.doubt or 'proved'}",
            campaign_id=read.campaign_id,
            window_start=read.window.start,
            window_end=read.window.end,
            calls=len(read.calls),
            calls_fresh=len(news.calls),
            calls_vanished=len(news.vanished),
            calls_rejected=len(news.rejected),
            requests=read.requests,
            is_proved=read.is_proved,
            doubt=read.doubt,
            seconds=round(seconds, 3),
        )

    def _marked(self, news: News, load_id: str) -> Sequence[Any]:
        return self.loaded.marked(news, load_id) if self.loaded and news.vanished else ()

    def _changes(self, given: Mapping[str, pa.Table], call_ids: Sequence[str]) -> pa.Table | None:
        return self.loaded.changes(given, call_ids) if self.loaded else None

    def take(self) -> Iterator[Read]:
        """Yield the reads of one chunk, or all; in chunks, an error waits until those before it are kept."""
        self._raise_kept()
        taken, began = 0, time.monotonic()
        while (read := self._next(keep_error=bool(self._chunk_calls and taken))) is not None:
            yield read
            taken += len(read.calls)
            if self._is_enough(taken, time.monotonic() - began):
                break
        if self._reader is not None and not self._stop.is_set():
            self._reader.let_go()  # it may be long until the next chunk is taken
        if self._error is None and self._is_exhausted:
            self.roster.wait()
            self.close()
            self.is_done = True

    @property
    def _is_exhausted(self) -> bool:
        """Whether all is taken. The reader is not asked for more then: it would close the connection."""
        return self._reader is not None and self._reader.is_exhausted

    def _is_enough(self, calls: int, seconds: float) -> bool:
        if self._stop.is_set():
            return True
        if self._chunk_calls is None:
            return False
        enough = min(self._chunk_calls * settings.CHUNK_SHARE, self.left_calls)
        enough = max(enough, self._chunk_calls * settings.LEAST_CHUNK_SHARE)
        is_worth_it = (calls >= enough and self.has_time) or seconds > self._chunk_seconds
        return calls >= self._chunk_calls or (is_worth_it and self._is_waiting)

    def _next(self, *, keep_error: bool) -> Read | None:
        if self._reads is None or self._is_exhausted:
            return None
        try:
            return next(self._reads, None)
        except AlturError as error:
            self._error = error
            if not keep_error:
                self._raise_kept()
            return None

    def _raise_kept(self) -> None:
        if self._error is not None:
            error, self._error, self._reads = self._error, None, None
            raise error

    def campaign_rows(self, known: campaigns.State) -> list[Row]:
        """Return the rows of campaigns that are new or changed, once a pass; notes them in ``known``."""
        return self.roster.rows(known, floor(self._clock()))

    def note(self, state: State, read: Trace) -> None:
        """Move the cursors in ``state`` over a read whose rows are in the load."""
        cursors.note_read(state, read, floor(self._clock()), self.order.ages)

    def close(self) -> None:
        """End a pass, whether it was read to its end or not."""
        if isinstance(self._reads, Generator):
            self._reads.close()
        self._reader = self._reads = None
