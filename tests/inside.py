"""The command within the process of the tests: a process of its own takes two seconds to begin."""

from __future__ import annotations

import logging
import subprocess

import pytest

from altur_calls import logs, process
from altur_calls.cli import main
from altur_calls.commands import showing
from common import Cli


def command_inside(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs the command, for what it tells and its exit code.

    What it sets for a process of its own is left out.
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
