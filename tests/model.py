"""Worlds drawn from a seed, lived through run by run, and the laws a warehouse that follows them must keep.

A **plan** is all that will happen in a world: its manners, the calls and what becomes of them, the runs and
how each goes wrong. A **life** plays it against the sandbox. Its time is simulated: between runs it jumps,
and while a run lasts every request takes some of it, so calls arrive, end, change and vanish amid a walk.
"""

from __future__ import annotations

import heapq
import json
import math
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest
from pathlib import Path
from random import Random
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import orjson
from dlt.common.pipeline import get_dlt_pipelines_dir

from altur_calls import cursors, pipeline, settings
from altur_calls.campaigns import Terms
from altur_calls.errors import AlturError
from altur_calls.extraction import Extraction, Order
from altur_calls.reading.api import Api
from altur_calls.reads import Read
from altur_calls.roster import Roster
from altur_calls.tally import Tally
from altur_calls.warehouse.target import Target
from altur_calls.windows import floor
from altur_sandbox import Faults, Manners, ManualWorld, Sandbox
from altur_sandbox.moments import hand
from altur_sandbox.worlds.base import encode
from warehouse import Warehouse, as_loaded

Call = dict[str, Any]

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3_600, 86_400))
MICROSECOND = timedelta(microseconds=1)
ORIGIN = datetime(2026, 3, 2, 18, tzinfo=UTC)
"""The moment of the first run."""
AGES = [minutes * MINUTE for minutes in (0, *settings.REREAD_AGES_MINUTES)]
SETTLED, SETTLED_AT_LAST = 30 * DAY, 36 * DAY
"""What changes later than the first need not show; what changes earlier shows by the second."""
FLOORING = 3 * SECOND
"""Windows are kept in whole seconds, so a promise may be kept this much late."""

# Plans. ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Event:
    """Something that becomes of a call: it ``arrives``, ``ends``, ``changes``, ``goes`` or ``returns``.

    Or, where a campaign's number stands for the call's id, the campaign ``opens``.
    """

    at: datetime
    kind: str
    call_id: str


@dataclass(frozen=True)
class Run:
    """When the tool is run, by whose clock, and what goes wrong."""

    at: datetime
    campaign_ids: tuple[int, ...]
    fast: timedelta = timedelta(0)
    """How far the tool's clock is ahead."""
    span: tuple[datetime, datetime] | None = None
    """An explicit ``since`` and ``until``, instead of what is due."""
    chunk_calls: int | None = None
    crash: str | None = None
    """What a crash leaves of a chunk whose state it loses: ``nothing``, ``rows`` or ``some rows``."""
    crash_chunk: int = 0
    end: tuple[str, int] | None = None
    """The lasting fault that ends the run, and at which request."""
    faults: tuple[tuple[str, int], ...] = ()
    """The passing faults, and at which requests they strike."""


@dataclass(frozen=True)
class Plan:
    """All that will happen in a world."""

    seed: int
    manners: Manners
    zones: dict[int, ZoneInfo]
    calls: dict[str, tuple[int, datetime]]
    """Campaign and creation by call id."""
    events: list[Event]
    runs: list[Run]
    interval: timedelta | None
    """Time between the runs, if it is always the same."""
    start: datetime
    """The start date: what is older is not asked for."""
    max_window_calls: int
    seconds_a_request: float
    amid_walks: frozenset[str]
    """Kinds of events that may happen while pages are walked; the others wait for the end of a run."""


FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500, "retry_after": 0},
    "503": {"kind": "status", "status": 503, "retry_after": 0},
    "429": {"kind": "status", "status": 429, "retry_after": 0},
    "reset": {"kind": "reset"},
    "truncated": {"kind": "truncated"},
}
ENDS: dict[str, dict[str, Any]] = {
    "unavailable": {"kind": "status", "status": 500, "times": None},
    "refused": {"kind": "status", "status": 401},
    "no calls": {"kind": "bare"},
    "not JSON": {"kind": "not_json"},
}


