"""The dashboard: which chart lies where, and the filters above them. Pure."""

from __future__ import annotations

from typing import Any

from altur_calls.superset.charts import CHARTS
from altur_calls.superset.datasets import CAMPAIGN, DAYS
from altur_calls.superset.ids import id_of

TITLE, SLUG = "Voice calls", "altur-calls"

LAYOUT: tuple[tuple[int, dict[str, int]], ...] = (
    (
        16,
        dict.fromkeys(("calls", "answered", "by_a_person", "conversions", "minutes", "score"), 2),
    ),
    (44, {"days": 8, "whom": 4}),
    (44, {"hours": 8, "attempts": 4}),
    (46, {"tags": 6, "policies": 6}),
    (29, {"campaigns": 12}),
    (29, {"completeness": 8, "publication": 4}),
)
"""Rows: a height in steps of eight pixels, and the charts in it with their widths, of twelve."""

COLOURS = {
    "total_ended_calls": "#1FA8C9",
    "total_in_progress_calls": "#5AC189",
    "total_no_answer_calls": "#D8DCE6",
    "total_busy_calls": "#FCC700",
    "total_failed_calls": "#E04355",
    "total_other_status_calls": "#666666",
    "human": "#1FA8C9",
    "machine": "#454E7C",
    "unknown": "#A868B7",
    "nobody": "#D8DCE6",
}

NUMBERS = {name: number for number, name in enumerate(CHARTS, 1)}
"""Superset replaces them by its own, wherever they are."""


def as_file() -> dict[str, Any]:
    """Return the dashboard as Superset imports it."""
    return {
        "dashboard_title": TITLE,
        "description": "Calls of your Altur campaigns, by the views of altur-calls",
        "slug": SLUG,
        "css": "",
        "uuid": id_of("dashboard", SLUG),
        "published": True,
        "position": _position(),
        "metadata": {
            "native_filter_configuration": _filters(),
            "filter_bar_orientation": "HORIZONTAL",
            "cross_filters_enabled": True,
            "color_scheme": "supersetColors",
            "label_colors": COLOURS,
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
            "expanded_slices": {},
        },
        "version": "1.0.0",
    }


def _position() -> dict[str, Any]:
    rows = [f"ROW-{number}" for number, _ in enumerate(LAYOUT, 1)]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": TITLE}},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": rows},
    }
    for row, (height, widths) in zip(rows, LAYOUT, strict=True):
        position[row] = {
            "id": row,
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{name}" for name in widths],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for name, width in widths.items():
            position[f"CHART-{name}"] = {
                "id": f"CHART-{name}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", row],
                "children": [],
                "meta": {
                    "chartId": NUMBERS[name],
                    "uuid": id_of("chart", name),
                    "sliceName": CHARTS[name].title,
                    "width": width,
                    "height": height,
                },
            }
    return position


def _filters() -> list[dict[str, Any]]:
    undated = [number for name, number in NUMBERS.items() if not CHARTS[name].dataset.has_days]
    return [
        {
            "id": "NATIVE_FILTER-campaign",
            "name": "Campaign",
            "type": "NATIVE_FILTER",
            "filterType": "filter_select",
            "description": "",
            "targets": [{"column": {"name": CAMPAIGN}, "datasetUuid": id_of("dataset", DAYS.name)}],
            "controlValues": {"multiSelect": True, "enableEmptyFilter": False, "searchAllOptions": False},
            "scope": {"rootPath": ["ROOT_ID"], "excluded": [NUMBERS["publication"]]},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
            "cascadeParentIds": [],
        },
        {
            "id": "NATIVE_FILTER-dates",
            "name": "Dates",
            "type": "NATIVE_FILTER",
            "filterType": "filter_time",
            "description": "",
            "targets": [{}],
            "controlValues": {"enableEmptyFilter": False},
            "scope": {"rootPath": ["ROOT_ID"], "excluded": undated},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
            "cascadeParentIds": [],
        },
    ]
