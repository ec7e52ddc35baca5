"""A real Apache Superset, in the environment that ``make test-superset`` made for it, and its REST API."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

HERE = Path(__file__).parent
PLACE = Path(sys.prefix, "superset")
REQUIREMENTS = HERE.parent / "requirements-superset.txt"
CONFIG = HERE / "superset_config.py"

WHY_NOT = (
    "Superset's requirements have no packages for Python 3.13 and newer"
    if sys.version_info >= (3, 13)
    else None
    if (PLACE / "installed").exists()
    else f"{PLACE} is missing: make test-superset installs it"
)
"""Why it can't be started here."""

USER, PASSWORD = "admin", "admin"
NEW_SECONDS, START_SECONDS, ANSWER_SECONDS = 300, 120, 60
POLL_SECONDS = 0.2

Json = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Superset:
    """A server that runs, and a session of its admin."""

    url: str
    session: requests.Session
    log: Path

    def get(self, path: str, **parameters: str) -> Json:
        """Return what it answers."""
        return self._answered(
            self.session.get(f"{self.url}{path}", params=parameters, timeout=ANSWER_SECONDS)
        )

    def post(self, path: str, body: Json) -> Json:
        """Return what it answers."""
        return self._answered(self.session.post(f"{self.url}{path}", json=body, timeout=ANSWER_SECONDS))

    def put(self, path: str, body: Json) -> Json:
        """Return what it answers."""
        return self._answered(self.session.put(f"{self.url}{path}", json=body, timeout=ANSWER_SECONDS))

    def bring(self, path: str, field: str, archive: Path) -> Json:
        """Upload an archive to be imported."""
        with archive.open("rb") as opened:
            files, form = {field: (archive.name, opened)}, {"overwrite": "true"}
            url = f"{self.url}{path}"
            return self._answered(self.session.post(url, files=files, data=form, timeout=ANSWER_SECONDS))

    def run_sql(self, sql: str) -> requests.Response:
        """Run a query in SQL Lab."""
        body = {"database_id": self.id_of("database", "database_name"), "sql": sql, "runAsync": False}
        return self.session.post(f"{self.url}/api/v1/sqllab/execute/", json=body, timeout=ANSWER_SECONDS)

    def id_of(self, kind: str, field: str, name: str | None = None) -> int:
        """Return the number of a thing that has this name, or of the only one there is."""
        found = self.get(f"/api/v1/{kind}/", q="(page_size:100)")["result"]
        (number,) = (thing["id"] for thing in found if name in {None, thing[field]})
        return int(number)

    def chart(self, title: str) -> list[Row]:
        """Return the rows that a chart shows, by its own query."""
        number = self.id_of("chart", "slice_name", title)
        return self._rows(self.get(f"/api/v1/chart/{number}/data/", force="true"))

    def filtered_chart(self, title: str, campaigns: Sequence[str], days: tuple[str, str] | None) -> list[Row]:
        """Return the rows that a chart shows under the filters of the dashboard."""
        number = self.id_of("chart", "slice_name", title)
        context = json.loads(self.get(f"/api/v1/chart/{number}")["result"]["query_context"])
        (query,) = context["queries"]
        for asked in query["filters"]:
            if asked["op"] == "TEMPORAL_RANGE" and days:
                asked["val"] = " : ".join(days)
        query["filters"].append({"col": "campaign_name", "op": "IN", "val": list(campaigns)})
        return self._rows(self.post("/api/v1/chart/data", {**context, "force": True}))

    def _answered(self, response: requests.Response) -> Json:
        told = (
            response.json() if "json" in response.headers["Content-Type"] else self.log.read_text()[-20000:]
        )
        assert response.ok, f"{response.url}: {response.status_code} {told}"
        answer: Json = response.json()
        return answer

    @staticmethod
    def _rows(answer: Json) -> list[Row]:
        (result,) = answer["result"]
        assert result["status"] == "success", result
        rows: list[Row] = result["data"]
        return rows


@contextmanager
def served() -> Iterator[Superset]:
    """Run a server that knows nothing yet but its admin."""
    with tempfile.TemporaryDirectory(prefix="superset") as name:
        folder = Path(name)
        shutil.copy(_metadata(), folder / "metadata.db")
        with (folder / "log").open("w") as log:
            command = [
                *(PLACE / "bin" / "gunicorn", "superset.app:create_app()", "--bind", "127.0.0.1:0"),
                *("--threads", "8", "--timeout", str(START_SECONDS)),
            ]
            server = subprocess.Popen(command, cwd=folder, env=_environment(folder), stdout=log, stderr=log)
        try:
            yield _entered(_listening(server, folder / "log"), folder / "log")
        finally:
            server.terminate()
            server.wait(timeout=ANSWER_SECONDS)


def _metadata() -> Path:
    """Return the database of a new Superset. To make one takes a minute, so it is kept as long as it fits."""
    told = hashlib.sha256(REQUIREMENTS.read_bytes() + CONFIG.read_bytes()).hexdigest()
    kept = PLACE / f"metadata-{told[:16]}.db"
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="superset", dir=PLACE) as name:
            folder = Path(name)
            named = [f"--{word}={USER}" for word in ("username", "firstname", "lastname")]
            admin = [*named, "--email=admin@example.com", f"--password={PASSWORD}"]
            for arguments in (["db", "upgrade"], ["fab", "create-admin", *admin], ["init"]):
                _do(folder, *arguments)
            (folder / "metadata.db").replace(kept)
    return kept


def _do(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [PLACE / "bin" / "superset", *arguments],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=NEW_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _environment(folder: Path) -> Mapping[str, str]:
    """Return variables by which it finds its settings, and none of the user's."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TZ": "Asia/Tokyo",  # far from UTC, in which numbers are compared
        "FLASK_APP": "superset.app:create_app()",
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(CONFIG),
        "SUPERSET_METADATA": str(folder / "metadata.db"),
    }


def _listening(server: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until it answers, and return its URL: it chose its port, and told it in its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"Listening at: (http://\S+)", log.read_text()):
            try:
                if requests.get(f"{found[1]}/health", timeout=ANSWER_SECONDS).ok:
                    return found[1]
            except requests.ConnectionError:
                pass
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"Superset does not answer:\n{log.read_text()}")


def _entered(url: str, log: Path) -> Superset:
    superset = Superset(url, requests.Session(), log)
    who = {"username": USER, "password": PASSWORD, "provider": "db"}
    token = superset.post("/api/v1/security/login", who)["access_token"]
    superset.session.headers["Authorization"] = f"Bearer {token}"
    return superset