def plan_of(seed: int, *, runs: int = 30, calls: int = 400) -> Plan:
    """Draw a world from a seed, with so many runs and calls at most."""
    random = Random(seed)  # noqa: S311 (worlds, not secrets)
    manners = _manners(random)
    interval, moments = _schedule(random, runs)
    zones = {
        number: ZoneInfo(random.choice(["America/Mexico_City", "UTC", "Asia/Kolkata"]))
        for number in range(1, random.choice([2, 2, 3, 4]))
    }
    most = min(calls, 15 * manners.max_page_size, *([150] if _is_hard(manners) else []))
    made = _calls(random, list(zones), int(most * random.random() ** 3), moments[-1], _at_once(manners))
    events = sorted(
        event
        for call_id, (_, created) in made.items()
        for event in _fate(random, call_id, created, moments[-1])
    )
    if random.random() < 0.2:
        events = _opened_later(
            events, made, max(zones), moments[0] + random.random() * (moments[-1] - moments[0])
        )
    planned = [_run(random, moment, tuple(zones)) for moment in moments]
    return Plan(
        seed=seed,
        manners=manners,
        zones=zones,
        calls=made,
        events=events,
        runs=_with_oddities(random, planned, list(zones)),
        interval=interval,
        start=random.choice(
            [settings.BEGINNING, settings.BEGINNING, floor(ORIGIN - spread(random, DAY, 50 * DAY))]
        ),
        max_window_calls=random.choice([10_000, 10_000, 10_000, 200, 60]),
        seconds_a_request=random.choice([0, 0.1, 2, 25]),
        amid_walks=_amid_walks(random, manners),
    )


def spread(random: Random, least: timedelta, most: timedelta) -> timedelta:
    """Draw a span of time, each order of magnitude as likely as the other."""
    low, high = math.log(least.total_seconds()), math.log(most.total_seconds())
    return timedelta(seconds=math.exp(random.uniform(low, high)))


def _manners(random: Random) -> Manners:
    manners = Manners(
        order=random.choice(["newest_first", "oldest_first", "shuffled", "unstable"]),
        bounds=random.choice(["inclusive", "exclusive", "half_open"]),
        timestamps=random.choice(["offset", "z", "naive", "milliseconds"]),
        total_count=random.choices(["every_page", "first_page", "first_page_absent", "never"], (4, 2, 2, 1))[
            0
        ],
        max_page_size=random.choice([100, 100, 50, 20, 7]),
        max_page_index=random.choice([25_000] * 9 + [3]),
        has_next=random.choice(["right", "right", "always", "never"]),
        past_end=random.choice(["empty", "not_found"]),
        repeat_page=random.choice([None] * 9 + [1]),
    )
    if manners.total_count == "never":  # then only an honest has_next is left to tell the end by
        manners = replace(manners, has_next="right")
    if _is_hard(manners):
        manners = replace(manners, max_page_size=max(50, manners.max_page_size))
    return manners


def _is_hard(manners: Manners) -> bool:
    """Tell whether windows of several pages can't be proved, so that it takes many requests to cut them."""
    return manners.total_count == "never" or manners.repeat_page is not None or manners.max_page_index < 100


def _at_once(manners: Manners) -> int:
    """Return how many calls may be created in a few seconds: a window of one second must be provable."""
    if manners.order == "unstable" or _is_hard(manners):
        return manners.max_page_size
    return 3 * manners.max_page_size


def _amid_walks(random: Random, manners: Manners) -> frozenset[str]:
    """Choose what happens while pages are walked. That a call goes and another arrives, no count can tell."""
    always = {"opens", "ends", "changes"}
    if random.random() < 0.5:
        return frozenset({*always, "goes"})
    if manners.total_count == "every_page":
        return frozenset({*always, "arrives", "returns", "arrives late"})
    return frozenset(always if manners.order == "shuffled" else {*always, "arrives"})


def _schedule(random: Random, most: int) -> tuple[timedelta | None, list[datetime]]:
    count = min(5, most) + int(max(0, most - 4) * random.random() ** 4)
    if random.random() < 0.6:
        interval = random.choice([5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY])
        return interval, [ORIGIN + number * interval for number in range(count)]
    moments = [ORIGIN]
    while len(moments) < count and moments[-1] < ORIGIN + 45 * DAY:
        moments.append(moments[-1] + spread(random, 5 * SECOND, 5 * DAY))
    return None, moments


def _calls(
    random: Random, campaign_ids: Sequence[int], count: int, end: datetime, at_once: int
) -> dict[str, tuple[int, datetime]]:
    """Draw calls that come alone, in crowds or all at one instant, before and between the runs."""
    made: dict[str, tuple[int, datetime]] = {}
    for campaign_id in campaign_ids:
        moments: list[datetime] = []
        while len(moments) < count // len(campaign_ids):
            moments += _some_moments(random, end, at_once)
        for moment in _thinned(moments, at_once):
            made[f"call_{campaign_id}_{len(made)}"] = (campaign_id, moment)
    return made


