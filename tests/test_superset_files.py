"""The dashboard for Superset, without one: its files are those of today, and fit together."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile

import pytest

import altur_calls
from altur_calls.errors import SettingsError
from altur_calls.offline import show_in_superset
from altur_calls.pipeline import run
from altur_calls.superset import dashboard
from altur_calls.superset.charts import CHARTS
from altur_calls.superset.datasets import DATASETS
from altur_calls.superset.files import uri_of
from altur_calls.warehouse.target import Target
from altur_calls.yaml_text import yaml_of
from common import Cli

PACKAGE = Path(altur_calls.__file__).parent
BUNDLE = PACKAGE / "superset" / "bundle"
ANYWHERE = PurePosixPath("/path/to/altur_calls.published.duckdb")


@pytest.fixture(autouse=True)
def publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish what is loaded, as runs do."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")


def texts(folder: Path) -> dict[str, str]:
    """Return the files of a folder by their paths in it."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_files_in_the_package_are_those_of_today(settings: dict[str, Any], tmp_path: Path) -> None:
    """Renew them with: make docs."""
    run(Target(), **settings)

    show_in_superset(Target().published(), tmp_path / "bundle", ANYWHERE)

    assert texts(tmp_path / "bundle") == texts(BUNDLE), "the files are stale: make docs"


def test_the_uri_is_the_one_documented() -> None:
    """On the page that people copy it from."""
    assert uri_of(ANYWHERE) in (PACKAGE / "docs" / "bi" / "superset.md").read_text()


def test_no_path_takes_the_place_of_the_settings() -> None:
    """What is after the first question mark would be taken for them, and the file be opened for writing."""
    with pytest.raises(SettingsError, match="question mark"):
        uri_of(PurePosixPath("/data/sure?/calls.duckdb"))


def test_the_command_writes_an_archive(cli: Cli, tmp_path: Path) -> None:
    """For the published file where it is, or where it is said to be; what to do with it is told beside."""
    assert cli("run").returncode == 0

    told = cli("superset")
    cli("superset", "--path", "/data/calls.duckdb", "--output", "elsewhere/there.zip")

    assert told.stdout.split() == ["altur_calls.superset.zip"]
    uris = [uri_of(tmp_path / "altur_calls.published.duckdb"), uri_of(PurePosixPath("/data/calls.duckdb"))]
    assert uris[0] in told.stderr
    for archive, uri in zip(["altur_calls.superset.zip", "elsewhere/there.zip"], uris, strict=True):
        with ZipFile(tmp_path / archive) as opened:
            assert len(opened.namelist()) == len(texts(BUNDLE))
            assert uri in opened.read("altur_calls/databases/altur_calls.yaml").decode()


def test_before_anything_is_published_the_command_says_so(cli: Cli) -> None:
    """There is nothing to describe."""
    refused = cli("superset")

    assert refused.returncode == 74
    assert "altur-calls run" in refused.stderr


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_what_its_dataset_has(name: str) -> None:
    """Columns of tables, computed ones, and metrics."""
    dataset, query = CHARTS[name].dataset, CHARTS[name].query
    columns = {column for columns in dataset.columns.values() for column in columns} | set(dataset.computed)

    assert dataset in DATASETS
    assert set(query["columns"]) <= columns
    assert set(query["metrics"]) <= {metric.name for metric in dataset.metrics}


def test_every_chart_lies_somewhere_and_every_row_is_full() -> None:
    """Superset's rows are twelve columns wide."""
    placed = [name for _, widths in dashboard.LAYOUT for name in widths]

    assert sorted(placed) == sorted(CHARTS)
    assert {sum(widths.values()) for _, widths in dashboard.LAYOUT} == {12}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": "x: y"}, 'a: 1\nb: "x: y"\n'),
        ({"a": {"b": [True, None]}}, "a:\n  b:\n    - true\n    - null\n"),
        ({"a": [], "b": {}}, "a: []\nb: {}\n"),
        ({"sql": "SELECT\n    1"}, "sql: |-\n  SELECT\n      1\n"),
        ([{"a": 1, "b": [2]}], "- a: 1\n  b:\n    - 2\n"),
    ],
)
def test_a_value_is_written_as_yaml(value: Any, text: str) -> None:
    """As people write it."""
    assert yaml_of(value) == text
