"""Commands that load and publish, and compare what is loaded with the API."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from altur_calls import demo as sandbox
from altur_calls import pipeline
from altur_calls.arguments import duration
from altur_calls.commands.telling import complain, echo_json, facts_of, of_published, text_of
from altur_calls.errors import Busy
from altur_calls.logs import tell
from altur_calls.misspelt import misspelt
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.publisher import Published
from altur_calls.publishing.readers import reading
from altur_calls.runs.notifications import Notifier, Outcome
from altur_calls.runs.progress import watched
from altur_calls.runs.summary import COMPLETE, DIFFERENT, INCOMPLETE
from altur_calls.schedule import repeat
from altur_calls.stopping import SIGNALLED, Stop, stop_on_signals
from altur_calls.survey import Forecast
from altur_calls.verify import Verdict
from altur_calls.warehouse.target import Target
from altur_calls.wording import counted

SAMPLE = """\
SELECT campaign_name, sum(days.calls) AS calls, sum(human_calls) AS by_a_person,
    CAST(sum(billed_minutes) AS BIGINT) AS minutes, sum(conversions) AS conversions
FROM analytics.campaign_daily AS days JOIN analytics.campaigns USING (campaign_id)
GROUP BY campaign_name ORDER BY calls DESC"""


def run(*, demo: bool = False, as_json: bool = False, **source_settings: Any) -> int:
    """Load what is due, print the summary, tell people what they must know, and return the exit code."""
    with sandbox.target_of(source_settings, demo=demo) as (target, given), stop_on_signals() as stop:
        _tell_slips()
        published, exit_code = _run(target, given, stop, as_json=as_json)
    if published and not as_json:
        if demo:
            _show_rows(published.database)
        asked = " --demo" if demo else ""
        click.echo(f"Next: altur-calls sql{asked}, or altur-calls dashboard{asked} --open")
    return exit_code


def run_every(
    every: str,
    tell_error: Callable[[Exception], int],
    *,
    demo: bool = False,
    as_json: bool = False,
    **source_settings: Any,
) -> int:
    """Run again and again until a signal comes, telling errors, and return the exit code."""
    span = duration("--every", every)
    with sandbox.target_of(source_settings, demo=demo) as (target, given), stop_on_signals() as stop:
        _tell_slips()
        return repeat(lambda: _run(target, given, stop, as_json=as_json)[1], span, stop, tell_error)


def _tell_slips() -> None:
    for slip in misspelt():
        tell("misspelt", slip, logging.WARNING)


def _run(target: Target, given: dict[str, Any], stop: Stop, *, as_json: bool) -> tuple[Published | None, int]:
    """Load what is due, say so, and return what readers got and the exit code."""
    notifier = Notifier(target)
    try:
        done = pipeline.run(target, watch=watched, stop=stop, **given)
    except Busy:
        raise  # the other run tells how it ends
    except Exception as error:
        notifier.tell(Outcome.of_error(error))
        raise
    if not done.is_stopped:
        notifier.tell(Outcome.of_run(done))
    exit_code = done.exit_code
    if done.is_stopped and stop.signal_number:
        exit_code = SIGNALLED + stop.signal_number
    if as_json:
        echo_json({**facts_of(done), "exit_code": exit_code})
    else:
        click.echo(text_of(done))
    complain(done)
    return done.published, exit_code


def _show_rows(published: Path) -> None:
    with reading(published) as connection:
        found = connection.sql(SAMPLE)
        names, rows = found.columns, found.fetchall()
    click.echo(f"{SAMPLE};")
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if value is None else f"{value}" for value in row))
    Console().print(table)


def publish(*, demo: bool = False, parquet: bool = False) -> int:
    """Publish what is loaded, print where, and return the exit code."""
    changed = {"parquet": True} if parquet else {}
    click.echo(of_published(pipeline.publish(sandbox.target(demo=demo), settings_of(**changed))))
    return COMPLETE


def dry_run(*, demo: bool = False, as_json: bool = False, **source_settings: Any) -> int:
    """Print what a run would read and what that costs, and return the exit code."""
    with sandbox.target_of(source_settings, demo=demo) as (target, given):
        forecasts, seconds = pipeline.dry_run(target, **given)
    if as_json:
        echo_json({"campaigns": [asdict(forecast) for forecast in forecasts], "seconds": seconds})
    else:
        _show_forecasts(forecasts, seconds)
    missing = [forecast.missing for forecast in forecasts if forecast.missing]
    for line in missing:
        tell("incomplete", f"incomplete: {line}", logging.ERROR)
    return INCOMPLETE if missing else COMPLETE


def _show_forecasts(forecasts: Sequence[Forecast], seconds: float) -> None:
    table = Table("campaign", "windows", "calls", "requests")
    for forecast in forecasts:
        counts = forecast.windows, forecast.calls, forecast.requests
        table.add_row(str(forecast.campaign_id), *(f"{count:,}" for count in counts))
    Console().print(table)
    windows = counted(sum(forecast.windows for forecast in forecasts), "window")
    calls = counted(sum(forecast.calls for forecast in forecasts), "call")
    requests = counted(sum(forecast.requests for forecast in forecasts), "request")
    click.echo(f"{windows}, {calls}, {requests}: {seconds / 60:.1f} minutes.")


def verify(*, demo: bool = False, as_json: bool = False, **given: Any) -> int:
    """Compare windows with the API, print what differs, and return the exit code."""
    with sandbox.target_of(given, demo=demo) as (target, all_given):
        verdict = pipeline.verify(target, watch=watched, **all_given)
    if as_json:
        echo_json({**asdict(verdict), "chance": verdict.chance})
    else:
        _show_verdict(verdict)
    for line in verdict.doubts:
        tell("incomplete", f"incomplete: {line}", logging.ERROR)
    if verdict.doubts:
        return INCOMPLETE
    return DIFFERENT if verdict.differences else COMPLETE


def _show_verdict(verdict: Verdict) -> None:
    for difference in verdict.differences:
        click.echo(f"campaign {difference.campaign_id} call {difference.call_id}: {difference.field}")
    calls = f"{verdict.compared_calls:,} of {verdict.all_calls:,} calls"
    differences = counted(len(verdict.differences), "difference")
    click.echo(f"{counted(verdict.windows, 'window')} with {calls} compared: {differences}")
    click.echo(f"Were one row bad, this sample had a chance of {verdict.chance:.1%} to hold it.")
    if verdict.differences:
        click.echo("Calls may have changed since they were read; altur-calls run --since reads them again.")
