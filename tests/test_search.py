"""What readers type is found: names, sounds, tickers, units, groups, links and events."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from catalogs import catalog_text, entry
from conftest import fill
from serving import SiteClient, republish, still

from dashboard.data.search import found, said, search
from dashboard.data.snapshot import Snapshot, Snapshots
from etl.catalog import Catalog, load_catalog
from etl.settings import Settings
from etl.storage.snapshots import Folder
from etl.words.pinyin import sounds

NVIDIA = entry(
    "nvidia_close_usd", title={"zh": "英伟达收盘价", "en": "NVIDIA closing price"},
    short={"zh": "英伟达股价", "en": "NVIDIA close"}, aliases=["英伟达", "NVIDIA", "NVDA", "辉达"],
    sources=[{"name": "yahoo", "ticker": "NVDA"}],
)  # fmt: skip
GDP = entry(
    "rd_share_of_gdp_pct",
    title={"zh": "中国研发经费占 GDP 比重", "en": "R&D share of China's GDP"},
    short={"zh": "研发占比", "en": "R&D share"}, unit="percent", frequency="annual",
    calendar="year", aliases=["研发投入强度"],
)  # fmt: skip
GREEN = entry(
    "green_power_share_pct", title={"zh": "绿电占比", "en": "Green power share"},
    short={"zh": "绿电", "en": "Green power"}, unit="percent", aliases=["绿电比例", "策略利率"],
)  # fmt: skip


@pytest.fixture(scope="module")
def small(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot with entries that the catalog may come to have."""
    folder = fill(tmp_path_factory.mktemp("search"), published.data)
    path = folder / "indicators.yaml"
    path.write_text(catalog_text(NVIDIA, GDP, GREEN), encoding="utf-8")
    republish(folder, load_catalog(path))
    return Snapshots(Folder(folder / "published")).current()


def ids(snapshot: Snapshot, words: str) -> list[str]:
    return [one.id for one in found(snapshot, words)]


@pytest.mark.parametrize("words", [
    "英伟达", "yinweida", "ying wei da", "yingweida", "ywd", "nvda", "NVDA", "nvidia", "辉达",
    "輝達", "英偉達", "英伟达 股价", "Ｎｖｉｄｉａ",
])  # fmt: skip
def test_a_company_is_found_by_each_of_its_names(small: Snapshot, words: str) -> None:
    assert ids(small, words) == ["nvidia_close_usd"]


@pytest.mark.parametrize("words", ["lvdian", "lüdian", "ludian", "celue lilv", "celve", "celüe"])
def test_the_umlaut_is_typed_in_every_way(small: Snapshot, words: str) -> None:
    assert ids(small, words) == ["green_power_share_pct"]


@pytest.mark.parametrize("words", ["中国", "GDP", "gdp", "zhongguo", "yanfa", "R&D"])
def test_words_within_a_name_are_found(small: Snapshot, words: str) -> None:
    assert ids(small, words) == ["rd_share_of_gdp_pct"]


@pytest.mark.parametrize(("words", "first"), [
    ("万亿", "micron_market_cap_usd_bn"), ("萬億", "micron_market_cap_usd_bn"),
    ("金价", "gold_futures_usd_oz"), ("huangjin", "gold_futures_usd_oz"),
    ("sox", "phlx_semiconductor"), ("^SOX", "phlx_semiconductor"), ("DGS10", "us_10y_yield_pct"),
    ("mu", "micron_close_usd"), ("标普500", "sp500"), ("標普", "sp500"),
    ("纳指", "nasdaq_composite"),
    ("美元/桶", "brent_spot_usd_bbl"), ("usd/bbl", "brent_spot_usd_bbl"),
    ("算力能效", "pue_global_average"), ("meiguang shizhi", "micron_market_cap_usd_bn"),
    ("2026 财年第一季度业绩", "micron_close_usd"),
])  # fmt: skip
def test_aliases_tickers_units_groups_and_events_lead_to_their_indicator(
    newest: Snapshot, words: str, first: str
) -> None:
    assert ids(newest, words)[0] == first


def test_a_link_of_the_chain_finds_what_it_holds(newest: Snapshot, catalog: Catalog) -> None:
    assert {*catalog.links["compute"].indicators} <= {*ids(newest, "算力")}


def test_a_name_comes_before_its_sound_and_before_what_holds_it(newest: Snapshot) -> None:
    assert ids(newest, "mu")[0] == "micron_close_usd"
    assert ids(newest, "黄金")[0].startswith("gold_")


@pytest.mark.parametrize(("typed", "meant"), [
    ("micorn", "micron_close_usd"), ("nasdac", "nasdaq_composite"), ("meigang", "micron_close_usd"),
])  # fmt: skip
def test_one_wrong_letter_is_forgiven_where_nothing_is_called_so(
    newest: Snapshot, typed: str, meant: str
) -> None:
    result = search(newest, typed)
    assert result.is_near
    assert meant in [one.id for one in result.indicators]


@pytest.mark.parametrize("words", ["sp501", "macron bank", "abcdefgh"])
def test_what_is_something_else_is_not_found(newest: Snapshot, words: str) -> None:
    assert ids(newest, words) == []


@pytest.mark.parametrize("words", [
    "x" * 10_000, "美" * 10_000, "<script>alert(1)</script>", "' or 1=1 --", "a b c d e f g h i",
    "\x00", "%", "(((((", "[a-z]*", "\\", "🙂",
])  # fmt: skip
def test_odd_words_do_no_harm(newest: Snapshot, site: SiteClient, words: str) -> None:
    started = time.thread_time()
    search(newest, words)
    assert time.thread_time() - started < 0.5
    answer = site.get("/indicators", params={"q": words[:1000]})
    assert answer.status_code in (200, 400)
    assert "<script>alert" not in answer.text


def test_a_question_takes_no_time(newest: Snapshot) -> None:
    said(newest)
    started = time.thread_time()
    for words in ("meiguang", "美光 市值", "micorn", "zzzzzz", "万亿") * 10:
        search(newest, words)
    assert (time.thread_time() - started) / 50 < 0.01


def test_the_page_says_that_a_name_is_only_nearly_so(site: SiteClient) -> None:
    page = still(site.get("/indicators?q=micorn"))
    assert "最接近的是" in page.text
    assert "最接近的是" not in still(site.get("/indicators?q=micron")).text


def test_what_is_found_stands_in_one_table_the_nearest_first(site: SiteClient) -> None:
    page = still(site.get("/indicators?q=MU"))
    (table,) = page.all("table")
    assert table.one("tbody").all("tr").__next__().one("a").text == "美光科技收盘价"


def test_the_api_answers_the_same(site: SiteClient) -> None:
    told = site.get("/api/v1/indicators?q=meiguang").json()
    listed = [one["id"] for one in told["indicators"]]
    assert told["count"] == len(listed) >= 3
    assert all(name.startswith("micron_") for name in listed[:3])
    assert listed[0] == "micron_close_usd"
    assert site.get("/api/v1/indicators?q=nothing+of+the+kind").json()["count"] == 0


def test_chinese_words_are_spelt_as_they_are_spoken() -> None:
    told = dict(sounds(["英伟达股价（收盘）", "银行", "S&P", "长江"]))
    assert told == {"英伟达股价": "ying wei da gu jia", "收盘": "shou pan", "银行": "yin hang",
                    "长江": "chang jiang"}  # fmt: skip


def test_the_dashboard_never_loads_the_library_of_sounds() -> None:
    code = "import dashboard.server, sys; sys.exit('pypinyin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
