"""The contestants: how each is started, and how its warehouse is read."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server import KEY

HERE = Path(__file__).parent / "contestants"
PYTHON = sys.executable
COMMAND = str(Path(sys.executable).with_name("altur-calls"))


@dataclass(frozen=True)
class Job:
    """What to load where. moment: the present, where it is not the real one."""

    url: str
    campaign_ids: tuple[int, ...]
    folder: Path
    is_limited: bool
    moment: datetime | None

    @property
    def database(self) -> Path:
        """The warehouse."""
        return self.folder / "calls.duckdb"

    @property
    def published(self) -> Path:
        """What altur-calls publishes of it."""
        return self.folder / "calls.published.duckdb"

    @property
    def where(self) -> tuple[str, str, str]:
        """The API: its URL, the key, the campaigns."""
        return self.url, KEY, ",".join(map(str, self.campaign_ids))

    @property
    def environment(self) -> dict[str, str]:
        """Settings, as dlt takes them, and nothing of whoever runs the benchmark."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        pace = {} if self.is_limited else {"SOURCES__ALTUR__REQUESTS_PER_SECOND": "100000"}
        return {
            **inherited,
            **pace,
            "SOURCES__ALTUR__API_KEY": KEY,
            "SOURCES__ALTUR__BASE_URL": self.url,
            "SOURCES__ALTUR__CAMPAIGN_IDS": str(list(self.campaign_ids)),
            "DESTINATION__DUCKDB__CREDENTIALS": str(self.database),
            "DLT_DATA_DIR": str(self.folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }


@dataclass(frozen=True)
class Contestant:
    """An extractor. query: the file with the SELECT that gives its calls."""

    name: str
    command: Callable[[Job], tuple[str, ...]]
    query: str

    @property
    def sql(self) -> str:
        """The SELECT that gives its calls."""
        return (HERE / self.query).read_text(encoding="utf-8")


def _altur_calls(job: Job) -> tuple[str, ...]:
    if job.moment is None:
        return COMMAND, "run"
    return PYTHON, str(HERE / "altur_calls_at.py"), job.moment.isoformat()


def _rest_api(*file_format: str) -> Callable[[Job], tuple[str, ...]]:
    return lambda job: (PYTHON, str(HERE / "rest_api.py"), *job.where, *file_format)


def _by_hand(*days: str) -> Callable[[Job], tuple[str, ...]]:
    return lambda job: (PYTHON, str(HERE / "by_hand.py"), *job.where, str(job.database), *days)


ALTUR_CALLS = Contestant("altur-calls", _altur_calls, "altur_calls.sql")
REST_API = Contestant("rest_api", _rest_api(), "rest_api.sql")
REST_API_PARQUET = Contestant("rest_api-parquet", _rest_api("parquet"), "rest_api.sql")
BY_HAND = Contestant("by-hand", _by_hand(), "by_hand.sql")
BY_HAND_AGAIN = Contestant("by-hand-a-day-again", _by_hand("1"), "by_hand.sql")

ALL = (ALTUR_CALLS, REST_API, REST_API_PARQUET, BY_HAND)
"""Those every workload is for."""
BY_NAME = {contestant.name: contestant for contestant in (*ALL, BY_HAND_AGAIN)}
