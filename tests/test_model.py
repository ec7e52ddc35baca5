"""A hundred worlds drawn from seeds: whatever goes wrong in them, the warehouse ends equal to the world.

``MODEL_WORLDS=2000 MODEL_WORLDS_IN_DUCKDB=6 pytest tests/test_model.py`` tries more of them; ``-k seed17-``
tries one again.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from altur_sandbox import ManualWorld, Sandbox
from common import KEY
from model import Broken, LifeInDuckDB, LifeInMemory, plan_of
from warehouse import Warehouse

WORLDS = int(os.environ.get("MODEL_WORLDS", "100"))
SEEDS_IN_DUCKDB = (84, 195, 22, 10, 71, 241)[: int(os.environ.get("MODEL_WORLDS_IN_DUCKDB", "2"))]
"""Worlds with some of everything: a fast clock, runs that fail, spans, a campaign that opens late."""


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """Serve whatever world a test hands it, one after the other."""
    with Sandbox(ManualWorld(), key=KEY, requests_per_second=None) as server:
        yield server


@pytest.fixture(scope="module")
def lived() -> Iterator[Counter[str]]:
    """Return what happened in all worlds so far; told in the log at the end."""
    counts: Counter[str] = Counter()
    yield counts
    logging.getLogger(__name__).info("lived through %s", dict(counts))


@pytest.mark.parametrize("seed", range(WORLDS), ids=lambda seed: f"seed{seed}-")
def test_a_warehouse_that_follows_a_world_becomes_equal_to_it(
    server: Sandbox, lived: Counter[str], seed: int
) -> None:
    """Faults, crashes, wrong clocks and odd manners along the way; every change shows when it must."""
    life = LifeInMemory(plan_of(seed), server, KEY)
    try:
        lived += life.play()
    except Broken as broken:
        pytest.fail(f"world of seed {seed}: {broken}")


def test_the_worlds_were_hard(lived: Counter[str]) -> None:
    """A model test proves nothing if nothing goes wrong, or if so much does that no run promises anything."""
    if lived["worlds"] < 40:
        pytest.skip("so few worlds may be easy by chance")

    assert lived["crashes"] > 0.8 * lived["worlds"]  # of those that this process had: any of them
    assert lived["faults"] > 2 * lived["worlds"]
    assert lived["failed_runs"] > lived["worlds"] / 4
    assert lived["clean_runs"] > lived["runs"] / 2


@pytest.mark.parametrize("seed", SEEDS_IN_DUCKDB, ids=lambda seed: f"seed{seed}-")
def test_so_does_a_real_one(server: Sandbox, tmp_path: Path, seed: int) -> None:
    """The same through dlt into DuckDB, field by field, with the working folder deleted once."""
    life = LifeInDuckDB(plan_of(seed, runs=4, calls=200), server, KEY, Warehouse(tmp_path / "calls.duckdb"))
    try:
        life.play()
    except Broken as broken:
        pytest.fail(f"world of seed {seed}: {broken}")
