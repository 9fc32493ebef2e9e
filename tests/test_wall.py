"""/wall: up to sixteen indicators on one screen, as they are known now or were on any day."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from browsing import Opened
from conftest import settings_of
from playwright.sync_api import expect
from serving import Node, TestClient, client, republish, rows_of, still, tree, with_old_ids

from dashboard.address import Transform, moment_text
from dashboard.chart.model import Part, compose
from dashboard.chart.small import COLUMNS, Days, small_chart
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.formatting import table_figure
from dashboard.pages import resolve
from dashboard.pages.wall import MOST, default_ids
from etl.catalog import Catalog
from etl.records import BEIJING, Vintage

#: So many values a small panel can show as they are.
LONG = 500
#: So many moments of the history are looked at.
MOMENTS = 15
UNKNOWN = ("no_such_thing", "nor_this_one")


def wall(site: TestClient, query: str = "") -> Node:
    return still(site.get(f"/wall{query}"))


def panels(document: Node) -> list[str]:
    return [
        one.attributes["id"].removeprefix("wall-") for one in document.all("section", "wall-panel")
    ]


def told(document: Node, name: str) -> tuple[str, list[str], list[int]]:
    """The value that stands large, and every value and day that the crosshair tells."""
    panel = document.one("section", id=f"wall-{name}")
    number = next(panel.all(css="wall-number")).text
    said = panel.attributes
    days = [int(day) for day in said["data-days"].split()]
    return number, [value for value in said["data-values"].split("|") if value], days


def moments(snapshot: Snapshot) -> list[datetime]:
    """Every moment at which anything becomes known or is held, and the one before each."""
    rows = snapshot.rows(
        "select known_at from vintages union select held_at from vintages "
        "union select loaded_at from first_loads"
    )
    found = {row[0].replace(tzinfo=UTC) for row in rows}
    return sorted(found | {one - timedelta(microseconds=1) for one in found})


def test_one_question_answers_for_all_what_is_asked_of_each(newest: Snapshot) -> None:
    """At moments on both sides of the changes of the whole history, of every indicator."""
    ids, found = list(newest.catalog.indicators), moments(newest)
    asked = [None, *found[:: len(found) // MOMENTS or 1]]
    for place, moment in enumerate(asked):
        some = ids[place % 7 :: 7] if moment else ids  # each is asked at a seventh of the moments
        each = {name: queries.series(newest, name, moment) for name in some}
        assert queries.several_series(newest, some, moment) == each, moment


@pytest.mark.parametrize("day", ["2015-06-30", "2021-08-02", "2026-03-10", "2026-05-27T0900"])
def test_the_wall_shows_what_the_frozen_charts_hold(
    site: TestClient, newest: Snapshot, day: str
) -> None:
    ids = list(site.get("/api/v1/indicators").json()["indicators"])
    names = [one["id"] for one in ids]
    for part in (names[first : first + MOST] for first in range(0, len(names), MOST)):
        document = wall(site, f"?ids={','.join(part)}&asof={day}&t=max")
        for name in part:
            answer = site.get(f"/c/{name}@{day}.csv?t=max")
            number, values, days = told(document, name)
            if answer.status_code == 404:
                assert (number, values) == ("—", []), name
                continue
            rows = rows_of(answer)
            # A long history is thinned to what a small panel can show; its ends stay.
            assert len(values) == len(days), name
            assert len(values) == len(rows) if len(rows) <= LONG else len(values) <= len(rows), name
            first = date.fromisoformat(document.one(css="wall-panels").attributes["data-first"])
            assert str(first + timedelta(days=sum(days))) == rows[-1]["date"], name
            held = [float(row["value"]) for row in rows]
            indicator = newest.catalog[name]
            figure = table_figure(
                held[-1], Transform(), indicator, newest.catalog.unit(indicator), "zh",
                max(map(abs, held)),
            )  # fmt: skip
            assert values[-1] == figure.number, name


def test_without_a_choice_the_bulletin_leads_and_nothing_is_empty(
    site: TestClient, newest: Snapshot
) -> None:
    shown = panels(wall(site))
    mentioned = queries.mentioned(newest, queries.bulletin_days(newest)[-1]).values()
    first = next(name for part in mentioned for name in part if name in shown)
    assert tuple(shown) == default_ids(newest)
    assert (shown[0], len(shown)) == (first, MOST)
    assert set(shown) <= queries.standings(newest).keys()


def test_two_unknown_ids_are_named_and_the_fourteen_are_shown(
    site: TestClient, newest: Snapshot
) -> None:
    known = list(newest.catalog.indicators)[: MOST - 2]
    document = wall(site, f"?ids={','.join([*known, *UNKNOWN])}")
    assert panels(document) == known
    words = document.one(css="problem").text
    assert all(name in words for name in UNKNOWN)
    assert site.get(f"/wall?ids={','.join(UNKNOWN)}").status_code == 404


def test_seventeen_ids_are_refused_and_repeated_ones_are_one(
    site: TestClient, newest: Snapshot
) -> None:
    many = list(newest.catalog.indicators)[: MOST + 1]
    answer = site.get(f"/wall?ids={','.join(many)}")
    assert answer.status_code == 400
    assert "17" in tree(answer.text).one("main").text
    assert panels(wall(site, "?ids=sp500,vix,sp500")) == ["sp500", "vix"]


@pytest.mark.parametrize(
    "query",
    [
        "t=2y",
        "u=square",
        "asof=2026-13-01",
        "asof=2999-01-01",
        "full=2",
        "t=2026-02-01..2025-01-01",
    ],
)
def test_a_wrong_value_is_told_in_words(site: TestClient, query: str) -> None:
    answer = site.get(f"/wall?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in tree(answer.text).one("main").text


def test_old_ids_lead_to_the_present_ones(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"sp500": ("spx",)}))
    site = client(settings_of(filled))
    answer = site.get("/wall?ids=vix,spx&asof=2026-05-27&lang=en")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/wall?ids=vix,sp500&asof=2026-05-27&lang=en"


def test_everything_chosen_stays_in_every_link_and_form(site: TestClient) -> None:
    document = wall(site, "?ids=sp500,vix&t=3y&u=index&asof=2026-05-20&full=1&theme=dark")
    choices = [a.attributes["href"] for a in document.one("article").all("a", "option")]
    assert all(link.startswith("/wall?ids=sp500,vix&") and "theme=dark" in link for link in choices)
    assert "/wall?ids=sp500,vix&t=5y&u=index&asof=2026-05-20&full=1&theme=dark" in choices
    assert "/wall?ids=sp500,vix&t=3y&u=index&full=1&theme=dark" in choices  # now
    assert "/wall?ids=sp500,vix&t=3y&u=index&asof=2026-05-20&theme=dark" in choices  # not full
    kept = {one.attributes["name"]: one.attributes["value"] for one in document.all("input")
            if one.attributes.get("type") == "hidden"}  # fmt: skip
    chosen = {"ids": "sp500,vix", "t": "3y", "u": "index", "full": "1", "theme": "dark"}
    assert kept == chosen | {"asof": "2026-05-20"}  # kept by the search among many indicators
    assert "/indicators/sp500?t=3y&u=index&asof=2026-05-20&theme=dark" in [
        a.attributes["href"] for a in document.one("article").all("a")
    ]


def test_a_day_before_everything_shows_that_nothing_was_known(site: TestClient) -> None:
    document = wall(site, "?ids=sp500,vix&asof=1990-01-01")
    assert panels(document) == ["sp500", "vix"]
    assert [one.text for one in document.all(css="wall-missing")] == ["当时尚无数据"] * 2


def test_a_span_without_values_is_empty_and_never_zero(site: TestClient) -> None:
    document = wall(site, "?ids=sp500&t=1999-01-01..1999-12-31")
    assert told(document, "sp500") == ("—", [], [])


def test_every_number_has_unit_date_and_source(site: TestClient) -> None:
    document = wall(site, "?asof=2026-05-27")
    for panel in document.all("section", "wall-panel"):
        assert next(panel.all(css="wall-date")).text
        assert next(panel.all(css="unit")).text
    said = document.one(css="wall-known").text
    assert "2026 年 5 月 27 日 23:59（北京时间）" in said
    assert "据后来载入的历史重建" in said
    assert document.one(css="wall-sources").text.startswith("来源：")


def test_a_wall_and_a_move_of_its_slider_cost_less_than_half_of_its_panels_one_by_one(
    newest: Snapshot,
) -> None:
    """Of the processor, against the page of one indicator at the same moments."""

    class Served:
        problem = ""

        def current(self) -> Snapshot:
            return newest

    def took(path: str, query: dict[str, str]) -> float:
        begun = time.process_time()
        shown = resolve(Served(), path, query)  # type: ignore[arg-type]
        assert shown.page.status == 200
        return time.process_time() - begun

    took("/wall", {"t": "3m"})
    days = [{"asof": f"2026-05-{day:02}"} for day in range(2, 12)]
    one, move = (median(took(path, day) for day in days) for path in ("/indicators/sp500", "/wall"))
    assert move < MOST / 2 * one
    assert took("/wall", {"t": "6m"}) < MOST / 2 * one


def test_a_long_line_keeps_the_first_the_last_and_the_extremes(newest: Snapshot) -> None:
    first = datetime(2000, 1, 1, tzinfo=UTC)
    rows = [
        (
            Vintage((first + timedelta(days=n)).date(), 100 + n * 37 % 101, "x", first, "fetched"),
            None,
        )
        for n in range(8000)
    ]
    shown = [(v, v.value) for v, _ in rows]
    indicator = newest.catalog["sp500"]
    part = Part(indicator, newest.catalog.unit(indicator), shown)
    model = compose([part], transform=Transform(), lang="zh")
    found = small_chart(model, Days(shown[0][0].date, shown[-1][0].date))
    assert len(found.points) <= 4 * (COLUMNS + 1)
    assert (found.points[0].date, found.points[-1].date) == (shown[0][0].date, shown[-1][0].date)
    values = [point.value for point in found.points]
    assert (min(values), max(values)) == (100, 200)


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
def test_the_wall_fits_the_screen(visit: Opened, width: int) -> None:
    reader = visit(width)
    page = reader.open("/wall")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (reader.troubles, reader.foreign) == ([], [])


def test_sixteen_charts_fit_a_beamer_without_scrolling(visit: Opened) -> None:
    for path in ("/wall", "/wall?full=1"):
        page = visit(1920, 1080).open(path)
        bottoms = page.locator(".wall-panel").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().bottom)"
        )
        assert len(bottoms) == MOST
        assert max(bottoms) <= 1080


def test_a_move_of_the_slider_shows_what_was_known_then(visit: Opened, site: TestClient) -> None:
    reader = visit(1440, 900)
    page = reader.open("/wall?ids=sp500,us_10y_yield_pct")
    slider = page.locator("#wall-slider")
    day = datetime(2026, 3, 10, tzinfo=BEIJING).date()
    slider.fill(str((day - datetime(1970, 1, 1, tzinfo=UTC).date()).days))
    expect(page.locator(".wall-known")).to_contain_text("2026 年 3 月 10 日")
    assert "asof=2026-03-10" in page.url
    then = wall(site, f"?ids=sp500,us_10y_yield_pct&asof={day}")
    for name in ("sp500", "us_10y_yield_pct"):
        shown = page.locator(f"#wall-{name} .wall-now .wall-number").inner_text()
        assert shown.replace("\n", "") == told(then, name)[0]
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wall-known")).to_contain_text("2026 年 3 月 11 日")
    page.locator(".wall-bar .option").first.click()  # now
    expect(page.locator(".wall-known")).to_contain_text("数据更新于")
    assert slider.input_value() == slider.get_attribute("max")
    assert (reader.troubles, reader.foreign) == ([], [])


def test_one_crosshair_tells_the_values_of_a_day_in_all(visit: Opened) -> None:
    reader = visit(1440, 900)
    page = reader.open("/wall?ids=sp500,nasdaq_composite&t=2026-03-02..2026-05-26")
    then = page.locator(".wall-panel .wall-number.wall-then")
    expect(then.first).to_be_hidden()
    page.locator(".wall-panels").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wall-pointed")).to_contain_text("2026-05-26")
    expect(then).to_have_count(2)
    newest = [
        one.replace("\n", "") for one in page.locator(".wall-now .wall-number").all_text_contents()
    ]
    assert then.all_inner_texts() == newest
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wall-pointed")).to_contain_text("2026-05-25")
    page.keyboard.press("Escape")
    expect(then.first).to_be_hidden()
    page.locator(".wall-plot").first.hover()
    expect(then.last).to_be_visible()
    expect(page.locator(".wall-date.wall-then").last).to_contain_text("2026-04")
    assert (reader.troubles, reader.foreign) == ([], [])


def test_the_wall_is_asked_without_scripts(visit: Opened) -> None:
    page = visit(java_script_enabled=False).open("/wall?ids=sp500", live=False)
    expect(page.locator("#wall-slider")).to_be_hidden()
    page.locator(".wall-day").fill("2026-05-20")
    page.locator(".wall-bar .search-button").click()
    expect(page.locator(".wall-known")).to_contain_text("2026 年 5 月 20 日")
    assert "ids=sp500" in page.url


def test_a_moment_of_the_address_is_kept_to_the_minute(site: TestClient) -> None:
    moment = datetime(2026, 5, 20, 1, tzinfo=UTC)
    document = wall(site, f"?asof={moment_text(moment)}")
    assert "5 月 20 日 09:00" in document.one(css="wall-known").text
