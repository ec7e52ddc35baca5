"""What readers get: a copy of one whole load, put in place at once, and only when there is something new."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import duckdb
import pytest

from altur_calls import altur_source, build_views, pipeline, publish
from altur_calls.commands import loading
from altur_calls.errors import ApiUnavailable, PublishFailed, ViewFailed, WarehouseError
from altur_calls.pipeline import COMPLETE, Summary, run
from altur_calls.publishing import database, replacing
from altur_calls.publishing.places import settings_of
from altur_calls.publishing.publisher import Published, publish_client
from altur_calls.publishing.replacing import replace_file
from altur_calls.publishing.spare import is_local
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox, example_call
from common import NOON, Cli
from warehouse import Warehouse, unpublished

Fields = dict[str, Any]
DAY = {"start_date": "2026-03-02", "since": "2026-03-02", "until": "2026-03-03"}


@pytest.fixture(autouse=True)
def published_after_each_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish, as runs do by themselves."""
    monkeypatch.delenv("PUBLISHING__ENABLED")


@pytest.fixture
def settings(settings: Fields) -> Fields:
    """Return settings that read the day of all calls as one window of each campaign."""
    return {**settings, **DAY}


@pytest.fixture
def load(settings: Fields) -> Callable[..., Summary]:
    """Return a function that runs."""
    return lambda **changed: run(Target(), **{**settings, **changed})


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let the day have been loaded and published, by a run before."""
    loaded(**DAY, is_published=True)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where what many tests begin from is kept."""
    return tmp_path_factory.mktemp("begun")


@pytest.fixture
def begin(tmp_path: Path, folders: Path) -> Callable[[str, Callable[[], object]], None]:
    """Return a function that does once what many tests begin from; each gets a copy of what it left."""

    def begin(name: str, do: Callable[[], object]) -> None:
        if (folders / name).exists():
            shutil.copytree(folders / name, tmp_path, dirs_exist_ok=True)
        else:
            do()
            shutil.copytree(tmp_path, folders / name)

    return begin


@pytest.fixture
def working(tmp_path: Path) -> Warehouse:
    """Return the file that runs write."""
    return Warehouse(tmp_path / "altur_calls.duckdb")


@pytest.fixture
def published(tmp_path: Path) -> Warehouse:
    """Return the file that readers open."""
    return Warehouse(tmp_path / "altur_calls.published.duckdb")


def relations(warehouse: Warehouse) -> set[str]:
    """Return the names of all tables and views, with their schemas."""
    query = "SELECT table_schema || '.' || table_name FROM information_schema.tables"
    return {name for (name,) in warehouse.rows(query)}


def publish_now(**changed: bool) -> Published:
    """Publish what is loaded, as the command does."""
    return pipeline.publish(Target(), settings_of(**changed))


def identity(path: Path) -> tuple[int, int]:
    """Return what differs between a file and one that was put in its place."""
    return path.stat().st_ino, path.stat().st_mtime_ns


@pytest.fixture
def behind(
    begin: Callable[..., None], load: Callable[..., Summary], world: ManualWorld, working: Warehouse
) -> None:
    """Let readers have four calls and a table of somebody's own, and a fifth call be loaded since."""
    calls = {1: example_call("of_the_first", NOON), 2: example_call("another", NOON)}

    def loaded_since() -> None:
        world.put(1, calls[1])
        load()
        working.do("CREATE TABLE analytics.mine AS SELECT 1 AS goal")
        publish_now()
        world.put(2, calls[2])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUBLISHING__ENABLED", "false")
            load()

    begin("behind", loaded_since)
    for campaign_id, call in calls.items():  # also where that was done in the world of another test
        world.put(campaign_id, call)


# What is in it. ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_readers_get_the_views_with_all_their_rows(working: Warehouse, published: Warehouse) -> None:
    """As tables: nobody waits for a sum. Without the raw tables, and what views are made from."""
    there = {name.removeprefix("analytics.") for name in relations(published)}
    assert unpublished(working, published) == []
    assert {"calls", "contacts", "campaign_daily", "policy_compliance", "publication"} <= there
    assert not {name for name in there if name.startswith(("altur.", "_", "int_calls", "stg_calls"))}


@pytest.mark.usefixtures("once_loaded")
def test_the_copy_says_of_which_load_it_is(working: Warehouse, published: Warehouse) -> None:
    """Who looks at a dashboard sees up to when its numbers are proved."""
    told = published.rows("SELECT load_id, proved_until, calls, windows_in_doubt FROM analytics.publication")

    (last,) = working.rows("SELECT max(load_id) FROM altur._dlt_loads")
    (proved,) = working.rows("SELECT min(proved_until) FROM analytics.data_completeness")
    assert told == [(*last, *proved, 3, 0)]
    assert told[0][1] is not None


