"""Where calls are loaded to: a dlt pipeline and its warehouse, opened by one run at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.destinations.sql_client import SqlClientBase

from altur_calls import tables
from altur_calls.failures import translated
from altur_calls.lock import only_run
from altur_calls.recovery import forget_future, forget_unfinished

NAME = "altur_calls"
MEMORY_LIMIT = "160MB"
"""Of DuckDB, unless dlt is configured otherwise (``DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG``)."""

MORE_MEMORY = "1GB"

DATASET = "altur"


Client = SqlClientBase[Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A pipeline by its name. It loads into DuckDB, by default ``<name>.duckdb`` in the working directory."""

    name: str = NAME
    credentials: str | None = None
    """Path of the DuckDB file; by default what dlt is configured to."""

    @contextmanager
    def opened(self) -> Iterator[tuple[dlt.Pipeline, Client]]:
        """Yield the pipeline, locked, knowing what its warehouse knows and nothing else; the warehouse, open.

        dlt's working folder is removed first, and state and schemas come back from the warehouse, the only
        truth. So whatever an earlier run left behind is gone: a package that was begun (loading it again may
        double its rows), a half-written file, the cursors or the path of another warehouse. A chunk that
        was not committed is read again.

        Raises:
            Busy: if another run holds the lock.

        """
        folder = Path(get_dlt_pipelines_dir())
        with only_run(folder, self.name), translated():
            pipeline = self._fetched(folder)
            if holds_calls(pipeline) and forget_future(pipeline):
                pipeline = self._fetched(folder)
            with _open(pipeline) as client:
                yield pipeline, client
                if holds_calls(pipeline):
                    forget_unfinished(pipeline)
                _drop_staging(pipeline)

    def _fetched(self, folder: Path) -> dlt.Pipeline:
        shutil.rmtree(folder / self.name, ignore_errors=True)
        pipeline = dlt.pipeline(self.name, destination=self._destination(), dataset_name=DATASET)
        pipeline.sync_destination()
        return pipeline

    def _destination(self) -> Any:
        return dlt.destinations.duckdb(self.credentials) if self.credentials else dlt.destinations.duckdb()


@contextmanager
def _open(pipeline: dlt.Pipeline) -> Iterator[Client]:
    """Keep the warehouse open, and what DuckDB holds of it in memory within a bound.

    Else each of the dozens of times that dlt opens and closes it in a load would end with a checkpoint.
    """
    with pipeline.sql_client() as client:
        _limit_memory(client, MEMORY_LIMIT)
        yield client


def _limit_memory(client: Client, limit: str) -> None:
    if "memory_limit" not in (getattr(client.credentials, "global_config", None) or {}):
        client.execute_sql(f"SET GLOBAL memory_limit = '{limit}'")


@contextmanager
def more_memory(client: Client) -> Iterator[None]:
    """Let DuckDB have more for a while: for what is done once, not with every load."""
    _limit_memory(client, MORE_MEMORY)
    try:
        yield
    finally:
        _limit_memory(client, MEMORY_LIMIT)


def _drop_staging(pipeline: dlt.Pipeline) -> None:
    """Remove dlt's copy of what was merged last: people query this file, and it would carry it twice."""
    with pipeline.sql_client() as client, client.with_staging_dataset():
        if client.has_dataset():
            client.drop_dataset()


def holds_calls(pipeline: dlt.Pipeline) -> bool:
    """Tell if the warehouse was ever loaded."""
    return pipeline.default_schema_name is not None


def count_calls(pipeline: dlt.Pipeline) -> int:
    """Count the calls in the warehouse."""
    if not holds_calls(pipeline):
        return 0
    try:
        with pipeline.sql_client() as client:
            name = client.make_qualified_table_name(tables.CALLS)
            rows = client.execute_sql(f"SELECT count(*) FROM {name}")  # noqa: S608 (a name of ours, quoted)
    except DestinationUndefinedEntity:
        return 0
    return int(rows[0][0]) if rows else 0


def location_of(pipeline: dlt.Pipeline) -> str:
    """Return where the warehouse is, without secrets: the path of the DuckDB file."""
    with pipeline.destination_client() as client:
        return str(getattr(client.config.credentials, "database", client.config))


def state_of(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """Return what dlt remembers for the calls: the cursors."""
    sources: dict[str, Any] = dict(pipeline.state.get("sources", {}))
    state: dict[str, Any] = sources.get("altur", {}).get("resources", {}).get(tables.CALLS, {})
    return state
