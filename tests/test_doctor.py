"""An installation is examined: what is wrong is found, and nothing secret told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from altur_calls.monitoring import doctor
from altur_calls.monitoring.doctor import Diagnosis, examine
from altur_calls.pipeline import publish, run
from altur_calls.publishing.places import settings_of
from altur_calls.warehouse.target import Target
from altur_sandbox import Sandbox
from common import KEY, Cli

Fields = dict[str, Any]


def wrong(diagnosis: Diagnosis) -> dict[str, str]:
    return {finding.name: finding.told for finding in diagnosis.findings if not finding.is_good}


def test_where_all_is_well_nothing_is_wrong(settings: Fields) -> None:
    """Before the first run, and after it."""
    assert wrong(examine(Target(), **settings)) == {}

    run(Target(), **settings)
    publish(Target(), settings_of())

    found = {finding.name: finding.told for finding in examine(Target(), **settings).findings}
    assert found["key"] == "the API accepts it"
    assert (found["campaign 1"], found["campaign 2"]) == ("reachable: 0 calls", "reachable: 3 calls")
    assert found["clock"] == "as the API's"
    assert found["format of published file"].startswith("DuckDB 1.0 and all later ones can open it")
    assert "dlt " in found["versions"]


def test_a_setting_that_is_misspelt_is_told_with_what_is_likely_meant(cli: Cli, tmp_path: Path) -> None:
    """By a run, too, which goes on without it. What dlt itself may read is left alone."""
    (tmp_path / ".dlt").mkdir()
    config = "[sources.altur]\nstart_daet = 'x'\nschema_contract = 'evolve'\n[publishing]\nparqet = true\n"
    (tmp_path / ".dlt" / "config.toml").write_text(config)
    told = [
        "start_daet under [sources.altur] is no setting. Is start_date meant?",
        "SOURCES__ALTUR__TIMEZON is no setting. Is SOURCES__ALTUR__TIMEZONE meant?",
        "parqet under [publishing] is no setting. Is parquet meant?",
    ]

    examined = cli("doctor", "--json", SOURCES__ALTUR__TIMEZON="UTC")
    ran = cli("run", SOURCES__ALTUR__TIMEZON="UTC")

    assert (examined.returncode, ran.returncode) == (6, 0)
    findings = json.loads(examined.stdout)["findings"]
    assert [finding["told"] for finding in findings if finding["name"] == "misspelt"] == told
    assert ran.stderr.splitlines() == [f"altur-calls: {slip}" for slip in told]


def test_each_setting_is_told_with_where_it_is_from_and_no_secret(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The environment, a file, or nowhere."""
    (tmp_path / ".dlt").mkdir()
    config = "[sources.altur]\nmax_window_calls = 77\n[publishing]\nparquet = true\n"
    (tmp_path / ".dlt" / "config.toml").write_text(config)

    done = cli("doctor", "--json")

    told = json.loads(done.stdout)
    found = {setting["name"]: (setting["value"], setting["source"]) for setting in told["settings"]}
    assert done.returncode == 0
    assert found["api_key"] == ("***", "Environment Variables")
    assert found["base_url"] == (sandbox.url, "Environment Variables")
    assert found["max_window_calls"][0] == "77"
    assert found["max_window_calls"][1].endswith("config.toml")
    assert found["publishing.parquet"][0] == "True"
    assert found["timeout_seconds"] == ("60.0", "default")
    assert KEY not in done.stdout + done.stderr + cli("doctor").stdout


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["for people", "for machines"])
def test_a_password_in_the_url_is_not_told(cli: Cli, options: tuple[str, ...]) -> None:
    """Nor where another setting is wrong, and the source never came to read this one."""
    url = "https://somebody:hunter2@127.0.0.1:9/api"

    done = cli("doctor", *options, SOURCES__ALTUR__BASE_URL=url, SOURCES__ALTUR__MAX_WINDOW_CALLS="many")

    assert "https://127.0.0.1:9/api" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changed", "name", "told"),
    [
        ({"api_key": "wrong"}, "key", "answered 401"),
        ({"campaign_ids": [1, 99]}, "campaign 99", "no such campaign"),
        ({"base_url": "http://127.0.0.1:9", "retry_for_seconds": 0.1}, "API", "nobody answers"),
        ({"campaign_ids": "x"}, "settings", "'x', which is no campaign id"),
    ],
)
def test_what_the_api_or_a_setting_lacks_is_found(
    settings: Fields, changed: Fields, name: str, told: str
) -> None:
    """By the message that a run would end with."""
    found = wrong(examine(Target(), **{**settings, **changed}))

    assert found.keys() == {name}
    assert told in found[name]


