"""The calls of a day, planned ahead: who is called when, and how the line behaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal

from altur_sandbox.worlds.campaigns import Campaign

Fate = Literal["human", "machine", "unknown", "no-answer", "busy", "failed"]

# How a call ends that no person answers, outbound.
_UNANSWERED: dict[Fate, float] = {
    "no-answer": 0.44,
    "machine": 0.33,
    "busy": 0.14,
    "failed": 0.06,
    "unknown": 0.03,
}
_UNANSWERED_INBOUND: tuple[Fate, ...] = ("failed", "unknown")
_ANSWERED_BY = ("human", "machine", "unknown")
_RETRIED = ("no-answer", "busy")
_RETRY_CHANCE, _ATTEMPTS = 0.65, 3
_RETRY_AFTER_MINUTES = (35, 200)

# Against the campaign's rate: people pick up late in the morning and after work, and on Saturdays.
_BY_HOUR = (0.5,) * 8 + (0.75, 0.9, 1.1, 1.15, 1.1, 1.0, 0.8, 0.75, 0.85, 1.0, 1.2, 1.25, 1.0) + (0.6,) * 3
_BY_WEEKDAY = (0.93, 1.0, 1.02, 1.0, 0.9, 1.12, 1.05)
# Around pay days (15th and last) there is more to call about.
_PAY_DAYS, _PAY_DAY_FACTOR = (1, 14, 15, 16, 30, 31), 1.25


@dataclass(slots=True)
class Plan:
    """One call to come: its instant (UTC), what the line does, and the seed of all that is said."""

    id: str
    campaign: Campaign
    created_at: datetime
    fate: Fate
    contact_number: int
    will_retry: bool
    ring_seconds: float
    talk_seconds: int
    seed: int

    @property
    def started_at(self) -> datetime:
        """When the ringing ended, in a conversation or not."""
        return self.created_at + timedelta(seconds=self.ring_seconds)

    @property
    def ended_at(self) -> datetime:
        """When the line was free again."""
        return self.started_at + timedelta(seconds=self.talk_seconds)

    def status_at(self, now: datetime) -> str:
        """Return the call's status as known now."""
        if now < self.ended_at:
            return "in-progress"
        return "ended" if self.fate in _ANSWERED_BY else self.fate

    def answered_by_at(self, now: datetime) -> str | None:
        """Return who picked up, None if nobody did yet."""
        return self.fate if self.fate in _ANSWERED_BY and now >= self.started_at else None


def plan_day(campaign: Campaign, date_: date, seed: int, scale: float) -> list[Plan]:
    """Return the calls of a local day, oldest first; the same arguments give the same day."""
    day = _Day(campaign, date_, Random(f"{seed}/{campaign.id}/{date_}"))  # noqa: S311 - invention, not secrecy
    plans = [plan for second in day.first_attempts(scale) for plan in day.attempts(second)]
    return sorted(plans, key=lambda plan: plan.created_at)


@dataclass(frozen=True)
class _Day:
    """A local day of a campaign. Times in it are seconds on the wall clock."""

    campaign: Campaign
    date: date
    random: Random

    def first_attempts(self, scale: float) -> Iterator[float]:
        """Yield the second at which each person is called for the first time that day."""
        campaign, random = self.campaign, self.random
        factor = _PAY_DAY_FACTOR if campaign.hours and self.date.day in _PAY_DAYS else 1.0
        average = campaign.calls_per_weekday[self.date.weekday()] * scale * factor
        count = round(average * random.uniform(0.92, 1.08))
        if not campaign.hours:
            # One in each of equal slices: a line that is open all day never falls silent for long.
            yield from ((place + random.random()) * 86_400 / count for place in range(count))
            return
        for hour in random.choices(range(campaign.opens, campaign.closes), campaign.hours, k=count):
            yield (hour + random.random()) * 3_600

    def attempts(self, second: float) -> Iterator[Plan]:
        """Yield a call, and the later ones to the same person while nobody picks up and the day lasts."""
        contact_number = self.random.randrange(self.campaign.directory.size)
        for left in reversed(range(_ATTEMPTS)):
            fate = self._fate(int(second // 3_600))
            again = second + 60 * self.random.uniform(*_RETRY_AFTER_MINUTES)
            will_retry = left > 0 and self._is_retried(fate, again)
            yield self._plan(second, fate, contact_number, will_retry=will_retry)
            if not will_retry:
                return
            second = again

    def _is_retried(self, fate: Fate, again: float) -> bool:
        return (
            self.campaign.type == "outbound"
            and fate in _RETRIED
            and again < self.campaign.closes * 3_600
            and self.random.random() < _RETRY_CHANCE
        )

    def _fate(self, hour: int) -> Fate:
        rate = self.campaign.answer_rate
        if self.campaign.type == "outbound":
            rate *= _BY_HOUR[hour] * _BY_WEEKDAY[self.date.weekday()]
        if self.random.random() < rate:
            return "human"
        if self.campaign.type == "inbound":
            return self.random.choice(_UNANSWERED_INBOUND)
        return self.random.choices(tuple(_UNANSWERED), tuple(_UNANSWERED.values()))[0]

    def _plan(self, second: float, fate: Fate, contact_number: int, *, will_retry: bool) -> Plan:
        ringing = (2, 6) if fate in _ANSWERED_BY else (12, 35)
        return Plan(
            id=f"call_{self.random.getrandbits(64):016x}",
            campaign=self.campaign,
            created_at=self._instant(second),
            fate=fate,
            contact_number=contact_number,
            will_retry=will_retry,
            ring_seconds=round(self.random.uniform(*ringing), 3),
            talk_seconds=self._talk_seconds(fate),
            seed=self.random.getrandbits(64),
        )

    def _instant(self, second: float) -> datetime:
        wall_clock = datetime.combine(self.date, time()) + timedelta(seconds=second)
        return wall_clock.replace(tzinfo=self.campaign.zone).astimezone(UTC)

    def _talk_seconds(self, fate: Fate) -> int:
        match fate:
            case "human":
                return 8 + int(self.random.gammavariate(2.2, self.campaign.talk_seconds / 2.2))
            case "machine":
                return self.random.randint(9, 38)
            case "unknown":
                return self.random.randint(2, 9)
            case _:
                return 0
