"""Errors of dlt and DuckDB come out as ours: real ones wherever they can be had."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dlt
import duckdb
import pytest
from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException
from dlt.common.configuration.providers.toml import TomlProviderReadException

from altur_calls.errors import ApiUnavailable, SettingsError, WarehouseError
from altur_calls.failures import DISK_FULL, causes, in_a_line, translated
from common import COMMAND

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
AS_ANYBODY = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if os.geteuid() == 0 and shutil.which("setpriv")
    else []
)
"""Before a command of root: it may not write what its modes forbid."""
FULL_MESSAGE = "IO Error: Could not write file: No space left on device"


def wrapped(error: BaseException) -> BaseException:
    """Return an error raised while one was handled that had been raised from ``error``."""
    middle, outer = ValueError("a load package failed"), KeyError("and so did the clean-up")
    middle.__cause__, outer.__context__ = error, middle
    return outer


@dlt.source(name="altur", section="altur")
def needy(api_key: str = dlt.secrets.value, campaign_ids: list[int] = dlt.config.value) -> None:
    """Need the settings that our source needs."""
    assert api_key
    assert campaign_ids


def test_a_missing_setting_is_told_with_every_place_to_set_it():
    """Both at once: nobody wants to learn of the second after the first."""
    with pytest.raises(SettingsError) as told, translated():
        needy()

    message = str(told.value)
    assert message.startswith("Missing: api_key (set SOURCES__ALTUR__API_KEY, or api_key under ")
    assert "[sources.altur] in .dlt/secrets.toml); campaign_ids (set " in message
    assert "SOURCES__ALTUR__CAMPAIGN_IDS='[12, 34]', or campaign_ids under [sources.altur] in " in message


def test_a_setting_of_the_wrong_type_is_told_by_its_name_without_its_value():
    """It may be a key in the wrong place."""
    error = ConfigValueCannotBeCoercedException("timeout_seconds", "sk-12ab", float)

    with pytest.raises(SettingsError, match=r"^timeout_seconds has a value of") as told, translated():
        raise error

    assert "SOURCES__ALTUR__TIMEOUT_SECONDS=" in str(told.value)
    assert "sk-12ab" not in str(told.value)


@pytest.mark.parametrize("command", ["run", "status", "doctor"])
def test_a_slip_in_secrets_is_told_by_its_line_alone(cli, tmp_path, command):
    """What stands there is nobody's to see; and every command reads it."""
    path = tmp_path / ".dlt" / "secrets.toml"
    path.parent.mkdir()
    path.write_text("[sources.altur]\nother = {sk-12ab = 1, sk-12ab = 2}\n")

    done = cli(command)

    assert done.returncode == SettingsError.exit_code
    assert done.stderr == f"altur-calls: {path} is not TOML at line 2: mend it there.\n"
    assert "sk-12ab" not in done.stdout


def test_a_slip_in_the_settings_is_told_in_the_words_of_the_parser(cli, tmp_path):
    """With the line, and the column."""
    path = tmp_path / ".dlt" / "config.toml"
    path.parent.mkdir()
    path.write_text("[sources.altur]\ncampaign_ids = [1, 2\ntimezone = 1\n")

    done = cli("run")

    assert done.returncode == SettingsError.exit_code
    assert f"altur-calls: {path} is not TOML - Unclosed array (at line 3, column 1): mend it" in done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a = '\xff'", "secrets.toml is not text in UTF-8: save it as that."),
        (b"a = [1,", "secrets.toml is not TOML at end of document: mend it there."),
        (b"a = 1", "One of secrets.toml, nowhere.toml can't be read as TOML: mend it."),
    ],
)
def test_what_can_be_wrong_with_a_file_of_settings_is_told(content, told):
    """The last is what one parser takes and another does not."""
    Path("secrets.toml").write_bytes(content)

    with pytest.raises(SettingsError) as raised, translated():
        raise TomlProviderReadException("secrets.toml", "secrets.toml", ["secrets.toml", "nowhere.toml"], "a")

    assert str(raised.value).endswith(told)


