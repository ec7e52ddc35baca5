"""The dashboard as its readers have it: opened from a file, in a real browser, without a network."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser

import chromium
from altur_calls.dashboard.building import build
from chromium import Seen
from dashboards import LOADED, TODAY, ZONE, Called, Campaign, World, day, few_cells, publish

pytestmark = pytest.mark.skipif(chromium.PATH is None, reason="no Chromium on this machine")

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><b>&amp;{{text}}</script>"
NAMES = ("Cobranza preventiva", HOSTILE, "\u202eRenewals")
DASH = "\N{EN DASH}"
ZONED = datetime(2026, 3, 31, 12, 5, tzinfo=UTC)
"""When campaign 2 was last proved: six hours earlier by its clocks."""


def world() -> World:
    """Return a world of 100 days, made up by chance and the same each time."""
    chance = random.Random(8)  # noqa: S311 (no secret)
    calls = [
        Called(
            campaign=(campaign := chance.choice((1, 1, 1, 2, 2, 3))),
            contact=chance.randrange(200),
            day=day(int(100 * chance.random() ** 1.5)),
            hour=chance.randrange(8, 20),
            status=(
                status := chance.choice(("ended", "ended", "ended", "no-answer", "busy", "failed", "new"))
            ),
            answered_by=chance.choice(("human", "human", "machine", "unknown"))
            if status == "ended"
            else None,
            talk_seconds=chance.randrange(200) if status == "ended" else 0,
            is_converted=chance.random() < 0.1,
            attempt=chance.randrange(1, 11),
            tags=chance.choice(((), ("paid",), (HOSTILE, "angry"))),
            policies=(
                ("Greets", chance.choice(("met", "met", "met", "not_met"))),
                (HOSTILE, chance.choice(("met", "not_met", "not_applicable"))),
            )[: chance.randrange(3)],
            said=((HOSTILE, chance.choice((HOSTILE, "no"))), ("medium", "card"))[: chance.randrange(3)],
        )
        for _ in range(1_500)
    ]
    return World(
        [call for call in calls if campaign],
        [
            Campaign(1, NAMES[0]),
            Campaign(2, NAMES[1], doubts=3, rejected=2, proved_until=ZONED),
            Campaign(3, NAMES[2], proved_until=None),
        ],
    )


@dataclass(frozen=True)
class Made:
    """A page, and what it was made of."""

    published: Path
    english: Path
    spanish: Path

    def value(self, query: str, **given: Any) -> Any:
        """Return the only value of a query."""
        with closing(duckdb.connect(self.published, read_only=True)) as connection:
            return connection.execute(query, given or None).fetchall()[0][0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("dashboard")
    published = publish(world(), folder / "p.duckdb")
    made = Made(published, folder / "en.html", folder / "es.html")
    for language, path in (("en", made.english), ("es", made.spanish)):
        path.write_text(build(published, language, LOADED), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as browser:
        yield browser


ALL_DAYS = {"from": day(99), "to": TODAY}


@pytest.fixture
def fresh(browser: Browser, made: Made) -> Iterator[Seen]:
    """Return the page in English, with all its days."""
    with chromium.opened(browser, made.english, f"#from={day(99)}&to={TODAY}") as seen:
        yield seen


@pytest.fixture(scope="module")
def shared(browser: Browser, made: Made) -> Iterator[Seen]:
    with chromium.opened(browser, made.english, f"#from={day(99)}&to={TODAY}") as seen:
        yield seen


@pytest.fixture
def seen(shared: Seen, made: Made) -> Iterator[Seen]:
    """Return such a page that is shared by all who change no more of it than its filter."""
    show(shared, **ALL_DAYS)
    yield shared
    assert shared.faults == [made.english.as_uri()]


Shown = Callable[[World], Callable[[str], Seen]]


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Shown]:
    """Return a function that makes a page of a world, and returns one that opens it with a filter."""
    with ExitStack() as pages:

        def shown(world: World) -> Callable[[str], Seen]:
            file = tmp_path / "page.html"
            file.write_text(build(publish(world, tmp_path / "p.duckdb"), "en", LOADED), encoding="utf-8")
            return lambda asked: pages.enter_context(chromium.opened(browser, file, f"#{asked}"))

        yield shown


SPANS = [(day(99), TODAY), (day(29), TODAY), (day(60), day(45)), (day(12), day(12)), (day(99), day(98))]
THESE = "list_contains($campaigns, campaign_id) AND local_date BETWEEN $first AND $last"


@pytest.mark.parametrize("chosen", [(1, 2, 3), (1,), (2,)])
def test_what_is_shown_is_what_sql_counts(seen: Seen, made: Made, chosen: tuple[int, ...]) -> None:
    """For each filter: key figures, statuses by day, tags, policies; and for each campaign in the table."""
    if not seen.page.query_selector("[data-numbers=volume][open]"):
        seen.page.click("[data-numbers=volume] summary")
    seen.page.wait_for_selector("[data-numbers=volume] tbody tr")
    for first, last in SPANS:
        filter_ = {"campaign": chosen[0]} if len(chosen) == 1 else {}
        show(seen, **filter_, **{"from": first, "to": last})

        def counted(
            what: str, table: str = "calls", *, of: tuple[int, ...] = chosen, days: Any = (first, last)
        ) -> int:
            query = f"SELECT coalesce({what}, 0) FROM analytics.{table} WHERE {THESE}"
            return int(made.value(query, campaigns=list(of), first=days[0], last=days[1]))

        calls = counted("count(*)")
        converted = counted("count(*) FILTER (is_converted)")
        met, failed = (
            counted(f"count(*) FILTER (result = '{one}')", "call_policies") for one in ("met", "not_met")
        )
        assert kpis(seen) == {
            "calls": f"{calls:,}",
            "answer_rate": percent(counted("count(answered_by)"), calls),
            "human_rate": percent(counted("count(*) FILTER (is_human)"), calls),
            "conversions": f"{converted:,} {percent(converted, calls)}",
            "talk": f"{minutes(counted('sum(talk_seconds)')):,}",
            "billed": f"{minutes(counted('sum(billed_seconds)')):,}",
            "compliance": percent(met, met + failed),
        }
        rows = seen.table("[data-numbers=volume]")
        assert sum(number(row[1]) for row in rows) == calls
        assert all(number(row[1]) == sum(map(number, row[2:])) for row in rows)
        tags = {row[0]: number(row[2]) for row in seen.table("#tags")}
        assert tags.get("paid", 0) == counted("count(*) FILTER (tag = 'paid')", "call_tags")
        shown = {row[0]: number(row[2]) for row in seen.table("#campaigns")}
        assert shown == {name: counted("count(*)", of=(place,)) for place, name in enumerate(NAMES, 1)}


def show(seen: Seen, **filter_: Any) -> None:
    """Go to an address, as a link would."""
    asked = "#" + "&".join(f"{name}={value}" for name, value in filter_.items())
    if seen.page.evaluate("location.hash") != asked:
        seen.then_drawn(lambda: seen.page.evaluate(f"location.hash = '{asked}'"))


def kpis(seen: Seen) -> dict[str, str]:
    names = seen.page.eval_on_selector_all(".kpi", "all => all.map(one => one.id.slice(4))")
    return {name: seen.text(f"#kpi-{name} .value") for name in names}


def minutes(seconds: int) -> int:
    return (seconds + 30) // 60


def percent(part: int, all_: int) -> str:
    return f"{100 * part / all_ + 1e-9:.1f}%" if all_ else DASH


def number(words: str) -> int:
    return int(words.replace(",", ""))


def test_hostile_names_stay_text(seen: Seen) -> None:
    """Of campaigns, tags, policies, keys and values: in lists, in tables, and in what a pointer brings up."""
    assert NAMES[1] in seen.page.eval_on_selector(
        "#campaign", "list => [...list.options].map(one => one.text)"
    )
    for table in ("tags", "policies", "campaigns"):
        assert HOSTILE in [row[0] for row in seen.table(f"#{table}")]
    assert HOSTILE in seen.page.eval_on_selector_all(
        "#values h3 bdi", "all => all.map(one => one.textContent)"
    )
    assert HOSTILE in seen.page.eval_on_selector_all(
        "#values dt bdi", "all => all.map(one => one.textContent)"
    )
    seen.then_drawn(lambda: seen.page.select_option("#campaign", label=HOSTILE))
    assert seen.text(".range bdi") == HOSTILE
    for place in seen.page.query_selector_all("canvas"):
        place.hover()

    assert seen.page.title() == "Voice calls"
    assert seen.page.query_selector_all("img, main b:not(.legend b)") == []


def test_keys_that_look_the_same_are_told_as_one(browser: Browser, tmp_path: Path) -> None:
    """Long questions that differ at their end only, where they are cut."""
    said = tuple((f"{'Why? ' * 40}{number}", "because") for number in range(2))
    published = publish(World([Called(contact=one, said=said) for one in range(12)]), tmp_path / "p.duckdb")
    file = tmp_path / "page.html"
    file.write_text(build(published, "en", LOADED), encoding="utf-8")

    with chromium.opened(browser, file) as seen:
        assert seen.text("#values h3 span") == "24"
        assert seen.text("#values").count("50%") == 2


def test_no_chart_is_told_a_name_of_the_data(seen: Seen) -> None:
    """So none of its tooltips can hold one."""
    told = seen.page.evaluate(
        "JSON.stringify(Object.values(drawn)"
        ".map(({ data }) => [data.labels, data.datasets.map(one => one.label)]))"
    )

    assert "onerror" not in told
    assert "No answer" in told


def test_the_address_is_the_filter(seen: Seen) -> None:
    """It can be sent to somebody, and the way back is the browser's."""
    seen.then_drawn(lambda: seen.page.select_option("#campaign", "0"))
    assert seen.page.evaluate("location.hash") == f"#campaign=1&from={day(99)}&to={TODAY}"

    seen.then_drawn(lambda: seen.page.fill("#from", str(day(9))))
    assert seen.page.evaluate("location.hash") == f"#campaign=1&from={day(9)}&to={TODAY}"
    fewer = seen.text("#kpi-calls .value")

    seen.then_drawn(seen.page.go_back)
    assert seen.page.input_value("#from") == str(day(99))
    assert number(seen.text("#kpi-calls .value")) > number(fewer)


