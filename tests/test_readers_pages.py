"""The pages about BI tools: what can be tried of them without the tool, DuckDB tries here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

import altur_calls
from altur_calls.pipeline import run
from altur_calls.publishing.readers import reading
from altur_calls.warehouse.target import Target

PAGES = Path(altur_calls.__file__).parent / "docs" / "bi"
SETTINGS = sorted(
    {
        sql
        for page in PAGES.glob("*.md")
        for sql in re.findall(r"```sql\n(SET .*?)```", page.read_text(), re.DOTALL)
    }
)
IN_EACH_CONNECTION, ONCE = sorted(SETTINGS, key=len)

REFUSED = (
    "FROM read_csv('/etc/passwd')",
    "FROM read_text('{published}')",
    "FROM '{folder}/other.csv'",
    "ATTACH '{folder}/other.duckdb' (READ_ONLY)",
    "COPY analytics.calls TO '{folder}/mine.csv'",
    "COPY (SELECT 1) TO '{published}' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{published}.wal'",
    "EXPORT DATABASE '{folder}/mine'",
    "CALL enable_logging('QueryLog', storage_path = '{folder}/mine')",
    "PRAGMA profiling_output = '{folder}/mine.json'; PRAGMA enable_profiling = 'json'; FROM analytics.calls",
    "FROM 'http://127.0.0.1:9/other.csv'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET disabled_filesystems = ''",
    "RESET disabled_filesystems",
    "DROP TABLE analytics.calls",
)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a file like the published one, alone in its folder, with others beside it that are nobody's."""
    (tmp_path / "other.csv").write_text("note\nnobody's\n")
    duckdb.connect(tmp_path / "other.duckdb").close()
    path = tmp_path / "altur_calls.published.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE SCHEMA analytics; CREATE TABLE analytics.calls AS SELECT 1 AS call_id")
    return path


@pytest.mark.parametrize("settings", SETTINGS)
def test_with_the_settings_of_the_pages_no_other_file_is_reached(settings: str, published: Path) -> None:
    """To read or to write, whatever SQL is tried."""
    before = sorted(published.parent.iterdir())
    with duckdb.connect(published, read_only=True) as connection:
        connection.execute(settings)
        for sql in REFUSED:
            with pytest.raises(duckdb.Error):
                connection.execute(sql.format(published=published, folder=published.parent))
        assert connection.execute("FROM analytics.calls").fetchall() == [(1,)]
    assert sorted(published.parent.iterdir()) == before


def test_what_is_to_be_run_in_each_connection_can_be(published: Path) -> None:
    """Two connections of a tool share what DuckDB has open."""
    with (
        duckdb.connect(published, read_only=True) as one,
        duckdb.connect(published, read_only=True) as another,
    ):
        one.execute(IN_EACH_CONNECTION)
        another.execute(IN_EACH_CONNECTION)
        assert another.execute("FROM analytics.calls").fetchall() == [(1,)]


def test_what_is_run_once_holds_for_all_connections(published: Path) -> None:
    """And nothing can be set any more."""
    with (
        duckdb.connect(published, read_only=True) as one,
        duckdb.connect(published, read_only=True) as another,
    ):
        one.execute(ONCE)
        assert another.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            another.execute("SET memory_limit = '100GB'")


@pytest.mark.parametrize(
    ("page", "query"), [("grafana", r"```\n(SELECT.*?)```"), ("excel", r'--format csv \\\n    "(SELECT.*?)"')]
)
def test_a_query_of_a_page_runs(
    page: str, query: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On what is published. A macro of Grafana stands for a span as it writes it."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    run(Target(), **settings)
    (found,) = re.findall(query, (PAGES / f"{page}.md").read_text(), re.DOTALL)
    span = r"\1 BETWEEN '2020-01-01T00:00:00Z' AND '2030-01-01T00:00:00Z'"

    with reading(Target().published()) as connection:
        assert connection.execute(re.sub(r"\$__timeFilter\((.*?)\)", span, found)).fetchall()


def test_every_page_is_in_the_index() -> None:
    """And the index names none that is missing."""
    index = (PAGES / "README.md").read_text()
    assert set(re.findall(r"\]\((\w+\.md)\)", index)) - {"README.md"} == {
        page.name for page in PAGES.glob("*.md") if page.name != "README.md"
    }
