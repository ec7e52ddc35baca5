"""The life of a call: what is known of it at any moment, from the first ring to a late correction."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from altur_sandbox.worlds.campaigns import Facts, Outcome, Policy
from altur_sandbox.worlds.people import Contact, contact, full_name
from altur_sandbox.worlds.plans import Plan

_TAGGED_AFTER_SECONDS = (70, 600)
_EVALUATED_SHARE, _EVALUATED_AFTER_MINUTES = 0.6, (5, 360)
_EDITED_SHARE, _EDITED_AFTER_HOURS = 0.01, (20, 30)
_REVISED_SHARE, _REVISED_AFTER_DAYS = 0.005, (2, 9)
_MEDIA = ("OXXO", "SPEI", "tarjeta", "ventanilla", "PSE")


@dataclass(frozen=True)
class Verdict:
    """How a policy was judged."""

    policy: Policy
    result: str
    explanation: str


@dataclass(frozen=True)
class Edit:
    """A correction of the contact: the fields that become different."""

    at: datetime
    fields: dict[str, str]


@dataclass(frozen=True)
class Evaluation:
    """The policies of a call as judged at one time."""

    at: datetime
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Life:
    """All that will ever be said of a call, and when. Evaluations are in order, the last one counts."""

    plan: Plan
    contact: Contact
    contact_status: str
    tags: tuple[str, ...]
    extracted_data: dict[str, Any]
    tagged_at: datetime
    evaluations: tuple[Evaluation, ...]
    edit: Edit | None

    @property
    def changes(self) -> list[datetime]:
        """The moments at which the call begins to look different, in order."""
        evaluated = (evaluation.at for evaluation in self.evaluations)
        edited = () if self.edit is None else (self.edit.at,)
        return sorted([self.plan.started_at, self.plan.ended_at, self.tagged_at, *evaluated, *edited])

    def unchanged_around(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the half-open span around an instant in which the call looks the same."""
        changes = [datetime.min.replace(tzinfo=UTC), *self.changes, datetime.max.replace(tzinfo=UTC)]
        next_change = bisect_right(changes, now)
        return changes[next_change - 1], changes[next_change]


def live(plan: Plan) -> Life:
    """Return the life a plan leads to; the same plan, the same life."""
    random = Random(plan.seed)  # noqa: S311 - invention, not secrecy
    outcome = _outcome(plan, random)
    facts = _facts(plan, random)
    return Life(
        plan=plan,
        contact=contact(plan.campaign.directory, plan.contact_number),
        contact_status=_contact_status(plan, outcome),
        tags=_tags(plan, outcome),
        extracted_data=random.choice(outcome.forms)(facts) if outcome and outcome.forms else {},
        tagged_at=plan.ended_at + timedelta(seconds=random.uniform(*_TAGGED_AFTER_SECONDS)),
        evaluations=tuple(_evaluations(plan, random)) if outcome else (),
        edit=_edit(plan, random) if random.random() < _EDITED_SHARE else None,
    )


def _outcome(plan: Plan, random: Random) -> Outcome | None:
    """Return how the conversation went, None if there was none."""
    if plan.fate != "human":
        return None
    outcomes = plan.campaign.outcomes
    return random.choices(outcomes, [outcome.weight for outcome in outcomes])[0]


def _facts(plan: Plan, random: Random) -> Facts:
    return Facts(
        amount=random.randrange(300, 9_000, 50),
        day=(plan.created_at + timedelta(days=random.randint(1, 12))).date(),
        hour=random.randint(9, 19),
        medium=random.choice(_MEDIA),
        grade=random.randint(1, 10),
    )


def _contact_status(plan: Plan, outcome: Outcome | None) -> str:
    if outcome is not None:
        return outcome.contact_status
    if plan.fate == "machine":
        return "voicemail"
    return "retrying" if plan.will_retry else "failed"


def _tags(plan: Plan, outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is not None:
        return outcome.tags
    return ("buzón de voz",) if plan.fate == "machine" else ()


def _evaluations(plan: Plan, random: Random) -> Iterator[Evaluation]:
    """Yield the evaluation of a sampled call, and the rare one that revises a single policy."""
    if random.random() >= _EVALUATED_SHARE:
        return
    at = plan.ended_at + timedelta(minutes=random.uniform(*_EVALUATED_AFTER_MINUTES))
    verdicts = [_verdict(policy, random) for policy in plan.campaign.policies]
    yield Evaluation(at, tuple(verdicts))
    if random.random() < _REVISED_SHARE:
        verdicts[0] = _other_verdict(verdicts[0], random)
        yield Evaluation(at + timedelta(days=random.uniform(*_REVISED_AFTER_DAYS)), tuple(verdicts))


def _verdict(policy: Policy, random: Random) -> Verdict:
    if random.random() >= policy.applicable:
        return _judged(policy, "not_applicable", random)
    return _judged(policy, "met" if random.random() < policy.met else "not_met", random)


def _other_verdict(verdict: Verdict, random: Random) -> Verdict:
    return _judged(verdict.policy, "not_met" if verdict.result == "met" else "met", random)


def _judged(policy: Policy, result: str, random: Random) -> Verdict:
    return Verdict(policy, result, random.choice(policy.explanations[result]))


def _edit(plan: Plan, random: Random) -> Edit:
    at = plan.ended_at + timedelta(hours=random.uniform(*_EDITED_AFTER_HOURS))
    return Edit(at, random.choice(({"name": full_name(random)}, {"status": "converted"})))