@pytest.mark.parametrize(
    "asked", ["#campaign=99&from=yesterday&to=2026-13-45", "#from=1970-01-01&to=2999-01-01"]
)
def test_an_address_that_means_nothing_shows_what_there_is(browser: Browser, made: Made, asked: str) -> None:
    """And never an error."""
    with chromium.opened(browser, made.english, asked) as seen:
        assert number(seen.text("#kpi-calls .value")) > 100


def test_a_bar_is_a_filter(seen: Seen) -> None:
    """A click on a week shows its days; a click on a day, that day."""
    seen.then_drawn(lambda: click_bar(seen, 3))
    week = seen.page.input_value("#from"), seen.page.input_value("#to")
    assert (date.fromisoformat(week[1]) - date.fromisoformat(week[0])).days == 6

    seen.then_drawn(lambda: click_bar(seen, 2))
    assert seen.page.input_value("#from") == seen.page.input_value("#to")


def click_bar(seen: Seen, place: int) -> None:
    x, y = seen.page.evaluate(
        f"(({{ x, y, base }}) => [x, (y + base) / 2])(drawn.volume.getDatasetMeta(0).data[{place}])"
    )
    seen.page.click("#volume canvas", position={"x": x, "y": y})


def test_a_campaign_is_chosen_and_let_go_in_its_table(seen: Seen) -> None:
    """The one chosen stays among the others, to compare."""
    button = seen.page.get_by_role("button", name=NAMES[0])
    seen.then_drawn(button.click)
    assert seen.page.input_value("#campaign") == "0"
    assert len(seen.table("#campaigns")) == 3

    seen.then_drawn(button.click)
    assert seen.page.input_value("#campaign") == "-1"


