"""One run at a time: a lock that the operating system frees when its process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from altur_calls.errors import Busy


@contextmanager
def only_run(folder: Path, pipeline_name: str) -> Iterator[None]:
    """Hold the lock of a pipeline in dlt's folder ``folder``.

    Raises:
        Busy: at once, if another run holds it.

    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pipeline_name}.lock"
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise Busy(
            f"Another run of pipeline {pipeline_name} is under way (it holds {path}). "
            "Nothing was touched; run again when it has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()
