"""What a server may put into an answer that the sandbox never would."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import trustme

from altur_calls.errors import ApiUnavailable, SettingsError
from altur_calls.reading.api import Api
from altur_calls.reading.pace import Stopped
from altur_calls.reading.paging import Page
from altur_sandbox import Sandbox
from common import KEY

HALF_AN_ANSWER = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{"calls'


@contextmanager
def answering(*bodies: bytes) -> Iterator[str]:
    """Serve these bodies as JSON, one a request, without saying how long they are; yield the base URL."""
    left = iter(bodies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(next(left))

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def page_of(url: str) -> Page:
    api = Api("key", url, requests_per_second=1000)
    try:
        return api.calls_page(1, {})
    finally:
        api.close()


def test_text_that_is_no_unicode_costs_a_character_and_not_the_run() -> None:
    """Half of a surrogate pair, as an emoji cut in two leaves it; and a byte that is no UTF-8."""
    with answering(rb'{"calls": [{"id": "half \ud83d"}]}', b'{"calls": [{"id": "byte \xff"}]}') as url:
        halves, bytes_ = page_of(url), page_of(url)

    assert [*halves.calls, *bytes_.calls] == [{"id": "half ?"}, {"id": "byte \N{REPLACEMENT CHARACTER}"}]


def test_a_body_cut_short_without_a_length_is_asked_for_again() -> None:
    """Only its JSON shows that the end is missing."""
    with answering(b'{"calls": [{"id": "a', b'{"calls": [{"id": "a"}]}') as url:
        page = page_of(url)

    assert page.calls == [{"id": "a"}]


@pytest.mark.parametrize("password", ["s3cret", "s3cret@of@mine"])
def test_an_error_never_shows_the_password_of_a_url(sandbox: Sandbox, password: str) -> None:
    """As a proxy before the API may ask for one."""
    sandbox.faults.add("status", status=503, times=None)
    with_password = sandbox.url.replace("//", f"//somebody:{password}@")
    api = Api(KEY, with_password, requests_per_second=1000, retry_for_seconds=0)

    with pytest.raises(ApiUnavailable) as told:
        api.calls_page(2, {})

    assert sandbox.url in str(told.value)
    assert "s3cret" not in str(told.value)
    assert "mine" not in str(told.value)


def test_the_proxy_that_the_environment_names_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """For each request: nobody answers at the address itself."""
    with answering(b'{"calls": [{"id": "a"}]}', b'{"calls": [{"id": "b"}]}') as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        api = Api("key", "http://altur.invalid", requests_per_second=1000, retry_for_seconds=0)
        pages = [api.calls_page(1, {}), api.calls_page(1, {})]
        api.close()

    assert [page.calls for page in pages] == [[{"id": "a"}], [{"id": "b"}]]


@pytest.mark.parametrize("base_url", ["nowhere", "http://[::1", "http://[bad]/v1"])
def test_what_is_no_url_is_told_as_a_setting(base_url: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(SettingsError, match="base_url is not a URL"):
        page_of(base_url)


@contextmanager
def hanging(sent: bytes, *, tls: ssl.SSLContext | None) -> Iterator[tuple[int, Event]]:
    """Send this much of an answer and no more; yield the port, and what is set once it was sent."""
    is_sent, is_over = Event(), Event()

    def answer() -> None:
        connection, _ = listener.accept()
        with tls.wrap_socket(connection, server_side=True) if tls else connection as asked:
            asked.recv(65_536)
            asked.sendall(sent)
            is_sent.set()
            is_over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        thread = Thread(target=answer)
        thread.start()
        try:
            yield listener.getsockname()[1], is_sent
        finally:
            is_over.set()
            thread.join()


@pytest.mark.parametrize("sent", [b"", HALF_AN_ANSWER], ids=["no answer", "half an answer"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_closing_hangs_up_on_an_answer_that_does_not_come(
    scheme: str, sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it would wait for a minute."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("no_proxy", "localhost")
    ends: list[BaseException] = []

    def ask() -> None:
        try:
            api.calls_page(1, {})
        except Stopped as end:
            ends.append(end)

    with hanging(sent, tls=tls if scheme == "https" else None) as (port, is_sent):
        api = Api("key", f"{scheme}://localhost:{port}")
        asking = Thread(target=ask)
        asking.start()
        assert is_sent.wait(10)
        api.close()
        asking.join(10)

        assert not asking.is_alive()
    assert len(ends) == 1


def test_a_wait_that_is_too_long_is_told(sandbox: Sandbox) -> None:
    """So that whoever reads it knows when to run again."""
    sandbox.faults.add("status", status=429, retry_after=4000)
    api = Api(KEY, sandbox.url)

    with pytest.raises(ApiUnavailable, match="429, over the rate limit; it asks to wait 4000 s"):
        api.calls_page(2, {})