def test_as_long_as_a_campaign_was_never_proved_nothing_is(
    load: Callable[..., Summary], published: Warehouse
) -> None:
    """Proved is what all campaigns are; and a campaign that the API does not know is a window in doubt."""
    load(campaign_ids=[1, 2, 99])

    told = published.rows("SELECT proved_until, windows_in_doubt FROM analytics.publication")
    assert told == [(None, 1)]


@pytest.mark.usefixtures("once_loaded")
def test_freshness_goes_on_ageing(published: Warehouse) -> None:
    """A copy that is not renewed any more must not look fresh for ever."""
    query = """
        SELECT count(*) FROM analytics.data_freshness
        WHERE abs(seconds_behind - (epoch(now()) - epoch(proved_until))) > 1
    """
    assert published.value(query) == 0
    assert published.value("SELECT count(*) FROM analytics.data_freshness") == 2


@pytest.mark.usefixtures("once_loaded")
def test_columns_say_what_they_mean(working: Warehouse, published: Warehouse) -> None:
    """BI tools show that where people choose from them."""
    query = """
        SELECT table_name, column_name, comment FROM duckdb_columns()
        WHERE schema_name = 'analytics' AND comment IS NOT NULL ORDER BY ALL
    """
    there = {name.removeprefix("analytics.") for name in relations(published)} - {"publication"}
    said = [row for row in working.rows(query) if row[0] in there]
    assert [row for row in published.rows(query) if row[0] in there] == said
    assert len(said) > 100


