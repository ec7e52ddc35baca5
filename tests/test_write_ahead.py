"""How long the log gets that is replayed after a crash."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from altur_calls import pipeline, write_ahead
from altur_calls.target import Client, Target, count_rows
from altur_sandbox import ManualWorld, example_call
from common import NOON

MOST_BYTES = 300_000


def test_the_log_of_a_long_load_stays_short(
    world: ManualWorld, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replayed, a gigabyte takes more than a small machine has, and no run could ever open the file again.

    What was merged last is not written into the file a second time.
    """
    monkeypatch.setattr(write_ahead, "MOST_BYTES", MOST_BYTES)
    for number in range(600):
        world.put(2, example_call(f"more_{number:04}", NOON + number * timedelta(minutes=1)))
    sizes: list[tuple[int, int]] = []
    in_staging: list[int] = []

    def watched(client: Client, database: Path) -> None:
        before = bytes_of_log(database)
        write_ahead.bound_log(client, database)
        sizes.append((before, bytes_of_log(database)))
        if before > MOST_BYTES:
            in_staging.append(rows_in_staging(client))

    monkeypatch.setattr(pipeline, "bound_log", watched)
    pipeline.run(Target(), chunk_calls=100, max_window_calls=100, **settings)

    assert len(sizes) > 2
    assert all(after <= MOST_BYTES for _, after in sizes)
    assert set(in_staging) == {0}


def rows_in_staging(client: Client) -> int:
    """Count the calls that dlt keeps of what it merged last."""
    with client.with_staging_dataset():
        return count_rows(client, "campaign_calls")


def bytes_of_log(database: Path) -> int:
    """Return how long the log of a database is."""
    log = write_ahead.log_of(database)
    return log.stat().st_size if log.exists() else 0
