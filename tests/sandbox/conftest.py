"""A small world at a fixed time, a sandbox that serves it, and somebody who asks it for pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from altur_sandbox import ManualWorld, Sandbox, example_call

KEY = "sandbox-key"
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Visitor:
    """A client that knows HTTP and nothing of the extractor."""

    session: requests.Session
    url: str

    def get(self, path: str = "/campaigns/7/calls", **params: Any) -> requests.Response:
        """Send one request."""
        return self.session.get(self.url + path, params=params, timeout=10)

    def page(self, **params: Any) -> dict[str, Any]:
        """Return the body of a page, which must be a 200."""
        response = self.get(**params)
        assert response.status_code == 200, response.text
        return response.json()

    def ids(self, **params: Any) -> list[str]:
        """Return the ids of the calls on a page."""
        return [call["id"] for call in self.page(**params)["calls"]]


@pytest.fixture
def noon() -> datetime:
    """Return the world's fixed present."""
    return NOON


@pytest.fixture
def world() -> ManualWorld:
    """Return a world with one campaign, 7, of five calls a minute apart: call_0, the oldest, to call_4."""
    world = ManualWorld(clock=lambda: NOON)
    world.add_campaign(7)
    for number in range(5):
        world.put(7, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
    return world


@pytest.fixture
def sandbox(world: ManualWorld) -> Iterator[Sandbox]:
    """Serve the world, without a rate limit."""
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture
def visitor(sandbox: Sandbox) -> Iterator[Visitor]:
    """Visit the sandbox with the right key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"api-key {KEY}"
        yield Visitor(session, sandbox.url)
