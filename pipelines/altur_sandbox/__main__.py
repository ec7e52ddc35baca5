"""Serve a seeded world to whoever started this process: ``python -m altur_sandbox KEY``.

The first line of standard output is JSON: the base URL and the campaigns. It ends with standard input, so
with the process that holds the other end, however that ends.
"""

import json
import sys

from altur_sandbox.server import Sandbox
from altur_sandbox.worlds.base import Wanted
from altur_sandbox.worlds.seeded import SeededWorld


def main(key: str) -> None:
    """Serve until standard input ends."""
    world = SeededWorld()
    with world.lock:
        for campaign_id in world.zones:
            world.select(campaign_id, Wanted())  # made up now, and not while the first requests wait
    with Sandbox(world, key=key) as sandbox:
        told = {"base_url": sandbox.url, "campaign_ids": list(world.zones)}
        print(json.dumps(told), flush=True)  # noqa: T201 (it is what the other process waits for)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
