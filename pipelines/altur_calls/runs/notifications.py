"""A word to people when a run needs them, and when it does so no more: to a webhook, to a command."""

from __future__ import annotations

import html
import json
import logging
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import dlt
import requests
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.typing import TSecretStrValue

from altur_calls.configuration import resolved
from altur_calls.errors import AlturError, SettingsError
from altur_calls.publishing.replacing import in_place_of
from altur_calls.runs import summary
from altur_calls.runs.outcomes import FAILED, INCOMPLETE, SUSPICIOUS
from altur_calls.runs.summary import Summary
from altur_calls.schedule import EPOCH
from altur_calls.warehouse.target import Target
from altur_calls.windows import Clock, utc_now

COMPLETE = "complete"
"""The word for a run that went well; the others are those of runs."""

KINDS = {summary.COMPLETE: COMPLETE, summary.INCOMPLETE: INCOMPLETE, summary.SUSPICIOUS: SUSPICIOUS}
"""By the exit code of a run that came to its end. All others mean that something failed."""

REMIND_AFTER = timedelta(days=1)
"""What is still wrong is told again after this long."""

PATIENCE_SECONDS = 10.0
"""How long whoever takes a notification may take for it."""

LINES_SHOWN = 5

ACCEPTED = range(200, 300)
"""Statuses of a webhook that took a text. A redirect is none: a secret URL is not to be sent elsewhere."""

STDERR = 2

logger = logging.getLogger(__name__)


@configspec
class Notifications(BaseConfiguration):
    """Where to say that a run needs somebody."""

    webhook_url: TSecretStrValue | None = None
    """A webhook that takes what Slack's take; by default the one that dlt's runtime is set to."""
    command: str | None = None
    """A command for the shell, which gets the text on its standard input."""

    __section__ = "notifications"

    def ways(self) -> dict[str, Callable[[str], None]]:
        """Return the ways to send a text, by the setting that opens each."""
        ways: dict[str, Callable[[str], None]] = {}
        if url := self.webhook_url or dlt.current.run_context().runtime_config.slack_incoming_hook:
            ways["webhook_url"] = lambda text: _post(url, text)
        if command := self.command:
            ways["command"] = lambda text: _call(command, text)
        return ways


