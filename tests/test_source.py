"""The source in somebody's own dlt pipeline: tables, increments, errors; over real HTTP into DuckDB."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.pipeline.helpers import pipeline_drop

from altur_calls import altur_source
from altur_calls.errors import (
    AlturError,
    ApiChanged,
    ApiUnavailable,
    KeyRefused,
    RequestRejected,
    SettingsError,
)
from altur_calls.extraction import Extraction
from altur_calls.failures import causes, translated
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import KEY, NOON
from warehouse import Warehouse, as_loaded

Load = Callable[..., Warehouse]
RECENT = datetime.now(UTC) - timedelta(minutes=3)


def test_every_field_of_every_call_arrives(world: ManualWorld, load: Load) -> None:
    """Scalars, contact, tags and policies in their order, and nothing else."""
    world.put(2, example_call("zeta", NOON, tags=["b", "a", "b"], answered_by=None, duration=0))

    warehouse = load()

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert warehouse.calls(1) == []


def test_absent_nested_objects_load_as_nothing(world: ManualWorld, load: Load) -> None:
    """The document requires no property: each may be null, empty or missing."""
    nested = ("contact", "policy_evaluation", "extracted_data", "tags")
    bare = {name: value for name, value in example_call("missing", NOON).items() if name not in nested}
    world.put(2, bare)
    world.put(2, {**bare, "id": "null", **dict.fromkeys(nested)})
    world.put(2, {**bare, "id": "empty", **{name: {} for name in nested}, "tags": []})

    warehouse = load()

    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_all_tables_are_there_and_typed_before_the_first_call(load: Load) -> None:
    """Views and dashboards can be made on an empty warehouse."""
    warehouse = load(campaign_ids=[1])

    columns = {
        (table, column): data_type
        for table, column, data_type in warehouse.rows(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'altur'"
        )
    }
    assert columns["campaign_calls", "created_at"] == "TIMESTAMP WITH TIME ZONE"
    assert columns["campaign_calls", "extracted_data"] == "JSON"
    assert columns["campaign_calls", "policy_evaluation__score"] == "DOUBLE"
    assert columns["campaign_calls__contact", "phone_number"] == "VARCHAR"
    assert columns["campaign_calls__tags", "value"] == "VARCHAR"
    assert columns["campaign_calls__policies", "evaluated_at"] == "TIMESTAMP WITH TIME ZONE"
    assert columns["rejected_calls", "raw"] == "VARCHAR"
    assert columns["call_windows", "is_proved"] == "BOOLEAN"
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls") == 0


def test_loading_twice_equals_loading_once(world: ManualWorld, load: Load) -> None:
    """Rows are merged by id, children with them, also where a span is named to be read again."""
    load()
    load()

    warehouse = load(since="2026-03-01")

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls__policies") == 9


def test_a_change_is_followed_down_to_what_vanished(world: ManualWorld, load: Load) -> None:
    """Tags and policies that are gone at the source are gone here."""
    world.put(2, example_call("changing", RECENT, status="in-progress"))
    load()
    evaluation = {"score": None, "completed": False, "policies": []}
    world.change("changing", status="ended", tags=[], policy_evaluation=evaluation, contact=None)

    warehouse = load()

    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_a_call_in_progress_is_asked_for_until_it_ends(world: ManualWorld, load: Load) -> None:
    """Until it is thirty days old."""
    long_ago = datetime.now(UTC) - timedelta(days=29)
    world.put(2, example_call("long", long_ago, status="in-progress", ended_at=None))
    load()
    world.change("long", status="ended")

    warehouse = load()

    assert warehouse.value("SELECT status FROM altur.campaign_calls WHERE id = 'long'") == "ended"


def test_the_second_run_asks_only_for_what_is_new(world: ManualWorld, sandbox: Sandbox, load: Load) -> None:
    """From eight minutes ago, the smallest re-read age; or after the newest call known, if that is older."""
    began = datetime.now(UTC)
    load()
    asked = len(sandbox.requests)
    world.put(2, example_call("new", datetime.now(UTC)))

    warehouse = load()

    starts = {
        request.campaign_id: datetime.fromisoformat(request.params["startDate"])
        for request in sandbox.requests[asked:]
    }
    assert starts[1] >= began - timedelta(minutes=8, seconds=3)
    assert starts[2] == NOON + timedelta(minutes=2, seconds=1)
    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_calls_shown_late_after_the_newest_known_are_found_by_the_next_run(
    world: ManualWorld, load: Load
) -> None:
    """The time since then was empty, so asking for it again is free."""
    load()
    world.put(2, example_call("late", NOON + timedelta(hours=1)))

    warehouse = load()

    assert warehouse.calls(2) == as_loaded(world.calls(2))


def test_a_campaign_added_later_is_loaded_from_its_beginning(world: ManualWorld, load: Load) -> None:
    """Each campaign has cursors of its own."""
    load()
    world.add_campaign(3)
    world.put(3, example_call("old", NOON - timedelta(days=700)))

    warehouse = load(campaign_ids=[1, 2, 3])

    assert warehouse.calls(3) == as_loaded(world.calls(3))


def test_a_campaign_named_twice_is_read_once(sandbox: Sandbox, load: Load) -> None:
    """Also where one of the two is written as text."""
    load(campaign_ids=[2, 2, "2"])

    assert [request.campaign_id for request in sandbox.requests] == [2]


def test_the_cursors_come_back_from_the_warehouse(sandbox: Sandbox, load: Load, tmp_path: Path) -> None:
    """Nothing is read again because dlt's working folder was lost."""
    load()
    asked = len(sandbox.requests)
    shutil.rmtree(tmp_path / "dlt")

    load()

    assert all("startDate" in request.params for request in sandbox.requests[asked:])


