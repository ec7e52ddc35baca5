"""Run, and say what was done: results on stdout, the rest on stderr."""

from __future__ import annotations

import signal
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePath
from textwrap import indent
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from altur_calls import demo as sandbox
from altur_calls import pipeline, warehouse
from altur_calls.arguments import interval
from altur_calls.dashboard.building import build, usual_language, write
from altur_calls.dashboard.serving import HOST, Latest, server
from altur_calls.errors import Busy
from altur_calls.notifications import COMPLETE, INCOMPLETE, SUSPICIOUS, Notifier, Outcome
from altur_calls.progress import watched
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.publisher import Published
from altur_calls.publishing.readers import reading
from altur_calls.schedule import repeat
from altur_calls.sql.output import answer, output_of
from altur_calls.sql.prompt import Prompt
from altur_calls.sql.session import Session
from altur_calls.stopping import Stop, end_with_the_reader, stop_on_signals
from altur_calls.superset.files import uri_of
from altur_calls.survey import Forecast
from altur_calls.target import Target
from altur_calls.windows import utc_now

SAMPLE = """\
SELECT campaign_name, sum(days.calls) AS calls, sum(human_calls) AS by_a_person,
    CAST(sum(billed_minutes) AS BIGINT) AS minutes, sum(conversions) AS conversions
FROM analytics.campaign_daily AS days JOIN analytics.campaigns USING (campaign_id)
GROUP BY campaign_name ORDER BY calls DESC"""

IN_SUPERSET = """\
In Superset, where the package duckdb-engine is needed: Dashboards, then the arrow at the top right.
To renew it later, an admin POSTs it as "bundle" to /api/v1/assets/import/, which replaces what is there.
It reads {uri}"""

SIGNALLED = 128
"""Exit codes of what a signal ended, in the way of shells: this, and the signal's number."""

DOUBTS_SHOWN = 20
"""Windows in doubt that are named on the terminal. The ledger has them all."""


@contextmanager
def target_of(source_settings: dict[str, Any], *, demo: bool) -> Iterator[tuple[Target, dict[str, Any]]]:
    """Yield the target to use and its settings: the user's, or without a key, to demonstrate, a sandbox's."""
    if demo and not sandbox.has_key():
        click.echo("No API key is set: using the built-in sandbox. Its calls are made up.", err=True)
        with sandbox.stand_in() as stand_in:
            yield _target(demo=demo), {**stand_in, **source_settings}
    else:
        yield Target(), source_settings


def run(*, demo: bool = False, **source_settings: Any) -> int:
    """Load what is due, print the summary, tell people what they must know, and return the exit code."""
    with target_of(source_settings, demo=demo) as (target, given), stop_on_signals() as stop:
        published, exit_code = _run(target, given, stop)
    if published:
        if demo:
            _show_rows(published.database)
        asked = " --demo" if demo else ""
        click.echo(f"Next: altur-calls sql{asked}, or altur-calls dashboard{asked} --open")
    return exit_code


def run_every(
    every: str, tell: Callable[[Exception], int], *, demo: bool = False, **source_settings: Any
) -> int:
    """Run again and again until a signal comes, telling errors, and return the exit code."""
    span = interval("every", every)
    with target_of(source_settings, demo=demo) as (target, given), stop_on_signals() as stop:
        return repeat(lambda: _run(target, given, stop)[1], span, stop, tell)


def _run(target: Target, given: dict[str, Any], stop: Stop) -> tuple[Published | None, int]:
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
        notifier.tell(outcome_of(done))
    click.echo(text_of(done))
    for line in (*done.missing, *done.unproved[:DOUBTS_SHOWN]):
        click.echo(f"altur-calls: incomplete: {line}", err=True)
    if (more := len(done.unproved) - DOUBTS_SHOWN) > 0:
        click.echo(f"altur-calls: incomplete: {more:,} windows more; see altur.call_windows.", err=True)
    for line in done.suspicious:
        click.echo(f"altur-calls: suspicious: {line}", err=True)
    if done.failure:
        click.echo(f"altur-calls: {done.failure}", err=True)
    if done.is_stopped and stop.signal_number:
        click.echo("altur-calls: stopped early. What was read is loaded; the next run carries on.", err=True)
        return done.published, SIGNALLED + stop.signal_number
    return done.published, done.exit_code


