"""An editor's whole morning in a browser, without a shell: what came overnight, the bulletin from a
Word document, one wrong number mended, two candidates taken, a held answer accepted, the kit for
WeChat, an alert tried, published. With TAKE_PICTURES set it takes those of docs/每天早上.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from browsing import Reader
from bulletin_files import as_docx, bundled
from conftest import PROJECT, authored, fill, run_with_fred, settings_of
from playwright.sync_api import Browser, Page, expect
from serving import free_port

from etl.bulletins.model import Bulletin, Reference, Section
from etl.calendars import sessions
from etl.catalog import Catalog
from etl.ingest.run import Request
from etl.policies.register import read_register
from etl.settings import Settings

pytestmark = pytest.mark.slow

DAY, WRONG, RIGHT = "2026-05-28", "7591.12", "7520.36"
HELD = "us_10y_yield_pct"
TITLES = ("关于试行数据交易存证的通知", "关于公布算力互联试点名单的通知")
PICTURES = PROJECT / "docs" / "pictures"
#: How long a machine may take for a command of the desk.
PATIENCE_MS = 120_000


def morning() -> Bulletin:
    """What the editor has written in Word, with one wrong number."""
    references = [
        Reference(number=n, publisher="国家数据局", title=title, date=date(2026, 5, 27), use="出处")
        for n, title in enumerate(TITLES, 1)
    ]
    told = bundled()
    return told.model_copy(
        update={
            "date": date.fromisoformat(DAY),
            "summary": f"标普 500 指数昨日收于 {WRONG} 点。",
            "sections": (
                Section(number=1, title="市场", paragraphs=("美光科技昨日收于 928.41 美元。",)),
                Section(number=2, title="政策", paragraphs=told.sections[1].paragraphs),
            ),
            "judgement": told.judgement[:1],
            "references": (*references, told.references[0].model_copy(update={"number": 3})),
        }
    )


@pytest.fixture
def overnight(tmp_path: Path, published: Settings, catalog: Catalog) -> Settings:
    """A data folder in which the answer of one source waits for a person."""
    settings = settings_of(fill(authored(tmp_path / "data"), published.data))
    start = datetime(2026, 6, 1, 1, tzinfo=UTC)
    days = sessions("FED", date(2026, 1, 5), start.date())[:90]
    for night, factor in enumerate((1.0, 0.5)):
        rows = "".join(f"{day},{(4 + k / 100) * factor}\n" for k, day in enumerate(days))
        known = start + timedelta(days=night)
        run_with_fred(settings, catalog, Request((HELD,), "fred", known_at=known), rows)
    return settings


@pytest.fixture
def desk_link(overnight: Settings) -> Iterator[str]:
    """`python -m desk` as people start it: the link that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "desk", "--port", str(free_port())],
        cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(overnight.data), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http\S+/sign-in/link\?\S+", line):
                break
        else:
            raise AssertionError("the desk ended before it could be entered")
        yield found[0]
    finally:
        process.terminate()
        process.wait(timeout=30)


def picture(page: Page, name: str) -> None:
    """What the editor sees now, for the guide, where that is asked for."""
    if os.environ.get("TAKE_PICTURES"):
        page.evaluate("document.activeElement && document.activeElement.blur()")
        page.screenshot(path=PICTURES / f"morning-{name}.jpg", type="jpeg", quality=60)


def until_done(page: Page) -> None:
    """Until the command that the page shows has ended well."""
    expect(page.locator("#job .job-done")).to_be_visible(timeout=PATIENCE_MS)


