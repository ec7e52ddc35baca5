"""A command on a terminal of its own, as a person sees it and types to it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 30
SIZE = (40, 160)
CTRL_C, CTRL_D, TAB = "\x03", "\x04", "\t"

# In a session of its own, whose terminal is that on stdin: so that Ctrl-C reaches it, and nobody else.
OWN = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """What is shown, and what is typed."""

    def __init__(self, ours: int, process: subprocess.Popen[bytes]) -> None:
        self._ours, self._process = ours, process
        self._unread = ""

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """Return what is shown up to and with a text; fail if it does not come."""
        assert self._comes(text, PATIENCE_SECONDS), f"no {text!r} in {self._unread!r}"
        shown, text, self._unread = self._unread.partition(text)
        return shown + text

    def press_until(self, key: str, text: str) -> str:
        """Press a key, each second again, until a text is shown; return what is shown up to and with it.

        Of a Ctrl-C that comes just before it waits for keys, Python's readline hears with the next key.
        """
        self.type(key)
        tries = PATIENCE_SECONDS
        while not self._comes(text, 1) and tries:
            self.type(key)
            tries -= 1
        return self.until(text)

    def _comes(self, text: str, seconds: float) -> bool:
        """Tell if a text is shown; in so many seconds at most after what was shown last."""
        while text not in self._unread:
            ready, _, _ = select.select([self._ours], [], [], seconds)
            if not ready:
                return False
            self._unread += os.read(self._ours, 65536).decode().replace("\r\n", "\n")
        return True

    def ended(self) -> int:
        """Return the exit code, once there is one."""
        return self._process.wait(PATIENCE_SECONDS)


@contextmanager
def terminal(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> Iterator[Terminal]:
    """Run a command on a terminal, in a folder, until the context ends."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, SIZE)
    process = subprocess.Popen(
        [sys.executable, "-c", OWN, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, **environment, "TERM": "dumb"},
    )
    os.close(theirs)
    with process:
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            os.close(ours)
