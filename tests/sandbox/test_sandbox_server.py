"""The server around the API: its start, its end, and many clients at once."""

import gc
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from altur_sandbox import ManualWorld, Sandbox, example_call


def test_requests_can_be_sent_as_soon_as_the_block_is_entered(world):
    for _ in range(20):
        with Sandbox(world, key="k") as sandbox:
            assert requests.get(sandbox.url, timeout=10).status_code == 404


def test_nothing_is_left_when_the_block_is_left(world):
    """Sockets that are still open would warn at collection, and warnings are errors here."""
    before = threading.active_count()

    with Sandbox(world, key="k") as sandbox, requests.Session() as session:
        session.get(sandbox.url, timeout=10)
    gc.collect()

    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox.url, timeout=10)


def test_the_end_waits_for_no_slow_answer(world):
    started = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with Sandbox(world, key="k") as sandbox:
            sandbox.faults.add("call", do=started.set)
            sandbox.faults.add("slow", seconds=3_600)
            answer = pool.submit(
                requests.get,
                f"{sandbox.url}/campaigns/7/calls",
                headers={"Authorization": "api-key k"},
                timeout=60,
            )
            started.wait()

        assert isinstance(answer.exception(), requests.ConnectionError)


def test_the_port_can_be_chosen_and_is_free_again_afterwards(world):
    with Sandbox(world, key="k") as sandbox:
        port = int(sandbox.url.split(":")[2].split("/")[0])

    with Sandbox(world, key="k", port=port) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{port}/api/v1.0"
        assert requests.get(sandbox.url, timeout=10).status_code == 404


def test_a_taken_port_is_an_error_at_once(world):
    with Sandbox(world, key="k") as sandbox:
        port = int(sandbox.url.split(":")[2].split("/")[0])

        with pytest.raises(OSError, match="in use"), Sandbox(world, key="k", port=port):
            pass


def test_many_clients_lose_nothing_while_the_world_grows(sandbox, visitor, world, noon):
    """Oldest first nothing moves, so every client sees a prefix of the truth, on one page."""

    def grow():
        for number in range(90):
            world.put(7, example_call(f"grown_{number:02}", noon.replace(hour=20)))

    def read():
        ids = requests.get(
            f"{sandbox.url}/campaigns/7/calls", {"pageSize": 100}, headers=visitor.session.headers, timeout=10
        ).json()
        return ids["total_count"], [call["id"] for call in ids["calls"]][::-1]

    with ThreadPoolExecutor(5) as pool:
        growth = pool.submit(grow)
        answers = [pool.submit(read) for _ in range(40)]
    growth.result()

    truth = [call["id"] for call in world.calls(7)]
    for total, ids in (answer.result() for answer in answers):
        assert (total, ids) == (len(ids), truth[: len(ids)])
    assert len(sandbox.requests) == 40


def test_serving_in_the_foreground_ends_with_sigterm():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    script = f"from altur_sandbox import BulkWorld, serve; serve(BulkWorld({{7: 3}}), port={port}, key='k')"

    with subprocess.Popen([sys.executable, "-c", script]) as server, requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.05)))
        page = session.get(
            f"http://127.0.0.1:{port}/api/v1.0/campaigns/7/calls",
            headers={"Authorization": "api-key k"},
            timeout=10,
        ).json()
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=10)

    assert page["total_count"] == 3


def test_a_world_without_campaigns_can_be_served():
    with Sandbox(ManualWorld(), key="k") as sandbox:
        response = requests.get(
            f"{sandbox.url}/campaigns/7/calls", headers={"Authorization": "api-key k"}, timeout=10
        )

    assert response.json() == {"error": 404, "message": "Campaign not found."}
