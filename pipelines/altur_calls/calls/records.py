"""One call as the API gives it becomes one row with its children. Pure.

The contract: a call without an id or a readable ``created_at`` is rejected, raw. In all others every value
is kept. One that fits its column goes there; one that can be read as the column's type goes there too. One
that can't goes to the JSON column ``unexpected``, under its path. A new field becomes a new column. Each
kind of surprise is reported.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from dlt.common.normalizers.naming.snake_case import NamingConvention

from altur_calls.calls.document import CALL, CONTACT, EVALUATION, POLICY, Field
from altur_calls.calls.sightings import Sighting, raw_json, utc

Row = dict[str, Any]

OURS = frozenset(
    {
        *("campaign_id", "read_at", "unexpected", "is_deleted", "deleted_at"),
        *("call_id", "call_created_at", "position", "is_replaced"),
        *("contact", "tags", "policies", "policy_evaluation", "key", "value"),
        *CALL,
        *(f"policy_evaluation__{name}" for name in EVALUATION),
        *CONTACT,
        *POLICY,
    }
)
"""Column names that no field the document doesn't know may take."""

COLUMN_NAMES = NamingConvention()
"""How dlt writes names: two fields that differ in their writing only would be one column."""

NESTED, POLICIES = frozenset({"contact", "tags", "policy_evaluation"}), frozenset({"policies"})
KINDS = {"text": str, "bigint": int, "double": float, "bool": bool, "json": dict}
SIXTY_FOUR_BITS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a property goes, and by what it is known at a glance to fit there."""

    column: str
    known: Field
    kind: type | None
    among: Container[Any] | None


class Places:
    """Where the properties of an object go: to columns of their names, with a prefix."""

    def __init__(self, fields: Mapping[str, Field], prefix: str = "") -> None:
        """Prepare the look at every property of millions of calls."""
        self.prefix = prefix
        self.by_name = {
            name: Place(prefix + name, known, KINDS.get(known.data_type), _among(known))
            for name, known in fields.items()
        }


def _among(known: Field) -> Container[Any] | None:
    return SIXTY_FOUR_BITS if known.data_type == "bigint" else known.values


CALL_PLACES, EVALUATION_PLACES = Places(CALL), Places(EVALUATION, "policy_evaluation__")
CONTACT_PLACES, POLICY_PLACES = Places(CONTACT), Places(POLICY)


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
    """A call as a row, its children by the field they come from, and how it differs from the document."""

    row: Row
    children: dict[str, list[Row]]
    surprises: list[Surprise]


def row_of(seen: Sighting) -> Accepted:
    """Shape a call: its scalars become a row, and what is nested the rows of child tables."""
    call = seen.call
    desk = _Desk()
    evaluation = desk.object_of(call, "policy_evaluation")
    contact = desk.object_of(call, "contact")
    row = desk.placed(evaluation, EVALUATION_PLACES, "policy_evaluation.", POLICIES)
    row = desk.placed(call, CALL_PLACES, "", NESTED, row)
    row |= {
        "id": seen.call_id,
        "campaign_id": seen.campaign_id,
        "read_at": seen.read_at,
        "is_deleted": False,
        "deleted_at": None,
        "_dlt_id": seen.version,
    }
    children = {
        "contact": [desk.placed(contact, CONTACT_PLACES, "contact.")] if contact else [],
        "tags": [{"value": desk.text(tag, "tags[]")} for tag in desk.list_of(call, "tags")],
        "policies": [
            desk.placed(policy, POLICY_PLACES, f"policies[{place}].")
            for place, policy in enumerate(desk.objects_in(evaluation, "policies"))
        ],
        "extracted_data": pairs_of(row.get("extracted_data")),
    }
    for rows in children.values():
        for position, child in enumerate(rows):
            child["call_id"] = seen.call_id
            child["call_created_at"] = seen.created_at
            child["position"] = position
            child["_dlt_id"] = f"{seen.version}{position}"
    row["unexpected"] = desk.unexpected or None
    return Accepted(row, children, desk.surprises)


def pairs_of(extracted: Any) -> list[Row]:
    """Return extracted data as rows: SQL of every kind can read those, and keys keep their spelling."""
    pairs = extracted.items() if isinstance(extracted, dict) else ()
    return [{"key": key, "value": None if value is None else _text(value)} for key, value in pairs]


@dataclass(slots=True)
class _Desk:
    """Where one call is taken apart: every value goes to a column or is set aside."""

    unexpected: dict[str, Any] = field(default_factory=dict)
    surprises: list[Surprise] = field(default_factory=list)

    def placed(
        self,
        item: Mapping[str, Any],
        places: Places,
        path: str,
        apart: frozenset[str] = frozenset(),
        row: Row | None = None,
    ) -> Row:
        """Return an object's values by column, beside those of ``row``; what is ``apart`` goes elsewhere."""
        row = {} if row is None else row
        for name, value in item.items():
            place = places.by_name.get(name)
            if place is None:
                if name not in apart:
                    self._place_new(row, name, value, path, places.prefix)
            elif type(value) is place.kind and (place.among is None or value in place.among):
                row[place.column] = value  # as documented, which nearly all are
            else:
                row[place.column] = self._fitted(value, place.known, path + name)
        return row

    def _fitted(self, value: Any, known: Field, path: str) -> Any:
        if value is None:
            return None
        if known.data_type == "timestamp" and (moment := utc(value)) is not None:
            return moment
        fits, as_type = FITS[known.data_type]
        if not fits(value):
            self._note(path, "unexpected_type", type(value).__name__)
            given, value = value, as_type(value)
            if value is None:
                self.unexpected[path] = given
        elif known.values is not None and value not in known.values:
            self._note(path, "unknown_value", value[:100])
        return value

    def _place_new(self, row: Row, name: str, value: Any, path: str, prefix: str) -> None:
        """Keep a field that the document doesn't know: as a new column, if none of ours has its name."""
        self._note(path + name, "new_field", type(value).__name__)
        plain = COLUMN_NAMES.normalize_identifier(name) if name.strip() else ""
        column = prefix + plain
        if not plain or column in OURS or column in row or plain.startswith("_dlt_"):
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


FITS: dict[str, Any] = {
    "text": (lambda value: type(value) is str, _text),
    "bigint": (lambda value: type(value) is int and value in SIXTY_FOUR_BITS, _whole),
    "double": (lambda value: type(value) in {int, float}, _number),
    "bool": (lambda value: type(value) is bool, _truth),
    "timestamp": (lambda _: False, lambda _: None),
    "json": (lambda value: type(value) is dict, lambda value: value if type(value) is list else None),
}
"""By the type of a column: whether a value is of it as it stands, and how else it may be read as one."""

TEXT = Field("text", "A text")