def _some_moments(random: Random, end: datetime, at_once: int) -> list[datetime]:
    length = max(end - ORIGIN, HOUR)
    around = random.choices(
        [ORIGIN + random.random() * length, ORIGIN - spread(random, SECOND, 40 * DAY), ORIGIN - 400 * DAY],
        (6, 3, 1),
    )[0]
    if random.random() < 0.5:
        around = floor(around)
    match random.choice(["alone", "crowd", "instant"]):
        case "crowd":
            width = spread(random, MINUTE, DAY)
            return [around + random.random() * width for _ in range(random.randint(2, 60))]
        case "instant":
            return [around] * random.randint(2, at_once)
        case _:
            return [around]


def _thinned(moments: Sequence[datetime], at_once: int) -> Iterator[datetime]:
    """Yield the moments, less some where they are too dense."""
    kept: list[datetime] = []
    for moment in sorted(moments):
        if len(kept) < at_once or moment - kept[-at_once] > 4 * SECOND:
            kept.append(moment)
            yield moment


def _fate(random: Random, call_id: str, created: datetime, end: datetime) -> Iterator[Event]:
    """Yield what becomes of a call until ``end``."""
    is_late = random.random() < 0.1
    arrived = created + (spread(random, SECOND, 29 * DAY) if is_late else timedelta(0))
    if is_late and not ORIGIN < arrived < end:
        is_late, arrived = False, created
    yield Event(arrived, "arrives late" if is_late else "arrives", call_id)
    later = [("ends", arrived + spread(random, 3 * SECOND, 3 * DAY))] if random.random() < 0.7 else []
    for _ in range(random.choice([0, 0, 0, 1, 1, 2, 3])):
        aged = created + spread(random, 10 * SECOND, 35 * DAY)
        later.append(("changes", random.choice([aged, ORIGIN + random.random() * (end - ORIGIN)])))
    if random.random() < 0.05:
        gone = arrived + spread(random, SECOND, 35 * DAY)
        later.append(("goes", gone))
        if random.random() < 0.3:
            later.append(("returns", gone + spread(random, SECOND, 10 * DAY)))
    yield from (Event(at, kind, call_id) for kind, at in later if arrived < at < end)


def _opened_later(
    events: list[Event], calls: dict[str, tuple[int, datetime]], campaign_id: int, at: datetime
) -> list[Event]:
    """Let the API know a campaign from a moment on; what came of its calls before comes right after that."""
    return sorted(
        [
            Event(at, "opens", str(campaign_id)),
            *(
                replace(
                    event,
                    at=at + number * MICROSECOND,
                    kind="arrives late" if event.kind == "arrives" else event.kind,
                )
                if event.at <= at and calls[event.call_id][0] == campaign_id
                else event
                for number, event in enumerate(events, 1)
            ),
        ]
    )


def _run(random: Random, moment: datetime, campaign_ids: tuple[int, ...]) -> Run:
    run = Run(moment, campaign_ids, chunk_calls=random.choice([None, 10, 50, 200]))
    faults = [
        (random.choice(list(FAULTS)), random.randint(0, 8)) for _ in range(random.choice([0, 0, 0, 1, 3]))
    ]
    match random.choices(["well", "crash", "end"], (8, 2, 1))[0]:
        case "crash":
            crash = random.choice(["nothing", "rows", "some rows"])
            run = replace(run, crash=crash, crash_chunk=random.choice([0, 0, 1, 2]))
        case "end":
            run = replace(run, end=(random.choice(list(ENDS)), random.randint(0, 8)))
    return replace(run, faults=tuple(faults))


def _with_oddities(random: Random, runs: list[Run], campaign_ids: list[int]) -> list[Run]:
    """Add what is rarer: a wrong clock, a campaign named later, spans read again."""
    if len(campaign_ids) > 1 and random.random() < 0.4:
        late = random.randrange(len(runs))
        runs = [replace(run, campaign_ids=run.campaign_ids[:-1]) for run in runs[:late]] + runs[late:]
    if random.random() < 0.35:
        wrong = random.randrange(len(runs))
        runs[wrong] = replace(runs[wrong], fast=spread(random, SECOND, 45 * DAY))
    for number in range(len(runs) - 1, -1, -1):
        if random.random() < 0.05:
            run = runs[number]
            since = run.at - spread(random, MINUTE, 45 * DAY)
            until = since + random.random() * (run.at - since) + SECOND
            runs.insert(
                number + 1, replace(run, at=run.at + 20 * SECOND, span=(since, until), fast=timedelta(0))
            )
    return runs


