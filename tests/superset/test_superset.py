"""The dashboard in a real Apache Superset: imported, compared with SQL, filtered, up while loads go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from expected import EXPECTED
from server import USER, WHY_NOT, Row, Superset, served

from altur_calls.publishing.readers import reading
from altur_calls.superset.charts import CHARTS, DOZEN
from altur_sandbox import Sandbox, SeededWorld
from common import COMMAND, KEY

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=str(WHY_NOT))

PREVENTIVE, CARDS = "Cobranza preventiva", "Promoción tarjeta de tienda"
FEW, ALL = "[1101, 1102]", '"all"'
PRECISION = 1e-9
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Place:
    """A folder that calls are loaded into, from a sandbox."""

    folder: Path
    sandbox: Sandbox

    @property
    def published(self) -> Path:
        """The file that readers open."""
        return self.folder / "altur_calls.published.duckdb"

    def command(self, *arguments: str, campaigns: str = ALL) -> None:
        """Run a command in a process of its own."""
        environment = {
            "DLT_DATA_DIR": str(self.folder / "dlt"),
            "PUBLISHING__ENABLED": "true",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCES__ALTUR__API_KEY": KEY,
            "SOURCES__ALTUR__BASE_URL": self.sandbox.url,
            "SOURCES__ALTUR__CAMPAIGN_IDS": campaigns,
            "SOURCES__ALTUR__REQUESTS_PER_SECOND": "1000",
        }
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what is published, by SQL."""
        with reading(self.published) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Load two of the four campaigns, and make the archive to import."""
    with Sandbox(SeededWorld(scale=0.1), key=KEY, requests_per_second=None) as sandbox:
        place = Place(tmp_path_factory.mktemp("with a space"), sandbox)
        place.command("run", campaigns=FEW)
        place.command("superset")
        yield place


@pytest.fixture(scope="module")
def superset(place: Place) -> Iterator[Superset]:
    """Run Superset with the dashboard imported."""
    with served() as superset:
        archive = place.folder / "altur_calls.superset.zip"
        superset.bring("/api/v1/dashboard/import/", "formData", archive)
        yield superset


# The numbers. ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_shows_what_sql_says(name: str, superset: Superset, place: Place) -> None:
    """Of the published file, from other tables wherever there are others."""
    assert_shown(name, superset.chart(CHARTS[name].title), place.rows(EXPECTED[name].format(which="TRUE")))


@pytest.mark.parametrize("name", [name for name in CHARTS if name != "publication"])
def test_a_chart_shows_what_the_filters_leave(name: str, superset: Superset, place: Place) -> None:
    """One campaign, and its calls of some days, if the chart is one of days."""
    ((first, last),) = place.rows("SELECT min(local_date), max(local_date) FROM analytics.calls")
    since, until = (f"{day}" for day in (first + timedelta(days=9), last - timedelta(days=9)))
    which = f"campaign_name = '{PREVENTIVE}'"
    if CHARTS[name].dataset.has_days:
        which += f" AND local_date >= DATE '{since}' AND local_date < DATE '{until}'"

    shown = superset.filtered_chart(CHARTS[name].title, [PREVENTIVE], (since, until))

    assert_shown(name, shown, place.rows(EXPECTED[name].format(which=which)))


def assert_shown(name: str, shown: list[Row], expected: list[tuple[Any, ...]]) -> None:
    """Compare rows in any order. In a ranking are those with the largest numbers, whichever of equal ones."""
    found = sorted(map(without_clock, shown), key=texts_of)
    if CHARTS[name].query["row_limit"] == DOZEN:
        largest = sorted((number for _, number in expected), reverse=True)[:DOZEN]
        assert sorted((number for _, number in found), reverse=True) == pytest.approx(largest, rel=PRECISION)
        expected = [row for row in expected if row[0] in dict(found)]
    assert found == [about(row) for row in sorted(expected, key=texts_of)]


def about(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what is equal to a row whose numbers were added up in another order."""
    return tuple(
        value if isinstance(value, str | bool) else pytest.approx(value, rel=PRECISION) for value in row
    )


def without_clock(row: Row) -> tuple[Any, ...]:
    """Return the values of a row, but for those that the clock moves."""
    return tuple(value for name, value in row.items() if name != "hours_behind")


def texts_of(row: tuple[Any, ...]) -> list[str]:
    """Return what tells a row from others: its texts and whole numbers."""
    return [str(int(value) if isinstance(value, int | float) else value) for value in row]


# Loads while it is up. ---------------------------------------------------------------------------------


def test_a_load_shows_at_once(superset: Superset, place: Place) -> None:
    """Nothing is restarted, and what Superset has read holds up no load."""
    place.command("run", campaigns=FEW)
    (before,) = superset.chart("Calls")

    place.command("run", campaigns=ALL)

    (after,) = superset.chart("Calls")
    assert after["total_calls"] > before["total_calls"]
    assert [(after["total_calls"],)] == place.rows("SELECT calls FROM analytics.publication")
    campaigns = {row["campaign_name"] for row in superset.chart("Campaigns")}
    assert [(len(campaigns),)] == place.rows("SELECT count(*) FROM analytics.campaigns")


