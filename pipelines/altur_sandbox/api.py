"""The API as an ASGI application: two lists, and everything that can happen on the way to their pages."""

import time
from dataclasses import replace
from email.utils import format_datetime
from itertools import count
from random import Random
from typing import Required, TypedDict

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from altur_sandbox.answers import Json, error, spoilt, throttled
from altur_sandbox.campaign_page import make_campaign_page
from altur_sandbox.faults import Fault, Faults
from altur_sandbox.limiter import Limiter
from altur_sandbox.manners import Manners
from altur_sandbox.moments import utc
from altur_sandbox.page import Forbidden, NotFound, Page, make_page
from altur_sandbox.query import BadQuery, parse
from altur_sandbox.visits import Request, seen
from altur_sandbox.wire import Reset, pause
from altur_sandbox.worlds.base import World, real_time

REQUESTS_PER_SECOND = 12

Latency = float | tuple[float, float]


class Options(TypedDict, total=False):
    """What an `Api` takes besides its world."""

    key: Required[str]
    requests_per_second: int | None
    manners: Manners | None
    faults: Faults | None
    latency: Latency


class Api:
    """The endpoints of a world. Its attributes may be changed between requests, also while it is served.

    requests: those answered, in the order of their answers, each appended before its answer leaves.
    latency: seconds before every answer, or two bounds between which each waits as long as chance has it.
    """

    def __init__(  # noqa: PLR0913 - settings, all by name
        self,
        world: World,
        *,
        key: str,
        requests_per_second: int | None = REQUESTS_PER_SECOND,
        manners: Manners | None = None,
        faults: Faults | None = None,
        latency: Latency = 0.0,
    ) -> None:
        self.world = world
        self.key = key
        self.limiter = Limiter(requests_per_second)
        self.manners = manners or Manners()
        self.faults = faults or Faults()
        self.latency = latency
        self.requests: list[Request] = []
        self._turns = count()
        self._random = Random(0)  # noqa: S311 - chance, not secrecy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and write down how."""
        http = HTTPConnection(scope)
        request = seen(http, time.monotonic())
        response = self._refusal(http, request)
        if response is None:
            response = await self._answer(request, receive)
        self._date(response)
        status = None if isinstance(response, Reset) else response.status_code
        self.requests.append(replace(request, status=status))
        await response(scope, receive, send)

    def _refusal(self, http: HTTPConnection, request: Request) -> Response | None:
        """Return the answer to a request that gets no further than the door.

        The limit comes first, as at a gateway: whatever reaches the server counts.
        """
        if wait_seconds := self.limiter.admit():
            return throttled(wait_seconds)
        if request.lists is None:
            return error(404)
        if http.scope["method"] != "GET":
            return error(405, headers={"Allow": "GET"})
        if http.headers.get("Authorization") != f"api-key {self.key}":
            return error(401, "Invalid API key.", {"WWW-Authenticate": "api-key"})
        return None

    async def _answer(self, request: Request, receive: Receive) -> Response:
        """Return a page, or what the faults leave of it."""
        if self.latency:
            await pause(self._wait_seconds(), receive)
        instead: Fault | None = None
        for fault in self.faults.strike(request.lists, request.campaign_id, request.page_index):
            if fault.is_the_answer:
                instead = fault
            elif fault.kind == "slow":
                await pause(fault.seconds, receive, fault.until)
            elif fault.do is not None:
                fault.do()
        return self._page_or_error(request, instead)

    def _wait_seconds(self) -> float:
        return self._random.uniform(*self.latency) if isinstance(self.latency, tuple) else self.latency

    def _page_or_error(self, request: Request, instead: Fault | None) -> Response:
        manners = self.manners

        def page() -> Page:
            if request.lists == "campaigns":
                return make_campaign_page(self.world, request.params.get("cursor"), manners)
            query = parse(request.params, manners)
            return make_page(self.world, request.campaign_id, query, manners, next(self._turns))

        try:
            return Json(page()) if instead is None else spoilt(instead, page)
        except BadQuery as bad:
            return Json(bad.messages, 400)
        except Forbidden as forbidden:
            return error(403, str(forbidden))
        except NotFound as missing:
            return error(404, str(missing))

    def _date(self, response: Response) -> None:
        match self.manners.date_header:
            case "world":
                response.headers["Date"] = format_datetime(utc(self.world.clock()), usegmt=True)
            case "real":
                response.headers["Date"] = format_datetime(real_time(), usegmt=True)
            case "none":
                pass
