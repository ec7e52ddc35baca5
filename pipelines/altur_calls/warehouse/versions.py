"""Which warehouses this release may touch, by the version of their tables."""

from __future__ import annotations

from altur_calls import tables
from altur_calls.errors import WarehouseError


def refuse(version: int) -> None:
    """Let no warehouse pass whose tables are newer than this release, or older than a step begins with.

    Raises:
        WarehouseError: if they are.

    """
    if version > tables.VERSION:
        raise WarehouseError(
            f"{said_of(version)}: a newer release wrote it. Upgrade altur-calls (pip install --upgrade "
            "altur-calls), or load into another file."
        )
    if version < tables.OLDEST:
        raise WarehouseError(f"{said_of(version)}, and can't bring them up to that. Load into another file.")


def require_todays(version: int) -> None:
    """Let no warehouse pass but one with the tables of this release.

    Raises:
        WarehouseError: if it has others.

    """
    refuse(version)
    if version < tables.VERSION:
        raise WarehouseError(f"{said_of(version)}: altur-calls run brings them up to that first.")


def said_of(version: int) -> str:
    """Return which versions meet, to begin a message with."""
    return f"The warehouse has tables of version {version}, this altur-calls of version {tables.VERSION}"
