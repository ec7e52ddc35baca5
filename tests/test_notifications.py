"""People are told when a run needs them, and when it does so no more: by a real server, a real shell."""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from filelock import FileLock

from altur_calls import pipeline
from altur_calls.commands import loading
from altur_calls.errors import ApiUnavailable, Busy, KeyRefused, SettingsError, ViewFailed
from altur_calls.runs import notifications
from altur_calls.runs.notifications import Notifier, Outcome
from altur_calls.warehouse.target import Target
from altur_sandbox import ManualWorld, example_call
from common import KEY, NOON, Cli

SECRET = "/services/T000/B000/secret"
RIGHT = Outcome("complete", 0)
WRONG = Outcome("incomplete", 3, ("campaign 12: 2 calls did not come",))


class Channel(ThreadingHTTPServer):
    """A webhook: it keeps what it is sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Posted)
        self.url = f"http://127.0.0.1:{self.server_port}{SECRET}"
        self.texts: list[str] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Posted(BaseHTTPRequestHandler):
    """A request to the webhook."""

    server: Channel

    def do_POST(self) -> None:
        """Keep what was sent."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.texts.append(json.loads(sent)["text"])
        self.wfile.write(self.server.answer)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    """Serve a webhook, and let it be the one that is notified."""
    with Channel() as channel:
        monkeypatch.setenv("NOTIFICATIONS__WEBHOOK_URL", channel.url)
        thread = Thread(target=channel.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield channel
        channel.shutdown()
        thread.join()


@pytest.fixture
def settings_in_environment(cli: Cli) -> Cli:
    """Let the settings of the sandbox be those of this process."""
    return cli


@pytest.mark.usefixtures("settings_in_environment")
def test_trouble_is_told_once_and_its_end_once(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it runs."""
    for campaigns, same in (("[99, 2]", WRONG), ("[2]", RIGHT)):
        monkeypatch.setenv("SOURCES__ALTUR__CAMPAIGN_IDS", campaigns)
        loading.run()
        Notifier(Target()).tell(same)  # as the next run would, that ends so too
    Notifier(Target()).tell(WRONG)

    first, end, second = channel.texts
    assert first.startswith("altur_calls: incomplete (exit code 3).\n3 new calls; 3 in the warehouse.\n")
    assert "/campaigns/99/calls answered 404" in first
    assert end.startswith("altur_calls: complete again; it was incomplete since 20")
    assert second.startswith("altur_calls: incomplete")


@pytest.mark.usefixtures("settings_in_environment")
def test_a_run_that_fails_tells_why(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of failure is news; the key is in none."""
    for name, value, error in (
        ("API_KEY", "wrong", KeyRefused),
        ("API_KEY", "wrong", KeyRefused),
        ("BASE_URL", "http://127.0.0.1:9", ApiUnavailable),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(f"SOURCES__ALTUR__{name}", value)
            with pytest.raises(error):
                loading.run()

    refused, down = channel.texts
    assert refused.startswith("altur_calls: failed (exit code 77).\n")
    assert "the API refuses the key" in refused
    assert "wrong" not in refused
    assert down.startswith("altur_calls: failed (exit code 69).\n")


@pytest.mark.usefixtures("settings_in_environment")
def test_nobody_is_told_who_was_called(channel: Channel, world: ManualWorld) -> None:
    """Texts go to chats: campaign ids and counts do, names, numbers and keys do not."""
    someone = {"id": "someone", "name": "Ana", "phone_number": "+525512345678"}
    for number in range(30):
        world.put(1, example_call(f"more_{number}", NOON, contact=someone))
    loading.run()
    for number in range(30):
        world.delete(f"more_{number}")
    loading.run(since="2026-03-01")

    (text,) = channel.texts
    assert text.startswith(
        "altur_calls: suspicious (exit code 4).\n0 new calls; 33 in the warehouse.\ncampaign 1"
    )
    assert "30 calls vanished at once" in text
    assert not any(word in text for word in (KEY, *someone.values(), "more_"))


def test_an_error_that_nobody_foresaw_is_told_by_its_name() -> None:
    """Its message may hold anything."""
    outcome = Outcome.of_error(ValueError("could not read +5255"))

    assert outcome == Outcome("failed", 1, ("ValueError; the log of the run tells more.",))


@pytest.mark.usefixtures("settings_in_environment")
def test_a_run_that_finds_another_under_way_tells_nobody(channel: Channel, tmp_path: Path) -> None:
    """The other one tells how it ends."""
    with FileLock(tmp_path / "dlt" / "pipelines" / "altur_calls.lock"), pytest.raises(Busy):
        loading.run()

    assert channel.texts == []


@pytest.mark.usefixtures("settings_in_environment")
def test_every_way_to_end_has_its_word() -> None:
    """Also what only failed after the calls were loaded."""
    done = pipeline.run(Target())

    assert Outcome.of_run(done).kind == "complete"
    assert Outcome.of_run(replace(done, suspicious=("campaign 1 held 9",))) == Outcome(
        "suspicious", 4, ("3 new calls; 3 in the warehouse.", "campaign 1 held 9")
    )
    calls = "3 new calls; 3 in the warehouse."
    assert Outcome.of_run(replace(done, failure=ViewFailed("no view"))) == Outcome(
        "failed", 70, (calls, "no view")
    )
    everything = replace(done, suspicious=("9 gone",), failure=ViewFailed("no view"), unproved=("one",))
    assert Outcome.of_run(everything) == Outcome("suspicious", 4, (calls, "9 gone", "no view", "one"))


def test_what_stays_wrong_is_told_once_a_day(channel: Channel) -> None:
    """Else a chat would scroll away under it, or it would be forgotten."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for hours in (0, 1, 23, 24, 25, 48):
        Notifier(Target(), clock=lambda: now + timedelta(hours=hours)).tell(WRONG)  # noqa: B023 (at once)

    assert [text.partition("\n")[0] for text in channel.texts] == [
        "altur_calls: incomplete (exit code 3).",
        "altur_calls: still incomplete, since 2026-03-02 12:00 UTC (exit code 3).",
        "altur_calls: still incomplete, since 2026-03-02 12:00 UTC (exit code 3).",
    ]


def test_a_long_list_is_cut(channel: Channel) -> None:
    """A chat is no ledger."""
    Notifier(Target()).tell(Outcome("incomplete", 3, tuple(f"campaign {number}" for number in range(1005))))

    assert channel.texts[0].splitlines()[-2:] == ["campaign 4", "And 1,000 more."]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the webhook answered 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "the webhook answered 302"),
        (b"", "ConnectionError"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", "ChunkedEncodingError"),
    ],
)
def test_what_did_not_arrive_is_a_line_in_the_log_and_sent_again(
    channel: Channel, caplog: pytest.LogCaptureFixture, answer: bytes, words: str
) -> None:
    """Without the URL, which is a secret."""
    healthy, channel.answer = channel.answer, answer
    Notifier(Target()).tell(WRONG)
    channel.answer = healthy
    Notifier(Target()).tell(WRONG)
    Notifier(Target()).tell(WRONG)

    assert len(channel.texts) == 2
    (line,) = caplog.messages
    assert line == f"A notification did not arrive by webhook_url: {words}."


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/secret", "secret", "http://a..b/secret"])
def test_a_webhook_that_is_not_there_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    """Nor is it told."""
    monkeypatch.setenv("NOTIFICATIONS__WEBHOOK_URL", url)

    Notifier(Target()).tell(WRONG)

    assert len(caplog.messages) == 1
    assert "secret" not in caplog.text


def test_a_webhook_that_takes_its_time_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The bound is on the whole answer, here one that never comes, not on each byte."""
    monkeypatch.setattr(notifications, "PATIENCE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("NOTIFICATIONS__WEBHOOK_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")

        Notifier(Target()).tell(WRONG)

    assert "did not arrive by webhook_url" in caplog.text


def test_a_command_gets_the_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On its standard input, whatever the shell is told to do with it."""
    monkeypatch.setenv("NOTIFICATIONS__COMMAND", "tr a-z A-Z > said.txt")

    Notifier(Target()).tell(WRONG)

    assert (tmp_path / "said.txt").read_text() == (
        "ALTUR_CALLS: INCOMPLETE (EXIT CODE 3).\nCAMPAIGN 12: 2 CALLS DID NOT COME"
    )


def test_a_command_that_fails_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the command, in which there may be secrets."""
    monkeypatch.setenv("NOTIFICATIONS__COMMAND", "exit 9 # secret")

    Notifier(Target()).tell(WRONG)

    assert caplog.messages == [
        "A notification did not arrive by command: the command ended with exit code 9."
    ]


def test_a_command_that_hangs_is_killed_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The last of them that holds the pipe open is gone."""
    monkeypatch.setattr(notifications, "PATIENCE_SECONDS", 2.0)
    monkeypatch.setenv("NOTIFICATIONS__COMMAND", "echo begun > pipe; sleep 60 > pipe | sleep 60")
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    Notifier(Target()).tell(WRONG)

    assert os.read(pipe, 10) == b"begun\n"
    assert select.select([pipe], [], [], 10)[0], "somebody holds it open"
    assert os.read(pipe, 10) == b""
    os.close(pipe)
    assert "and was killed" in caplog.text


def test_both_ways_are_gone_and_one_that_fails_does_not_hold_up_the_other(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People were told, by one of them: it is not told again."""
    monkeypatch.setenv("NOTIFICATIONS__COMMAND", "false")

    Notifier(Target()).tell(WRONG)
    Notifier(Target()).tell(WRONG)

    assert len(channel.texts) == 1


def test_the_setting_of_dlt_is_a_way_too(channel: Channel, cli: Cli) -> None:
    """Which resolves it, and sends nothing to it."""
    cli("notify", NOTIFICATIONS__WEBHOOK_URL="", RUNTIME__SLACK_INCOMING_HOOK=channel.url)

    assert len(channel.texts) == 1


def test_what_was_told_last_need_not_be_known(channel: Channel, tmp_path: Path) -> None:
    """A note that can't be read is none."""
    for broken in ("", "{}", '{"kind": 1}', '{"kind": "x", "exit_code": 1, "since": "", "at": ""}', "[]"):
        (tmp_path / "dlt" / "pipelines").mkdir(parents=True, exist_ok=True)
        (tmp_path / "dlt" / "pipelines" / "altur_calls.told.json").write_text(broken)
        Notifier(Target()).tell(WRONG)

    assert len(channel.texts) == 5


def test_signs_that_a_chat_would_take_for_links_are_not(channel: Channel) -> None:
    """Slack takes a mention of everybody from between such brackets."""
    Notifier(Target()).tell(Outcome("failed", 1, ("<!channel> & co",)))

    assert channel.texts[0].endswith("&lt;!channel&gt; &amp; co")


def test_notifications_can_be_tried_out(channel: Channel, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are needed; what is set wrongly is a setting that is wrong."""
    tried = cli("notify")
    unset = cli("notify", NOTIFICATIONS__WEBHOOK_URL="")
    monkeypatch.setenv("NOTIFICATIONS__COMMAND", "false")
    with pytest.raises(SettingsError, match="did not arrive by command"):
        Notifier(Target()).try_out()

    assert (tried.returncode, tried.stdout) == (0, "Sent by webhook_url.\n")
    assert channel.texts[0] == "altur_calls: a test. Here you will be told when a run needs somebody."
    assert unset.returncode == SettingsError.exit_code == 78
    assert "NOTIFICATIONS__WEBHOOK_URL" in unset.stderr