def test_the_table_of_campaigns_is_sorted_by_any_column(fresh: Seen) -> None:
    """By the numbers, not by how they are written; a second time the other way round."""
    assert order(fresh) == sorted(order(fresh), reverse=True)
    fresh.then_drawn(lambda: fresh.page.click("#campaigns [data-key=sort-calls]"))
    assert order(fresh) == sorted(order(fresh))
    assert fresh.page.get_attribute("#campaigns th[aria-sort]", "aria-sort") == "ascending"


def order(seen: Seen) -> list[int]:
    return [number(row[2]) for row in seen.table("#campaigns")]


def test_all_can_be_done_from_the_keyboard(fresh: Seen) -> None:
    """What a chart shows to a pointer, its numbers show to keys; and the place where one is, is kept."""
    fresh.page.focus("[data-numbers=volume] summary")
    fresh.page.keyboard.press("Enter")
    fresh.page.wait_for_selector("[data-numbers=volume] tbody tr")
    for _ in range(2):  # the table, which can be scrolled, and its first button
        fresh.page.keyboard.press("Tab")
    fresh.then_drawn(lambda: fresh.page.keyboard.press("Enter"))
    assert fresh.page.input_value("#to") < str(TODAY)

    fresh.page.focus("#campaigns [data-key=sort-name]")
    fresh.then_drawn(lambda: fresh.page.keyboard.press("Enter"))
    assert fresh.page.evaluate("document.activeElement.dataset.key") == "sort-name"


