"""One call as the API gives it becomes one row with its children, or is rejected with a reason. Pure.

The contract: a call without an id or a readable ``created_at`` is rejected, raw. In all others every value
is kept. One that fits its column goes there; one that can be read as the column's type goes there too. One
that can't goes to the JSON column ``unexpected``, under its path. A new field becomes a new column. Each
kind of surprise is reported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dlt.common.normalizers.naming.snake_case import NamingConvention

from altur_calls.document import CALL, CONTACT, EVALUATION, POLICY, Field

Row = dict[str, Any]

OURS = frozenset(
    {
        *("campaign_id", "call_id", "read_at", "unexpected", "is_deleted", "deleted_at", "is_declaration"),
        *("contact", "tags", "policies", "policy_evaluation", "value"),
        *CALL,
        *(f"policy_evaluation__{name}" for name in EVALUATION),
        *CONTACT,
        *POLICY,
    }
)
"""Column names that no field the document doesn't know may take."""

COLUMN_NAMES = NamingConvention()
"""How dlt writes names: two fields that differ in their writing only would be one column."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A call that can't be a row, kept as it came."""

    reason: str
    raw: str
    """The call as JSON text."""

    def fault_id(self, campaign_id: int) -> str:
        """Return a key that is the same whenever the same faulty call is read again."""
        return key_of(campaign_id, self.reason, self.raw)


@dataclass(frozen=True, slots=True)
class Surprise:
    """A way in which calls differ from the API document."""

    field: str
    """Path of the property, as in ``contact.name``."""
    kind: str
    """new_field, unexpected_type or unknown_value."""
    detail: str
    """The type or value that came. Of values only those of enumerations, so nothing personal."""


@dataclass(slots=True)
class Accepted:
    """A call as a row, and how it differs from the document."""

    row: Row
    surprises: list[Surprise]


def call_id_of(call: Any) -> str | None:
    """Return a call's id, or ``None`` if it has none that could be one."""
    call_id = call.get("id") if isinstance(call, dict) else None
    if isinstance(call_id, int) and not isinstance(call_id, bool):
        call_id = str(call_id)
    return call_id.strip() or None if isinstance(call_id, str) else None


def created_at_of(call: Any) -> datetime | None:
    """Return when a call was created, in UTC, or ``None`` if that can't be read."""
    return utc(call.get("created_at")) if isinstance(call, dict) else None


def utc(value: Any) -> datetime | None:
    """Read an ISO 8601 text as a moment in UTC; without an offset it is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def row_of(call: Any, campaign_id: int, read_at: datetime) -> Accepted | Rejected:
    """Shape a call for dlt's normaliser: scalars stay, what is nested becomes lists of child rows."""
    call_id = call_id_of(call)
    if call_id is None:
        reason = "no id" if isinstance(call, dict) else f"not an object but {type(call).__name__}"
        return Rejected(reason, raw_json(call))
    if created_at_of(call) is None:
        return Rejected("created_at can't be read", raw_json(call))
    desk = _Desk()
    evaluation = desk.object_of(call, "policy_evaluation")
    row = desk.placed(call, CALL, "", {"contact", "tags", "policy_evaluation"})
    contact = desk.object_of(call, "contact")
    row |= {
        "id": call_id,
        "campaign_id": campaign_id,
        "policy_evaluation": desk.placed(evaluation, EVALUATION, "policy_evaluation.", {"policies"}),
        "contact": [{**desk.placed(contact, CONTACT, "contact."), "call_id": call_id}] if contact else [],
        "tags": [
            {"call_id": call_id, "value": desk.text(tag, "tags[]")} for tag in desk.list_of(call, "tags")
        ],
        "policies": [
            {**desk.placed(policy, POLICY, f"policies[{place}]."), "call_id": call_id}
            for place, policy in enumerate(desk.objects_in(evaluation, "policies"))
        ],
        "read_at": read_at,
        "is_deleted": False,
        "deleted_at": None,
    }
    row["unexpected"] = desk.unexpected or None
    return Accepted(row, desk.surprises)


