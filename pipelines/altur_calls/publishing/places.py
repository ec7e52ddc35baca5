"""Where things are published: settings of the section ``publishing``, and the paths that follow from them."""

from __future__ import annotations

from pathlib import Path

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from altur_calls.configuration import resolved


@configspec
class Publishing(BaseConfiguration):
    """What is published after each load, and where."""

    enabled: bool = True
    folder: str | None = None
    """Where to; beside the working file by default."""
    raw_tables: bool = False
    """Whether readers get the raw tables as well."""
    parquet: bool = False
    """Whether readers get Parquet files as well."""

    __section__ = "publishing"

    def database(self, working: Path) -> Path:
        """Return the path of the published database of a working file."""
        return self._place(working, "published.duckdb")

    def parquet_set(self, working: Path) -> Path:
        """Return the path of the folder of Parquet files."""
        return self._place(working, "parquet")

    def _place(self, working: Path, ending: str) -> Path:
        working = working.resolve()  # where a link leads to: DuckDB knows a file by that only
        folder = Path(self.folder).expanduser() if self.folder else working.parent
        return folder / f"{working.stem}.{ending}"


def settings_of(**changed: bool) -> Publishing:
    """Return the settings as dlt resolves them, some of them changed.

    Raises:
        SettingsError: if one has the wrong type.

    """
    settings = resolved(Publishing())
    for name, value in changed.items():
        setattr(settings, name, value)
    return settings
