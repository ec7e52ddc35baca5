"""A session whose connections wait their turn at the last moment, and for no answer once it is closed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from altur_calls.reading.pace import Pace


def paced_session(pace: Pace, connections: int, url: str) -> requests.Session:
    """Return a session for a server, at ``pace``, over so many connections at most. It keeps no cookies.

    What the environment says of proxies and certificates is read once, for ``url``. requests would look for
    it with every request: a sixth of the processor time that one takes.

    The turn is taken after the connection stands. Opening one (TCP, TLS) takes several round trips, and a
    request that took its turn before them would arrive that much later, close to those a second after it.
    """
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _PacedAdapter(pace, connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    with suppress(ValueError):  # no URL at all: the first request tells
        found = session.merge_environment_settings(url, {}, None, None, None)
        session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
    return session


class _PacedAdapter(HTTPAdapter):
    def __init__(self, pace: Pace, connections: int) -> None:
        self._pace = pace
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._pace, self._note)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._pace, self._note)
        return manager

    def _note(self, used: Any) -> None:
        with self._lock:
            self._sockets.add(getattr(used, "socket", used))  # within TLS to a proxy it is wrapped once more

    def close(self) -> None:
        """Hang up, also on answers that are still to come: urllib3 would let their threads wait for them."""
        with self._lock:
            for used in self._sockets:
                with suppress(OSError):  # it is closed already
                    # Not TLS's own way to end, which another thread may be in the middle of.
                    socket.socket.shutdown(used, socket.SHUT_RDWR)
        super().close()


def _pools(pace: Pace, note: Callable[[Any], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Return urllib3's pools with connections that take their turn in ``pace`` before they send.

    ``note`` is told each socket that is used.
    """

    class Paced(HTTPConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is None:
                self.connect()
            note(self.sock)  # with TLS urllib3 has opened it before
            with pace.turn():
                super().request(*args, **kwargs)

    class PacedSecure(Paced, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Paced

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = PacedSecure

    return {"http": Pool, "https": SecurePool}
