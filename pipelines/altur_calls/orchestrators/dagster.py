"""Dagster: an asset for each table, a check for each rule of ``altur-calls check``, days to read again.

``pip install 'altur-calls[dagster]'``, then ``dagster dev -m altur_calls.orchestrators.dagster``; settings
are those of the command. A load is one of the command too, with its lock, its chunks, views and publishing:
so which tables are selected decides what is reported, and never what is loaded.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import dlt
from dagster_dlt import DagsterDltTranslator
from dagster_dlt.translator import DltResourceTranslatorData

from altur_calls import offline, pipeline, tables
from altur_calls.analytics.checks import Check, checks
from altur_calls.analytics.views import SCHEMA
from altur_calls.errors import KeyRefused, SettingsError
from altur_calls.source import altur_source
from altur_calls.warehouse.target import NAME, Target

FIRST_DAY = "2024-01-01"
"""Of the days that can be read again, unless ``start_date`` is set."""

EVERY_QUARTER = "*/15 * * * *"

PATIENCE = dg.RetryPolicy(max_retries=3, delay=60)
"""For an API that is down, and for another run that is under way: the lock keeps them apart."""

PROVED = Check(
    "windows_are_proved",
    "Every window is proved to hold all calls.",
    f"SELECT * FROM {SCHEMA}.windows_in_doubt",  # noqa: S608 (a name of ours)
)


class Tables(DagsterDltTranslator):
    """Resources of the source as assets, with what is known of their tables before they are loaded."""

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """Return the asset of a table: named as in the warehouse, described column by column."""
        name = data.resource.name
        columns = [
            dg.TableColumn(column, hints["data_type"], hints["description"])
            for column, hints in tables.COLUMNS[name].items()
        ]
        return (
            super()
            .get_asset_spec(data)
            .replace_attributes(
                key=_key(name),
                deps=[],
                description=f"A row is {tables.ROWS[name]}.",
                group_name=NAME,
                kinds={"dlt", "duckdb"},
            )
            .merge_attributes(metadata={"dagster/column_schema": dg.TableSchema(columns)})
        )


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([tables.DATASET, name])


def _specs() -> list[dg.AssetSpec]:
    """Return the assets of the source's tables. No request is sent, so the settings need not be right yet."""
    resources = altur_source(api_key="unused", campaign_ids="all").selected_resources.values()
    return [
        Tables().get_asset_spec(DltResourceTranslatorData(resource=resource, pipeline=None))
        for resource in resources
    ]


@dg.multi_asset(specs=_specs(), can_subset=True, retry_policy=PATIENCE, pool=NAME)
def altur_tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Load what is new and what may have changed."""
    done = _load(context)
    rows = _rows([key.path[-1] for key in context.selected_asset_keys])
    for name, count in rows.items():
        yield dg.MaterializeResult(_key(name), metadata={"dagster/row_count": count, **done})


@dg.asset(
    key=_key("days"),
    group_name=NAME,
    kinds={"dlt", "duckdb"},
    partitions_def=dg.DailyPartitionsDefinition(
        str(dlt.config.get("sources.altur.start_date") or FIRST_DAY)[:10], end_offset=1
    ),
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=PATIENCE,
    pool=NAME,
)
def altur_days(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Days whose calls, by when they were created (UTC), were read again: a run for each span of days."""
    span = context.partition_time_window
    return dg.MaterializeResult(
        metadata=_load(context, since=span.start.isoformat(), until=span.end.isoformat())
    )


def _load(context: dg.AssetExecutionContext, **span: Any) -> dict[str, Any]:
    """Load, and return what is to be known of it. What waiting does not mend is not tried again."""
    try:
        done = pipeline.run(Target(), **span)
    except (SettingsError, KeyRefused) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    for line in (*done.missing, *done.unproved):
        context.log.warning("incomplete: %s", line)
    if done.suspicious:
        raise dg.Failure(f"suspicious: {'; '.join(done.suspicious)}", allow_retries=False)
    if done.failure:
        raise done.failure
    return {
        name: getattr(done, name)
        for name in ("new_calls", "read_calls", "rejected_calls", "windows", "requests", "retries")
    }


def _rows(names: list[str]) -> dict[str, int]:
    with Target().reading() as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {tables.DATASET}.{name}").fetchall()  # noqa: S608
            for name in names
        }
    return {name: count for name, ((count,),) in counts.items()}


@dg.multi_asset_check(
    specs=[
        *(dg.AssetCheckSpec(rule.name, asset=_key(tables.CALLS), description=rule.rule) for rule in checks()),
        dg.AssetCheckSpec(PROVED.name, asset=_key(tables.WINDOWS), description=PROVED.rule),
    ],
    can_subset=True,
    retry_policy=PATIENCE,
)
def altur_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Check that the warehouse holds what its views promise, and which windows are in doubt."""
    wanted = {key.name: key for key in context.selected_asset_check_keys}
    for rule, rows in offline.check(Target(), PROVED):
        if key := wanted.get(rule.name):
            yield dg.AssetCheckResult(
                passed=not rows,
                check_name=rule.name,
                asset_key=key.asset_key,
                severity=dg.AssetCheckSeverity.WARN if rule == PROVED else dg.AssetCheckSeverity.ERROR,
                metadata={"rows": rows, "query": dg.MetadataValue.md(f"```sql\n{rule.query}\n```")},
            )


altur_job = dg.define_asset_job(NAME, selection=dg.AssetSelection.assets(altur_tables))

defs = dg.Definitions(
    assets=[altur_tables, altur_days],
    asset_checks=[altur_checks],
    jobs=[altur_job],
    schedules=[dg.ScheduleDefinition(job=altur_job, cron_schedule=EVERY_QUARTER, execution_timezone="UTC")],
)
