"""The command line: thin doors to :mod:`altur_calls.pipeline` and the sandbox."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

PORT = click.IntRange(0, 65_535)
"""A port to listen on; 0 for any that is free."""


def told_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """End a command that fails as :func:`tell` tells it, with the exit code of its error."""

    @wraps(command)
    def wrapped(*args: Any, debug: bool, log_format: str, **kwargs: Any) -> Any:  # noqa: ARG001 (see tell)
        from altur_calls import logs

        logs.prepare(log_format)
        try:
            return command(*args, **kwargs)
        except click.ClickException:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 (the last resort)
            sys.exit(tell(error))

    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="How to log on stderr; as JSON, an object for every event.",
        ),
    ):
        wrapped = option(wrapped)
    return wrapped


as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as a line of JSON, and nothing else."
)


def tell(error: BaseException) -> int:
    """Tell an error on stderr, with its traceback or as JSON where asked for, and return its exit code."""
    from altur_calls import logs
    from altur_calls.failures import in_a_line

    given = click.get_current_context().params
    message, exit_code, outcome = in_a_line(error)
    facts = {"outcome": outcome, "exit_code": exit_code, "run_id": getattr(error, "run_id", None)}
    trace = {"traceback": "".join(traceback.format_exception(error))} if given["debug"] else {}
    logs.tell("failed", message, logging.ERROR, **facts, **trace)
    if given.get("as_json"):
        click.echo(json.dumps({**facts, "error": message}))
    return exit_code


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="altur-calls")
def main() -> None:
    """Load the calls of your Altur campaigns into DuckDB, and keep them complete and fresh.

    \b
    Settings are dlt's: environment variables or .dlt/*.toml.
      SOURCES__ALTUR__API_KEY=...  SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]'  altur-calls run
    """
    from altur_calls import process

    process.prepare()


@main.command()
@click.option("--campaign", "campaigns", multiple=True, metavar="ID", help="Only this campaign; repeatable.")
@click.option("--since", metavar="TIME", help="Read calls created from this time on again (ISO 8601, UTC).")
@click.option("--until", metavar="TIME", help="End of that span, itself not in it; now by default.")
@click.option("--demo", is_flag=True, help="Without an API key, load the built-in sandbox and show rows.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be read, and how long that takes.")
@click.option("--every", metavar="SPAN", help="Go on: now, and every 15m (or 90s, 2h, 1d) from midnight UTC.")
@as_json
@told_plainly
def run(  # noqa: PLR0913 (each is an option)
    campaigns: tuple[str, ...],
    since: str | None,
    until: str | None,
    every: str | None,
    *,
    demo: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Load what is new and what may have changed: once, or again and again.

    \b
    Example: read January again, of one campaign
      altur-calls run --campaign 12 --since 2026-01-01 --until 2026-02-01
    """
    from altur_calls.commands import loading

    if every and (since or until or dry_run):
        raise click.UsageError("--every loads what is due: without --since, --until and --dry-run.")
    named = {"campaign_ids": list(campaigns) or None, "since": since, "until": until}
    given = {name: value for name, value in named.items() if value is not None}
    if every:
        sys.exit(loading.run_every(every, tell, demo=demo, as_json=as_json, **given))
    do = loading.dry_run if dry_run else loading.run
    sys.exit(do(demo=demo, as_json=as_json, **given))


@main.command()
@told_plainly
def notify() -> None:
    """Send a test to the webhook and the command that are told when a run needs somebody.

    \b
    Example: see that it arrives
      NOTIFICATIONS__WEBHOOK_URL=https://hooks.slack.com/services/... altur-calls notify
    """
    from altur_calls.commands import watching

    sys.exit(watching.notify())