def outcome_of(done: pipeline.Summary) -> Outcome:
    """Return what people are told of a run that came to its end."""
    calls = f"{done.new_calls:,} new calls; {done.total_calls:,} in the warehouse."
    doubts = (*done.missing, *done.unproved)
    if doubts:
        return Outcome(INCOMPLETE, done.exit_code, (calls, *doubts))
    if done.suspicious:
        return Outcome(SUSPICIOUS, done.exit_code, (calls, *done.suspicious))
    if done.failure:
        return Outcome.of_error(done.failure)
    return Outcome(COMPLETE, done.exit_code, (calls,))


def notify() -> int:
    """Send a test notification, print by which ways it went, and return the exit code."""
    click.echo(f"Sent by {' and '.join(Notifier(Target()).try_out())}.")
    return pipeline.COMPLETE


def dry_run(*, demo: bool = False, **source_settings: Any) -> int:
    """Print what a run would read and what that costs, and return the exit code."""
    with target_of(source_settings, demo=demo) as (target, given):
        forecasts, seconds = pipeline.dry_run(target, **given)
    table = Table("campaign", "windows", "calls", "requests")
    for forecast in forecasts:
        table.add_row(str(forecast.campaign_id), *(f"{count:,}" for count in _counts(forecast)))
    Console().print(table)
    windows, calls, requests = (sum(column) for column in zip(*map(_counts, forecasts), strict=True))
    click.echo(f"{windows:,} windows, {calls:,} calls, {requests:,} requests: {seconds / 60:.1f} minutes.")
    return pipeline.COMPLETE


def _counts(forecast: Forecast) -> tuple[int, int, int]:
    return forecast.windows, forecast.calls, forecast.requests


def verify(*, demo: bool = False, windows: int | None, seed: int | None, **source_settings: Any) -> int:
    """Compare windows with the API, print what differs, and return the exit code."""
    with target_of(source_settings, demo=demo) as (target, given):
        verdict = pipeline.verify(target, windows=windows, seed=seed, watch=watched, **given)
    for difference in verdict.differences:
        click.echo(f"campaign {difference.campaign_id} call {difference.call_id}: {difference.field}")
    calls = f"{verdict.compared_calls:,} of {verdict.all_calls:,} calls"
    click.echo(f"{verdict.windows:,} windows with {calls} compared: {len(verdict.differences):,} differences")
    click.echo(f"Were one row bad, this sample had a chance of {verdict.chance:.1%} to hold it.")
    if verdict.differences:
        click.echo("Calls may have changed since they were read; altur-calls run --since reads them again.")
    for line in verdict.doubts:
        click.echo(f"altur-calls: incomplete: {line}", err=True)
    if verdict.doubts:
        return pipeline.INCOMPLETE
    return pipeline.DIFFERENT if verdict.differences else pipeline.COMPLETE


def check(*, demo: bool = False) -> int:
    """Print which rules the warehouse breaks, each with the SQL that shows the rows; return the exit code."""
    broken = 0
    for rule, rows in warehouse.check(_target(demo=demo)):
        click.echo(f"{'ok    ' if not rows else 'BROKEN'} {rule.rule}")
        if rows:
            broken += 1
            click.echo(f"       {rows:,} row{'' if rows == 1 else 's'}:\n{indent(rule.query, ' ' * 7)};")
    click.echo(f"{broken} of the rules broken." if broken else "All rules hold.")
    return pipeline.DIFFERENT if broken else pipeline.COMPLETE


def docs(folder: Path, *, demo: bool = False) -> int:
    """Write the data dictionary and the dbt sources, print where, and return the exit code."""
    for path in warehouse.describe(_target(demo=demo), folder):
        click.echo(path)
    return pipeline.COMPLETE


def superset(output: Path, path: PurePath | None, *, demo: bool = False) -> int:
    """Write the dashboard for Apache Superset, say what to do with it, and return the exit code."""
    published = _target(demo=demo).published()
    seen_at = path or published.absolute()
    warehouse.show_in_superset(published, output, seen_at)
    click.echo(output)
    click.echo(IN_SUPERSET.format(uri=uri_of(seen_at)), err=True)
    return pipeline.COMPLETE


