"""The sandbox as a user meets it: served on a port, or standing in for the API when there is no key."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Any

import dlt

from altur_calls.errors import SettingsError
from altur_calls.failures import translated
from altur_calls.logs import tell
from altur_calls.warehouse.target import Target

PIPELINE = "altur_sandbox"
"""A pipeline and warehouse of its own: made-up calls never mix with real ones."""

KEY = "sandbox-key"


def has_key() -> bool:
    """Tell if dlt knows an API key."""
    with translated():
        return bool(dlt.secrets.get("sources.altur.api_key"))


def target(*, demo: bool) -> Target:
    """Return the user's target, or without a key, to demonstrate, the sandbox's."""
    return Target(PIPELINE) if demo and not has_key() else Target()


@contextmanager
def target_of(source_settings: dict[str, Any], *, demo: bool) -> Iterator[tuple[Target, dict[str, Any]]]:
    """Yield the target to use and its settings: the user's, or without a key, to demonstrate, a sandbox's."""
    if demo and not has_key():
        said = "No API key is set: using the built-in sandbox. Its calls are made up."
        tell("sandbox", said, logging.WARNING)
        with stand_in() as given:
            yield target(demo=demo), {**given, **source_settings}
    else:
        yield Target(), source_settings


@contextmanager
def stand_in() -> Iterator[dict[str, Any]]:
    """Serve a sandbox for a while; yields the source settings to read it with.

    In a process of its own: an API does not share the processor of its clients, nor end at their Ctrl-C.
    """
    _package()
    command = [sys.executable, "-m", "altur_sandbox", KEY]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, start_new_session=True) as server:  # noqa: S603 (ours)
        told = server.stdout.readline() if server.stdout else ""
        if not told:
            raise SettingsError("The sandbox did not start; what went wrong is told above.")
        yield {"api_key": KEY, **json.loads(told)}


def serve(*, port: int, seed: int, scale: float) -> None:
    """Serve a sandbox in the foreground, until it is stopped."""
    sandbox = _package()
    try:
        sandbox.serve(sandbox.SeededWorld(seed=seed, scale=scale), port=port, key=KEY)
    except OSError as error:
        raise SettingsError(
            f"Can't listen on port {port}: {error.strerror}. Name another with --port."
        ) from error


def _package() -> Any:
    try:
        import altur_sandbox  # noqa: PLC0415 (an extra, not always there)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The sandbox needs the package {error.name}: pip install 'altur-calls[sandbox]'."
        ) from error
    return altur_sandbox