@dataclass(slots=True)
class _Desk:
    """Where one call is taken apart: every value goes to a column or is set aside."""

    unexpected: dict[str, Any] = field(default_factory=dict)
    surprises: list[Surprise] = field(default_factory=list)

    def placed(
        self, item: Mapping[str, Any], fields: Mapping[str, Field], path: str, apart: set[str] | None = None
    ) -> Row:
        """Return an object's values by column; those named in ``apart`` are shaped elsewhere."""
        row = {}
        for name, value in item.items():
            known = fields.get(name)
            if known is not None:
                row[name] = self._fitted(value, known, path + name)
            elif not (apart and name in apart):
                self._place_new(row, name, value, path)
        return row

    def _fitted(self, value: Any, known: Field, path: str) -> Any:
        if value is None:
            return None
        if known.data_type == "timestamp" and (moment := utc(value)) is not None:
            return moment.isoformat()  # in one writing, which dlt can read as well
        fits, as_type = FITS[known.data_type]
        if not fits(value):
            self._note(path, "unexpected_type", type(value).__name__)
            given, value = value, as_type(value)
            if value is None:
                self.unexpected[path] = given
        elif known.values is not None and value not in known.values:
            self._note(path, "unknown_value", value[:100])
        return value

    def _place_new(self, row: Row, name: str, value: Any, path: str) -> None:
        """Keep a field that the document doesn't know: as a new column, if none of ours has its name."""
        self._note(path + name, "new_field", type(value).__name__)
        column = COLUMN_NAMES.normalize_identifier(name) if name.strip() else ""
        if not column or column in OURS or column in row or column.startswith("_dlt_"):
            self.unexpected[path + name] = value
        else:
            row[column] = raw_json(value) if isinstance(value, dict | list) else value

    def text(self, value: Any, path: str) -> str | None:
        """Return a value as text."""
        fitted: str | None = self._fitted(value, TEXT, path)
        return fitted

    def object_of(self, item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """Return a property that should be an object; anything else is set aside."""
        value = item.get(name)
        if isinstance(value, dict):
            return value
        self._set_aside(value, name)
        return {}

    def list_of(self, item: Mapping[str, Any], name: str) -> list[Any]:
        """Return a property that should be a list; anything else is set aside."""
        value = item.get(name)
        if isinstance(value, list):
            return value
        self._set_aside(value, name)
        return []

    def objects_in(self, item: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list; the list's other items are set aside."""
        items = self.list_of(item, name)
        others = [other for other in items if not isinstance(other, dict)]
        if others:
            self._set_aside(others, f"{name}[]")
        return [given for given in items if isinstance(given, dict)]

    def _set_aside(self, value: Any, path: str) -> None:
        if value is not None:
            self._note(path, "unexpected_type", type(value).__name__)
            self.unexpected[path] = value

    def _note(self, path: str, kind: str, detail: str) -> None:
        self.surprises.append(Surprise(re.sub(r"\[\d+\]", "[]", path), kind, detail))


def _is_whole(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**53 else None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) != float("inf") and number == number else None  # noqa: PLR0124 (NaN)


def _truth(value: Any) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else raw_json(value)


def raw_json(value: Any) -> str:
    """Write a value as JSON text that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def key_of(*parts: Any) -> str:
    """Return a key that is the same for the same parts."""
    text = "\n".join(map(str, parts))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


FITS: dict[str, Any] = {
    "text": (lambda value: type(value) is str, _text),
    "bigint": (_is_whole, _whole),
    "double": (lambda value: type(value) in {int, float}, _number),
    "bool": (lambda value: type(value) is bool, _truth),
    "timestamp": (lambda _: False, lambda _: None),
    "json": (lambda value: type(value) is dict, lambda value: value),
}
"""By the type of a column: whether a value is of it as it stands, and how else it may be read as one."""

TEXT = Field("text", "A text")
