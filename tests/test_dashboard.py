"""The dashboard without a browser: what it tells and never tells, how large it gets, how it is served."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from altur_calls.dashboard import building, figures
from altur_calls.dashboard.building import build, write
from altur_calls.dashboard.cubes import packed
from altur_calls.dashboard.page import content_policy, page
from altur_calls.dashboard.periods import daily_from, periods
from altur_calls.dashboard.serving import HOST, Latest, server
from altur_calls.dashboard.texts import LANGUAGES, words
from common import COMMAND, Cli
from dashboards import (
    LOADED,
    Called,
    Campaign,
    Contact,
    World,
    day,
    dense,
    few_cells,
    opened,
    publish,
    sums_of,
)
from warehouse import Warehouse

SPAN = 100
"""Days that the calls of a test lie in."""

days = some.integers(0, SPAN - 1).map(day)
calls = some.builds(
    Called,
    campaign=some.integers(1, 3),
    contact=some.integers(1, 5),
    day=days,
    hour=some.integers(0, 23),
    status=some.sampled_from(["ended", "no-answer", "busy", "failed", "in-progress", "ringing", None]),
    answered_by=some.sampled_from(["human", "machine", "unknown", "robot", None]),
    talk_seconds=some.integers(0, 500),
    is_converted=some.booleans(),
    attempt=some.integers(1, 12),
    tags=some.lists(some.sampled_from(["paid", "angry", "<b>"]), max_size=2).map(tuple),
    policies=some.lists(
        some.tuples(
            some.sampled_from(["Greets", "Asks"]), some.sampled_from(["met", "not_met", "not_applicable"])
        ),
        max_size=2,
    ).map(tuple),
)

COUNTED = {
    "days": """
        SELECT 0, count(*) FILTER (answered_by = 'human'), count(*) FILTER (answered_by = 'machine'),
            count(*) FILTER (answered_by NOT IN ('human', 'machine')), count(*) FILTER (status = 'ended'),
            count(*) FILTER (status = 'no-answer'), count(*) FILTER (status = 'busy'),
            count(*) FILTER (status = 'failed'), count(*) FILTER (status = 'in-progress'),
            count(*) FILTER (status IS NULL OR status = 'ringing'), count(*) FILTER (is_converted),
            sum(talk_seconds), sum(billed_seconds), any_value(results.met), any_value(results.not_met)
        FROM analytics.calls, (
            SELECT count(*) FILTER (result = 'met') AS met, count(*) FILTER (result = 'not_met') AS not_met
            FROM analytics.call_policies WHERE {these}
        ) AS results
        WHERE {these}
    """,
    "hours": """
        SELECT (isodow(local_date) - 1) * 24 + local_hour, count(*), count(answered_by)
        FROM analytics.calls WHERE {these} GROUP BY 1
    """,
    "attempts": """
        SELECT least(attempt_number, 8) - 1, count(*), count(answered_by), count(*) FILTER (is_human)
        FROM analytics.calls WHERE {these} GROUP BY 1
    """,
    "tags": """
        SELECT list_position($names, tag) - 1, count(*), count(*) FILTER (is_human),
            count(*) FILTER (call_id IN (SELECT call_id FROM analytics.calls WHERE is_converted))
        FROM analytics.call_tags WHERE {these} GROUP BY 1
    """,
    "policies": """
        SELECT list_position($names, policy_name) - 1, count(*) FILTER (result = 'met'),
            count(*) FILTER (result = 'not_met'), count(*) FILTER (result = 'not_applicable')
        FROM analytics.call_policies WHERE {these} GROUP BY 1
    """,
}
"""What is to come of each cube, asked of the calls themselves."""


@given(some.lists(calls, min_size=1, max_size=12), some.sets(some.integers(1, 3)), some.data())
@settings(max_examples=40)
def test_sums_under_any_filter_are_those_of_sql(
    called: list[Called], campaigns: set[int], data: some.DataObject
) -> None:
    """Whatever campaigns and days are chosen: all that the page shows is made of such sums."""
    with opened(World(called)) as connection:
        told = figures.figures(connection, made_at=LOADED)
        known = [date(1970, 1, 1) + timedelta(days=number) for number in told["starts"]]
        first, last = sorted(data.draw(some.tuples(some.sampled_from(known), some.sampled_from(known))))

        for cube, query in COUNTED.items():
            these = "list_contains($campaigns, campaign_id) AND local_date BETWEEN $first AND $last"
            given_names = {"names": told["names"][cube]} if "$names" in query else {}
            rows = connection.execute(
                query.format(these=these),
                {"campaigns": sorted(campaigns) or [0], "first": first, "last": last, **given_names},
            ).fetchall()
            expected = {
                (item, measure): int(count)
                for item, *counts in rows
                for measure, count in zip(figures.CUBES[cube].measures, counts, strict=True)
                if count
            }
            assert sums_of(told, cube, campaigns, first, last) == expected, cube


@given(days, days, days)
def test_periods_tile_the_days(one: date, other: date, by_day: date) -> None:
    """Whole months first, then days, no gap and no overlap; no day is left out."""
    first, last = sorted((one, other))
    by_day = max(first, by_day.replace(day=1))

    starts = periods(first, by_day, last)

    assert starts == sorted(set(starts))
    assert starts[0] <= first
    assert all(start.day == 1 for start in starts if start < by_day)
    assert [start for start in starts if start >= by_day] == [
        by_day + timedelta(days=number) for number in range((last - by_day).days + 1)
    ]


@given(some.dictionaries(some.dates().map(lambda some_day: some_day.replace(day=1)), some.integers(1, 99)))
def test_the_newest_months_are_told_by_day_as_far_as_cells_go(cells: dict[date, int]) -> None:
    """Two always; more as long as their cells are few enough."""
    first = daily_from(cells, 100)

    assert (first is None) == (not cells)
    by_day = [month for month in cells if first and month >= first]
    assert len(by_day) >= min(2, len(cells))
    assert len(by_day) <= 2 or sum(cells[month] for month in by_day) <= 100


def test_what_is_older_is_told_by_month() -> None:
    """A sum of a month, and none of its days; nothing is lost."""
    old, newer, new = (Called(day=day(number)) for number in (400, 50, 1))
    with opened(World([old, old, newer, new])) as connection, few_cells(1):
        told = figures.figures(connection, made_at=LOADED)

    month = old.day.replace(day=1)
    assert told["starts"][0] == (month - date(1970, 1, 1)).days
    assert sums_of(told, "days", {1}, month, month)[0, "ended"] == 2


def test_columns_are_short_and_sorted_by_campaign() -> None:
    """A key is told by how far it is from the one before."""
    starts = {day(1): 0, day(0): 1}
    rows = [(7, day(1), 2, 5, 50), (7, day(0), 0, 6, 60), (9, day(0), 3, 7, 70)]

    assert packed(rows, [9, 8, 7], starts, 4, 2) == [
        [[7], [7], [70]],
        [[], [], []],
        [[2, 2], [5, 6], [50, 60]],
    ]


def test_a_hundred_campaigns_over_two_years_stay_under_the_stated_size() -> None:
    """Busy ones: twelve hours a day, twelve tags, five policies, thirty values."""
    with dense(campaigns=100, days=730) as connection:
        told = figures.figures(connection, made_at=LOADED)
    text = page(told, language="en", charts="x" * 960_000)

    assert len(text) < 8_000_000
    assert "less than\n8 MB" in README
    assert told["byDay"] <= told["end"] - 35  # a month and the one before it


README = (Path(__file__).parent.parent / "README.md").read_text()


# -- Nobody is in it ---------------------------------------------------------------------------------------


def values_told(world: World) -> dict[str, list[str]]:
    with opened(world) as connection:
        told = figures.figures(connection, made_at=LOADED)
    found: dict[str, list[str]] = {}
    for key, value in told["names"]["values"]:
        found.setdefault(key, []).extend([] if value is None else [value])
    return found


def said_by(contacts: int, *said: tuple[str, str], campaign: int = 1) -> list[Called]:
    return [Called(campaign=campaign, contact=number, said=said) for number in range(contacts)]


def test_a_value_is_told_if_ten_contacts_gave_it() -> None:
    """However often one of them did; in each campaign by itself."""
    nine_often = said_by(9, ("plan", "gold")) * 3
    elsewhere = said_by(9, ("plan", "gold"), campaign=2)

    assert values_told(World(said_by(10, ("plan", "basic")) + nine_often + elsewhere)) == {"plan": ["basic"]}


def test_a_key_of_fewer_contacts_is_not_told_either() -> None:
    """It may be a sentence that somebody said."""
    assert values_told(World(said_by(9, ("my neighbour Ana", "yes")))) == {}


def test_a_rare_value_is_not_told_for_there_being_many_calls() -> None:
    """Amounts and dates are not categories: in a large campaign ten contacts share any of them."""
    calls = said_by(10, ("sum", "125.50")) + said_by(200, ("sum", "200.00"))

    assert values_told(World(calls)) == {"sum": ["200.00"]}


@pytest.mark.parametrize(
    "value",
    [
        "+52 55 1234 5678",
        "5512345678",
        "call ٠١٢٣٤٥٦٧٨",
        "ana@example.com",
        "ana  LOPEZ",
        "Ana López",
        "CRED-1",
    ],
)
def test_what_may_be_somebodys_is_never_told(value: str) -> None:
    """Numbers and addresses, and names of contacts however they are written: as value, key or tag."""
    contact = Contact(1, "Ana López", "+525512345678", "cred-1")
    calls = [
        Called(contact=number, said=(("who", value), (value, "yes")), tags=(value,)) for number in range(20)
    ]
    with opened(World(calls, contacts=[contact])) as connection:
        told = json.dumps(figures.figures(connection, made_at=LOADED), ensure_ascii=False)

    assert value not in told
    assert "Ana" not in told


@pytest.mark.parametrize("value", ["2026-03-14", "14/03/2026", "yes", "12345", "Ana María Plaza"])
def test_what_is_nobodys_is_told(value: str) -> None:
    """Dates, short numbers, and names that are no contact's."""
    assert values_told(World(said_by(10, ("what", value)), contacts=[Contact(1, "Ana López")])) == {
        "what": [value]
    }


