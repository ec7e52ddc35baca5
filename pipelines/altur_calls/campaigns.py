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

from altur_calls import settings
from altur_calls.calls.records import Row
from altur_calls.calls.sightings import key_of, utc
from altur_calls.errors import ApiChanged, SettingsError

State = dict[str, Any]
"""dlt's resource state of ``campaigns``: ``{"asked": epoch seconds, "settings": their key, "told": {id: what
the list told of it last}, "rows": {id: key of its row}}``."""

ASK_EVERY = timedelta(hours=1)
ASK_AGAIN = timedelta(minutes=10)
"""After a list that did not come."""

KEY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """How campaigns are loaded: from when on, and in which timezone their days begin.

    That is the one set for a campaign, else the one the API tells, else the default.
    """

    default: str = "UTC"
    chosen: Mapping[int, str] | None = None
    loaded_from: datetime = settings.BEGINNING
    """From when on calls are loaded."""

    @property
    def key(self) -> str:
        """The same for the same settings."""
        return key_of(self.default, self.loaded_from, sorted((self.chosen or {}).items()))[:KEY_LENGTH]

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


def is_due(state: State, campaign_ids: Iterable[int], terms: Terms, now: datetime) -> bool:
    """Tell if the list is to be asked for: it was not for an hour, or not with these campaigns and zones."""
    told = state.get("rows", {})
    age = now.timestamp() - state.get("asked", 0)
    is_fresh = 0 <= age < ASK_EVERY.total_seconds() and state.get("settings") == terms.key
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
    terms: Terms,
    read_at: datetime,
) -> list[Row]:
    """Return the rows of campaigns that are new or changed, and remember them in ``state``.

    What was told of a campaign stays where the list does not tell of it, or there is none: only settings
    change its timezone then.
    """
    by_id = {campaign.get("id"): campaign for campaign in listed or () if type(campaign.get("id")) is int}
    told: dict[str, Row] = state.setdefault("told", {})
    keys: dict[str, str] = state.setdefault("rows", {})
    rows = []
    for campaign_id in campaign_ids:
        if campaign_id in by_id:
            told[str(campaign_id)] = _told(by_id[campaign_id])
        row = _row(campaign_id, told.get(str(campaign_id), {}), terms)
        key = key_of(*row.values())[:KEY_LENGTH]
        if keys.get(str(campaign_id)) != key:
            keys[str(campaign_id)] = key
            rows.append({**row, "read_at": read_at})
    asked = read_at if listed is not None else read_at - ASK_EVERY + ASK_AGAIN
    state |= {"asked": int(asked.timestamp()), "settings": terms.key}
    return rows


def _told(listed: Mapping[str, Any]) -> Row:
    """Return what is kept of what the list tells, as text."""
    agent = listed.get("agent")
    agent = agent if isinstance(agent, dict) else {}
    archived = listed.get("archived")
    return {
        "name": _text(listed.get("name")),
        "status": _text(listed.get("status")),
        "agent_id": _text(agent.get("id")),
        "agent_name": _text(agent.get("name")),
        "timezone": _text(listed.get("timezone")),
        "is_archived": archived if isinstance(archived, bool) else None,
        "created_at": _text(listed.get("created_at")),
    }


def _row(campaign_id: int, told: Row, terms: Terms) -> Row:
    return {
        **dict.fromkeys(("name", "status", "agent_id", "agent_name", "is_archived")),
        **told,
        "campaign_id": campaign_id,
        "timezone": terms.of(campaign_id, told.get("timezone")),
        "created_at": utc(told.get("created_at")),
        "loaded_from": terms.loaded_from,
    }


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