def spread(campaign_id: int, *, demo: bool = False) -> int:
    """Make a wide view of a campaign's extracted data, print its columns, and return the exit code."""
    name, columns, keys = warehouse.spread(_target(demo=demo), campaign_id)
    click.echo(f"{name}: {', '.join(columns)}")
    if keys > len(columns):
        click.echo(f"altur-calls: {keys:,} keys; the {len(columns)} commonest are columns.", err=True)
    click.echo(f"Try: FROM {name} LIMIT 10;")
    return pipeline.COMPLETE


def dashboard(path: Path, language: str | None, *, demo: bool = False, is_opened: bool = False) -> int:
    """Write the dashboard of what is published, print where, and return the exit code."""
    write(build(_target(demo=demo).published(), language or usual_language(), utc_now()), path)
    click.echo(path)
    if is_opened:
        webbrowser.open(path.resolve().as_uri())
    return pipeline.COMPLETE


def serve_dashboard(port: int, language: str | None, *, demo: bool = False, is_opened: bool = False) -> int:
    """Serve the dashboard of what is published until it is stopped, print where, and return the exit code."""
    words = language or usual_language()
    latest = Latest(_target(demo=demo).published(), lambda published: build(published, words, utc_now()))
    latest.page()  # what is wrong is told now
    with server(latest, port) as running, suppress(KeyboardInterrupt):
        url = f"http://{HOST}:{running.server_port}/"
        click.echo(url)
        if is_opened:
            webbrowser.open(url)
        running.serve_forever()
    return pipeline.COMPLETE


def sql(query: str | None, kind: str | None, path: Path | None, *, demo: bool = False) -> int:
    """Print or write what a query gives, or begin a prompt without one, and return the exit code."""
    output = output_of(kind, path)
    with closing(Session(_target(demo=demo).published())) as session:
        try:
            if query is None:
                Prompt(session, output).run()
            else:
                end_with_the_reader()
                answer(session, query, output)
        except KeyboardInterrupt:
            click.echo("altur-calls: interrupted.", err=True)
            return SIGNALLED + signal.SIGINT
    return pipeline.COMPLETE


def _target(*, demo: bool) -> Target:
    return Target(sandbox.PIPELINE) if demo and not sandbox.has_key() else Target()


def text_of(done: pipeline.Summary) -> str:
    """Return a summary as text for people."""
    again = done.read_calls - done.new_calls - done.rejected_calls
    proved = done.windows - len(done.unproved) - len(done.missing)
    calls = (
        f"{done.new_calls:,} new calls, {max(0, again):,} read again; {done.total_calls:,} in the warehouse"
    )
    effort = (
        f"{done.requests:,} requests, {done.throttled} x 429, {done.retries} retries, {done.seconds:.1f} s"
    )
    lines = [
        f"{done.campaigns:,} campaign{'' if done.campaigns == 1 else 's'}: {calls}.",
        f"{done.windows:,} windows read, {proved:,} proved complete; {effort}.",
    ]
    if done.rejected_calls:
        lines.append(f"{done.rejected_calls:,} calls can't be rows; see altur.rejected_calls.")
    if done.drifts:
        lines.append(f"Not as the API document says: {', '.join(done.drifts)}; see altur.schema_drift.")
    lines.append(f"Warehouse: {done.warehouse}")
    if done.published:
        lines.append(_published(done.published))
    return "\n".join(lines)


def publish(*, demo: bool = False, parquet: bool = False) -> int:
    """Publish what is loaded, print where, and return the exit code."""
    changed = {"parquet": True} if parquet else {}
    click.echo(_published(pipeline.publish(_target(demo=demo), settings_of(**changed))))
    return pipeline.COMPLETE


def _published(published: Published) -> str:
    where = " and ".join(str(path) for path in (published.database, published.parquet) if path)
    what = "Published for readers" if published.is_new else "Nothing new for readers"
    return f"{what}: {where} ({published.size / 1e6:,.1f} MB, {published.seconds:.1f} s)."


def _show_rows(published: Path) -> None:
    with reading(published) as connection:
        found = connection.sql(SAMPLE)
        names, rows = found.columns, found.fetchall()
    click.echo(f"{SAMPLE};")
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if value is None else f"{value}" for value in row))
    Console().print(table)
