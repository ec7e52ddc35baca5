"""How long the log gets that is replayed after a crash."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline, tables
from altur_calls.warehouse import write_ahead
from altur_calls.warehouse.target import Client, Target, count_rows
from altur_sandbox import ManualWorld
from common import fill

MOST_BYTES = 300_000
MINUTE = timedelta(minutes=1)


def test_the_log_of_a_long_load_stays_short(
    world: ManualWorld, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replayed, a gigabyte takes more than a small machine has, and no run could ever open the file again."""
    monkeypatch.setattr(write_ahead, "MOST_BYTES", MOST_BYTES)
    fill(world, 2, 1_200, MINUTE)
    sizes: list[tuple[int, int]] = []

    def watched(client: Client, database: Path) -> None:
        before = bytes_of_log(database)
        write_ahead.bound_log(client, database)
        sizes.append((before, bytes_of_log(database)))

    monkeypatch.setattr(pipeline, "bound_log", watched)
    pipeline.run(Target(), chunk_calls=100, max_window_calls=100, **settings)

    assert len(sizes) > 4
    assert any(before > MOST_BYTES for before, _ in sizes)
    assert all(after <= MOST_BYTES for _, after in sizes)


def test_what_was_merged_is_not_written_twice(
    world: ManualWorld, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dlt keeps what it merged last in a dataset of its own until the next load, which makes it again."""
    monkeypatch.setattr(write_ahead, "MOST_BYTES", 0)
    fill(world, 2, 200, MINUTE)
    seen: list[tuple[int, int, int]] = []

    def watched(client: Client, database: Path) -> None:
        before = rows_in_staging(client)
        write_ahead.bound_log(client, database)
        seen.append((before, rows_in_staging(client), bytes_of_log(database)))

    monkeypatch.setattr(pipeline, "bound_log", watched)
    pipeline.run(Target(), chunk_calls=100, max_window_calls=100, **settings)

    assert seen
    assert all(before > 0 for before, _, _ in seen)
    assert {(rows, log) for _, rows, log in seen} == {(0, 0)}


def rows_in_staging(client: Client) -> int:
    """Count the calls that dlt keeps of what it merged last."""
    with client.with_staging_dataset():
        return count_rows(client, tables.CALLS)


def bytes_of_log(database: Path) -> int:
    """Return how long the log of a database is."""
    log = write_ahead.log_of(database)
    return log.stat().st_size if log.exists() else 0
