"""What the tests of the extractor share: a world, its sandbox, and a warehouse of their own."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Hashable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dlt
import hypothesis
import pytest

from altur_calls import altur_source, logs, process
from altur_calls.cli import main
from altur_calls.commands import showing
from altur_calls.pipeline import run
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, Sandbox
from common import COMMAND, KEY, Cli, small_world
from warehouse import Warehouse

# How long an example takes is a matter of who else uses the machine.
hypothesis.settings.register_profile(
    "shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared")


def pytest_collection_finish() -> None:
    """Keep Python from looking through all that was imported, again and again, for what nobody needs."""
    gc.freeze()


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own working directory, dlt folder and environment."""
    monkeypatch.chdir(tmp_path)
    ours = ("SOURCES__", "DESTINATION__", "PUBLISHING__", "NOTIFICATIONS__")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PUBLISHING__ENABLED", "false")  # where a test is about that, it says so
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> Iterator[None]:
    """Hear Ctrl-C here and in what is run from here: what a shell runs in the background inherits not to."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


Settings = dict[str, Any]
Loads = Callable[..., Path]


@pytest.fixture
def world() -> ManualWorld:
    """Return a world with an empty campaign 1, and campaign 2 with three calls."""
    return small_world()


@pytest.fixture
def sandbox(world: ManualWorld) -> Iterator[Sandbox]:
    """Serve the world, without a rate limit."""
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        yield sandbox


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    """Return source settings that read the sandbox as fast as it goes."""
    return settings_for(sandbox)


def settings_for(sandbox: Sandbox) -> Settings:
    """Return those settings."""
    return {
        "api_key": KEY,
        "base_url": sandbox.url,
        "campaign_ids": [1, 2],
        "requests_per_second": 1000,
        "retry_for_seconds": 5,
        "list_campaigns": False,
    }


@pytest.fixture(scope="session")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Loads:
    """Return a function that tells a folder with what a run leaves that loads a world, once for all tests."""

    @cache
    def loaded(make: Callable[[], ManualWorld] = small_world, **changed: Hashable) -> Path:
        folder = tmp_path_factory.mktemp("loaded")
        is_published = changed.pop("is_published", False)
        with (
            pytest.MonkeyPatch.context() as patch,
            Sandbox(make(), key=KEY, requests_per_second=None) as sandbox,
        ):
            patch.chdir(folder)
            patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
            patch.setenv("PUBLISHING__ENABLED", str(is_published).lower())
            run(Target(), **{**settings_for(sandbox), **changed})
        return folder

    return loaded


@pytest.fixture
def loaded(loads: Loads, tmp_path: Path) -> Callable[..., Warehouse]:
    """Return a function that gives a test its own copy of what a run left: a run costs a second."""

    def loaded(**changed: Any) -> Warehouse:
        shutil.copytree(loads(**changed), tmp_path, dirs_exist_ok=True)
        return Warehouse(tmp_path / "altur_calls.duckdb")

    return loaded


@pytest.fixture
def once_loaded(loaded: Callable[..., Warehouse]) -> None:
    """Let the world have been loaded, by a run before."""
    loaded()


@pytest.fixture
def load(settings: Settings, tmp_path: Path) -> Callable[..., Warehouse]:
    """Return a function that loads the source as someone else's pipeline would: a plain ``run``."""

    def load(**changed: Any) -> Warehouse:
        pipeline = dlt.pipeline("somebodys", destination="duckdb", dataset_name="altur")
        pipeline.run(altur_source(**{**settings, **changed}))
        return Warehouse(tmp_path / "somebodys.duckdb")

    return load


@pytest.fixture
def cli(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return a function that runs the command with the sandbox's settings in its environment."""
    monkeypatch.setenv("SOURCES__ALTUR__API_KEY", KEY)
    monkeypatch.setenv("SOURCES__ALTUR__BASE_URL", sandbox.url)
    monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", "[1, 2]")
    monkeypatch.setenv("SOURCES__ALTUR__REQUESTS_PER_SECOND", "1000")
    monkeypatch.setenv("SOURCES__ALTUR__RETRY_FOR_SECONDS", "0.3")
    monkeypatch.setenv("SOURCES__ALTUR__LIST_CAMPAIGNS", "false")

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def inside(
    cli: Cli,  # noqa: ARG001 (which sets the environment)
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Cli:
    """Return a function like that, without a process: for what is told, and the exit code.

    A process takes two seconds to begin. What the command sets for one of its own is left out.
    """
    monkeypatch.setattr(process, "prepare", lambda: None)
    monkeypatch.setattr(showing, "end_with_the_reader", lambda: None)
    monkeypatch.setattr(logs, "logger", logging.getLogger("inside"))

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        told = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), told.out, told.err)

    return run
