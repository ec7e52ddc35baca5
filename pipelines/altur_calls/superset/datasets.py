"""The datasets: marts beside the names of their campaigns, their columns described, and metrics. Pure.

A metric is made of sums, never of rates: so it is right for whatever campaigns and days a filter leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from altur_calls.analytics.views import SCHEMA, meaning, views
from altur_calls.superset.ids import id_of

CAMPAIGN, DAY = "campaign_name", "local_date"
"""The columns that the dashboard is filtered by."""

Types = Mapping[str, Mapping[str, str]]
"""Types of columns, as DuckDB shows them, by table and column."""

COUNT, DECIMAL, PERCENT = ",d", ",.1f", ".1%"
"""Formats of numbers, as d3 writes them."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A number to show: an aggregate, what it means, its label and its format."""

    name: str
    expression: str
    description: str
    label: str
    d3format: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table of ``analytics``, or several joined by their campaign; what is added up is a metric too."""

    name: str
    columns: Mapping[str, Sequence[str]]
    """By table, the first the one whose rows are shown."""
    sums: Sequence[str] = ()
    rates: Sequence[Metric] = ()
    computed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Columns that no table has: what they mean, and an expression."""

    @property
    def table(self) -> str:
        """The table whose rows are shown."""
        return next(iter(self.columns))

    @property
    def query(self) -> str | None:
        """Its rows as SQL, if it is more than a table."""
        first, *others = self.columns
        if not others:
            return None
        names = [f"    {table}.{column}" for table, columns in self.columns.items() for column in columns]
        joins = [f"JOIN {SCHEMA}.{other} USING (campaign_id)" for other in others]
        return "\n".join(["SELECT", ",\n".join(names), f"FROM {SCHEMA}.{first}", *joins])

    @property
    def has_days(self) -> bool:
        """Whether a filter of dates applies to it."""
        return DAY in self.columns[self.table]

    @property
    def metrics(self) -> list[Metric]:
        """All its metrics."""
        return [*(_total(self.table, column) for column in self.sums), *self.rates]


def total(column: str) -> str:
    """Return the name of the metric that adds a column up."""
    return f"total_{column}"


def _total(table: str, column: str) -> Metric:
    return Metric(total(column), f"SUM({column})", _meaning(table, column), label(column), COUNT)


def _rate(table: str, column: str, expression: str, shown_as: str, d3format: str = PERCENT) -> Metric:
    return Metric(column, expression, _meaning(table, column), shown_as, d3format)


def label(column: str) -> str:
    """Return a column's name for people: ``no_answer_calls`` is No answer."""
    return (column.removesuffix("_calls") or column).replace("_", " ").capitalize()


def _meaning(table: str, column: str) -> str:
    return (meaning(table, column) if table in views() else None) or label(column)


ANSWERS = ("human_calls", "machine_calls", "unknown_calls", "unanswered_calls")
STATUSES = (
    *("ended_calls", "in_progress_calls", "no_answer_calls"),
    *("busy_calls", "failed_calls", "other_status_calls"),
)
VOLUME = ("calls", "answered_calls")
ANSWER_RATE = "1.0 * SUM(answered_calls) / SUM(calls)"
HUMAN_RATE = "1.0 * SUM(human_calls) / SUM(calls)"
NAMES = {"campaigns": (CAMPAIGN,)}

