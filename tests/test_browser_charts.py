"""Chart pages in a real browser: with and without scripts, small, zoomed, dark, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import PICTURES, Opened, Reader
from conftest import Swept
from playwright.sync_api import Page, expect

from etl.catalog import Catalog

PAGES = {
    "frozen": "/c/micron_market_cap_usd_bn@2026-05-27",
    "live": "/c/sp500?t=3y",
    "two-axes": "/c/sp500?with=us_10y_yield_pct,nasdaq_composite",
    "pue": "/c/pue_global_average",
    "bars": "/c/policy_documents_monthly?lang=en",
    "log": "/c/micron_close_usd?scale=log&t=max",
    "empty": "/c/usd_cny",
    "since": "/c/micron_market_cap_usd_bn@2026-05-27/since",
    "embed": "/embed/c/sp500?with=nasdaq_composite&u=index",
    "wrong": "/c/sp500?t=2y",
}
LAID_OVER = """() => {
  const boxes = [...document.querySelectorAll('.plot svg text')]
    .map(t => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 2 && high > 5) { found.push(a + ' | ' + b); }
  }));
  return found;
}"""


def seen(reader: Reader, name: str) -> Page:
    answer = reader.page.goto(f"{reader.site}{PAGES[name]}")
    assert answer is not None
    assert answer.status == (400 if name == "wrong" else 200)
    return reader.page


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1440, "light")])
def test_chart_pages_fit_and_axe_finds_nothing_serious(
    visit: Opened, width: int, scheme: str
) -> None:
    reader = visit(width, color_scheme=scheme)
    PICTURES.mkdir(exist_ok=True)
    axe = Axe()
    for name in PAGES:
        page = seen(reader, name)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(LAID_OVER) == [], name
        page.screenshot(path=PICTURES / f"chart-{name}-{width}-{scheme}.png", full_page=True)
        found = axe.run(page).response["violations"]
        grave = [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found
                 if v["impact"] in ("serious", "critical")]  # fmt: skip
        assert grave == [], name
        assert reader.foreign == [], name
        troubles = [t for t in reader.troubles if "status of 400" not in t]
        assert troubles == [], name


@pytest.mark.parametrize("width", [320, 1440])
def test_a_chart_is_read_without_scripts(visit: Opened, width: int) -> None:
    page = seen(visit(width, java_script_enabled=False), "frozen")
    expect(page.locator("h1")).to_contain_text("首次突破 1 万亿美元")
    shown = page.locator(".plot svg:visible")
    expect(shown).to_have_count(1)
    expect(shown.locator("text", has_text="1.01").first).to_be_visible()
    ribbon = page.frame_locator("iframe.since")
    expect(ribbon.get_by_text("最新值")).to_be_visible()
    page.locator("#values summary").click()
    expect(page.locator("tbody tr").first).to_contain_text("2026-05-26")
    ribbon.locator("a").click()
    page.wait_for_url("**/c/micron_market_cap_usd_bn")


def test_letters_stay_readable_at_200_per_cent(visit: Opened) -> None:
    """A window of 1280 pixels at 200 % is one of 640."""
    page = seen(visit(640, 450, device_scale_factor=2), "live")
    size = page.evaluate(
        "() => { const t = [...document.querySelectorAll('.plot text')].find(t => "
        "t.getBoundingClientRect().width); return t.getBoundingClientRect().height; }"
    )
    assert size >= 11
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_values_are_reached_by_pointer_and_by_keyboard(visit: Opened) -> None:
    reader = visit()
    page = seen(reader, "frozen")
    plot, reading = page.locator("#plot"), page.locator(".reading")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + 100)
    expect(reading).to_contain_text("2026-05-")
    page.mouse.move(0, 0)
    expect(reading).to_be_hidden()
    plot.focus()
    page.keyboard.press("End")
    expect(reading).to_contain_text("2026-05-26")
    expect(reading).to_contain_text("10,103.1")
    page.keyboard.press("ArrowLeft")
    expect(reading).to_contain_text("2026-05-22")
    page.keyboard.press("Escape")
    expect(reading).to_be_hidden()
    assert reader.troubles == []


def test_a_thumb_on_the_chart_scrolls_the_page(visit: Opened) -> None:
    reader = visit(390, 600, has_touch=True, is_mobile=True)
    page = seen(reader, "live")
    box = page.locator("#plot").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + 150, min(box["y"] + 200, 560)
    session.send("Input.synthesizeScrollGesture", {"x": x, "y": y, "yDistance": -300})
    assert page.evaluate("window.scrollY") > 200


def test_the_chosen_theme_goes_before_that_of_the_system(visit: Opened) -> None:
    for chosen, system, paper in (("dark", "light", "rgb(21, 23, 26)"),
                                  ("light", "dark", "rgb(251, 250, 247)")):  # fmt: skip
        reader = visit(color_scheme=system)
        reader.page.goto(f"{reader.site}/c/sp500?theme={chosen}")
        assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_the_link_is_copied_with_one_tap(visit: Opened) -> None:
    reader = visit(permissions=["clipboard-read", "clipboard-write"])
    page = seen(reader, "live")
    page.get_by_role("button", name="复制链接").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#link").input_value()


def test_the_rich_form_is_copied_with_one_click(visit: Opened) -> None:
    reader = visit(permissions=["clipboard-read", "clipboard-write"])
    page = seen(reader, "frozen")
    page.get_by_role("button", name="复制图文").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert reader.troubles == []
    rich = page.evaluate(
        "navigator.clipboard.read().then(i => i[0].getType('text/html')).then(b => b.text())"
    )
    assert "首次突破 1 万亿美元" in rich
    assert "<img" in rich


def test_an_embedded_chart_tells_its_height(visit: Opened) -> None:
    reader = visit()
    page = reader.page
    page.goto(f"{reader.site}/healthz")
    height = page.evaluate(
        """(src) => new Promise(done => {
          addEventListener("message", e => e.data.xinzhiHeight && done(e.data.xinzhiHeight));
          const frame = document.createElement("iframe");
          frame.width = 600; frame.src = src; document.body.appendChild(frame);
        })""",
        f"{reader.site}{PAGES['embed']}",
    )
    assert 300 < height < 700


EMBEDDED = (
    "/embed/c/sp500",
    "/embed/c/micron_market_cap_usd_bn@2026-05-27?with=nasdaq_composite,sp500,vix&u=index",
    "/embed/c/pue_global_average?lang=en",
    "/embed/c/usd_cny",
)
HOST = """(src) => {
  document.body.innerHTML = '<h1>' + '很长的标题'.repeat(30) + '</h1>';
  document.body.style.margin = 0;
  const frame = document.createElement('iframe');
  window.told = [];
  addEventListener('message', e => {
    if (e.source !== frame.contentWindow || !e.data.xinzhiHeight) { return; }
    told.push(e.data.xinzhiHeight);
    frame.height = e.data.xinzhiHeight;
  });
  frame.style.cssText = 'border:0;display:block';
  frame.width = '100%'; frame.height = 200; frame.src = src;
  document.body.appendChild(frame);
}"""
FITS = """() => {
  const main = document.querySelector('main').getBoundingClientRect();
  return {over: document.documentElement.scrollHeight - innerHeight,
          under: innerHeight - Math.ceil(main.bottom)};
}"""


def until(page: Page, frame: int, script: str, is_so: Callable[[Any], bool]) -> Any:
    """What a script finds in a frame, as soon as it is so, or after five seconds."""
    found = None
    for _ in range(50):
        page.wait_for_timeout(100)
        found = page.frames[frame].evaluate(script)
        if is_so(found):
            break
    return found


def fits(found: dict[str, float]) -> bool:
    return found["over"] <= 0 and 0 <= found["under"] <= 12


@pytest.mark.parametrize("path", EMBEDDED)
def test_a_frame_that_follows_is_as_high_as_the_chart_at_any_width(
    visit: Opened, path: str
) -> None:
    reader = visit(320)
    page = reader.page
    page.goto(f"{reader.site}/healthz")
    page.evaluate(HOST, f"{reader.site}{path}")
    for width in (320, 390, 560, 561, 700, 960, 390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        page.wait_for_timeout(200)
        found = until(page, 1, FITS, fits)
        assert fits(found), (width, found)
    told = len(page.evaluate("told"))
    assert told <= 16
    page.wait_for_timeout(600)
    assert len(page.evaluate("told")) == told  # it does not grow on
    assert [t for t in reader.troubles if "status of 404" not in t] == []  # the icon of the host


def test_what_becomes_higher_later_is_told(visit: Opened) -> None:
    """A font that comes late, a reader who makes letters larger."""
    reader = visit(600)
    page = reader.page
    page.goto(f"{reader.site}/healthz")
    page.evaluate(HOST, f"{reader.site}{EMBEDDED[0]}")
    assert fits(until(page, 1, FITS, fits))
    for size in ("60px", ""):
        page.frames[1].evaluate("size => document.querySelector('h1').style.fontSize = size", size)
        assert fits(until(page, 1, FITS, fits))


def test_a_frame_that_is_hidden_at_first_is_told_its_height_when_it_is_shown(
    visit: Opened,
) -> None:
    reader = visit(600)
    page = reader.page
    page.goto(f"{reader.site}/healthz")
    page.evaluate(HOST, f"{reader.site}{EMBEDDED[0]}")
    page.evaluate("document.querySelector('iframe').style.display = 'none'")
    page.wait_for_timeout(300)
    page.evaluate("document.querySelector('iframe').style.display = 'block'")
    assert fits(until(page, 1, FITS, fits))


def test_a_frame_that_does_not_follow_can_be_scrolled(visit: Opened) -> None:
    reader = visit(600)
    page = reader.page
    page.goto(f"{reader.site}/healthz")
    deaf = HOST.replace("frame.height = e.data.xinzhiHeight", "")
    page.evaluate(deaf, f"{reader.site}{EMBEDDED[0]}")
    assert until(page, 1, "scrollTo(0, 9999), scrollY", lambda y: y > 100) > 100


@pytest.mark.parametrize("width", [320, 700, 960])
def test_the_ribbon_of_a_frozen_chart_is_as_high_as_its_words(visit: Opened, width: int) -> None:
    reader = visit(width)
    page = seen(reader, "frozen")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    inside = page.frames[1].evaluate("document.querySelector('main').offsetHeight")
    box = page.locator("iframe.since").bounding_box()
    assert box is not None
    assert box["height"] == inside


def test_a_vector_picture_is_drawn_by_the_browser_in_its_style(
    visit: Opened, tmp_path: Path
) -> None:
    reader = visit(color_scheme="dark")
    page = reader.page
    page.goto(f"{reader.site}/c/sp500.svg")
    fill: Any = page.evaluate("getComputedStyle(document.querySelector('rect.w')).fill")
    assert fill == "rgb(21, 23, 26)"
    assert reader.troubles == []


TOP = """() => {
  const charts = [...document.querySelectorAll('.plot svg, .chart')];
  const chart = charts.find(e => e.getClientRects().length);
  return chart ? chart.getBoundingClientRect().top + scrollY : 0;
}"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_phone_every_chart_begins_near_the_top(
    visit: Opened, catalog: Catalog, swept: Swept, lang: str
) -> None:
    reader = visit(390, height=844, java_script_enabled=False)
    page = reader.page
    for name in swept(list(catalog.indicators), 6):
        for path, most in (
            (f"/c/{name}?lang={lang}", 260),
            (f"/c/{name}@2026-05-27?lang={lang}", 320),
            (f"/indicators/{name}?lang={lang}", 380),
        ):
            page.goto(f"{reader.site}{path}")
            # A page without scripts is laid out anew, as if it was opened at that width.
            for width in (390, 360, 320):
                page.set_viewport_size({"width": width, "height": 844})
                assert page.evaluate(TOP) <= most, (path, width)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (path, width)


