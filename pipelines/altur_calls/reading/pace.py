"""One pace for a whole process: at most so many requests in any second, and none during a pause."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache

LEAST_MARGIN_SECONDS = 0.006
MOST_MARGIN_SECONDS = 0.2
MARGIN_STEP_SECONDS = 0.02
MARGIN_DECAY = 0.999

SPREAD = 0.5
"""Part of a second over which its requests are spread. The rest is for catching up on a late one."""

CLOSEST = 0.5
"""How close requests may come to each other, as a share of how they are spread. So one that is late, as
when its thread was kept from the processor, does not make all after it late: for good, as no second allows
more."""


PATIENCE_SECONDS = 3.0
"""Who waits for threads of another connection looks this often whether its own was stopped: seldom, for who
does so is last in the queue then."""

LIMITERS = 64
"""How many are remembered. One that is forgotten is made anew, and knows of no request before."""


class Stopped(Exception):
    """Nothing may be sent any more: the run is ending."""


class Limiter:
    """Lets threads through, at most ``per_second`` of them in any second, in about the order they came.

    Who may send is decided at the moment of sending and under one lock. Slots given out ahead don't
    work: threads that were starved of the processor wake up together and send together.

    Requests sent a second apart may arrive a little closer together, so a margin is added. It grows with
    every 429 and shrinks while there is none. And they are spread over the second: a burst queues up at the
    server, and if the next one is served faster it arrives too early.
    """

    def __init__(self, per_second: float) -> None:
        """Allow ``per_second`` requests a second; fractions mean one request in several seconds."""
        self.per_second = per_second
        self._burst = max(1, int(per_second))
        self._span = self._burst / per_second
        self._gap = SPREAD / per_second
        self._margin = LEAST_MARGIN_SECONDS
        self._sent: deque[float] = deque(maxlen=self._burst)
        self._paused_until = 0.0
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, stopped: threading.Event) -> Iterator[None]:
        """Wait until a request may be sent, and hold everybody else back until it is.

        So no thread is kept from the processor between its turn and its sending.

        Raises:
            Stopped: if ``stopped`` was set meanwhile.

        """
        while not self._turn.acquire(timeout=PATIENCE_SECONDS):
            if stopped.is_set():
                raise Stopped
        try:
            self._wait(stopped)
            try:
                yield
            finally:
                self._sent.append(time.monotonic())
                self._margin = max(LEAST_MARGIN_SECONDS, self._margin * MARGIN_DECAY)
        finally:
            self._turn.release()

    def _wait(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            delay = self._next() - time.monotonic()
            if delay <= 0:
                return
            stopped.wait(delay)
        raise Stopped

    def _next(self) -> float:
        if not self._sent:
            return self._paused_until
        is_full = len(self._sent) == self._burst
        second_is_over = self._sent[0] + self._span + self._margin if is_full else 0.0
        gap = self._gap * CLOSEST if is_full else self._gap
        return max(self._paused_until, self._sent[-1] + gap, second_is_over)

    def throttled(self, seconds: float) -> None:
        """Let nobody through for ``seconds`` from now: the API asked everyone to wait."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)
        self._margin = min(MOST_MARGIN_SECONDS, self._margin + MARGIN_STEP_SECONDS)


@lru_cache(maxsize=LIMITERS)
def limiter_of(base_url: str, api_key: str, per_second: float) -> Limiter:  # noqa: ARG001 (whose it is)
    """Return the limiter of a key at a server, which all connections of the process share."""
    return Limiter(per_second)


class Pace:
    """What one connection has of a limiter: a part in it, that can be stopped by itself."""

    def __init__(self, limiter: Limiter) -> None:
        """Take part in a limiter, with whoever else does."""
        self._limiter = limiter
        self._stopped = threading.Event()

    @property
    def per_second(self) -> float:
        """How many requests may be sent in a second."""
        return self._limiter.per_second

    def turn(self) -> AbstractContextManager[None]:
        """Wait until a request may be sent, and hold everybody else back until it is.

        Raises:
            Stopped: if the pace was stopped meanwhile.

        """
        return self._limiter.turn(self._stopped)

    def throttled(self, seconds: float) -> None:
        """Let nobody through for ``seconds`` from now, of whichever connection."""
        self._limiter.throttled(seconds)

    def require_running(self) -> None:
        """Go on only if it was not stopped.

        Raises:
            Stopped: if it was.

        """
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """Release every waiting thread and let no request through any more."""
        self._stopped.set()

    def sleep(self, seconds: float) -> None:
        """Sleep, but not past a stop."""
        self._stopped.wait(seconds)
