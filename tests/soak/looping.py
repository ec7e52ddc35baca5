"""``altur-calls run --every 15m`` by a clock that is told on stdin: a run at each moment there.

What the process has taken since is told on stdout, a line of JSON for each run.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from altur_calls import pipeline, process
from altur_calls.failures import in_a_line
from altur_calls.schedule import repeat
from altur_calls.warehouse.target import Target

EVERY = timedelta(minutes=15)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Told(threading.Event):
    """A stop in whose wait time jumps to where it is told to; set when nothing more is told."""

    def __init__(self) -> None:
        super().__init__()
        self.exit_code = 0
        self._hear()

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 (time is told)
        """Tell what the last run took, and wait for the next moment."""
        sys.stdout.write(f"{json.dumps(self._taken())}\n")
        sys.stdout.flush()
        self._hear()
        return self.is_set()

    def _hear(self) -> None:
        if line := sys.stdin.readline():
            self.now = datetime.fromisoformat(line.strip())
        else:
            self.set()
        self._began, self._spent = time.monotonic(), time.process_time()

    def _taken(self) -> dict[str, float]:
        return {
            "exit_code": self.exit_code,
            "seconds": time.monotonic() - self._began,
            "cpu_seconds": time.process_time() - self._spent,
            "memory_bytes": int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE_BYTES,
            "open_files": len(list(Path("/proc/self/fd").iterdir())),
            "threads": threading.active_count(),
        }


def main() -> None:
    """Load what is due at each moment, by the settings in the environment."""
    process.prepare()
    stop = Told()

    def run() -> int:
        stop.exit_code = pipeline.run(Target(), clock=lambda: stop.now, stop=stop).exit_code
        return stop.exit_code

    def tell(error: Exception) -> int:
        message, stop.exit_code, _ = in_a_line(error)
        sys.stderr.write(f"{message}\n")
        return stop.exit_code

    repeat(run, EVERY, stop, tell, clock=lambda: stop.now)


if __name__ == "__main__":
    main()
