"""Names that tests share. In a module of its own: there are two modules called conftest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from altur_sandbox import ManualWorld, example_call

KEY = "key-of-the-tests"
COMMAND = Path(sys.executable).with_name("altur-calls")
METER = Path(__file__).with_name("benchmarks") / "meter.py"
"""Runs a command and writes down what it took."""

Cli = Callable[..., subprocess.CompletedProcess[str]]
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)


def small_world() -> ManualWorld:
    """Make a world with an empty campaign 1, and campaign 2 with three calls."""
    world = ManualWorld()
    world.add_campaign(1)
    world.add_campaign(2)
    for number in range(3):
        world.put(2, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
    return world


def fill(world: ManualWorld, campaign_id: int, count: int, step: timedelta = timedelta(hours=1)) -> None:
    """Put so many calls into a campaign, a step of time apart."""
    for number in range(count):
        world.put(campaign_id, example_call(f"more_{campaign_id}_{number:04}", NOON + number * step))
