"""Settings as people write them, read strictly. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from altur_calls.errors import SettingsError
from altur_calls.sightings import utc


def secret_key(value: str) -> str:
    """Return an API key without the white space that copying adds; what can't be a key is not echoed."""
    key = value.strip()
    if key and key.isascii() and key.isprintable() and " " not in key:
        return key
    what = "empty" if not key else "not one word of plain ASCII characters"
    raise SettingsError(f"api_key is {what}: set SOURCES__ALTUR__API_KEY to the secret key, nothing else.")


def positive(name: str, value: float) -> float:
    """Return a setting that must be a number above zero."""
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name} is {value!r}: it must be a number above zero.")
    return value


def campaign_numbers(value: Any) -> list[int]:
    """Return campaign ids as numbers, each once, in the order given."""
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, Iterable):
        items = [items]
    numbers = list(dict.fromkeys(map(_campaign_number, items)))
    if not numbers:
        raise SettingsError(
            "campaign_ids is empty: name the campaigns to load, "
            "as in SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]'."
        )
    return numbers


def _campaign_number(value: Any) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool) and (number := int(value)) >= 0:
            return number
    except ValueError:
        pass
    raise SettingsError(
        f"campaign_ids holds {value!r}, which is no campaign id: ids are whole numbers, "
        "as in SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]'."
    )


def moment(name: str, value: Any) -> datetime | None:
    """Return a setting as a moment in UTC, where one is given; without an offset it is taken as UTC."""
    if value is None or value == "":
        return None
    text = value.isoformat() if isinstance(value, date) else str(value)
    read = utc(text)
    if read is None:
        raise SettingsError(f"{name} is {text!r}: write a date or time in ISO 8601, as in 2026-01-31.")
    return max(read, datetime(1970, 1, 1, tzinfo=UTC))
