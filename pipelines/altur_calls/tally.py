"""What a pass has done so far: counted by many threads, read by whoever reports."""

from __future__ import annotations

import threading


class Tally:
    """Counters of one pass."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._lock = threading.Lock()
        self.campaign_ids: list[int] = []
        self.requests = 0
        self.throttled = 0
        self.retries = 0
        self.windows = 0
        self.unproved: list[str] = []
        self.missing: list[str] = []
        self.suspicious: list[str] = []
        self.drifts: set[str] = set()
        self.rejected = 0
        self.calls_read = 0
        self.new_calls = 0
        """Calls that were not found in the warehouse at the time they were created."""
        self.changed_calls = 0
        """Calls that were found there, otherwise."""
        self.vanished_calls = 0
        """Calls that were found there only, and are marked."""
        self.calls_counted = 0
        """Calls in the windows that were due, as far as they were asked for, by the API's count."""
        self.calls_per_second_limit: float | None = None
        """What the pace allows, in full pages."""
        self.server_ahead_seconds: float | None = None
        """The API's clock less ours, by the ``Date`` header of its last answer."""

    def add(self, **counts: int) -> None:
        """Add to the counters named."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)
