"""The call as the API document describes it: its fields, their types, the values it lists. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A property of the document: the type of its column (dlt's name for it) and what it means."""

    data_type: str
    description: str
    values: frozenset[str] | None = None
    """The values the document lists, where it lists any."""


def _enum(description: str, *values: str) -> Field:
    return Field("text", f"{', '.join(values)}{description}", frozenset(values))


CALL = {
    "id": Field("text", "Unique identifier of the call"),
    "type": _enum("", "inbound", "outbound"),
    "status": _enum("", "ended", "failed", "busy", "no-answer", "in-progress"),
    "answered_by": _enum("; null while nobody knows", "human", "machine", "unknown"),
    "created_at": Field("timestamp", "When the call was created"),
    "started_at": Field("timestamp", "When the call started"),
    "ended_at": Field("timestamp", "When the call ended"),
    "duration": Field("bigint", "Duration in seconds"),
    "billed_duration": Field("bigint", "Billed duration in seconds"),
    "extracted_data": Field("json", "Key-value pairs extracted from the conversation, as they came"),
    "recording_url": Field("text", "Where to fetch the recording, often a path without host"),
}
"""Scalars of a call, and ``extracted_data``, whose keys are free."""

EVALUATION = {
    "score": Field("double", "Compliance, 0 to 10: met / applicable * 10"),
    "policies_evaluated_count": Field("bigint", "Policies evaluated"),
    "policies_met_count": Field("bigint", "Policies met"),
    "policies_not_applicable_count": Field("bigint", "Policies that did not apply"),
    "completed": Field("bool", "Whether the evaluation has been completed"),
    "completed_at": Field("timestamp", "When the evaluation was completed"),
}
"""Scalars of ``policy_evaluation``."""

CONTACT = {
    "id": Field("bigint", "Internal id of the campaign contact"),
    "f_id": Field("text", "Your own reference of the contact"),
    "name": Field("text", "Name of the contact"),
    "phone_number": Field("text", "Phone number, E.164"),
    "status": Field("text", "Status of the contact in the campaign"),
}

TAG = {"value": Field("text", "The tag")}

EXTRACTED = {
    "key": Field("text", "What was extracted, as it is called there"),
    "value": Field("text", "What the conversation gave for it; anything but text as JSON"),
}
"""A pair of ``extracted_data``."""

POLICY = {
    "policy_id": Field("text", "Unique identifier of the policy"),
    "policy_name": Field("text", "Name of the policy"),
    "result": _enum("", "met", "not_met", "not_applicable"),
    "explanation": Field("text", "Why, written by a language model"),
    "evaluated_at": Field("timestamp", "When the policy was evaluated"),
}
