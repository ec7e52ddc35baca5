"""What is published is opened by the DuckDB that other programs carry: older ones, and the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from altur_calls.pipeline import run
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, example_call
from common import NOON
from warehouse import Warehouse

CLIENTS = Path(sys.prefix) / "readers"
READ = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("SET TimeZone = 'UTC'")
    print(json.dumps([connection.execute(query).fetchall() for query in json.load(sys.stdin)]))
"""

VERSION = "SELECT substr(version(), 2)"
MEANINGS = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
TABLES = "SELECT format('{}.{}', schema_name, table_name) FROM duckdb_tables() ORDER BY ALL"
VALUES = "SELECT CAST(columns(*) AS VARCHAR) FROM {} ORDER BY ALL"
FRESHNESS = "SELECT campaign_id FROM analytics.data_freshness ORDER BY ALL"  # a view, of which the rest ages


@pytest.mark.parametrize("version", ["1.2.2", "1.4.4", "2.0.1"])
def test_a_client_of_another_version_reads_every_value(
    version: str,
    world: ManualWorld,
    settings: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the raw tables too; and what each column means."""
    if not (CLIENTS / version / "duckdb").exists():
        pytest.skip(f"DuckDB {version} has no wheel for this Python")
    monkeypatch.delenv("PUBLISHING__ENABLED")
    monkeypatch.setenv("PUBLISHING__RAW_TABLES", "true")
    run(Target(), **settings)
    world.put(2, example_call("another", NOON))
    run(
        Target(), **settings, since="2026-03-02", until="2026-03-03"
    )  # which only brings up what was published
    published = Warehouse(tmp_path / "altur_calls.published.duckdb")
    tables = [name for (name,) in published.rows(TABLES)]
    queries = [TABLES, MEANINGS, FRESHNESS, *map(VALUES.format, tables)]

    read = subprocess.run(
        [sys.executable, "-c", READ, str(published.path)],
        env={**os.environ, "PYTHONPATH": str(CLIENTS / version)},
        input=json.dumps([VERSION, *queries]),
        capture_output=True,
        text=True,
        check=True,
    )

    by, *found = json.loads(read.stdout)
    assert by == [[version]]
    assert found == [[list(row) for row in published.rows(query)] for query in queries]
    assert len(published.rows(VALUES.format("analytics.calls"))) == 4