@pytest.mark.usefixtures("once_loaded")
def test_raw_tables_are_published_if_a_setting_says_so(
    working: Warehouse, published: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer, when it does not say so any more."""
    monkeypatch.setenv("PUBLISHING__RAW_TABLES", "true")
    publish_now()
    raw = {name for name in relations(working) if name.startswith("altur.")}

    assert raw <= relations(published)
    assert published.calls(2) == working.calls(2)
    monkeypatch.setenv("PUBLISHING__RAW_TABLES", "false")
    publish_now()
    assert not raw & relations(published)


@pytest.mark.usefixtures("once_loaded")
def test_what_somebody_put_into_the_schema_is_published(working: Warehouse, published: Warehouse) -> None:
    """A view for one campaign, a list of targets: dashboards need that too."""
    with duckdb.connect(working.path) as connection:
        connection.execute("""CREATE VIEW analytics."mine & yours" AS SELECT id FROM altur.campaign_calls""")

    publish_now()

    assert published.value("""SELECT count(*) FROM analytics."mine & yours" """) == 3


@pytest.mark.usefixtures("once_loaded")
def test_what_somebody_changed_in_the_schema_is_published(working: Warehouse, published: Warehouse) -> None:
    """No load tells of it: a target is raised, a view is made anew with the columns it had."""
    changes = (
        'CREATE VIEW analytics."mine;" AS SELECT 1 AS goal',
        'CREATE OR REPLACE VIEW analytics."mine;" AS SELECT 2 AS goal',
        "CREATE TABLE analytics.targets AS SELECT 3 AS goal",
        "UPDATE analytics.targets SET goal = 4",
    )
    for change in changes:
        with duckdb.connect(working.path) as connection:
            connection.execute(change)
        assert publish_now().is_new, change

    assert not publish_now().is_new
    assert published.rows('FROM analytics.targets, analytics."mine;"') == [(4, 2)]


@pytest.mark.usefixtures("once_loaded")
def test_a_view_that_fails_on_a_call_tells_nothing_of_it(
    load: Callable[..., Summary], world: ManualWorld, working: Warehouse
) -> None:
    """DuckDB quotes what it could not read: a phone number, which no message may hold."""
    with duckdb.connect(working.path) as connection:
        connection.execute(
            "CREATE VIEW analytics.mine AS SELECT CAST(phone_number AS INTEGER) AS phone "
            "FROM altur.campaign_calls__contact"
        )
    number = working.value("SELECT phone_number FROM altur.campaign_calls__contact LIMIT 1")
    world.put(2, example_call("another", NOON))

    done = load()

    assert "analytics.mine can't be published" in str(done.failure)
    assert "ConversionException" in str(done.failure)
    assert number[-7:] not in str(done.failure) + working.value("SELECT max(error) FROM altur.runs")


@pytest.mark.usefixtures("once_loaded")
def test_a_view_that_is_broken_is_named_and_the_calls_are_loaded(
    load: Callable[..., Summary], world: ManualWorld, working: Warehouse, published: Warehouse
) -> None:
    """Readers see what they saw: not half of what they are used to."""
    with duckdb.connect(working.path) as connection:
        connection.execute("CREATE TABLE altur.mine (x INTEGER)")
        connection.execute("CREATE VIEW analytics.mine AS SELECT x FROM altur.mine")
        connection.execute("DROP TABLE altur.mine")
    world.put(2, example_call("another", NOON))

    done = load()

    assert done.exit_code == PublishFailed.exit_code
    assert "analytics.mine can't be published" in str(done.failure)
    assert working.value("SELECT count(*) FROM altur.campaign_calls") == 4
    assert published.value("SELECT count(*) FROM analytics.calls") == 3


@pytest.mark.usefixtures("once_loaded")
def test_what_could_not_be_written_takes_no_room(working: Warehouse) -> None:
    """On a full disk the next load would find none, and so never come to what clears it up."""
    with duckdb.connect(working.path) as connection:
        connection.execute("CREATE VIEW analytics.zz AS SELECT error('no') AS a FROM range(9) numbers(a)")

    with pytest.raises(PublishFailed):
        publish_now()

    assert not list(working.path.parent.glob(".altur_calls*"))


def test_a_working_file_may_have_any_name(settings: Fields, tmp_path: Path) -> None:
    """That of the copy beside it, too."""
    first, second = (str(tmp_path / f"{name}.duckdb") for name in ("it's;", "altur_published"))

    done = run(Target(credentials=first), **settings)
    shutil.copy(first, second)
    again = pipeline.publish(Target(credentials=second), settings_of())

    assert done.published, done.failure
    for copy in (done.published, again):
        assert copy.is_new
        assert Warehouse(copy.database).value("SELECT count(*) FROM analytics.calls") == 3


# When it is written, and where. ------------------------------------------------------------------------


@pytest.mark.usefixtures("once_loaded")
def test_nothing_is_written_when_nothing_is_new(published: Warehouse) -> None:
    """It costs a look."""
    before = identity(published.path)

    assert not publish_now().is_new

    assert identity(published.path) == before


@pytest.mark.usefixtures("once_loaded")
def test_a_clock_that_was_set_back_holds_nothing_up(
    load: Callable[..., Summary], world: ManualWorld, working: Warehouse, published: Warehouse
) -> None:
    """The newest load is not the one with the latest time."""
    with duckdb.connect(working.path) as connection:
        connection.execute("UPDATE altur._dlt_loads SET inserted_at = inserted_at + INTERVAL 1 HOUR")
    world.put(2, example_call("another", NOON))

    load()

    assert published.value("SELECT count(*) FROM analytics.calls") == 4


@pytest.mark.usefixtures("once_loaded")
def test_what_came_before_the_api_failed_is_for_readers_too(
    load: Callable[..., Summary], sandbox: Sandbox, published: Warehouse
) -> None:
    """A campaign that fails every time must not keep the news of all others from them."""
    published.path.unlink()
    sandbox.faults.add("status", status=500, times=None)

    with pytest.raises(ApiUnavailable):
        load(retry_for_seconds=0.1)

    assert published.value("SELECT count(*) FROM analytics.calls") == 3


def test_it_goes_to_the_folder_of_choice_or_nowhere(
    load: Callable[..., Summary], published: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers may be on another disk."""
    monkeypatch.setenv("PUBLISHING__ENABLED", "false")
    assert load().published is None
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")
    monkeypatch.setenv("PUBLISHING__FOLDER", str(tmp_path / "for" / "readers"))

    done = publish_now()

    assert done.database == tmp_path / "for" / "readers" / "altur_calls.published.duckdb"
    assert done.database.exists()
    assert not published.path.exists()


@pytest.mark.usefixtures("once_loaded")
def test_the_file_is_looked_for_where_it_is_configured_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where dlt remembers that another run of the same user loaded to."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert Target().published() == elsewhere / "altur_calls.published.duckdb"


def test_the_command_publishes_by_hand(
    cli: Cli, loaded: Callable[..., Warehouse], published: Warehouse
) -> None:
    """After a view was made, or where runs do not publish."""
    with pytest.raises(WarehouseError, match="Nothing is loaded yet"):
        publish_now()
    loaded(**DAY)
    assert not published.path.exists()

    first, second = cli("publish"), cli("publish")

    assert "Published for readers" in first.stdout
    assert "Nothing new for readers" in second.stdout
    assert published.value("SELECT count(*) FROM analytics.calls") == 3


def test_who_is_erased_by_hand_is_gone_for_readers_too(
    cli: Cli, loaded: Callable[..., Warehouse], published: Warehouse
) -> None:
    """No load came since, but what the views are made of is another."""
    warehouse = loaded(**DAY)
    cli("publish")
    with duckdb.connect(warehouse.path) as connection:
        connection.execute("DELETE FROM altur.campaign_calls WHERE id = 'call_1'")

    cli("publish")

    assert published.rows("SELECT call_id FROM analytics.calls WHERE call_id = 'call_1'") == []


def test_a_pipeline_of_your_own_publishes_too(settings: Fields) -> None:
    """All but the command is there for whoever embeds the source."""
    own = dlt.pipeline("voice", destination="duckdb", dataset_name="raw")
    own.run(altur_source(**settings))
    build_views(own)

    done = publish(own)

    assert Warehouse(done.database).value("SELECT count(*) FROM analytics.calls") == 3


def test_what_it_publishes_is_what_is_loaded(world: ManualWorld, settings: Fields) -> None:
    """Also where the views were not brought up to that before."""
    own = dlt.pipeline("voice", destination="duckdb", dataset_name="raw")
    own.run(altur_source(**settings))
    publish(own)
    world.put(2, example_call("new", NOON + timedelta(hours=1)))
    own.run(altur_source(**settings))

    done = publish(own)

    assert Warehouse(done.database).value("SELECT count(*) FROM analytics.calls") == 4


def test_a_pipeline_that_is_called_like_the_schema_is_told_so(settings: Fields) -> None:
    """DuckDB could not tell the one from the other."""
    own = dlt.pipeline("analytics", destination="duckdb", dataset_name="raw")
    own.run(altur_source(**settings))

    with pytest.raises(ViewFailed, match="Name the pipeline otherwise"):
        build_views(own)


# How it comes there. -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("behind")
def test_who_has_the_file_open_keeps_what_it_sees(published: Warehouse) -> None:
    """And holds up nothing; whoever opens it next sees the news."""
    count = "SELECT count(*) FROM analytics.calls"
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(published.path)], stdin=-1, stdout=-1, text=True
    ) as reader:
        assert reader.stdout
        assert reader.stdin
        assert reader.stdout.readline() == "4\n"
        assert publish_now().is_new
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "4\n"
        reader.stdin.close()
    assert published.value(count) == 5


