"""The dlt source: a list of tables, their keys and hints, and the settings they are read with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import dlt
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from altur_calls import settings, tables
from altur_calls.api import Api
from altur_calls.arguments import campaign_numbers, moment, positive, secret_key
from altur_calls.extraction import Extraction, Order
from altur_calls.shape import Declare, Shaped, ledger_row, shaped

KEEP_NEWEST: Any = {"disposition": "merge", "strategy": "delete-insert"}
"""Root and children are replaced together. dlt's upsert would leave tags that vanished at the source."""


@dlt.source(name="altur", section="altur", max_table_nesting=1)
def altur_source(  # noqa: PLR0913, PLR0917 (each is a setting with a name in .dlt/config.toml)
    api_key: TSecretStrValue = dlt.secrets.value,
    campaign_ids: Sequence[int] = dlt.config.value,
    base_url: str = settings.BASE_URL,
    start_date: str | None = None,
    since: str | None = None,
    until: str | None = None,
    requests_per_second: float = settings.REQUESTS_PER_SECOND,
    retry_for_seconds: float = settings.RETRY_FOR_SECONDS,
    timeout_seconds: float = settings.TIMEOUT_SECONDS,
    max_window_calls: int = settings.MAX_WINDOW_CALLS,
    reread_ages_minutes: Sequence[float] = settings.REREAD_AGES_MINUTES,
    extraction: Extraction | None = None,
) -> tuple[DltResource, ...]:
    """Load the calls of Altur campaigns, incrementally and proved complete.

    Every run reads what is new, and again what is old enough to have changed. No request is sent before
    the resources are iterated.

    Args:
        api_key: Secret key of the organization.
        campaign_ids: Campaigns to load. One that is added later is loaded from its beginning.
        base_url: Server and version prefix of the API.
        start_date: Load calls created at or after this ISO 8601 date or time; everything by default.
        since: Read this span again, whatever was read before: its start, ISO 8601.
        until: End of that span, itself not in it; now by default.
        requests_per_second: Pace of all requests together. The API's limit is 12.
        retry_for_seconds: How long a request may go on failing before the run ends with an error.
        timeout_seconds: How long to wait for a connection or for the next byte.
        max_window_calls: Calls in a window, at most, before it is split.
        reread_ages_minutes: Ages at which a call is read again; after the last it is settled.
        extraction: Give one to follow the reading, or to load it in several packages.

    Returns:
        Resources ``campaign_calls`` (with child tables ``__contact``, ``__tags``, ``__policies``),
        ``call_windows`` (the ledger: a row for each window read), ``rejected_calls`` and ``schema_drift``.

    """
    work = extraction or Extraction()
    connect = partial(
        Api,
        secret_key(api_key),
        base_url,
        requests_per_second=positive("requests_per_second", requests_per_second),
        timeout_seconds=positive("timeout_seconds", timeout_seconds),
        retry_for_seconds=retry_for_seconds,
    )
    order = Order(
        campaign_ids=campaign_numbers(campaign_ids),
        start=moment("start_date", start_date) or settings.BEGINNING,
        since=moment("since", since),
        until=moment("until", until),
        ages=[timedelta(minutes=minutes) for minutes in (0, *sorted(reread_ages_minutes))],
    )
    work.prepare(connect, order, int(positive("max_window_calls", max_window_calls)))
    reads = window_reads(work)
    return (
        reads | campaign_calls(work),
        reads | call_windows(),
        reads | rejected_calls(),
        reads | schema_drift(),
    )


def window_reads(work: Extraction) -> DltResource:
    """Return what the tables hang on: first a word to declare them, then the windows as they are read."""

    @dlt.resource(name="window_reads", selected=False)
    def reads() -> Iterator[Shaped | Declare]:
        state = dlt.current.resource_state(tables.CALLS)
        if state.get("tables") != tables.VERSION:
            state["tables"] = tables.VERSION
            yield Declare()
        work.begin(state)
        for read in work.take():
            window = shaped(read)
            work.tally.add(rejected=len(window.rejected))
            work.tally.drifts.update(row["field"] for row in window.drift)
            yield window

    return reads


def campaign_calls(work: Extraction) -> DltResource:
    """Return the resource of calls and their children, which keeps the cursors."""

    @dlt.transformer(
        name=tables.CALLS,
        primary_key="id",
        write_disposition=KEEP_NEWEST,
        columns=tables.CALL_COLUMNS,
        nested_hints={
            field: dlt.mark.make_nested_hints(columns=columns)
            for field, columns in tables.CHILD_COLUMNS.items()
        },
        file_format="parquet",
    )
    def calls(window: Shaped | Declare) -> Iterator[Any]:
        if isinstance(window, Declare):
            yield tables.DECLARATION
        else:
            yield window.rows
            work.note(dlt.current.resource_state(), window.read)

    return calls


def call_windows() -> DltResource:
    """Return the resource of the ledger: what was read, when, and whether it is proved."""

    @dlt.transformer(
        name=tables.WINDOWS,
        write_disposition="append",
        columns=tables.WINDOW_COLUMNS,
        file_format="parquet",
    )
    def windows(window: Shaped | Declare) -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema() if isinstance(window, Declare) else ledger_row(window)

    return windows


def rejected_calls() -> DltResource:
    """Return the resource of calls that can't be rows, kept raw."""

    @dlt.transformer(
        name=tables.REJECTED,
        primary_key="fault_id",
        write_disposition=KEEP_NEWEST,
        columns=tables.REJECTED_COLUMNS,
        file_format="parquet",
    )
    def rejected(window: Shaped | Declare) -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema() if isinstance(window, Declare) else window.rejected

    return rejected


def schema_drift() -> DltResource:
    """Return the resource of what the API gave otherwise than its document says, once per kind."""

    @dlt.transformer(
        name=tables.DRIFT,
        primary_key="drift_id",
        write_disposition=KEEP_NEWEST,
        columns=tables.DRIFT_COLUMNS,
        file_format="parquet",
    )
    def drift(window: Shaped | Declare) -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema() if isinstance(window, Declare) else window.drift

    return drift
