"""What changed in a call, field by field: why a number of yesterday is another today. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from altur_calls import document, tables
from altur_calls.fields import SCALARS, canonical
from altur_calls.records import Row, row_of
from altur_calls.sightings import Sighting, raw_json

Facts = dict[str, str | None]
"""The fields of a call as text, by their path in the API's answer."""


def changes_of(sightings: Sequence[Sighting], held: Mapping[str, Row]) -> Iterator[Row]:
    """Yield a row for each field in which calls differ from what is held of them."""
    for seen in sightings:
        if (there := held.get(seen.call_id)) is None:
            continue
        old, new = facts_of(there), facts_of(canonical(row_of(seen)))
        for place, field in enumerate([*new, *(field for field in old if field not in new)]):
            if old.get(field) != new.get(field):
                yield {
                    "call_id": seen.call_id,
                    "campaign_id": seen.campaign_id,
                    "call_created_at": seen.created_at,
                    "field": field,
                    "old_value": old.get(field),
                    "new_value": new.get(field),
                    "read_at": seen.read_at,
                    "_dlt_id": f"{seen.version}{place}",
                }


def rows_of_vanished(marked: Sequence[Row]) -> Iterator[Row]:
    """Yield a row for each call that is marked as deleted, of its row in the warehouse."""
    for call in marked:
        yield {
            "call_id": call["id"],
            "campaign_id": call["campaign_id"],
            "call_created_at": call["created_at"],
            "field": "is_deleted",
            "old_value": "false",
            "new_value": "true",
            "read_at": call["deleted_at"],
            "_dlt_id": f"{call['_dlt_id']}deleted",
        }


def facts_of(call: Row) -> Facts:
    """Return the fields of a call by path: each key of its extracted data, each policy's result."""
    facts = {name.replace("__", "."): _text(call[name]) for name in SCALARS if name != "extracted_data"}
    for contact in call[tables.CONTACT]:
        facts |= _named("contact", document.CONTACT, contact)
    facts["tags"] = raw_json([value for (value,) in call[tables.TAGS]])
    for policy in call[tables.POLICIES]:
        about = dict(zip(document.POLICY, policy, strict=True))
        facts[f"policies.{about['policy_id']}"] = _text(about["result"])
    for key, value in call[tables.EXTRACTED]:
        facts[f"extracted_data.{key}"] = value
    facts["is_deleted"] = _text(call.get("is_deleted", False))
    return facts


def _named(prefix: str, names: Mapping[str, Any], values: Sequence[Any]) -> Facts:
    return {f"{prefix}.{name}": _text(value) for name, value in zip(names, values, strict=True)}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else raw_json(value)
