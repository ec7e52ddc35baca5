"""The dlt source: a list of tables, their keys and hints, and the settings they are read with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import dlt
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from altur_calls import settings, tables
from altur_calls.arguments import (
    ages,
    campaign_numbers,
    days,
    moment,
    positive,
    seconds,
    secret_key,
    zones_by_campaign,
)
from altur_calls.calls.arrow import json_is_text
from altur_calls.calls.batch import Batch
from altur_calls.campaigns import Terms, zone
from altur_calls.extraction import Extraction, Order
from altur_calls.reading.api import Api, without_password
from altur_calls.roster import Roster
from altur_calls.selection import alone_in_its_load, is_whole, load_id, refuse_cursors_of_dlt, state_of
from altur_calls.warehouse.loaded import Loaded
from altur_calls.warehouse.target import DUCKDB, destination_of
from altur_calls.warehouse.upgrades import upgrade

BY_ID: Any = {"disposition": "merge", "strategy": "delete-insert"}

WITH_THEIR_CALL: Any = {
    **BY_ID,
    "destination_scope": "call_created_at IN (SELECT call_created_at FROM {staging_table}) "
    "AND call_id IN (SELECT call_id FROM {staging_table})",
}
"""All that a call had is replaced by what it has. By the time as well: rows lie in about the order of their
calls' creation, so DuckDB finds them without reading the whole table."""


@dlt.source(name="altur", section="altur", max_table_nesting=0)
def altur_source(  # noqa: PLR0913, PLR0917 (each is a setting with a name in .dlt/config.toml)
    api_key: TSecretStrValue = dlt.secrets.value,
    campaign_ids: Any = dlt.config.value,
    base_url: str = settings.BASE_URL,
    start_date: str | None = None,
    since: str | None = None,
    until: str | None = None,
    requests_per_second: float = settings.REQUESTS_PER_SECOND,
    retry_for_seconds: float = settings.RETRY_FOR_SECONDS,
    timeout_seconds: float = settings.TIMEOUT_SECONDS,
    max_window_calls: int = settings.MAX_WINDOW_CALLS,
    reread_ages_minutes: Sequence[float] = settings.REREAD_AGES_MINUTES,
    list_campaigns: bool = True,  # noqa: FBT001, FBT002 (a setting, by name)
    timezone: str = settings.TIMEZONE,
    timezones: Mapping[str, str] | None = None,
    change_log_days: float = settings.CHANGE_LOG_DAYS,
    extraction: Extraction | None = None,
) -> tuple[DltResource, ...]:
    """Load the calls of Altur campaigns, incrementally and proved complete.

    Every run reads what is new, and again what is old enough to have changed. No request is sent before
    the resources are iterated.

    Args:
        api_key: Secret key of the organization.
        campaign_ids: Campaigns to load, or ``"all"`` that the key may list. One that is added later is
            loaded from its beginning.
        base_url: Server and version prefix of the API.
        start_date: Load calls created at or after this ISO 8601 date or time; everything by default.
        since: Read this span again, whatever was read before: its start, ISO 8601.
        until: End of that span, itself not in it; now by default.
        requests_per_second: Pace of all requests together. The API's limit is 12.
        retry_for_seconds: How long a request may go on failing before the run ends with an error.
        timeout_seconds: How long to wait for the next byte; for a connection, ten at most.
        max_window_calls: Calls in a window, at most, before it is split.
        reread_ages_minutes: Ages at which a call is read again; after the last it is settled.
        list_campaigns: Whether to ask for the names and timezones of campaigns.
        timezone: Timezone of campaigns for which neither ``timezones`` nor the API gives one.
        timezones: Timezone by campaign id, before what the API says.
        change_log_days: How long changes of calls are kept; 0 for no log.
        extraction: Give one to follow the reading, or to load it in several packages.

    Returns:
        Resources ``campaign_calls`` and its children ``campaign_calls__contact``, ``__tags``, ``__policies``,
        ``__extracted_data``; ``call_changes`` (a row for each field of a call that changed), ``campaigns``,
        ``call_windows`` (the ledger: a row for each window read), ``rejected_calls`` and ``schema_drift``.

    """
    given = {name: value for name, value in locals().items() if name not in {"api_key", "extraction"}}
    work = extraction or Extraction()
    work.settings = {**given, "base_url": without_password(base_url)}
    connect = partial(
        Api,
        secret_key(api_key),
        base_url,
        requests_per_second=positive("requests_per_second", requests_per_second),
        timeout_seconds=positive("timeout_seconds", timeout_seconds),
        retry_for_seconds=seconds("retry_for_seconds", retry_for_seconds),
    )
    order = Order(
        start=moment("start_date", start_date) or settings.BEGINNING,
        since=moment("since", since),
        until=moment("until", until),
        ages=ages("reread_ages_minutes", reread_ages_minutes),
    )
    terms = Terms(zone("timezone", timezone), zones_by_campaign(timezones or {}), order.start)
    roster = Roster(campaign_numbers(campaign_ids), terms, asks=list_campaigns)
    most = int(positive("max_window_calls", max_window_calls))
    work.prepare(connect, roster, order, most, days("change_log_days", change_log_days))
    windows = window_reads(work)
    return (
        windows | campaign_calls(work),
        *(
            windows | table(name, columns, write_disposition=WITH_THEIR_CALL)
            for name, columns in tables.CHILD_COLUMNS.items()
        ),
        windows | table(tables.CHANGES, tables.CHANGE_COLUMNS, write_disposition="append"),
        windows
        | table(
            tables.CAMPAIGNS,
            tables.CAMPAIGN_COLUMNS,
            primary_key="campaign_id",
            write_disposition=BY_ID,
        ),
        windows | table(tables.WINDOWS, tables.WINDOW_COLUMNS, write_disposition="append"),
        windows
        | table(tables.REJECTED, tables.REJECTED_COLUMNS, primary_key="fault_id", write_disposition=BY_ID),
        windows | table(tables.DRIFT, tables.DRIFT_COLUMNS, primary_key="drift_id", write_disposition=BY_ID),
    )


