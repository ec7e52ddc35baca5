"""Manners: what the API's document leaves open, as choices a test can make."""

from dataclasses import dataclass
from typing import Literal

Order = Literal["newest_first", "oldest_first", "shuffled", "unstable"]
Bounds = Literal["inclusive", "exclusive", "half_open"]
Timestamps = Literal["offset", "z", "naive", "milliseconds"]
TotalCount = Literal["every_page", "first_page", "first_page_absent", "never", "unfiltered"]
HasNext = Literal["right", "always", "never"]
PastEnd = Literal["empty", "not_found"]
DateHeader = Literal["world", "none", "real"]
Campaigns = Literal["listed", "forbidden", "not_found"]
CampaignsHasNext = Literal["has_next", "has_more"]
CampaignsTimezone = Literal["told", "absent"]
CampaignsCursor = Literal["moves", "stuck"]


@dataclass(frozen=True)
class Manners:
    """One possible behaviour per unknown of the document; the defaults are the mildest guess.

    order: of a list of calls. ``shuffled`` is fixed but means nothing; ``unstable`` is newest first, with
        calls of one instant in a new order at every request.
    bounds: whether a call created exactly at startDate or endDate belongs; ``half_open`` keeps the start.
    timestamps: ``offset`` is the campaign's zone, ``naive`` is UTC without saying so, ``milliseconds``
        cuts to three digits (filters still act on the microsecond).
    total_count: ``first_page`` is null on later pages, ``first_page_absent`` and ``never`` leave it out, of
        campaigns too; ``unfiltered`` counts the whole campaign, whatever was asked for.
    max_page_size: larger pages are cut to this size in silence, and ``page_size`` tells.
    max_page_index: the last index that is not a 400.
    has_next: of a list of calls; ``always`` and ``never`` lie, and ``next_page`` lies with them.
    past_end: the answer to an index after the last page (index 0 always has a page).
    date_header: whose time the Date header shows.
    repeat_page: the index whose calls are those of the page before it.
    campaigns: whether the key may list campaigns; ``forbidden`` is a 403, ``not_found`` a 404.
    campaigns_page_size: rows on a page of campaigns; no parameter changes it.
    campaigns_has_next: what the flag is called; older copies of the document call it ``has_more``.
    campaigns_timezone: whether rows of campaigns have the field.
    campaigns_cursor: ``stuck`` leads from a page that is not the last to that page again.
    """

    order: Order = "newest_first"
    bounds: Bounds = "inclusive"
    timestamps: Timestamps = "offset"
    total_count: TotalCount = "every_page"
    max_page_size: int = 100
    max_page_index: int = 25_000
    has_next: HasNext = "right"
    past_end: PastEnd = "empty"
    date_header: DateHeader = "world"
    repeat_page: int | None = None
    campaigns: Campaigns = "listed"
    campaigns_page_size: int = 25
    campaigns_has_next: CampaignsHasNext = "has_next"
    campaigns_timezone: CampaignsTimezone = "told"
    campaigns_cursor: CampaignsCursor = "moves"
