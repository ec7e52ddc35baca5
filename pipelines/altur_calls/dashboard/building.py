"""Build the page: read what is published, and write a file that needs nothing else."""

from __future__ import annotations

import locale
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from altur_calls.dashboard.figures import figures
from altur_calls.dashboard.page import page
from altur_calls.dashboard.texts import LANGUAGES
from altur_calls.errors import SettingsError, WarehouseError
from altur_calls.outputs import spare_data
from altur_calls.publishing.readers import reading
from altur_calls.publishing.replacing import in_place_of


def build(published: Path, language: str, now: datetime) -> str:
    """Return the page of what is published.

    Raises:
        SettingsError: if the extra ``dashboard`` is not installed.
        WarehouseError: if nothing is published, or not by this version.

    """
    charts = _charts()
    try:
        with reading(published) as connection:
            found = figures(connection, made_at=now)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise WarehouseError(
            f"{published} is not as this version publishes it: {str(error).splitlines()[0]} "
            "altur-calls publish writes it anew."
        ) from error
    return page(found, language=language, charts=charts)


def write(text: str, path: Path) -> None:
    """Write a page to a file; whoever opens it sees the old one or the new one, whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with in_place_of(spare_data(path)) as new:
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"Can't write {path}: {error.strerror}.") from error


def usual_language() -> str:
    """Return the language of the user, where there are words in it."""
    code = (locale.getlocale()[0] or "")[:2]
    return code if code in LANGUAGES else LANGUAGES[0]


@cache
def _charts() -> str:
    """Return the code of Chart.js. It comes with chartkick, of which nothing else is used."""
    try:
        folder = files("chartkick")
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The dashboard needs the package {error.name}: pip install 'altur-calls[dashboard]'."
        ) from error
    return (folder / "django" / "static" / "chartkick" / "Chart.bundle.js").read_text(encoding="utf-8")
