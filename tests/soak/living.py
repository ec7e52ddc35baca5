"""A world in which time passes: calls begin, end, are tagged and judged later, and some vanish."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from altur_sandbox import ManualWorld, example_call

Fields = dict[str, Any]

CAMPAIGNS = (1, 2)


class LivingWorld(ManualWorld):
    """A world that is told what time it is, and then lets happen what was to happen until then.

    In each campaign a call begins ``every`` so often, the first one ``history`` before the start. Whatever
    becomes of it does while it is younger than ``oldest``, each order of magnitude as likely as the other.
    """

    def __init__(self, start: datetime, every: timedelta, history: timedelta, oldest: timedelta) -> None:
        super().__init__(lambda: self.now)
        self.now = start
        self.settled_at = start
        self._every, self._oldest = every, oldest
        self._random = Random(0)  # noqa: S311 (chance, not secrecy)
        self._next, self._begun = start - history, 0
        self._to_come: list[tuple[datetime, str, datetime, Fields | None]] = []  # a heap
        self._is_alive = True
        for campaign_id in CAMPAIGNS:
            self.add_campaign(campaign_id)
        self.advance(start)
        self.settled_at = start
        """When all that became of calls since must have shown: what does at some age, by four times that."""

    def advance(self, to: datetime) -> None:
        """Let time pass."""
        with self.lock:
            self.now = max(self.now, to)
            while self._is_alive and self._next <= self.now:
                self._begin()
            while self._to_come and self._to_come[0][0] <= self.now:
                _, *event = heapq.heappop(self._to_come)
                self._happen(*event)

    def rest(self) -> None:
        """Let nothing happen any more."""
        with self.lock:
            self._is_alive = False
            self._to_come.clear()

    def _begin(self) -> None:
        for campaign_id in CAMPAIGNS:
            call_id = f"call_{campaign_id}_{self._begun}"
            self.put(campaign_id, _ringing(call_id, self._next))
            for age, fields in self._life():
                heapq.heappush(self._to_come, (self._next + age, call_id, self._next, fields))
        self._begun += 1
        self._next += self._every

    def _life(self) -> Iterator[tuple[timedelta, Fields | None]]:
        """Yield what becomes of the next call at which age: ``None`` if it vanishes."""
        whole = example_call("any", self._next)
        yield (
            self._every / 2,
            {name: whole[name] for name in ("status", "answered_by", "ended_at", "duration")},
        )
        for name in ("tags", "policy_evaluation", "extracted_data"):
            yield self._age(), {name: whole[name]}
        if self._random.random() < 0.03:
            yield self._age(), None

    def _age(self) -> timedelta:
        return self._every * math.exp(self._random.uniform(0, math.log(self._oldest / self._every)))

    def _happen(self, call_id: str, created: datetime, fields: Fields | None) -> None:
        if not any(call_id in campaign.by_id for campaign in self._campaigns.values()):
            return  # it has vanished
        if fields is None:
            self.delete(call_id)
        else:
            self.change(call_id, **fields)
        self.settled_at = max(self.settled_at, created + 4 * (self.now - created))


def _ringing(call_id: str, created: datetime) -> Fields:
    later = ("answered_by", "ended_at", "duration", "extracted_data", "policy_evaluation")
    return example_call(call_id, created, status="in-progress", tags=[], **dict.fromkeys(later))
