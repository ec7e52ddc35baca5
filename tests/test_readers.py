"""A published file, as readers open it: whatever SQL they run, it reads that file and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from altur_calls.errors import WarehouseError
from altur_calls.publishing.readers import reading

SECRET = "what others must not see"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file as it is published, alone in its folder, which is the working directory."""
    folder = tmp_path / "published"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write(folder / "calls.duckdb", calls=3)
    return folder / "calls.duckdb"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return the folder of files that are none of the reader's business, in many formats."""
    folder = tmp_path / "other"
    folder.mkdir()
    write(folder / "other.duckdb", calls=9)
    for suffix in ("csv", "json", "txt"):
        (folder / f"other.{suffix}").write_text(f'{{"note": "{SECRET}"}}\n')
    duckdb.sql(f"SELECT '{SECRET}' AS note").write_parquet(str(folder / "other.parquet"))
    return folder


def write(path: Path, *, calls: int) -> None:
    with duckdb.connect(path) as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute(
            "CREATE TABLE analytics.calls AS SELECT i AS call_id, "
            f"TIMESTAMPTZ '2026-03-01 23:30:00-06' AS created_at FROM range({calls}) numbers(i)"
        )


def count(connection: duckdb.DuckDBPyConnection) -> int:
    ((calls,),) = connection.execute("SELECT count(*) FROM analytics.calls").fetchall()
    return int(calls)


WRITES = (
    "CREATE TABLE analytics.mine AS SELECT 1 AS a",
    "CREATE OR REPLACE VIEW analytics.mine AS SELECT 1 AS a",
    "CREATE SCHEMA mine",
    "INSERT INTO analytics.calls SELECT * FROM analytics.calls",
    "UPDATE analytics.calls SET call_id = 0",
    "DELETE FROM analytics.calls",
    "DROP TABLE analytics.calls",
    "ALTER TABLE analytics.calls ADD COLUMN mine INTEGER",
    "COMMENT ON TABLE analytics.calls IS 'mine'",
    "COPY analytics.calls TO 'mine.csv'",
    "COPY (SELECT 1) TO 'mine.parquet' (FORMAT parquet)",
    "COPY (SELECT 1) TO '{published}' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{published}.wal'",
    "COPY (SELECT 1) TO '{published}.tmp/mine.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{published}.wal'",
    "PREPARE mine AS COPY (SELECT 1) TO '{published}.wal'; EXECUTE mine",
    "EXPORT DATABASE 'mine'",
    "ATTACH 'mine.duckdb'",
    "ATTACH '{published}' AS mine (READ_WRITE)",
    "ATTACH ':memory:' AS mine",
    "CALL enable_logging('QueryLog', storage_path = '{published.parent}/mine')",
    "PRAGMA profiling_output = 'mine.json'",
    "CREATE PERSISTENT SECRET mine (TYPE http)",
)

READS = (
    "FROM read_csv('{other}/other.csv')",
    "FROM '{other}/other.csv'",
    "FROM read_json('{other}/other.json')",
    "FROM read_text('{other}/other.txt')",
    "FROM read_blob('{other}/other.txt')",
    "FROM read_parquet('{other}/other.parquet')",
    "FROM parquet_kv_metadata('{other}/other.parquet')",
    "FROM '{other}/other.parquet'",
    "FROM sniff_csv('{other}/other.csv')",
    "FROM glob('{other}/*')",
    "FROM query('FROM read_text(''{other}/other.txt'')')",
    "FROM read_blob('{published}')",
    "FROM read_duckdb('{other}/other.duckdb', table_name = 'calls')",
    "ATTACH '{other}/other.duckdb' (READ_ONLY)",
    "CREATE TEMP TABLE mine (line VARCHAR); COPY mine FROM '{other}/other.txt'",
    "IMPORT DATABASE '{other}'",
    "FROM 'https://127.0.0.1:9/other.csv'",
    "SELECT getenv('HOME')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{other}/other.duckdb_extension'",
)

UNLOCKS = (
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "SET disabled_filesystems = ''",
    "RESET disabled_filesystems",
    "SET allowed_directories = ['/']",
    "SET temp_directory = 'mine'",
    "SET allow_persistent_secrets = true",
    "SET python_enable_replacements = true",
    "SET memory_limit = '1000GB'",
    "SET TimeZone = 'Asia/Tokyo'",
)


@pytest.mark.parametrize("sql", [*WRITES, *READS, *UNLOCKS])
def test_nothing_but_the_file_is_read_and_nothing_is_written(sql: str, published: Path, other: Path) -> None:
    """DuckDB refuses it; the file stays as it is and alone, and is read on."""
    before = published.read_bytes()

    with reading(published) as connection:
        with pytest.raises(duckdb.Error) as refused:
            connection.execute(sql.format(published=published, other=other)).fetchall()

        assert count(connection) == 3
    assert SECRET not in str(refused.value)
    assert published.read_bytes() == before
    assert list(published.parent.iterdir()) == [published]


SETTINGS = {
    "access_mode": "read_only",
    "enable_external_access": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "lock_configuration": True,
    "TimeZone": "UTC",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_lock_is_on_its_door(name: str, published: Path) -> None:
    """Several doors have two, so that what is refused stays so with a DuckDB that has one of them less.

    Also for a second connection of the process, which finds the configuration locked.
    """
    with reading(published), reading(published) as second:
        assert second.execute(f"SELECT current_setting('{name}')").fetchall() == [(SETTINGS[name],)]


def test_a_variable_of_the_program_is_no_table(published: Path) -> None:
    """DuckDB looks a name that is no table up among the variables of Python."""
    with reading(published) as connection:
        secrets = connection.sql("SELECT 'key' AS api_key")

        with pytest.raises(duckdb.CatalogException, match="secrets does not exist"):
            connection.execute("FROM secrets")

        assert secrets.columns == ["api_key"]


def test_secrets_of_the_user_are_not_even_listed(published: Path) -> None:
    """Those that other programs keep for DuckDB in the home folder."""
    with reading(published) as connection:
        assert connection.execute("FROM duckdb_secrets()").fetchall() == []


def test_a_reader_sees_one_file_until_it_opens_the_next(published: Path, tmp_path: Path) -> None:
    """A load that is published does not change a question half way."""
    with reading(published) as connection:
        write(tmp_path / "next.duckdb", calls=4)
        (tmp_path / "next.duckdb").replace(published)
        assert count(connection) == 3

    with reading(published) as connection:
        assert count(connection) == 4


def test_without_a_published_file_it_is_told_what_writes_it(tmp_path: Path) -> None:
    """DuckDB would speak of a database that does not exist."""
    with pytest.raises(WarehouseError, match=r"no\.duckdb: altur-calls run, or altur-calls publish,"):
        reading(tmp_path / "no.duckdb").__enter__()


def test_a_log_beside_the_file_is_refused(published: Path) -> None:
    """DuckDB would replay it: readers would see what was never loaded."""
    published.with_name("calls.duckdb.wal").touch()

    with pytest.raises(WarehouseError, match=r"calls\.duckdb\.wal is not ours"):
        reading(published).__enter__()


def test_what_is_no_database_is_told_in_a_line(tmp_path: Path) -> None:
    """As for any file that can't be read."""
    path = tmp_path / "notes.duckdb"
    path.write_text("notes\n" * 10_000)

    with pytest.raises(WarehouseError, match=r"DuckDB can't use the warehouse: .*not a valid DuckDB"):
        reading(path).__enter__()
