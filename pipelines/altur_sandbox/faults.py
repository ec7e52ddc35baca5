"""Faults: misbehaviour a test asks for, or that comes by chance from a seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from random import Random
from threading import Event, Lock
from typing import Literal, cast, get_args

from altur_sandbox.moments import utc
from altur_sandbox.visits import Lists

Kind = Literal["status", "reset", "truncated", "slow", "not_json", "bare", "no_pagination", "call"]
RetryAfter = float | datetime | str | None

# These happen before an answer, which then goes its way; of the others one request can have one only.
_BEFORE_THE_ANSWER = ("slow", "call")


@dataclass
class Fault:
    """One misbehaviour: what happens, to which requests, and how often still."""

    kind: Kind
    times: int | None = 1
    after: int = 0
    page: int | None = None
    campaign_id: int | None = None
    lists: Lists | None = None
    retry_after: RetryAfter = None
    seconds: float = 1.0
    until: Event | None = None
    status: int = 500
    do: Callable[[], object] | None = None

    @property
    def is_the_answer(self) -> bool:
        """Whether it takes the place of the answer, or spoils it."""
        return self.kind not in _BEFORE_THE_ANSWER

    @property
    def retry_after_header(self) -> str | None:
        """Return Retry-After as sent: seconds, an HTTP date, or a text as it is."""
        if isinstance(self.retry_after, datetime):
            return format_datetime(utc(self.retry_after), usegmt=True)
        return None if self.retry_after is None else str(self.retry_after)

    def concerns(self, lists: Lists | None, campaign_id: int | None, page: int | None) -> bool:
        """Tell whether a request for this page of this list is meant."""
        return (
            self.lists in (None, lists)
            and self.campaign_id in (None, campaign_id)
            and self.page in (None, page)
        )

    def is_due(self) -> bool:
        """Count a request that is meant down from ``after``; tell whether the fault strikes it."""
        if self.after > 0:
            self.after -= 1
            return False
        return self.times is None or self.times > 0

    def spend(self) -> None:
        """Count one strike."""
        if self.times is not None:
            self.times -= 1


class Faults:
    """The faults still to come, in the order they were asked for. Safe to add to while served.

    rates: chance of each fault per request. A name is a kind, with the status or the seconds after a colon
    where there is a choice: ``{"status:500": 0.02, "slow:0.2": 0.1, "reset": 0.01}``.
    """

    def __init__(self, rates: Mapping[str, float] | None = None, seed: int = 0) -> None:
        self._asked: list[Fault] = []
        self._chances = [(_by_name(name), chance) for name, chance in (rates or {}).items()]
        self._random = Random(seed)  # noqa: S311 - chance, not secrecy
        self._lock = Lock()

    def add(  # noqa: PLR0913 - a table of choices, all but the first by name
        self,
        kind: Kind,
        *,
        times: int | None = 1,
        after: int = 0,
        page: int | None = None,
        campaign_id: int | None = None,
        lists: Lists | None = None,
        retry_after: RetryAfter = None,
        seconds: float = 1.0,
        until: Event | None = None,
        status: int = 500,
        do: Callable[[], object] | None = None,
    ) -> None:
        """Ask for a fault of the next ``times`` requests that match (None: for ever), ``after`` so many.

        kind:
            ``status`` answers ``status``, with Retry-After if given (seconds, an instant, or any text)
            ``reset`` resets the connection instead of answering
            ``truncated`` closes it in the middle of the body
            ``slow`` waits ``seconds`` first, or till ``until`` is set, without holding up other requests
            ``not_json`` answers 200 with a page of HTML
            ``bare`` leaves out ``calls`` or ``campaigns``, ``no_pagination`` leaves out ``pagination``
            ``call`` runs ``do`` first: what it changes in the world is in the answer
        page, campaign_id: match only requests for this page index, or this campaign's calls.
        lists: match only requests for calls, or for campaigns.
        """
        if kind == "call" and do is None:
            raise ValueError("a fault of kind 'call' needs something to do")
        fault = Fault(kind, times, after, page, campaign_id, lists, retry_after, seconds, until, status, do)
        with self._lock:
            self._asked.append(fault)

    def clear(self) -> None:
        """Forget the faults asked for; those by chance stay."""
        with self._lock:
            self._asked.clear()

    def strike(self, lists: Lists | None, campaign_id: int | None, page: int | None) -> list[Fault]:
        """Take the faults of one request: any number before the answer, at most one in its place."""
        struck: list[Fault] = []
        with self._lock:
            concerned = [fault for fault in self._asked if fault.concerns(lists, campaign_id, page)]
            asked = [fault for fault in concerned if fault.is_due()]
            by_chance = [fault for fault, chance in self._chances if self._random.random() < chance]
            for fault in asked + by_chance:
                if fault.is_the_answer and any(earlier.is_the_answer for earlier in struck):
                    continue
                fault.spend()
                struck.append(fault)
        return struck


def _by_name(name: str) -> Fault:
    text, _, detail = name.partition(":")
    if text not in get_args(Kind) or text == "call":
        raise ValueError(f"no fault by chance is called {name!r}")
    kind = cast("Kind", text)
    if kind == "status":
        return Fault(kind, times=None, status=int(detail or 500))
    if kind == "slow":
        return Fault(kind, times=None, seconds=float(detail or 1.0))
    return Fault(kind, times=None)
