"""The campaigns that are loaded: what the API's list tells of each, and the timezone of its days. Pure.

The list is no part of the API document of calls, only of a public page whose copies differ in names, and a
key may not be allowed to read it. So nothing depends on it but names: ids and a default timezone will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import duckdb

from altur_calls.errors import ApiChanged, SettingsError
from altur_calls.records import Row
from altur_calls.sightings import key_of, utc

State = dict[str, Any]
"""dlt's resource state of ``campaigns``: ``{"asked": epoch seconds, "zones": key of the settings, "told":
{id: key of its row}}``."""

ASK_EVERY = timedelta(hours=1)
KEY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Zones:
    """In which timezone a campaign's days begin: as set for it, else as the API tells, else the default."""

    default: str = "UTC"
    chosen: Mapping[int, str] | None = None

    @property
    def key(self) -> str:
        """The same for the same settings."""
        return key_of(self.default, sorted((self.chosen or {}).items()))[:KEY_LENGTH]

    def of(self, campaign_id: int, told: Any) -> str:
        """Return the timezone of a campaign; one that nobody knows is not taken from the API."""
        chosen = (self.chosen or {}).get(campaign_id)
        return chosen or (told if is_zone(told) else self.default)


def is_zone(name: Any) -> bool:
    """Tell if a value is the name of a timezone as DuckDB knows it: one it doesn't would fail every view."""
    return isinstance(name, str) and name in _zones()


@cache
def _zones() -> frozenset[str]:
    with duckdb.connect() as connection:
        names = connection.execute("SELECT name FROM pg_timezone_names()").fetchall()
    return frozenset(name for (name,) in names)


def zone(setting: str, name: Any) -> str:
    """Return a setting that must be the name of a timezone."""
    if not (isinstance(name, str) and is_zone(name)):
        raise SettingsError(f"{setting} is {name!r}: write a name such as 'America/Mexico_City'.")
    return name


def is_due(state: State, campaign_ids: Iterable[int], zones: Zones, now: datetime) -> bool:
    """Tell if the list is to be asked for: it was not for an hour, or not with these campaigns and zones."""
    told = state.get("told", {})
    age = now.timestamp() - state.get("asked", 0)
    is_fresh = 0 <= age < ASK_EVERY.total_seconds() and state.get("zones") == zones.key
    return not (is_fresh and all(str(campaign_id) in told for campaign_id in campaign_ids))


def ids_of(listed: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ids of listed campaigns."""
    ids = [campaign.get("id") for campaign in listed]
    if odd := [value for value in ids if type(value) is not int]:
        raise ApiChanged(
            f"GET /campaigns lists a campaign whose id is {type(odd[0]).__name__}, not a number."
        )
    return [value for value in ids if isinstance(value, int)]


def news_of(
    state: State,
    campaign_ids: Iterable[int],
    listed: Sequence[Mapping[str, Any]] | None,
    zones: Zones,
    read_at: datetime,
) -> list[Row]:
    """Return the rows of campaigns that are new or changed, and remember them in ``state``.

    Without a list, what was known of a campaign stays.
    """
    by_id = {campaign.get("id"): campaign for campaign in listed or ()}
    told: dict[str, str] = state.setdefault("told", {})
    rows = []
    for campaign_id in campaign_ids:
        row = _row(campaign_id, by_id.get(campaign_id, {}), zones)
        key = key_of(*row.values())[:KEY_LENGTH]
        known = told.get(str(campaign_id))
        if known == key or (listed is None and known is not None):
            continue
        told[str(campaign_id)] = key
        rows.append({**row, "read_at": read_at})
    if listed is not None:
        state |= {"asked": int(read_at.timestamp()), "zones": zones.key}
    return rows


def _row(campaign_id: int, listed: Mapping[str, Any], zones: Zones) -> Row:
    agent = listed.get("agent")
    agent = agent if isinstance(agent, dict) else {}
    return {
        "campaign_id": campaign_id,
        "name": _text(listed.get("name")),
        "status": _text(listed.get("status")),
        "agent_id": _text(agent.get("id")),
        "agent_name": _text(agent.get("name")),
        "timezone": zones.of(campaign_id, listed.get("timezone")),
        "is_archived": listed.get("archived") if isinstance(listed.get("archived"), bool) else None,
        "created_at": utc(listed.get("created_at")),
    }


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
