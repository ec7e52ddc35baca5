"""Commands for who reads what is loaded: queries, the dashboards, what the warehouse says of itself."""

from __future__ import annotations

import logging
import signal
import webbrowser
from contextlib import closing, suppress
from pathlib import Path, PurePath

import click

from altur_calls import demo as sandbox
from altur_calls import offline
from altur_calls.dashboard.building import build, usual_language, write
from altur_calls.dashboard.serving import HOST, Latest, server
from altur_calls.logs import tell
from altur_calls.runs.summary import COMPLETE
from altur_calls.sql.output import answer, output_of
from altur_calls.sql.prompt import Prompt
from altur_calls.sql.session import Session
from altur_calls.stopping import SIGNALLED, end_with_the_reader
from altur_calls.superset.files import uri_of
from altur_calls.windows import utc_now

IN_SUPERSET = """\
In Superset, where the package duckdb-engine is needed: Dashboards, then the arrow at the top right.
To renew it later, an admin POSTs it as "bundle" to /api/v1/assets/import/, which replaces what is there.
It reads {uri}"""


def sql(query: str | None, kind: str | None, path: Path | None, *, demo: bool = False) -> int:
    """Print or write what a query gives, or begin a prompt without one, and return the exit code."""
    output = output_of(kind, path)
    with closing(Session(sandbox.target(demo=demo).published())) as session:
        try:
            if query is None:
                Prompt(session, output).run()
            else:
                end_with_the_reader()
                answer(session, query, output)
        except KeyboardInterrupt:
            click.echo("altur-calls: interrupted.", err=True)
            return SIGNALLED + signal.SIGINT
    return COMPLETE


def dashboard(path: Path, language: str | None, *, demo: bool = False, is_opened: bool = False) -> int:
    """Write the dashboard of what is published, print where, and return the exit code."""
    write(build(sandbox.target(demo=demo).published(), language or usual_language(), utc_now()), path)
    click.echo(path)
    if is_opened:
        webbrowser.open(path.resolve().as_uri())
    return COMPLETE


def serve_dashboard(port: int, language: str | None, *, demo: bool = False, is_opened: bool = False) -> int:
    """Serve the dashboard of what is published until it is stopped, print where, and return the exit code."""
    words = language or usual_language()
    latest = Latest(
        sandbox.target(demo=demo).published(), lambda published: build(published, words, utc_now())
    )
    latest.page()  # what is wrong is told now
    with server(latest, port) as running, suppress(KeyboardInterrupt):
        url = f"http://{HOST}:{running.server_port}/"
        click.echo(url)
        if is_opened:
            webbrowser.open(url)
        running.serve_forever()
    return COMPLETE


def superset(output: Path, path: PurePath | None, *, demo: bool = False) -> int:
    """Write the dashboard for Apache Superset, say what to do with it, and return the exit code."""
    published = sandbox.target(demo=demo).published()
    seen_at = path or published.absolute()
    offline.show_in_superset(published, output, seen_at)
    click.echo(output)
    click.echo(IN_SUPERSET.format(uri=uri_of(seen_at)), err=True)
    return COMPLETE


def docs(folder: Path, *, demo: bool = False) -> int:
    """Write the data dictionary and the dbt sources, print where, and return the exit code."""
    for path in offline.describe(sandbox.target(demo=demo), folder):
        click.echo(path)
    return COMPLETE


def spread(campaign_id: int, *, demo: bool = False) -> int:
    """Make a wide view of a campaign's extracted data, print its columns, and return the exit code."""
    name, columns, keys = offline.spread(sandbox.target(demo=demo), campaign_id)
    click.echo(f"{name}: {', '.join(columns)}")
    if keys > len(columns):
        tell("keys", f"{keys:,} keys; the {len(columns)} commonest are columns.", logging.WARNING)
    asked = " --demo" if demo else ""
    click.echo(f"Readers have it with the next publication: altur-calls publish{asked}")
    click.echo(f'Then: altur-calls sql{asked} "FROM {name} LIMIT 10"')
    return COMPLETE
