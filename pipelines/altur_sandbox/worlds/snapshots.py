"""A life as the API shows it at one moment."""

from datetime import datetime
from typing import Any

from altur_sandbox.worlds.base import Call
from altur_sandbox.worlds.lives import Evaluation, Life

_BILLED_BY_SECONDS = 6


def snapshot(life: Life, now: datetime) -> Call:
    """Return the call as the document shapes it, with what is known now; instants as datetimes, UTC."""
    plan = life.plan
    answered_by = plan.answered_by_at(now)
    ended = now >= plan.ended_at
    talk_seconds = plan.talk_seconds if ended else 0
    tagged = now >= life.tagged_at
    return {
        "id": plan.id,
        "type": plan.campaign.type,
        "status": plan.status_at(now),
        "answered_by": answered_by,
        "created_at": plan.created_at,
        "started_at": plan.started_at if answered_by else None,
        "ended_at": plan.ended_at if ended else None,
        "duration": talk_seconds,
        "billed_duration": -(-talk_seconds // _BILLED_BY_SECONDS) * _BILLED_BY_SECONDS,
        "contact": _contact(life, now),
        "extracted_data": dict(life.extracted_data) if tagged else {},
        "tags": list(life.tags) if tagged else [],
        "recording_url": f"/api/v1.0/call/{plan.id}/recording",
        "policy_evaluation": _policy_evaluation(life, now),
    }


def _contact(life: Life, now: datetime) -> dict[str, Any]:
    return {
        "id": life.contact.id,
        "f_id": life.contact.f_id,
        "name": life.contact.name,
        "phone_number": life.contact.phone_number,
        "status": life.contact_status if now >= life.plan.ended_at else "sending",
        **(life.edit.fields if life.edit is not None and now >= life.edit.at else {}),
    }


def _policy_evaluation(life: Life, now: datetime) -> dict[str, Any]:
    done = [evaluation for evaluation in life.evaluations if now >= evaluation.at]
    results = [verdict.result for verdict in done[-1].verdicts] if done else []
    met, not_applicable = results.count("met"), results.count("not_applicable")
    applicable = len(results) - not_applicable
    return {
        "score": round(met / applicable * 10, 2) if applicable else None,
        "policies_evaluated_count": len(results) if done else None,
        "policies_met_count": met if done else None,
        "policies_not_applicable_count": not_applicable if done else None,
        "completed": bool(done),
        "completed_at": done[-1].at if done else None,
        "policies": _policies(done[-1]) if done else [],
    }


def _policies(evaluation: Evaluation) -> list[dict[str, Any]]:
    return [
        {
            "policy_id": verdict.policy.id,
            "policy_name": verdict.policy.name,
            "result": verdict.result,
            "explanation": verdict.explanation,
            "evaluated_at": evaluation.at,
        }
        for verdict in evaluation.verdicts
    ]