@pytest.fixture
def published(loaded: Callable[..., Warehouse]) -> None:
    """Let the world have been loaded and published, by a run before."""
    loaded(is_published=True)


@pytest.mark.usefixtures("published")
def test_a_real_load_leaves_nobody_in_the_page(cli: Cli, tmp_path: Path) -> None:
    """No name, number, reference or id of a contact, no id of a call, no recording."""
    done = cli("dashboard", "--output", "page.html")

    assert (done.returncode, done.stdout) == (0, "page.html\n"), done.stderr
    text = (tmp_path / "page.html").read_text()
    with closing(duckdb.connect(tmp_path / "altur_calls.published.duckdb", read_only=True)) as connection:
        people = connection.execute(
            "SELECT unnest([contact_name, phone_number, contact_reference]) FROM analytics.contacts"
        ).fetchall()
        ids = connection.execute("SELECT call_id FROM analytics.calls").fetchall()
    told = json.dumps(data_of(text), ensure_ascii=False)
    assert len(people) >= 3
    assert [word for (word,) in people + ids if word and word in told] == []
    assert "recording" not in told


def data_of(text: str) -> Any:
    return json.loads(re.search(r'id="figures">(.*?)</script>', text)[1])  # type: ignore[index]


# -- The page as a text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "<!-- <script>", "{{style}} {{text}}"]
)
def test_no_name_ends_the_data(name: str) -> None:
    """What is in the page's data stays data, and no name is taken for a place of the page."""
    with opened(World([Called(tags=(name,))], [Campaign(1, name)])) as connection:
        told = figures.figures(connection, made_at=LOADED)

    text = page(told, language="en", charts="")

    assert data_of(text)["campaigns"][0]["name"] == name
    assert text.count("</script>") == 3


