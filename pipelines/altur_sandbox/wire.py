"""Below HTTP: connections that break, and waiting for a client that may be gone."""

import asyncio
import socket
import struct
from threading import Event

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

# SO_LINGER on, for no time: what is closed like this is reset.
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)

POLL_SECONDS = 0.01


class Connection(H11Protocol):
    """uvicorn's connection, its transport shown to the application: HTTP has no word for breaking it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in H11Protocol
        """Put the transport into the state of every request to come."""
        super().connection_made(transport)
        # asyncio sets this only on sockets that know their protocol, and those of create_server don't.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


class Reset(Response):
    """No response: the connection is reset. Works only on a `Connection`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Reset the connection, and see it gone."""
        transport: asyncio.Transport = scope["state"]["transport"]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        transport.abort()
        await _hung_up(receive)


class Truncated(Response):
    """A 200 that promises a whole body and is cut off in the middle. Works only on a `Connection`."""

    media_type = "application/json"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half of the body, then close."""
        transport: asyncio.Transport = scope["state"]["transport"]
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport.close()
        await _hung_up(receive)


async def pause(seconds: float, receive: Receive, until: Event | None = None) -> None:
    """Wait so long, or till ``until`` is set, but no longer than somebody is waiting for the answer."""
    waits = [asyncio.ensure_future(_hung_up(receive))]
    if until:
        waits.append(asyncio.ensure_future(_set(until)))
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:  # also where the server goes
        for wait in waits:
            wait.cancel()


async def _set(event: Event) -> None:
    while not event.is_set():  # noqa: ASYNC110 (it is set in another thread)
        await asyncio.sleep(POLL_SECONDS)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
