"""The rate limit: so many requests in any second, however the second is laid."""

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 1.0


class Limiter:
    """Remember when requests were let in; one that is refused doesn't count against the next.

    ``per_second`` None means no limit. ``clock`` counts seconds and never goes back.
    """

    def __init__(self, per_second: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self.clock = clock
        self._admitted: deque[float] = deque()

    def admit(self) -> float:
        """Let a request in and return 0, or return the seconds (more than 0) until one would be let in."""
        now = self.clock()
        while self._admitted and self._admitted[0] + WINDOW_SECONDS <= now:
            self._admitted.popleft()
        if self.per_second is None or len(self._admitted) < self.per_second:
            self._admitted.append(now)
            return 0.0
        return self._admitted[-self.per_second] + WINDOW_SECONDS - now