def settings_of() -> Notifications:
    """Return the settings as dlt resolves them.

    Raises:
        SettingsError: if one has the wrong type.

    """
    return resolved(Notifications())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: in a word, by its exit code, and in lines with campaigns and counts."""

    kind: str
    exit_code: int
    lines: tuple[str, ...] = ()

    @classmethod
    def of_run(cls, done: Summary) -> Outcome:
        """Return that of a run that came to its end."""
        calls = f"{done.new_calls:,} new calls; {done.total_calls:,} in the warehouse."
        failures = (str(done.failure),) if done.failure else ()
        lines = (calls, *done.suspicious, *failures, *done.doubts)
        return cls(KINDS.get(done.exit_code, FAILED), done.exit_code, lines)

    @classmethod
    def of_error(cls, error: Exception) -> Outcome:
        """Return that of a run that failed. Only errors of ours are known to be fit for everybody's eyes."""
        if isinstance(error, AlturError):
            return cls(FAILED, error.exit_code, (str(error),))
        return cls(FAILED, 1, (f"{type(error).__name__}; the log of the run tells more.",))


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told last."""

    kind: str = COMPLETE
    exit_code: int = 0
    since: datetime = EPOCH
    """When they were told so first."""
    at: datetime = EPOCH
    """When they were told so last."""

    def covers(self, outcome: Outcome) -> bool:
        """Tell if a run that ended so is no news."""
        return (self.kind, self.exit_code) == (outcome.kind, outcome.exit_code)

    def updated(self, outcome: Outcome, now: datetime) -> Told:
        """Return what people were told last, once they are told of ``outcome``."""
        return Told(outcome.kind, outcome.exit_code, self.since if self.covers(outcome) else now, now)


def text_of(name: str, outcome: Outcome, told: Told, now: datetime) -> str | None:
    """Return what there is to say of a run of the pipeline ``name``, if people do not know it yet."""
    is_known = told.covers(outcome)
    if is_known and (outcome.kind == COMPLETE or now - told.at < REMIND_AFTER):
        return None
    since = f"since {told.since:%Y-%m-%d %H:%M} UTC"
    if outcome.kind == COMPLETE:
        first = f"{name}: complete again; it was {told.kind} {since}."
    elif is_known:
        first = f"{name}: still {outcome.kind}, {since} (exit code {outcome.exit_code})."
    else:
        first = f"{name}: {outcome.kind} (exit code {outcome.exit_code})."
    more = len(outcome.lines) - LINES_SHOWN
    rest = [f"And {more:,} more."] if more > 0 else []
    return "\n".join([first, *outcome.lines[:LINES_SHOWN], *rest])


class Notifier:
    """Tells people how runs of a target end: each news once, and what is still wrong once a day."""

    def __init__(self, target: Target, clock: Clock = utc_now) -> None:
        """Read the settings.

        Raises:
            SettingsError: if one has the wrong type.

        """
        self._name = target.name
        self._clock = clock
        self._ways = settings_of().ways()
        self._file = Path(get_dlt_pipelines_dir()) / f"{target.name}.told.json"

    def tell(self, outcome: Outcome) -> None:
        """Say how a run ended, if that is news. What goes wrong with it is a line in the log."""
        if not self._ways:
            return
        told, now = _read(self._file), self._clock()
        if (text := text_of(self._name, outcome, told, now)) is None or not self._send(text):
            return
        try:
            _write(self._file, told.updated(outcome, now))
        except OSError as error:
            logger.warning("What was told can't be noted, so it will be told again: %s", error)

    def try_out(self) -> list[str]:
        """Send a text that needs nothing done, and return the settings whose way it went.

        Raises:
            SettingsError: if there is no way, or it did not arrive by one.

        """
        if not self._ways:
            raise SettingsError("There is nobody to notify: set NOTIFICATIONS__WEBHOOK_URL or __COMMAND.")
        arrived = self._send(f"{self._name}: a test. Here you will be told when a run needs somebody.")
        if missed := self._ways.keys() - arrived:
            raise SettingsError(f"The test did not arrive by {' and '.join(sorted(missed))}.")
        return arrived

    def _send(self, text: str) -> list[str]:
        return [name for name, send in self._ways.items() if _arrives(name, send, text)]


def _arrives(name: str, send: Callable[[str], None], text: str) -> bool:
    """Send a text; tell if it arrived. What goes wrong is logged without the URL and command: secrets."""
    try:
        send(text)
    except (requests.RequestException, ValueError) as error:
        logger.warning("A notification did not arrive by %s: %s.", name, type(error).__name__)
    except OSError as error:
        logger.warning("A notification did not arrive by %s: %s.", name, error)
    else:
        return True
    return False


def _post(url: str, text: str) -> None:
    """Post ``text`` in a thread: requests bounds each wait for a byte, and not all of them together."""
    body = {"text": html.escape(text, quote=False)}  # Slack takes <...> for links and mentions
    ended: queue.SimpleQueue[int | requests.RequestException | ValueError] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer = requests.post(url, json=body, timeout=PATIENCE_SECONDS, allow_redirects=False)
            ended.put(answer.status_code)
        except (requests.RequestException, ValueError) as error:  # the URL may be none
            ended.put(error)

    threading.Thread(target=work, name="notification", daemon=True).start()
    try:
        how = ended.get(timeout=PATIENCE_SECONDS)
    except queue.Empty:
        raise OSError(f"no answer within {PATIENCE_SECONDS:.0f} s") from None
    if not isinstance(how, int):
        raise how
    if how not in ACCEPTED:
        raise OSError(f"the webhook answered {how}")


def _call(command: str, text: str) -> None:
    """Give ``text`` to a shell command. What that prints goes to standard error, where the log is."""
    with subprocess.Popen(  # noqa: S602 (the user's own command is what is wanted)
        command, shell=True, stdin=subprocess.PIPE, stdout=STDERR, text=True, start_new_session=True
    ) as process:
        try:
            process.communicate(text, timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise OSError(f"the command took more than {PATIENCE_SECONDS:.0f} s, and was killed") from None
    if process.returncode:
        raise OSError(f"the command ended with exit code {process.returncode}")


def _kill(process: subprocess.Popen[str]) -> None:
    """End a shell and, where that can be done, what it started."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _read(file: Path) -> Told:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        since, at = (datetime.fromisoformat(known[name]) for name in ("since", "at"))
        return Told(str(known["kind"]), int(known["exit_code"]), since, at)
    except (OSError, ValueError, TypeError, KeyError):  # never written, or not by us
        return Told()


def _write(file: Path, told: Told) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with in_place_of(file) as new:
        new.write_text(json.dumps(asdict(told), default=datetime.isoformat), encoding="utf-8")
