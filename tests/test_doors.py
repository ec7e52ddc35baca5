"""dlt's own doors: what it tells of a pipeline, and whom it tells without being asked."""

from __future__ import annotations

import gzip
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from common import COMMAND, KEY, Cli


@dataclass
class Listener:
    """A server that keeps what it is sent."""

    port: int
    heard: list[str] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen on a port of this machine."""

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            listener.heard.append((gzip.decompress(body) if is_packed else body).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keep) as server:
        listener = Listener(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield listener
        server.shutdown()
        thread.join()


def test_dlts_own_commands_tell_of_a_run(cli: Cli) -> None:
    """Its pipeline, the trace of its last load and that load package; none tells the key."""
    assert cli("run").returncode == 0

    told = {name: told_by_dlt(name) for name in ("info", "trace", "load-package")}

    assert {name: done.returncode for name, done in told.items()} == dict.fromkeys(told, 0)
    assert "Resources in schema: altur" in told["info"].stdout
    assert "Step run COMPLETED" in told["trace"].stdout
    assert "is in LOADED state" in told["load-package"].stdout
    assert KEY not in "".join(done.stdout + done.stderr for done in told.values())


def told_by_dlt(name: str) -> subprocess.CompletedProcess[str]:
    """Ask dlt's own command for something about the pipeline."""
    return subprocess.run(
        [COMMAND.with_name("dlt"), "pipeline", "altur_calls", name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.usefixtures("once_loaded")
@pytest.mark.parametrize("command", [["run", "--dry-run"], ["verify", "--all"], ["publish"]])
def test_what_dlt_tells_of_the_last_load_outlives_a_command_that_loads_nothing(
    inside: Cli, command: list[str]
) -> None:
    """It looks at the warehouse from another folder."""
    assert inside(*command).returncode == 0

    assert "Step run COMPLETED" in told_by_dlt("trace").stdout


@pytest.mark.parametrize("is_told_to", [False, True])
def test_dlt_reports_usage_only_where_it_is_told_to(
    cli: Cli, listener: Listener, monkeypatch: pytest.MonkeyPatch, *, is_told_to: bool
) -> None:
    """To its makers, unless somebody else is named."""
    monkeypatch.delenv("RUNTIME__DLTHUB_TELEMETRY")
    asked = {"RUNTIME__DLTHUB_TELEMETRY": "true"} if is_told_to else {}

    done = cli("run", RUNTIME__DLTHUB_TELEMETRY_ENDPOINT=f"http://127.0.0.1:{listener.port}", **asked)

    assert done.returncode == 0
    assert bool(listener.heard) == is_told_to


def test_sentry_is_told_of_an_error_by_dlts_setting(cli: Cli, listener: Listener) -> None:
    """What was told on stderr; not the key, and no traceback with what variables held."""
    pytest.importorskip("sentry_sdk")

    done = cli(
        "run",
        RUNTIME__SENTRY_DSN=f"http://public@127.0.0.1:{listener.port}/1",
        SOURCES__ALTUR__BASE_URL="http://127.0.0.1:9",
    )

    (event,) = [text for text in listener.heard if '"type":"event"' in text]
    assert done.returncode == 69
    assert "nobody answers at that address" in event
    assert KEY not in "".join(listener.heard)
    assert '"stacktrace"' not in event
