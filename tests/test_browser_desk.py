"""Policies and status in a real browser: they fit, axe finds nothing serious, a keyboard works."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DARK, LIGHT, PICTURES, Opened, paper
from playwright.sync_api import Page, Route, expect

PAGES = {
    "policies": "/policies",
    "policies-month": "/policies?month=2026-05",
    "policies-none": "/policies?month=1999-01",
    "status": "/status",
    "status-en": "/status?lang=en",
    "brief": "/bulletins/new?date=2026-05-20",
    "since": "/since/2026-05-20",
}
SERIOUS = ("serious", "critical")


def serious(page: Page) -> list[str]:
    """What axe finds of weight."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1440, "light")])
def test_each_page_fits_and_axe_finds_nothing_serious(
    visit: Opened,
    width: int,
    scheme: str,
) -> None:
    reader = visit(width, color_scheme=scheme)
    PICTURES.mkdir(exist_ok=True)
    for name, path in PAGES.items():
        page = reader.open(path)
        page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert paper(page) == (DARK if scheme == "dark" else LIGHT), name
        assert serious(page) == [], name
        assert (reader.troubles, reader.foreign) == ([], []), name


def test_a_month_is_reached_and_a_word_is_looked_for_with_the_keyboard(
    visit: Opened,
) -> None:
    reader = visit()
    page = reader.open("/policies")
    page.locator(".months a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".months .here")).to_have_count(1)
    month = parse_qs(urlsplit(page.url).query)["month"]
    page.locator("#search").focus()
    page.keyboard.type("数字")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    reader.until_live()
    assert parse_qs(urlsplit(page.url).query) == {"q": ["数字"], "month": month}
    expect(page.locator(".in-force a")).to_have_count(2)
    page.locator(".in-force a").first.click()
    expect(page.locator(".in-force a")).to_have_count(1)
    page.go_back()
    expect(page.locator(".in-force a")).to_have_count(2)
    assert (reader.troubles, reader.foreign) == ([], [])


def test_a_triggered_alert_leads_from_today_to_its_indicator_and_to_all(
    visit: Opened,
) -> None:
    reader = visit(390, 844)
    page = reader.open("/")
    line = page.locator(".alert-line")
    expect(line).to_contain_text("数据未更新")
    line.locator("a").first.click()
    expect(page.locator("h1 + *, .alert-line").last).to_contain_text("未更新")
    page.go_back()
    page.locator(".alert-line a").last.click()
    expect(page.locator("#alerts .alerts tbody tr").first).to_contain_text("触发")
    assert (reader.troubles, reader.foreign) == ([], [])


def test_the_register_is_asked_without_scripts(visit: Opened) -> None:
    page = visit(java_script_enabled=False).open("/policies", live=False)
    page.locator("#search").fill("十四五 国务院")
    page.locator("main .search-button").click()
    expect(page.locator(".register li")).to_have_count(1)
    page.locator(".bar-row", has_text=re.compile("^国务院")).click()
    expect(page.locator(".bar-row.current")).to_have_count(1)
    width = "document.querySelector('.bar-row.current .bar').getBoundingClientRect().width"
    assert page.evaluate(width) > 20


def test_a_register_on_paper_has_no_controls(visit: Opened) -> None:
    page = visit(794, 1123).open("/policies")
    page.emulate_media(media="print")
    for control in (".search", ".options", ".nav", ".downloads", ".parts"):
        expect(page.locator(control).first).to_be_hidden()
    expect(page.locator(".register li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 794


@pytest.mark.parametrize("path", ["/indicators/sp500?theme=dark", "/c/sp500?theme=dark", "/"])
def test_what_is_printed_is_dark_on_white(visit: Opened, path: str) -> None:
    page = visit(794, 1123, color_scheme="dark").open(path, live=False)
    assert paper(page) == DARK
    page.emulate_media(media="print", color_scheme="dark")
    assert paper(page) == LIGHT
    expect(page.locator(".moment")).to_be_hidden()  # no question without its answers


@pytest.mark.parametrize("width", [390, 1440])
def test_a_brief_is_copied_with_the_keyboard(visit: Opened, width: int) -> None:
    reader = visit(width, permissions=["clipboard-read", "clipboard-write"])
    page = reader.open("/bulletins")
    page.locator("p > a.choice").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/bulletins/new")
    page.locator("#date").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2026-05-20")
    page.keyboard.press("Enter")
    page.wait_for_url("**date=2026-05-20*")
    reader.until_live()
    button = page.locator("#page button.copy")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#page .copied")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("此前没有动态；")
    assert copied == page.locator("#brief-markdown").text_content()
    page.keyboard.press("Tab")
    expect(page.locator("#brief-markdown")).to_be_focused()  # it is scrolled by the arrow keys
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (reader.troubles, reader.foreign) == ([], [])


def test_a_brief_is_copied_where_the_browser_has_no_clipboard(visit: Opened) -> None:
    reader = visit()
    page = reader.open("/bulletins/new?date=2026-05-20")
    reader.until_live()
    page.wait_for_load_state("networkidle")  # what the scripts put in place stays
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator("#page button.copy").click()
    expect(page.locator("#page .copied")).to_have_text("已复制")
    marked = page.evaluate("getSelection().toString()")
    assert marked.strip() == (page.locator("#brief-markdown").text_content() or "").strip()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_touch_on_a_sign_opens_the_evidence_at_the_sentence(
    visit: Opened, width: int, scheme: str
) -> None:
    reader = visit(width, color_scheme=scheme, has_touch=True)
    page = reader.open("/")
    sign = page.locator("#section-5 a.verdict.unverifiable").first
    sign.scroll_into_view_if_needed()
    place, address = page.evaluate("scrollY"), page.url
    sign.tap()
    sheet = page.locator("dialog.sheet")
    expect(sheet).to_contain_text("没有“黄金期货”的数据")
    inside = sheet.bounding_box()
    words = sign.bounding_box()
    assert inside is not None
    assert words is not None
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= width
    assert abs(inside["y"] - words["y"]) < 60 or inside["y"] + inside["height"] <= words["y"]
    assert (page.evaluate("scrollY"), page.url) == (place, address)
    assert serious(page) == []
    page.screenshot(path=PICTURES / f"sheet-{width}-{scheme}.png")
    page.mouse.click(3, 3)  # beside it
    expect(sheet).to_have_count(0)
    assert (page.evaluate("scrollY"), page.url) == (place, address)
    assert (reader.troubles, reader.foreign) == ([], [])


def test_the_judged_words_open_the_chart_of_the_day_and_a_link_in_them_leads_on(
    visit: Opened,
) -> None:
    reader = visit()
    page = reader.open("/bulletins/2026-05-27")
    words = page.locator(".judged.supported", has_text="历史新高")
    words.click()
    entries = page.locator("dialog.sheet li")
    expect(entries).to_have_count(2)  # both indices
    picture = entries.first.locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator("#page .mention[data-mention]").first.click()
    assert "#card-" in page.url
    assert (reader.troubles, reader.foreign) == ([], [])


def test_the_evidence_is_read_with_the_keyboard_and_every_sign_is_shown_on_request(
    visit: Opened,
) -> None:
    reader = visit()
    page = reader.open("/")
    quiet = page.locator("#page a.verdict.supported").first
    expect(quiet).to_be_hidden()
    page.locator("#all-marks").focus()
    page.keyboard.press("Space")
    expect(quiet).to_be_visible()
    quiet.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog.sheet")).to_contain_text("推算：收盘价 895.88 美元 × 股本")
    expect(page.locator("dialog .sheet-close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(quiet).to_be_focused()
    # A newer snapshot takes the choice away from nobody.
    page.evaluate("dash_clientside.set_props('content', {snapshot: 'newer'})")
    page.wait_for_load_state("networkidle")
    expect(quiet).to_be_visible()
    assert (reader.troubles, reader.foreign) == ([], [])


@pytest.mark.parametrize("without", ["scripts", "dialogs"])
def test_without_scripts_or_dialogs_a_sign_leads_to_the_list_of_evidence(
    visit: Opened, without: str
) -> None:
    reader = visit(java_script_enabled=without == "dialogs")
    reader.page.add_init_script("delete window.HTMLDialogElement")
    page = reader.open("/", live=without == "dialogs")
    sign = page.locator("#page a.verdict.unverifiable").first
    href = sign.get_attribute("href")
    sign.click()
    assert page.url.endswith(str(href))
    expect(page.locator(str(href))).to_be_in_viewport()
    expect(page.locator("dialog")).to_have_count(0)
    page.locator("#all-marks").check()  # needs no script
    expect(page.locator("#page a.verdict.supported").first).to_be_visible()


def test_a_marked_sentence_is_copied_as_it_was_written(visit: Opened) -> None:
    page = visit().open("/")
    summary = page.locator(".summary")
    copied = page.evaluate(
        """() => { const range = document.createRange();
        range.selectNodeContents(document.querySelector('.summary'));
        getSelection().removeAllRanges(); getSelection().addRange(range);
        return getSelection().toString(); }"""
    )
    assert copied == summary.text_content()
    assert "市值迈上万亿美元台阶" in copied


DRAFT = """---
title: "今日动态"
date: 2026-05-27
publisher: "编辑部"
summary: "标普500昨日收涨0.61%，报7519.12点。美光科技大跌 19%。黄金期货下跌。"
---

## 一、其他

今天天气很好。
"""


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_draft_is_checked_on_its_page(visit: Opened, width: int, scheme: str) -> None:
    reader = visit(width, color_scheme=scheme)
    page = reader.open("/bulletins/new")
    page.locator("#draft-text").fill(DRAFT)
    page.locator("#draft button").click()
    expect(page.locator(".draft-verdict")).to_have_text("1 处陈述与数据不符，先改好再发布。")
    expect(page.locator(".claims > li").first).to_contain_text("不符：2026-05-26 为 895.88 美元")
    page.screenshot(path=PICTURES / f"draft-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert paper(page) == (DARK if scheme == "dark" else LIGHT)
    assert serious(page) == []
    page.locator(".draft-shown a.verdict.contradicted").click()
    expect(page.locator("dialog.sheet")).to_contain_text("895.88 美元")
    page.keyboard.press("Escape")
    box = page.locator("#draft-text")
    box.fill(box.input_value().replace("大跌 19%", "大涨 19.29%"))
    page.locator("#draft button").click()
    expect(page.locator(".draft-verdict")).to_have_text("没有与数据不符的陈述。")
    assert (reader.troubles, reader.foreign) == ([], [])


def test_a_draft_is_checked_without_scripts_as_a_file(visit: Opened) -> None:
    page = visit(390, java_script_enabled=False).open("/bulletins/new?lang=en", live=False)
    page.locator("#draft-file").set_input_files(
        {"name": "今天.md", "mimeType": "text/markdown", "buffer": DRAFT.encode()}
    )
    page.locator("#draft button").click()
    expect(page.locator("h1")).to_have_text("Check a draft")
    expect(page.locator(".claims > li").first).to_contain_text("Contradicted: 2026-05-26")
    page.locator(".draft-shown a.verdict.contradicted").click()
    expect(page.locator(".claims > li").first).to_be_in_viewport()


def test_a_newer_snapshot_leaves_a_draft_that_is_being_written(visit: Opened) -> None:
    page = visit().open("/bulletins/new")
    page.locator("#draft-text").fill(DRAFT)
    page.locator("h1").click()  # nothing of the box has the focus
    page.evaluate("dash_clientside.set_props('content', {snapshot: 'newer'})")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#draft-text")).to_have_value(DRAFT)


def test_a_brief_is_whole_without_scripts(visit: Opened) -> None:
    page = visit(java_script_enabled=False).open("/bulletins/new?date=2026-05-20", live=False)
    expect(page.locator("#brief-markdown")).to_contain_text("## 新高、新低与整数关口")
    expect(page.locator("button.copy")).to_be_hidden()
    page.locator("#date").fill("2026-05-27")
    page.locator(".brief .search-button").first.click()
    expect(page.locator("h1")).to_have_text("2026 年 5 月 27 日简报")


def test_a_page_that_does_not_come_is_said_and_can_be_asked_for_again(
    visit: Opened,
) -> None:
    page = visit(390, 844).open("/")
    page.route("**/_dash-update-component*", lambda route: route.abort())
    page.locator(".nav a", has_text="政策").click()
    expect(page.get_by_role("alert")).to_contain_text("没有连上服务器")
    page.unroute("**/_dash-update-component*")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#page h1")).to_have_text("政策")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_that_is_awaited_is_seen_to_be_awaited(visit: Opened) -> None:
    reader = visit()
    page = reader.open("/")
    reader.until_live()
    waiting: list[Route] = []
    released: list[bool] = []

    def hold(route: Route) -> None:
        if released:
            route.continue_()
        else:
            waiting.append(route)

    page.route("**/_dash-update-component*", hold)
    page.locator(".nav a", has_text="政策").click()
    awaited = page.locator("#page[data-loading] main")
    expect(awaited).to_have_css("opacity", "0.55")
    released.append(True)
    for route in waiting:
        route.continue_()
    expect(awaited).to_have_count(0)
    expect(page.locator("#page h1")).to_have_text("政策")
    assert reader.troubles == []


@pytest.mark.parametrize(("width", "stays"), [(1440, True), (768, False), (390, False)])
def test_side_by_side_the_text_stays_in_sight_while_its_figures_are_read(
    visit: Opened,
    width: int,
    stays: bool,
) -> None:
    page = visit(width).open("/")
    page.set_viewport_size({"width": width, "height": 600})
    row = page.locator(".row", has=page.locator("#card-wti_spot_usd_bbl"))
    row.locator("#card-pue_google_fleet").evaluate("card => card.scrollIntoView()")
    seen = row.locator(".prose p").first.bounding_box()
    assert seen is not None
    assert (seen["y"] + seen["height"] > 0) is stays


TOO_WIDE = """() => [...document.querySelectorAll('#page td, #page th')].filter(cell => {
  cell.querySelectorAll('.unseen').forEach(words => words.remove());
  const inside = document.createRange();
  inside.selectNodeContents(cell);
  return inside.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1;
}).map(cell => cell.textContent)"""


@pytest.mark.parametrize("width", [390, 768, 1024, 1180, 1440])
@pytest.mark.parametrize("path", ["/indicators", "/policies", "/status"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_cell_of_a_table_runs_into_the_next(
    visit: Opened,
    width: int,
    path: str,
    lang: str,
) -> None:
    page = visit(width, java_script_enabled=False).open(f"{path}?lang={lang}", live=False)
    assert page.locator("#page td").count() > 10
    assert page.evaluate(TOO_WIDE) == []
