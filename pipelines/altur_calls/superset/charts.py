"""The charts: what each shows of a dataset, and the query that Superset answers for it over REST. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from altur_calls.superset.datasets import (
    ATTEMPTS,
    CALLS,
    CAMPAIGN,
    COMPLETENESS,
    COUNT,
    DAY,
    DAYS,
    DECIMAL,
    HOURS,
    PERCENT,
    POLICIES,
    PUBLICATION,
    STATUSES,
    TAGS,
    Dataset,
    total,
)
from altur_calls.superset.ids import id_of

Fields = Mapping[str, Any]

ROWS, DOZEN = 10_000, 12
"""In an answer, at most."""

TIMESTAMP = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its kind and settings, as Superset names them, and its query."""

    title: str
    dataset: Dataset
    viz_type: str
    settings: Fields
    query: Fields
    description: str | None = None


def _query(
    *columns: Any, metrics: Sequence[str] = (), order: tuple[str, bool] | None = None, rows: int = ROWS
) -> Fields:
    """Return a query. The order is a name, and whether the smallest comes first."""
    return {
        "columns": list(columns),
        "metrics": list(metrics),
        "orderby": [list(order)] if order else [],
        "row_limit": rows,
    }


def _number(title: str, dataset: Dataset, metric: str, d3format: str) -> Chart:
    settings = {"metric": metric, "y_axis_format": d3format, "header_font_size": 0.6}
    return Chart(title, dataset, "big_number_total", settings, _query(metrics=[metric]))


def _bars(title: str, dataset: Dataset, x_axis: str, metrics: Sequence[str], **settings: Any) -> Chart:
    """Return vertical bars, along an axis in its own order."""
    shown = {
        "x_axis": x_axis,
        "metrics": list(metrics),
        "row_limit": ROWS,
        "orientation": "vertical",
        "show_legend": True,
        "legendOrientation": "top",
        "legendType": "scroll",
        "rich_tooltip": True,
        "truncate_metric": True,
        **settings,
    }
    query = _query(x_axis, metrics=metrics, order=(x_axis, True))
    return Chart(title, dataset, "echarts_timeseries_bar", shown, query)


def _ranking(title: str, dataset: Dataset, column: str, metric: str, d3format: str) -> Chart:
    """Return horizontal bars, the dozen largest, the very largest on top."""
    settings = {
        "x_axis": column,
        "metrics": [metric],
        "row_limit": DOZEN,
        "orientation": "horizontal",
        "x_axis_sort": metric,
        "x_axis_sort_asc": True,
        "order_desc": True,
        "show_value": True,
        "show_legend": False,
        "rich_tooltip": True,
        "truncate_metric": True,
        "y_axis_format": d3format,
    }
    query = _query(column, metrics=[metric], order=(metric, False), rows=DOZEN)
    return Chart(title, dataset, "echarts_timeseries_bar", settings, query)


def _donut(title: str, dataset: Dataset, column: str, metric: str) -> Chart:
    settings = {
        "groupby": [column],
        "metric": metric,
        "donut": True,
        "innerRadius": 50,
        "outerRadius": 75,
        "show_labels": True,
        "labels_outside": True,
        "label_type": "percent",
        "show_labels_threshold": 4,
        "show_legend": True,
        "legendOrientation": "bottom",
        "legendType": "plain",
        "number_format": COUNT,
        "show_total": True,
        "sort_by_metric": True,
        "row_limit": 100,
    }
    return Chart(title, dataset, "pie", settings, _query(column, metrics=[metric], order=(metric, False)))


def _heat_map(title: str, dataset: Dataset, x_axis: str, y_axis: str, metric: str) -> Chart:
    settings = {
        "x_axis": x_axis,
        "groupby": y_axis,
        "metric": metric,
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "normalize_across": "heatmap",
        "linear_color_scheme": "schemeBlues",
        "legend_type": "continuous",
        "show_legend": True,
        "show_values": False,
        "y_axis_format": ".0%",
        "row_limit": ROWS,
        "xscale_interval": 1,
        "yscale_interval": 1,
        "left_margin": "auto",
        "bottom_margin": 40,
        "value_bounds": [None, None],
        "border_width": 0,
    }
    return Chart(title, dataset, "heatmap_v2", settings, _query(x_axis, y_axis, metrics=[metric]))