def test_a_warehouse_that_is_held_open_is_told_with_who_holds_it(tmp_path):
    """Most often it is a SQL client in the next window."""
    path = str(tmp_path / "calls.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(WarehouseError) as told, translated():
            duckdb.connect(path)
        holder.stdin.close()

    assert path in str(told.value)
    assert f"(PID {holder.pid})" in str(told.value)


def test_a_lock_without_details_is_told_all_the_same():
    """DuckDB words it in its own way on each system."""
    with pytest.raises(WarehouseError, match="is held open by another process"), translated():
        raise duckdb.IOException("IO Error: Could not set lock on file: it is locked")


def test_a_file_that_is_no_warehouse_is_told_in_one_line(tmp_path):
    """DuckDB goes on for several; the first says it."""
    path = tmp_path / "calls.duckdb"
    path.write_text("these are not the bytes of a database\n" * 500)

    with pytest.raises(WarehouseError, match=r"^DuckDB can't use .*calls\.duckdb") as told, translated():
        duckdb.connect(str(path))

    assert "\n" not in str(told.value)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """A path with a typing mistake."""
    with pytest.raises(WarehouseError, match=r"^DuckDB can't use the warehouse: .*nowhere"), translated():
        duckdb.connect(str(tmp_path / "nowhere" / "calls.duckdb"))


def test_dlts_folder_that_cannot_be_written_is_told_by_its_path(cli, tmp_path):
    """By a run, and by whatever else takes the lock that is in it."""
    (tmp_path / "a_file").touch()

    done = cli("run", DLT_DATA_DIR=str(tmp_path / "a_file"))

    assert done.returncode == WarehouseError.exit_code
    assert f"altur-calls: {tmp_path / 'a_file'}/pipelines can't be used: Not a directory. Let " in done.stderr
    with pytest.raises(WarehouseError, match="a_file/pipelines can't be used"), translated():
        (tmp_path / "a_file" / "pipelines").mkdir()


def test_a_warehouse_whose_folder_is_read_only_is_told_by_its_path(cli, tmp_path):
    """DuckDB may write the file, and not the log beside it."""
    folder = tmp_path / "closed"
    folder.mkdir()
    warehouse = {"DESTINATION__DUCKDB__CREDENTIALS": str(folder / "calls.duckdb")}
    assert cli("run", **warehouse).returncode == 0
    folder.chmod(0o555)
    if os.access(folder, os.W_OK) and not AS_ANYBODY:
        pytest.skip("nothing keeps this user from writing")

    done = subprocess.run(
        [*AS_ANYBODY, COMMAND, "run"],
        env={**os.environ, **warehouse},
        capture_output=True,
        text=True,
        check=False,
    )
    folder.chmod(0o755)

    assert done.returncode == WarehouseError.exit_code
    assert f"altur-calls: {folder / 'calls.duckdb'}.wal can't be used: Permission denied. Let " in done.stderr


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), duckdb.IOException(FULL_MESSAGE)],
    ids=["the system", "DuckDB"],
)
def test_a_full_disk_is_told_whoever_finds_it(error):
    """What to do is the same, and nothing that was committed is lost."""
    with pytest.raises(WarehouseError) as told, translated():
        raise wrapped(error)

    assert str(told.value) == DISK_FULL


def test_an_error_of_ours_comes_out_of_what_wrapped_it():
    """What a resource raises dlt wraps; who runs it wants to know why, and how to go on."""
    error = ApiUnavailable("GET /campaigns/7/calls: 503. Run again; nothing is lost.")

    with pytest.raises(ApiUnavailable) as told, translated():
        raise wrapped(error)

    assert told.value is error
    assert isinstance(told.value.__cause__, KeyError)


def test_an_error_of_ours_that_nobody_wrapped_stays_as_it_is():
    """No cause is made up."""
    error = ApiUnavailable("GET /campaigns/7/calls: 503.")

    with pytest.raises(ApiUnavailable) as told, translated():
        raise error

    assert told.value is error
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a fault of ours"),
        OSError(errno.EACCES, "Permission denied"),
        duckdb.BinderException("Binder Error: no such column"),
        KeyboardInterrupt(),
    ],
    ids=repr,
)
def test_an_error_we_have_no_better_word_for_is_left_alone(error):
    """A wrong translation hides more than none."""
    with pytest.raises(type(error)) as told, translated():
        raise error

    assert told.value is error


def test_the_causes_of_an_error_come_outermost_first():
    """The outermost that we know is the one that says most about what was being done."""
    error = wrapped(OSError("no space"))

    assert [type(link) for link in causes(error)] == [KeyError, ValueError, OSError]


def test_errors_that_cause_each_other_come_to_an_end():
    """Python lets a chain be a circle."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    assert list(causes(first)) == [first, second]


def test_what_nobody_foresaw_is_told_by_its_name():
    """Its message may quote a call."""
    assert in_a_line(ValueError("could not read +5255")) == (
        "ValueError: run again with --debug for all of it.",
        1,
        "failed",
    )
