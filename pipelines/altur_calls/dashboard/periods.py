"""The spans of days the page counts by: days, and before them whole months. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

LEAST_MONTHS = 2
"""Months that are always told by day, the newest one included: what people look at first."""


def daily_from(cells_by_month: Mapping[date, int], most: int) -> date | None:
    """Return the first day that is told by itself; months before it are told as one.

    As many of the newest months are told by day as make up ``most`` cells. None without any.
    """
    first, cells = None, 0
    for number, month in enumerate(sorted(cells_by_month, reverse=True)):
        cells += cells_by_month[month]
        if number >= LEAST_MONTHS and cells > most:
            break
        first = month
    return first


def periods(first: date, by_day: date, last: date) -> list[date]:
    """Return where each period starts: whole months before ``by_day``, then every day until ``last``."""
    starts = []
    start = first.replace(day=1) if first < by_day else first
    while start <= last:
        starts.append(start)
        start = start + timedelta(days=1) if start >= by_day else (start + timedelta(days=31)).replace(day=1)
    return starts
