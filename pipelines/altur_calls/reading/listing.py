"""The pages of ``GET /campaigns``: what each lists, which cursor comes next, whether they are all. Pure.

By the vendor's public page of the endpoint, whose copies call one property ``has_next`` or ``has_more``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from altur_calls.errors import ApiChanged


@dataclass(frozen=True, slots=True)
class Listed:
    """One answer."""

    campaigns: list[Mapping[str, Any]]
    total: int | None
    cursor: str | None
    """Of the following page, or ``None`` after the last one."""


def listed_from(body: Any) -> Listed:
    """Read the body of an answer."""
    campaigns = body.get("campaigns") if isinstance(body, dict) else None
    if not isinstance(campaigns, list) or not all(isinstance(campaign, dict) for campaign in campaigns):
        raise ApiChanged("GET /campaigns answered 200 without a list of objects in 'campaigns'.")
    about = body.get("pagination")
    about = about if isinstance(about, dict) else {}
    cursor = about.get("next_cursor")
    goes_on = about.get("has_next", about.get("has_more", cursor is not None))
    if goes_on and not isinstance(cursor, str | int):
        raise ApiChanged("GET /campaigns says that there is more, but not by which cursor.")
    total = body.get("total_count")
    return Listed(campaigns, total if type(total) is int else None, str(cursor) if goes_on else None)


def next_cursor(pages: Sequence[Listed]) -> str | None:
    """Return the cursor of the page after these, or ``None`` after the last one."""
    *before, last = pages
    if last.cursor is not None and last.cursor in {page.cursor for page in before}:
        raise ApiChanged("GET /campaigns gave the same cursor twice, so its pages would never end.")
    return last.cursor


def all_listed(pages: Sequence[Listed]) -> list[Mapping[str, Any]]:
    """Return what the pages list, each campaign once."""
    campaigns = {str(campaign.get("id")): campaign for page in pages for campaign in page.campaigns}
    counted = max((page.total for page in pages if page.total is not None), default=0)
    if len(campaigns) < counted:
        raise ApiChanged(f"GET /campaigns lists {len(campaigns)} campaigns where it counts {counted}.")
    return list(campaigns.values())