def test_the_policy_lets_the_pages_own_code_run_and_nothing_else() -> None:
    """A hash for each script and style; no request to anywhere; hashes as the standard writes them."""
    policy = content_policy(scripts=("alert(1)",), styles=("a {}",))

    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy
    assert "unsafe" not in policy


def test_languages_say_the_same() -> None:
    """With the same gaps to fill, and each word is used."""
    assets = Path(building.__file__).parent / "assets"
    code = "".join(file.read_text() for file in assets.iterdir())
    english, spanish = (words(language) for language in LANGUAGES)

    assert all(
        sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", spanish[key]))
        for key, text in english.items()
    )
    named = set(re.findall(r"\w+", code)) | {f"kpi_{name}" for name in re.findall(r'\bid: "(\w+)"', code)}
    assert {key for key in english if key not in named and not key.startswith("by_")} == set()


def test_a_warehouse_without_calls_has_a_dashboard() -> None:
    """Before the first load is through, and for campaigns that never called."""
    with opened(World()) as connection:
        told = figures.figures(connection, made_at=LOADED)

    assert len(told["campaigns"]) == 3
    assert "page" in page(told, language="es", charts="")


# -- The command -------------------------------------------------------------------------------------------


def test_without_the_extra_it_is_told_how_to_get_it(cli: Cli, tmp_path: Path) -> None:
    """As for the sandbox; and before anything is read."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys; sys.modules['chartkick'] = None\n")

    done = cli("dashboard", PYTHONPATH=f"{hidden}:{Path(building.__file__).parents[2]}")

    assert done.returncode == 78
    assert "pip install 'altur-calls[dashboard]'" in done.stderr


def test_nothing_published_is_told(inside: Cli) -> None:
    """With what to do about it."""
    done = inside("dashboard")

    assert done.returncode == 74
    assert "Nothing is published yet" in done.stderr


@pytest.mark.usefixtures("published")
def test_a_file_that_cannot_be_written_is_told(inside: Cli, tmp_path: Path) -> None:
    """In a line."""
    (tmp_path / "file").write_text("")

    done = inside("dashboard", "--output", "file/page.html")

    assert done.returncode == 78
    assert "Can't write file/page.html" in done.stderr


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    """An administrator who writes to /dev/null has it still."""
    pipe, link = tmp_path / "pipe", tmp_path / "link.html"
    os.mkfifo(pipe)
    link.symlink_to("page.html")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    write("a page", pipe)
    write("a page", link)

    assert pipe.is_fifo()
    assert os.read(reader, 99) == b"a page"
    os.close(reader)
    assert link.is_symlink()
    assert (tmp_path / "page.html").read_text() == "a page"


@pytest.mark.usefixtures("published")
def test_it_is_shown_in_the_users_browser(cli: Cli, tmp_path: Path) -> None:
    """The one that the system names: here a script that notes what it is given."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    script.chmod(0o755)

    done = cli("dashboard", "--open", BROWSER=str(script))

    assert done.stdout == "altur_calls.dashboard.html\n"
    assert (tmp_path / "shown").read_text().strip() == (tmp_path / "altur_calls.dashboard.html").as_uri()


