"""What a page says, what to ask next, and whether the pages of a window prove it complete. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from altur_calls import settings
from altur_calls.calls.sightings import call_id_of
from altur_calls.errors import ApiChanged


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. ``None`` stands for what the API left out: no property is required by its document."""

    calls: list[Any]
    total: int | None = None
    size: int | None = None
    has_next: bool | None = None


def page_from(body: Any, path: str) -> Page:
    """Read the body of an answer; one without a list of calls is no page at all."""
    calls = body.get("calls") if isinstance(body, dict) else None
    if not isinstance(calls, list):
        kind = (
            type(body).__name__ if not isinstance(body, dict) else f"'calls' of type {type(calls).__name__}"
        )
        raise ApiChanged(
            f"GET {path} answered 200 with {kind} where the API document has a list in 'calls'. "
            "Check base_url; if it is right, the API has changed."
        )
    about = body.get("pagination")
    about = about if isinstance(about, dict) else {}
    size = _count(about.get("page_size"))
    return Page(calls, _count(body.get("total_count")), size or None, _has_next(about))


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _has_next(about: dict[str, Any]) -> bool | None:
    has_next = about.get("has_next")
    if isinstance(has_next, bool):
        return has_next
    return about["next_page"] is not None if "next_page" in about else None


def last_index(first: Page) -> int | None:
    """Return the index of the last page by the first page's count, or ``None`` if it gave none."""
    if first.total is None:
        return None
    size = first.size or len(first.calls) or 1
    return max(0, -(-first.total // size) - 1)


def contradicts_itself(first: Page) -> bool:
    """Tell if a first page counts more calls than it lists, though it has room for them and is the last one.

    A count that leaves the filter out is like that. No smaller window would be counted better.
    """
    has_room = len(first.calls) < (first.size or settings.PAGE_SIZE)
    is_last = not (first.calls and first.has_next)
    return has_room and is_last and (first.total or 0) > len(first.calls)


def goes_on(pages: Sequence[Page], full: int) -> bool:
    """Tell if another page may follow: the last one says so, or it is full and no count says otherwise.

    An empty page ends a walk, whatever it says, but for the first one where nothing is counted: if that
    says there are more, one more is asked for.
    """
    last, is_counted = pages[-1], pages[0].total is not None
    if not last.calls:
        return len(pages) == 1 and not is_counted and bool(last.has_next)
    if last.has_next or (last.has_next is False and is_counted):
        return last.has_next
    return len(last.calls) >= full


def distinct(pages: Sequence[Page]) -> int:
    """Count the calls by their ids; each one without an id counts for itself."""
    ids = [call_id_of(call) for page in pages for call in page.calls]
    return len(set(ids) - {None}) + ids.count(None)


def doubt(pages: Sequence[Page]) -> str | None:
    """Return why these pages, in order, don't prove their window complete, or ``None`` if they do.

    The proof: the distinct calls that arrived are as many as the API counts, on every page that counts,
    and the API did not go on after the last of them. Without a count only a single page with nothing after it
    is proof, for it is a snapshot.
    """
    found = distinct(pages)
    totals = {page.total for page in pages if page.total is not None}
    if len(totals) > 1:
        return f"total_count moved from {pages[0].total} to {pages[-1].total} while the pages were read"
    if totals:
        (total,) = totals
        return None if found == total else f"{found} distinct calls arrived where total_count is {total}"
    if len(pages) == 1 and pages[0].has_next:
        return "the API gave no total_count, and says that there are more pages"
    is_full = pages[0].size is not None and len(pages[0].calls) >= pages[0].size
    if found > distinct(pages[:1]) or (is_full and pages[0].has_next):
        return "the API gave no total_count to check several pages against"
    return None
