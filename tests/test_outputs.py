"""No command writes its output over what was loaded or published, whatever name it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from altur_calls.errors import SettingsError
from altur_calls.outputs import spare_data
from common import Cli
from warehouse import Warehouse

WORKING, PUBLISHED = "altur_calls.duckdb", "altur_calls.published.duckdb"
SET = Path("altur_calls.parquet")

WRITERS = {
    "sql": ("sql", "SELECT 1 AS one", "--format", "csv"),
    "dashboard": ("dashboard",),
    "superset": ("superset",),
    "docs": ("docs",),
}


@pytest.fixture(autouse=True)
def once_published(loaded: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch, inside: Cli) -> None:
    """Let the world have been loaded and published, as Parquet too."""
    loaded(is_published=True)
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    assert inside("publish", "--parquet").returncode == 0


def contents() -> dict[str, bytes]:
    found = (path for path in Path().rglob("*") if path.is_file() and "dlt" not in path.parts)
    return {str(path): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", [WORKING, PUBLISHED])
@pytest.mark.parametrize("command", ["sql", "dashboard"])
def test_a_database_is_not_written_over(inside: Cli, command: str, name: str) -> None:
    """The warehouse can be had again from the API only, and who reads the other would see it gone."""
    before = contents()

    done = inside(*WRITERS[command], "--output", name)

    assert (done.returncode, contents()) == (78, before)
    assert f"{name} is a DuckDB database, and was left as it is. Name another" in done.stderr


@pytest.mark.parametrize("command", ["sql", "dashboard", "superset"])
def test_nor_is_one_that_a_link_leads_to(inside: Cli, command: str) -> None:
    """Where links lead to is written to."""
    Path("link.zip").symlink_to(WORKING)
    before = contents()

    done = inside(*WRITERS[command], "--output", "link.zip")

    assert (done.returncode, contents()) == (78, before)
    assert "link.zip is a DuckDB database" in done.stderr


@pytest.mark.parametrize(
    ("command", "path"),
    [("sql", SET / "analytics" / "calls.parquet"), ("superset", SET), ("docs", SET)],
    ids=["sql", "superset", "docs"],
)
def test_nothing_is_written_into_the_parquet_files(inside: Cli, command: str, path: Path) -> None:
    """They are of one load, all of them."""
    before = contents()

    done = inside(*WRITERS[command], "--output", str(path))

    assert (done.returncode, contents()) == (78, before)
    assert "is part of the published Parquet files" in done.stderr


def test_nothing_is_written_as_the_log_of_a_database() -> None:
    """DuckDB would take it for what is not yet in the file."""
    with pytest.raises(SettingsError, match="is the log of a DuckDB database"):
        spare_data(Path(f"{PUBLISHED}.wal"))


@pytest.mark.parametrize("command", WRITERS)
def test_what_was_written_before_is_written_again(inside: Cli, command: str) -> None:
    """A query may have given it as Parquet, in a file of somebody's own."""
    output = "mine.parquet" if command in {"sql", "dashboard"} else "mine.zip" if command != "docs" else "."

    assert [inside(*WRITERS[command], "--output", output).returncode for _ in range(2)] == [0, 0]
