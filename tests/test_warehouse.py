"""What a warehouse is asked without the API: its dictionary, example questions, a campaign spread out."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls import pipeline
from altur_calls.analytics import pivot
from altur_calls.analytics.views import texts
from altur_calls.offline import describe, spread
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, SeededWorld, example_call
from common import KEY, NOON, Cli
from warehouse import Warehouse

Fields = dict[str, Any]
DOCS = Path(pipeline.__file__).parent / "docs"


# Documentation. ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_the_written_documents_are_those_of_today(tmp_path: Path) -> None:
    """Renew them with: make docs."""
    written = describe(Target(), tmp_path / "docs")

    assert {path.name for path in written} == {path.name for path in DOCS.iterdir() if path.is_file()}
    for path in written:
        assert path.read_text() == (DOCS / path.name).read_text(), f"{path.name} is stale: make docs"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Load a seeded world, part of it twice, and return the file."""
    folder = tmp_path_factory.mktemp("seeded")
    path, world = str(folder / "seeded.duckdb"), SeededWorld(scale=0.05)
    with (
        pytest.MonkeyPatch.context() as patched,
        Sandbox(world, key=KEY, requests_per_second=None) as sandbox,
    ):
        patched.setenv("DLT_DATA_DIR", str(folder / "dlt"))  # another process of tests may do the same
        given = {"api_key": KEY, "base_url": sandbox.url, "campaign_ids": "all", "requests_per_second": 1000}
        pipeline.run(Target("seeded", path), **given)
        with duckdb.connect(path) as connection:
            # As if these had been read while they were in progress.
            connection.execute("UPDATE altur.campaign_calls SET status = 'in-progress', _dlt_id = id")
        pipeline.run(Target("seeded", path), since="2020-01-01", **given)
    return path


@pytest.mark.parametrize("name", texts("questions"))
def test_an_example_question_has_an_answer(name: str, seeded: str) -> None:
    """By its SQL as the dictionary shows it."""
    with duckdb.connect(seeded, read_only=True) as connection:
        assert connection.execute(texts("questions")[name]).fetchall()


NEVER = {"answered_by": None, "status": "no-answer", "policy_evaluation": None}


def of_today(now: datetime) -> ManualWorld:
    """Make a world of two campaigns of one name, with what is easily counted wrongly."""
    world, contact = ManualWorld(), {"id": 7, "f_id": "C-7", "name": "Ana", "status": "answered"}
    results = [("p1", "Greets", "not_met"), ("p2", "Greets", "met")]
    policies = [dict(zip(("policy_id", "policy_name", "result"), each, strict=True)) for each in results]
    for campaign_id in (1, 2):
        world.add_campaign(campaign_id, UTC, name="One name")
    for number in range(3):
        moment = now - timedelta(minutes=number)
        world.put(1, example_call(f"out_{number}", moment, contact=contact, **NEVER))
        kind = "outbound" if number else "inbound"
        world.put(2, example_call(f"mixed_{number}", moment, type=kind, contact=contact, **NEVER))
    other_hour = (now - timedelta(days=30, hours=12)).replace(minute=0)
    judged = {"contact": None, "policy_evaluation": {"policies": policies}}
    for number in range(40):
        kind, answered_by = ("inbound", "human") if number < 20 else ("outbound", "machine")
        at = other_hour + timedelta(seconds=number)
        world.put(2, example_call(f"old_{number}", at, type=kind, answered_by=answered_by, **judged))
    return world


def test_questions_count_what_they_say(tmp_path: Path) -> None:
    """Of the last week; calls that went out, where it is asked for ours; and nothing by a name alone."""
    now = datetime.now(UTC).replace(microsecond=0)
    world = of_today(now)
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        given = {"api_key": KEY, "base_url": sandbox.url, "campaign_ids": [1, 2], "requests_per_second": 1000}
        pipeline.run(Target(), **given)
        for call_id in ("old_0", "out_0"):
            world.change(call_id, status="failed")
        pipeline.run(Target(), since="2020-01-01", **given)
    warehouse = Warehouse(tmp_path / "altur_calls.duckdb")
    told = {name[:2]: warehouse.rows(sql) for name, sql in texts("questions").items()}

    assert sorted(told["01"]) == [(1, "One name", 3, 0, 0.0), (2, "One name", 3, 0, 0.0)]
    assert told["02"] == [((now.hour + 12) % 24, 20, 0.0)]
    assert told["04"] == [("p1", "Greets", 40, 0.0), ("p2", "Greets", 0, 10.0)]
    assert [row[:4] for row in told["09"]] == [(1, 7, "C-7", 3)]
    assert [row[1:] for row in told["11"]] == [("status", "no-answer", "failed", 1)]


