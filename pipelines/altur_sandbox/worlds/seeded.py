"""A world that lives by itself: four campaigns whose calls are ringing, ending and being judged right now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from threading import RLock

import orjson

from altur_sandbox.moments import MICROSECOND, Hand, utc
from altur_sandbox.worlds.base import Call, Clock, Listing, Profile, Row, Wanted, encode, real_time, span
from altur_sandbox.worlds.campaigns import Campaign
from altur_sandbox.worlds.four_campaigns import FOUR_CAMPAIGNS
from altur_sandbox.worlds.lives import live
from altur_sandbox.worlds.plans import Plan, plan_day
from altur_sandbox.worlds.profiles import profile, week
from altur_sandbox.worlds.snapshots import snapshot


class SeededCall:
    """A planned call, and the bytes of how it looked last."""

    __slots__ = ("_bytes", "_from", "_hand", "_until", "created_at", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.created_at = plan.created_at
        self._from = self._until = plan.created_at
        self._hand: Hand | None = None
        self._bytes = orjson.Fragment(b"")

    def encode_at(self, now: datetime, hand: Hand) -> orjson.Fragment:
        """Return the call as it looks now; made anew only if it changed since, or is to look otherwise."""
        if hand is not self._hand or not self._from <= now < self._until:
            life = live(self.plan)
            self._hand, self._bytes = hand, encode(snapshot(life, now), hand)
            self._from, self._until = life.unchanged_around(now)
        return self._bytes


class SeededRow:
    """A call at one moment."""

    __slots__ = ("_call", "_now")

    def __init__(self, call: SeededCall, now: datetime) -> None:
        self._call = call
        self._now = now

    @property
    def created_at(self) -> datetime:
        """When the call was created."""
        return self._call.created_at

    def encode(self, hand: Hand) -> orjson.Fragment:
        """Return the call as JSON, its instants written in this hand."""
        return self._call.encode_at(self._now, hand)


class Calendar:
    """The calls of one campaign, planned day by day as the clock gets there."""

    def __init__(self, campaign: Campaign, first_day: date, seed: int, scale: float) -> None:
        self.campaign = campaign
        self._next_day = first_day
        self._seed, self._scale = seed, scale
        self._calls: list[SeededCall] = []

    def until(self, now: datetime) -> list[SeededCall]:
        """Return the calls, oldest first, planned at least to the end of this day."""
        while self._next_day <= now.astimezone(self.campaign.zone).date():
            plans = plan_day(self.campaign, self._next_day, self._seed, self._scale)
            self._calls.extend(map(SeededCall, plans))
            self._next_day += timedelta(days=1)
        return self._calls


class SeededWorld:
    """Four campaigns, 1101 to 1104: a function of the seed and the clock, and of nothing else.

    A server that is started again shows the same calls, and what happened to them since. Memory grows by
    some 2 kB with every call that is served.

    days: how far back calls go from the clock's day at the start (the help line's half as far).
    scale: multiplies their number, some 22,000 in 45 days.
    """

    def __init__(
        self, seed: int = 7, clock: Clock = real_time, *, days: int = 45, scale: float = 1.0
    ) -> None:
        self.clock = clock
        self.lock = RLock()
        self._calendars = {
            campaign.id: Calendar(campaign, self._first_day(campaign, days), seed, scale)
            for campaign in FOUR_CAMPAIGNS
        }

    @property
    def zones(self) -> Mapping[int, tzinfo]:
        """The time zone of each campaign."""
        return {campaign.id: campaign.zone for campaign in FOUR_CAMPAIGNS}

    def campaigns(self) -> Mapping[int, Profile]:
        """Return what each campaign tells of itself."""
        return {campaign.id: _profile(campaign) for campaign in FOUR_CAMPAIGNS}

    def calls(self, campaign_id: int) -> list[Call]:
        """Return the calls created until now, oldest first, as they look now; instants as datetimes."""
        now = utc(self.clock())
        with self.lock:
            calls = self._calendars[campaign_id].until(now)
            return [snapshot(live(call.plan), now) for call in calls if call.created_at <= now]

    def select(self, campaign_id: int, wanted: Wanted) -> Sequence[Row]:
        """Return the calls wanted, oldest first, as they look now."""
        now = utc(self.clock())
        calls = self._calendars[campaign_id].until(now)
        positions: Sequence[int] = span(calls, _until(now, wanted), lambda call: call.created_at)
        if not wanted.any_kind:
            positions = [position for position in positions if _belongs(calls[position].plan, now, wanted)]
        return Listing(positions, lambda position: SeededRow(calls[position], now))

    def _first_day(self, campaign: Campaign, days: int) -> date:
        today = utc(self.clock()).astimezone(campaign.zone).date()
        return today - timedelta(days=round(days * campaign.age))


def _profile(campaign: Campaign) -> Profile:
    days = [calls > 0 for calls in campaign.calls_per_weekday]
    return profile(
        campaign.id,
        campaign.zone,
        campaign.created_at,
        agent_name=campaign.agent_name,
        name=campaign.name,
        description=campaign.description,
        first_message=campaign.first_message,
        scheduling=week(campaign.opens, campaign.closes, days) if campaign.hours else {},
    )


def _until(now: datetime, wanted: Wanted) -> Wanted:
    end = now + MICROSECOND
    return replace(wanted, end=end if wanted.end is None else min(end, wanted.end))


def _belongs(plan: Plan, now: datetime, wanted: Wanted) -> bool:
    return wanted.accepts(plan.status_at(now), plan.answered_by_at(now))
