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
from altur_calls.target import Target
from warehouse import Warehouse

CLIENTS = Path(sys.prefix) / "readers"
READ = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    query = "SELECT '\\"' || table_schema || '\\".\\"' || table_name || '\\"' FROM information_schema.tables"
    names = [name for (name,) in connection.execute(query).fetchall()]
    count = "SELECT count(*), count(columns(*)) FROM {}"
    found = {name: connection.execute(count.format(name)).fetchone() for name in names}
print(json.dumps([duckdb.__version__, found]))
"""


@pytest.mark.parametrize("version", ["1.2.2", "1.4.4", "2.0.1"])
def test_a_client_of_another_version_reads_every_column(
    version: str, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the raw tables too."""
    if not (CLIENTS / version / "duckdb").exists():
        pytest.skip(f"DuckDB {version} has no wheel for this Python")
    monkeypatch.delenv("PUBLISHING__ENABLED")
    monkeypatch.setenv("PUBLISHING__RAW_TABLES", "true")
    run(Target(), **settings)
    published = Warehouse(tmp_path / "altur_calls.published.duckdb")

    read = subprocess.run(
        [sys.executable, "-c", READ, str(published.path)],
        env={**os.environ, "PYTHONPATH": str(CLIENTS / version)},
        capture_output=True,
        text=True,
        check=True,
    )

    by, found = json.loads(read.stdout)
    assert by == version
    assert found == {
        name: list(published.rows(f"SELECT count(*), count(columns(*)) FROM {name}")[0]) for name in found
    }
    assert found['"analytics"."calls"'][0] == found['"altur"."campaign_calls"'][0] == 3
