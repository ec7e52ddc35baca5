"""``altur-calls run``, and all of it so many times more: ``altur_calls_again.py 100``."""

import sys

from altur_calls import pipeline, process
from altur_calls.warehouse.target import Target


def main(times):
    """Load what is due, then read all of it again and again."""
    process.prepare()
    code = pipeline.run(Target()).exit_code
    for _ in range(int(times)):
        code = code or pipeline.run(Target(), since="2025-01-01").exit_code
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
