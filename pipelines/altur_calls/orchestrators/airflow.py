"""Airflow 3: a DAG that loads what is due, and one whose runs read the day of their data interval again.

``pip install 'altur-calls[airflow]'``, and this in a file among the DAGs, as Airflow looks for such words::

    from altur_calls.orchestrators.airflow import altur_calls, altur_days  # an Airflow DAG each

Settings are those of the command; ``.dlt`` lies beside the DAGs. The task is one of dlt's helper, which loads
in one package whatever is read; runs are kept apart by the lock of the command.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
from airflow.configuration import AIRFLOW_HOME
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.sdk import DAG, CronDataIntervalTimetable, get_current_context
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.extract import DltSource
from dlt.helpers.airflow_helper import PipelineTasksGroup

from altur_calls import tables
from altur_calls.analytics.keeping import build_views
from altur_calls.errors import KeyRefused, SettingsError
from altur_calls.extraction import Extraction
from altur_calls.failures import translated
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.publisher import publish
from altur_calls.source import altur_source
from altur_calls.tally import Tally
from altur_calls.warehouse.lock import only_run
from altur_calls.warehouse.target import NAME

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)

LOCKS = Path(get_dlt_pipelines_dir())
"""Where the command has its lock. The helper gives dlt another folder each time it is asked for a group."""


def what_is_due() -> dict[str, Any]:
    """Return that no span is asked for."""
    return {}


def days_of_the_run() -> dict[str, Any]:
    """Return the data interval of the run that is under way."""
    context = get_current_context()
    since, until = context.get("data_interval_start"), context.get("data_interval_end")
    if since is None or until is None:
        raise AirflowFailException("Trigger it with a logical date, or by: airflow backfill create")
    return {"since": since.isoformat(), "until": until.isoformat()}


def dag_of(name: str, about: str, schedule: Any, span: Callable[[], dict[str, Any]]) -> DAG:
    """Return a DAG of one task, which reads the ``span``, brings up the views, and publishes."""
    with DAG(
        name,
        description=about,
        schedule=schedule,
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 3, "retry_delay": timedelta(minutes=1)},
        tags=[NAME],
    ) as dag:
        group = PipelineTasksGroup("altur", use_data_folder=False)
        pipeline = dlt.pipeline(NAME, destination=destination(), dataset_name=tables.DATASET)
        works: list[Extraction] = []

        def source() -> DltSource:
            works[:] = [Extraction()]
            return altur_source(extraction=works[0], **span())

        (task,) = group.add_run(pipeline, source)
        load = task.python_callable

        def load_alone() -> None:
            try:
                with translated(), only_run(LOCKS, NAME):
                    load()
                    build_views(pipeline)
                    if settings_of().enabled:
                        publish(pipeline)
            except (SettingsError, KeyRefused) as error:  # waiting does not mend it
                raise AirflowFailException(str(error)) from error
            judge(works[0].tally)

        task.python_callable = load_alone
    return dag


def destination() -> Any:
    """Return the DuckDB that dlt is configured to; else one in Airflow's home: the helper's folder goes."""
    if dlt.secrets.get("destination.duckdb.credentials"):
        return dlt.destinations.duckdb()
    return dlt.destinations.duckdb(str(Path(AIRFLOW_HOME) / f"{NAME}.duckdb"))


def judge(tally: Tally) -> None:
    """Fail where the command would end with an exit code: what was read is loaded all the same."""
    if doubts := (*tally.missing, *tally.unproved):
        raise AirflowException(f"incomplete: {'; '.join(doubts)}")  # another try may prove it
    if tally.suspicious:
        raise AirflowFailException(f"suspicious: {'; '.join(tally.suspicious)}")


altur_calls = dag_of(NAME, "Load what is new and what may have changed.", "*/15 * * * *", what_is_due)
altur_days = dag_of(
    "altur_days",
    "Read the calls that were created on a day again.",
    CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    days_of_the_run,
)
