"""SQL on the published file: real processes on what a real load published, and a real terminal."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet

from altur_calls.analytics.questions import questions
from altur_calls.cli import main
from altur_calls.pipeline import run
from altur_calls.sql.lines import is_complete
from altur_calls.sql.output import FORMATS, Output, answer
from altur_calls.sql.refusals import in_one_line
from altur_calls.sql.session import Session
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import COMMAND, KEY, METER, NOON, Cli
from terminal import CTRL_C, CTRL_D, TAB, Terminal, terminal

Written = Callable[[str, str], str]

SQL = "sql> "

# What comes first is shown while the rest is still looked for, until the end of days.
ENDLESS = "FROM range(1000000000000) numbers(n) WHERE n < 300000 OR hash(n) = 1"


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return what two loads published: of two calls, and of three."""
    folder = tmp_path_factory.mktemp("loads")
    world = ManualWorld()
    world.add_campaign(2)
    published = []
    with pytest.MonkeyPatch.context() as patch, Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        target = Target(credentials=str(folder / "calls.duckdb"))
        for number in range(3):
            world.put(2, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
            if number:
                run(target, api_key=KEY, base_url=sandbox.url, campaign_ids=[2], requests_per_second=1000)
                published.append(shutil.copy(target.published(), folder / f"{number}.duckdb"))
    before, after = published
    return before, after


@pytest.fixture
def published(loads: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return the published file of the working directory: that of the first load."""
    return Path(shutil.copy(loads[0], tmp_path / "altur_calls.published.duckdb"))


@pytest.fixture
def sql(published: Path) -> Cli:
    """Return a function that runs the command with given arguments and stdin."""

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "sql", *arguments],
            cwd=published.parent,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def sql_inside(published: Path, inside: Cli) -> Cli:
    """Return the same without a process: for what is told, and with which exit code."""
    assert published.parent == Path().absolute()
    return partial(inside, "sql")


@pytest.fixture
def written(published: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Written:
    """Return a function that gives what is written to stdout in a format."""

    def write(query: str, kind: str) -> str:
        with closing(Session(published)) as session:
            answer(session, query, Output(kind))
        return capsysbinary.readouterr().out.decode()

    return write


@contextmanager
def prompt_in(folder: Path) -> Iterator[Terminal]:
    """Yield a terminal at the prompt."""
    with terminal([COMMAND, "sql"], folder, {"XDG_STATE_HOME": str(folder / "state")}) as shown:
        assert "published" in shown.until(SQL)
        yield shown


@pytest.fixture
def prompt(published: Path) -> Iterator[Terminal]:
    """Yield a terminal at a prompt of its own."""
    with prompt_in(published.parent) as shown:
        yield shown


@pytest.fixture(scope="module")
def shared_prompt(loads: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Yield one for all who leave it as they found it: at the prompt, showing tables."""
    folder = tmp_path_factory.mktemp("prompt")
    shutil.copy(loads[0], folder / "altur_calls.published.duckdb")
    with prompt_in(folder) as shown:
        yield shown


def test_a_program_gets_csv(sql: Cli) -> None:
    """Of the table that analysts start from, as it was loaded."""
    done = sql("SELECT call_id, created_at FROM analytics.calls ORDER BY ALL")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("call_id,created_at\ncall_0,2026-03-02T18:00:00Z\ncall_1,2026-03-02T18:01:00Z\n")


VALUES = {
    "NULL": ("", None),
    "true": ("true", True),
    "1.10::DECIMAL(5, 2)": ("1.10", 1.1),
    "12345678901234567890::HUGEINT": ("12345678901234567890", 12345678901234567890),
    "0.1::FLOAT": ("0.1", 0.1),
    "1e300": ("1e+300", 1e300),
    "'nan'::DOUBLE": ("nan", None),
    "'-inf'::FLOAT": ("-inf", None),
    "'a, \"b\"' || chr(10) || 'é'": ('"a, ""b""\né"', 'a, "b"\né'),
    "DATE '2026-03-02'": ("2026-03-02", "2026-03-02"),
    "TIMESTAMP '2026-03-02 05:30:00.5'": ("2026-03-02T05:30:00.5", "2026-03-02T05:30:00.5"),
    "TIMESTAMPTZ '2026-03-01 23:30:00-06'": ("2026-03-02T05:30:00Z", "2026-03-02T05:30:00Z"),
    "'infinity'::TIMESTAMPTZ": ("infinity", "infinity"),
    "INTERVAL '1 month 2 days'": ("1 month 2 days", "1 month 2 days"),
    "'\\xAA'::BLOB": ("\\xAA", "\\xAA"),
    "'a'::ENUM ('a')": ("a", "a"),
    """'{"a": [1, null]}'::JSON""": ('"{""a"": [1, null]}"', {"a": [1, None]}),
    "[1, NULL]": ('"[1,null]"', [1, None]),
    "[['nan'::DOUBLE]]": ("[[null]]", [[None]]),
    "[now() - now()]::INTERVAL[1]": ('"[""00:00:00""]"', ["00:00:00"]),
    "[TIMESTAMPTZ '2026-03-01 23:30:00-06']": ('"[""2026-03-02T05:30:00Z""]"', ["2026-03-02T05:30:00Z"]),
    "{'at': [TIMESTAMP '2026-03-02 05:30:00'], 'of': NULL}": (
        '"{""at"":[""2026-03-02T05:30:00""],""of"":null}"',
        {"at": ["2026-03-02T05:30:00"], "of": None},
    ),
    "NULL::STRUCT(moment TIMESTAMP)": ("", None),
    "(1, TIMESTAMP '2026-03-02 05:30:00')": ('"[1,""2026-03-02T05:30:00""]"', [1, "2026-03-02T05:30:00"]),
    "MAP {'at': TIMESTAMP '2026-03-02 05:30:00'}": (
        '"{""at"":""2026-03-02T05:30:00""}"',
        {"at": "2026-03-02T05:30:00"},
    ),
    "NULL::MAP(VARCHAR, TIMESTAMP)": ("", None),
    "union_value(n := 1)": ('"{""n"":1}"', {"n": 1}),
}


def test_a_value_of_any_type_comes_out_right(written: Written) -> None:
    """In CSV and in JSON: what it is, not how one program or the other prints it."""
    columns = ", ".join(f"{value} AS v{place}" for place, value in enumerate(VALUES))

    in_csv, in_json, in_lines = (written(f"SELECT {columns}", kind) for kind in ("csv", "json", "jsonl"))

    texts, values = zip(*VALUES.values(), strict=True)
    assert in_csv.partition("\n")[2] == f"{','.join(texts)}\n"
    assert list(json.loads(in_json)[0].values()) == list(values)
    assert json.loads(in_lines) == json.loads(in_json)[0]


@pytest.mark.parametrize(
    ("kind", "nothing", "two"),
    [
        ("csv", "n,n_1\n", "n,n_1\n0,1\n1,1\n"),
        ("json", "[]\n", '[{"n":0,"n_1":1},\n {"n":1,"n_1":1}]\n'),
        ("jsonl", "", '{"n":0,"n_1":1}\n{"n":1,"n_1":1}\n'),
    ],
)
def test_every_row_is_there_and_every_column(written: Written, kind: str, nothing: str, two: str) -> None:
    """None as well, and two of one name."""
    query = "SELECT n, 1 AS n FROM range({}) numbers(n)"

    assert written(query.format(0), kind) == nothing
    assert written(query.format(2), kind) == two


def test_parquet_keeps_types(sql_inside: Cli, tmp_path: Path) -> None:
    """Those it knows; others are text. The file's name says the format."""
    query = """
        SELECT created_at, 1.10::DECIMAL(5, 2) AS paid, ['a'] AS tags, INTERVAL '1 month' AS every
        FROM analytics.calls ORDER BY ALL
    """

    done = sql_inside(query, "--output", "calls.parquet")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = duckdb.sql(f"FROM read_parquet('{tmp_path}/calls.parquet')")
    assert list(map(str, found.types)) == ["TIMESTAMP WITH TIME ZONE", "DECIMAL(5,2)", "VARCHAR[]", "VARCHAR"]
    first = found.fetchall()[0]
    assert (first[0].astimezone(UTC), first[3]) == (NOON, "1 month")


@pytest.mark.usefixtures("published")
def test_parquet_goes_through_a_pipe() -> None:
    """In groups of rows that readers can skip."""
    done = subprocess.run(
        [COMMAND, "sql", "FROM range(250000)", "--format", "parquet"], capture_output=True, check=True
    )

    metadata = parquet.ParquetFile(io.BytesIO(done.stdout)).metadata
    assert (metadata.num_rows, metadata.num_row_groups) == (250_000, 3)


def test_a_table_says_how_many_rows_there_are(sql_inside: Cli) -> None:
    """It shows the first and the last of them, in DuckDB's own drawing, and no column less."""
    done = sql_inside("SELECT n, repeat('x', 500) AS text FROM range(500) numbers(n)", "--format", "table")

    assert "500 rows" in done.stdout
    assert "(40 shown)" in done.stdout
    assert "│   499 │ xxx" in done.stdout


def test_statements_come_from_stdin(sql: Cli) -> None:
    """A file of several, each with its table."""
    done = sql("--format", "table", stdin="SELECT 1 AS one;\nSET VARIABLE n = 2;\nSELECT getvariable('n');\n")

    assert done.returncode == 0
    assert done.stdout.index("│     1 │") < done.stdout.index("│                2 │")


def test_all_statements_of_a_pivot_are_one(sql_inside: Cli) -> None:
    """DuckDB makes two of it."""
    query = "PIVOT analytics.calls ON status USING count(*) GROUP BY campaign_id"

    assert sql_inside(query, "--format", "csv").stdout.startswith("campaign_id,")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELEC 1", 'Parser Error: syntax error at or near "SELEC" (line 1, column 1)'),
        (
            "SELECT 1;\n  SELECT nope",
            'Referenced column "nope" was not found because the FROM clause is missing',
        ),
        ("SET VARIABLE n = 1;\n FROM nope", "(line 2, column 7)"),
        ("SELECT status::INTEGER FROM analytics.calls", "Conversion Error: Could not convert string"),
        ("SELECT error('two' || chr(10) || 'lines')", "Invalid Input Error: two lines"),
        ("COPY analytics.calls TO 'calls.csv'", "Permission Error: File system LocalFileSystem has been"),
        ("SELECT 1 AS a; SELECT 2 AS a", "More than one statement gives rows: csv holds those of one."),
    ],
)
def test_what_duckdb_refuses_is_told_in_one_line(
    sql_inside: Cli, query: str, told: str, tmp_path: Path
) -> None:
    """With the place that it points at, where it does; on stdout there are no halves."""
    done = sql_inside(query)

    assert done.returncode == 65
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "calls.csv").exists()


