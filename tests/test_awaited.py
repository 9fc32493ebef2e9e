"""An indicator without values is no card and no row: it stands in a list of what was tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalogs import part_of_the_catalog
from conftest import Cli, settings_of
from serving import SiteClient, client, still

from dashboard.pages.indicators import PAGE
from dashboard.texts import text
from etl.catalog import SOURCE_PARAMS, Catalog, load_catalog
from etl.ingest.run import Request, run
from etl.policies.candidates import FINDERS
from etl.settings import load_settings

PUE = ("pue_global_average", "pue_google_fleet")
EMPTY = ("vix", "usd_cny", "phlx_semiconductor")
HELD = ("sp500", "nasdaq_composite", "micron_close_usd", "pue_global_average")


def waiting_of(site: SiteClient) -> set[str]:
    listed = site.get("/api/v1/indicators").json()["indicators"]
    return {one["id"] for one in listed if not one["rows"]}


def test_it_is_listed_with_its_definition_and_its_sources_and_stands_in_no_table(
    site: SiteClient, catalog: Catalog
) -> None:
    waiting = waiting_of(site)
    assert {*EMPTY} <= waiting
    page = still(site.get("/indicators"))
    told = page.one(id="awaited")
    for name in waiting:
        assert catalog[name].title.zh in told.text
        assert f"/indicators/{name}" in told.hrefs()
        assert all(f"/indicators/{name}" not in table.hrefs() for table in page.all("table"))
    assert "雅虎财经：尚未取数" in told.text  # no run with a network has been
    assert "Yahoo Finance: not asked yet" in still(site.get("/indicators?lang=en")).text
    held = len(catalog) - len(waiting)
    rows = sum(len(list(table.one("tbody").all("tr"))) for table in page.all("table"))
    assert rows == min(held, PAGE)


def test_a_group_without_values_has_no_heading(filled: Path) -> None:
    path = part_of_the_catalog(filled / "indicators.yaml", *PUE, "vix")
    settings = settings_of(filled, XINZHI_CATALOG=str(path))
    run(settings, load_catalog(path), Request(offline=True, allow_fewer=True), lambda _: None)
    page = still(client(settings).get("/indicators"))
    titles = [one.text for one in page.all("h2")]
    assert "算力能效" in titles
    assert "资本市场" not in titles
    assert not list(page.all("nav", "jumps"))  # one group is no choice


def test_the_search_and_the_filters_hold_for_it_too(site: SiteClient) -> None:
    page = still(site.get("/indicators?q=vix"))
    assert not list(page.all("table"))
    assert "/indicators/vix" in page.one(id="awaited").hrefs()
    assert not list(still(site.get("/indicators?q=pue")).all(id="awaited"))
    assert not list(still(site.get("/indicators?group=compute")).all(id="awaited"))


def test_it_is_not_in_the_strip_nor_offered_to_compare_or_export_nor_on_the_wall(
    site: SiteClient,
) -> None:
    waiting = waiting_of(site)
    strip = still(site.get("/")).one("section", "strip")
    assert list(strip.all("div", "headline"))
    assert "—" not in strip.text
    assert not {f"/indicators/{name}" for name in waiting} & {*strip.hrefs()}
    for path in ("/compare", "/export", "/wall"):
        for link in still(site.get(path)).hrefs():
            asked = link.partition("ids=")[2].partition("&")[0].split(",")
            assert not waiting & {*asked}, link


def test_its_own_pages_say_so_and_it_has_no_chart_in_the_sitemap(site: SiteClient) -> None:
    page = still(site.get("/indicators/vix"))
    assert "等待数据" in page.text
    assert "FRED：尚未取数" in page.text
    chart = site.get("/c/vix")
    assert chart.status_code == 200
    assert "等待数据" in chart.text
    assert "FRED：尚未取数" in chart.text
    sitemap = site.get("/sitemap.xml").text
    assert "/indicators/vix<" in sitemap
    assert "/c/vix<" not in sitemap
    assert "/c/sp500<" in sitemap
    sets = {one["identifier"] for one in site.get("/catalog.jsonld").json()["dataset"]}
    assert sets & {*EMPTY, *HELD} == {*HELD}


def test_as_of_a_day_it_is_said_of_what_had_no_value_then(site: SiteClient) -> None:
    told = still(site.get("/indicators?asof=2019-01-02")).one(id="awaited")
    assert "当时还没有数值" in told.text
    assert "尚未取数" not in told.text


def test_what_its_sources_answered_is_told_with_the_moment(
    filled: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = part_of_the_catalog(filled / "indicators.yaml", *PUE, "vix")
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    monkeypatch.setenv("XINZHI_PROXY", "http://127.0.0.1:9")  # nobody answers there
    monkeypatch.setenv("XINZHI_TIMEOUT", "1")
    assert cli("run", "vix", "--allow-fewer").status in (1, 2)
    site = client(load_settings())
    tried = {one["source"]: one for one in site.get("/api/v1/indicators/vix").json()["awaited"]}
    assert tried["fred"]["tried_at"]
    assert tried["fred"]["problem"]
    told = still(site.get("/indicators")).one(id="awaited").text
    assert "未取到" in told
    assert "未取到" in still(site.get("/status")).text
    assert site.get("/api/v1/indicators/pue_google_fleet").json()["awaited"] == []


def test_status_of_the_command_line_says_that_it_waits(filled: Path, cli: Cli) -> None:
    told = json.loads(cli("status", "--json").out)
    rows = told["indicators"] if isinstance(told, dict) else told
    assert {one["as_of"] for one in rows if one["state"] == "empty"} == {"等待数据"}


def test_related_indicators_are_few_in_order_and_have_values(
    site: SiteClient, catalog: Catalog
) -> None:
    page = still(site.get("/indicators/micron_market_cap_usd_bn"))
    (told,) = page.all("dl", "related")
    assert told.text.strip().startswith("推算所用")
    assert told.hrefs()[:2] == [
        "/indicators/micron_close_usd", "/indicators/micron_shares_outstanding"
    ]  # fmt: skip
    english = still(site.get("/indicators/micron_market_cap_usd_bn?lang=en"))
    assert english.one("dl", "related").text.strip().startswith("Made of")
    for name in catalog.indicators:
        for found in still(site.get(f"/indicators/{name}")).all("dl", "related"):
            assert len(found.hrefs()) == len({*found.hrefs()}) <= 8
            assert f"/indicators/{name}" not in found.hrefs()
            assert not {f"/indicators/{one}" for one in EMPTY} & {*found.hrefs()}


def test_a_live_chart_leads_on_and_a_frozen_one_stays_as_it_is(site: SiteClient) -> None:
    live = site.get("/c/micron_close_usd").text
    assert "相关指标" in live
    assert "/c/micron_market_cap_usd_bn" in live
    assert "相关指标" not in site.get("/c/micron_close_usd@2026-05-27").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_source_and_calendar_has_its_name_on_pages(catalog: Catalog, lang: str) -> None:
    for source in (*SOURCE_PARAMS, *FINDERS):
        assert text(f"source_{source}", lang)
    for calendar in {one.calendar for one in catalog.all()} - {"event"}:
        assert text(f"missed_{calendar}", lang)
        assert text(f"missed_one_{calendar}", lang)