# Lives. ------------------------------------------------------------------------------------------------


@dataclass
class Biography:
    """A call so far."""

    campaign_id: int
    created: datetime
    changes: list[datetime] = field(default_factory=list)
    """When each of its versions came to be; its arrival is the first."""
    in_progress: set[int] = field(default_factory=set)
    """The versions in which it was in progress."""
    is_there: bool = False
    gone: datetime | None = None
    """When it vanished last."""
    arrival: int = 0
    """The version in which it came, or came back."""


def call_of(call_id: str, created: datetime, version: int, *, in_progress: bool = False) -> Call:
    """Return a call in which every field follows its version, and children come and vanish."""
    policy = {
        "policy_id": "pol_1",
        "result": ("met", "not_met")[version % 2],
        "explanation": f"Of {version}.",
    }
    return {
        "id": call_id,
        "type": "outbound",
        "status": "in-progress" if in_progress else "ended",
        "answered_by": ("human", "machine", None)[version % 3],
        "created_at": created,
        "ended_at": None if in_progress else created + version * SECOND,
        "duration": version,
        "contact": {"id": 51, "name": f"Lucía {version}"} if version % 5 else None,
        "extracted_data": {"version": version},
        "tags": [f"tag {number}" for number in range(version % 3)],
        "policy_evaluation": {"score": version / 4, "policies": [policy] * (version % 4)},
    }


class Broken(AssertionError):
    """A law was broken."""


