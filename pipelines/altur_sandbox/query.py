"""The query of a list of calls: its six parameters, read or refused the way Django REST Framework does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from re import fullmatch
from typing import TypeVar

from altur_sandbox.manners import Bounds, Manners
from altur_sandbox.moments import MICROSECOND, read
from altur_sandbox.worlds.base import Wanted

STATUSES = ("ended", "failed", "busy", "no-answer", "in-progress")
ANSWERERS = ("human", "machine", "unknown")
PAGE_SIZE, LARGEST_PAGE_SIZE = 50, 100

T = TypeVar("T")


class BadQuery(Exception):
    """The parameters that can't be used, each with its messages: the body of a 400."""

    def __init__(self, messages: dict[str, list[str]]) -> None:
        super().__init__(messages)
        self.messages = messages


@dataclass(frozen=True)
class Query:
    """What a request asks for; the dates are as received, so still without a rule for their bounds."""

    status: str | None
    answered_by: str | None
    start: datetime | None
    end: datetime | None
    page_size: int
    page_index: int


def parse(params: Mapping[str, str], manners: Manners) -> Query:
    """Read the parameters of a request, ignoring unknown ones; raise `BadQuery` with every mistake."""
    messages: dict[str, list[str]] = {}

    def value(name: str, reader: Callable[[str], T], default: T) -> T:
        try:
            return reader(params[name]) if name in params else default
        except ValueError as error:
            messages[name] = [str(error)]
            return default

    query = Query(
        status=value("status", _one_of(STATUSES), None),
        answered_by=value("answeredBy", _one_of(ANSWERERS), None),
        start=value("startDate", _date, None),
        end=value("endDate", _date, None),
        page_size=value("pageSize", _integer(1, LARGEST_PAGE_SIZE), PAGE_SIZE),
        page_index=value("pageIndex", _integer(0, manners.max_page_index), 0),
    )
    if query.start and query.end and query.end < query.start:
        messages["non_field_errors"] = ["The date range is not valid."]
    if messages:
        raise BadQuery(messages)
    return query


def wanted(query: Query, bounds: Bounds) -> Wanted:
    """Return the selection a query means, as a half-open span of creation times."""
    start, end = query.start, query.end
    if start and bounds == "exclusive":
        start = _next_instant(start)
    if end and bounds == "inclusive":
        end = _next_instant(end)
    return Wanted(start, end, query.status, query.answered_by)


def _next_instant(moment: datetime) -> datetime:
    """Return the instant one microsecond later: the document's times have no finer digits."""
    return min(moment, datetime.max.replace(tzinfo=moment.tzinfo) - MICROSECOND) + MICROSECOND


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def reader(text: str) -> str:
        if text not in choices:
            raise ValueError(f'"{text}" is not a valid choice.')
        return text

    return reader


def _integer(least: int, most: int) -> Callable[[str], int]:
    def reader(text: str) -> int:
        if not fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError("A valid integer is required.")
        if int(text) < least:
            raise ValueError(f"Ensure this value is greater than or equal to {least}.")
        if int(text) > most:
            raise ValueError(f"Ensure this value is less than or equal to {most}.")
        return int(text)

    return reader


def _date(text: str) -> datetime:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError("Datetime has wrong format. Use ISO 8601: YYYY-MM-DDThh:mm:ss[Z|+hh:mm].") from error