def test_a_change_is_told_against_the_time_before(seen: Seen, made: Made) -> None:
    """As long, just before it; for whole months, as many months."""

    def counted(first: date, last: date) -> int:
        return int(
            made.value(
                "SELECT count(*) FROM analytics.calls WHERE local_date BETWEEN $first AND $last",
                first=first,
                last=last,
            )
        )

    for (first, last), (start, end) in {
        (day(20), day(14)): (day(27), day(21)),
        (date(2026, 2, 1), date(2026, 2, 28)): (date(2026, 1, 1), date(2026, 1, 31)),
    }.items():
        show(seen, **{"from": first, "to": last})
        assert f"before: {counted(start, end):,}" in seen.text("#kpi-calls .note")
        change = 100 * (counted(first, last) / counted(start, end) - 1)
        assert f"{change:+.1f}".removesuffix(".0") in seen.text("#kpi-calls .note")


def test_a_day_that_is_not_over_is_not_compared(seen: Seen, browser: Browser, made: Made) -> None:
    """It would always look bad. What is shown at first ends with the day before it."""
    assert "not proved to its end" in seen.text("#kpi-calls .note")
    with chromium.opened(browser, made.english) as first:
        assert (first.page.input_value("#from"), first.page.input_value("#to")) == (str(day(30)), str(day(1)))
        assert "before:" in first.text("#kpi-calls .note")


NOTE = "#kpi-calls .note"
WEEK = f"from={day(7)}&to={day(1)}"


def daily(*campaigns: int, last: int = 0) -> list[Called]:
    """Return a call of each campaign on each of sixty days."""
    return [Called(campaign, day=day(number)) for campaign in campaigns for number in range(last, 60)]


def test_what_was_not_read_to_its_end_is_no_drop(shown: Shown) -> None:
    """One campaign was loaded alone since, or a run failed before it came to the other."""
    late = Campaign(1, loaded_until=LOADED - timedelta(days=3))
    page = shown(World(daily(1, last=3) + daily(2), [late, Campaign(2)]))

    assert "not proved to its end" in page(f"campaign=1&{WEEK}").text(NOTE)
    assert "not proved to its end" in page(WEEK).text(NOTE)
    assert "before: 7" in page(f"campaign=2&{WEEK}").text(NOTE)