class Life:
    """A plan that is played. How it is read and where the calls go is up to a subclass."""

    quiet = (timedelta(0), 36 * DAY + MINUTE, 36 * DAY + HOUR)
    """When the tool is run after the plan's last run and an interval, and nothing goes wrong."""

    def __init__(self, plan: Plan, sandbox: Sandbox, key: str) -> None:
        self.plan = plan
        self.key = key
        self.sandbox = sandbox
        self.calls = {call_id: Biography(*about) for call_id, about in plan.calls.items()}
        self.counts: Counter[str] = Counter(worlds=1)
        self.now = ORIGIN - 500 * DAY
        self.world = ManualWorld(lambda: self.now)
        late = {int(event.call_id) for event in plan.events if event.kind == "opens"}
        for campaign_id in plan.zones.keys() - late:
            self._open(campaign_id)
        self._to_come = list(plan.events)  # a heap, being sorted
        self._guard = RLock()
        self._is_running = False
        self._run = plan.runs[0]
        self._wrong: tuple[datetime, datetime] | None = None  # a run by a fast clock, and its end by that
        self._set_right: dict[int, datetime] = {}

    # The world.

    def clock(self) -> datetime:
        """Tell the time as the tool knows it."""
        return self.now + self._run.fast

    def advance(self, to: datetime) -> None:
        """Let time pass, and what is to come happen."""
        with self._guard:
            waiting = []
            while self._to_come and self._to_come[0].at <= to:
                event = heapq.heappop(self._to_come)
                if self._is_running and event.kind not in self.plan.amid_walks:
                    waiting.append(event)
                    continue
                self.now = max(self.now, event.at)
                self._happen(event)
            for event in waiting:
                heapq.heappush(self._to_come, event)
            self.now = max(self.now, to)

    def _tick(self) -> None:
        if self._is_running:
            self.advance(self.now + timedelta(seconds=self.plan.seconds_a_request))

    def _open(self, campaign_id: int) -> None:
        self.world.add_campaign(campaign_id, self.plan.zones[campaign_id])

    def _happen(self, event: Event) -> None:
        if event.kind == "opens":
            self._open(int(event.call_id))
            return
        call = self.calls[event.call_id]
        if event.kind == "goes" and call.is_there:
            self.world.delete(event.call_id)
            call.is_there, call.gone = False, self.now
        elif event.kind != "goes" and call.is_there != event.kind.startswith(("arrives", "returns")):
            version = len(call.changes)
            call.is_there = True
            if event.kind == "returns":  # nothing before could be seen any more
                call.changes, call.arrival = [self.now] * version, version
            call.changes.append(self.now)
            if event.kind.startswith("arrives") and self._ends_later(event):
                call.in_progress.add(version)
            if event.kind == "changes" and version - 1 in call.in_progress and self._ends_later(event):
                call.in_progress.add(version)
            self.world.put(call.campaign_id, self.as_it_is(event.call_id))

    def _ends_later(self, event: Event) -> bool:
        return any(other.kind == "ends" and other.call_id == event.call_id for other in self._to_come)

    def as_it_is(self, call_id: str) -> Call:
        """Return a call in its latest version."""
        call = self.calls[call_id]
        version = len(call.changes) - 1
        return call_of(call_id, call.created, version, in_progress=version in call.in_progress)

    # The runs.

    def play(self) -> Counter[str]:
        """Live through the plan and a quiet time after it, checking the laws; return what happened."""
        self.sandbox.world, self.sandbox.manners = self.world, self.plan.manners
        for run in self.plan.runs:
            self._play(run)
        everyone = tuple(self.plan.zones)
        last = self.now + (self.plan.interval or MINUTE)
        for later in self.quiet:
            clean = self._play(Run(last + later, everyone))
            if clean != set(everyone):
                raise Broken(f"in quiet times only campaigns {clean} were read and proved, at {self.now}")
        self.check_end()
        return self.counts

    def _play(self, run: Run) -> set[int]:
        """Play a run, check what it promises, and return the campaigns it read and proved."""
        self.advance(run.at)
        self._run = run
        began, known_open = floor(self.now), self._known_open()
        self._arm(run)
        asked = len(self.sandbox.requests)
        self._is_running = True
        clean = self.read(run)
        self._is_running = False
        self.advance(self.now)
        asked = len(self.sandbox.requests) - asked
        self._count(run, clean, asked)
        if run.fast:
            self._wrong = (began, self.clock())
        elif run.span is None:
            for campaign_id in clean:
                if self._wrong:
                    self._set_right.setdefault(campaign_id, began)
                self._check(campaign_id, began, known_open)
        return set() if run.fast or run.span else clean

    def _arm(self, run: Run) -> None:
        faults = Faults()
        faults.add("call", times=None, do=self._tick)
        for name, after in run.faults:
            faults.add(**FAULTS[name], after=after)
        if run.end:
            faults.add(**ENDS[run.end[0]], after=run.end[1])
        self.sandbox.faults = faults

    def _count(self, run: Run, clean: set[int], asked: int) -> None:
        struck = sum(after < asked for _, after in run.faults)
        self.counts.update(
            runs=1, requests=asked, faults=struck, clean_runs=int(clean == set(run.campaign_ids))
        )

    def read(self, run: Run) -> set[int]:
        """Do a run; return the campaigns that were read to the end and proved."""
        raise NotImplementedError

    def version_of(self, call_id: str) -> int:
        """Return the version of a call in the warehouse, -1 if it is not there."""
        raise NotImplementedError

    # The laws.

    def _here(self, campaign_id: int) -> Iterator[tuple[str, Biography]]:
        for call_id, call in self.calls.items():
            if call.is_there and call.campaign_id == campaign_id and call.created >= self.plan.start:
                yield call_id, call

    def _known_open(self) -> set[str]:
        """Return the calls that the warehouse has as in progress, and that every run is to ask for."""
        known = [
            (call.created, call_id)
            for call_id, call in self.calls.items()
            if (version := self.version_of(call_id)) in call.in_progress
            and version >= call.arrival
            and self.now - call.created < SETTLED
        ]
        return {call_id for _, call_id in heapq.nlargest(cursors.OPEN_KEPT, known)}

    def _check(self, campaign_id: int, began: datetime, known_open: set[str]) -> None:
        """Check what a clean run promises until the next one."""
        until = began + (self.plan.interval or timedelta(0))
        for call_id, call in self._here(campaign_id):
            seen = self.version_of(call_id)
            if seen >= len(call.changes):
                raise Broken(f"{call_id} is in version {seen}, which never was")
            for version, at in enumerate(call.changes[seen + 1 :], seen + 1):
                if at >= began:
                    continue
                if call_id in known_open:
                    raise Broken(
                        f"{call_id}, known as in progress, changed at {at}; unseen by the run of {began}"
                    )
                due = self._due(call, at, began)
                if due is not None and due + FLOORING <= until:
                    raise Broken(
                        f"{call_id}, created {call.created}, got version {version} at {at}, "
                        f"due to show by {due}, but after the run of {began} version {seen} is there"
                    )

    def _due(self, call: Biography, at: datetime, began: datetime) -> datetime | None:
        """Return when a change must show, ``None`` if it need not: a law of age, whatever the schedule."""
        if self._wrong and self._wrong[0] <= at < self._wrong[1]:
            # Whoever believed a fast clock took this for seen, at the latest until it was set right.
            at = max(at, min(self._wrong[1], self._set_right.get(call.campaign_id, began)))
        age = at - call.created
        return call.created + min(4 * age, SETTLED_AT_LAST) if age < SETTLED else None

    def check_end(self) -> None:
        """Check that in the end the warehouse holds what the world holds."""
        raise NotImplementedError

    def must_be_whole(self, call: Biography) -> bool:
        """Tell whether all that became of a call must be known in the end."""
        return all(self._due(call, at, self.now) is not None for at in call.changes)


