"""Worlds too large to hold: every call is computed from its position."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import sin, tau

import orjson

from altur_sandbox.moments import Hand
from altur_sandbox.worlds.base import Clock, Listing, Profile, Row, Wanted, real_time, span
from altur_sandbox.worlds.four_campaigns import MEXICO_CITY
from altur_sandbox.worlds.moulds import Mould, moulds
from altur_sandbox.worlds.profiles import profile

_START = datetime(2026, 1, 1, tzinfo=UTC)
# Odd, so that multiplying by it (modulo 2**64) gives every call an id of its own.
_SCATTER = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Spread:
    """The creation of ``count`` calls over a span: the first at its start, none at its end.

    rhythm: 0 spreads them evenly; towards 1 they crowd in the middle of each day of the span.
    """

    count: int
    start: datetime
    days: int
    rhythm: float

    def at(self, position: int) -> datetime:
        """Return when the call at this position was created; later positions are never earlier."""
        share = position / self.count
        swing = self.rhythm * sin(tau * self.days * share) / (tau * self.days)
        return self.start + timedelta(microseconds=int((share + swing) * self.days * 86_400_000_000))


class BulkRow:
    """The call at one position."""

    __slots__ = ("_call_id", "_mould", "_position", "created_at")

    def __init__(self, call_id: str, created_at: datetime, position: int, mould: Mould) -> None:
        self.created_at = created_at
        self._call_id = call_id
        self._position = position
        self._mould = mould

    def encode(self, hand: Hand) -> orjson.Fragment:
        """Return the call as JSON, its instants written in this hand."""
        return orjson.Fragment(self._mould.cast(self._call_id, self.created_at, self._position, hand))


class BulkWorld:
    """Calls that never change, so many in each campaign as asked for, shown whatever the clock says.

    Rows are those of ended and evaluated collection calls, in size and in kind.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        campaigns: Mapping[int, int],
        *,
        start: datetime = _START,
        days: int = 90,
        rhythm: float = 0.0,
        clock: Clock = real_time,
        zone: tzinfo = MEXICO_CITY,
    ) -> None:
        if not 0 <= rhythm < 1:
            raise ValueError(f"a rhythm of {rhythm} would turn time back: give 0 <= rhythm < 1")
        self.clock = clock
        self.zones: Mapping[int, tzinfo] = dict.fromkeys(campaigns, zone)
        self._spreads = {id_: Spread(count, start, days, rhythm) for id_, count in campaigns.items()}
        self._moulds = moulds()

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Nothing to hold: nothing changes."""
        return nullcontext()

    def call_id(self, campaign_id: int, position: int) -> str:
        """Return the id of the campaign's call at this position, 0 being the oldest."""
        return f"call_{(campaign_id << 32 | position) * _SCATTER % 2**64:016x}"

    def campaigns(self) -> Mapping[int, Profile]:
        """Return what each campaign tells of itself."""
        return {
            id_: profile(id_, zone, self._spreads[id_].start, name=f"Campaign {id_}")
            for id_, zone in self.zones.items()
        }

    def select(self, campaign_id: int, wanted: Wanted) -> Sequence[Row]:
        """Return the calls wanted, oldest first."""
        spread = self._spreads[campaign_id]
        positions: Sequence[int] = span(range(spread.count), wanted, spread.at)
        if not wanted.any_kind:
            positions = [position for position in positions if self._mould(position).belongs(wanted)]
        return Listing(positions, lambda position: self._row(campaign_id, position))

    def _row(self, campaign_id: int, position: int) -> BulkRow:
        created_at = self._spreads[campaign_id].at(position)
        return BulkRow(self.call_id(campaign_id, position), created_at, position, self._mould(position))

    def _mould(self, position: int) -> Mould:
        return self._moulds[position % len(self._moulds)]
