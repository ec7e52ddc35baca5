"""A call field by field, the same whether the API gave it just now or the warehouse did. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from altur_calls import tables
from altur_calls.calls import document
from altur_calls.calls.document import Field
from altur_calls.calls.records import Accepted, Row

SCALARS = {
    **document.CALL,
    **{f"policy_evaluation__{name}": field for name, field in document.EVALUATION.items()},
}
CHILDREN = {
    tables.CONTACT: document.CONTACT,
    tables.TAGS: document.TAG,
    tables.POLICIES: document.POLICY,
    tables.EXTRACTED: document.EXTRACTED,
}


def canonical(call: Accepted) -> Row:
    """Return a shaped call: typed values by column, and its children in order by table."""
    return {
        **{name: _typed(call.row.get(name), field) for name, field in SCALARS.items()},
        **{
            table: [
                tuple(_typed(item.get(name), field) for name, field in fields.items())
                for item in call.children[table.removeprefix(f"{tables.CALLS}__")]
            ]
            for table, fields in CHILDREN.items()
        },
    }


def _typed(value: Any, field: Field) -> Any:
    return float(value) if value is not None and field.data_type == "double" else value


def read_back(values: Sequence[Any], fields: Sequence[Field]) -> list[Any]:
    """Return values as a warehouse gives them the way ``canonical`` writes them."""
    return [_read_back(value, field) for value, field in zip(values, fields, strict=True)]


def _read_back(value: Any, field: Field) -> Any:
    if field.data_type == "json" and isinstance(value, str):
        return json.loads(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value