@pytest.mark.parametrize("path", ["/c/sp500", "/indicators/sp500"])
def test_what_is_chosen_rarely_stands_behind_one_word_without_a_script(
    visit: Opened, path: str
) -> None:
    page = visit(390, height=844, java_script_enabled=False).open(path, live=False)
    ranges = page.locator(".controls > .options .option")
    tops = ranges.evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    heights = ranges.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert len(set(tops)) == 1  # one row
    assert min(heights) >= 40
    rare = page.get_by_role("link", name="同比")
    expect(rare).to_be_hidden()
    page.get_by_text("更多", exact=True).click()
    expect(rare).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/c/sp500", "/indicators/sp500", "/", "/policies", "/bulletins/new"]
)
def test_on_paper_a_page_bears_its_address_and_no_controls(visit: Opened, path: str) -> None:
    page = visit(820).open(path, live=False)
    address = page.locator(".on-paper")
    expect(address).to_be_hidden()
    page.emulate_media(media="print")
    expect(address).to_be_visible()
    expect(address).to_contain_text("http")
    assert page.locator(".controls:visible, .nav:visible, .downloads:visible").count() == 0


@pytest.mark.parametrize("path", ["/c/sp500", "/indicators/sp500", "/policies", "/corrections"])
def test_a_wide_screen_is_used_and_its_lines_stay_short(visit: Opened, path: str) -> None:
    page = visit(2560, height=1440).open(path, live=False)
    assert page.locator("main").evaluate("e => e.getBoundingClientRect().width") >= 1400
    widest = page.locator("main :is(.said, .definition, section > p:not([class]))").evaluate_all(
        "all => Math.max(0, ...all.map(e => e.getBoundingClientRect().width "
        "/ parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert widest <= 62
