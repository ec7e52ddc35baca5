"""Settings beside those of the source: each a section of dlt's configuration."""

from __future__ import annotations

from typing import TypeVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException
from dlt.common.configuration.specs import BaseConfiguration

from altur_calls.errors import SettingsError
from altur_calls.failures import translated

Section = TypeVar("Section", bound=BaseConfiguration)


def resolved(section: Section) -> Section:
    """Return the settings of a section as dlt resolves them.

    Raises:
        SettingsError: if one has the wrong type, or a file of settings can't be read.

    """
    with translated():
        try:
            return resolve_configuration(section)
        except ConfigValueCannotBeCoercedException as error:
            name, field = section.__section__ or "", error.field_name
            raise SettingsError(
                f"{field} has a value of the wrong type: {field} (set {name.upper()}__{field.upper()}=..., "
                f"or {field} under [{name}] in .dlt/config.toml)"
            ) from error
