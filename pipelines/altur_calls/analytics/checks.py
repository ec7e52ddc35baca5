"""Does the warehouse hold what its views promise? Each check is a query that should find nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from altur_calls.analytics.views import texts


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, and the query for the rows that break it."""

    name: str
    rule: str
    query: str


def checks() -> list[Check]:
    """Return all checks."""
    found = []
    for name, text in texts("checks").items():
        rule, _, query = text.partition("\n")
        found.append(Check(name, rule.removeprefix("-- "), query.strip()))
    return found