def test_a_campaign_that_is_not_loaded_any_more_holds_up_no_comparison(shown: Shown) -> None:
    """It has no calls in the time that is compared; nor has one that was never read."""
    over = Campaign(1, loaded_until=LOADED - timedelta(days=30))
    page = shown(World(daily(1, last=30) + daily(2), [over, Campaign(2), Campaign(3, loaded_until=None)]))

    assert "before: 7" in page(WEEK).text(NOTE)
    assert page("").page.input_value("#to") == str(day(1))


def test_days_are_over_by_the_clocks_of_each_campaign(shown: Shown) -> None:
    """Early on 1 April in Madrid it is still the afternoon of 31 March in Mexico City."""
    loaded = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    ahead = Campaign(1, zone="Europe/Madrid", loaded_until=loaded)
    page = shown(World(2 * daily(1) + daily(2), [ahead, Campaign(2, loaded_until=loaded)]))
    march_31 = f"from={TODAY}&to={TODAY}"

    assert "before: 2" in page(f"campaign=1&{march_31}").text(NOTE)
    assert "not proved to its end" in page(f"campaign=2&{march_31}").text(NOTE)
    for asked, last in {"": day(1), "campaign=1": TODAY, "campaign=2": day(1)}.items():
        assert page(asked).page.input_value("#to") == str(last)


def test_a_month_that_is_not_all_there_is_not_compared_with(shown: Shown) -> None:
    """Also where all of it is told by one number."""
    calls = [Called(day=date(2026, 1, 20) + timedelta(days=number)) for number in range(70)]
    with few_cells(1):
        page = shown(World(calls))

    assert "nothing to compare with" in page("from=2026-02-01&to=2026-02-28").text(NOTE)


def test_the_worst_policy_is_told_however_rare(shown: Shown) -> None:
    common = [(f"Common {number}", "met") for number in range(12)]
    calls = [Called(policies=tuple(common)) for _ in range(9)]
    page = shown(World([*calls, Called(policies=((None, "not_met"), ("Rare", "not_met"), ("Rarer", "met")))]))

    rows = page("").table("#policies")
    assert {row[0] for row in rows[:2]} == {"", "Rare"}
    assert len(rows) == 14


def test_freshness_and_completeness_are_always_in_sight(seen: Seen) -> None:
    """Of what is chosen, by the clocks of its campaign; and nothing is said to be proved that is not."""
    assert "Not proved complete yet, 3 windows open" in seen.text("#status")
    seen.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert seen.page.locator("#status").is_visible()
    show(seen, campaign=1)
    assert "Proved complete to Mar 31, 2026, 10:45 AM CST, no window open" in seen.text("#status")
    show(seen, campaign=2)
    assert "Proved complete to Mar 31, 2026, 06:05 AM CST, 3 windows open" in seen.text("#status")
    assert "2 calls could not be read" in seen.text("#status")


@pytest.mark.parametrize(
    ("locale", "calls", "first_day"),
    [("es-MX", "1,500", "22 dic 2025"), ("es-CO", "1.500", "22 dic 2025"), ("de-DE", "1500", "22 dic 2025")],
)
def test_spanish_is_spanish_in_the_form_of_the_reader(
    browser: Browser, made: Made, locale: str, calls: str, first_day: str
) -> None:
    """Words, numbers and dates: of Mexico for a Mexican; of Spain for who reads neither."""
    with chromium.opened(browser, made.spanish, f"#from={day(99)}&to={TODAY}", locale=locale) as seen:
        assert seen.page.get_attribute("html", "lang") == "es"
        assert seen.page.title() == "Llamadas de voz"
        assert seen.text("#kpi-calls .value") == calls
        assert first_day in seen.text("#status").replace(" de ", " ")
        assert "Terminada" in seen.text("#volume-legend")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_the_systems_and_can_be_changed(browser: Browser, made: Made, scheme: Any) -> None:
    """With letters that can be told from what is behind them."""
    with chromium.opened(browser, made.english, color_scheme=scheme) as seen:
        assert seen.page.get_attribute("html", "data-theme") == scheme
        assert contrast(seen) > 7
        seen.then_drawn(lambda: seen.page.click("#theme"))
        assert seen.page.get_attribute("html", "data-theme") != scheme
        assert contrast(seen) > 7


