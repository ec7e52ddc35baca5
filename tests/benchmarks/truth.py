"""What a world shows, what a warehouse holds, and how the two differ.

Both are rows of the same values (`COLUMNS`): instants in microseconds, tags and policies as lists in order.
``extracted_data`` is left out: its keys are free, and each contestant keeps them in another way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
from printed import printed_rows

from altur_sandbox import World

COLUMNS = (
    *("id", "campaign_id", "status", "answered_by", "created_at", "started_at", "ended_at"),
    *("duration", "billed_duration", "contact_name", "contact_status", "score", "completed_at"),
    *("tags", "policies"),
)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Verdict:
    """Calls of a warehouse against those of the world.

    stale: present, but not as the world shows them. extra: unknown to the world, or there twice.
    example: the first stale call, and what of it is.
    """

    right: int
    stale: int
    missing: int
    extra: int
    example: str = ""


def rows_of(world: World) -> Iterator[Row]:
    """Yield the calls of a world as it is now."""
    for campaign_id in world.zones:
        shown = [row.print for row in printed_rows(world, campaign_id)]
        yield from (_row(campaign_id, call) for call in orjson.loads(orjson.dumps(shown)))


def rows_in(database: Path, query: str) -> list[Row]:
    """Return the calls in a warehouse, by a query that gives `COLUMNS`."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def judged(found: list[Row], true: Iterable[Row]) -> Verdict:
    """Compare the rows of a warehouse with those of the world."""
    by_id = {row[0]: row for row in found}
    right = stale = missing = 0
    example = ""
    for row in true:
        if (there := by_id.get(row[0])) is None:
            missing += 1
        elif there == row:
            right += 1
        else:
            stale += 1
            example = example or _difference(there, row)
    return Verdict(right, stale, missing, len(found) - right - stale, example)


def _row(campaign_id: int, call: dict[str, Any]) -> Row:
    evaluation = call["policy_evaluation"]
    return (
        *(call["id"], campaign_id, call["status"], call["answered_by"]),
        *map(_microseconds, (call["created_at"], call["started_at"], call["ended_at"])),
        *(call["duration"], call["billed_duration"]),
        *(call["contact"]["name"], call["contact"]["status"]),
        *(evaluation["score"], _microseconds(evaluation["completed_at"])),
        *(call["tags"], [_policy(policy) for policy in evaluation["policies"]]),
    )


def _policy(policy: dict[str, Any]) -> list[str]:
    return [policy["policy_id"], policy["result"], policy["explanation"]]


def _microseconds(text: str | None) -> int | None:
    return None if text is None else (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _difference(found: Row, true: Row) -> str:
    names = [name for name, there, is_ in zip(COLUMNS, found, true, strict=True) if there != is_]
    return f"{true[0]}: {', '.join(names)}"
