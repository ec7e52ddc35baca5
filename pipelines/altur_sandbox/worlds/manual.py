"""A world in which a test puts, changes and deletes every call by hand."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from operator import attrgetter
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from altur_sandbox.moments import Hand, read, utc
from altur_sandbox.worlds.base import Call, Clock, Listing, Profile, Row, Wanted, encode, real_time, span
from altur_sandbox.worlds.profiles import profile

MEXICO_CITY = ZoneInfo("America/Mexico_City")
_CREATED_AT = attrgetter("created_at")


class ManualRow:
    """An item as it was put: a change makes a new row, so that its bytes can be kept."""

    __slots__ = ("_bytes", "_hand", "created_at", "item")

    def __init__(self, created_at: datetime, item: Any) -> None:
        self.created_at = created_at
        self.item = item
        self._hand: Hand | None = None
        self._bytes = orjson.Fragment(b"")

    def encode(self, hand: Hand) -> orjson.Fragment:
        """Return the item as JSON, its instants written in this hand."""
        if self._hand is not hand:
            self._hand, self._bytes = hand, encode(self.item, hand)
        return self._bytes

    def belongs(self, wanted: Wanted) -> bool:
        """Tell whether the filters by value want this item; one that is no object has no values."""
        item = self.item if isinstance(self.item, dict) else {}
        return wanted.accepts(item.get("status"), item.get("answered_by"))


class Campaign:
    """One campaign, its rows in order of creation, those of one instant in order of arrival."""

    def __init__(self, zone: tzinfo, profile: Profile) -> None:
        self.zone = zone
        self.profile = profile
        self.rows: list[ManualRow] = []
        self.by_id: dict[str, ManualRow] = {}

    def put(self, call: Call) -> None:
        """Insert the call, or replace the one of its id; it keeps its place if its instant is the same."""
        row = ManualRow(_moment(call["created_at"]), call)
        old = self.by_id.get(call["id"])
        self.by_id[call["id"]] = row
        if old is not None and old.created_at == row.created_at:
            self.rows[self._position(old)] = row
            return
        if old is not None:
            del self.rows[self._position(old)]
        insort(self.rows, row, key=_CREATED_AT)

    def put_raw(self, item: object, created_at: datetime) -> None:
        """Insert an item no id is known of."""
        insort(self.rows, ManualRow(utc(created_at), item), key=_CREATED_AT)

    def delete(self, call_id: str) -> None:
        """Take the call out."""
        del self.rows[self._position(self.by_id.pop(call_id))]

    def _position(self, row: ManualRow) -> int:
        return self.rows.index(row, bisect_left(self.rows, row.created_at, key=_CREATED_AT))


class ManualWorld:
    """A world that shows what was put into it, whatever its clock says. Safe to change while served."""

    def __init__(self, clock: Clock = real_time) -> None:
        self.clock = clock
        self.lock = RLock()
        self._campaigns: dict[int, Campaign] = {}

    def add_campaign(
        self, campaign_id: int, zone: tzinfo = MEXICO_CITY, *, agent_name: str = "Sofía", **fields: Any
    ) -> None:
        """Open an empty campaign; the zone is where the ``offset`` of its timestamps comes from.

        fields: of its row in the list of campaigns (``name``, ``status``, ``timezone``, ``archived``, ...),
            each in the place of a plausible one; the timezone is the zone's, null if that is a mere offset.
        """
        with self.lock:
            told = profile(campaign_id, zone, utc(self.clock()), agent_name=agent_name, **fields)
            self._campaigns[campaign_id] = Campaign(zone, told)

    def change_campaign(self, campaign_id: int, **fields: Any) -> None:
        """Replace fields of a campaign's row in the list of campaigns."""
        with self.lock:
            campaign = self._campaigns[campaign_id]
            campaign.profile = {**campaign.profile, **fields}

    def put(self, campaign_id: int, call: Call) -> None:
        """Insert a call, or replace the campaign's call of the same id."""
        with self.lock:
            self._campaigns[campaign_id].put(dict(call))

    def put_raw(self, campaign_id: int, item: object, *, created_at: datetime) -> None:
        """Insert any JSON value where a call created then would stand."""
        with self.lock:
            self._campaigns[campaign_id].put_raw(item, created_at)

    def change(self, call_id: str, **fields: Any) -> None:
        """Replace fields of a call, in every campaign that has it; KeyError if none does."""
        with self.lock:
            for campaign in list(self._having(call_id)):
                campaign.put({**campaign.by_id[call_id].item, **fields})

    def delete(self, call_id: str) -> None:
        """Remove a call from every campaign that has it; KeyError if none does."""
        with self.lock:
            for campaign in list(self._having(call_id)):
                campaign.delete(call_id)

    def calls(self, campaign_id: int) -> list[Call]:
        """Return copies of the calls put, oldest first, instants as datetimes; raw items are left out."""
        with self.lock:
            campaign = self._campaigns[campaign_id]
            known = set(map(id, campaign.by_id.values()))
            return [dict(row.item) for row in campaign.rows if id(row) in known]

    @property
    def zones(self) -> Mapping[int, tzinfo]:
        """The time zone of each campaign."""
        with self.lock:
            return {campaign_id: campaign.zone for campaign_id, campaign in self._campaigns.items()}

    def campaigns(self) -> Mapping[int, Profile]:
        """Return what each campaign tells of itself, by the id it was added with."""
        with self.lock:
            return {campaign_id: campaign.profile for campaign_id, campaign in self._campaigns.items()}

    def select(self, campaign_id: int, wanted: Wanted) -> Sequence[Row]:
        """Return the rows wanted, oldest first."""
        rows = self._campaigns[campaign_id].rows
        positions: Sequence[int] = span(rows, wanted, _CREATED_AT)
        if not wanted.any_kind:
            positions = [position for position in positions if rows[position].belongs(wanted)]
        return Listing(positions, rows.__getitem__)

    def _having(self, call_id: str) -> Iterator[Campaign]:
        holders = [campaign for campaign in self._campaigns.values() if call_id in campaign.by_id]
        if not holders:
            raise KeyError(call_id)
        return iter(holders)


def _moment(value: datetime | str) -> datetime:
    return read(value) if isinstance(value, str) else utc(value)
