"""The site in a real browser: Chromium, over `python -m dashboard` as people run it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DARK, LIGHT, PICTURES, Opened, Reader, paper
from conftest import Cli, write_csv
from playwright.sync_api import Browser, Route, expect
from serving import running

PAGES = {
    "today": "/",
    "bulletins": "/bulletins",
    "indicators": "/indicators",
    "market-value": "/indicators/micron_market_cap_usd_bn",
    "pue": "/indicators/pue_global_average",
    "about": "/about",
    "provinces": "/provinces",
    "compare": "/compare?ids=nasdaq_composite,us_10y_yield_pct",
    "export": "/export?ids=sp500,micron_close_usd,vix,usd_cny,brent_spot_usd_bbl",
    "found": "/bulletins?q=数据",
    "sorted": "/indicators?sort=-year",
    "as-known": "/indicators/brent_spot_usd_bbl@2026-05-27",
}
WITH_CHART = ("today", "market-value", "pue", "compare", "as-known")
#: The colours in which the lines of a live chart are seen.
COLOURS = """() => [...new Set([...document.querySelectorAll('#page .js-line')]
  .map(line => getComputedStyle(line).stroke).filter(Boolean))]"""


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_every_page_opens_without_an_error_fits_and_axe_finds_nothing_serious(
    visit: Opened, width: int, scheme: str
) -> None:
    """One reader a width and a colour scheme: what is loaded once is kept, as browsers do."""
    reader = visit(width, color_scheme=scheme)
    PICTURES.mkdir(exist_ok=True)
    for name, path in PAGES.items():
        page = reader.open(path)
        if name in WITH_CHART:
            page.locator(".chart .main-svg").first.wait_for()
        expect(page.locator("h1")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert paper(page) == (DARK if scheme == "dark" else LIGHT), name
        page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
        assert (reader.troubles, reader.foreign) == ([], []), name
        found = Axe().run(page).response["violations"]
        grave = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found
                 if v["impact"] in ("serious", "critical")]  # fmt: skip
        assert not grave, (name, grave)


def test_a_star_is_kept_by_the_browser(visit: Opened) -> None:
    reader = visit(1280)
    page = reader.open("/indicators")
    star = page.locator("button[data-pin='sp500']")
    expect(star).to_have_attribute("aria-pressed", "false")
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#pins a")).to_have_text(re.compile("标普 500 指数.*点"))
    page = reader.open("/indicators?group=markets")
    expect(page.locator("#pins a")).to_have_count(1)
    page.locator("button[data-pin='sp500']").click()
    expect(page.locator("#pins a")).to_have_count(0)


def test_a_word_and_its_card_light_up_together(visit: Opened) -> None:
    page = visit(1440).open("/")
    word = page.locator("[data-mention='sp500']").first
    word.hover()
    expect(page.locator("#card-sp500")).to_have_class(re.compile(r"\blit\b"))
    page.mouse.move(2, 2)
    expect(page.locator("#card-sp500")).not_to_have_class(re.compile(r"\blit\b"))
    page.locator("#card-sp500").hover()
    expect(word).to_have_class(re.compile(r"\blit\b"))


def test_words_are_searched_with_the_keyboard_and_back_works(visit: Opened) -> None:
    page = visit(1280).open("/indicators")
    before = page.locator("#page tbody tr").count()
    assert before > 25
    page.locator("#search input, input#search").first.fill("美光")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q="))
    expect(page.locator("#page tbody tr")).to_have_count(3)
    page.go_back()
    expect(page.locator("#page tbody tr")).to_have_count(before)


def test_an_indicator_is_added_to_a_comparison_with_one_click(visit: Opened) -> None:
    page = visit(1280).open("/compare?ids=sp500")
    page.locator(".chip", has_text="纳斯达克").click()
    page.wait_for_url(re.compile("ids=sp500,nasdaq_composite"))
    until = time.monotonic() + 15
    while len(page.evaluate(COLOURS)) != 2:
        assert time.monotonic() < until, page.evaluate(COLOURS)
        page.wait_for_timeout(100)


def test_a_new_snapshot_appears_on_an_open_page(
    browser: Browser, filled: Path, cli: Cli, tmp_path: Path
) -> None:
    rows = [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    with running(filled) as site:
        reader = Reader(browser.new_context(viewport={"width": 1280, "height": 900}), site)
        reader.page.clock.install()
        page = reader.open("/indicators?group=markets&q=VIX")
        expect(page.locator("#awaited")).to_contain_text("VIX")
        page.locator("#page summary").first.click()
        page.locator("#search").fill("half a wo")
        assert cli("import", write_csv(tmp_path / "x.csv", rows)).status == 0
        page.wait_for_timeout(700)  # the server looks twice a second
        page.clock.run_for(61_000)
        expect(page.locator("#page tbody tr")).to_contain_text("17.50")
        assert page.url.endswith("group=markets&q=VIX")
        expect(page.locator("#page details").first).to_have_attribute("open", "")
        expect(page.locator("#search")).to_be_focused()
        expect(page.locator("#search")).to_have_value("half a wo")
        assert reader.troubles == []
        reader.page.context.close()


def test_what_a_reader_did_before_the_scripts_came_is_kept(visit: Opened) -> None:
    reader = visit(390, 500)
    waiting: list[Route] = []
    reader.page.route("**/dash_renderer*.js", lambda route: waiting.append(route))
    page = reader.page
    page.goto(f"{reader.site}/indicators", wait_until="commit")
    page.locator("#page summary").first.click()
    page.locator("#page #search").fill("half a wo")
    page.evaluate("scrollTo(0, 300)")
    for route in waiting:
        route.continue_()
    reader.until_live()
    assert page.evaluate("scrollY") == 300
    expect(page.locator("#page details").first).to_have_attribute("open", "")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value("half a wo")
    assert reader.troubles == []


def test_the_tab_bears_the_name_of_the_page_that_is_open(visit: Opened) -> None:
    page = visit(1280).open("/")
    first = page.title()
    page.locator(".nav a", has_text="政策").click()
    expect(page.locator("#page h1")).to_have_text("政策")
    expect(page).to_have_title("政策")
    page.locator(".choice", has_text="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("Policies")
    page.go_back()
    page.go_back()
    expect(page).to_have_title(first)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_the_lead_chart_is_drawn_over_its_picture(visit: Opened) -> None:
    page = visit().open("/")
    chart = page.locator(".lead .chart")
    chart.locator(".main-svg").first.wait_for()
    expect(chart.locator(".chart-still")).to_be_hidden()
    expect(chart.locator(".annotation-text", has_text="1.01")).to_be_visible()
    assert page.locator(".modebar-btn").count() == 0


@pytest.mark.parametrize(("chosen", "system"), [("dark", "light"), ("light", "dark")])
def test_the_theme_in_the_address_goes_before_that_of_the_system(
    visit: Opened, chosen: str, system: str
) -> None:
    page = visit(color_scheme=system).open(f"/?theme={chosen}")
    assert paper(page) == (DARK if chosen == "dark" else LIGHT)


def test_a_chart_in_a_chosen_theme_is_drawn_in_its_colours(visit: Opened) -> None:
    lines = {}
    for theme in ("light", "dark"):
        page = visit(color_scheme="light").open(f"/indicators/sp500?theme={theme}")
        page.locator(".chart .js-line").first.wait_for(state="attached")
        lines[theme] = page.evaluate("getComputedStyle(document.querySelector('.js-line')).stroke")
    assert lines == {"light": "rgb(31, 78, 121)", "dark": "rgb(141, 183, 224)"}


def test_a_link_of_the_navigation_changes_the_page_without_loading_it_anew(
    visit: Opened,
) -> None:
    reader = visit()
    page = reader.open("/")
    page.evaluate("window.sameDocument = true")
    page.locator(".nav-link", has_text="指标").click()
    expect(page.locator("h1")).to_have_text("指标")
    assert urlsplit(page.url).path == "/indicators"
    page.locator(".nav-link", has_text="说明").click()
    expect(page.locator("h1")).to_have_text("说明")
    page.go_back()
    expect(page.locator("h1")).to_have_text("指标")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("新质生产力每日动态")
    assert urlsplit(page.url).path == "/"
    assert page.evaluate("window.sameDocument") is True
    assert reader.troubles == []


def test_a_range_changes_the_chart_and_the_address(visit: Opened) -> None:
    reader = visit()
    page = reader.open("/indicators/sp500")
    page.locator(".chart .main-svg").first.wait_for()
    first = "() => document.querySelector('.js-plotly-plot').data[0].x[0]"
    year = page.evaluate(first)
    page.locator(".option", has_text=re.compile("^3 年$")).click()
    page.wait_for_url("**/indicators/sp500?t=3y")
    expect(page.locator(".option.current").first).to_have_text("3 年")
    page.wait_for_function(f"({first})() < '{year}'")
    assert page.evaluate(first).startswith("2023-")
    assert reader.troubles == []


def test_a_transform_changes_the_title_of_the_picture_and_back_undoes_it(visit: Opened) -> None:
    page = visit().open("/indicators/sp500")
    page.locator(".option", has_text=re.compile("^涨跌幅$")).click()
    page.wait_for_url("**/indicators/sp500?u=pct")
    picture = page.locator(".chart-still")
    expect(picture).to_have_attribute("alt", re.compile("涨跌幅"))
    page.go_back()
    expect(picture).not_to_have_attribute("alt", re.compile("涨跌幅"))


def test_the_language_changes_in_place(visit: Opened) -> None:
    page = visit().open("/indicators/sp500?t=3y")
    page.locator(".choice", has_text="EN").click()
    expect(page.locator("h1")).to_have_text("S&P 500")
    assert urlsplit(page.url).query == "t=3y&lang=en"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_is_readable_without_scripts(visit: Opened, width: int) -> None:
    page = visit(width, java_script_enabled=False).open("/", live=False)
    for words in ("首次达到万亿美元市值", "件件都要落实", "用来交代数据要素的长期目标"):
        expect(page.get_by_text(words).first).to_be_visible()
    cap = page.locator(".card", has_text="美光市值")
    expect(cap).to_be_visible()
    expect(cap).to_contain_text("1.01 万亿美元")
    expect(cap).to_contain_text("首次突破 1 万亿美元")
    box = page.locator(".lead .chart-still").bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 140


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/", "/indicators/sp500", "/policies"])
def test_the_picture_of_a_chart_is_drawn_for_the_paper_it_is_seen_on(
    visit: Opened, width: int, path: str
) -> None:
    """Letters of twelve are seen as ten at least; and nothing stands empty above and below."""
    page = visit(width, java_script_enabled=False).open(path, live=False)
    drawn, seen = page.locator(".chart-still").first.evaluate(
        """image => {
          const [, , wide, high] = decodeURIComponent(image.currentSrc)
            .match(/viewBox="([^"]*)"/)[1].split(" ").map(Number);
          const box = image.getBoundingClientRect();
          return [[wide, high], [box.width, box.height]];
        }"""
    )
    scale = min(seen[0] / drawn[0], seen[1] / drawn[1])
    assert 0.85 < scale < 1.3
    assert drawn[1] * scale > 0.85 * seen[1]


def test_a_page_without_scripts_is_left_by_its_links(visit: Opened) -> None:
    page = visit(java_script_enabled=False).open("/", live=False)
    page.locator(".card", has_text="美光市值").locator("a").click()
    expect(page.locator("h1")).to_have_text("美光科技市值")


def test_the_first_tab_reaches_the_way_past_the_masthead(visit: Opened) -> None:
    page = visit().open("/")
    page.keyboard.press("Tab")
    skip = page.locator("#page .skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main#main")).to_be_focused()
    page.keyboard.press("Tab")
    focused = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(focused) is True


def test_the_contents_lead_to_their_section(visit: Opened) -> None:
    page = visit().open("/")
    page.locator(".contents a").nth(3).click()
    expect(page.locator("#section-4 h2")).to_be_in_viewport()
    assert urlsplit(page.url).fragment == "section-4"


def test_an_address_with_a_fragment_opens_at_its_section(visit: Opened) -> None:
    page = visit().open("/#section-5")
    expect(page.locator("#section-5 h2")).to_be_in_viewport()
