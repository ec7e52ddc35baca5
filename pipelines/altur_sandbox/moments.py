"""Instants as the API reads and writes them: ISO 8601 in, the campaign's way of writing out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from altur_sandbox.manners import Timestamps

MICROSECOND = timedelta(microseconds=1)

Hand = Callable[[datetime], str]


def utc(moment: datetime) -> datetime:
    """Return the instant in UTC; a value without offset is UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read(text: str) -> datetime:
    """Return the instant an ISO 8601 text names, a date meaning its first instant.

    Raises ValueError for any other text, and for instants before year 1 or after year 9999 in UTC.
    """
    try:
        return utc(datetime.fromisoformat(text))
    except OverflowError as error:
        raise ValueError(text) from error


@cache
def hand(timestamps: Timestamps, zone: tzinfo) -> Hand:
    """Return the function that writes instants (aware, UTC) this way, the same one for the same choice."""
    match timestamps:
        case "offset":
            return lambda moment: moment.astimezone(zone).isoformat()
        case "z":
            return lambda moment: _bare(moment) + "Z"
        case "naive":
            return _bare
        case "milliseconds":
            return lambda moment: _bare(moment, "milliseconds") + "Z"


def _bare(moment: datetime, timespec: str = "auto") -> str:
    return moment.replace(tzinfo=None).isoformat(timespec=timespec)
