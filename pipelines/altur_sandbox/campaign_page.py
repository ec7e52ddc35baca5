"""The page of the list of campaigns: newest first, and the cursors that lead on and back."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from re import fullmatch
from typing import Literal

from altur_sandbox.manners import Manners
from altur_sandbox.moments import hand
from altur_sandbox.page import Forbidden, NotFound, Page, total_count
from altur_sandbox.query import BadQuery
from altur_sandbox.worlds.base import Profile, World, encode

Way = Literal["next", "previous"]


def make_campaign_page(world: World, cursor: str | None, manners: Manners) -> Page:
    """Return the body of a 200 as of now, or raise `Forbidden`, `NotFound` or `BadQuery`."""
    match manners.campaigns:
        case "forbidden":
            raise Forbidden("You do not have permission to perform this action.")
        case "not_found":
            raise NotFound("Not found.")
        case "listed":
            pass
    with world.lock:
        profiles, zones = world.campaigns(), world.zones
        ids = sorted(profiles, reverse=True)
        shown = _span(ids, cursor, manners.campaigns_page_size)
        return {
            **total_count(len(ids), shown.start, manners),
            "campaigns": [
                encode(_row(profiles[id_], manners), hand(manners.timestamps, zones[id_]))
                for id_ in ids[shown.start : shown.stop]
            ],
            "pagination": _pagination(ids, shown, manners),
        }


def _row(profile: Profile, manners: Manners) -> Profile:
    if manners.campaigns_timezone == "told":
        return profile
    return {name: value for name, value in profile.items() if name != "timezone"}


def _span(ids: Sequence[int], cursor: str | None, size: int) -> range:
    """Return the positions on the page; ids fall, so a new campaign moves no page that is still to come."""
    if cursor is None:
        return range(min(size, len(ids)))
    way, campaign_id = _read(cursor)
    if way == "next":
        start = sum(id_ > campaign_id for id_ in ids)
        return range(start, min(start + size, len(ids)))
    stop = sum(id_ >= campaign_id for id_ in ids)
    return range(max(0, stop - size), stop)


def _pagination(ids: Sequence[int], shown: range, manners: Manners) -> dict[str, str | bool | None]:
    has_next, has_previous = shown.stop < len(ids), shown.start > 0
    following = shown.start if manners.campaigns_cursor == "stuck" else shown.stop
    return {
        manners.campaigns_has_next: has_next,
        "has_previous": has_previous,
        "next_cursor": _written("next", ids[following]) if has_next else None,
        "previous_cursor": _written("previous", ids[shown.start - 1]) if has_previous else None,
    }


def _written(way: Way, campaign_id: int) -> str:
    """Return the cursor of the page that begins, or going back ends, with this campaign."""
    return urlsafe_b64encode(f"{way}:{campaign_id}".encode()).decode()


def _read(cursor: str) -> tuple[str, int]:
    try:
        text = b64decode(cursor, b"-_", validate=True).decode()
    except ValueError:
        text = ""
    match = fullmatch(r"(next|previous):([0-9]{1,18})", text)
    if match is None:
        raise BadQuery({"cursor": ["Invalid cursor."]})
    return match[1], int(match[2])
