"""Settings as people write them, read strictly. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from altur_calls.calls.sightings import utc
from altur_calls.campaigns import zone
from altur_calls.errors import SettingsError

ALL = "all"
MOST_DAYS = 36_500
MOST_BIGINT = 2**63 - 1
DIGITS = re.compile(r" *[0-9]+ *")
UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


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


def days(name: str, value: float) -> float:
    """Return a setting that must be a number of days, or none."""
    if not 0 <= value <= MOST_DAYS:
        raise SettingsError(f"{name} is {value!r}: it must be a number of days from 0 to {MOST_DAYS:,}.")
    return value


def seconds(name: str, value: float) -> float:
    """Return a setting that must be a number of seconds, or none."""
    if not 0 <= value < float("inf"):
        raise SettingsError(f"{name} is {value!r}: it must be a number of seconds, 0 or more.")
    return value


def ages(name: str, minutes: Iterable[Any]) -> list[timedelta]:
    """Return a setting of ages in minutes, as ages that grow and begin with 0."""
    try:
        numbers = sorted(float(number) for number in minutes)
    except (TypeError, ValueError):
        numbers = [-1]
    if not all(0 <= number <= MOST_DAYS * 24 * 60 for number in numbers):
        raise SettingsError(f"{name} is {minutes!r}: write minutes, as in [15, 60, 1440].")
    return [timedelta(0), *(timedelta(minutes=number) for number in numbers)]


def campaign_numbers(value: Any) -> list[int] | None:
    """Return campaign ids as numbers, each once, in the order given; ``None`` for all there are."""
    items = _split(value) if isinstance(value, str) else value
    if not isinstance(items, Iterable):
        items = [items]
    items = list(items)
    if items == [ALL]:
        return None
    numbers = list(dict.fromkeys(map(_campaign_number, items)))
    if not numbers:
        raise SettingsError(
            "campaign_ids is empty: name the campaigns to load, "
            "as in SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]', or 'all'."
        )
    return numbers


def _split(text: str) -> list[str]:
    """Return the items of a list as the environment gives it: in JSON, or plainly with commas or spaces."""
    return text.translate(str.maketrans("[],\"'", " " * 5)).split()


def _campaign_number(value: Any) -> int:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool) and DIGITS.fullmatch(str(value)):
            number = int(value)
            if number <= MOST_BIGINT:
                return number
    except ValueError:  # too many digits for Python
        pass
    raise SettingsError(
        f"campaign_ids holds {value!r}, which is no campaign id: ids are whole numbers, "
        "as in SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]'."
    )


def zones_by_campaign(value: Mapping[Any, Any]) -> dict[int, str]:
    """Return timezones by campaign id."""
    return {
        _campaign_number(number): zone(f"timezones of campaign {number}", name)
        for number, name in value.items()
    }


def duration(name: str, value: str) -> timedelta:
    """Return a length of time as people write it: 90s, 15m, 2h, 1d."""
    found = re.fullmatch(r"([1-9]\d{0,4})([smhd])", value.strip())
    if not found:
        raise SettingsError(f"{name} is {value!r}: write a number and a unit, as in 90s, 15m, 2h or 1d.")
    return int(found.group(1)) * UNITS[found.group(2)]


def moment(name: str, value: Any) -> datetime | None:
    """Return a setting as a moment in UTC, where one is given; without an offset it is taken as UTC."""
    if value is None or value == "":
        return None
    text = value.isoformat() if isinstance(value, date) else str(value)
    read = utc(text)
    if read is None:
        raise SettingsError(f"{name} is {text!r}: write a date or time in ISO 8601, as in 2026-01-31.")
    return max(read, datetime(1970, 1, 1, tzinfo=UTC))
