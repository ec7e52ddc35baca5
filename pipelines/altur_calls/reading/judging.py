"""What becomes of a window whose pages were read: it is kept, read once more, or cut in halves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

from altur_calls.calls.sightings import call_id_of
from altur_calls.reading.asking import Task
from altur_calls.reading.paging import Page, contradicts_itself, doubt, last_index


class Fate(Enum):
    """What a window's pages come to."""

    KEPT = auto()
    """It is proved, or nothing more would prove it."""
    AGAIN = auto()
    """It may have moved while it was read."""
    HALVED = auto()
    """Smaller windows may prove themselves."""


def fate_of(
    task: Task, pages: Sequence[Page], refusal: str | None, *, may_cut: bool
) -> tuple[Fate, str | None]:
    """Return what becomes of a window, and why it is not proved, if it is not.

    ``refusal`` is why the API did not go on after them; ``may_cut``, whether cutting may prove anything.
    """
    reason = refusal or doubt(pages)
    if reason is None:
        return Fate.KEPT, None
    may_cut = may_cut and bool(refusal or _has_more(pages))
    is_counted = pages[0].total is not None
    if not task.is_retry and (is_counted or not may_cut):
        return Fate.AGAIN, reason
    return Fate.HALVED if may_cut else Fate.KEPT, reason


def _has_more(pages: Sequence[Page]) -> bool:
    """Tell if calls are on several pages, or should be: what comes on one can't be split into less."""
    is_counted_more = last_index(pages[0]) and not contradicts_itself(pages[0])
    return bool(is_counted_more) or sum(1 for page in pages if page.calls) > 1


def each_once(pages: Sequence[Page]) -> list[Any]:
    """Return the calls of all pages; of those with the same id, the one that came last."""
    by_id: dict[Any, Any] = {}
    for page in pages:
        for call in page.calls:
            by_id[call_id_of(call) or object()] = call
    return list(by_id.values())
