"""Profiles: what campaigns tell of themselves in the list of campaigns."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from altur_sandbox.worlds.base import Profile

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def profile(
    campaign_id: int, zone: tzinfo, created_at: datetime, *, agent_name: str = "Sofía", **fields: Any
) -> Profile:
    """Return an active campaign of this zone; each field given replaces a plausible one."""
    return {
        "id": campaign_id,
        "name": f"Campaña {campaign_id}",
        "description": "Llamadas a clientes",
        "status": "active",
        "created_at": created_at,
        "agent": agent(agent_name),
        "scheduling": week(9, 20, [True] * 6 + [False]),
        "timezone": iana_name(zone),
        "retries": 2,
        "archived": False,
        "template": "",
        "first_message": "Hola, ¿hablo con {{name}}?",
        "concurrency_limit": 10,
        "cycle_enabled": False,
        "cycle_max_iterations": 1,
        "cycle_cooldown_minutes": 720,
        "cycle_filter_statuses": [],
        "cycle_filter_tags": [],
        "cycle_current_iteration": 1,
        "cycle_last_iteration_at": None,
        **fields,
    }


def agent(name: str) -> dict[str, str]:
    """Return the agent of this name, who has the same id in every campaign."""
    return {"id": str(UUID(bytes=sha256(name.encode()).digest()[:16], version=4)), "name": name}


def week(opens: int, closes: int, active: Sequence[bool]) -> dict[str, dict[str, str | bool]]:
    """Return the same hours for each weekday, Monday first, and whether calls are made on it."""
    hours = {"startTime": f"{opens:02}:00", "stopTime": f"{closes:02}:00"}
    return {day: {**hours, "active": is_active} for day, is_active in zip(_WEEKDAYS, active, strict=True)}


def iana_name(zone: tzinfo) -> str | None:
    """Return the name of a zone; a mere offset has none."""
    if isinstance(zone, ZoneInfo):
        return zone.key
    return "UTC" if zone is UTC else None
