"""The file that readers had before the one they have: it is written to again, so that none need be copied.

Only where nobody can notice: no program has it open any more, and it has no other name. Linux can tell, of
the file systems that it serves itself.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "linux":
    import fcntl

LOCAL = frozenset({"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})
"""File systems of which the kernel knows all who have a file open. Not so of those that others serve: NFS and
folders of the host in a virtual machine (virtiofs, 9p)."""

MOUNTS = Path("/proc/self/mountinfo")


def keep_spare(path: Path) -> None:
    """Keep the file at a path, which another one is about to replace, where it may be of use."""
    forget_spare(path)
    if is_local(path):
        with suppress(OSError):
            os.link(path, _spare_of(path))


def forget_spare(path: Path) -> None:
    """Keep none any more."""
    with suppress(OSError):
        _spare_of(path).unlink()


def take_spare(path: Path, new: Path) -> bool:
    """Move the spare file of a path to ``new``, and tell if it may be written to. Otherwise it is gone."""
    try:
        _spare_of(path).replace(new)
        if os.access(new, os.W_OK) and new.stat().st_nlink == 1 and _is_open_nowhere(new):
            return True
        new.unlink()
    except OSError:
        pass
    return False


def is_local(path: Path) -> bool:
    """Tell if a file lies where it is known who has it open."""
    if sys.platform != "linux":
        return False
    kinds = {}
    with suppress(OSError):
        for line in MOUNTS.read_text(encoding="utf-8").splitlines():
            mount, _, served = line.partition(" - ")
            kinds[_unescaped(mount.split()[4])] = served.split()[0]
    return next((kinds[folder] for folder in path.resolve().parents if folder in kinds), "") in LOCAL


def _unescaped(name: str) -> Path:
    """Return a path whose spaces and such were written as octal numbers: proc_pid_mountinfo(5)."""
    return Path(re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), name))


def _spare_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.spare")


def _is_open_nowhere(path: Path) -> bool:
    """Tell if nobody has a file open, this process included; where that is not known, that somebody has.

    The kernel leases a file for writing only to the one who has it open alone: fcntl(2), "Leases".
    """
    if not is_local(path):
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
