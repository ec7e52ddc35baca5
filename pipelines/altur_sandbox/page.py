"""The page of a list of calls: the rows asked for, how many there are, and the way to the next page."""

from typing import Any

from altur_sandbox.manners import Manners
from altur_sandbox.moments import hand
from altur_sandbox.order import cut
from altur_sandbox.query import Query, wanted
from altur_sandbox.worlds.base import Wanted, World

Page = dict[str, Any]


class NotFound(Exception):
    """There is no such campaign; or no such page or list, and the manners make that an error."""


class Forbidden(Exception):
    """The key is right, but not for this list."""


def make_page(world: World, campaign_id: int | None, query: Query, manners: Manners, turn: int) -> Page:
    """Return the body of a 200 as of now, or raise `NotFound`.

    turn: number of the request, for orders that change from one to the next.
    """
    if campaign_id is None or campaign_id not in world.zones:
        raise NotFound("Campaign not found.")
    size, index = min(query.page_size, manners.max_page_size), query.page_index
    with world.lock:
        rows = world.select(campaign_id, wanted(query, manners.bounds))
        counted = world.select(campaign_id, Wanted()) if manners.total_count == "unfiltered" else rows
        if manners.past_end == "not_found" and index > 0 and index * size >= len(rows):
            raise NotFound("Invalid page.")
        shown = cut(rows, manners.order, _shown(index, manners) * size, size, turn)
        write = hand(manners.timestamps, world.zones[campaign_id])
        return {
            **total_count(len(counted), index, manners),
            "calls": [row.encode(write) for row in shown],
            "pagination": _pagination(index, size, len(rows), manners),
        }


def _shown(index: int, manners: Manners) -> int:
    """Return the index of the page whose calls are shown."""
    return index - 1 if index == manners.repeat_page and index > 0 else index


def total_count(count: int, index: int, manners: Manners) -> dict[str, int | None]:
    """Return the part of a page that tells how many rows there are; index 0 is the first page."""
    match manners.total_count:
        case "first_page" if index > 0:
            return {"total_count": None}
        case "first_page_absent" if index > 0:
            return {}
        case "never":
            return {}
        case _:
            return {"total_count": count}


def _pagination(index: int, size: int, count: int, manners: Manners) -> dict[str, int | bool | None]:
    has_next = {"right": (index + 1) * size < count, "always": True, "never": False}[manners.has_next]
    return {
        "page_index": index,
        "page_size": size,
        "has_next": has_next,
        "has_previous": index > 0,
        "next_page": index + 1 if has_next else None,
        "previous_page": index - 1 if index > 0 else None,
    }
