"""One run at a time: a lock that the operating system frees when its process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from altur_calls.errors import Busy

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

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
    """Tell if a run holds the lock of a pipeline, as far as who asks may look."""
    path = _path(folder, pipeline_name)
    try:
        if not path.exists():
            return False
        with FileLock(path, blocking=False):
            return False
    except Timeout:
        return True
    except OSError:  # it is not ours to write
        return _is_seen_held(path)


def _is_seen_held(path: Path) -> bool:
    """Tell if a run holds a lock that can be read at most."""
    try:
        with path.open("rb") as file:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _path(folder: Path, pipeline_name: str) -> Path:
    return folder / f"{pipeline_name}.lock"