class LifeInMemory(Life):
    """Read by an `Extraction` into a dictionary; crashes lose state and rows as they would in dlt."""

    def __init__(self, plan: Plan, sandbox: Sandbox, key: str) -> None:
        super().__init__(plan, sandbox, key)
        self.warehouse: dict[str, Call] = {}
        self.state = "{}"

    def version_of(self, call_id: str) -> int:
        """Return the version of a call in the warehouse, -1 if it is not there."""
        call = self.warehouse.get(call_id)
        return call["extracted_data"]["version"] if call else -1

    def _connect(self, tally: Tally) -> Api:
        patience = 0.3 if self._run.end else settings.RETRY_FOR_SECONDS
        api = Api(
            self.key, self.sandbox.url, tally=tally, requests_per_second=100_000, retry_for_seconds=patience
        )
        api.pace.sleep = lambda _: None  # before a request is tried again
        return api

    def read(self, run: Run) -> set[int]:
        """Do a run, chunk by chunk, as the source does."""
        since, until = run.span or (None, None)
        work = Extraction(run.chunk_calls, clock=self.clock)
        order = Order(self.plan.start, since, until, AGES)
        roster = Roster(run.campaign_ids, Terms(), asks=False)
        work.prepare(self._connect, roster, order, self.plan.max_window_calls, 0)
        doubtful, chunk = set(), 0
        try:
            while not work.is_done:
                state = json.loads(self.state)
                work.begin(state, {})
                reads = []
                for read in work.take():
                    reads.append(read)
                    work.note(state, cursors.trace_of(read))
                if run.crash and chunk == run.crash_chunk:
                    self._crash(run.crash, reads)
                    return set()
                self._load(reads)
                self.state = json.dumps(state)
                doubtful |= {read.campaign_id for read in reads if not read.is_proved}
                chunk += 1
        except AlturError:
            self.counts["failed_runs"] += 1
            return set()
        finally:
            work.close()
        self.counts["unproved_runs"] += bool(doubtful)
        return set(run.campaign_ids) - doubtful

    def _crash(self, left: str, reads: Sequence[Read]) -> None:
        self.counts["crashes"] += 1
        if left != "nothing":
            self._load(reads if left == "rows" else reads[::2])

    def _load(self, reads: Sequence[Read]) -> None:
        """Merge by id: within a load the newest read counts, and a load over those before it."""
        for read in sorted(reads, key=lambda read: read.read_at):
            self.warehouse.update((call["id"], call) for call in read.calls)

    def check_end(self) -> None:
        """Check that the warehouse equals the world, and that the coverage has no gap."""
        for campaign_id, zone in self.plan.zones.items():
            self._check_coverage(campaign_id)
            write = hand(self.plan.manners.timestamps, zone)
            for call_id, call in self._here(campaign_id):
                there = orjson.loads(orjson.dumps(encode(self.as_it_is(call_id), write)))
                if self.warehouse.get(call_id) != there and self.must_be_whole(call):
                    raise Broken(
                        f"in the end the world holds {there}, the warehouse {self.warehouse.get(call_id)}"
                    )
        if not self.warehouse.keys() <= self.calls.keys():
            raise Broken("the warehouse holds calls that never were")

    def _check_coverage(self, campaign_id: int) -> None:
        now = floor(self._run.at)
        kept = cursors.coverage_of(json.loads(self.state), campaign_id, now, AGES)
        spans = [span for span in kept if span.window.end > self.plan.start]  # less those named explicitly
        if (max(spans[0].window.start, self.plan.start), spans[-1].window.end) != (self.plan.start, now):
            raise Broken(f"the coverage of campaign {campaign_id} is not whole: {spans}")
        if any(left.window.end != right.window.start for left, right in pairwise(spans)):
            raise Broken(f"the coverage of campaign {campaign_id} has a gap: {spans}")