DAYS = Dataset(
    "Calls by day",
    {
        "campaign_daily": (
            *(DAY, *VOLUME, *ANSWERS, *STATUSES),
            *("conversions", "talk_seconds", "billed_minutes"),
        ),
        **NAMES,
    },
    sums=(*VOLUME, *ANSWERS, *STATUSES, "conversions", "talk_seconds", "billed_minutes"),
    rates=(
        _rate("campaign_daily", "answer_rate", ANSWER_RATE, "Answered"),
        _rate("campaign_daily", "human_rate", HUMAN_RATE, "Answered by a person"),
        _rate("campaign_daily", "conversion_rate", "1.0 * SUM(conversions) / SUM(calls)", "Converted"),
    ),
)
HOURS = Dataset(
    "Calls by hour",
    {"campaign_hourly": (DAY, "local_hour", *VOLUME, "human_calls"), **NAMES},
    sums=(*VOLUME, "human_calls"),
    rates=(
        _rate("campaign_hourly", "answer_rate", ANSWER_RATE, "Answered"),
        _rate("campaign_hourly", "human_rate", HUMAN_RATE, "Answered by a person"),
    ),
    computed={
        "weekday": (
            "Day of the week, from 1 for Monday",
            f"isodow({DAY}) || ' ' || left(dayname({DAY}), 3)",
        )
    },
)
CALLS = Dataset(
    "Calls",
    {
        "calls": (
            *("call_id", "created_at", DAY, "local_hour", "direction", "status", "answered_by"),
            *("contact_status", "is_converted", "attempt_number"),
            *("ring_seconds", "talk_seconds", "billed_seconds", "policy_score"),
        ),
        **NAMES,
    },
    rates=(Metric("calls", "COUNT(*)", "Calls the API lists", "Calls", COUNT),),
    computed={"answered_by_whom": ("Who answered, or nobody", "COALESCE(answered_by, 'nobody')")},
)
TAGS = Dataset(
    "Tags by day",
    {"tag_daily": (DAY, "tag", "calls", "human_calls", "conversions"), **NAMES},
    sums=("calls", "human_calls", "conversions"),
)
POLICIES = Dataset(
    "Policies by day",
    {
        "policy_compliance": (
            *(DAY, "policy_id", "policy_name"),
            *("evaluated", "met", "not_met", "not_applicable", "other"),
        ),
        **NAMES,
    },
    sums=("evaluated", "met", "not_met", "not_applicable", "other"),
    rates=(
        _rate(
            *("policy_compliance", "score", "10.0 * SUM(met) / NULLIF(SUM(met) + SUM(not_met), 0)"),
            *("Policy score", ".2f"),
        ),
        Metric(
            "not_met_rate",
            "1.0 * SUM(not_met) / NULLIF(SUM(met) + SUM(not_met), 0)",
            "not_met / (met + not_met), from 0 to 1; null where nothing applied",
            "Not met",
            PERCENT,
        ),
    ),
)
ATTEMPTS = Dataset(
    "Attempts by day",
    {"contact_attempts": (DAY, "attempt_number", *VOLUME, "human_calls", "conversions"), **NAMES},
    sums=(*VOLUME, "human_calls", "conversions"),
    rates=(
        _rate("contact_attempts", "answer_rate", ANSWER_RATE, "Answered"),
        _rate("contact_attempts", "human_rate", HUMAN_RATE, "Answered by a person"),
    ),
    # The few contacts that are called more often would only show chance.
    computed={
        "attempt": (
            "Which call of its contact it is; 8+ is the eighth or a later one",
            "CASE WHEN attempt_number < 8 THEN CAST(attempt_number AS VARCHAR) ELSE '8+' END",
        )
    },
)
COMPLETENESS = Dataset(
    "Completeness",
    {
        "data_completeness": (
            *("proved_until", "is_complete", "calls", "windows_in_doubt", "suspicious_windows"),
            *("rejected_calls", "vanished_calls", "drifted_fields"),
        ),
        "data_freshness": ("seconds_behind", "last_read_at", "newest_call_at", "calls_in_progress"),
        **NAMES,
    },
    computed={"hours_behind": ("Hours from proved_until to now", "seconds_behind / 3600")},
)
PUBLICATION = Dataset(
    "Publication",
    {"publication": ("load_id", "loaded_at", "published_at", "proved_until", "calls", "version")},
)
DATASETS = (DAYS, HOURS, CALLS, TAGS, POLICIES, ATTEMPTS, COMPLETENESS, PUBLICATION)


def as_file(dataset: Dataset, types: Types, database_id: str) -> dict[str, Any]:
    """Return a dataset as Superset imports it."""
    return {
        "table_name": dataset.table if dataset.query is None else dataset.name,
        "schema": SCHEMA,
        "sql": dataset.query,
        "description": _described(dataset),
        "main_dttm_col": DAY if dataset.has_days else None,
        "columns": list(_columns(dataset, types)),
        "metrics": [
            {
                "metric_name": metric.name,
                "verbose_name": metric.label,
                "expression": metric.expression,
                "description": metric.description,
                "d3format": metric.d3format,
            }
            for metric in dataset.metrics
        ],
        "uuid": id_of("dataset", dataset.name),
        "database_uuid": database_id,
        "version": "1.0.0",
    }


def _described(dataset: Dataset) -> str:
    return views()[dataset.table].grain if dataset.table in views() else "What is published, and since when."


def _columns(dataset: Dataset, types: Types) -> Iterator[dict[str, Any]]:
    for table, columns in dataset.columns.items():
        for column in columns:
            yield _column(column, types[table][column], _meaning(table, column))
    for column, (means, expression) in dataset.computed.items():
        yield {**_column(column, "VARCHAR", means), "expression": expression}


def _column(name: str, data_type: str, description: str) -> dict[str, Any]:
    return {
        "column_name": name,
        "verbose_name": label(name),
        "type": data_type,
        "is_dttm": data_type.startswith(("DATE", "TIMESTAMP")),
        "groupby": True,
        "filterable": True,
        "description": description,
    }
