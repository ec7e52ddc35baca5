"""Which campaigns are read, and what the API's list tells of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import datetime
from threading import Event
from typing import Any

from altur_calls import campaigns
from altur_calls.calls.records import Row
from altur_calls.campaigns import State, Terms
from altur_calls.errors import AlturError, CampaignNotFound, Forbidden
from altur_calls.reading.api import Api
from altur_calls.reading.pace import Stopped
from altur_calls.reading.reader import POLL_SECONDS

Listed = list[Mapping[str, Any]] | None
"""What ``GET /campaigns`` gave: nothing to a key that may not list them. ``None`` if nobody knows."""

PATIENCE_SECONDS = 5.0
"""For a list that is not there yet when all calls are."""

logger = logging.getLogger(__name__)


class Roster:
    """The campaigns of a source: named by their ids, or all that the API lists."""

    def __init__(self, campaign_ids: Sequence[int] | None, terms: Terms, *, asks: bool = True) -> None:
        """Take ``None`` for all campaigns. With ``asks``, names and timezones are asked for."""
        self._campaign_ids = campaign_ids
        self._terms = terms
        self._asks = asks
        self._list: Future[Listed] | None = None

    def ids(self, api: Api, stop: Event | None = None) -> Sequence[int]:
        """Return the campaigns to read.

        Raises:
            Forbidden, CampaignNotFound: if they are all, and the key may not list them.
            Stopped: if they are all, and ``stop`` was set before the list was there.

        """
        if self._campaign_ids is not None:
            return self._campaign_ids
        asked = _in_a_thread(api.campaigns)
        while not asked.done():
            if stop and stop.is_set():
                raise Stopped
            wait([asked], POLL_SECONDS)
        try:
            listed = asked.result()
        except (Forbidden, CampaignNotFound) as error:
            raise type(error)(
                f"campaign_ids is 'all', which takes a key that may list campaigns. {error} Or name them."
            ) from error
        self._list = asked
        return campaigns.ids_of(listed or [])

    def ask(self, api: Api, campaign_ids: Sequence[int], known: State, now: datetime) -> None:
        """Begin to ask for the list if it is due, in a thread of its own: no call waits for a name."""
        if self._list is None and campaigns.is_due(known, campaign_ids, self._terms, now):
            self._list = _in_a_thread(lambda: _listed(api if self._asks else None))
        self._asked_for = campaign_ids

    def wait(self) -> None:
        """Wait a little for the list: its connection is about to be closed."""
        if self._list is not None:
            wait([self._list], PATIENCE_SECONDS)

    def rows(self, known: State, now: datetime) -> list[Row]:
        """Return the rows of campaigns that are new or changed, once a list; notes them in ``known``."""
        if self._list is None:
            return []
        self.wait()
        listed = self._list.result() if self._list.done() else None
        self._list = None
        return campaigns.news_of(known, self._asked_for, listed, self._terms, now)


def _in_a_thread(ask: Callable[[], Listed]) -> Future[Listed]:
    pool = ThreadPoolExecutor(1, "campaigns")
    asked: Future[Listed] = pool.submit(copy_context().run, ask)
    pool.shutdown(wait=False)
    return asked


def _listed(api: Api | None) -> Listed:
    if api is None:
        return []
    try:
        return api.campaigns()
    except (Forbidden, CampaignNotFound):
        logger.info("The key may not list campaigns: they go without names.")
        return []
    except Stopped:
        return None
    except AlturError as error:
        logger.warning("No names and timezones of campaigns this time: %s", error)
        return None
