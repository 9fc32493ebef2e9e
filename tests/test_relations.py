"""How two indicators move together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.data.correlation import FEWEST, ComparedSeries, correlation, pairs
from dashboard.data.queries import series
from dashboard.data.snapshot import Snapshots
from etl.catalog import Catalog, load_catalog
from etl.records import Vintage
from etl.settings import PROJECT, Settings
from etl.storage.snapshots import Folder

CATALOG: Catalog = load_catalog(PROJECT / "indicators.yaml")
KNOWN = datetime(2026, 5, 27, tzinfo=UTC)
START = date(2026, 1, 1)
values = st.lists(st.floats(0.5, 1000), min_size=FEWEST + 1, max_size=40)


def part(numbers: list[float], name: str = "sp500", step: int = 1) -> ComparedSeries:
    indicator = CATALOG[name]
    days = [
        Vintage(START + timedelta(days=k * step), value, "test", KNOWN, "")
        for k, value in enumerate(numbers)
    ]
    return ComparedSeries(indicator, CATALOG.unit(indicator), days)


@given(values)
def test_an_indicator_moves_with_itself_or_not_at_all(numbers: list[float]) -> None:
    r = correlation(pairs(part(numbers), part(numbers)))
    assert r is None or r == pytest.approx(1)


@given(values, values)
def test_the_order_of_the_two_changes_nothing(one: list[float], other: list[float]) -> None:
    there, back = pairs(part(one), part(other)), pairs(part(other), part(one))
    assert correlation(there) == pytest.approx(correlation(back), nan_ok=True)
    assert [(p.first, p.second) for p in there] == [(p.second, p.first) for p in back]


@given(values, values, st.floats(0.01, 100))
def test_the_unit_of_a_level_changes_nothing(
    one: list[float], other: list[float], factor: float
) -> None:
    plain = correlation(pairs(part(one), part(other)))
    scaled = correlation(pairs(part([factor * v for v in one]), part(other)))
    if plain is None or scaled is None:
        return
    assert scaled == pytest.approx(plain, abs=1e-6)
    assert -1 <= plain <= 1


def test_changes_run_between_common_dates_alone() -> None:
    every, second = part([1, 2, 4, 8, 16]), part([1, 10, 100], step=2)
    assert [(p.date.day, p.first, p.second) for p in pairs(every, second)] == [
        (3, 300.0, 900.0),
        (5, 300.0, 900.0),
    ]


def test_changes_of_rates_are_differences_and_those_of_prices_are_percent() -> None:
    (pair,) = pairs(part([4.5, 4.7], "us_10y_yield_pct"), part([100, 110]))
    assert (pair.first, pair.second) == (pytest.approx(0.2), pytest.approx(10))


def test_what_was_below_zero_is_counted_in_differences() -> None:
    (pair,) = pairs(part([18.27, -36.98], "wti_spot_usd_bbl"), part([100, 110]))
    assert pair.first == pytest.approx(-55.25)


def test_no_change_is_reckoned_across_a_break() -> None:
    name = "pue_global_average"
    change = CATALOG[name].breaks[0].date
    days = [
        Vintage(date(change.year - k, 1, 1), 1.5 + k / 10, "test", KNOWN, "")
        for k in (3, 2, 1, 0, -1)
    ]
    series = ComparedSeries(CATALOG[name], CATALOG.unit(CATALOG[name]), days)
    found = pairs(series, series)
    assert change not in [p.date for p in found]
    assert len(found) == len(days) - 2


def test_too_few_pairs_say_nothing() -> None:
    numbers = [float(k * k + 1) for k in range(FEWEST)]
    assert correlation(pairs(part(numbers), part(numbers))) is None
    assert correlation(pairs(part([*numbers, 99.0]), part([*numbers, 99.0]))) is not None


def test_what_never_moves_has_no_correlation() -> None:
    assert correlation(pairs(part([5.0] * 20), part([float(k + 1) for k in range(20)]))) is None


def of_days(name: str, days: list[date]) -> ComparedSeries:
    rows = [Vintage(day, 10.0 + k * k, "test", KNOWN, "") for k, day in enumerate(days)]
    return ComparedSeries(CATALOG[name], CATALOG.unit(CATALOG[name]), rows)


@given(
    st.lists(st.sampled_from((1, 3, 10, 11, 31)), min_size=1, max_size=30),
    st.lists(st.booleans(), min_size=31, max_size=31),
)
def test_no_pair_spans_more_than_a_step_of_both(gaps: list[int], missing: list[bool]) -> None:
    days = [START]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    other = [day for day, is_missing in zip(days, missing, strict=False) if not is_missing]
    found = pairs(of_days("sp500", days), of_days("vix", other))
    near = [b for a, b in pairwise(other) if (b - a).days <= 10]
    assert [p.date for p in found] == near


def test_a_month_in_a_daily_series_is_no_step_of_a_monthly_one_either() -> None:
    days = [date(2026, month, 1) for month in range(1, 7)]
    assert pairs(of_days("sp500", days), of_days("gold_monthly_usd_oz", days)) == []


def test_months_are_common_whatever_day_they_are_dated() -> None:
    firsts = [date(2026, month, 1) for month in (1, 2, 3, 5, 6)]
    ends = [date(2026, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (5, 29), (6, 30))]
    name = "gold_monthly_usd_oz"
    found = pairs(of_days(name, firsts), of_days(name, ends))
    assert [p.date.month for p in found] == [2, 3, 6]


def test_oil_and_the_ten_year_yield_agree_by_half_in_their_daily_steps_of_2026(
    published: Settings,
) -> None:
    newest = Snapshots(Folder(published.published)).current()

    def of(name: str) -> ComparedSeries:
        held = [v for v in series(newest, name, None) if v.date >= START]
        return ComparedSeries(CATALOG[name], CATALOG.unit(CATALOG[name]), held)

    r = correlation(pairs(of("brent_spot_usd_bbl"), of("us_10y_yield_pct")))
    assert r == pytest.approx(0.47, abs=0.005)  # daily now; of month-ends in winter it was 0.51