def test_a_whole_morning_is_done_in_the_browser(
    browser: Browser, desk_link: str, overnight: Settings, tmp_path: Path
) -> None:
    site = desk_link.partition("/sign-in")[0]
    context = browser.new_context(viewport={"width": 1200, "height": 760}, locale="zh-CN")
    reader = Reader(context, site)
    page = reader.page
    page.set_default_timeout(60_000)
    page.goto(desk_link)
    if "/sign-in" in page.url:
        page.locator("main form button").click()
    page.wait_for_url(f"{site}/desk*")

    # What came overnight, and the answer that waits.
    waits = page.locator(f"#about-{HELD}")
    picture(page, "1-today")
    waits.locator("summary").first.click()
    waits.get_by_role("button", name="放行").first.click()
    page.wait_for_url("**/desk/runs/*")
    until_done(page)
    page.goto(f"{site}/desk")
    assert page.locator(f"#about-{HELD}").get_by_role("button", name="放行").count() == 0

    # The bulletin from Word: one number is wrong.
    page.goto(f"{site}/desk/bulletin")
    (tmp_path / "今天.docx").write_bytes(as_docx(morning()))
    page.set_input_files("#draft-file", tmp_path / "今天.docx")
    page.wait_for_url(f"**/desk/bulletin/{DAY}*")
    statements = page.locator("#check .claims li")
    expect(statements.first.locator(".verdict")).to_have_text("✘")
    expect(statements.first).to_contain_text("7,520.36")
    expect(page.locator("#check .verdict.contradicted")).to_have_count(1)
    picture(page, "2-bulletin")
    statements.first.locator("q").click()
    box = page.locator("#draft-text")
    start, stop = box.evaluate("box => [box.selectionStart, box.selectionEnd]")
    chosen = box.input_value()[start:stop]
    assert WRONG in chosen
    page.keyboard.type(chosen.replace(WRONG, RIGHT))
    expect(page.locator("#check .verdict.contradicted")).to_have_count(0)
    expect(page.locator("#check .verdict.supported").first).to_be_visible()

    # A session that ends while typing loses nothing: the text is still in this browser.
    page.reload()
    expect(page.locator("#unsaved")).to_be_visible()
    page.locator("[data-restore]").click()
    expect(page.locator("#check .verdict.contradicted")).to_have_count(0)

    # Two documents that nobody holds are taken; that saves the draft, too.
    for title in TITLES:
        entry = page.locator(".draft-references li", has_text=title)
        entry.get_by_role("button", name="收进登记册").click()
        expect(page.locator(".desk-said").first).to_contain_text(title)
    picture(page, "3-mended")
    assert set(TITLES) <= {one.title for one in read_register(overnight.register)}
    assert RIGHT in box.input_value()
    expect(page.locator("#unsaved")).to_be_hidden()

    # How it will look on a phone.
    page.locator("[data-preview]").click()
    inside = page.frame_locator("iframe[name=preview]")
    expect(inside.locator("p.summary")).to_contain_text(RIGHT)
    picture(page, "4-preview")

    # What goes to WeChat, with a headline of the editor's own.
    page.goto(f"{site}/desk/wechat/{DAY}")
    own = page.locator("input[name=title_sp500]")
    own.fill("标普 500 站上 7520 点")
    own.press("Enter")
    expect(page.locator("#title-of-sp500")).to_have_text("标普 500 站上 7520 点")
    page.locator(".wechat-charts img").first.evaluate("img => img.decode()")
    picture(page, "5-wechat")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载素材包").click()
    with zipfile.ZipFile(taken.value.path()) as kit:
        assert "article.html" in kit.namelist()
        assert any(name.endswith("sp500/qr.png") for name in kit.namelist())

    # What the register and the catalog of indicators look like, for the guide.
    page.goto(f"{site}/desk/register")
    expect(page.get_by_text(TITLES[0]).first).to_be_visible()
    picture(page, "8-register")
    page.goto(f"{site}/desk/indicators")
    page.locator("input[name=q]").first.fill("标普")
    page.keyboard.press("Enter")
    page.locator("main a", has_text="标普 500 指数").first.click()
    page.wait_for_url("**/desk/indicators/sp500*")
    picture(page, "9-indicator")

    # A rule for alerts, tried on the past.
    page.goto(f"{site}/desk/alerts")
    page.locator("select[name=indicator]").select_option("sp500")
    page.locator("select[name=kind]").select_option("record")
    page.locator("#trial form button").click()
    expect(page.locator(".desk-trial .verdict")).to_be_visible()
    picture(page, "6-alerts")

    # Published.
    page.goto(f"{site}/desk/bulletin/{DAY}")
    page.get_by_role("button", name="发布", exact=True).click()
    until_done(page)
    picture(page, "7-published")
    for _ in range(60):  # until the desk has seen the new snapshot
        answer = httpx.get(f"{site}/bulletins/{DAY}", trust_env=False, timeout=60)
        if answer.status_code == 200:
            break
        page.wait_for_timeout(1000)
    assert RIGHT in answer.text
    assert not (overnight.data / "drafts" / f"{DAY}.md").exists()
    assert not reader.foreign
    assert not reader.troubles
    context.close()
