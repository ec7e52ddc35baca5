"""Moulds: finished calls with holes, from which any number of others are cast."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import orjson

from altur_sandbox.moments import Hand
from altur_sandbox.worlds.base import Call, Wanted
from altur_sandbox.worlds.four_campaigns import COLLECTIONS
from altur_sandbox.worlds.lives import live
from altur_sandbox.worlds.plans import plan_day
from altur_sandbox.worlds.snapshots import snapshot

_MOULDS = 64
_CALLS_PER_CONTACT = 3
_A_DAY, _LONG_AFTER = date(2026, 3, 2), timedelta(days=60)


@dataclass(frozen=True)
class Mould:
    """The JSON of a call, its ids and instants replaced by names.

    offsets: of each instant from the creation, by the name that stands for it.
    """

    json: bytes
    offsets: tuple[tuple[bytes, timedelta], ...]
    status: str
    answered_by: str | None

    def cast(self, call_id: str, created_at: datetime, position: int, hand: Hand) -> bytes:
        """Return the JSON of the call of this id and creation; its contact follows from its position."""
        number = position // _CALLS_PER_CONTACT
        holes = {name: hand(created_at + offset).encode() for name, offset in self.offsets}
        holes[b"id"] = call_id.encode()
        holes[b"contact"] = b"%d" % number
        holes[b"digits"] = b"%07d" % number
        return self.json % holes

    def belongs(self, wanted: Wanted) -> bool:
        """Tell whether the filters by value want the calls of this mould."""
        return wanted.accepts(self.status, self.answered_by)


@cache
def moulds() -> tuple[Mould, ...]:
    """Return moulds of seeded collection calls, all of them evaluated."""
    lives = map(live, plan_day(COLLECTIONS, _A_DAY, seed=0, scale=2))
    evaluated = [life for life in lives if life.evaluations]
    return tuple(_mould(snapshot(life, life.plan.ended_at + _LONG_AFTER)) for life in evaluated[:_MOULDS])


def _mould(call: Call) -> Mould:
    names: dict[timedelta, str] = {}

    def holed(item: Any) -> Any:
        match item:
            case datetime():
                name = names.setdefault(item - call["created_at"], f"instant{len(names)}")
                return f"%({name})b"
            case str():
                return item.replace("%", "%%")
            case dict():
                return {holed(key): holed(value) for key, value in item.items()}
            case list():
                return [holed(value) for value in item]
            case _:
                return item

    json = orjson.dumps(_without_identity(holed(call))).replace(b'"%(contact)b"', b"%(contact)b")
    offsets = tuple((name.encode(), offset) for offset, name in names.items())
    return Mould(json, offsets, call["status"], call["answered_by"])


def _without_identity(call: Call) -> Call:
    contact = {"id": "%(contact)b", "f_id": "CRED-%(digits)b", "phone_number": "+52550%(digits)b"}
    return {
        **call,
        "id": "%(id)b",
        "recording_url": "/api/v1.0/call/%(id)b/recording",
        "contact": {**call["contact"], **contact},
    }