def test_a_start_date_bounds_the_first_load(world: ManualWorld, load: Load) -> None:
    """An earlier one later fetches what lies between."""
    first = load(start_date=NOON + timedelta(minutes=1))
    assert [call["id"] for call in first.calls(2)] == ["call_1", "call_2"]

    second = load(start_date="2026-03-01")

    assert second.calls(2) == as_loaded(world.calls(2))


def test_pages_are_walked_to_their_end(world: ManualWorld, load: Load) -> None:
    """1,234 calls are 13 pages, the last one short."""
    for number in range(1_231):
        world.put(2, example_call(f"more_{number}", NOON - timedelta(minutes=number)))

    warehouse = load()

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert warehouse.value("SELECT bool_and(is_proved) FROM altur.call_windows")


def test_a_large_campaign_is_read_in_windows(world: ManualWorld, load: Load) -> None:
    """Each holds few enough calls to be proved and kept by itself."""
    for number in range(997):
        world.put(2, example_call(f"more_{number}", NOON - timedelta(hours=number)))

    warehouse = load(max_window_calls=120)

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert warehouse.value("SELECT max(calls_read) FROM altur.call_windows") <= 120
    assert warehouse.value("SELECT count(*) FROM altur.call_windows WHERE NOT is_proved") == 0


def test_a_call_that_can_be_no_row_is_kept_raw(world: ManualWorld, load: Load) -> None:
    """Once per fault, not once per read; the others load."""
    world.put_raw(2, {"status": "ended", "created_at": "2026-03-02T18:00:00Z"}, created_at=NOON)
    world.put_raw(2, "not a call", created_at=NOON)
    world.put_raw(2, {"id": "odd", "created_at": "yesterday"}, created_at=NOON)

    load()
    warehouse = load(since="2026-03-01")

    rejected = warehouse.rows("SELECT reason, call_id, raw FROM altur.rejected_calls ORDER BY reason")
    assert rejected == [
        ("created_at can't be read", "odd", '{"created_at": "yesterday", "id": "odd"}'),
        ("no id", None, '{"created_at": "2026-03-02T18:00:00Z", "status": "ended"}'),
        ("not an object but str", None, '"not a call"'),
    ]
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls") == 3


def test_a_passing_fault_costs_a_retry_and_no_calls(world: ManualWorld, sandbox: Sandbox, load: Load) -> None:
    """429 with and without Retry-After, a server error, a lost connection, half an answer."""
    faults: dict[int, dict[str, Any]] = {
        11: {"kind": "status", "status": 429, "retry_after": 0},
        12: {"kind": "status", "status": 429},
        13: {"kind": "status", "status": 503},
        14: {"kind": "reset"},
        15: {"kind": "truncated"},
    }
    for campaign_id, fault in faults.items():
        world.add_campaign(campaign_id)
        world.put(campaign_id, example_call(f"of_{campaign_id}", NOON))
        sandbox.faults.add(campaign_id=campaign_id, **fault)

    warehouse = load(campaign_ids=[*faults])

    for campaign_id in faults:
        assert warehouse.calls(campaign_id) == as_loaded(world.calls(campaign_id))
        assert [request.campaign_id for request in sandbox.requests].count(campaign_id) == 2


