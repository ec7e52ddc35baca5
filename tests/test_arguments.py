"""Settings as people write them: by hand, in TOML, in environment variables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls.arguments import ages, campaign_numbers, moment, seconds, secret_key
from altur_calls.errors import SettingsError


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        pytest.param([12, 34], [12, 34], id="a list"),
        pytest.param(("12", 34), [12, 34], id="texts and numbers"),
        pytest.param([34, 12, "34", 12], [34, 12], id="each once, in their order"),
        pytest.param("12", [12], id="a text"),
        pytest.param("12, 34 ,56", [12, 34, 56], id="commas"),
        pytest.param("12 34", [12, 34], id="blanks"),
        pytest.param(12, [12], id="a number"),
        pytest.param([0], [0], id="zero"),
        pytest.param((number for number in (1, 2)), [1, 2], id="a generator"),
    ],
)
def test_campaign_ids_may_be_written_in_many_ways(written, numbers):
    """Someone who types ids should not have to think about lists."""
    assert campaign_numbers(written) == numbers


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (["north"], "'north'"),
        ("12;34", "'12;34'"),
        ([12, -1], "-1"),
        ([1.0], "1.0"),
        ([True], "True"),
        ([None], "None"),
        (None, "None"),
        ([[12]], r"\[12\]"),
        (["9" * 5_000], "'9+'"),
        ([2**63], "9223372036854775808"),
        (["1_2"], "'1_2'"),
    ],
)
def test_what_is_no_campaign_id_is_named_in_the_message(written, shown):
    """Left out, it would be a campaign that silently never loads."""
    with pytest.raises(SettingsError, match=f"campaign_ids holds {shown}, .*'\\[12, 34\\]'"):
        campaign_numbers(written)


@pytest.mark.parametrize("written", [[], "", " , ", ()])
def test_no_campaign_at_all_is_a_mistake(written):
    """Somebody wanted to load something."""
    with pytest.raises(SettingsError, match="campaign_ids is empty: name the campaigns"):
        campaign_numbers(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(None, None, id="not given"),
        pytest.param("", None, id="given as nothing: an empty variable"),
        pytest.param("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC), id="a day"),
        pytest.param("2026-01-31T06:30:00", datetime(2026, 1, 31, 6, 30, tzinfo=UTC), id="no offset: UTC"),
        pytest.param("2026-01-31T00:30:00-06:00", datetime(2026, 1, 31, 6, 30, tzinfo=UTC), id="an offset"),
        pytest.param("2026-01-31T06:30:00Z", datetime(2026, 1, 31, 6, 30, tzinfo=UTC), id="Z"),
        pytest.param(date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC), id="a day in TOML"),
        pytest.param(
            datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-6))),
            datetime(2026, 1, 31, 6, tzinfo=UTC),
            id="a time in TOML",
        ),
        pytest.param("1812-01-01", datetime(1970, 1, 1, tzinfo=UTC), id="before any call"),
    ],
)
def test_a_moment_is_read_as_utc(written, read):
    """The API's times are in UTC, and so are ours."""
    assert moment("start_date", written) == read


@pytest.mark.parametrize("written", ["yesterday", "31.01.2026", "2026-13-01", " ", 2026, 1.5, False])
def test_what_is_no_moment_is_refused_by_its_name(written):
    """A start date that was guessed would leave out calls."""
    with pytest.raises(SettingsError, match=f"since is '{written}': write a date or time in ISO 8601"):
        moment("since", written)


offsets = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(1970, 1, 2), timezones=offsets))  # noqa: DTZ001 (a bound)
def test_a_moment_that_was_written_out_is_read_back(written):
    """So that what we print can be given to ``--since``."""
    assert moment("since", written.isoformat()) == moment("since", written) == written


@pytest.mark.parametrize("written", ["sk-12ab", " sk-12ab", "sk-12ab\n"])
def test_a_key_is_taken_without_what_copying_added(written):
    """A line end would be refused by the HTTP library, in words that show the key."""
    assert secret_key(written) == "sk-12ab"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("sk-1 sk-2", "not one word"),
        ("sk-\u00e9\u00e9", "not one word"),
        ("sk-1\nsk-2", "not one word"),
    ],
)
def test_what_can_not_be_a_key_is_refused_and_not_shown(written, what):
    """It may well be a key, and one more character."""
    with pytest.raises(SettingsError, match=f"^api_key is {what}") as refused:
        secret_key(written)

    assert "sk-" not in str(refused.value)


@pytest.mark.parametrize("written", [[float("nan")], [-1], [1e13], ["soon"], [None], 15])
def test_ages_that_are_none_are_refused(written):
    """A run would end far from the setting, or read again and again."""
    with pytest.raises(SettingsError, match=r"reread_ages_minutes is .*: write minutes"):
        ages("reread_ages_minutes", written)


def test_ages_grow_from_nothing():
    """In whatever order and form they are written."""
    assert ages("reread_ages_minutes", ["60", 15]) == [timedelta(minutes=minutes) for minutes in (0, 15, 60)]


@pytest.mark.parametrize("written", [float("nan"), float("inf"), -5])
def test_a_time_to_retry_has_an_end(written):
    """Without one a run would never give up."""
    with pytest.raises(SettingsError, match=r"retry_for_seconds is .*0 or more"):
        seconds("retry_for_seconds", written)
