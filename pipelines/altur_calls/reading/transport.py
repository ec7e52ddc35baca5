"""A session whose connections wait their turn at the last moment: connected, about to send."""

from __future__ import annotations

from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any

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
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._pace)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._pace)
        return manager


def _pools(pace: Pace) -> dict[str, type[HTTPConnectionPool]]:
    """Return urllib3's pools with connections that take their turn in ``pace`` before they send."""

    class Paced(HTTPConnection):
        def request(self, *args: Any, **kwargs: Any) -> None:
            if self.sock is None:
                self.connect()
            with pace.turn():
                super().request(*args, **kwargs)

    class PacedSecure(Paced, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Paced

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = PacedSecure

    return {"http": Pool, "https": SecurePool}
