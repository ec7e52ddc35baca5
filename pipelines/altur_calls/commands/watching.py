"""Commands that tell how things stand, and what is wrong."""

from __future__ import annotations

from dataclasses import asdict
from textwrap import indent

import click

from altur_calls import demo as sandbox
from altur_calls import offline
from altur_calls.analytics.checks import Check
from altur_calls.arguments import duration
from altur_calls.commands.telling import echo_json
from altur_calls.monitoring import doctor, standing
from altur_calls.monitoring import status as standing_told
from altur_calls.runs.notifications import Notifier
from altur_calls.runs.summary import COMPLETE, DIFFERENT
from altur_calls.warehouse.target import Target
from altur_calls.wording import counted


def status(*, demo: bool = False, as_json: bool = False, max_age: str | None = None) -> int:
    """Print how things stand, or with ``max_age`` a verdict in one line, and return the exit code."""
    limit = duration("--max-age", max_age) if max_age else None
    stands = standing.standing(sandbox.target(demo=demo))
    code, said = standing_told.verdict(stands, limit) if limit else (COMPLETE, "")
    if as_json:
        verdict = {"is_good": code == COMPLETE, "verdict": said} if limit else {}
        echo_json({**standing_told.facts(stands), **verdict})
    else:
        click.echo(said if limit else standing_told.page(stands))
    return code


def examine(*, demo: bool = False, as_json: bool = False) -> int:
    """Print what an examination found, and return the exit code."""
    with sandbox.target_of({}, demo=demo) as (target, given):
        found = doctor.examine(target, **given)
    if as_json:
        echo_json({"is_good": found.is_good, **asdict(found)})
    else:
        click.echo(doctor.page(found))
    return COMPLETE if found.is_good else standing_told.STALE


def check(*, demo: bool = False, as_json: bool = False) -> int:
    """Print which rules the warehouse breaks, each with the SQL that shows the rows; return the exit code."""
    found = []
    for rule, rows in offline.check(sandbox.target(demo=demo)):
        found.append({"name": rule.name, "rule": rule.rule, "rows": rows})
        if not as_json:
            _show_rule(rule, rows)
    broken = sum(bool(rule["rows"]) for rule in found)
    if as_json:
        echo_json({"broken": broken, "rules": found})
    else:
        click.echo(f"{broken} of the rules broken." if broken else "All rules hold.")
    return DIFFERENT if broken else COMPLETE


def _show_rule(rule: Check, rows: int) -> None:
    click.echo(f"{'ok    ' if not rows else 'BROKEN'} {rule.rule}")
    if rows:
        click.echo(f"       {counted(rows, 'row')}:\n{indent(rule.query, ' ' * 7)};")


def notify() -> int:
    """Send a test notification, print by which ways it went, and return the exit code."""
    click.echo(f"Sent by {' and '.join(Notifier(Target()).try_out())}.")
    return COMPLETE
