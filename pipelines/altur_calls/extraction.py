"""One pass over all that is due: planned from the cursors, read ahead, taken in chunks, counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from altur_calls import cursors, settings
from altur_calls.api import Api
from altur_calls.asking import Task
from altur_calls.cursors import State
from altur_calls.errors import AlturError, SettingsError
from altur_calls.reading import Read, Reader
from altur_calls.tally import Tally
from altur_calls.windows import Clock, Window, floor, utc_now


@dataclass(frozen=True, slots=True)
class Order:
    """What to read: of which campaigns, from when, and how often again."""

    campaign_ids: Sequence[int]
    start: datetime
    since: datetime | None
    until: datetime | None
    ages: Sequence[timedelta]

    @property
    def is_explicit(self) -> bool:
        """Whether a span was named, instead of what is due."""
        return self.since is not None or self.until is not None

    def tasks(self, state: State, now: datetime) -> list[Task]:
        """Return the windows to read at ``now``, by the cursors in ``state`` or as named."""
        if self.start >= now:
            raise SettingsError(f"start_date is {self.start:%Y-%m-%dT%H:%M:%SZ}, which is still to come.")
        if not self.is_explicit:
            return cursors.due_tasks(state, self.campaign_ids, self.start, now, self.ages)
        span = Window(floor(self.since or self.start), floor(min(self.until or now, now)))
        if span.start >= span.end:
            raise SettingsError(f"since and until leave nothing to read: {span} is empty, or not yet over.")
        return [Task(campaign_id, span) for campaign_id in self.campaign_ids]


class Extraction:
    """A pass over what is due. The source makes one; hand it yours to watch it, or to load it in chunks.

    With ``chunk_calls``, each load of the source takes that many calls or a little more: load it again
    until ``is_done``. Reading goes on meanwhile.
    """

    def __init__(
        self,
        chunk_calls: int | None = None,
        chunk_seconds: float = settings.CHUNK_SECONDS,
        clock: Clock = utc_now,
        stop: threading.Event | None = None,
    ) -> None:
        """Take everything in one load, or ``chunk_calls`` or ``chunk_seconds`` worth of reading.

        Once ``stop`` is set, no more is taken.
        """
        self._clock = clock
        self._stop = stop or threading.Event()
        self._chunk_calls = chunk_calls
        self._chunk_seconds = chunk_seconds
        self._reads: Iterator[Read] | None = None
        self._error: AlturError | None = None
        self.tally = Tally()
        self.is_done = False

    def prepare(self, connect: Callable[..., Api], order: Order, max_window_calls: int) -> None:
        """Say how to connect and what to read. Sends no request."""
        self._connect = connect
        self.order = order
        self.max_window_calls = max_window_calls

    def begin(self, state: State) -> None:
        """Plan what is due by ``state`` and start to read it, unless a pass is under way already."""
        if self._reads is not None:
            return
        self.is_done = False
        now = floor(self._clock())
        tasks = self.order.tasks(state, now)
        self.tally.campaigns = len(self.order.campaign_ids)
        if not self.order.is_explicit:
            cursors.note_run(state, now)
        self._reads = iter(self.reader(tasks))

    def reader(self, tasks: Sequence[Task]) -> Reader:
        """Return a reader of ``tasks``, with the settings of the source."""
        return Reader(self.connect(), tasks, self.tally, self.max_window_calls, self._clock)

    def connect(self) -> Api:
        """Return a connection to the API, counted in the tally."""
        api = self._connect(tally=self.tally)
        self.tally.calls_per_second_limit = api.pace.per_second * settings.PAGE_SIZE
        return api

    def take(self) -> Iterator[Read]:
        """Yield the reads of one chunk, or all; in chunks, an error waits until those before it are kept."""
        self._raise_kept()
        taken, began = 0, time.monotonic()
        while (read := self._next(keep_error=bool(self._chunk_calls and taken))) is not None:
            yield read
            taken += len(read.calls)
            if self._is_enough(taken, time.monotonic() - began):
                return
        if self._error is None:
            self._reads, self.is_done = None, True

    def _is_enough(self, calls: int, seconds: float) -> bool:
        if self._stop.is_set():
            return True
        is_chunk = self._chunk_calls is not None and calls > 0
        return is_chunk and (calls >= (self._chunk_calls or 0) or seconds > self._chunk_seconds)

    def _next(self, *, keep_error: bool) -> Read | None:
        try:
            return next(self._reads, None) if self._reads is not None else None
        except AlturError as error:
            self._error = error
            if not keep_error:
                self._raise_kept()
            return None

    def _raise_kept(self) -> None:
        if self._error is not None:
            error, self._error, self._reads = self._error, None, None
            raise error

    def note(self, state: State, read: Read) -> None:
        """Move the cursors in ``state`` over a read whose rows are in the load."""
        cursors.note_read(state, read, floor(self._clock()), self.order.ages)

    def close(self) -> None:
        """End a pass that was not read to its end."""
        if isinstance(self._reads, Generator):
            self._reads.close()
        self._reads = None
