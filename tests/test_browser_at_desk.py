"""The desk as an editor meets it: one morning in a browser, with pictures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from browsing import PICTURES, WAIT_MS, Reader
from conftest import CATALOG, PROJECT, authored, fill, run_with_fred, settings_of
from playwright.sync_api import Browser, Page

from benchmarks.servers import free_port
from etl.calendars import sessions
from etl.catalog import Catalog
from etl.ingest.run import Request
from etl.settings import Settings
from etl.storage.audit import audit_log

HELD = "us_10y_yield_pct"
BEGUN = datetime(2026, 6, 1, 1, tzinfo=UTC)
WIDTHS = ((390, 844), (1440, 900))
#: What is answered about a new series that is kept by hand.
MADE = {
    "title_zh": "某地算力", "title_en": "Compute of a place", "id": "place_compute_eflops",
    "definition_zh": "在用算力规模。", "definition_en": "Compute in use.", "source_zh": "经信局",
    "source_en": "Bureau", "url": "https://www.beijing.gov.cn/", "file": "capacity.csv",
}  # fmt: skip


@pytest.fixture
def morning(published: Settings, tmp_path: Path, catalog: Catalog) -> Settings:
    """A data folder in which one source has rewritten its history overnight."""
    settings = settings_of(fill(authored(tmp_path / "data"), published.data))
    days = list(sessions("FED", date(2026, 1, 5), BEGUN.date()))[:90]
    for half, wait in ((1, 0), (2, 1)):
        rows = "".join(f"{day},{4.0 / half + k / 100}\n" for k, day in enumerate(days))
        moment = BEGUN + timedelta(days=wait)
        run_with_fred(settings, catalog, Request((HELD,), "fred", known_at=moment), rows)
    return settings


@contextmanager
def at_work(data: Path, catalog: Path = CATALOG) -> Iterator[tuple[str, str]]:
    """`python -m desk` as people start it; its address, and the link that lets its first visitor
    in."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "desk", "--port", str(port)], cwd=PROJECT,
        env={**os.environ, "XINZHI_DATA": str(data), "XINZHI_CATALOG": str(catalog)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = [process.stdout.readline().strip() for _ in range(2)]
        assert told[0].endswith("/desk")
        yield told[0].removesuffix("/desk"), told[1].split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=20)


def photographed(page: Page, name: str) -> None:
    """Pictures of a page on a phone and on a desk, light and dark; none is wider than its
    screen."""
    PICTURES.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide at {width}"
            page.screenshot(path=PICTURES / f"desk-{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


def table_is_kept_in_the_grid(page: Page, site: str, folder: Path) -> None:
    """A new series that is kept by hand: asked for, typed into the cells of its grid, and saved as
    a commit."""
    page.goto(f"{site}/desk/indicators/new?kind=manual")
    for name, words in MADE.items():
        page.locator(f"#field-{name}").fill(words)
    page.locator("#field-unit").select_option("eflops")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_text("已添加").wait_for()
    page.goto(f"{site}/desk/indicators/{MADE['id']}/table")
    for row, cells in enumerate((("2026年1月", "10.5"), ("2026年2月", "11.5"))):
        if row:  # an empty table begins with a row to be filled
            page.locator("#grid-row").click()
        for column, words in enumerate(cells):
            cell = page.locator(f'[row-index="{row}"] [col-id="c{column}"]')
            cell.dblclick()
            cell.locator("input").fill(words)
            page.keyboard.press("Enter")
    page.locator("#field-why").fill("二月通报")
    photographed(page, "grid")
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_text("2 个数值").wait_for()
    assert "二月通报" in page.locator("main").inner_text()
    saved = (folder / "manual" / "capacity.csv").read_text(encoding="utf-8").splitlines()
    assert saved[1:] == ["2026年1月,10.5,,,", "2026年2月,11.5,,,"]
    told = ("git", "log", "-1", "--format=%s", "--", "manual/capacity.csv")
    done = subprocess.run(told, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "二月通报\n"


@pytest.mark.slow
def test_a_morning_at_the_desk(browser: Browser, morning: Settings) -> None:
    catalog = morning.data / "indicators.yaml"
    shutil.copy(CATALOG, catalog)
    subprocess.run(["git", "init", "--quiet"], cwd=morning.data, check=True)
    with at_work(morning.data, catalog) as (site, link):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        context.set_default_timeout(8 * WAIT_MS)
        reader = Reader(context, site)
        page = reader.page
        page.set_default_timeout(8 * WAIT_MS)
        page.goto(link)
        page.get_by_role("heading", name="今天", exact=True).wait_for()

        waits = page.locator(f"#about-{HELD}").first
        waits.get_by_text("处理").click()
        photographed(page, "today")
        waits.get_by_placeholder("写一句").fill("来源单位改了，已去信询问。")
        waits.get_by_role("button", name="记下").click()
        page.get_by_text("已记下。").wait_for()
        assert "来源单位改了，已去信询问。" in waits.inner_text()
        waits.get_by_text("处理").click()
        waits.get_by_placeholder("为什么").fill("单位错了")
        waits.get_by_role("button", name="驳回").click()
        page.locator(".job-done").wait_for()
        photographed(page, "job")
        page.get_by_role("link", name="今天", exact=True).first.click()
        assert page.locator("#held").count() == 0
        assert f"refuse {HELD}" in page.locator("#changes").inner_text()

        page.get_by_role("link", name="提醒", exact=True).click()
        page.get_by_label("一个指标").select_option("brent_spot_usd_bbl")
        page.get_by_label("规则").select_option("percent")
        page.get_by_label("数值").fill("5")
        page.get_by_role("button", name="试一试").click()
        page.get_by_text("过去 3 年会触发").wait_for()
        photographed(page, "alerts")

        page.get_by_role("link", name="更正", exact=True).click()
        page.get_by_label("指标", exact=True).select_option("pue_global_average")
        page.get_by_label("日期").fill("2024-12-31")
        page.get_by_label("正确的数").fill("1.55")
        page.get_by_label("原因（中文）").fill("抄录有误。")
        page.get_by_label("原因（英文）").fill("Copied wrongly.")
        page.get_by_label("依据").fill("年度报告第 3 页")
        page.get_by_role("button", name="保存并发布").click()
        page.get_by_role("alert").wait_for()
        photographed(page, "corrections")

        page.get_by_role("link", name="运行", exact=True).click()
        photographed(page, "runs")
        page.get_by_role("link", name="人员", exact=True).click()
        page.get_by_text("新建口令").click()
        page.get_by_label("用途").fill("报表程序")
        page.get_by_role("button", name="生成口令").click()
        page.locator(".desk-secret").wait_for()
        photographed(page, "people")
        table_is_kept_in_the_grid(page, site, morning.data)
        page.get_by_role("button", name="退出登录").click()
        answer = page.goto(f"{site}/desk")
        assert answer is not None
        assert "/sign-in" in page.url
        assert reader.foreign == []
        assert [one for one in reader.troubles if "400" not in one] == []
        context.close()
    commands = [line.command for line in audit_log(morning).newest(9)]
    assert commands[-1] == f"etl note {HELD}"
    assert commands[-2].startswith(f"etl refuse {HELD}")
