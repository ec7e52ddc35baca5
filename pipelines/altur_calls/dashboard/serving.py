"""Serve the page on loopback, as of the last load that was published."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from altur_calls.errors import AlturError, SettingsError
from altur_calls.publishing.replacing import identity

HOST = "127.0.0.1"


class Latest:
    """A page that is built anew when the file it tells of was replaced. Threads may share it."""

    def __init__(self, published: Path, build: Callable[[Path], str]) -> None:
        self._published = published
        self._build = build
        self._lock = Lock()
        self._built: tuple[tuple[int, int] | None, bytes] | None = None

    def page(self) -> bytes:
        """Return the page of what is published now."""
        with self._lock:
            # Told before it is read: a file that is published meanwhile is another one next time.
            version = identity(self._published)
            if self._built is None or self._built[0] != version:
                self._built = version, self._build(self._published).encode()
            return self._built[1]


def server(latest: Latest, port: int) -> ThreadingHTTPServer:
    """Return a server of the page on a port of loopback; any free one for 0.

    Raises:
        SettingsError: if the port is taken.

    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError):  # who reloads at once waits for no answer
                self._answer(*self._found())

        def _found(self) -> tuple[HTTPStatus, str, bytes]:
            # A page elsewhere may have its own name point to loopback, to read what is served here.
            name = self.headers.get("Host", "").partition(":")[0]
            if name not in {HOST, "localhost"}:
                return HTTPStatus.FORBIDDEN, "text/plain", b"Not the name of this machine.\n"
            if self.path != "/":
                return HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing but /.\n"
            try:
                return HTTPStatus.OK, "text/html", latest.page()
            except AlturError as error:
                return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", f"{error}\n".encode()

        def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing of requests."""

    try:
        return ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise SettingsError(
            f"Can't listen on port {port}: {error.strerror}. Name another with --port."
        ) from error
