"""The bundle: the dashboard, its charts, datasets and database, as the YAML files that Superset imports."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from zipfile import ZipFile

from altur_calls.errors import SettingsError
from altur_calls.superset import charts, dashboard, datasets
from altur_calls.superset.ids import id_of
from altur_calls.yaml_text import yaml_of

DATABASE = "Altur calls"
FOLDER = "altur_calls"
"""In the archive: Superset expects one."""

HARDENED = {
    "access_mode": "read_only",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
    "allowed_configs": "[disabled_filesystems,timezone]",
    # These can't be set before the file is open. duckdb-engine opens it with the settings whose names it
    # knows, which are in small letters, and sets all others in each connection.
    "DISABLED_FILESYSTEMS": "LocalFileSystem",
    "TIMEZONE": "UTC",
}
"""Read-only alone would let SQL Lab read any file that Superset can. Without access to others, COPY could
still overwrite the published file itself, and write a log that the next reader takes for a part of it."""


def uri_of(published: PurePath) -> str:
    """Return the SQLAlchemy URI by which a published file can be read, and nothing else be done.

    Raises:
        SettingsError: if its path can't be part of one: the settings that are to harden it would be lost.

    """
    if "?" in published.as_posix():
        raise SettingsError(f"No URI can have a path with a question mark: {published}")
    settings = "&".join(f"{name}={value}" for name, value in HARDENED.items())
    return f"duckdb:///{published.as_posix()}?{settings}"


def bundle(types: datasets.Types, published: PurePath) -> dict[str, str]:
    """Return the text of all files by their paths, for a published file where Superset sees it."""
    return {path: yaml_of(content) for path, content in _files(types, published)}


def zipped(files: dict[str, str]) -> bytes:
    """Return the files as the archive to import."""
    archive = io.BytesIO()
    with ZipFile(archive, "w") as opened:
        for path, text in files.items():
            opened.writestr(f"{FOLDER}/{path}", text)
    return archive.getvalue()


def _files(types: datasets.Types, published: PurePath) -> Iterator[tuple[str, dict[str, Any]]]:
    # Without a type it is taken by both doors of Superset: that of dashboards and that of assets.
    yield "metadata.yaml", {"version": "1.0.0"}
    yield f"databases/{_slug(DATABASE)}.yaml", _database(published)
    for dataset in datasets.DATASETS:
        file = datasets.as_file(dataset, types, id_of("database", DATABASE))
        yield f"datasets/{_slug(DATABASE)}/{_slug(dataset.name)}.yaml", file
    for name in charts.CHARTS:
        yield f"charts/{name}.yaml", charts.as_file(name)
    yield f"dashboards/{_slug(dashboard.TITLE)}.yaml", dashboard.as_file()


def _database(published: PurePath) -> dict[str, Any]:
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": uri_of(published),
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_file_upload": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": id_of("database", DATABASE),
        "version": "1.0.0",
    }


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower())
