"""A real Postgres, the one installed on the machine: started for the tests, on a socket of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

# Debian keeps a server's programs out of the way of its users'.
PLACES = [os.environ["PATH"], *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
INITDB, PG_CTL = (shutil.which(name, path=os.pathsep.join(PLACES)) for name in ("initdb", "pg_ctl"))
IS_INSTALLED = bool(INITDB and PG_CTL)

OWNER = "nobody" if os.name == "posix" and os.geteuid() == 0 else None
"""Who runs it, if not who runs the tests: it refuses to be run by root."""

# Far from UTC, in which DuckDB is asked: no view may depend on the zone of who asks.
OPTIONS = {"listen_addresses": "", "fsync": "off", "timezone": "Asia/Tokyo"}


@contextmanager
def served() -> Iterator[Path]:
    """Run a new server; yield the folder of its socket, which is all that leads to it."""
    # Not pytest's folder: that is its owner's alone, and its path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        if OWNER:
            shutil.chown(name, OWNER)
        folder = Path(name)
        data, log = folder / "data", folder / "log"
        # Text is put in order by its bytes, as DuckDB does.
        new = ["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C"]
        _do(folder, INITDB, "--pgdata", data, "--no-sync", *new)
        options = [f"--{option}={value}" for option, value in OPTIONS.items()]
        _do(folder, PG_CTL, "start", "-w", "-D", data, "-l", log, "-o", shlex.join(["-k", name, *options]))
        try:
            yield folder
        finally:
            _do(folder, PG_CTL, "stop", "-w", "-D", data, "-m", "immediate")


def _do(folder: Path, *command: object) -> None:
    done = subprocess.run(
        [*map(str, command)], cwd=folder, user=OWNER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def connected(folder: Path) -> Iterator[psycopg.Connection]:
    """Yield a connection whose work is undone in the end: for the next one the server is as new."""
    with psycopg.connect(host=str(folder), user="postgres", dbname="postgres") as connection:
        yield connection
        connection.rollback()