@pytest.mark.parametrize(
    ("kind", "details", "error", "words"),
    [
        ("status", {"status": 401}, KeyRefused, "refuses the key"),
        ("status", {"status": 403}, KeyRefused, "refuses the key"),
        ("status", {"status": 400}, RequestRejected, "400: "),
        ("status", {"status": 302}, ApiChanged, "answered 302"),
        ("not_json", {}, ApiChanged, "not JSON"),
        ("bare", {}, ApiChanged, "list in 'calls'"),
        ("status", {"status": 500, "times": None}, ApiUnavailable, "status 500"),
        ("reset", {"times": None}, ApiUnavailable, "connection broke"),
    ],
)
def test_a_lasting_fault_is_told_and_loads_nothing(
    sandbox: Sandbox, load: Load, kind: Any, details: dict[str, Any], error: type[AlturError], words: str
) -> None:
    """The error says what was asked, what came and what to do; its text never holds the key."""
    sandbox.faults.add(kind, **details)

    with pytest.raises(error, match=words) as raised, translated():
        load(retry_for_seconds=0.2)

    assert all(KEY not in str(link) for link in causes(raised.value))


def test_an_unknown_campaign_does_not_stop_the_others(world: ManualWorld, load: Load) -> None:
    """It leaves a row in the ledger that says why."""
    warehouse = load(campaign_ids=[99, 2])

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    doubt = warehouse.value("SELECT doubt FROM altur.call_windows WHERE campaign_id = 99")
    assert "404: no such campaign" in doubt


def test_an_empty_window_answered_with_404_is_an_empty_window(sandbox: Sandbox, load: Load) -> None:
    """A 404 may mean that there is no campaign, or no page: asked without a filter, the API tells which."""
    load()
    sandbox.faults.add("status", status=404, campaign_id=1)

    warehouse = load()

    assert warehouse.value("SELECT bool_and(is_proved) FROM altur.call_windows")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"campaign_ids": ["twelve"]}, "'twelve', which is no campaign id"),
        ({"campaign_ids": []}, "campaign_ids is empty"),
        ({"start_date": "last week"}, "start_date is 'last week'"),
        ({"start_date": "2999-01-01"}, "start_date is 2999-01-01T00:00:00Z, which is still to come"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "leave nothing to read"),
        ({"requests_per_second": 0}, "requests_per_second is 0"),
        ({"max_window_calls": -1}, "max_window_calls is -1"),
        ({"base_url": "no url"}, "base_url is not a URL"),
    ],
)
def test_a_wrong_setting_is_named(load: Load, changed: dict[str, Any], words: str) -> None:
    """With what it holds and how it should look."""
    with pytest.raises(SettingsError, match=words), translated():
        load(**changed)


def test_a_cursor_of_dlt_is_refused(settings: dict[str, Any]) -> None:
    """A call from before it that changed since would be lost, and its window proved."""
    source = altur_source(**settings)
    source.campaign_calls.apply_hints(incremental=dlt.sources.incremental("created_at"))
    pipeline = dlt.pipeline("somebodys", destination="duckdb", dataset_name="altur")

    with pytest.raises(SettingsError, match="campaign_calls has an incremental hint"), translated():
        pipeline.run(source)


def test_a_missing_key_is_named_with_its_doors() -> None:
    """The variable and the file, in one line."""
    with pytest.raises(SettingsError, match=r"SOURCES__ALTUR__API_KEY.*secrets\.toml"), translated():
        altur_source(campaign_ids=[1])


def test_building_the_source_sends_no_request(sandbox: Sandbox, settings: dict[str, Any]) -> None:
    """Orchestrators build sources to look at them."""
    source = altur_source(**settings)

    assert source.name == source.section == "altur"
    children = [f"campaign_calls__{name}" for name in ("contact", "extracted_data", "policies", "tags")]
    calls = ["call_changes", "call_windows", "campaign_calls", *children]
    tables = [*calls, "campaigns", "rejected_calls", "schema_drift"]
    assert sorted(source.selected_resources) == tables
    assert sandbox.requests == []


