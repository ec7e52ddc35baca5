"""A call at first sight: its id, its time, a key by which changes show; or why it can be no row. Pure."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from typing import Any

import orjson

LAYOUT = 1
"""Of the rows that are made here; when it grows, every call counts as changed and is written again."""

VERSION_BYTES = 10


@dataclass(frozen=True, slots=True)
class Rejected:
    """A call that can't be a row, kept as it came."""

    reason: str
    raw: str
    """The call as JSON text."""
    call_id: str | None = None
    """Its id, if that is not what it lacks."""

    def fault_id(self, campaign_id: int) -> str:
        """Return a key that is the same whenever the same faulty call is read again."""
        return key_of(campaign_id, self.reason, self.raw)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A call that can be a row: as it came, and what is known of it before it is taken apart."""

    call_id: str
    created_at: datetime
    version: str
    """The same while the call is the same in all it holds, and another when it changed."""
    campaign_id: int
    read_at: datetime
    call: dict[str, Any]


def call_id_of(call: Any) -> str | None:
    """Return a call's id, or ``None`` if it has none that could be one."""
    call_id = call.get("id") if isinstance(call, dict) else None
    if isinstance(call_id, int) and not isinstance(call_id, bool):
        call_id = str(call_id)
    return call_id.strip() or None if isinstance(call_id, str) else None


def created_at_of(call: Any) -> datetime | None:
    """Return when a call was created, in UTC, or ``None`` if that can't be read."""
    return utc(call.get("created_at")) if isinstance(call, dict) else None


def utc(value: Any) -> datetime | None:
    """Read an ISO 8601 text as a moment in UTC; without an offset it is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def sighting_of(call: Any, campaign_id: int, read_at: datetime) -> Sighting | Rejected:
    """Return what is known of a call at first sight, or why it can't be a row."""
    call_id = call_id_of(call)
    if call_id is None:
        reason = "no id" if isinstance(call, dict) else f"not an object but {type(call).__name__}"
        return Rejected(reason, raw_json(call))
    created_at = created_at_of(call)
    if created_at is None:
        return Rejected("created_at can't be read", raw_json(call), call_id)
    return Sighting(call_id, created_at, version_of(call, campaign_id), campaign_id, read_at, call)


def version_of(call: Any, campaign_id: int) -> str:
    """Return a key that is the same while a call is the same in all it holds, and another when it changed.

    It is the row's ``_dlt_id``, of the length of those that dlt draws by chance.
    """
    try:
        content = orjson.dumps(call, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # numbers of more than 64 bits, halves of characters
        content = raw_json(call).encode(errors="surrogatepass")
    told = blake2b(b"%d %d " % (LAYOUT, campaign_id) + content, digest_size=VERSION_BYTES)
    return b64encode(told.digest()).rstrip(b"=").decode()


def raw_json(value: Any) -> str:
    """Write a value as JSON text that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def key_of(*parts: Any) -> str:
    """Return a key that is the same for the same parts."""
    text = "\n".join(map(str, parts))
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
