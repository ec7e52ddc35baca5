"""The file that readers had before the one they have: it is written to again, so that no file need be copied.

Only where nobody can notice: no program has it open any more, and it has no other name. Linux can tell.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "linux":
    import fcntl


def keep_spare(path: Path) -> None:
    """Keep the file at a path, which another one is about to replace, where it may be of use."""
    forget_spare(path)
    with suppress(OSError):  # hard links are nothing for this file system
        os.link(path, _spare_of(path))


def forget_spare(path: Path) -> None:
    """Keep none any more."""
    _spare_of(path).unlink(missing_ok=True)


def take_spare(path: Path, new: Path) -> bool:
    """Move the spare file of a path to ``new``, and tell if it may be written to. Otherwise it is gone."""
    try:
        _spare_of(path).replace(new)
    except FileNotFoundError:
        return False
    if os.access(new, os.W_OK) and new.stat().st_nlink == 1 and _is_open_nowhere(new):
        return True
    new.unlink()
    return False


def _spare_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.spare")


def _is_open_nowhere(path: Path) -> bool:
    """Tell if nobody has a file open, this process included; where that is not known, that somebody has.

    The kernel leases a file for writing only to the one who has it open alone: fcntl(2), "Leases".
    """
    if sys.platform != "linux":
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)  # by default the signal would end the process
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