def test_settings_come_through_dlts_doors(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment and the toml files are resolved by dlt, not by us."""
    monkeypatch.setenv("SOURCES__ALTUR__API_KEY", KEY)
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", "[2]")
    monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)

    dlt.pipeline("doors", destination="duckdb", dataset_name="altur").run(altur_source())

    assert len(Warehouse(tmp_path / "doors.duckdb").calls(2)) == 3


@pytest.mark.parametrize("refresh", ["drop_sources", "drop_resources", "drop_data"])
def test_tables_that_begin_anew_are_filled_anew(
    world: ManualWorld, settings: dict[str, Any], load: Load, refresh: Any
) -> None:
    """What dlt is about to drop is not what is known."""
    load()
    pipeline = dlt.pipeline("somebodys", destination="duckdb", dataset_name="altur")

    pipeline.run(altur_source(**settings), refresh=refresh)

    assert Warehouse(Path("somebodys.duckdb")).calls(2) == as_loaded(world.calls(2))


def test_calls_that_replace_others_are_all_calls(settings: dict[str, Any], load: Load) -> None:
    """With dlt's other disposition."""
    load()
    pipeline = dlt.pipeline("somebodys", destination="duckdb", dataset_name="altur")

    pipeline.run(altur_source(**settings, since="2026-01-01"), write_disposition="replace")

    assert Warehouse(Path("somebodys.duckdb")).value("SELECT count(*) FROM altur.campaign_calls") == 3


def test_some_of_the_tables_will_do(world: ManualWorld, settings: dict[str, Any], tmp_path: Path) -> None:
    """Then nothing is compared, for the others are not there."""
    pipeline = dlt.pipeline("some", destination="duckdb", dataset_name="altur")
    for status in ("in-progress", "ended"):
        world.put(2, example_call("changing", RECENT, status=status))
        pipeline.run(altur_source(**settings).with_resources("campaign_calls"))

    status = "SELECT status FROM altur.campaign_calls WHERE id = 'changing'"
    assert Warehouse(tmp_path / "some.duckdb").value(status) == "ended"


TAGS = "SELECT call_id, value FROM altur.campaign_calls__tags ORDER BY ALL"


def test_what_is_loaded_in_part_is_whole_after_a_load_of_all(
    world: ManualWorld, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Also where the whole load is to compare with what the part has written."""
    pipeline = dlt.pipeline("some", destination="duckdb", dataset_name="altur")
    warehouse = Warehouse(tmp_path / "some.duckdb")
    world.put(2, example_call("changing", RECENT, tags=["old"]))
    pipeline.run(altur_source(**settings).with_resources("campaign_calls"))
    pipeline.run(altur_source(**settings))
    assert warehouse.calls(2) == as_loaded(world.calls(2))

    world.put(2, example_call("changing", RECENT, tags=["new"]))
    pipeline.run(altur_source(**settings, since="2026-01-01").with_resources("campaign_calls"))
    pipeline.run(altur_source(**settings, since="2026-01-01"))

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert ("changing", "new") in warehouse.rows(TAGS)


def test_each_choice_of_tables_is_loaded_from_its_beginning(settings: dict[str, Any], tmp_path: Path) -> None:
    """What was read for other tables is not in these."""
    pipeline = dlt.pipeline("some", destination="duckdb", dataset_name="altur")
    pipeline.run(altur_source(**settings).with_resources("campaign_calls"))

    pipeline.run(altur_source(**settings).with_resources("campaign_calls", "campaign_calls__tags"))

    assert len(Warehouse(tmp_path / "some.duckdb").rows(TAGS)) == 3


def test_a_campaign_comes_from_one_source_of_a_load(settings: dict[str, Any]) -> None:
    """With two, dlt would write child rows twice. Two campaigns may come from two."""
    pipeline = dlt.pipeline("two", destination="duckdb", dataset_name="altur")
    both = [altur_source(**{**settings, "campaign_ids": [number]}) for number in (1, 2)]
    pipeline.run(both)

    with pytest.raises(SettingsError, match="campaign 1"), translated():
        pipeline.run([altur_source(**settings), altur_source(**settings, since="2026-01-01")])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_source_that_was_interrupted_can_be_loaded_again(
    world: ManualWorld, settings: dict[str, Any], tmp_path: Path, error: type[BaseException]
) -> None:
    """In a notebook, say. Nothing of the pass that ended goes on meanwhile."""
    failing = [error("once")]

    def clock() -> datetime:
        is_reading = any(thread.name.startswith("walker") for thread in threading.enumerate())
        if failing and is_reading and threading.current_thread() is threading.main_thread():
            raise failing.pop()
        return datetime.now(UTC)

    source = altur_source(**settings, extraction=Extraction(clock=clock))
    pipeline = dlt.pipeline("again", destination="duckdb", dataset_name="altur")
    with pytest.raises(PipelineStepFailed):
        pipeline.run(source)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("walker")] == []

    pipeline.run(source)

    assert Warehouse(tmp_path / "again.duckdb").calls(2) == as_loaded(world.calls(2))


def test_a_table_can_be_looked_through_without_a_pipeline(settings: dict[str, Any]) -> None:
    """As any resource of dlt, to see what it gives."""
    (given,) = altur_source(**settings).campaign_calls

    assert given.num_rows == 3


def test_a_table_that_dlt_dropped_is_back_with_the_next_load(load: Load) -> None:
    """Also one that has no row."""
    load()
    dropped = dlt.attach("somebodys")
    pipeline_drop(dropped, resources="rejected_calls")()

    warehouse = load()

    assert warehouse.value("SELECT count(*) FROM altur.rejected_calls") == 0
