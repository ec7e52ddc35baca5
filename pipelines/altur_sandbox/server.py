"""A sandbox that listens: on a thread for as long as a test needs it, or in the foreground."""

import asyncio
import socket
from contextlib import suppress
from threading import Event, Thread
from typing import Self, Unpack

import uvicorn

from altur_sandbox.api import Api, Options
from altur_sandbox.visits import BASE_PATH
from altur_sandbox.wire import Connection
from altur_sandbox.worlds.base import World

LOOPBACK = "127.0.0.1"
# uvicorn's own 5 s would close a connection under a client that was busy with a page.
_KEEP_ALIVE_SECONDS = 300


class Sandbox(Api):
    """The API of a world, served on loopback from a thread while the ``with`` block runs.

    Takes what `Api` takes, and ``port`` (0: a free one).
    """

    def __init__(self, world: World, *, port: int = 0, **options: Unpack[Options]) -> None:
        super().__init__(world, **options)
        self._port = port

    @property
    def url(self) -> str:
        """The base URL, known once the block is entered."""
        return f"http://{LOOPBACK}:{self._port}{BASE_PATH}"

    def __enter__(self) -> Self:
        """Listen; requests may be sent from now on."""
        listener = listen(LOOPBACK, self._port)
        self._port = listener.getsockname()[1]
        self._server = _Server(_config(self))
        # A daemon, so that a test run that is broken off doesn't hang.
        self._thread = Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop, breaking the connections still open."""
        self._server.stop()
        self._thread.join()


def serve(world: World, *, port: int, host: str = LOOPBACK, **options: Unpack[Options]) -> None:
    """Serve the API of a world in the foreground, until Ctrl-C or SIGTERM. Takes what `Api` takes."""
    listener = listen(host, port)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(_config(Api(world, **options))).run([listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that accepts connections already, so nobody has to wait for the server's start.

    Raises OSError if the port is taken.
    """
    return socket.create_server((host, port), backlog=128)


def _config(api: Api) -> uvicorn.Config:
    return uvicorn.Config(
        api,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn's server for a thread: it starts and stops at once, where the original polls a flag."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    def stop(self) -> None:
        """End the main loop, from another thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Wait for the end."""
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self.ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """Break what is open: a sandbox at its end owes nobody an answer."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        while self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
