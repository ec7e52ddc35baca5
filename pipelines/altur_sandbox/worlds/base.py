"""What the server needs of a world: its campaigns, its time, and the calls a query wants."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol, TypeVar, overload

import orjson

from altur_sandbox.moments import Hand, utc

Call = dict[str, Any]
Profile = dict[str, Any]
Clock = Callable[[], datetime]
T = TypeVar("T")


def real_time() -> datetime:
    """Return the present instant in UTC: the clock of a world that was given none."""
    return datetime.now(UTC)


class Row(Protocol):
    """One item of a list, as it is at one moment."""

    @property
    def created_at(self) -> datetime:
        """Its place in time, aware UTC; the item itself may say otherwise, or nothing."""

    def encode(self, hand: Hand) -> orjson.Fragment:
        """Return the item as JSON, its instants written in this hand."""


@dataclass(frozen=True)
class Wanted:
    """A selection of calls: half-open span of creation times (UTC), and values that must be equal."""

    start: datetime | None = None
    end: datetime | None = None
    status: str | None = None
    answered_by: str | None = None

    @property
    def any_kind(self) -> bool:
        """Whether the span alone decides."""
        return self.status is None and self.answered_by is None

    def accepts(self, status: object, answered_by: object) -> bool:
        """Tell whether a call of this status and answerer belongs, its creation time apart."""
        return self.status in (None, status) and self.answered_by in (None, answered_by)


class World(Protocol):
    """Campaigns and their calls. The server holds ``lock`` from asking for rows until they are encoded."""

    clock: Clock

    @property
    def lock(self) -> AbstractContextManager[object]:
        """What keeps campaigns and calls still while a page is made."""

    @property
    def zones(self) -> Mapping[int, tzinfo]:
        """The time zone of each campaign there is."""

    def campaigns(self) -> Mapping[int, Profile]:
        """Return what each campaign tells of itself now, by its id; instants as datetimes."""

    def select(self, campaign_id: int, wanted: Wanted) -> Sequence[Row]:
        """Return the calls wanted, oldest first, as of now; cheap to count and to slice."""


class Listing(Sequence[Row]):
    """Rows made only when looked at: positions in a world's own order, and what stands there."""

    def __init__(self, positions: Sequence[int], row: Callable[[int], Row]) -> None:
        self._positions = positions
        self._row = row

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> "Listing": ...
    def __getitem__(self, index: int | slice) -> "Row | Listing":
        if isinstance(index, slice):
            return Listing(self._positions[index], self._row)
        return self._row(self._positions[index])


def encode(item: object, hand: Hand) -> orjson.Fragment:
    """Return any JSON item as bytes, every datetime in it written in this hand."""

    def write(value: object) -> str:
        if isinstance(value, datetime):
            return hand(utc(value))
        raise TypeError(f"no JSON for {type(value)}")

    return orjson.Fragment(orjson.dumps(item, default=write, option=orjson.OPT_PASSTHROUGH_DATETIME))


def span(things: Sequence[T], wanted: Wanted, created_at: Callable[[T], datetime]) -> range:
    """Return the positions of the things created in the span wanted; they must be sorted by creation."""
    first = 0 if wanted.start is None else bisect_left(things, wanted.start, key=created_at)
    stop = len(things) if wanted.end is None else bisect_left(things, wanted.end, key=created_at)
    return range(first, max(first, stop))
