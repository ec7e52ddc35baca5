"""Examine an installation: its settings and where they come from, the API, the clock, the disk, the files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.pipeline import get_dlt_pipelines_dir

from altur_calls.errors import AlturError, CampaignNotFound, KeyRefused, WarehouseError
from altur_calls.extraction import Extraction
from altur_calls.failures import not_usable, translated
from altur_calls.misspelt import misspelt
from altur_calls.monitoring.standing import is_gone
from altur_calls.publishing.places import Publishing, settings_of
from altur_calls.reading.api import Api, without_password
from altur_calls.runs import notifications
from altur_calls.runs.run import versions
from altur_calls.source import altur_source, setting_names
from altur_calls.warehouse.lock import is_held
from altur_calls.warehouse.target import Target
from altur_calls.wording import counted

SECRETS = {"api_key"}
MASK = "***"

CLOCK_SLACK_SECONDS = 5
"""A difference of clocks that matters to nothing: the API tells whole seconds."""

LEAST_FREE_BYTES = 500_000_000

STORAGE = slice(12, 20)
"""Where in a DuckDB file the version of its format is."""

OLDEST_STORAGE = 64
"""What DuckDB 1.0 opens, and all later ones."""

DEFAULT, GIVEN = "default", "given here"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it was resolved."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What was examined, whether it is as it should be, and what was seen."""

    name: str
    is_good: bool
    told: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it."""

    settings: list[Setting]
    findings: list[Finding]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.is_good for finding in self.findings)


def examine(target: Target, **given: Any) -> Diagnosis:
    """Examine a target and the settings to load it with. Asks the API for a call of each campaign."""
    get_resolved_traces().clear()
    work, publishing = Extraction(), Publishing()

    def publishing_settings() -> None:
        nonlocal publishing
        publishing = settings_of()

    of_source = _of_settings("settings", lambda: altur_source(extraction=work, **given))
    findings = [
        of_source,
        _of_settings("publishing", publishing_settings),
        _of_settings("notifications", notifications.settings_of),
    ]
    findings += [Finding("misspelt", is_good=False, told=slip) for slip in misspelt()]
    settings = list(_settings(work.settings, given, publishing))
    if of_source.is_good:
        findings += _of_api(work)
    findings += _of_files(target, publishing)
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    return Diagnosis(settings, [*findings, Finding("versions", is_good=True, told=told)])


def _of_settings(name: str, read: Callable[[], object]) -> Finding:
    """Judge settings by reading them as a run would."""
    try:
        with translated():
            read()
    except AlturError as error:
        return Finding(name, is_good=False, told=str(error))
    return Finding(name, is_good=True, told="all that is needed, and of the right kind")


def _settings(
    resolved: Mapping[str, Any], given: Mapping[str, Any], publishing: Publishing
) -> Iterator[Setting]:
    """Yield all settings; where one is wrong, those that dlt found before it."""
    found = {
        (trace.sections[:1] == [Publishing.__section__], trace.key): trace
        for trace in get_resolved_traces().resolved_traces
    }

    def setting(name: str, value: Any, *, of_publishing: bool = False) -> Setting:
        trace = found.get((of_publishing, name))
        source = (trace.provider_location or trace.provider_name) if trace else DEFAULT
        if value is None:
            value = trace.value if trace else given.get(name)
        prefix = f"{Publishing.__section__}." if of_publishing else ""
        return Setting(f"{prefix}{name}", _shown(name, value), GIVEN if name in given else source)

    for name in setting_names():
        yield setting(name, resolved.get(name))
    for name in Publishing.get_resolvable_fields():
        yield setting(name, getattr(publishing, name), of_publishing=True)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "not set"
    return MASK if name in SECRETS and value else without_password(str(value))


# The API. -----------------------------------------------------------------------------------------------


def _of_api(work: Extraction) -> Iterator[Finding]:
    with closing(work.connect()) as api:
        try:
            campaign_ids = work.roster.ids(api)
            campaigns = [_of_campaign(api, campaign_id) for campaign_id in campaign_ids]
        except KeyRefused as error:
            yield Finding("key", is_good=False, told=str(error))
        except AlturError as error:
            yield Finding("API", is_good=False, told=str(error))
        else:
            yield Finding("key", is_good=True, told="the API accepts it")
            yield from campaigns
    yield of_clock(work.tally.server_ahead_seconds)


def _of_campaign(api: Api, campaign_id: int) -> Finding:
    name = f"campaign {campaign_id}"
    try:
        page = api.calls_page(campaign_id, {"pageSize": 1})
    except CampaignNotFound as error:
        return Finding(name, is_good=False, told=str(error))
    count = "calls" if page.total is None else counted(page.total, "call")
    return Finding(name, is_good=True, told=f"reachable: {count}")


def of_clock(ahead: float | None) -> Finding:
    """Judge how many seconds the API's clock is ahead of ours."""
    if ahead is None:
        return Finding("clock", is_good=True, told="the API did not tell the time")
    if abs(ahead) <= CLOCK_SLACK_SECONDS:
        return Finding("clock", is_good=True, told="as the API's")
    way = "behind" if ahead > 0 else "ahead of"
    told = f"{abs(ahead):,.0f} s {way} the API's. Set it by NTP: what is due is told by this clock."
    return Finding("clock", is_good=False, told=told)


