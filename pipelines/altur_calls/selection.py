"""What a load is to write: all tables, or some that were chosen; and whose calls, once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dlt
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable

from altur_calls import tables
from altur_calls.errors import SettingsError

PARTS, TAKEN = "parts", "altur_campaigns"
NO_LOAD = "0"
"""Stands for the load where a resource is looked through without a pipeline."""


def is_whole() -> bool:
    """Tell if the load that is under way is to write all tables."""
    return _chosen() == tables.COLUMNS.keys()


def _chosen() -> Collection[str]:
    return tables.COLUMNS.keys() & dlt.current.source().selected_resources.keys()


def refuse_cursors_of_dlt() -> None:
    """Refuse dlt's own cursor on a table: it drops rows of calls from before it, which are proved by then.

    Raises:
        SettingsError: if a hint has set one.

    """
    for name, resource in dlt.current.source().selected_resources.items():
        if getattr(resource.incremental, "incremental", resource.incremental):
            raise SettingsError(
                f"{name} has an incremental hint, which would lose calls that changed: remove it. "
                "The source keeps cursors of its own; start_date bounds what it loads."
            )


def state_of(resource: str) -> dict[str, Any]:
    """Return dlt's state of a resource, for the tables that are chosen.

    What was read for some tables is not there in the others: each choice has cursors of its own, and loads
    all by itself.
    """
    state: dict[str, Any] = dlt.current.resource_state(resource)
    if is_whole():
        return state
    part: dict[str, Any] = state.setdefault(PARTS, {}).setdefault(",".join(sorted(_chosen())), {})
    return part


def load_id() -> str:
    """Return the id of the load that is under way."""
    return str(_package()["load_id"])


def _package() -> Any:
    try:
        return dlt.current.load_package_state()
    except CurrentLoadPackageStateNotAvailable:
        return {"load_id": NO_LOAD, "state": {}}


@contextmanager
def alone_in_its_load(campaign_ids: Sequence[int]) -> Iterator[None]:
    """Let a load have the calls of a campaign from one source only.

    It replaces the child rows of a call by all that came with it, so those that came twice would be doubled.

    Raises:
        SettingsError: if another source brought calls of one of the campaigns into this load.

    """
    package = _package()["state"]
    taken = package.get(TAKEN, [])
    if twice := sorted(set(campaign_ids).intersection(taken)):
        raise SettingsError(
            f"Two sources in one load read campaign {twice[0]}: its child rows would be doubled. Run the "
            "sources one after the other, or leave the campaign out of one."
        )
    yield
    package[TAKEN] = [*taken, *campaign_ids]