def test_a_dashboard_brought_again_replaces_the_one_there_was(superset: Superset, place: Place) -> None:
    """With the file that it reads, through the door for all that is kept in files."""
    elsewhere = Path(shutil.copy(place.published, place.folder / "elsewhere.duckdb"))
    calls = superset.chart("Calls")
    shown = place.folder / "again.zip"

    place.command("superset", "--path", str(elsewhere), "--output", str(shown))
    superset.bring("/api/v1/assets/import/", "bundle", shown)
    files = superset.run_sql("PRAGMA database_list").json()["data"]
    superset.bring("/api/v1/assets/import/", "bundle", place.folder / "altur_calls.superset.zip")

    assert [row["file"] for row in files] == [str(elsewhere)]
    assert superset.chart("Calls") == calls


# What nobody can do. -----------------------------------------------------------------------------------

OUT_OF_REACH = "LocalFileSystem has been disabled"
LOCKED = "configuration has been locked"
NO_CHANGES = "does not allow for DDL/DML"


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", OUT_OF_REACH),
        ("SELECT * FROM read_text('{working}')", OUT_OF_REACH),
        ("SELECT * FROM glob('/*')", OUT_OF_REACH),
        ("ATTACH '{working}' AS working", OUT_OF_REACH),
        ("COPY analytics.calls TO '{folder}/calls.csv'", OUT_OF_REACH),
        ("COPY (SELECT 1) TO '{published}' (USE_TMP_FILE false)", OUT_OF_REACH),
        ("COPY (SELECT 1) TO '{published}.wal'", OUT_OF_REACH),
        ("INSTALL httpfs", OUT_OF_REACH),
        ("LOAD httpfs", "Loading external extensions is disabled"),
        ("SET enable_external_access = true", LOCKED),
        ("SET lock_configuration = false", LOCKED),
        ("SET allowed_configs = ['memory_limit']", LOCKED),
        ("SET profiling_output = '{folder}/profile'", LOCKED),
        ("SET disabled_filesystems = ''", "it cannot be re-enabled"),
        ("CREATE TABLE analytics.mine AS SELECT 1", NO_CHANGES),
        ("DROP TABLE analytics.calls", NO_CHANGES),
        ("DELETE FROM analytics.calls", NO_CHANGES),
    ],
)
def test_sql_lab_refuses(sql: str, answer: str, superset: Superset, place: Place) -> None:
    """By the URI in the archive, whatever the rights of who asks: this is an admin."""
    named = {
        "working": place.folder / "altur_calls.duckdb",
        "published": place.published,
        "folder": place.folder,
    }
    before = sorted(place.folder.iterdir())

    refused = superset.run_sql(sql.format(**named))

    assert not refused.ok
    assert answer in refused.json()["errors"][0]["message"]
    assert sorted(place.folder.iterdir()) == before
    assert superset.run_sql("SELECT count(*) AS calls FROM analytics.calls").json()["data"] == [
        {"calls": place.rows("SELECT count(*) FROM analytics.calls")[0][0]}
    ]


def test_an_admin_who_allows_changes_can_make_none(superset: Superset) -> None:
    """Superset's own switch is not all that keeps the file as it is."""
    database = f"/api/v1/database/{superset.id_of('database', 'database_name')}"
    superset.put(database, {"allow_dml": True})
    try:
        refused = superset.run_sql("DROP TABLE analytics.calls")
    finally:
        superset.put(database, {"allow_dml": False})

    assert "read-only mode" in refused.json()["errors"][0]["message"]


# On the screen. ----------------------------------------------------------------------------------------


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_shows_the_numbers(superset: Superset, place: Place, tmp_path: Path) -> None:
    """As a browser draws it, which asks by the settings of the charts and not by their queries."""
    page = drawn(f"{superset.url}/superset/dashboard/altur-calls/?standalone=1&user={USER}", tmp_path)

    ((calls, rate),) = place.rows("SELECT count(*), avg(is_answered::INTEGER) FROM analytics.calls")
    assert f">{calls:,}<" in page
    assert f">{rate:.1%}<" in page
    for chart in CHARTS.values():
        assert f">{chart.title}<" in page
    for name, campaign_calls in place.rows("SELECT campaign_name, calls FROM analytics.campaigns"):
        assert f">{name}<" in page
        assert f">{campaign_calls:,}<" in page
    assert "Unexpected error" not in page


def drawn(url: str, folder: Path) -> str:
    """Return a page as it is once its scripts have nothing more to do."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--dump-dom"]
    size_and_time = ["--window-size=1440,2200", "--virtual-time-budget=60000"]
    done = subprocess.run(
        [str(CHROMIUM), *options, *size_and_time, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout
