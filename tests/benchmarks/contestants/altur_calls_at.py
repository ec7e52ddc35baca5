"""``altur-calls run`` at an hour of one's choice: ``altur_calls_at.py 2026-03-02T18:00:00+00:00``."""

import sys
from datetime import datetime

from altur_calls import pipeline, process
from altur_calls.warehouse.target import Target


def main(moment):
    """Load what is due at that moment, by the settings in the environment."""
    process.prepare()
    now = datetime.fromisoformat(moment)
    sys.exit(pipeline.run(Target(), clock=lambda: now).exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
