"""Settings that nothing reads, and that are nearly called like one: a slip that would otherwise go unseen."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import dlt

from altur_calls.failures import translated
from altur_calls.publishing.places import Publishing
from altur_calls.runs.notifications import Notifications
from altur_calls.source import setting_names

ALIKE = 0.75
"""How alike two names are, by difflib's measure, for one to be a slip. Others may be meant for dlt itself."""


def misspelt() -> Iterator[str]:
    """Tell which settings of ours are likely misspelt, in dlt's files or the environment; and no values.

    Raises:
        SettingsError: if a file of settings can't be read.

    """
    for section, known in _known().items():
        variables = section.upper().replace(".", "__") + "__"
        for name, meant in slips(_names_in(section), known):
            yield f"{name} under [{section}] is no setting. Is {meant} meant?"
        given = {name.removeprefix(variables).lower() for name in os.environ if name.startswith(variables)}
        for name, meant in slips(given, known):
            yield f"{variables}{name.upper()} is no setting. Is {variables}{meant.upper()} meant?"


def slips(given: Collection[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the names that are none of those known, but nearly, each with the one that it is like."""
    for name in sorted(set(given) - set(known)):
        for meant in get_close_matches(name, known, 1, ALIKE):
            yield name, meant


def _known() -> dict[str, Collection[str]]:
    return {
        "sources.altur": setting_names(),
        str(Publishing.__section__): Publishing.get_resolvable_fields().keys(),
        str(Notifications.__section__): Notifications.get_resolvable_fields().keys(),
    }


def _names_in(section: str) -> set[str]:
    with translated():
        found: list[Any] = [values.get(section) for values in (dlt.config, dlt.secrets)]
    return {str(name) for values in found if isinstance(values, Mapping) for name in values}
