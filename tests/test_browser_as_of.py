"""A committee member walks through the site as of a day, in a real browser."""

from __future__ import annotations

import re

import pytest
from browsing import Opened
from playwright.sync_api import Page, expect

DAY = "2026-05-27"
KNOWN = re.compile("数据截至 2026 年 5 月 27 日")


def says_so(page: Page) -> None:
    expect(page.locator(".ribbon.as-of")).to_contain_text(KNOWN)
    expect(page.locator(".moment summary")).to_contain_text(DAY)
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, page.url


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_site_is_walked_through_as_of_a_day(visit: Opened, width: int) -> None:
    reader = visit(width=width)
    page = reader.open("/indicators?group=markets")
    page.locator(".moment summary").click()
    page.locator(".moment input[type=date]").fill(DAY)
    page.locator(".moment button").click()
    page.wait_for_url(f"**/indicators?*asof={DAY}*")
    reader.until_live()
    assert "group=markets" in page.url
    says_so(page)
    page.get_by_role("link", name="标普 500 指数").first.click()
    page.wait_for_url("**/indicators/sp500?*")
    says_so(page)
    page.locator(".controls a, .options a").get_by_text("3 月", exact=True).first.click()
    page.wait_for_url(f"**/indicators/sp500?*t=3m*asof={DAY}*")
    says_so(page)
    assert f"/c/sp500@{DAY}" in str(page.locator("a.download").first.get_attribute("href"))
    for name in ("最新一期", "往期", "比较", "政策", "导出", "状态"):
        page.locator(".nav").get_by_text(name, exact=True).click()
        page.locator(".nav-link.current").get_by_text(name, exact=True).wait_for()
        says_so(page)
    page.locator(".nav").get_by_text("说明", exact=True).click()
    expect(page.locator(".ribbon.as-of")).to_contain_text("本页没有过去的样子")
    page.locator(".choices a").get_by_text("EN", exact=True).click()
    expect(page.locator(".ribbon.as-of")).to_contain_text("This page has no past")
    page.locator(".to-now").click()
    expect(page.locator(".ribbon.as-of")).to_have_count(0)
    assert "asof" not in page.url
    assert reader.troubles == []


def test_a_day_of_a_bulletin_is_chosen_without_scripts(visit: Opened) -> None:
    reader = visit(java_script_enabled=False)
    page = reader.open("/status", live=False)
    page.locator(".moment summary").click()
    page.locator(".moment-day").get_by_text(DAY).click()
    says_so(page)
    page.locator(".moment summary").click()
    page.locator(".moment-day").get_by_text("现在").click()
    expect(page.locator(".ribbon.as-of")).to_have_count(0)
