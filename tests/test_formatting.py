"""Numbers, units and dates as readers write them."""

from __future__ import annotations

import re
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
    signed,
    table_figure,
    transformed_figure,
    unit_code_after,
)
from etl.catalog import Catalog, Indicator, Text, Unit

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
        ("us_10y_2y_spread_pp", 0.45, -0.02, "▲ 47 个基点", "▲ 47 bp"),
        ("fed_target_upper_pct", 3.75, 4.0, "▼ 25 个基点", "▼ 25 bp"),
        ("policy_documents_monthly", 3, 5, "▼ 2 份", "▼ 2 documents"),
        ("policy_documents_monthly", 1, 0, "▲ 1 份", "▲ 1 document"),
        ("data_contest_tracks", 17, 12, "▲ 5 个赛道", "▲ 5 tracks"),
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


def _of(unit: Unit, decimals: int, catalog: Catalog) -> Indicator:
    """An indicator in a unit of its own."""
    return catalog["sp500"].model_copy(update={"unit": unit.code, "decimals": decimals})


USD = Unit(code="USD", label=Text(zh="美元", en="USD"))
FLOP = Unit(code="FLOP", label=Text(zh="次浮点运算", en="FLOP"))
PERCENT = Unit(code="percent", label=Text(zh="%", en="%"))
BILLIONS = Unit(code="billion USD", label=Text(zh="亿美元", en="bn USD"), zh_factor=10)
YI_YUAN = Unit(code="100m CNY", label=Text(zh="亿元", en="100m CNY"))
PEOPLE = Unit(code="10k people", label=Text(zh="万人", en="10k people"))
SHARES = Unit(code="shares", label=Text(zh="亿股", en="shares"), zh_factor=1e-8)


@pytest.mark.parametrize(
    ("unit", "decimals", "value", "zh", "en"),
    [
        (USD, 0, 1.03e13, "10.30 万亿美元", "10.30 tn USD"),
        (USD, 0, -9.4e12, "−9.40 万亿美元", "−9.40 tn USD"),
        (USD, 2, 99_999_999.5, "99,999,999.50 美元", "99,999,999.50 USD"),
        (USD, 2, 1e8, "1.00 亿美元", "100,000,000.00 USD"),
        (USD, 0, 9.999e15, "9,999 万亿美元", "9,999.00 tn USD"),
        (USD, 0, 9.9999e15, "1×10¹⁶ 美元", "1×10¹⁶ USD"),
        (USD, 0, 1e16, "1×10¹⁶ 美元", "1×10¹⁶ USD"),
        (USD, 0, 9.9999e26, "1×10²⁷ 美元", "1×10²⁷ USD"),
        (FLOP, 0, 5e26, "5×10²⁶ 次浮点运算", "5×10²⁶ FLOP"),
        (FLOP, 0, -5.1234e26, "−5.12×10²⁶ 次浮点运算", "−5.12×10²⁶ FLOP"),
        (PERCENT, 1, 79_600_000_000.0, "796.00 亿%", "79.60 bn %"),
        (PERCENT, 1, 13_060_000.5, "13,060,000.5%", "13,060,000.5%"),
        (PERCENT, 2, 0.0003, "0.0003%", "0.0003%"),
        (PERCENT, 2, -3.2e-8, "−3.2×10⁻⁸%", "−3.2×10⁻⁸%"),
        (PERCENT, 2, 4e-17, "0.00%", "0.00%"),
        (BILLIONS, 1, 999.97, "1.00 万亿美元", "1.00 tn USD"),
        (BILLIONS, 1, 5e17, "5×10²⁶ 美元", "5×10²⁶ USD"),
        (YI_YUAN, 0, 1_349_084.0, "134.91 万亿元", "1,349,084 100m CNY"),
        (PEOPLE, 0, 140_828.0, "14.08 亿人", "140,828 10k people"),
        (SHARES, 0, 12.0, "12 股", "12 shares"),
    ],
)
def test_a_large_or_tiny_number_is_counted_by_words_and_then_by_powers_of_ten(
    unit: Unit, decimals: int, value: float, zh: str, en: str, catalog: Catalog
) -> None:
    indicator = _of(unit, decimals, catalog)
    told = [str(figure(value, indicator, unit, lang)) for lang in ("zh", "en")]
    assert told == [zh, en]


def test_a_table_shows_the_digits_that_a_number_has_and_no_more(catalog: Catalog) -> None:
    def exact(value: float, decimals: int) -> str:
        return str(figure(value, _of(USD, decimals, catalog), USD, "zh", exact=True))

    assert exact(9_876_543_210.5, 2) == "9,876,543,210.50 美元"
    assert exact(9_876_543_210.123456, 8) == "9,876,543,210.12346 美元"
    assert exact(1.03e13, 0) == "10.3000 万亿美元"
    assert exact(123_456_789_012.345678, 6) == "1,234.5679 亿美元"
    assert exact(5e26, 0) == "5×10²⁶ 美元"
    assert exact(1.2345678901234567e20, 2) == "1.23456789012346×10²⁰ 美元"


def test_a_column_of_a_table_is_counted_by_its_largest_value(catalog: Catalog) -> None:
    def cell(value: float, largest: float, u: str = "level") -> str:
        indicator = _of(USD, 2, catalog)
        return str(table_figure(value, Transform(u), indicator, USD, "zh", largest))

    assert cell(1.03e13, 2e13) == "10.3000 万亿美元"
    assert cell(7e9, 2e13) == "0.0070 万亿美元"
    assert cell(7e9, 9e9) == "7,000,000,000.00 美元"
    assert cell(3.0, 5e26) == "3.0000 美元"
    assert cell(2e12, 5e26) == "2×10¹² 美元"
    assert cell(250.0, 3e12, "pct") == "+250.00%"
    assert cell(-3e12, 3e12, "yoy") == "−3×10¹²%"