def setting_names() -> Sequence[str]:
    """Return the names of the arguments that are settings, in their order."""
    return [name for name in inspect.signature(altur_source).parameters if name != "extraction"]


class Declare:
    """The word that comes before all windows: make the tables, even if no row follows."""


def window_reads(work: Extraction) -> DltResource:
    """Return what the tables hang on: a word to declare them, then what was read."""

    @dlt.resource(name="window_reads", selected=False)
    def reads() -> Iterator[Batch | Declare]:
        refuse_cursors_of_dlt()
        state, known = state_of(tables.CALLS), state_of(tables.CAMPAIGNS)
        version = state.get("tables")
        was_loaded = version is not None
        if version != tables.VERSION:
            if version is not None:
                upgrade(dlt.current.pipeline(), dlt.current.source_schema().name, version)
            state["tables"] = tables.VERSION
        if version != tables.VERSION or _are_missing():
            yield Declare()
        with ended_if_it_fails(work), warehouse_of(work, was_loaded=was_loaded):
            work.begin(state, known)
            with alone_in_its_load(work.tally.campaign_ids):
                yield from work.batches(load_id(), is_part=not is_whole())
        if rows := work.campaign_rows(known):
            batch = Batch()
            batch.add_rows(tables.CAMPAIGNS, rows)
            yield batch

    return reads


def _are_missing() -> bool:
    """Tell if a table that is loaded is not there any more: dlt can drop one."""
    there = dlt.current.source_schema().tables
    return any(name not in there for name in dlt.current.source().selected_resources)


@contextmanager
def ended_if_it_fails(work: Extraction) -> Iterator[None]:
    """End the pass, and its threads, where something goes wrong, here or further on in dlt, or at Ctrl-C.

    The source can be loaded again then: by the cursors it begins where the last load that was kept ended.
    """
    try:
        yield
    except BaseException:  # also that dlt asks for no more
        work.close()
        raise


@contextmanager
def warehouse_of(work: Extraction, *, was_loaded: bool) -> Iterator[None]:
    """Let what is read be compared with what a pipeline's DuckDB has, unless that is done already.

    Not where tables begin anew (dlt's ``refresh``, the disposition ``replace``) or a part of them is chosen:
    what is there now is not what will be there then.
    """
    pipeline, source = dlt.current.pipeline(), dlt.current.source()
    is_merged = source.resources[tables.CALLS].write_disposition == BY_ID
    if work.loaded or destination_of(pipeline) != DUCKDB or not (was_loaded and is_whole() and is_merged):
        yield
        return
    with pipeline.sql_client(dlt.current.source_schema().name) as client:
        work.loaded = Loaded(client)
        try:
            yield
        finally:
            work.loaded = None


def campaign_calls(work: Extraction) -> DltResource:
    """Return the resource of calls, which keeps the cursors."""

    def marked_and_cursors(batch: Batch) -> Iterator[Any]:
        yield from batch.marked
        state = state_of(tables.CALLS)
        for read in batch.traces:
            work.note(state, read)

    return table(
        tables.CALLS, tables.CALL_COLUMNS, marked_and_cursors, primary_key="id", write_disposition=BY_ID
    )


def table(
    name: str,
    columns: TTableSchemaColumns,
    more: Callable[[Batch], Iterable[Any]] = lambda _: (),
    **hints: Any,
) -> DltResource:
    """Return the resource of a table, which takes what is for it of every batch."""

    @dlt.transformer(name=name, columns=columns, file_format="parquet", **hints)
    def items(batch: Batch | Declare) -> Iterator[Any]:
        if isinstance(batch, Declare):
            yield dlt.mark.materialize_table_schema()
            return
        with json_is_text():
            yield from batch.given(name)
            yield from more(batch)

    return items
