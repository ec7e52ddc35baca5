"""Words that several texts for people share."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """Return how many there are of something: ``1 window``, ``2 windows``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