@pytest.mark.parametrize(
    ("ahead", "told"), [(300, "300 s behind the API's"), (-300, "300 s ahead of the API's")]
)
def test_a_clock_that_is_wrong_is_found(ahead: float, told: str) -> None:
    """Windows end now, by the clock of this machine."""
    finding = doctor.of_clock(ahead)

    assert not finding.is_good
    assert finding.told.startswith(told)


@pytest.mark.usefixtures("once_loaded")
def test_a_warehouse_that_was_deleted_is_found(settings: Fields, tmp_path: Path) -> None:
    """It is not one that is yet to be made."""
    run(Target(), **settings)
    (tmp_path / "altur_calls.duckdb").unlink()

    (wrong,) = [found for found in examine(Target(), **settings).findings if not found.is_good]

    assert (wrong.name, "everything from the beginning" in wrong.told) == ("warehouse", True)


def test_a_file_that_is_no_warehouse_is_found(settings: Fields, tmp_path: Path) -> None:
    """Damaged, or somebody's own."""
    (tmp_path / "altur_calls.duckdb").write_bytes(b"something else" * 1_000)

    assert "can't use the warehouse" in wrong(examine(Target(), **settings))["warehouse"]


def test_a_file_of_a_newer_format_is_found(settings: Fields, tmp_path: Path) -> None:
    """Somebody's tool wrote it; today's BI tools can't read it."""
    with duckdb.connect() as connection:
        path = tmp_path / "altur_calls.duckdb"
        connection.execute(f"ATTACH '{path}' AS newer (STORAGE_VERSION 'v1.5.0')")
        connection.execute("CREATE TABLE newer.main.x AS SELECT 1")

    told = wrong(examine(Target(), **settings))["format of warehouse"]
    assert "BI tools with an older DuckDB can't open it" in told


def test_a_disk_that_is_nearly_full_is_found(settings: Fields, monkeypatch: pytest.MonkeyPatch) -> None:
    """While there is still room for a run."""
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 10**18)

    found = wrong(examine(Target(), **settings))

    assert found.keys() == {"disk of warehouse", "disk of published file", "disk of dlt's folder"}
    assert "make room" in found["disk of warehouse"]


def test_a_folder_that_a_run_could_not_write_is_found(
    settings: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warehouse's must be there; dlt's and that of what is published a run makes, where it may."""
    (tmp_path / "a_file").touch()
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    monkeypatch.setenv("PUBLISHING__FOLDER", str(tmp_path / "a_file"))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "a_file"))

    found = wrong(examine(Target(credentials=str(tmp_path / "nowhere" / "calls.duckdb")), **settings))

    assert found.keys() == {"folder of warehouse", "folder of published file", "folder of dlt"}
    assert f"{tmp_path / 'nowhere'} is not there" in found["folder of warehouse"]
    assert "Not a directory" in found["folder of dlt"]


def test_a_folder_that_a_run_would_make_is_not_wrong(
    settings: Fields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an examination makes none."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "new" / "dlt"))

    assert wrong(examine(Target(), **settings)) == {}
    assert not (tmp_path / "new" / "dlt" / "pipelines" / "altur_calls.lock").exists()


def test_a_setting_of_another_section_is_examined_too(cli: Cli) -> None:
    """And all else is told besides."""
    done = cli("doctor", "--json", PUBLISHING__ENABLED="perhaps")

    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 6
    assert "set PUBLISHING__ENABLED=" in found["publishing"]["told"]
    assert [name for name in found if not found[name]["is_good"]] == ["publishing"]


@pytest.mark.usefixtures("once_loaded")
def test_it_can_be_asked_while_a_run_is_under_way(settings: Fields) -> None:
    """The run is what has the warehouse open."""
    with Target().opened():
        found = {finding.name: finding for finding in examine(Target(), **settings).findings}

    assert found["lock"].told == "a run is under way"
    assert found["warehouse"].is_good


def test_the_command_ends_with_6_where_something_is_wrong(cli: Cli) -> None:
    """And says what, in the words of a run."""
    done = cli("doctor", SOURCES__ALTUR__API_KEY="wrong")

    assert done.returncode == 6
    assert "  WRONG  key" in done.stdout
    assert done.stdout.endswith("1 wrong.\n")
