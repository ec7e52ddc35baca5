"""The order of a list: which rows, of those wanted, stand on a page."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from random import Random
from zlib import crc32

from altur_sandbox.manners import Order
from altur_sandbox.worlds.base import Row


def cut(oldest_first: Sequence[Row], order: Order, first: int, size: int, turn: int) -> list[Row]:
    """Return up to ``size`` rows from position ``first`` on, the whole list being in this order.

    turn: number of the request; an unstable order is another one at every turn.
    """
    count = len(oldest_first)
    first, stop = min(first, count), min(first + size, count)
    match order:
        case "oldest_first":
            return list(oldest_first[first:stop])
        case "newest_first":
            return list(oldest_first[count - stop : count - first])[::-1]
        case "shuffled":
            return sorted(oldest_first, key=_meaningless)[first:stop]
        case "unstable":
            return _ties_shuffled(oldest_first, count - stop, count - first, Random(turn))[::-1]  # noqa: S311


def _meaningless(row: Row) -> int:
    """Return a number that is the row's own for ever, and says nothing of its age."""
    return crc32(row.created_at.isoformat().encode())


def _ties_shuffled(rows: Sequence[Row], first: int, stop: int, random: Random) -> list[Row]:
    """Return a slice of the list in which rows of one instant took new places, also over the slice's ends."""
    low, high = first, stop
    while 0 < low < len(rows) and rows[low - 1].created_at == rows[low].created_at:
        low -= 1
    while 0 < high < len(rows) and rows[high].created_at == rows[high - 1].created_at:
        high += 1
    return list(_shuffled_by_instant(rows[low:high], random))[first - low : stop - low]


def _shuffled_by_instant(rows: Iterable[Row], random: Random) -> Iterator[Row]:
    for _, tied in groupby(rows, key=lambda row: row.created_at):
        rows_of_instant = list(tied)
        yield from random.sample(rows_of_instant, len(rows_of_instant))
