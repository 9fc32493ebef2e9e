"""Values brought to a lower frequency, against pandas and against what may be said of a period."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from serving import TestClient

from dashboard.address import ChartAddress
from dashboard.chart_page import short_links
from dashboard.data.aggregation import FREQUENCIES, Brought, allowed, brought
from dashboard.data.transforms import Empty
from etl.calendars import end_of, is_session
from etl.catalog import Indicator, load_catalog
from etl.frequency import RULES, period_end, period_of
from etl.records import BEIJING, Vintage
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
DAILY, MONTHLY = CATALOG["us_10y_yield_pct"], CATALOG["gold_monthly_usd_oz"]
EVENT, COUNTED = CATALOG["fed_target_upper_pct"], CATALOG["policy_documents_monthly"]
TODAY = date(2026, 11, 29)
RESAMPLED = {"w": "W-SUN", "m": "ME", "q": "QE", "a": "YE"}
AGGREGATES = {"eop": "last", "avg": "mean", "sum": "sum", "min": "min", "max": "max"}


def held(day: date, value: float, days_later: int = 0) -> Vintage:
    known = datetime(day.year, day.month, day.day, 21, tzinfo=UTC) + timedelta(days=days_later)
    return Vintage(day, value, "fred", known, "fetched", "H.15")


def sessions(first: date, count: int) -> list[date]:
    days = (first + timedelta(days=k) for k in range(3 * count + 20))
    return [day for day in days if is_session("FED", day)][:count]


def values(history: Brought) -> dict[date, float]:
    return {v.date: v.value for at, v in enumerate(history.series) if at not in history.empty}


@st.composite
def a_daily_series(draw: st.DrawFn) -> list[Vintage]:
    """A year or two of days of which single ones are missing, some known later than others."""
    days = sessions(draw(st.dates(date(2010, 1, 1), date(2022, 1, 1))), draw(st.integers(1, 420)))
    left_out = draw(st.sets(st.integers(0, len(days) - 1), max_size=len(days) // 8))
    start = draw(st.floats(-1e3, 1e3))
    return [
        held(day, start + 17 * math.sin(at), at % 5)
        for at, day in enumerate(days)
        if at not in left_out
    ]


@given(a_daily_series(), st.sampled_from("wmqa"), st.sampled_from(sorted(AGGREGATES)))
@examples(60)
def test_whole_periods_have_the_values_that_pandas_gives(
    series: list[Vintage], freq: str, agg: str
) -> None:
    found = values(brought(series, DAILY, freq, agg, TODAY))
    index = pd.DatetimeIndex([v.date for v in series])
    peer = getattr(pd.Series([v.value for v in series], index).resample(RESAMPLED[freq]),
                   AGGREGATES[agg])()  # fmt: skip
    expected = {
        period_of(FREQUENCIES[freq], day.date()): value for day, value in peer.dropna().items()
    }
    for day, value in found.items():
        assert value == pytest.approx(expected[day], rel=1e-9, abs=1e-9)
    inner = sorted(expected)[1:-1]
    if max((b.date - a.date).days for a, b in pairwise([series[0], *series])) <= 10:
        assert set(inner) <= set(found)  # only the first and the last may be parts of a period


@given(a_daily_series(), st.sampled_from("wmqa"), st.sampled_from(("eop", "avg", "min", "max")),
       st.integers(0, 500))  # fmt: skip
@examples(60)
def test_as_of_a_moment_is_made_of_what_was_known_then(
    series: list[Vintage], freq: str, agg: str, later: int
) -> None:
    moment = end_of(series[0].date + timedelta(days=later))
    known = [v for v in series if v.known_at <= moment]
    then = brought(known, DAILY, freq, agg, moment.astimezone(BEIJING).date())
    assert all(v.known_at <= moment for v in then.series)
    now = brought(series, DAILY, freq, agg, TODAY)
    whole = {v.date: v for at, v in enumerate(now.series) if at not in now.empty}
    for at, v in enumerate(then.series):
        parts = [x for x in series if period_of(FREQUENCIES[freq], x.date) == v.date]
        if at not in then.empty and parts == [x for x in parts if x in known]:
            assert whole[v.date] == v  # the same for good, once all of it is known


@given(a_daily_series(), st.sampled_from("wmqa"))
@examples(40)
def test_low_average_and_high_are_in_this_order_around_every_end(
    series: list[Vintage], freq: str
) -> None:
    low, mean, high, end = (
        values(brought(series, DAILY, freq, agg, TODAY)) for agg in ("min", "avg", "max", "eop")
    )
    assert low.keys() == mean.keys() == high.keys() <= end.keys()
    for day in low:
        assert low[day] - 1e-9 <= mean[day] <= high[day] + 1e-9
        assert low[day] <= end[day] <= high[day]


@pytest.mark.parametrize("agg", ["eop", "avg", "min", "max"])
def test_a_month_that_is_not_over_has_no_value_and_says_so(agg: str) -> None:
    days = sessions(date(2026, 4, 1), 35)  # to the middle of May
    found = brought([held(day, 1.0) for day in days], DAILY, "m", agg, TODAY)
    assert list(values(found)) == [date(2026, 4, 1)]
    assert found.empty == {1: Empty.UNFINISHED}


def test_a_month_is_over_with_its_last_session() -> None:
    days = [day for day in sessions(date(2026, 5, 1), 40) if day <= date(2026, 5, 29)]
    assert list(values(brought([held(d, 1.0) for d in days], DAILY, "m", "avg", TODAY)))
    short = brought([held(d, 1.0) for d in days[:-1]], DAILY, "m", "avg", TODAY)
    assert short.empty == {0: Empty.UNFINISHED}


def test_of_months_held_by_their_last_value_the_end_is_known_and_the_average_is_not() -> None:
    ends = [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31)]
    series = [held(day, float(at)) for at, day in enumerate(ends)]
    assert list(values(brought(series, DAILY, "m", "eop", TODAY)).values()) == [0.0, 1.0, 2.0]
    assert set(brought(series, DAILY, "m", "avg", TODAY).empty.values()) == {Empty.INCOMPLETE}
    assert set(brought(series[:2], DAILY, "w", "eop", TODAY).empty.values()) <= {
        Empty.INCOMPLETE, Empty.UNFINISHED,
    }  # fmt: skip


def test_a_quarter_needs_all_its_months() -> None:
    months = [held(date(2026, m, 1), float(m), 40) for m in (1, 2, 3, 4, 6, 7)]
    average = brought(months, MONTHLY, "q", "avg", TODAY)
    assert values(average) == {date(2026, 1, 1): 2.0}
    assert average.empty == {1: Empty.INCOMPLETE, 2: Empty.UNFINISHED}
    assert values(brought(months, MONTHLY, "q", "eop", TODAY)) == {
        date(2026, 1, 1): 3.0, date(2026, 4, 1): 6.0,
    }  # fmt: skip


def test_a_count_is_known_when_its_period_is_over() -> None:
    months = [held(date(2026, m, 1), 2.0) for m in (1, 2, 3)]
    (quarter,) = brought(months, COUNTED, "q", "sum", TODAY).series
    assert (quarter.value, quarter.known_at) == (6.0, end_of(date(2026, 3, 31)))
    assert brought(months, COUNTED, "q", "sum", date(2026, 3, 31)).empty == {0: Empty.UNFINISHED}


def test_what_changes_at_events_holds_until_the_next() -> None:
    series = [held(date(2026, 1, 1), 4.0), held(date(2026, 2, 15), 3.0)]
    looked = EVENT.model_copy(update={"checked": date(2026, 4, 30)})
    assert list(values(brought(series, looked, "m", "eop", TODAY)).values()) == [4.0, 3.0, 3.0, 3.0]
    average = list(values(brought(series, looked, "m", "avg", TODAY)).values())
    assert average == pytest.approx([4.0, (14 * 4.0 + 14 * 3.0) / 28, 3.0, 3.0])
    unlooked = EVENT.model_copy(update={"checked": None})
    assert list(values(brought(series, unlooked, "m", "eop", TODAY)).values()) == [4.0]


def test_a_value_in_doubt_leaves_its_mark_on_the_period() -> None:
    days = [day for day in sessions(date(2026, 5, 1), 40) if day <= date(2026, 5, 29)]
    series = [held(day, 1.0) for day in days]
    series[3] = Vintage(days[3], 1.0, "fred", series[3].known_at, "disputed")
    assert brought(series, DAILY, "m", "avg", TODAY).series[0].status == "disputed"
    assert brought(series, DAILY, "m", "eop", TODAY).series[0].status == "fetched"


def test_two_definitions_have_no_average() -> None:
    days = [day for day in sessions(date(2026, 4, 1), 60) if day <= date(2026, 5, 29)]
    series = [
        Vintage(day, 1.0, "fred", held(day, 1.0).known_at, "fetched", basis=str(day > days[30]))
        for day in days
    ]
    assert brought(series, DAILY, "m", "avg", TODAY).empty == {1: Empty.BREAK}
    assert brought(series, DAILY, "m", "eop", TODAY).empty == {}


@pytest.mark.parametrize("indicator", CATALOG.all(), ids=lambda one: one.id)
def test_nothing_is_brought_to_a_finer_frequency(indicator: Indicator) -> None:
    lengths = [RULES[FREQUENCIES[freq]].length for freq in allowed(indicator)]
    assert min(lengths) >= RULES[indicator.frequency].length
    assert "a" in allowed(indicator)


def detail(site: TestClient, path: str) -> tuple[str, str]:
    answer = site.get(path)
    assert answer.status_code == 400
    return answer.json()["parameter"], answer.json()["detail"]


def test_a_finer_frequency_and_a_sum_of_prices_are_refused_in_words(site: TestClient) -> None:
    parameter, said = detail(site, "/c/gold_monthly_usd_oz.csv?freq=w")
    assert parameter == "freq"
    assert "is monthly" in said
    assert "Allowed: m, q, a" in said
    parameter, said = detail(site, "/c/sp500.csv?freq=m&agg=sum")
    assert parameter == "agg"
    assert "Allowed: eop, avg, min, max" in said
    assert detail(site, "/c/sp500.csv?freq=d")[0] == "freq"
    assert detail(site, "/c/sp500.csv?freq=m&agg=median")[0] == "agg"
    assert detail(site, "/c/sp500.csv?with=gold_monthly_usd_oz&freq=w")[0] == "freq"
    page = site.get("/c/sp500?freq=m&agg=sum")
    assert page.status_code == 400
    assert "价格、指数和百分数不能相加" in page.text
    assert site.get("/c/policy_documents_monthly.csv?freq=a&agg=sum").status_code == 200


def test_transforms_step_from_month_to_month(site: TestClient) -> None:
    level = rows(site, "/c/sp500.csv?freq=m&t=max")
    change = rows(site, "/c/sp500.csv?freq=m&t=max&u=pct")
    for (day, before), (following, now) in pairwise(level.items()):
        if before and now and change[following]:
            assert float(change[following]) == pytest.approx(100 * (float(now) / float(before) - 1))
            assert period_end("monthly", date.fromisoformat(day)) + timedelta(days=1) == (
                date.fromisoformat(following)
            )


def rows(site: TestClient, path: str) -> dict[str, str]:
    lines = site.get(path).text.splitlines()[1:]
    return {line.split(",")[0]: line.split(",")[2] for line in lines}


def test_a_wide_table_has_every_column_at_the_asked_frequency(site: TestClient) -> None:
    path = "/c/sp500.csv?with=gold_monthly_usd_oz,fed_target_upper_pct&shape=wide&freq=m&t=max"
    lines = site.get(path).text.splitlines()
    days = [date.fromisoformat(line.split(",")[0]) for line in lines[1:]]
    assert all(day.day == 1 for day in days)
    assert len(set(days)) == len(days)
    assert any(all(line.split(",")) for line in lines[1:])


def test_the_api_gives_the_rows_of_the_file(site: TestClient) -> None:
    file = site.get("/c/sp500.csv?freq=q&agg=avg&t=3y")
    api = site.get("/api/v1/observations?ids=sp500&freq=q&agg=avg&t=3y&format=csv")
    assert api.content == file.content
    about = site.get("/c/sp500.metadata.json?freq=q&agg=avg&t=3y").json()
    assert about["frequency"] == "quarterly"
    assert about["aggregation"] == {"freq": "q", "agg": "avg"}
    assert about["title"]["zh"].endswith("（季均）")


def test_the_chart_says_what_its_values_are(site: TestClient) -> None:
    words = site.get("/c/sp500.txt?freq=m&agg=avg").text
    assert "月均" in words
    assert "历史新高" not in words
    assert site.get("/c/sp500.svg?freq=w").status_code == 200
    assert site.get("/c/sp500?freq=m&agg=max&lang=en").text.count("monthly high") > 1


def test_a_span_is_cut_by_the_first_days_of_its_periods(site: TestClient) -> None:
    found = rows(site, "/c/sp500.csv?freq=m&t=2026-03-02..2026-05-10")
    assert list(found) == ["2026-04-01", "2026-05-01"]


def test_values_of_the_asked_frequency_stay_what_they_are() -> None:
    series = [held(date(2026, m, 15), float(m), 40) for m in (1, 2, 3)]
    found = brought(series, MONTHLY, "m", "avg", TODAY)
    assert [v.date for v in found.series] == [date(2026, m, 1) for m in (1, 2, 3)]
    assert found.indicator.title == MONTHLY.title
    assert not found.empty


def test_a_short_link_keeps_the_frequency(site: TestClient) -> None:
    address = ChartAddress("sp500", end_of(date(2026, 5, 27)), freq="q", agg="max", lang="en")
    code = short_links.code(address)
    assert short_links.address(code, CATALOG) == address
    plain = replace(address, freq="", agg="eop")
    assert len(short_links.code(plain)) < len(code) <= len(short_links.code(plain)) + 2


def test_an_aggregate_without_a_frequency_has_no_effect(site: TestClient) -> None:
    assert site.get("/c/sp500.csv?agg=avg").content == site.get("/c/sp500.csv").content
