"""Questions to begin with: each with its answer in SQL. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from altur_calls.analytics.views import texts


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and its answer in SQL."""

    text: str
    sql: str


def questions() -> list[Question]:
    """Return all questions, in the order of their numbers."""
    parts = (text.partition("\n") for text in texts("questions").values())
    return [Question(text.removeprefix("-- "), f"{sql.strip()};") for text, _, sql in parts]