class LifeInDuckDB(Life):
    """Loaded by the tool itself, through dlt into DuckDB; its working folder is deleted once."""

    quiet = (36 * DAY + MINUTE, 36 * DAY + HOUR)

    def __init__(self, plan: Plan, sandbox: Sandbox, key: str, warehouse: Warehouse) -> None:
        super().__init__(plan, sandbox, key)
        self.warehouse = warehouse
        self.target = Target(credentials=str(warehouse.path))
        self._versions: dict[str, int] = {}

    def version_of(self, call_id: str) -> int:
        """Return the version of a call in the warehouse, -1 if it is not there."""
        return self._versions.get(call_id, -1)

    def read(self, run: Run) -> set[int]:
        """Do a run; a crash is left to another test, and so is no run here."""
        since, until = run.span or (None, None)
        if run is self.plan.runs[len(self.plan.runs) // 2]:
            shutil.rmtree(Path(get_dlt_pipelines_dir()) / self.target.name, ignore_errors=True)
        try:
            done = pipeline.run(
                self.target,
                clock=self.clock,
                chunk_calls=max(100, run.chunk_calls or settings.CHUNK_CALLS),
                api_key=self.key,
                base_url=self.sandbox.url,
                campaign_ids=list(run.campaign_ids),
                start_date=self.plan.start.isoformat(),
                since=since and since.isoformat(),
                until=until and until.isoformat(),
                requests_per_second=100_000,
                retry_for_seconds=0.3 if run.end else settings.RETRY_FOR_SECONDS,
                max_window_calls=self.plan.max_window_calls,
            )
        except AlturError:
            self.counts["failed_runs"] += 1
            return set()
        finally:
            self._versions = self._versions_there()
        self.counts["unproved_runs"] += bool(done.unproved)
        return set() if done.unproved or done.missing else set(run.campaign_ids)

    def _versions_there(self) -> dict[str, int]:
        if not self.warehouse.path.exists():
            return {}
        try:
            rows = self.warehouse.rows("SELECT id, extracted_data FROM altur.campaign_calls")
        except duckdb.CatalogException:  # nothing was ever loaded
            return {}
        return {call_id: json.loads(data)["version"] for call_id, data in rows}

    def check_end(self) -> None:
        """Check that the tables hold the calls of the world, field by field, and mark those that vanished."""
        marked = {
            call_id
            for (call_id,) in self.warehouse.rows("SELECT id FROM altur.campaign_calls WHERE is_deleted")
        }
        for campaign_id in self.plan.zones:
            here = {call_id: call for call_id, call in self._here(campaign_id) if self.must_be_whole(call)}
            loaded = [call for call in self.warehouse.calls(campaign_id) if call["id"] in here]
            wanted = as_loaded([self._as_written(call_id) for call_id in here])
            for there, got in zip_longest(wanted, loaded):
                if there != got:
                    raise Broken(f"in the end the world holds {there}, the warehouse {got}")
            if marked & here.keys():
                raise Broken(f"{marked & here.keys()} are marked as deleted, but are there")
            if left := self._vanished(campaign_id) - marked:
                raise Broken(f"{left} are gone, but not marked as deleted")

    def _vanished(self, campaign_id: int) -> set[str]:
        """Return the calls that were loaded, and vanished young enough for that to be known."""
        return {
            call_id
            for call_id, call in self.calls.items()
            if call.campaign_id == campaign_id
            and call.created >= self.plan.start
            and not call.is_there
            and call.gone
            and call_id in self._versions
            and self._due(call, call.gone, self.now)
        }

    def _as_written(self, call_id: str) -> Call:
        """Return a call with the precision that the API gives its times."""
        call = self.as_it_is(call_id)
        if self.plan.manners.timestamps != "milliseconds":
            return call
        cut = {
            name: value.replace(microsecond=value.microsecond // 1_000 * 1_000)
            for name, value in call.items()
            if isinstance(value, datetime)
        }
        return {**call, **cut}