# Files. -------------------------------------------------------------------------------------------------


def _of_files(target: Target, publishing: Publishing) -> Iterator[Finding]:
    working = target.file()
    folder = Path(get_dlt_pipelines_dir())
    is_running = is_held(folder, target.name)
    yield Finding("lock", is_good=True, told="a run is under way" if is_running else "free")
    published = publishing.database(working)
    is_lost = is_gone(target.name, working, published)
    yield _of_warehouse(working, is_running=is_running, is_lost=is_lost)
    for name, path in (("warehouse", working), ("published file", published), ("dlt's folder", folder)):
        yield _of_disk(name, path)
    yield _of_folder("warehouse", working.resolve().parent)
    if publishing.enabled:
        yield _of_folder("published file", published.parent, is_made=True)
    yield _of_folder("dlt", folder, is_made=True)
    for name, path in (("warehouse", working), ("published file", published)):
        if path.exists():
            yield _of_format(name, path)


def _of_warehouse(path: Path, *, is_running: bool, is_lost: bool) -> Finding:
    if is_lost and not is_running:
        told = (
            f"{path} is not there any more: put it back, or the next run loads everything from the beginning"
        )
        return Finding("warehouse", is_good=False, told=told)
    if not path.exists():
        return Finding("warehouse", is_good=True, told=f"{path} is not there yet: altur-calls run makes it")
    if is_running:
        return Finding("warehouse", is_good=True, told=f"{path} is open in a run")
    try:
        with translated(), duckdb.connect(path, read_only=True):
            return Finding("warehouse", is_good=True, told=f"{path} can be opened")
    except WarehouseError as error:
        return Finding("warehouse", is_good=False, told=str(error))


def _of_folder(name: str, folder: Path, *, is_made: bool = False) -> Finding:
    """Try to write a file; where a run makes the folder, in what is there of the way to it."""
    name = f"folder of {name}"
    tried = next(path for path in (folder, *folder.parents) if path.exists()) if is_made else folder
    try:
        with tempfile.NamedTemporaryFile(dir=tried):
            return Finding(name, is_good=True, told=f"{tried} can be written")
    except FileNotFoundError:
        return Finding(name, is_good=False, told=f"{folder} is not there: make it, or set another path")
    except OSError as error:
        return Finding(name, is_good=False, told=not_usable(tried, error.strerror))


def _of_disk(name: str, path: Path) -> Finding:
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    free, size = shutil.disk_usage(there).free, path.stat().st_size if path.is_file() else 0
    need = max(LEAST_FREE_BYTES, 2 * size)  # a copy is written beside it, and it grows
    told = f"{free / 1e9:,.1f} GB free" + (
        "" if free >= need else f": make room, {need / 1e9:,.1f} GB at least"
    )
    return Finding(f"disk of {name}", is_good=free >= need, told=told)


def _of_format(name: str, path: Path) -> Finding:
    with path.open("rb") as file:
        storage = int.from_bytes(file.read(STORAGE.stop)[STORAGE], "little")
    is_good = storage <= OLDEST_STORAGE
    told = "DuckDB 1.0 and all later ones can open it, so today's BI tools can"
    newer = f"its format is {storage}: BI tools with an older DuckDB can't open it"
    return Finding(f"format of {name}", is_good=is_good, told=told if is_good else newer)


# Told. --------------------------------------------------------------------------------------------------


def page(diagnosis: Diagnosis) -> str:
    """Return it as text for people."""
    width = max(len(setting.name) for setting in diagnosis.settings)
    lines = ["SETTINGS"]
    lines += [f"  {each.name:{width}}  {each.value}  ({each.source})" for each in diagnosis.settings]
    width = max(len(finding.name) for finding in diagnosis.findings)
    lines += ["", "FOUND"]
    lines += [
        f"  {'ok   ' if finding.is_good else 'WRONG'}  {finding.name:{width}}  {finding.told}"
        for finding in diagnosis.findings
    ]
    wrong = sum(not finding.is_good for finding in diagnosis.findings)
    return "\n".join([*lines, "", f"{wrong} wrong." if wrong else "All is well."])
