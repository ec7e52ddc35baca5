"""One call with every field of the document, for tests that care about one or two of them."""

from datetime import datetime, timedelta
from typing import Any

from altur_sandbox.worlds.base import Call

_RINGING, _TALK = timedelta(seconds=8), timedelta(seconds=95)


def example_call(call_id: str, created_at: datetime, **fields: Any) -> Call:
    """Return an ended, evaluated call created then; each field given replaces the example's."""
    started_at = created_at + _RINGING
    ended_at = started_at + _TALK
    return {
        "id": call_id,
        "type": "outbound",
        "status": "ended",
        "answered_by": "human",
        "created_at": created_at,
        "started_at": started_at,
        "ended_at": ended_at,
        "duration": int(_TALK.total_seconds()),
        "billed_duration": 120,
        "contact": {
            "id": 51,
            "f_id": "CRED-0051",
            "name": "Lucía Paredes Soto",
            "phone_number": "+525501234567",
            "status": "answered",
        },
        "extracted_data": {"monto_prometido": "1250.00", "Payment Date": "2026-03-31"},
        "tags": ["promesa de pago"],
        "recording_url": f"/api/v1.0/call/{call_id}/recording",
        "policy_evaluation": _evaluation(ended_at + timedelta(minutes=30)),
        **fields,
    }


def _evaluation(completed_at: datetime) -> dict[str, Any]:
    results = {
        "Saludo e identificación": "met",
        "Aviso de privacidad": "not_met",
        "Oferta de plan": "not_applicable",
    }
    return {
        "score": 5.0,
        "policies_evaluated_count": len(results),
        "policies_met_count": 1,
        "policies_not_applicable_count": 1,
        "completed": True,
        "completed_at": completed_at,
        "policies": [
            {
                "policy_id": f"pol_{number}",
                "policy_name": name,
                "result": result,
                "explanation": f"{name}: revisado en la transcripción de la llamada.",
                "evaluated_at": completed_at,
            }
            for number, (name, result) in enumerate(results.items(), start=1)
        ],
    }
