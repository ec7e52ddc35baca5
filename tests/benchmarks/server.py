"""The sandbox in a process of its own, so that it and the contestants share no interpreter."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, Self

from printed import PrintedWorld

from altur_sandbox import Sandbox, World

KEY = "key-of-the-benchmarks"


@dataclass(frozen=True)
class Figures:
    """What a server did since it was last asked."""

    requests: int
    throttled: int
    cpu_seconds: float


class Server:
    """A served world, while the ``with`` block runs; takes the options of `Sandbox`."""

    def __init__(self, make_world: Callable[[], World], **options: Any) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, make_world, options))

    def __enter__(self) -> Self:
        """Start, and wait until requests may be sent."""
        self._process.start()
        self.url: str = self._line.recv()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self._line.send(None)
        self._process.join()

    def figures(self) -> Figures:
        """Return what was done since this was last asked."""
        return self._ask("figures")

    def move_to(self, moment: datetime) -> None:
        """Set the world's clock; it stands still there."""
        self._ask(moment)

    def _ask(self, question: str | datetime) -> Any:
        self._line.send(question)
        return self._line.recv()


class StoppedClock:
    """A clock that shows one moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment


def _serve(line: Connection, make_world: Callable[[], World], options: dict[str, Any]) -> None:
    world = make_world()
    with Sandbox(PrintedWorld(world), key=KEY, **options) as sandbox:
        line.send(sandbox.url)
        spent = time.process_time()
        while (question := line.recv()) is not None:
            if isinstance(question, datetime):
                world.clock = StoppedClock(question)
                sandbox.world = PrintedWorld(world)
                line.send(None)
            else:
                line.send(_figures(sandbox, time.process_time() - spent))
                sandbox.requests.clear()
                spent = time.process_time()


def _figures(sandbox: Sandbox, cpu_seconds: float) -> Figures:
    throttled = sum(request.status == 429 for request in sandbox.requests)
    return Figures(len(sandbox.requests), throttled, cpu_seconds)
