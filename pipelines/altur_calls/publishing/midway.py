"""When a run publishes while it lasts: little is left to publish at its end then.

And readers of a history that takes hours to load see it grow.
"""

from __future__ import annotations

import time
from copy import copy

from altur_calls import settings
from altur_calls.extraction import Extraction
from altur_calls.publishing.places import Publishing


class Midway:
    """What is published during a run, and when that is due."""

    def __init__(self, publishing: Publishing, held_calls: int) -> None:
        """Publish as ``publishing`` says, but no Parquet: its files have to be written all anew each time."""
        self.publishing = copy(publishing)
        self.publishing.parquet = False
        self._held_calls = held_calls
        self._calls, self._moment = 0, time.monotonic()

    def is_due(self, work: Extraction) -> bool:
        """Tell if much came since it was last published, or long ago, and there is time for it."""
        share = (self._held_calls + work.tally.calls_read) * settings.PUBLISH_SHARE
        is_much = work.tally.calls_read - self._calls >= max(share, work.left_calls)
        is_late = time.monotonic() - self._moment >= settings.PUBLISH_SECONDS
        return work.has_time and (is_much or is_late)

    def note(self, work: Extraction) -> None:
        """Remember that it was published now. If that failed, it is tried again at the end, and told then."""
        self._calls, self._moment = work.tally.calls_read, time.monotonic()
