"""Numbers, units and dates as readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from dashboard.address import Transform
from dashboard.formatting import (
    beijing,
    change,
    day,
    figure,
    full_date,
    grouped,
    plain_number,
    round_number,
    transformed_figure,
    unit_code_after,
)
from etl.catalog import Catalog

DAY = date(2026, 5, 26)


def said(catalog: Catalog, name: str, value: float, lang: str = "zh", *, exact: bool = False):
    indicator = catalog[name]
    return str(figure(value, indicator, catalog.unit(indicator), lang, exact=exact))


def moved(catalog: Catalog, name: str, now: float, before: float, lang: str = "zh") -> str:
    indicator = catalog[name]
    found = change(now, before, indicator, catalog.unit(indicator), lang)
    return f"{found.arrow} {found.text}"


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("micron_market_cap_usd_bn", 1010.314, "1.01 万亿美元", "1.01 tn USD"),
        ("micron_market_cap_usd_bn", 1000.0, "1.00 万亿美元", "1.00 tn USD"),
        ("micron_market_cap_usd_bn", 846.9, "8,469 亿美元", "846.9 bn USD"),
        ("micron_market_cap_usd_bn", 10.86216, "108.62 亿美元", "10.9 bn USD"),
        ("micron_shares_outstanding", 1119125101.0, "11.19 亿股", "1,119.1 million shares"),
        ("micron_close_usd", 895.88, "895.88 美元", "895.88 USD"),
        ("nasdaq_composite", 26656.18, "26,656.18 点", "26,656.18 points"),
        ("wti_spot_usd_bbl", -36.98, "−36.98 美元/桶", "−36.98 USD/bbl"),
        ("gold_monthly_usd_oz", 4563.0, "4,563 美元/盎司", "4,563 USD/oz"),
        ("us_10y_yield_pct", 4.5, "4.50%", "4.50%"),
        ("us_10y_breakeven_pct", -0.25, "−0.25%", "−0.25%"),
        ("usd_cny", 7.1234, "7.1234 人民币/美元", "7.1234 CNY per USD"),
        ("pue_global_average", 1.54, "1.54 比值", "1.54 ratio"),
        ("policy_documents_monthly", 3.0, "3 份", "3 documents"),
        ("data_contest_tracks", 17.0, "17 个赛道", "17 tracks"),
        ("digital_economy_work_point_tasks", 8.0, "8 方面任务", "8 task areas"),
    ],
)
def test_a_value_stands_with_its_unit_in_both_languages(
    catalog: Catalog, name: str, value: float, zh: str, en: str
) -> None:
    assert (said(catalog, name, value), said(catalog, name, value, "en")) == (zh, en)


def test_an_exact_figure_keeps_the_decimals_of_the_catalog(catalog: Catalog) -> None:
    cap, shares = "micron_market_cap_usd_bn", "micron_shares_outstanding"
    assert said(catalog, cap, 1010.314, exact=True) == "10,103.1 亿美元"
    assert said(catalog, cap, 1010.314, "en", exact=True) == "1,010.3 bn USD"
    assert said(catalog, shares, 1119125101, exact=True) == "11.1913 亿股"
    assert said(catalog, shares, 1119125101, "en", exact=True) == "1,119.1251 million shares"


def test_a_number_below_zero_has_a_true_minus_sign() -> None:
    assert grouped(-1234.5, 1) == "−1,234.5"
    assert grouped(-0.001, 2) == "0.00"
    assert grouped(-0.0, 0) == "0"


@pytest.mark.parametrize(
    ("name", "now", "before", "zh", "en"),
    [
        ("us_10y_yield_pct", 4.50, 4.57, "▼ 7 个基点", "▼ 7 bp"),
        ("us_10y_yield_pct", 4.575, 4.57, "▲ 0.5 个基点", "▲ 0.5 bp"),
        ("fed_target_upper_pct", 3.75, 4.0, "▼ 25 个基点", "▼ 25 bp"),
        ("policy_documents_monthly", 3, 5, "▼ 2", "▼ 2"),
        ("policy_documents_monthly", 1, 0, "▲ 1", "▲ 1"),
        ("data_contest_tracks", 17, 12, "▲ 5", "▲ 5"),
        ("pue_global_average", 1.56, 1.58, "▼ 0.02", "▼ 0.02"),
        ("micron_close_usd", 895.88, 751.0, "▲ 19.29%", "▲ 19.29%"),
        ("sp500", 100.0, 100.0, "＝ 持平", "＝ unchanged"),
        ("wti_spot_usd_bbl", 10.01, -36.98, "▲ 46.99", "▲ 46.99"),
    ],
)
def test_a_change_is_said_in_the_measure_of_its_unit(
    catalog: Catalog, name: str, now: float, before: float, zh: str, en: str
) -> None:
    assert (moved(catalog, name, now, before), moved(catalog, name, now, before, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("sp500", "5 月 26 日", "26 May"),
        ("gold_monthly_usd_oz", "2026 年 5 月", "May 2026"),
        ("pue_global_average", "2026 年", "2026"),
        ("micron_shares_outstanding", "2026 年 5 月 26 日", "26 May 2026"),
        ("fed_target_upper_pct", "2026 年 5 月 26 日", "26 May 2026"),
    ],
)
def test_a_date_is_as_fine_as_the_frequency(catalog: Catalog, name: str, zh: str, en: str) -> None:
    assert (day(DAY, catalog[name], "zh"), day(DAY, catalog[name], "en")) == (zh, en)


def test_a_daily_date_has_its_year_where_it_is_asked_for(catalog: Catalog) -> None:
    assert day(DAY, catalog["sp500"], "zh", year=True) == "2026 年 5 月 26 日"
    assert full_date(DAY, "en") == "26 May 2026"


def test_a_moment_is_told_in_beijing_time() -> None:
    close = datetime(2026, 5, 26, 20, 0, tzinfo=UTC)
    assert beijing(close, "zh") == "2026 年 5 月 27 日 04:00（北京时间）"
    assert beijing(close, "en") == "27 May 2026, 04:00 Beijing time"


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("micron_market_cap_usd_bn", 1000, "1 万亿美元", "1 tn USD"),
        ("micron_market_cap_usd_bn", 500, "5,000 亿美元", "500 bn USD"),
        ("micron_market_cap_usd_bn", 100, "1,000 亿美元", "100 bn USD"),
        ("nasdaq_composite", 30000, "30,000 点", "30,000 points"),
        ("brent_spot_usd_bbl", 100, "100 美元/桶", "100 USD/bbl"),
    ],
)
def test_a_round_number_is_written_without_decimals(
    catalog: Catalog, name: str, value: float, zh: str, en: str
) -> None:
    unit = catalog.unit(catalog[name])
    assert (round_number(value, unit, "zh"), round_number(value, unit, "en")) == (zh, en)


def test_a_transformed_value_has_the_unit_of_its_transform(catalog: Catalog) -> None:
    indicator = catalog["micron_market_cap_usd_bn"]
    unit = catalog.unit(indicator)

    def shown(name: str, value: float) -> str:
        return str(transformed_figure(value, Transform(name), indicator, unit, "zh"))

    assert shown("yoy", 12.346) == "+12.35%"
    assert shown("drawdown", -3.5) == "−3.50%"
    assert shown("index", 123.46) == "123.5"
    assert shown("z", -1.5) == "−1.50σ"
    assert shown("diff", -163.4) == "−1,634 亿美元"
    codes = {name: unit_code_after(Transform(name), unit) for name in ("yoy", "diff", "ma", "z")}
    assert codes["yoy"] == "percent"
    assert codes["diff"] == codes["ma"] == "billion USD"
    assert codes["z"] == "standard deviations"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (26656.18, "26656.18"),
        (8.0, "8"),
        (-36.98, "-36.98"),
        (1010.3142700878801, "1010.3142700878801"),
        (1119125101.0, "1119125101"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_a_number_in_a_file_has_every_digit_and_no_separators(value: float, text: str) -> None:
    assert plain_number(value) == text
    assert float(plain_number(value)) == value
