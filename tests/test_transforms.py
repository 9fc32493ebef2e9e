"""Transforms against the plainest possible reading of the contract."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from serving import days_from, vintages

from dashboard.address import Transform, Window
from dashboard.data.transforms import Empty, explained, span, transformed, window_name
from etl.catalog import Indicator, load_catalog
from etl.records import Vintage
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
DAILY, MONTHLY = CATALOG["sp500"], CATALOG["gold_monthly_usd_oz"]
ANNUAL, EVENT = CATALOG["data_contest_tracks"], CATALOG["fed_target_upper_pct"]
QUARTERLY = MONTHLY.model_copy(update={"frequency": "quarterly"})
#: How many months a value stands for; the others stand for their own day.
PERIODS = {"monthly": 1, "quarterly": 3, "annual": 12}
Values = Sequence[float | None]

_VALUES = st.one_of(
    st.just(0.0),
    st.floats(-1e6, -1e-3),
    st.floats(1e-3, 1e6),
    st.sampled_from((1.0, 2.0, 100.0)),
)


@st.composite
def a_series(draw: st.DrawFn) -> tuple[Indicator, list[Vintage]]:
    """A series of any frequency with gaps, zeros and negatives, measured anew from some day on."""
    indicator = draw(st.sampled_from((DAILY, MONTHLY, QUARTERLY, ANNUAL, EVENT)))
    count = draw(st.integers(0, 40))
    if count == 0:
        return indicator, []
    start = draw(st.dates(date(2000, 1, 1), date(2024, 12, 31)))
    months = PERIODS.get(indicator.frequency)
    if months is None:
        gaps = st.sampled_from((1, 1, 1, 3, 9, 10, 11, 30, 45, 400))
        days = days_from(start, draw(st.lists(gaps, min_size=count - 1, max_size=count - 1)))
    else:  # any day of any period, some of them left out
        gaps = st.sampled_from((1, 1, 1, 1, 1, 2, 3, 12))
        number = (start.year * 12 + start.month - 1) // months
        days = []
        for gap in [0, *draw(st.lists(gaps, min_size=count - 1, max_size=count - 1))]:
            number += gap
            first, following = (
                date(m // 12, m % 12 + 1, 1) for m in (number * months, (number + 1) * months)
            )
            days.append(first + timedelta(draw(st.integers(0, (following - first).days - 1))))
    values = draw(st.lists(_VALUES, min_size=count, max_size=count))
    cut = draw(st.one_of(st.none(), st.sampled_from(days)))
    return indicator, vintages(dict(zip(days, values, strict=True)), "old", cut, "new")


def earlier(day: date, *, months: int) -> date:
    """The same day so many months before, or the last day of that month."""
    year, month = day.year, day.month - months
    while month < 1:
        year, month = year - 1, month + 12
    for last in range(day.day, 27, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return date(year, month, day.day)


def percent(now: Vintage, base: Vintage | None) -> float | None:
    if base is None or base.value <= 0 or base.basis != now.basis:
        return None
    return 100 * (now.value / base.value - 1)


def number_of(day: date, months: int) -> int:
    """The number of a period of so many months, counted from the year 0."""
    return (day.year * 12 + day.month - 1) // months


def is_single(indicator: Indicator, old: date, new: date) -> bool:
    """Whether two neighbours lie one step apart."""
    months = PERIODS.get(indicator.frequency)
    if months is not None:
        return number_of(new, months) - number_of(old, months) == 1
    return indicator.frequency == "event" or (new - old).days <= 10


def before(indicator: Indicator, series: Sequence[Vintage], now: Vintage) -> Vintage | None:
    older = [v for v in series if v.date < now.date]
    return older[-1] if older and is_single(indicator, older[-1].date, now.date) else None


def base_of(
    indicator: Indicator, series: Sequence[Vintage], now: Vintage, over: int
) -> Vintage | None:
    months = PERIODS.get(indicator.frequency)
    if months is not None:
        wanted = number_of(now.date, months) - over // months
        found = [v for v in series if number_of(v.date, months) == wanted]
        return found[0] if found and over % months == 0 else None
    target = earlier(now.date, months=over)
    most = timedelta(days={"daily": 10, "event": 400}[indicator.frequency])
    near = [v for v in series if target - most <= v.date <= target]
    return near[-1] if near else None


def whole(indicator: Indicator, part: Sequence[Vintage], n: int) -> bool:
    """Whether so many values of one definition follow one another step by step."""
    alike = len(part) == n and len({v.basis for v in part}) == 1
    return alike and all(is_single(indicator, a.date, b.date) for a, b in pairwise(part))


def same(found: Values, expected: Values) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if other is None:
            assert one is None
        else:
            assert one is not None
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


@given(a_series())
def test_level_is_the_values_themselves(case: tuple[Indicator, list[Vintage]]) -> None:
    indicator, series = case
    found = transformed(series, Transform("level"), indicator, None)
    assert found == [v.value for v in series]


@given(a_series())
def test_diff_is_the_value_less_the_one_before(case: tuple[Indicator, list[Vintage]]) -> None:
    indicator, series = case
    expected = [
        now.value - old.value
        if (old := before(indicator, series, now)) and old.basis == now.basis
        else None
        for now in series
    ]
    same(transformed(series, Transform("diff"), indicator, None), expected)


@given(a_series())
def test_pct_is_the_change_from_the_value_before(case: tuple[Indicator, list[Vintage]]) -> None:
    indicator, series = case
    expected = [percent(now, before(indicator, series, now)) for now in series]
    same(transformed(series, Transform("pct"), indicator, None), expected)


@given(a_series(), st.sampled_from((("mom", 1), ("yoy", 12))))
@examples(300)
def test_mom_and_yoy_compare_with_the_period_then_or_with_the_newest_day_up_to_the_day_then(
    case: tuple[Indicator, list[Vintage]], kind: tuple[str, int]
) -> None:
    indicator, series = case
    name, months = kind
    expected = [percent(now, base_of(indicator, series, now, months)) for now in series]
    same(transformed(series, Transform(name), indicator, None), expected)


@given(a_series(), st.one_of(st.none(), st.dates(date(1999, 1, 1), date(2040, 1, 1))))
def test_index_is_a_hundred_on_the_first_value_on_or_after_its_date(
    case: tuple[Indicator, list[Vintage]], start: date | None
) -> None:
    indicator, series = case
    held = [v for v in series if start is None or v.date >= start]
    base = held[0] if held and held[0].value > 0 else None
    expected = [
        100 * v.value / base.value if base and base.basis == v.basis else None for v in series
    ]
    same(transformed(series, Transform("index", base=start), indicator, None), expected)
    same(transformed(series, Transform("index"), indicator, start), expected)


@given(a_series(), st.integers(2, 12))
def test_ma_is_the_mean_of_the_last_n(case: tuple[Indicator, list[Vintage]], n: int) -> None:
    indicator, series = case
    expected: list[float | None] = []
    for place in range(len(series)):
        part = series[place + 1 - n : place + 1] if place + 1 >= n else []
        expected.append(sum(v.value for v in part) / n if whole(indicator, part, n) else None)
    same(transformed(series, Transform("ma", n=n), indicator, None), expected)


@given(a_series(), st.integers(2, 12))
def test_z_is_the_distance_from_the_mean_in_sample_deviations(
    case: tuple[Indicator, list[Vintage]], n: int
) -> None:
    indicator, series = case
    expected: list[float | None] = []
    for place in range(len(series)):
        part = series[place + 1 - n : place + 1] if place + 1 >= n else []
        values = [v.value for v in part]
        if not whole(indicator, part, n) or len(set(values)) == 1:
            expected.append(None)
            continue
        mean = math.fsum(values) / n
        deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in values) / (n - 1))
        expected.append((values[-1] - mean) / deviation)
    found = transformed(series, Transform("z", n=n), indicator, None)
    assert [x is None for x in found] == [x is None for x in expected]
    for one, other in zip(found, expected, strict=True):
        assert one is None or other is None or math.isclose(one, other, abs_tol=1e-4)


@given(a_series())
def test_drawdown_is_the_distance_from_the_highest_value_so_far(
    case: tuple[Indicator, list[Vintage]],
) -> None:
    indicator, series = case
    expected = [percent(now, max(series[: k + 1], key=lambda v: v.value))
                for k, now in enumerate(series)]  # fmt: skip
    same(transformed(series, Transform("drawdown"), indicator, None), expected)


def test_the_base_of_a_day_may_be_ten_days_old_and_not_a_day_older() -> None:
    now, target = date(2026, 5, 26), date(2025, 5, 26)
    for age, expected in ((0, 100.0), (10, 100.0), (11, None)):
        series = vintages({target - timedelta(days=age): 1.0, now: 2.0})
        assert transformed(series, Transform("yoy"), DAILY, None)[-1] == expected


@given(
    st.lists(st.integers(0, 27), min_size=14, max_size=14),
    st.lists(st.integers(0, 27), min_size=14, max_size=14),
    st.sampled_from(("diff", "pct", "mom", "yoy", "ma:3", "z:3")),
)
def test_on_which_days_of_their_months_values_are_dated_changes_nothing(
    one: list[int], other: list[int], name: str
) -> None:
    name, _, n = name.partition(":")
    what = Transform(name, n=int(n) if n else None)
    months = [earlier(date(2026, 2, 1), months=13 - k) for k in range(14)]

    def shown(offsets: list[int]) -> Values:
        days = [first + timedelta(days) for first, days in zip(months, offsets, strict=True)]
        series = vintages(dict(zip(days, [float(k * k + 1) for k in range(14)], strict=True)))
        return transformed(series, what, MONTHLY, None)

    assert shown(one) == shown(other)
    assert shown(one)[-1] is not None


def test_what_is_empty_for_a_gap_says_why() -> None:
    """April against February is no month, but a year is one whatever is missing between."""
    values = {
        date(2025, 1, 1): 100.0, date(2025, 2, 1): 110.0, date(2025, 4, 1): 121.0,
        date(2025, 5, 1): 121.0, date(2026, 3, 1): 150.0, date(2026, 4, 1): 160.0,
    }  # fmt: skip

    def told(name: str, n: int | None = None) -> list[float | str]:
        found = explained(vintages(values), Transform(name, n=n), MONTHLY, None)
        return [str(x) if isinstance(x, Empty) else round(x, 2) for x in found]

    assert told("mom") == ["no_base", 10.0, "no_base", 0.0, "no_base", 6.67]
    assert told("pct") == ["no_base", 10.0, "no_step", 0.0, "no_step", 6.67]
    assert told("diff") == ["no_base", 10.0, "no_step", 0.0, "no_step", 10.0]
    assert told("yoy") == [*["no_base"] * 5, 32.23]
    assert told("ma", 2) == ["too_few", 105.0, "no_step", 121.0, "no_step", 155.0]
    assert told("z", 3) == ["too_few", "too_few", *["no_step"] * 4]
    assert told("drawdown") == [0.0] * 6
    assert told("index") == [100.0, 110.0, 121.0, 121.0, 150.0, 160.0]


def test_a_month_between_two_days_is_no_step_and_the_christmas_holidays_are() -> None:
    days = [date(2025, 12, 24), date(2026, 1, 2), date(2026, 2, 27), date(2026, 3, 2)]
    series = vintages(dict(zip(days, (1.0, 2.0, 4.0, 5.0), strict=True)))
    found = explained(series, Transform("pct"), DAILY, None)
    assert found == [Empty.NO_BASE, 100.0, Empty.NO_STEP, 25.0]


def test_any_distance_is_one_step_between_the_days_of_events() -> None:
    series = vintages({date(2008, 12, 16): 0.25, date(2015, 12, 17): 0.5})
    assert transformed(series, Transform("diff"), EVENT, None) == [None, 0.25]


def test_where_a_definition_breaks_over_a_gap_the_break_is_the_reason() -> None:
    indicator = CATALOG["pue_global_average"]
    series = vintages({date(2013, 1, 1): 1.65, date(2025, 1, 1): 1.54, date(2027, 1, 1): 1.5})
    found = explained(series, Transform("diff"), indicator, None)
    assert found == [Empty.NO_BASE, Empty.BREAK, Empty.NO_STEP]


@pytest.mark.parametrize(("over", "quarter"), [("mom", None), ("yoy", 100.0)])
def test_a_quarter_has_no_month_before_it_and_a_year_before_it(
    over: str, quarter: float | None
) -> None:
    series = vintages({date(2025, 3, 31): 1.0, date(2026, 1, 1): 2.0})
    assert transformed(series, Transform(over), QUARTERLY, None) == [None, quarter]


def test_the_base_of_yoy_is_never_a_later_day() -> None:
    series = vintages({date(2025, 5, 27): 1.0, date(2026, 5, 26): 2.0})
    assert transformed(series, Transform("yoy"), DAILY, None) == [None, None]


def test_the_month_before_the_last_of_march_ends_in_february() -> None:
    series = vintages({date(2026, 2, 28): 1.0, date(2026, 3, 31): 3.0})
    assert transformed(series, Transform("mom"), DAILY, None) == [None, pytest.approx(200.0)]


@pytest.mark.parametrize("name", ["pct", "mom", "yoy"])
@pytest.mark.parametrize("base", [0.0, -36.98])
def test_a_base_of_zero_or_below_gives_an_empty_value(name: str, base: float) -> None:
    now = date(2026, 5, 26)
    then = {"pct": now - timedelta(days=1), "mom": date(2026, 4, 26), "yoy": date(2025, 5, 26)}
    series = vintages({then[name]: base, now: 2.0})
    assert transformed(series, Transform(name), DAILY, None) == [None, None]


def test_an_index_on_a_negative_base_is_empty_throughout() -> None:
    series = vintages({date(2020, 4, 20): -36.98, date(2020, 4, 21): 10.01})
    assert transformed(series, Transform("index"), DAILY, None) == [None, None]


@pytest.mark.parametrize("name", ["diff", "pct", "mom", "yoy", "index", "ma", "drawdown", "z"])
def test_nothing_is_compared_across_a_break_in_basis(name: str) -> None:
    days = [date(2025, 5, 26), date(2026, 4, 26), date(2026, 5, 25), date(2026, 5, 26)]
    values = dict(zip(days, (3.0, 2.0, 1.5, 1.0), strict=True))
    what = Transform(name, n=2) if name in ("ma", "z") else Transform(name)
    whole, anew = vintages(values), vintages(values, "old", days[-1], "new")
    assert transformed(whole, what, DAILY, None)[-1] is not None
    assert explained(anew, what, DAILY, None)[-1] == Empty.BREAK


@pytest.mark.parametrize("name", ["diff", "yoy", "ma"])
def test_nothing_is_compared_across_a_break_that_the_catalog_names(name: str) -> None:
    """`breaks` of an indicator are days from which its values are defined anew."""
    indicator = CATALOG["pue_global_average"]
    (changed,) = indicator.breaks
    series = vintages({date(changed.date.year - 1, 1, 1): 1.56, changed.date: 1.54})
    what = Transform(name, n=2) if name == "ma" else Transform(name)
    assert transformed(series, what, indicator, None)[-1] is None


def test_the_global_pue_of_2025_is_not_compared_with_the_year_before() -> None:
    old, new = "survey average", "weighted survey average (n=681)"
    year = date(2025, 1, 1)
    series = vintages({date(2023, 1, 1): 1.58, date(2024, 1, 1): 1.56, year: 1.54}, old, year, new)
    found = transformed(series, Transform("yoy"), CATALOG["pue_global_average"], None)
    assert found == [None, pytest.approx(100 * (1.56 / 1.58 - 1)), None]


def test_an_empty_series_stays_empty() -> None:
    for name in ("level", "diff", "pct", "mom", "yoy", "index", "drawdown"):
        assert transformed([], Transform(name), DAILY, None) == []
    assert transformed([], Transform("ma", n=2), DAILY, None) == []


def daily(count: int, newest: date = date(2026, 5, 26)) -> list[Vintage]:
    return vintages({newest - timedelta(days=k): 100.0 + k for k in range(count)})


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("1m", date(2026, 4, 26)),
        ("3m", date(2026, 2, 26)),
        ("6m", date(2025, 11, 26)),
        ("ytd", date(2026, 1, 1)),
        ("1y", date(2025, 5, 26)),
        ("3y", date(2023, 5, 26)),
        ("5y", date(2021, 5, 26)),
        ("10y", date(2016, 5, 26)),
    ],
)
def test_a_range_counts_back_from_the_newest_value(name: str, first: date) -> None:
    assert span(daily(30), Window(name)) == (first, date(2026, 5, 26))


def test_a_year_before_the_leap_day_is_the_last_of_february() -> None:
    assert span(daily(30, date(2024, 2, 29)), Window("1y"))[0] == date(2023, 2, 28)


def test_the_default_is_a_year() -> None:
    assert window_name(daily(8), Window()) == "1y"
    assert span(daily(8), Window()) == (date(2025, 5, 26), date(2026, 5, 26))


def test_the_default_is_everything_when_the_last_year_holds_fewer_than_eight() -> None:
    sparse = vintages({date(2000 + k, 1, 1): 1.0 + k for k in range(26)})
    assert window_name(daily(7), Window()) == "max"
    assert window_name(sparse, Window()) == "max"
    first, last = span(sparse, Window())
    assert all(first <= v.date <= last for v in sparse)


def test_a_span_of_dates_is_taken_as_it_is() -> None:
    first, last = date(2025, 1, 1), date(2025, 2, 1)
    assert span(daily(30), Window("", first, last)) == (first, last)
    assert span(daily(30), Window("", first, None)) == (first, date.max)
    assert span(daily(30), Window("", None, last)) == (date.min, last)