READ = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(connection.sql("SELECT count(*) FROM analytics.calls").fetchone()[0], flush=True)
    for _ in sys.stdin:
        print(connection.sql("SELECT count(*) FROM analytics.calls").fetchone()[0], flush=True)
"""


@pytest.mark.usefixtures("behind")
def test_who_may_read_it_may_read_the_next(published: Warehouse) -> None:
    """A BI server runs as somebody else."""
    published.path.chmod(0o640)

    assert publish_now().is_new

    assert stat.S_IMODE(published.path.stat().st_mode) == 0o640


def test_a_file_that_nobody_may_write_to_is_replaced_all_the_same() -> None:
    """Somebody made it read-only, for readers; the administrator may write to it still, so as another."""
    code = """
import os, sys
from pathlib import Path
from altur_calls.publishing.replacing import replace_file
if os.getuid() == 0:
    os.setuid(65534)
folder = Path(sys.argv[1])
(folder / "old").write_text("old")
(folder / "old").chmod(0o444)
(folder / "new").write_text("new")
replace_file(folder / "new", folder / "old")
"""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        subprocess.run([sys.executable, "-c", code, folder], check=True)
        assert (Path(folder) / "old").read_text() == "new"


@pytest.mark.usefixtures("behind")
def test_a_link_leads_to_the_next_one_too(published: Warehouse, tmp_path: Path) -> None:
    """Whoever knows the file it leads to must not be left with an old one."""
    target = tmp_path / "for_readers.duckdb"
    published.path.rename(target)
    published.path.symlink_to(target.name)

    publish_now()

    assert published.path.is_symlink()
    assert Warehouse(target).value("SELECT count(*) FROM analytics.calls") == 5


def test_what_is_published_of_a_link_is_where_the_commands_look_for_it(
    load: Callable[..., Summary], working: Warehouse, tmp_path: Path
) -> None:
    """Beside the file that it leads to."""
    (tmp_path / "disk").mkdir()
    working.path.symlink_to("disk/calls.duckdb")

    done = load()

    assert done.published
    assert done.published.database == Target().published() == tmp_path / "disk" / "calls.published.duckdb"


@pytest.mark.usefixtures("once_loaded")
def test_no_log_lies_beside_it(published: Warehouse) -> None:
    """DuckDB would replay one into a file it does not belong to."""
    assert sorted(path.name for path in published.path.parent.glob("altur_calls*")) == [
        "altur_calls.duckdb",
        "altur_calls.published.duckdb",
    ]


@pytest.mark.usefixtures("behind")
def test_a_log_that_somebody_left_there_is_not_replayed(published: Warehouse) -> None:
    """Somebody opened the copy to write to it, and was killed: its log stayed."""
    code = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]);"
        "connection.execute('DELETE FROM analytics.calls'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(published.path)], check=False)
    log = published.path.with_name(f"{published.path.name}.wal")
    assert log.exists()

    assert publish_now().is_new

    assert not log.exists()
    assert published.value("SELECT count(*) FROM analytics.calls") == 5


@pytest.mark.usefixtures("once_loaded")
def test_who_writes_to_it_is_named(
    load: Callable[..., Summary], world: ManualWorld, published: Warehouse, working: Warehouse
) -> None:
    """It is told who, the calls are loaded, and the next time publishes them."""
    world.put(2, example_call("another", NOON))
    code = "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(published.path)], stdin=-1, stdout=-1, text=True
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        done = load()
        assert done.exit_code == PublishFailed.exit_code
        assert f"(PID {writer.pid})" in str(done.failure)
        assert working.value("SELECT count(*) FROM altur.campaign_calls") == 4
        writer.communicate("end\n")
    assert publish_now().is_new
    assert published.value("SELECT count(*) FROM analytics.calls") == 4


@pytest.mark.usefixtures("once_loaded")
def test_publishing_does_not_let_go_of_the_lock(working: Warehouse) -> None:
    """To close any other handle of a file would, and another process could write to it meanwhile."""
    with Target().opened() as (_, client):
        Target().published().unlink()
        publish_client(client, settings_of())
        code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
        other = subprocess.run(
            [sys.executable, "-c", code, str(working.path)], check=False, capture_output=True, text=True
        )
    assert "Could not set lock" in other.stderr


@pytest.mark.usefixtures("once_loaded")
def test_a_damaged_copy_is_replaced(published: Warehouse) -> None:
    """Whatever lies there, the next load puts it right."""
    published.path.write_bytes(b"not a database")

    assert publish_now().is_new

    assert published.value("SELECT count(*) FROM analytics.calls") == 3


# Only what is new. ---------------------------------------------------------------------------------------


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return what grows whenever what readers get is made from the beginning."""
    times: list[int] = []
    make = database._make

    def counted(*args: Any) -> None:
        times.append(len(times))
        make(*args)

    monkeypatch.setattr(database, "_make", counted)
    return times


