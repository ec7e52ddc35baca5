"""Counts by campaign, period and item as short columns of integers. Pure.

Sums, never averages: what is asked of the page under any filter is a sum of rows, or a quotient of such sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

Row = tuple[Any, ...]
"""Id of the campaign, start of the period, number of the item, and the counts."""

Columns = list[list[int]]
"""Keys, each told by how much it is larger than the one before; then a column for each measure."""


def packed(
    rows: Iterable[Row], campaigns: Sequence[int], starts: Mapping[date, int], items: int, measures: int
) -> list[Columns]:
    """Return the columns of each campaign, in the order of the campaigns.

    The key of a row is ``period * items + item``. Rows are in the order of campaign, period and item.
    """
    columns: dict[int, Columns] = {campaign: [[] for _ in range(1 + measures)] for campaign in campaigns}
    last = dict.fromkeys(campaigns, 0)
    for campaign, start, item, *counts in rows:
        key = starts[start] * items + item
        for column, number in zip(columns[campaign], (key - last[campaign], *counts), strict=True):
            column.append(number)
        last[campaign] = key
    return list(columns.values())
