"""The tables as dbt sources: what a dbt project has to know of them, and the tests they pass. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlt.common.schema.typing import TColumnSchema

from altur_calls import tables
from altur_calls.warehouse.ddl import TYPES
from altur_calls.yaml_text import yaml_of

HEAD = """\
# The tables of altur-calls as a dbt source, for the models folder of a project with dbt 1.10.5 or newer.
# Made by `altur-calls docs`: what is changed here is lost.
"""

# Of the ledger: every run that reads leaves a row there, also one that finds no call that is new.
FRESHNESS = {
    "loaded_at_field": "read_at",
    "freshness": {
        "warn_after": {"count": 1, "period": "day"},
        "error_after": {"count": 2, "period": "day"},
    },
}


def sources() -> str:
    """Return the tables as the YAML file that dbt calls a sources file."""
    source = {
        "name": "altur",
        "schema": "altur",
        "description": "AI voice calls of Altur campaigns, loaded by altur-calls",
        "tables": [_table(name) for name in tables.ALL],
    }
    return HEAD + yaml_of({"version": 2, "sources": [source]})


def _table(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": tables.ROWS[name],
        **({"config": FRESHNESS} if name == tables.WINDOWS else {}),
        "columns": [
            _column(name, column_name, column)
            for column_name, column in tables.ALL[name].items()
            if not _is_dlts(column_name, column)
        ],
    }


def _is_dlts(name: str, column: TColumnSchema) -> bool:
    return name.startswith("_dlt_") or bool(column.get("hard_delete"))


def _column(table: str, name: str, column: TColumnSchema) -> dict[str, Any]:
    data_tests = list(_data_tests(table, name, column))
    return {
        "name": name,
        "description": column["description"],
        "data_type": TYPES[str(column["data_type"])],
        **({"data_tests": data_tests} if data_tests else {}),
    }


def _data_tests(table: str, name: str, column: TColumnSchema) -> Iterator[Any]:
    """Yield the tests that a column passes. Values that the API document does not list are loaded too."""
    if tables.UNIQUE.get(table) == name:
        yield "unique"
    if not column.get("nullable", True):
        yield "not_null"
    if table in tables.CHILD_COLUMNS and name == "call_id":
        call = {"to": f"source('altur', '{tables.CALLS}')", "field": "id"}
        yield {"relationships": {"arguments": call}}