@main.command()
@click.option("--campaign", "campaigns", multiple=True, metavar="ID", help="Only this campaign; repeatable.")
@click.option(
    "--windows",
    default=20,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many windows to compare, drawn by chance.",
)
@click.option("--all", "everything", is_flag=True, help="Compare every window.")
@click.option("--seed", type=int, help="Draw the same windows as another time.")
@click.option("--demo", is_flag=True, help="Without an API key, verify what the sandbox loaded.")
@as_json
@told_plainly
def verify(  # noqa: PLR0913 (each is an option)
    campaigns: tuple[str, ...],
    windows: int,
    seed: int | None,
    *,
    everything: bool,
    demo: bool,
    as_json: bool,
) -> None:
    """Read windows again and compare them with the warehouse, field by field.

    \b
    Example: compare all of one campaign
      altur-calls verify --campaign 12 --all
    """
    from altur_calls.commands import loading

    given = {"campaign_ids": list(campaigns)} if campaigns else {}
    most = None if everything else windows
    sys.exit(loading.verify(demo=demo, as_json=as_json, windows=most, seed=seed, **given))


@main.command()
@click.option("--parquet", is_flag=True, help="Write Parquet files as well.")
@click.option("--demo", is_flag=True, help="Without an API key, publish what the sandbox loaded.")
@told_plainly
def publish(*, parquet: bool, demo: bool) -> None:
    """Publish what is loaded for readers, as every run does at its end: a file that no load waits for.

    \b
    Example: once as Parquet, for a tool without a driver of DuckDB
      altur-calls publish --parquet
    """
    from altur_calls.commands import loading

    sys.exit(loading.publish(demo=demo, parquet=parquet))


@main.command()
@click.option("--demo", is_flag=True, help="Without an API key, check what the sandbox loaded.")
@as_json
@told_plainly
def check(*, demo: bool, as_json: bool) -> None:
    """Check that the warehouse holds what its views promise: grain, sums, parents.

    \b
    Example: see that all rules hold
      altur-calls check
    """
    from altur_calls.commands import watching

    sys.exit(watching.check(demo=demo, as_json=as_json))


@main.command()
@click.option("--check", is_flag=True, help="For a monitor: one line, and exit code 6 if something is wrong.")
@click.option(
    "--max-age",
    default="1d",
    show_default=True,
    metavar="AGE",
    help="With --check: how long ago that may be up to which all campaigns are proved (90m, 2h, 1d).",
)
@click.option("--demo", is_flag=True, help="Without an API key, tell of what the sandbox loaded.")
@as_json
@told_plainly
def status(*, check: bool, max_age: str, demo: bool, as_json: bool) -> None:
    """Tell how things stand: the last runs, how far each campaign is proved, what is next, what is wrong.

    \b
    Example: for a monitor, which so learns of a lack of success as well
      altur-calls status --check --max-age 2h
    """
    from altur_calls.commands import watching

    sys.exit(watching.status(demo=demo, as_json=as_json, max_age=max_age if check else None))


@main.command()
@click.option("--demo", is_flag=True, help="Without an API key, examine the sandbox.")
@as_json
@told_plainly
def doctor(*, demo: bool, as_json: bool) -> None:
    """Examine settings and where they come from, the key, the campaigns, the clock, the disk, the files.

    \b
    Example: before the first run, and when something is odd
      altur-calls doctor
    """
    from altur_calls.commands import watching

    sys.exit(watching.examine(demo=demo, as_json=as_json))


@main.command()
@click.argument("campaign", type=int)
@click.option("--demo", is_flag=True, help="Without an API key, use what the sandbox loaded.")
@told_plainly
def pivot(campaign: int, *, demo: bool) -> None:
    """Make a wide view of a campaign's extracted data: a row for each call, a column for each key.

    \b
    Example: make analytics.extracted_data_12, and again when new keys came
      altur-calls pivot 12
    """
    from altur_calls.commands import showing

    sys.exit(showing.spread(campaign, demo=demo))


