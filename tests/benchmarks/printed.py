"""A world whose calls are all encoded before anybody asks, so that the server has little left to do."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, tzinfo
from operator import attrgetter

import orjson

from altur_sandbox import World
from altur_sandbox.moments import Hand, hand
from altur_sandbox.worlds.base import Profile, Row, Wanted, span

CREATED_AT = attrgetter("created_at")


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """A call as it was when it was printed."""

    created_at: datetime
    print: orjson.Fragment

    def encode(self, hand: Hand) -> orjson.Fragment:  # noqa: ARG002 - the hand was chosen before
        """Return the call as JSON."""
        return self.print


def printed_rows(world: World, campaign_id: int) -> list[PrintedRow]:
    """Return the calls of a campaign as they are now, written as the sandbox writes unless told otherwise."""
    write = hand("offset", world.zones[campaign_id])
    with world.lock:
        rows = world.select(campaign_id, Wanted())
        return [PrintedRow(row.created_at, row.encode(write)) for row in rows]


class PrintedWorld:
    """A world as it was at one moment. Filters by value are ignored: no contestant uses them."""

    def __init__(self, world: World) -> None:
        self.clock = world.clock
        self.zones: Mapping[int, tzinfo] = world.zones
        self._campaigns = world.campaigns()
        self._rows = {campaign_id: printed_rows(world, campaign_id) for campaign_id in world.zones}

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Nothing to hold: nothing changes."""
        return nullcontext()

    def campaigns(self) -> Mapping[int, Profile]:
        """Return what each campaign told of itself."""
        return self._campaigns

    def select(self, campaign_id: int, wanted: Wanted) -> Sequence[Row]:
        """Return the calls wanted, oldest first."""
        rows = self._rows[campaign_id]
        found = span(rows, wanted, CREATED_AT)
        return rows[found.start : found.stop]
