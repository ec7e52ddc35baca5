"""Read a warehouse back as the calls the API gave, to compare the two field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from altur_calls.analytics.views import views

SCALARS = (
    *("id", "type", "status", "answered_by", "created_at", "started_at", "ended_at"),
    *("duration", "billed_duration", "recording_url"),
)
EVALUATION = (
    *("score", "policies_evaluated_count", "policies_met_count", "policies_not_applicable_count"),
    *("completed", "completed_at"),
)
CONTACT = ("id", "f_id", "name", "phone_number", "status")
POLICY = ("policy_id", "policy_name", "result", "explanation", "evaluated_at")

Call = dict[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file, opened for each question and closed again."""

    path: Path

    @contextmanager
    def asked(self) -> Iterator[Callable[[str], list[Row]]]:
        """Yield a function that returns the rows of a query: for many, as to open a file takes as long."""
        with duckdb.connect(self.path, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield lambda sql: connection.execute(sql).fetchall()

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of a query."""
        with self.asked() as rows:
            return rows(sql)

    def value(self, sql: str) -> Any:
        """Return the only value of a query."""
        return self.rows(sql)[0][0]

    def do(self, *statements: str) -> None:
        """Do something to it by hand, as its owner may."""
        with duckdb.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)

    def calls(self, campaign_id: int) -> list[Call]:
        """Return a campaign's calls with their children, by id, as the API document shapes them."""
        evaluation = ", ".join(f"policy_evaluation__{name}" for name in EVALUATION)
        with self.asked() as rows_of:
            rows = rows_of(
                f"SELECT {', '.join(SCALARS)}, extracted_data, {evaluation} "
                f"FROM altur.campaign_calls WHERE campaign_id = {campaign_id} ORDER BY id"
            )
            contacts = _children(rows_of, "contact", CONTACT)
            tags = _children(rows_of, "tags", ("value",))
            policies = _children(rows_of, "policies", POLICY)
            pairs = _children(rows_of, "extracted_data", ("key", "value"))
        return [
            {
                **dict(zip(SCALARS, row, strict=False)),
                "extracted_data": json.loads(row[len(SCALARS)]) if row[len(SCALARS)] else None,
                "policy_evaluation": {
                    **dict(zip(EVALUATION, row[len(SCALARS) + 1 :], strict=True)),
                    "policies": policies.get(row[0], []),
                },
                "contact": contacts.get(row[0], [None])[0],
                "tags": [tag["value"] for tag in tags.get(row[0], [])],
                "pairs": [(pair["key"], pair["value"]) for pair in pairs.get(row[0], [])],
            }
            for row in rows
        ]


def _children(
    rows_of: Callable[[str], list[Row]], table: str, names: tuple[str, ...]
) -> dict[str, list[dict[str, Any]]]:
    children: dict[str, list[dict[str, Any]]] = {}
    for call_id, *values in rows_of(
        f"SELECT call_id, {', '.join(names)} FROM altur.campaign_calls__{table} ORDER BY call_id, position"
    ):
        children.setdefault(call_id, []).append(dict(zip(names, values, strict=True)))
    return children


def as_loaded(calls: list[Call]) -> list[Call]:
    """Return the world's calls as the warehouse should give them back: by id, absent as null or empty."""
    return sorted(map(_as_loaded, calls), key=lambda call: call["id"])


def _as_loaded(call: Call) -> Call:
    evaluation = call.get("policy_evaluation") or {}
    contact = call.get("contact")
    return {
        **{name: _value(call.get(name)) for name in SCALARS},
        "extracted_data": call.get("extracted_data"),
        "policy_evaluation": {
            **{name: _value(evaluation.get(name)) for name in EVALUATION},
            "policies": [
                {name: _value(policy.get(name)) for name in POLICY}
                for policy in evaluation.get("policies") or []
            ],
        },
        "contact": {name: contact.get(name) for name in CONTACT} if contact else None,
        "tags": call.get("tags") or [],
        "pairs": [(key, _text(value)) for key, value in (call.get("extracted_data") or {}).items()],
    }


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _value(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def unpublished(working: Warehouse, published: Warehouse) -> list[str]:
    """Return what readers do not have as the warehouse has it: but for the run, which goes on meanwhile."""
    tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'analytics'"
    with working.asked() as loaded, published.asked() as seen:
        names = {name for (name,) in seen(tables)} - {"publication", "runs"}
        names |= {view.name for view in views().values() if not (view.is_inner or view.is_live)} - {"runs"}
        queries = {name: f"FROM analytics.{name} ORDER BY ALL" for name in sorted(names)}
        return [name for name, query in queries.items() if seen(query) != loaded(query)]