@main.command()
@click.option(
    "--output",
    default="altur_docs",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.",
)
@click.option("--demo", is_flag=True, help="Without an API key, describe what the sandbox loaded.")
@told_plainly
def docs(output: Path, *, demo: bool) -> None:
    """Write a data dictionary with a diagram, and a dbt sources file, from what the warehouse says of itself.

    \b
    Example: beside a dbt project
      altur-calls docs --output my_project/models/altur
    """
    from altur_calls.commands import showing

    sys.exit(showing.docs(output, demo=demo))


@main.command()
@click.option(
    "--output",
    default="altur_calls.superset.zip",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Archive to write, or folder of YAML files.",
)
@click.option(
    "--path",
    type=click.Path(path_type=PurePosixPath),
    help="Published file as Superset sees it, in its container; by default where it is here.",
)
@click.option("--demo", is_flag=True, help="Without an API key, show what the sandbox loaded.")
@told_plainly
def superset(output: Path, path: PurePosixPath | None, *, demo: bool) -> None:
    """Write a dashboard of the published file for Apache Superset to import.

    \b
    Example: for a Superset in a container
      altur-calls superset --path /data/altur_calls.published.duckdb
    """
    from altur_calls.commands import showing

    sys.exit(showing.superset(output, path, demo=demo))


@main.command()
@click.option(
    "--output",
    default="altur_calls.dashboard.html",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show it in the browser.")
@click.option("--serve", is_flag=True, help="Serve it on 127.0.0.1 instead; a reload shows the last load.")
@click.option("--port", default=8766, show_default=True, type=PORT, help="Port to serve it on.")
@click.option("--lang", type=click.Choice(["en", "es"]), help="Its language; by default yours, or English.")
@click.option("--demo", is_flag=True, help="Without an API key, show what the sandbox loaded.")
@told_plainly
def dashboard(  # noqa: PLR0913 (one for each option)
    output: Path, port: int, lang: str | None, *, is_opened: bool, serve: bool, demo: bool
) -> None:
    """Write a dashboard of what is published: one page, to open or to mail, with no person in it.

    \b
    Example: in Spanish, and show it
      altur-calls dashboard --lang es --open
    """
    from altur_calls.commands import showing

    if serve:
        sys.exit(showing.serve_dashboard(port, lang, demo=demo, is_opened=is_opened))
    sys.exit(showing.dashboard(output, lang, demo=demo, is_opened=is_opened))


@main.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "csv", "json", "jsonl", "parquet"]),
    help="What rows become: by default a table on a terminal, what the file's name says, or CSV.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
@click.option("--demo", is_flag=True, help="Without an API key, ask what the sandbox loaded.")
@told_plainly
def sql(query: str | None, kind: str | None, output: Path | None, *, demo: bool) -> None:
    """Ask the published file in SQL: QUERY, or what comes on stdin, or at a prompt.

    It is read, and neither it nor any other file can be written or read by a query.

    \b
    Example: the calls of yesterday for a spreadsheet
      altur-calls sql "FROM analytics.calls WHERE local_date = today() - 1" --output calls.csv
    """
    from altur_calls.commands import showing

    if query is None and not sys.stdin.isatty():
        query = sys.stdin.read()
    sys.exit(showing.sql(query, kind, output, demo=demo))


@main.command()
@click.option("--port", default=8765, show_default=True, type=PORT, help="Port on 127.0.0.1.")
@click.option("--seed", default=7, show_default=True, help="Which world to show.")
@click.option(
    "--scale",
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Volume, as a multiple of 20,000 calls.",
)
@told_plainly
def sandbox(port: int, seed: int, scale: float) -> None:
    """Serve a sandbox of the Altur API, to try things with.

    \b
    Example: load it from another terminal
      SOURCES__ALTUR__BASE_URL=http://127.0.0.1:8765/api/v1.0 SOURCES__ALTUR__API_KEY=sandbox-key \\
        SOURCES__ALTUR__CAMPAIGN_IDS='[1101]' altur-calls run
    """
    from altur_calls import demo

    demo.serve(port=port, seed=seed, scale=scale)
