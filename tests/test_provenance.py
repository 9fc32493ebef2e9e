"""Where a value came from is said in the language of the page."""

from __future__ import annotations

import pytest
from serving import TestClient

from dashboard.provenance import provenance_words
from etl.catalog import Catalog

CAP = "micron_market_cap_usd_bn"
SHARES = "close 974.33 USD × 1127734051 shares filed 2026-03-19"


@pytest.mark.parametrize(
    ("stored", "indicator", "zh", "en"),
    [
        (f"derived: {SHARES}", CAP,
         "推算：收盘价 974.33 美元 × 股本 1,127,734,051 股（2026-03-19 申报）",
         "own calculation: close 974.33 USD × 1,127,734,051 shares filed 2026-03-19"),
        (f"derived: {SHARES} × 2 (split of 2026-05-01)", CAP,
         "推算：收盘价 974.33 美元 × 股本 1,127,734,051 股（2026-03-19 申报）"
         " × 2（2026-05-01 拆股）",
         "own calculation: close 974.33 USD × 1,127,734,051 shares filed 2026-03-19 × 2 (split of "
         "2026-05-01)"),
        ("derived: us_10y_yield_pct − us_10y_breakeven_pct", "us_10y_yield_pct",
         "推算：美国 10 年期国债收益率 − 美国 10 年期盈亏平衡通胀率",
         "own calculation: U.S. 10-year Treasury yield − U.S. 10-year breakeven inflation"),
        ("figures: S&P 500, close; S&P Dow Jones Indices via FRED SP500", "sp500",
         "项目自带数据：标普道琼斯指数公司，经 FRED（SP500）",
         "project figures: S&P 500, close; S&P Dow Jones Indices via FRED SP500"),
        ("figures: 国家数据局通知", "data_contest_tracks",
         "项目自带数据：国家数据局通知", "project figures: National Data Administration"),
        ("fred: FRED DGS10", "us_10y_yield_pct", "美联储 H.15，经 FRED（DGS10）", "FRED DGS10"),
        ("yahoo", "sp500", "雅虎财经：标普道琼斯指数公司，经 FRED（SP500）",
         "Yahoo Finance: S&P Dow Jones Indices via FRED (SP500)"),
    ],
)  # fmt: skip
def test_a_source_is_said_in_the_language_of_the_page(
    catalog: Catalog, stored: str, indicator: str, zh: str, en: str
) -> None:
    assert provenance_words(stored, indicator, catalog, "zh") == zh
    assert provenance_words(stored, indicator, catalog, "en") == en


@pytest.mark.parametrize(
    "path", ["/", f"/c/{CAP}@2026-05-27", f"/indicators/{CAP}", "/bulletins/2026-05-27"]
)
def test_no_chinese_page_tells_a_derived_value_in_english(site: TestClient, path: str) -> None:
    page = site.get(path).text
    assert "shares filed" not in page
    assert "derived:" not in page
    assert "× 股本 1," in page


def test_the_api_and_the_files_say_the_source_as_it_is_stored(site: TestClient) -> None:
    claims = site.get("/api/v1/bulletins/2026-05-27/claims").json()["claims"]
    told = [c["evidence"]["source"] for c in claims if c["indicator"] == CAP]
    assert told[0].startswith("derived: close 895.88 USD × 1127734051 shares filed")
    assert "shares filed" in site.get(f"/c/{CAP}@2026-05-27.csv").text
