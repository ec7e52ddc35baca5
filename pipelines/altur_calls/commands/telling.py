"""A run's summary: as text for people, as JSON for machines, and on stderr what is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click

from altur_calls.logs import tell
from altur_calls.publishing.publisher import Published
from altur_calls.runs.summary import Summary
from altur_calls.wording import counted

DOUBTS_SHOWN = 20
"""Windows in doubt that are named on the terminal. The ledger has them all."""


def text_of(done: Summary) -> str:
    """Return a summary as text for people."""
    again = done.read_calls - done.new_calls - done.rejected_calls
    proved = done.windows - len(done.unproved) - len(done.missing)
    new = counted(done.new_calls, "new call")
    calls = f"{new}, {max(0, again):,} read again; {done.total_calls:,} in the warehouse"
    requests = counted(done.requests, "request")
    effort = f"{requests}, {done.throttled} x 429, {done.retries} retries, {done.seconds:.1f} s"
    lines = [
        f"{counted(done.campaigns, 'campaign')}: {calls}.",
        f"{counted(done.windows, 'window')} read, {proved:,} proved complete; {effort}.",
    ]
    if done.surprise:
        lines.append(done.surprise)
    lines.append(f"Warehouse: {done.warehouse}")
    if done.published:
        lines.append(of_published(done.published))
    return "\n".join(lines)


def of_published(published: Published) -> str:
    """Return in a line what readers got."""
    where = " and ".join(str(path) for path in (published.database, published.parquet) if path)
    what = "Published for readers" if published.is_new else "Nothing new for readers"
    return f"{what}: {where} ({published.size / 1e6:,.1f} MB, {published.seconds:.1f} s)."


def facts_of(done: Summary) -> dict[str, Any]:
    """Return a summary for machines."""
    facts = {field.name: getattr(done, field.name) for field in fields(done)}
    published = {"published": done.published and str(done.published.database)}
    failure = {"failure": done.failure and str(done.failure)}
    return {**facts, **failure, **published, "outcome": done.outcome, "error": done.trouble}


def echo_json(facts: Mapping[str, Any]) -> None:
    """Print a summary for machines: an object in a line."""
    click.echo(json.dumps(facts, ensure_ascii=False))


def complain(done: Summary) -> None:
    """Say what is wrong."""
    for doubt in (*done.missing, *done.unproved[:DOUBTS_SHOWN]):
        tell("incomplete", f"incomplete: {doubt}", logging.ERROR, run_id=done.run_id)
    if (more := len(done.unproved) - DOUBTS_SHOWN) > 0:
        said = f"incomplete: {more:,} windows more; see altur.call_windows."
        tell("incomplete", said, logging.ERROR, run_id=done.run_id)
    for suspicion in done.suspicious:
        tell("suspicious", f"suspicious: {suspicion}", logging.ERROR, run_id=done.run_id)
    if done.has_surprises:
        said = "warning: calls came that are not as the API document says, for the first time."
        tell("warning", said, logging.WARNING, run_id=done.run_id, drifts=done.drifts)
    if done.failure:
        tell("failed", str(done.failure), logging.ERROR, run_id=done.run_id, outcome=done.failure.outcome)
    if done.is_stopped:
        said = "stopped early. What was read is loaded; the next run carries on."
        tell("stopped", said, logging.WARNING, run_id=done.run_id)