def _totals(title: str, dataset: Dataset, column: str, metrics: Mapping[str, str], order: str) -> Chart:
    """Return a table of metrics and their formats."""
    settings = {
        "query_mode": "aggregate",
        "groupby": [column],
        "metrics": list(metrics),
        "timeseries_limit_metric": order,
        "order_desc": True,
        "row_limit": ROWS,
        "show_cell_bars": True,
        "color_pn": False,
        "column_config": {metric: {"d3NumberFormat": d3format} for metric, d3format in metrics.items()},
    }
    query = _query(column, metrics=list(metrics), order=(order, False))
    return Chart(title, dataset, "table", settings, query)


def _listing(title: str, dataset: Dataset, formats: Mapping[str, str | None], description: str) -> Chart:
    """Return a table of rows as they are."""
    settings = {
        "query_mode": "raw",
        "all_columns": list(formats),
        "row_limit": ROWS,
        "show_cell_bars": False,
        "table_timestamp_format": TIMESTAMP,
        "column_config": {name: {"d3NumberFormat": shown} for name, shown in formats.items() if shown},
    }
    return Chart(title, dataset, "table", settings, _query(*formats), description)


CHARTS = {
    "calls": _number("Calls", DAYS, total("calls"), COUNT),
    "answered": _number("Answered", DAYS, "answer_rate", PERCENT),
    "by_a_person": _number("By a person", DAYS, "human_rate", PERCENT),
    "conversions": _number("Conversions", DAYS, total("conversions"), COUNT),
    "minutes": _number("Billed minutes", DAYS, total("billed_minutes"), COUNT),
    "score": _number("Policy score, of 10", POLICIES, "score", ".2f"),
    "days": _bars(
        *("Calls per day by status", DAYS, DAY, [total(status) for status in STATUSES]),
        stack="Stack",
        time_grain_sqla="P1D",
        y_axis_format=COUNT,
        x_axis_time_format="%d %b",
    ),
    "whom": _donut("Answered by whom", CALLS, "answered_by_whom", "calls"),
    "hours": _heat_map("Answer rate by hour and weekday", HOURS, "local_hour", "weekday", "answer_rate"),
    "attempts": _bars(
        *("Another attempt?", ATTEMPTS, "attempt", ["answer_rate", "human_rate"]),
        xAxisForceCategorical=True,
        y_axis_format=".0%",
    ),
    "tags": _ranking("Top tags", TAGS, "tag", total("calls"), COUNT),
    "policies": _ranking(
        *("Policies not met, worst first", POLICIES, "policy_name", "not_met_rate", PERCENT)
    ),
    "campaigns": _totals(
        *("Campaigns", DAYS, CAMPAIGN),
        {
            total("calls"): COUNT,
            "answer_rate": PERCENT,
            "human_rate": PERCENT,
            total("conversions"): COUNT,
            "conversion_rate": PERCENT,
            total("billed_minutes"): COUNT,
        },
        total("calls"),
    ),
    "completeness": _listing(
        *("Fresh and complete?", COMPLETENESS),
        {
            CAMPAIGN: None,
            "proved_until": None,
            "hours_behind": DECIMAL,
            "is_complete": None,
            "windows_in_doubt": COUNT,
            "rejected_calls": COUNT,
            "vanished_calls": COUNT,
        },
        "Every call created before proved_until is here, by the API's own count.",
    ),
    "publication": _listing(
        *("Published", PUBLICATION),
        {"published_at": None, "loaded_at": None, "calls": COUNT},
        "The file that all these numbers come from.",
    ),
}
"""By the names the dashboard places them by."""


def as_file(name: str) -> dict[str, Any]:
    """Return a chart as Superset imports it. Ids of its dataset are filled in as it does."""
    chart = CHARTS[name]
    settings = {
        **chart.settings,
        "viz_type": chart.viz_type,
        "adhoc_filters": [_any_days()] if chart.dataset.has_days else [],
        "extra_form_data": {},
    }
    days = [{"col": DAY, "op": "TEMPORAL_RANGE", "val": "No filter"}] if chart.dataset.has_days else []
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [{**chart.query, "filters": days, "extras": {}}],
        "form_data": {},
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.viz_type,
        "params": settings,
        "query_context": json.dumps(context, ensure_ascii=False, indent=2),
        "uuid": id_of("chart", name),
        "dataset_uuid": id_of("dataset", chart.dataset.name),
        "version": "1.0.0",
    }


def _any_days() -> dict[str, Any]:
    """Return the filter that the dashboard's dates are put into."""
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": DAY,
        "operator": "TEMPORAL_RANGE",
        "comparator": "No filter",
    }
