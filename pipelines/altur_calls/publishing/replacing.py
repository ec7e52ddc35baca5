"""A file in place of another, all at once, and on disk before anybody sees it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from secrets import token_hex


@contextmanager
def in_place_of(path: Path) -> Iterator[Path]:
    """Yield where to write what comes in place of a file, and put it there once it is whole.

    A link stays one. What is no file, as ``/dev/stdout``, is written to: nothing may be put in its place.
    Where it fails nothing is left behind: the disk may be full.

    Nobody else has the name that is yielded. Of two that write to the same path the later removes what the
    other wrote, which fails by that; had they the name in common, it might put in place what the later has
    only begun.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    _remove(path.parent, f".{escape(path.name)}.????????.new*")
    new = path.with_name(f".{path.name}.{token_hex(4)}.new")
    try:
        yield new
        replace_file(new, path)
    finally:
        _remove(path.parent, f"{escape(new.name)}*")  # with the log that DuckDB keeps beside a file


def _remove(folder: Path, names: str) -> None:
    for leftover in folder.glob(names):
        leftover.unlink(missing_ok=True)


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that was put in its place; none where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def replace_file(new: Path, old: Path) -> None:
    """Put the file ``new`` in the place of ``old``, which lies in the same folder: a rename.

    Whoever has the old one open keeps it; after a crash, of the machine too, either is there and whole.
    Who may read the old one may read the new one.
    """
    sync(new)
    if old.exists():
        shutil.copymode(old, new)  # now that it is on disk: perhaps nobody may write to it
    new.replace(old)
    sync(old.parent)


def copy_file(old: Path, new: Path) -> None:
    """Copy a file by the call that some file systems (XFS, Btrfs) answer by sharing it: no byte is copied."""
    try:
        with old.open("rb") as source, new.open("wb") as copy:
            left = os.fstat(source.fileno()).st_size
            while left and (copied := os.copy_file_range(source.fileno(), copy.fileno(), left)):
                left -= copied
    except (AttributeError, OSError):  # no such call here, or not for these files
        shutil.copyfile(old, new)


def replace_link(target: str, link: Path) -> None:
    """Let the symbolic link ``link`` point to ``target``, from one moment to the next."""
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
    sync(link.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk. Windows knows no such thing for a folder."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
