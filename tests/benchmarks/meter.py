"""Run a command and write down what it took: ``python meter.py result.json command ...``.

In a process of its own, and small: a child's peak memory counts from its parent's.
"""

import json
import os
import sys
import time


def main(result: str, *command: str) -> None:
    """Run the command, its own children included, and write what it took as JSON."""
    began_at, began = time.time(), time.monotonic()
    process_id = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(process_id, 0)
    took = {
        "began_at": began_at,
        "seconds": time.monotonic() - began,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is larger than all of this
        json.dump(took, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