def contrast(seen: Seen) -> float:
    """Return how far the colours of text and card are apart, as WCAG counts it: 1 to 21."""
    dark, light = sorted(
        sum(
            share * ((part / 255 + 0.055) / 1.055) ** 2.4
            for share, part in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)
        )
        for rgb in seen.page.evaluate(
            "['color', 'backgroundColor'].map(name => "
            "getComputedStyle(document.querySelector('.card'))[name].match(/\\d+/g).slice(0, 3).map(Number))"
        )
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("width", [360, 390, 768, 1024])
def test_nothing_is_cut_off_on_a_small_screen(browser: Browser, made: Made, width: int) -> None:
    """The page is as wide as the screen; what is wider scrolls by itself."""
    viewport: Any = {"width": width, "height": 800}
    with chromium.opened(browser, made.english, viewport=viewport) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.evaluate(
            "[...document.querySelectorAll('.card, .kpi, canvas')]"
            ".every(one => one.getBoundingClientRect().right <= innerWidth)"
        )


def test_a_resized_window_is_drawn_anew(fresh: Seen) -> None:
    """Hours go down, not across, where there is little room."""
    assert len(fresh.table("#hours")) == 7
    fresh.then_drawn(lambda: fresh.page.set_viewport_size({"width": 400, "height": 800}))
    assert len(fresh.table("#hours")) == 12


def test_it_is_printed_on_white_paper_as_wide_as_the_paper(browser: Browser, made: Made) -> None:
    """Of a dark screen too; and the screen is as before afterwards."""
    with chromium.opened(browser, made.english, color_scheme="dark") as seen:
        seen.page.evaluate(
            "addEventListener('beforeprint', () => { window.paper = [document.documentElement.dataset.theme,"
            " ...[...document.querySelectorAll('canvas')].map(one => one.getBoundingClientRect().right)] })"
        )
        assert seen.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")

        theme, *edges = seen.page.evaluate("paper")
        assert theme == "light"
        assert max(edges) < 190 / 25.4 * 96
        assert seen.page.get_attribute("html", "data-theme") == "dark"


def test_campaigns_without_a_call_are_told_so(browser: Browser, tmp_path: Path) -> None:
    """Before a first load is through."""
    published = publish(World(), tmp_path / "p.duckdb")
    (tmp_path / "page.html").write_text(build(published, "en", LOADED))

    with chromium.opened(browser, tmp_path / "page.html") as seen:
        assert seen.text("#kpi-calls .value") == "0"
        assert "Nothing in this time" in seen.text("#tags")


def test_a_warehouse_without_a_campaign_is_told_so(browser: Browser, tmp_path: Path) -> None:
    """And nothing breaks."""
    published = publish(World(campaigns=()), tmp_path / "p.duckdb")
    (tmp_path / "page.html").write_text(build(published, "en", LOADED))

    with chromium.opened(browser, tmp_path / "page.html") as seen:
        assert seen.text("#empty") == "No calls yet."


def test_a_timezone_that_the_browser_does_not_know_is_no_error(browser: Browser, tmp_path: Path) -> None:
    """DuckDB's list of them may be longer than a browser's; then times are those of UTC, and say so."""
    page = build(publish(World([Called()], [Campaign(1)]), tmp_path / "p.duckdb"), "en", LOADED)
    assert ZONE in page
    (tmp_path / "page.html").write_text(page.replace(ZONE, "Mars/Olympus"))

    with chromium.opened(browser, tmp_path / "page.html") as seen:
        assert "Mar 31, 2026, 04:45 PM UTC" in seen.text("#status")
