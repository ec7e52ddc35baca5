"""A file in place of another, all at once, and on disk before anybody sees it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


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