def test_a_query_that_fails_leaves_a_file_as_it_was(sql: Cli, tmp_path: Path) -> None:
    """Also if it had rows before."""
    (tmp_path / "a.csv").write_text("a\n1\n")

    query = "SELECT CASE WHEN n = 900000 THEN error('late') END AS a FROM range(1000000) numbers(n)"
    done = sql(query, "--output", "a.csv")

    assert done.returncode == 65
    assert {path.name: path.read_text() for path in tmp_path.glob("*a.csv*")} == {"a.csv": "a\n1\n"}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (["--output", "a.txt"], 2, "a.txt may be csv, json, jsonl, parquet"),
        (["--output", "a.csv", "--format", "table"], 2, "A table is for reading"),
        (["--output", "nowhere/a.csv"], 78, "Can't write to nowhere/a.csv: No such file or directory."),
    ],
)
def test_what_can_not_be_written_is_said(
    sql_inside: Cli, arguments: list[str], exit_code: int, told: str
) -> None:
    """Before the query is begun."""
    done = sql_inside("SELECT 1", *arguments)

    assert done.returncode == exit_code
    assert told in done.stderr


def test_without_a_published_file_it_is_told_what_writes_it() -> None:
    """A run does, by itself."""
    done = subprocess.run([COMMAND, "sql", "SELECT 1"], capture_output=True, text=True, check=False)

    assert done.returncode == 74
    assert "Nothing is published yet in " in done.stderr


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
@pytest.mark.usefixtures("published")
def test_memory_does_not_grow_with_the_rows(kind: str) -> None:
    """A hundred thousand rows take what six hundred thousand take, which are some 80 MB."""
    query = "SELECT n, repeat('x', 100) || n AS text, [n] AS list FROM range({}) numbers(n)"

    few, many = (peak_of("sql", query.format(rows), "--format", kind) for rows in (100_000, 600_000))

    assert many - few < 25_000_000