@pytest.mark.usefixtures("published")
def test_it_is_served_until_it_is_stopped() -> None:
    """On a free port for 0; Ctrl-C is the way to end it, and no error."""
    command = [COMMAND, "dashboard", "--serve", "--port", "0", "--lang", "es"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()  # type: ignore[union-attr]
        assert "Llamadas de voz" in got(url)[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


# -- Served ------------------------------------------------------------------------------------------------


@contextmanager
def served(published: Path) -> Iterator[str]:
    """Serve a dashboard in a thread; yields its URL."""
    latest = Latest(published, lambda path: build(path, "en", LOADED))
    with server(latest, 0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def got(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310 (ours)
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_reload_shows_what_was_published_since(tmp_path: Path) -> None:
    """Also while many ask; and what was published last stays there while a file is missing."""
    published = publish(World([Called()]), tmp_path / "p.duckdb")
    with served(published) as url:
        assert totals(got(url)[1]) == 1

        publish(World([Called()] * 5), published)
        assert totals(got(url)[1]) == 5

        published.unlink()
        assert got(url)[0] == 503
        assert "Nothing is published yet" in got(url)[1]

        publish(World([Called()] * 7), published)
        assert totals(got(url)[1]) == 7


def totals(text: str) -> int:
    told = data_of(text)["cubes"]["days"]
    ended = 1 + told["measures"].index("ended")
    return sum(sum(columns[ended]) for columns in told["campaigns"])


def test_a_page_is_built_once_for_each_load(tmp_path: Path) -> None:
    """Not for each reader."""
    built: list[Path] = []
    published = publish(World([Called()]), tmp_path / "p.duckdb")
    latest = Latest(published, lambda path: f"{built.append(path)}")

    assert latest.page() is latest.page()
    assert built == [published]


def test_who_leaves_without_the_answer_is_no_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A page that is reloaded again and again: nothing is said of it on the terminal."""
    asked, left = threading.Event(), threading.Event()

    def built(_: Path) -> str:
        asked.set()
        left.wait()
        return "x" * 10_000_000

    with server(Latest(tmp_path / "p.duckdb", built), 0) as running:
        running.daemon_threads = False  # they are waited for in the end
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        with socket.create_connection((HOST, running.server_port)) as browser:
            browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            asked.wait()
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave at once
        left.set()
        running.shutdown()
        thread.join()

    assert capfd.readouterr().err == ""


def test_only_this_machine_is_served(tmp_path: Path) -> None:
    """By its own name: a name that somebody points here can't be used to read the page from elsewhere."""
    with served(publish(World([Called()]), tmp_path / "p.duckdb")) as url:
        assert got(url)[0] == 200
        assert got(url, Host="rebound.example")[0] == 403
        assert got(f"{url}etc/passwd")[0] == 404
