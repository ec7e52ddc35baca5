"""What of a read is news to a warehouse; pure, without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from altur_calls.calls.changes import Known, News, news_of, suspicions
from altur_calls.calls.sightings import version_of
from altur_calls.reads import Read
from altur_calls.windows import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window(NOON, NOON + HOUR)


def call(call_id: str, minutes: float = 5, **fields: Any) -> dict[str, Any]:
    """Return a call created so many minutes after noon."""
    return {"id": call_id, "created_at": (NOON + timedelta(minutes=minutes)).isoformat(), **fields}


def read(*calls: Any, doubt: str | None = None) -> Read:
    """Return a read of the hour after noon, two hours later."""
    return Read(7, WINDOW, NOON + 2 * HOUR, list(calls), 1, len(calls), doubt)


def known(call: dict[str, Any], *, is_deleted: bool = False, read_at: datetime = NOON + HOUR) -> Known:
    """Return a call as the warehouse has it, read before."""
    created_at = datetime.fromisoformat(call["created_at"])
    return Known(version_of(call, 7), created_at, read_at, is_deleted)


def ids(news: News) -> list[str]:
    """Return the ids of the calls to write."""
    return [seen.call_id for seen in news.calls]


def test_what_lies_beside_a_window_is_no_news_to_who_read_it_later() -> None:
    """The window it lies in was read after this one, and is loaded already. In its own window all is news."""
    beside, within = call("beside", minutes=60.01, status="old"), call("within", status="old")
    here = {
        name: known(call(name, minutes, status="new"), read_at=NOON + 3 * HOUR)
        for name, minutes in (("beside", 60.01), ("within", 5))
    }

    assert ids(news_of(read(beside, within), here)) == ["within"]


def test_without_a_warehouse_to_ask_all_is_news() -> None:
    """In somebody's own pipeline; and nobody can tell what vanished."""
    news = news_of(read(call("a")), None)

    assert (ids(news), news.gone, news.ledger_row["vanished_calls"]) == (["a"], None, None)


def test_only_what_is_new_changed_or_back_is_news() -> None:
    """A call that is the same as before need not be written."""
    same, changed, back = call("same"), call("changed", tags=["a"]), call("back")
    here = {"same": known(same), "changed": known(call("changed")), "back": known(back, is_deleted=True)}

    news = news_of(read(same, changed, back, call("new")), here)

    assert ids(news) == ["changed", "back", "new"]


def test_a_call_that_is_not_listed_any_more_is_gone() -> None:
    """The window is proved, and was read after the call was."""
    news = news_of(read(call("stays")), {"stays": known(call("stays")), "goes": known(call("goes"))})

    assert (news.gone, news.vanished, news.listed) == (["goes"], ["goes"], 1)
    assert news.ledger_row["vanished_calls"] == 1


def test_a_call_that_can_be_no_row_hides_no_other_that_vanished() -> None:
    """By its id it is known which one it is."""
    news = news_of(read({"id": "odd"}), {"goes": known(call("goes")), "odd": known(call("odd"))})

    assert (news.vanished, len(news.rejected)) == (["goes"], 1)


@pytest.mark.parametrize(
    ("reading", "here"),
    [
        pytest.param(read(doubt="counted two"), known(call("x")), id="the window is not proved"),
        pytest.param(read({"id": "x"}), known(call("x")), id="it came, but can be no row"),
        pytest.param(read({"status": "ended"}), known(call("x")), id="a call came without its id"),
        pytest.param(read(), known(call("x"), is_deleted=True), id="it is marked already"),
        pytest.param(read(), known(call("x", minutes=-0.01)), id="it lies before the window"),
        pytest.param(read(), known(call("x", minutes=60)), id="it lies after the window"),
        pytest.param(read(), known(call("x"), read_at=NOON + 3 * HOUR), id="a later read has seen it"),
    ],
)
def test_a_call_is_not_gone_where(reading: Read, here: Known) -> None:
    """Only a proved window that was read later says that a call of its time is gone."""
    assert not news_of(reading, {"x": here}).vanished


def test_a_call_that_can_be_no_row_is_kept_apart() -> None:
    """It is no call to write."""
    news = news_of(read({"id": "x"}, call("a")), {})

    assert [fault.reason for fault in news.rejected] == ["created_at can't be read"]
    assert ids(news) == ["a"]


def lost(gone: int, listed: int) -> News:
    """Return a window that lost calls."""
    return News(read(), [], [], [f"call_{number}" for number in range(gone)], listed)


@pytest.mark.parametrize(
    ("gone", "listed", "is_suspicious"), [(20, 0, False), (21, 189, False), (21, 188, True)]
)
def test_more_than_twenty_and_a_tenth_at_once_are_suspicious(
    gone: int, listed: int, *, is_suspicious: bool
) -> None:
    """Then none is marked."""
    news = lost(gone, listed)

    assert news.is_suspicious is is_suspicious
    assert len(news.vanished) == (0 if is_suspicious else gone)


def test_a_campaign_that_lost_all_it_had_is_told() -> None:
    """However few calls they were, over all windows read; one told already is not told twice."""
    (line,) = suspicions([lost(2, 0), lost(1, 0)])
    (other,) = suspicions([lost(30, 0)])

    assert "campaign 7 held 3 calls" in line
    assert "30 calls vanished at once" in other
    assert not list(suspicions([lost(2, 0), lost(0, 1)]))
    assert not list(suspicions([replace(lost(0, 0), gone=None)]))