def test_no_number_is_longer_than_what_a_reader_takes_in(catalog: Catalog) -> None:
    """Up to the largest that a float holds, in every unit and voice."""
    for unit in (USD, FLOP, PERCENT, BILLIONS, YI_YUAN, PEOPLE, SHARES):
        indicator = _of(unit, 2, catalog)
        for lang in ("zh", "en"):
            for power in range(-12, 309):
                value = 1.23456789012345678 * 10.0**power
                told = [
                    str(figure(value, indicator, unit, lang)),
                    str(figure(-value, indicator, unit, lang, exact=True)),
                    str(transformed_figure(value, Transform("pct"), indicator, unit, lang)),
                    change(value, value / 7, indicator, unit, lang).text,
                    change(value, -1.0, indicator, unit, lang).text,
                    round_number(value, unit, lang),
                ]
                for words in told:
                    digits = re.match(r"[\d,.]+", words.lstrip("−+"))
                    assert digits is None or sum(map(str.isdigit, digits[0])) <= 15, words
                    assert digits is None or len(digits[0].partition(".")[0]) <= 13, words
                    assert "inf" not in words


@pytest.mark.parametrize("u", ["diff", "pct", "mom", "yoy"])
def test_a_transformed_value_that_is_no_change_is_said_to_be_none(catalog: Catalog, u: str) -> None:
    indicator = _of(USD, 2, catalog)
    for value in (0.0, -0.0, 0.0004, -0.0004):
        for lang, words in (("zh", "持平"), ("en", "unchanged")):
            assert str(transformed_figure(value, Transform(u), indicator, USD, lang)) == words
    assert "0.00" in str(transformed_figure(0.0, Transform("drawdown"), indicator, USD, "zh"))


def test_a_difference_that_no_shown_digit_tells_is_none(catalog: Catalog) -> None:
    """0.0001 billion is a hundred thousand, but the catalog shows tenths of a billion."""
    indicator = _of(BILLIONS, 1, catalog)
    assert change(-0.0001, -0.0002, indicator, BILLIONS, "zh").text == "持平"
    assert change(0.0, -0.0004, _of(SHARES, 0, catalog), SHARES, "en").text == "unchanged"


@pytest.mark.parametrize(
    ("unit", "value", "zh", "en"),
    [
        (USD, 1e13, "10 万亿美元", "10 tn USD"),
        (USD, -1e13, "−10 万亿美元", "−10 tn USD"),
        (USD, 2.5e9, "25 亿美元", "2.5 bn USD"),
        (USD, 1_000_000, "1,000,000 美元", "1,000,000 USD"),
        (FLOP, 1e26, "1×10²⁶ 次浮点运算", "1×10²⁶ FLOP"),
        (SHARES, 1e9, "10 亿股", "1,000 million shares"),
        (PERCENT, 0.25, "0.25%", "0.25%"),
        (PERCENT, 1e-7, "0.0000001%", "0.0000001%"),
    ],
)
def test_a_round_number_is_said_as_people_say_it(
    unit: Unit, value: float, zh: str, en: str
) -> None:
    assert (round_number(value, unit, "zh"), round_number(value, unit, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("unit", "now", "before", "zh", "en"),
    [
        (PERCENT, 4.0003, 4.0, "＝ 持平", "＝ unchanged"),
        (USD, 10_000.2, 10_000.0, "＝ 持平", "＝ unchanged"),
        (USD, 9_999.8, 10_000.0, "＝ 持平", "＝ unchanged"),
        (USD, 0.0, -0.001, "＝ 持平", "＝ unchanged"),
        (PERCENT, 4.0006, 4.0, "▲ 0.1 个基点", "▲ 0.1 bp"),
        (PERCENT, 12_000.0, 0.5, "▲ 1,199,950 个基点", "▲ 1,199,950 bp"),
        (PERCENT, 79_600_000_000.0, 13_060_000.5, "▲ 7.96 万亿个基点", "▲ 7.96 tn bp"),
        (FLOP, 5e26, 5e25, "▲ 900.00%", "▲ 900.00%"),
        (FLOP, 5e26, 5.0, "▲ 1×10²⁸%", "▲ 1×10²⁸%"),
        (USD, -3e12, -1e12, "▼ 2.00 万亿", "▼ 2.00 tn"),
        (BILLIONS, 5.0, -5.0, "▲ 100.00 亿美元", "▲ 10.0 bn USD"),
    ],
)
def test_a_change_is_as_long_as_it_says_something(
    unit: Unit, now: float, before: float, zh: str, en: str, catalog: Catalog
) -> None:
    indicator = _of(unit, 1, catalog)
    told = (change(now, before, indicator, unit, lang) for lang in ("zh", "en"))
    assert [f"{one.arrow} {one.text}" for one in told] == [zh, en]


def test_a_sign_stands_only_before_what_is_left_after_rounding() -> None:
    assert signed(0.001, 2) == signed(-0.001, 2) == "0.00"
    assert (signed(0.01, 2), signed(-0.01, 2)) == ("+0.01", "−0.01")
    assert signed(2e20, 2) == "+2×10²⁰"


def test_a_digit_in_the_name_of_a_unit_is_no_change(catalog: Catalog) -> None:
    unit = Unit(code="own", label=Text(zh="百万 m3", en="million m3"), zh_factor=0.001)
    assert change(-1.0, -1.00004, _of(unit, 2, catalog), unit, "en").direction == 0