@pytest.mark.usefixtures("once_loaded")
def test_the_command_writes_the_documents(cli: Cli, tmp_path: Path) -> None:
    """Where it is told to, and says where."""
    told = cli("docs", "--output", "there")

    assert told.stdout.split() == ["there/dictionary.md", "there/dbt_sources.yml"]
    assert (tmp_path / "there" / "dictionary.md").read_text() == (DOCS / "dictionary.md").read_text()


# A campaign's extracted data, spread out. --------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        (["a", "b"], ["a", "b"]),
        (["Payment Amount", "payment amount"], ["Payment Amount", "payment amount (2)"]),
        (["status", "Call_ID"], ["status (2)", "Call_ID (2)"]),
        (["a", "A", "a (2)"], ["a", "A (2)", "a (2) (2)"]),
        ([""], ["(no name)"]),
    ],
)
def test_each_key_has_a_column_of_its_own(keys, columns):
    """DuckDB takes names that differ in their case for the same."""
    assert pivot.column_names(keys) == columns


KEYS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=4), unique=True)


@given(KEYS)
def test_every_set_of_keys_makes_a_view(keys):
    """Whatever a campaign calls them: quotes, blanks, words of SQL."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA analytics")
        fixed = ", ".join(f"1 AS {name}" for name in (*pivot.FIXED, "campaign_id"))
        connection.execute(f"CREATE TABLE analytics.calls AS SELECT {fixed}")
        connection.execute(
            "CREATE TABLE analytics.call_extracted_data (call_id INT, created_at INT, key TEXT, value TEXT)"
        )
        for place, key in enumerate(keys):
            rows = "INSERT INTO analytics.call_extracted_data VALUES (1, 1, ?, ?)"
            connection.execute(rows, [key, f"value {place}"])

        (row,) = connection.execute(pivot.query_of(1, keys)).fetchall()

        assert list(row[len(pivot.FIXED) :]) == [f"value {place}" for place in range(len(keys))]


def with_data() -> ManualWorld:
    """Make a world with a campaign of two calls with extracted data and one without."""
    world = ManualWorld()
    world.add_campaign(1)
    data = {"Payment Amount": "1,200", "payment amount": "1,300"}
    world.put(1, example_call("first", NOON, extracted_data=data))
    world.put(1, example_call("second", NOON, extracted_data={"Payment Amount": None, "paid": True}))
    world.put(1, example_call("third", NOON, extracted_data={}))
    return world


@pytest.fixture
def spread_out(loaded: Callable[..., Warehouse]) -> Warehouse:
    """Let it have been loaded, by a run before."""
    return loaded(make=with_data, campaign_ids=(1,))


def test_a_campaign_has_a_row_for_each_call_and_a_column_for_each_key(spread_out: Warehouse) -> None:
    """The commonest first; values are text as they came."""
    name, columns, keys = spread(Target(), 1)

    assert (name, keys) == ("analytics.extracted_data_1", 3)
    assert columns == ["Payment Amount", "paid", "payment amount (2)"]
    rows = spread_out.rows(
        f'SELECT call_id, "Payment Amount", paid, "payment amount (2)" FROM {name} ORDER BY call_id'
    )
    assert rows == [
        ("first", "1,200", None, "1,300"),
        ("second", None, "true", None),
        ("third", None, None, None),
    ]


def test_of_too_many_keys_the_commonest_are_columns(monkeypatch):
    """In the order in which they first came: so a column keeps its name when others come."""
    monkeypatch.setattr(pivot, "MOST_KEYS", 2)

    assert pivot.commonest([("a", 1), ("b", 3), ("c", 2)]) == ["b", "c"]


def test_the_view_outlives_the_next_load(sandbox: Sandbox, settings: Fields, spread_out: Warehouse) -> None:
    """And shows its calls."""
    name, *_ = spread(Target(), 1)
    sandbox.world = world = with_data()
    world.put(1, example_call("fourth", NOON, extracted_data={"paid": "later"}))
    pipeline.run(Target(), **{**settings, "campaign_ids": [1], "since": "2026-01-01"})

    assert spread_out.rows(f"SELECT paid FROM {name} WHERE call_id = 'fourth'") == [("later",)]


@pytest.mark.usefixtures("spread_out")
def test_the_command_names_view_and_columns(cli: Cli) -> None:
    """A campaign without extracted data is told."""
    told = cli("pivot", "1")
    assert told.stdout.startswith("analytics.extracted_data_1: Payment Amount, paid, payment amount (2)\n")

    missing = cli("pivot", "9")

    assert missing.returncode == 78
    assert "Campaign 9 has no call with extracted data" in missing.stderr


@pytest.mark.usefixtures("spread_out")
def test_what_the_command_says_to_do_next_works(cli: Cli) -> None:
    """The view is in the warehouse; readers see what was published last."""
    told = cli("pivot", "1").stdout.splitlines()[1:]
    publish, ask = (shlex.split(line.partition(": altur-calls ")[2]) for line in told)

    assert publish == ["publish"]
    assert [cli(*publish).returncode, cli(*ask).returncode] == [0, 0]