@pytest.mark.usefixtures("once_loaded")
def test_only_what_is_new_is_written(
    load: Callable[..., Summary],
    world: ManualWorld,
    working: Warehouse,
    published: Warehouse,
    made_anew: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many loads it has been since; raw tables too."""
    monkeypatch.setenv("PUBLISHING__RAW_TABLES", "true")
    publish_now()
    monkeypatch.setenv("PUBLISHING__ENABLED", "false")
    for number in range(2):
        world.put(2, example_call(f"another_{number}", NOON))
        load()
    monkeypatch.setenv("PUBLISHING__ENABLED", "true")

    assert publish_now().is_new

    assert len(made_anew) == 1
    assert unpublished(working, published) == []
    assert published.calls(2) == working.calls(2)


@pytest.fixture
def three_times(begin: Callable[..., None], load: Callable[..., Summary], world: ManualWorld) -> None:
    """Load and publish, with a new call each time, so that there is a file that readers had before theirs."""
    calls = [example_call(f"new_{number}", NOON) for number in range(3)]

    def loaded() -> None:
        for call in calls:
            world.put(2, call)
            load()

    begin("three times", loaded)
    for call in calls:  # also where that was done in the world of another test
        world.put(2, call)


def spare_of(published: Warehouse) -> Path:
    """Return the file that readers had before theirs."""
    return published.path.with_name(".altur_calls.published.duckdb.spare")


MOUNTED = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 22 0:40 / /data rw - xfs /dev/sdb1 rw
32 22 0:41 / /my\040share rw master:2 - nfs4 there:/share rw
33 31 0:42 / /data/host rw - virtiofs share rw
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells who has a file open")
@pytest.mark.parametrize(
    ("folder", "expected"),
    [("/", True), ("/data/altur", True), ("/my share/altur", False), ("/data/host", False)],
)
def test_what_others_serve_is_never_written_to_again(
    folder: str,
    expected: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody can tell there who has a file open: it may be a program on another machine."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTED.strip(), encoding="utf-8")
    monkeypatch.setattr("altur_calls.publishing.spare.MOUNTS", mounts)

    assert is_local(Path(folder) / "altur_calls.published.duckdb") == expected


@pytest.fixture
def can_tell(tmp_path: Path) -> None:
    """Skip where the system does not tell who has a file open."""
    if not is_local(tmp_path / "file"):
        pytest.skip("The system does not tell here who has a file open.")


@pytest.mark.usefixtures("can_tell", "three_times")
def test_what_readers_had_before_is_written_to_again(
    load: Callable[..., Summary], world: ManualWorld, working: Warehouse, published: Warehouse
) -> None:
    """So that nothing grows with the warehouse: it gets what is new in the two loads that it lacks."""
    before = spare_of(published).stat().st_ino
    world.put(2, example_call("another", NOON))
    load()

    assert published.path.stat().st_ino == before
    assert unpublished(working, published) == []


@pytest.mark.usefixtures("three_times")
def test_a_reader_keeps_what_it_has_open(
    load: Callable[..., Summary], world: ManualWorld, published: Warehouse, made_anew: list[int]
) -> None:
    """To the byte, however many loads come: a copy is written to then, and not what is read."""
    with published.path.open("rb") as reader:
        before = reader.read()
        two_more(load, world)
        reader.seek(0)

        assert reader.read() == before

    assert made_anew == []


@pytest.mark.usefixtures("three_times")
def test_a_backup_that_is_a_hard_link_stays_as_it_is(
    load: Callable[..., Summary], world: ManualWorld, published: Warehouse, made_anew: list[int]
) -> None:
    """As those of rsync are."""
    backup = published.path.with_name("backup")
    backup.hardlink_to(published.path)
    before = backup.read_bytes()
    two_more(load, world)

    assert backup.read_bytes() == before
    assert made_anew == []


def two_more(load: Callable[..., Summary], world: ManualWorld) -> None:
    """Load twice, with something new each time."""
    for number in range(2):
        world.put(2, example_call(f"later_{number}", NOON))
        load()


@pytest.mark.usefixtures("three_times")
def test_what_readers_had_before_may_be_damaged(
    load: Callable[..., Summary],
    world: ManualWorld,
    working: Warehouse,
    published: Warehouse,
    made_anew: list[int],
) -> None:
    """Then a copy of what they have is written to."""
    spare_of(published).write_bytes(b"not a database")
    world.put(2, example_call("another", NOON))
    load()

    assert made_anew == []
    assert unpublished(working, published) == []


@pytest.mark.usefixtures("behind")
def test_where_much_is_new_all_is_made_anew(
    load: Callable[..., Summary],
    world: ManualWorld,
    working: Warehouse,
    published: Warehouse,
    made_anew: list[int],
) -> None:
    """It costs less than to bring up what readers have."""
    working.do(MUCH_IS_TOUCHED)
    world.put(2, example_call("one_more", NOON))

    assert load().exit_code == COMPLETE

    assert len(made_anew) == 1
    assert unpublished(working, published) == []
    assert published.value("SELECT calls FROM analytics.publication") == 6


MUCH_IS_TOUCHED = """
INSERT INTO analytics._touched (call_id, since)
SELECT range, value FROM analytics._built, range(100000) WHERE kind = 'published'
"""
ALTERED = {
    "a call is gone": ("published", "DELETE FROM analytics.calls WHERE campaign_id = 1"),
    "a sum is another": (
        "published",
        "INSERT INTO analytics.campaign_daily (local_date, calls) VALUES ('2026-01-01', 1)",
    ),
    "it is of another warehouse": ("published", "UPDATE analytics.publication SET load_id = 'another'"),
    "a table has another column": ("working", "ALTER TABLE analytics.mine ADD COLUMN more INTEGER"),
    "not all that is new is known": ("working", "DELETE FROM analytics._built WHERE kind = 'published'"),
}
"""What is wrong with what readers have, and by what it came to be."""


@pytest.mark.parametrize("wrong", ALTERED)
@pytest.mark.usefixtures("behind")
def test_what_can_not_be_brought_up_is_made_anew(
    wrong: str, working: Warehouse, published: Warehouse, made_anew: list[int]
) -> None:
    """What readers have proves itself, or goes."""
    where, sql = ALTERED[wrong]
    (published if where == "published" else working).do(sql)

    assert publish_now().is_new

    assert len(made_anew) == 1
    assert unpublished(working, published) == []
    assert published.value("SELECT calls FROM analytics.publication") == 5


def test_readers_see_a_long_load_grow(
    load: Callable[..., Summary],
    world: ManualWorld,
    sandbox: Sandbox,
    published: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Parquet files, which are written all anew each time, come at the end."""
    monkeypatch.setenv("PUBLISHING__PARQUET", "true")
    world.put(1, example_call("of_the_first", NOON))
    monkeypatch.setattr("altur_calls.settings.PUBLISH_SECONDS", 0)
    was_seen = threading.Event()
    sandbox.faults.add("slow", campaign_id=2, seconds=60, until=was_seen)
    seen: list[tuple[int, bool]] = []

    def watched(event: str, *_: Any, **__: Any) -> None:
        if event == "published":
            has_files = published.path.with_name("altur_calls.parquet").exists()
            seen.append((published.value("SELECT calls FROM analytics.publication"), has_files))
            was_seen.set()

    monkeypatch.setattr(pipeline, "tell", watched)
    load(chunk_calls=1)

    *before, at_last = seen
    assert before
    assert all(calls == 1 and not has_files for calls, has_files in before)
    assert at_last == (4, True)


# Many readers, many loads. -----------------------------------------------------------------------------

READERS, LOADS = 20, int(os.environ.get("ALTUR_LOADS", "4"))
"""The continuous integration has twenty loads, which take half a minute longer."""

LOOK = """
SELECT
    (SELECT calls FROM analytics.publication),
    (SELECT count(*) FROM analytics.calls),
    (SELECT sum(calls) FROM analytics.campaign_daily),
    (SELECT count(DISTINCT tag) FROM analytics.call_tags),
    (SELECT min(tag) FROM analytics.call_tags)
"""
LOOK_AGAIN_AND_AGAIN = """
import os, sys, time, duckdb
os.nice(19)
published, ended = sys.argv[1:]
look = sys.stdin.read()
seen = set()
while True:
    is_last = os.path.exists(ended)
    with duckdb.connect(published, read_only=True) as connection:
        connection.execute("SET enable_progress_bar = false")
        told, calls, by_day, tags, tag = connection.execute(look).fetchone()
    found = told, calls, by_day, tags, tag
    assert found == (calls, calls, calls, 1, f"load {calls:03}"), found
    seen.add(tag)
    if is_last:
        break
    time.sleep(0.5)
print(len(seen))
"""


def test_twenty_readers_see_many_loads_each_of_them_whole(
    load: Callable[..., Summary], world: ManualWorld, published: Warehouse, tmp_path: Path
) -> None:
    """Each load adds a call and changes the tag of all others: no reader sees two tags, or fails to open."""

    def next_load() -> None:
        calls = [call["id"] for call in world.calls(1)]
        for number in range(len(calls) + 1):
            moment = NOON + timedelta(minutes=number)
            world.put(1, example_call(f"call_{number}", moment, tags=[f"load {len(calls) + 1:03}"]))
        assert load(campaign_ids=[1]).exit_code == COMPLETE

    next_load()
    ended = tmp_path / "ended"
    command = [sys.executable, "-c", LOOK_AGAIN_AND_AGAIN, str(published.path), str(ended)]
    readers = [subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(READERS)]
    for reader in readers:
        assert reader.stdin
        reader.stdin.write(LOOK)
        reader.stdin.close()
        reader.stdin = None
    try:
        for _ in range(LOADS):
            next_load()
    finally:
        ended.touch()
        told = [reader.communicate() for reader in readers]

    assert [(error, reader.returncode) for (_, error), reader in zip(told, readers, strict=True)] == [
        ("", 0)
    ] * READERS
    # Before its number a reader may have shown how far DuckDB is, on a machine that is slow.
    assert sum(int(seen.split()[-1]) > 1 for seen, _ in told) == READERS


# As Parquet. -------------------------------------------------------------------------------------------


def parquet(folder: Path, name: str) -> list[tuple[Any, ...]]:
    """Return the rows of a Parquet file of the set."""
    return duckdb.execute(
        "FROM read_parquet(?) ORDER BY ALL", [str(folder / "analytics" / f"{name}.parquet")]
    ).fetchall()


@pytest.mark.usefixtures("once_loaded")
def test_the_views_are_there_as_parquet(
    published: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For tools without a driver of DuckDB."""
    loading.publish(parquet=True)

    folder = tmp_path / "altur_calls.parquet"
    assert str(folder) in capsys.readouterr().out
    names = {path.stem for path in (folder / "analytics").iterdir()}
    assert {"calls", "publication", "data_freshness"} <= names
    assert not {name for name in names if name.startswith(("int_", "stg_"))}
    duckdb.execute("SET TimeZone = 'UTC'")
    for name in names - {"data_freshness"}:
        assert parquet(folder, name) == published.rows(f"FROM analytics.{name} ORDER BY ALL"), name


@pytest.mark.usefixtures("once_loaded")
def test_all_files_are_of_one_load_at_once(
    load: Callable[..., Summary], world: ManualWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One link is turned. Who resolved it before finds the files of before, until the next load but one."""
    monkeypatch.setenv("PUBLISHING__PARQUET", "true")
    publish_now()
    folder = tmp_path / "altur_calls.parquet"
    before = folder.resolve()
    assert not publish_now().is_new
    assert folder.resolve() == before

    for number in range(2):
        world.put(2, example_call(f"another_{number}", NOON))
        load()
        assert len(parquet(folder, "calls")) == 4 + number
        assert before.exists() == (number == 0)


@pytest.mark.usefixtures("once_loaded")
def test_what_was_removed_is_written_again(tmp_path: Path) -> None:
    """Somebody cleared up what looked like nothing of use."""
    publish_now(parquet=True)
    shutil.rmtree(tmp_path / ".altur_calls.parquet")

    assert publish_now(parquet=True).is_new

    assert len(parquet(tmp_path / "altur_calls.parquet", "calls")) == 3


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_what_others_have_there_is_left_alone(make: Callable[[Path], None], tmp_path: Path) -> None:
    """And nothing is written that nobody would find."""
    make(tmp_path / "altur_calls.parquet")

    with pytest.raises(PublishFailed, match="not ours to replace"):
        publish_now(parquet=True)

    assert not (tmp_path / "altur_calls.parquet").is_symlink()
    assert not (tmp_path / ".altur_calls.parquet").exists()


@pytest.mark.usefixtures("once_loaded")
def test_a_file_that_lies_among_the_sets_is_no_error(working: Warehouse, tmp_path: Path) -> None:
    """File managers leave theirs in every folder that they show."""
    publish_now(parquet=True)
    (tmp_path / ".altur_calls.parquet" / ".DS_Store").touch()
    working.do("CREATE TABLE analytics.targets AS SELECT 3 AS goal")

    assert publish_now(parquet=True).is_new


PARQUET_CRASH = """
import os, sys
from pathlib import Path
import altur_calls.publishing.parquet as parquet
from altur_calls.cli import main

def dies(*args, **kwargs):
    os._exit(137)

setattr(parquet, sys.argv[1], dies)
main(["publish", "--parquet"])
"""


@pytest.mark.usefixtures("once_loaded")
def test_a_crash_leaves_the_files_of_before(
    loads: Callable[..., Path], working: Warehouse, tmp_path: Path
) -> None:
    """And the next time carries on, to where it crashes later; nothing stays behind."""
    publish_now(parquet=True)
    folder = tmp_path / "altur_calls.parquet"
    shutil.copy(loads(make=another_too, **DAY) / working.path.name, working.path)

    for point in ("sync", "replace_link"):
        assert crashed(PARQUET_CRASH, point) == 137, point
        assert len(parquet(folder, "calls")) == 3, point

    publish_now(parquet=True)
    assert len(parquet(folder, "calls")) == 4
    assert len(list((tmp_path / ".altur_calls.parquet").iterdir())) == 2


# Crashes, and two at once. -------------------------------------------------------------------------------


CRASH = """
import os, sys, threading
from pathlib import Path
import altur_calls.publishing.database as database
import altur_calls.publishing.replacing as replacing
from altur_calls.cli import main

def dies(*args, **kwargs):
    os._exit(137)

def dies_after(function):
    def wrapped(*args, **kwargs):
        function(*args, **kwargs)
        os._exit(137)
    return wrapped

point = sys.argv[1]
if point == "while it is written":
    database.comments = dies
elif point == "when it is written":
    database._is_whole = dies
elif point == "before it is on disk":
    replacing.replace_file = dies
elif point == "before it is in place":
    replacing.sync = dies_after(replacing.sync)
elif point == "when it is in place":
    replacing.Path.replace = dies_after(Path.replace)
main(["publish"])
"""
POINTS = (
    "while it is written",
    "when it is written",
    "before it is on disk",
    "before it is in place",
    "when it is in place",
)


def another_too() -> ManualWorld:
    """Return a world with a call that is not published yet."""
    world = ManualWorld()
    for campaign_id, calls in {1: 0, 2: 4}.items():
        world.add_campaign(campaign_id)
        for number in range(calls):
            world.put(campaign_id, example_call(f"call_{number}", NOON + timedelta(minutes=number)))
    return world


@pytest.mark.usefixtures("once_loaded")
def test_a_crash_leaves_one_or_the_other_whole(
    loads: Callable[..., Path], working: Warehouse, published: Warehouse
) -> None:
    """And the next time carries on, to where it crashes later; nothing stays behind."""
    shutil.copy(loads(make=another_too, **DAY) / working.path.name, working.path)
    query = "SELECT calls, (SELECT count(*) FROM analytics.calls) FROM analytics.publication"

    for point in POINTS:
        assert crashed(CRASH, point) == 137, point
        assert published.rows(query) == [(4, 4) if point == POINTS[-1] else (3, 3)], point

    publish_now()
    assert published.value("SELECT count(*) FROM analytics.calls") == 4
    assert set(published.path.parent.glob(".altur_calls*")) <= {spare_of(published)}


@pytest.mark.usefixtures("behind")
def test_what_another_has_only_begun_is_not_put_in_place(
    working: Warehouse, published: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pipelines of one name publish to one folder, at the same time: one of them fails."""
    other = working.path.parent / "other"
    other.mkdir()
    shutil.copy(working.path, other)

    def replaced_when_other_began(new: Path, old: Path) -> None:
        monkeypatch.setenv("DLT_DATA_DIR", str(other / "dlt"))
        monkeypatch.setenv("PUBLISHING__FOLDER", str(old.parent))
        monkeypatch.setenv("PUBLISHING__RAW_TABLES", "true")  # so that there is something new
        monkeypatch.chdir(other)
        assert crashed(CRASH, "while it is written") == 137
        replace_file(new, old)

    monkeypatch.setattr(replacing, "replace_file", replaced_when_other_began)

    with pytest.raises(PublishFailed):
        publish_now()

    assert published.value("SELECT count(*) FROM analytics.calls") == 4


def crashed(code: str, point: str) -> int:
    """Return how a process ends that publishes and crashes at a point."""
    return subprocess.run([sys.executable, "-c", code, point], check=False).returncode
