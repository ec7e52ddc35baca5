"""One run at a time: a lock that the operating system frees when its process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from altur_calls.errors import Busy

PATIENCE_SECONDS = 0.2
"""For somebody who only looks if it is held."""


@contextmanager
def only_run(folder: Path, pipeline_name: str) -> Iterator[None]:
    """Hold the lock of a pipeline in dlt's folder ``folder``.

    Raises:
        Busy: almost at once, if another run holds it.

    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, pipeline_name)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS, poll_interval=PATIENCE_SECONDS / 10)
    except Timeout:
        raise Busy(
            f"Another run of pipeline {pipeline_name} is under way (it holds {path}). "
            "Nothing was touched; run again when it has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_held(folder: Path, pipeline_name: str) -> bool:
    """Tell if a run holds the lock of a pipeline."""
    path = _path(folder, pipeline_name)
    if not path.exists():
        return False
    try:
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True


def _path(folder: Path, pipeline_name: str) -> Path:
    return folder / f"{pipeline_name}.lock"
