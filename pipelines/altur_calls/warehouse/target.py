"""Where calls are loaded to: a dlt pipeline and its warehouse, opened by one run at a time."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import duckdb
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.destinations.sql_client import SqlClientBase

from altur_calls import settings, tables
from altur_calls.analytics.views import SCHEMA
from altur_calls.errors import Busy, SettingsError, WarehouseError
from altur_calls.failures import holder_of, translated
from altur_calls.publishing.places import settings_of
from altur_calls.warehouse.lock import is_held, only_run
from altur_calls.warehouse.recovery import forget_future, forget_merged, forget_unfinished
from altur_calls.warehouse.versions import refuse

NAME = "altur_calls"
BOUNDS = {"memory_limit": "160MB", "threads": 1, "allocator_flush_threshold": "16MB"}
"""Of DuckDB, unless dlt is configured otherwise (``DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG``).

What a load brings is too little to share out: with more threads one works, while the other turns round and
round in wait for it, and asks for Python's lock each time. And what its allocator has free is given back
sooner than by default."""

MORE_MEMORY = "1GB"

LOCK_POLL_SECONDS = 0.2

DUCKDB = "dlt.destinations.duckdb"

Client = SqlClientBase[Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """A pipeline by its name. It loads into DuckDB, by default ``<name>.duckdb`` in the working directory."""

    name: str = NAME
    credentials: str | None = None
    """Path of the DuckDB file; by default what dlt is configured to."""

    @contextmanager
    def opened(self, *, loads: bool = True) -> Iterator[tuple[dlt.Pipeline, Client]]:
        """Yield the pipeline, locked, knowing what its warehouse knows and nothing else; the warehouse, open.

        dlt's working folder is removed first, and state and schemas come back from the warehouse, the only
        truth. So whatever an earlier run left behind is gone: a package that was begun (loading it again may
        double its rows), a half-written file, the cursors or the path of another warehouse. A chunk that
        was not committed is read again. Without ``loads`` the folder stays as it is, with what dlt tells of
        the last load, and another is used for the while.

        Raises:
            Busy: if another run holds the lock.
            WarehouseError: if a newer release wrote the warehouse, or one too old.

        """
        folder = Path(get_dlt_pipelines_dir())
        with translated(), only_run(folder, self.name), ExitStack() as stack:
            if not loads:
                folder = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
            pipeline = self._fresh(folder)
            with _kept_open(_usable(Path(location_of(pipeline)))):
                pipeline.sync_destination()
                refuse(version_of(pipeline))
                if holds_calls(pipeline) and forget_future(pipeline):
                    pipeline = self._fresh(folder)
                    pipeline.sync_destination()
                client = stack.enter_context(_open(pipeline))
            yield pipeline, client
            if holds_calls(pipeline):
                forget_unfinished(pipeline)
            forget_merged(client)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection to the warehouse that can't write.

        Raises:
            Busy: if a run is writing.
            WarehouseError: if nothing was loaded yet, or another program is writing.

        """
        with self._connected(read_only=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection to the warehouse, locked against runs.

        Raises:
            Busy: if a run holds the lock.
            WarehouseError: if nothing was loaded yet, or another program holds the file.

        """
        with (
            translated(),
            only_run(Path(get_dlt_pipelines_dir()), self.name),
            self._connected(read_only=False) as connection,
        ):
            yield connection

    @contextmanager
    def _connected(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        path = self.existing()
        try:
            with translated(), self._connection(path, read_only=read_only) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                yield connection
        except duckdb.CatalogException as error:
            raise WarehouseError(
                f"{path} lacks a table or view: {str(error).splitlines()[0]} altur-calls run makes them."
            ) from error

    def _connection(self, path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(path, read_only=read_only)
        except duckdb.IOException as error:
            if read_only and holder_of(error) and is_held(Path(get_dlt_pipelines_dir()), self.name):
                raise Busy(f"A run has {path} open to write. Ask again when it has ended.") from error
            raise

    def published(self) -> Path:
        """Return where readers find what is loaded: the path of the published database."""
        return settings_of().database(self.file())

    def file(self) -> Path:
        """Return the path of the warehouse as it is configured now, not as dlt knows it from another time."""
        # In a folder of its own also because that of the pipeline may be a run's now, and dlt writes to it.
        with translated(), TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return _usable(Path(location_of(self._pipeline(pipelines_dir=folder))))

    def existing(self) -> Path:
        """Return the same, if it is there: else whoever opens it would make it.

        Raises:
            WarehouseError: if it is not.

        """
        path = self.file()
        if not path.exists():
            raise nothing_in(path)
        return path

    def _fresh(self, folder: Path) -> dlt.Pipeline:
        shutil.rmtree(folder / self.name, ignore_errors=True)
        return self._pipeline(pipelines_dir=str(folder))

    def _pipeline(self, **where: Any) -> dlt.Pipeline:
        made: dlt.Pipeline = dlt.pipeline(
            self.name, destination=self._destination(), dataset_name=tables.DATASET, **where
        )
        return made

    def _destination(self) -> Any:
        return dlt.destinations.duckdb(self.credentials) if self.credentials else dlt.destinations.duckdb()


def _usable(path: Path) -> Path:
    """Return the path of a warehouse, unless DuckDB would take its name for that of a schema in it.

    Raises:
        SettingsError: if it would.

    """
    if path.stem.lower() in {tables.DATASET, SCHEMA}:
        raise SettingsError(
            f"{path} can't be a warehouse: it has a schema {path.stem}. Name the file otherwise."
        )
    return path


@contextmanager
def _kept_open(path: Path) -> Iterator[None]:
    """Open the file of a warehouse, if there is one, and keep it open: dlt opens and closes it several times.

    Waits, for a bounded time, until no other program has it open; none comes in between then.

    Raises:
        duckdb.IOException: if one has it open still; it names it.

    """
    deadline, told = time.monotonic() + settings.LOCK_PATIENCE_SECONDS, ""
    with ExitStack() as stack:
        while path.exists():
            try:
                stack.enter_context(duckdb.connect(path))
                break
            except duckdb.IOException as error:
                who = holder_of(error)
                if not who or time.monotonic() > deadline:
                    raise
                if who != told:
                    logger.warning("%s is held open by %s: waiting for it.", path, who)
                told = who
                time.sleep(LOCK_POLL_SECONDS)
        yield


@contextmanager
def _open(pipeline: dlt.Pipeline) -> Iterator[Client]:
    """Keep the warehouse open, and what DuckDB holds of it in memory within a bound.

    Else each of the dozens of times that dlt opens and closes it in a load would end with a checkpoint.
    """
    with pipeline.sql_client() as client:
        _set(client, BOUNDS)
        yield client


@contextmanager
def more_memory(client: Client) -> Iterator[None]:
    """Let DuckDB have more than a load needs, for a while, and all processors: for what is done once."""
    query = "SELECT current_setting('memory_limit'), current_setting('threads')"
    ((memory, threads),) = client.execute_sql(query) or (("", 0),)
    if not memory.endswith(("KiB", "MiB")):
        yield
        return
    _set(client, {"memory_limit": MORE_MEMORY, "threads": os.cpu_count()})
    try:
        yield
    finally:
        _set(client, {"memory_limit": memory, "threads": threads})


def _set(client: Client, options: Mapping[str, Any]) -> None:
    """Set options of DuckDB, but for those that dlt is configured to set."""
    configured = getattr(client.credentials, "global_config", None) or {}
    for name in options.keys() - configured.keys():
        client.execute_sql(f"SET GLOBAL {name} = %s", options[name])


def destination_of(pipeline: dlt.Pipeline) -> str:
    """Return the kind of a pipeline's destination, as dlt names it; empty without one."""
    return pipeline.destination.destination_type if pipeline.destination else ""


def nothing_in(path: object) -> WarehouseError:
    """Return what to say of a warehouse that was never loaded."""
    return WarehouseError(
        f"Nothing is loaded yet in {path}: altur-calls run comes first. "
        "What run --demo loaded is asked for with --demo."
    )


def holds_calls(pipeline: dlt.Pipeline) -> bool:
    """Tell if the warehouse was ever loaded."""
    return pipeline.default_schema_name is not None


def count_rows(client: Client, table: str) -> int:
    """Count the rows of a table in the warehouse; none if it was not made yet."""
    try:
        name = client.make_qualified_table_name(table)
        rows = client.execute_sql(f"SELECT count(*) FROM {name}")  # noqa: S608 (a name of ours, quoted)
    except DestinationUndefinedEntity:
        return 0
    return int(rows[0][0]) if rows else 0


def location_of(pipeline: dlt.Pipeline) -> str:
    """Return where the warehouse is, without secrets: the path of the DuckDB file."""
    config = pipeline.destination_client().config
    return str(getattr(config.credentials, "database", config))


def state_of(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """Return what dlt remembers for the calls: the cursors."""
    sources: dict[str, Any] = dict(pipeline.state.get("sources", {}))
    state: dict[str, Any] = sources.get("altur", {}).get("resources", {}).get(tables.CALLS, {})
    return state


def version_of(pipeline: dlt.Pipeline) -> int:
    """Return the version of the tables in the warehouse; today's where there are none yet."""
    return int(state_of(pipeline).get("tables", tables.VERSION))