def peak_of(*arguments: str) -> int:
    """Return the most memory that a command had, in bytes. Of this process it would count what that has."""
    result = Path("took.json")
    command = [sys.executable, METER, result, COMMAND, *arguments]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    took = json.loads(result.read_text())
    assert took["exit_code"] == 0
    return int(took["peak_bytes"])


@pytest.mark.usefixtures("published")
def test_ctrl_c_ends_a_query() -> None:
    """With the exit code that shells give it."""
    with subprocess.Popen(
        [COMMAND, "sql", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert (process.returncode, told) == (130, "altur-calls: interrupted.\n")


def test_ctrl_c_is_heard_while_no_row_is_found(published: Path) -> None:
    """There DuckDB looks for no signal; and one may come before it has begun."""

    def look() -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return session.connection.sql("FROM range(1000000000000) numbers(n) WHERE hash(n) = 1").fetchmany()

    with closing(Session(published)) as session:
        with pytest.raises(KeyboardInterrupt):
            session.do(look)

        assert session.do(session.connection.sql, "SELECT 1").fetchall() == [(1,)]


@pytest.mark.usefixtures("published")
def test_it_ends_without_a_word_when_nobody_reads_on() -> None:
    """As before ``head``."""
    with subprocess.Popen(
        [COMMAND, "sql", "FROM range(1000000000000)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()

        assert process.stderr.read() == ""
        assert process.wait(30) == -signal.SIGPIPE


def test_the_prompt_answers_when_a_statement_ends(shared_prompt: Terminal) -> None:
    """On whatever line that is, and with a table."""
    shared_prompt.type("SELECT call_id,\n")
    shared_prompt.until("...> ")
    shared_prompt.type("';' FROM analytics.calls ORDER BY ALL; -- of all\n")

    assert "│ call_1  │ ;       │" in shared_prompt.until(SQL)


def test_the_prompt_goes_on_after_an_error(shared_prompt: Terminal) -> None:
    """Which is told as DuckDB tells it, with a mark under its place."""
    shared_prompt.type("SELECT nope FROM analytics.calls;\n")
    told = shared_prompt.until(SQL)
    shared_prompt.type("SELECT 1 AS one;\n")

    assert "LINE 1: SELECT nope FROM analytics.calls;\n               ^" in told
    assert "one" in shared_prompt.until(SQL)


def test_ctrl_c_ends_a_query_and_not_the_prompt(prompt: Terminal) -> None:
    """The next one is answered."""
    prompt.type(".format csv\n")
    prompt.until(SQL)
    prompt.type(f"{ENDLESS};\n")
    prompt.until("\n5000\n")
    prompt.type(CTRL_C)
    prompt.until(SQL)
    prompt.type("SELECT 40 + 2;\n")

    assert "\n42\n" in prompt.until(SQL)


def test_ctrl_c_forgets_what_was_typed(prompt: Terminal) -> None:
    """And is no end: that is Ctrl-D, or .quit."""
    prompt.type("SELECT 1\n")
    prompt.until("...> ")
    prompt.press_until(CTRL_C, SQL)
    prompt.type("SELECT 2 AS two;\n")

    assert "two" in prompt.until("int32")
    prompt.until(SQL)
    prompt.type(CTRL_D)
    assert prompt.ended() == 0


def test_the_prompt_says_what_there_is(prompt: Terminal) -> None:
    """Tables, columns with their meaning, questions and the answer to one."""
    prompt.type(".tables\n")
    tables = prompt.until(SQL)
    prompt.type(".schema campaigns\n")
    columns = prompt.until(SQL)
    prompt.type(".questions\n")
    listed = prompt.until(SQL)
    prompt.type(".question 8\n")
    answered = prompt.until(SQL)
    prompt.type(".help\n")
    helped = prompt.until(SQL)
    prompt.type(".quit\n")

    assert "analytics.calls                One row per call the API lists.\n" in tables
    assert "stg_" not in tables
    assert "  is_archived          BOOLEAN                   Whether it is archived\n" in columns
    assert all(question.text in listed for question in questions())
    assert "FROM analytics.campaign_daily" in answered
    assert "minutes" in answered.partition("┌")[2]
    assert all(f"\n.{name}" in helped for name in ("tables", "schema", "question", "format", "quit"))
    assert prompt.ended() == 0


def test_a_command_that_means_nothing_is_told_what_does(shared_prompt: Terminal) -> None:
    """And the prompt goes on."""
    told = {
        ".nope": "There is no .nope; see .help",
        ".schema nope": "There is no table nope; see .tables",
        ".question 99": "There is no question 99; see .questions",
        ".format parquet": "Rows can be shown as table, csv, json, jsonl.",
    }

    for typed, answered in told.items():
        shared_prompt.type(f"{typed}\n")
        assert answered in shared_prompt.until(SQL)


def test_the_next_statement_sees_a_new_load(
    prompt: Terminal, published: Path, loads: tuple[Path, Path], tmp_path: Path
) -> None:
    """And says so, once."""
    prompt.type("SELECT count(*) FROM analytics.calls;\n")
    before = prompt.until(SQL)
    Path(shutil.copy(loads[1], tmp_path / "next")).replace(published)
    prompt.type("SELECT count(*) FROM analytics.calls;\n")
    after = prompt.until(SQL)
    prompt.type("SELECT 1;\n")

    assert "│            2 │" in before
    assert "A new load was published at 20" in after
    assert "│            3 │" in after
    assert "A new load" not in prompt.until(SQL)


def test_names_are_completed(shared_prompt: Terminal) -> None:
    """Of tables and columns, where they are clear."""
    shared_prompt.type(f"SELECT max(talk_s{TAB}) FROM analytics.campaign_h{TAB};\n")

    assert "SELECT max(talk_seconds) FROM analytics.campaign_hourly;" in shared_prompt.until("┌")
    shared_prompt.until(SQL)


def test_the_history_is_kept_for_its_owner_alone(prompt: Terminal, tmp_path: Path) -> None:
    """Whole statements, but for those that begin with a space."""
    prompt.type("SELECT\n")
    prompt.until("...> ")
    prompt.type("1 AS one;\n")
    prompt.until(SQL)
    prompt.type(" SELECT 'secret';\n")
    prompt.until(SQL)
    prompt.type(CTRL_D)
    prompt.ended()

    kept = tmp_path / "state" / "altur-calls" / "sql_history"
    assert kept.read_text() == "SELECT 1 AS one;\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("SELECT 1;", True),
        ("SELECT 'é';  -- one; and", True),
        ("SELECT 1", False),
        ("SELECT ';", False),
        ('SELECT ";', False),
        ("SELECT $$;", False),
        ("SELECT 1 -- ;", False),
        ("SELEC;", True),
        ("-- nothing", False),
    ],
)
def test_a_statement_ends_with_a_semicolon_of_its_own(text: str, *, is_whole: bool) -> None:
    """Not with one in a string, a name or a comment."""
    assert is_complete(text) is is_whole


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Catalog Error: no\nDid you mean?\n\nLINE 2: FROM x\n             ^", "(line 2, column 6)"),
        ("Catalog Error: no\n\nLINE 1: ...SELECT 1...\n             ^", "Catalog Error: no (line 1)"),
        ("Conversion Error: no\n\nLINE 1: SELECT CAST(#1 AS VARCHAR\n        ^", "Conversion Error: no"),
    ],
)
def test_a_place_is_told_if_it_is_in_what_was_asked(message: str, told: str) -> None:
    """DuckDB shows a part of a long line, and of what was made of a query."""
    assert in_one_line(message, "SELECT 1\nFROM x").endswith(told)


def test_every_format_can_be_asked_for() -> None:
    """The command line is read before anything slow is imported, so it has a list of its own."""
    (option,) = (option for option in main.commands["sql"].params if option.name == "kind")

    assert tuple(option.type.choices) == FORMATS
