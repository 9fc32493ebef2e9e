"""Numbers that break what the catalog expects are refused, and true ones are not."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from etl.catalog import Catalog
from etl.ingest.checks import gaps, problems, second_values, settled, shifted_unit, stale_repeat
from etl.records import Action, Observation

NOW = datetime(2026, 5, 27, tzinfo=UTC)


def _said(catalog: Catalog, indicator: str, *pairs: tuple[date, float]) -> list[str]:
    rows = [Observation(day, value) for day, value in pairs]
    return list(problems(catalog[indicator], rows, NOW))


def test_ordinary_values_are_accepted(catalog: Catalog) -> None:
    rows = [(date(2026, 5, 22), 7473.47), (date(2026, 5, 26), 7519.12)]
    assert _said(catalog, "sp500", *rows) == []


def test_a_value_above_the_range_is_named_with_its_limit(catalog: Catalog) -> None:
    (said,) = _said(catalog, "brent_spot_usd_bbl", (date(2026, 5, 26), 999.0))
    for word in ("brent_spot_usd_bbl", "2026-05-26", "999.0", "above", "400.0"):
        assert word in said


def test_a_price_below_zero_is_refused_where_none_can_be(catalog: Catalog) -> None:
    (said,) = _said(catalog, "brent_spot_usd_bbl", (date(2026, 5, 26), -102.75))
    assert "below" in said


def test_a_jump_that_the_catalog_calls_a_fact_is_accepted_and_any_other_is_not(
    catalog: Catalog,
) -> None:
    days = [(date(2020, 4, 16), 18.27), (date(2020, 4, 17), -36.98), (date(2020, 4, 20), -36.98)]
    (said,) = _said(catalog, "wti_spot_usd_bbl", *days)
    assert said.startswith("wti_spot_usd_bbl: 2020-04-17")


@pytest.mark.parametrize("name", ["gold_monthly_usd_oz", "micron_shares_outstanding"])
def test_a_step_is_judged_at_the_pace_of_the_series(name: str, catalog: Catalog) -> None:
    """A month lies between two monthly values, a quarter between two filings."""
    low = catalog[name].expect.min
    rows = [(date(2026, 1, 1), low * 2), (date(2026, 2, 1), low * 20)]
    (said,) = _said(catalog, name, *rows)
    assert "about 10 times the value before" in said


def test_a_split_explains_the_step_of_its_day(catalog: Catalog) -> None:
    rows = [Observation(date(2026, 5, 22), 900.0), Observation(date(2026, 5, 26), 90.5)]
    split = Action(date(2026, 5, 26), "split", 10.0)
    micron = catalog["micron_close_usd"]
    assert list(problems(micron, rows, NOW, [split])) == []
    assert len(list(problems(micron, rows, NOW))) == 1


def _levels(*values: float) -> list[Observation]:
    return [Observation(date(2026, 5, 1 + n), value) for n, value in enumerate(values)]


def test_a_source_that_stands_still_is_found_after_a_week(catalog: Catalog) -> None:
    sp500, most = catalog["sp500"], catalog["sp500"].expect.max_repeats
    assert most is not None
    assert list(stale_repeat(sp500, _levels(1.0, *[2.0] * most))) == []
    (said,) = stale_repeat(sp500, _levels(1.0, *[2.0] * (most + 2)))
    assert f"2.0 is repeated for {most + 2} values up to 2026-05-08" in said
    # What may stand still is not judged.
    assert list(stale_repeat(catalog["us_10y_yield_pct"], _levels(*[4.0] * 20))) == []


@pytest.mark.parametrize(
    ("factor", "words"),
    [(100, "100 times"), (10, "10 times"), (0.1, "a tenth"), (0.01, "a hundredth")],
)
def test_a_new_source_that_counts_in_another_unit_is_found(
    factor: float, words: str, catalog: Catalog
) -> None:
    rows = _levels(7400.0, 7410.0, 7420.0, 7430.0, 7440.0)
    others = {row.date: row.value / factor * 1.001 for row in rows}
    (said,) = shifted_unit(catalog["sp500"], rows, others)
    assert f"about {words}" in said
    assert list(shifted_unit(catalog["sp500"], rows, {r.date: r.value * 1.2 for r in rows})) == []


def test_a_hole_in_the_sessions_is_noticed_and_holidays_are_none(catalog: Catalog) -> None:
    """Memorial Day lies in the days that are there; the week after it is not."""
    days = [date(2026, 5, day) for day in (18, 19, 20, 21, 22, 26)]
    sp500 = catalog["sp500"]
    assert list(gaps(sp500, days)) == []
    (said,) = gaps(sp500, [*days, date(2026, 6, 8)])
    assert said == "sp500: no value for 8 sessions from 2026-05-27 to 2026-06-05."


def test_the_negative_price_of_wti_is_accepted(catalog: Catalog) -> None:
    days = [(date(2020, 4, 17), 18.31), (date(2020, 4, 20), -36.98), (date(2020, 4, 21), 8.91)]
    assert _said(catalog, "wti_spot_usd_bbl", *days) == []


def test_a_date_in_the_future_is_refused(catalog: Catalog) -> None:
    (said,) = _said(catalog, "sp500", (date(2026, 6, 26), 7500.0))
    assert "future" in said


def test_the_day_that_has_begun_in_beijing_is_not_the_future(catalog: Catalog) -> None:
    (said,) = _said(catalog, "usd_cny", (date(2026, 5, 28), 6.8))
    assert "future" not in said  # though what London has not ended is no close either
    assert _said(catalog, "policy_documents_monthly", (date(2026, 5, 28), 6.0)) == []


def test_a_jump_names_both_values_and_the_limit(catalog: Catalog) -> None:
    (said,) = _said(catalog, "sp500", (date(2026, 5, 22), 7473.0), (date(2026, 5, 26), 5000.0))
    limit = f"{catalog['sp500'].expect.max_change_pct:g} %"
    for word in ("7473.0", "5000.0", "2026-05-22", limit):
        assert word in said


@pytest.mark.parametrize(
    ("factor", "words"),
    [(100, "100 times"), (10, "10 times"), (0.1, "a tenth"), (0.01, "a hundredth")],
)
def test_a_shifted_unit_is_called_by_its_name(factor: float, words: str, catalog: Catalog) -> None:
    rows = [(date(2026, 5, 22), 7000.0), (date(2026, 5, 26), 7000.0 * factor)]
    assert any(f"about {words}" in said for said in _said(catalog, "sp500", *rows))


def test_a_step_over_a_long_gap_is_no_jump(catalog: Catalog) -> None:
    rows = [(date(2026, 1, 30), 5000.0), (date(2026, 5, 26), 7500.0)]
    assert _said(catalog, "sp500", *rows) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(value: float, catalog: Catalog) -> None:
    (said,) = _said(catalog, "sp500", (date(2026, 5, 26), value))
    assert "not a number" in said


def test_the_limits_themselves_are_accepted(catalog: Catalog) -> None:
    expect = catalog["pue_global_average"].expect
    rows = [(date(2024, 1, 1), expect.min), (date(2025, 1, 1), expect.max)]
    assert _said(catalog, "pue_global_average", *rows) == []


@pytest.mark.parametrize(
    ("frequency", "one", "other", "words"),
    [
        ("monthly", date(2026, 4, 1), date(2026, 4, 30), "April 2026"),
        ("quarterly", date(2026, 4, 1), date(2026, 5, 1), "quarter 2 of 2026"),
        ("annual", date(2025, 1, 1), date(2025, 12, 31), "2025"),
    ],
)
def test_a_second_value_for_a_period_is_refused_with_both_dates(
    frequency: str, one: date, other: date, words: str, catalog: Catalog
) -> None:
    indicator = catalog["gold_monthly_usd_oz"].model_copy(update={"frequency": frequency})
    rows = [Observation(one, 3100.0), Observation(other, 3200.0)]
    (said,) = problems(indicator, rows, NOW)
    assert said == (
        f"gold_monthly_usd_oz: {other}: a second value for {words}, dated {one} and {other}; "
        "keep one."
    )
    (said,) = second_values(indicator, [other], [one])
    assert said.startswith(f"gold_monthly_usd_oz: {other} is another day for {words} than {one}")
    assert list(second_values(indicator, [one], [one])) == []  # a revision


@pytest.mark.parametrize("name", ["sp500", "micron_shares_outstanding"])
def test_days_and_filings_of_one_quarter_are_not_two_values_of_it(
    name: str, catalog: Catalog
) -> None:
    """Micron's counts of October and December stand on the covers of two reports."""
    value = catalog[name].expect.min * 2
    days = [date(2018, 10, 8), date(2018, 12, 12)]
    assert _said(catalog, name, *((day, value) for day in days)) == []
    assert list(second_values(catalog[name], days[1:], days[:1])) == []


def test_a_jump_over_a_year_without_a_value_is_not_judged(catalog: Catalog) -> None:
    pue = catalog["pue_global_average"]
    strict = pue.model_copy(update={"expect": pue.expect.model_copy(update={"max_change_pct": 10})})
    for year, count in ((2012, 1), (2013, 0)):
        rows = [Observation(date(2011, 12, 31), 1.98), Observation(date(year, 1, 1), 1.65)]
        assert len(list(problems(strict, rows, NOW))) == count


def test_no_month_is_missing_whatever_day_its_value_is_dated(catalog: Catalog) -> None:
    gold = catalog["gold_monthly_usd_oz"]
    gold = gold.model_copy(update={"expect": gold.expect.model_copy(update={"max_gap": 0})})
    ends = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert list(gaps(gold, ends)) == []
    (said,) = gaps(gold, [*ends[:2], *ends[3:]])
    assert "2026-03-01" in said


def test_a_value_of_a_day_when_the_market_is_shut_or_of_a_session_that_runs_is_refused(
    catalog: Catalog,
) -> None:
    (said,) = _said(catalog, "gold_futures_usd_oz", (date(2026, 5, 24), 4500.0))
    assert "2026-05-24 is a Sunday, when the market (CMES) is shut" in said
    (said,) = _said(catalog, "gold_futures_usd_oz", (date(2026, 5, 27), 4500.0))
    assert "2026-05-27 has no close before its session ends, 2026-05-27 21:00 UTC" in said


def test_of_what_was_fetched_only_that_is_left_out(catalog: Catalog) -> None:
    rows = [Observation(date(2026, 5, day), 4500.0) for day in (22, 23, 24, 25, 26, 27)]
    left = settled(catalog["gold_futures_usd_oz"], rows, NOW)
    assert [row.date.day for row in left] == [22, 25, 26]  # Memorial Day has trade, but Tuesday's
    monthly = [Observation(date(2026, 3, 1), 4500.0)]  # a Sunday, and a month
    assert list(settled(catalog["gold_monthly_usd_oz"], monthly, NOW)) == monthly


#: Cover dates and counts around splits that were: five for one in August 2020, three for one in
#: August 2022, as a price shows them turned round.
COUNTS = [
    (date(2020, 7, 20), 186361726.0, date(2020, 10, 20), 947900733.0, date(2020, 8, 31), 5),
    (date(2022, 7, 19), 1044490015.0, date(2022, 10, 18), 3157752449.0, date(2022, 8, 25), 3),
]


@pytest.mark.parametrize("row", COUNTS)
def test_a_count_of_shares_that_grows_by_the_factor_of_a_split_is_right(
    row: tuple[date, float, date, float, date, int], catalog: Catalog
) -> None:
    first, old, second, new, day, factor = row
    shares = catalog["micron_shares_outstanding"]
    rows = [Observation(first, old), Observation(second, new)]
    split = Action(day, "split", 1 / factor)
    assert list(problems(shares, rows, NOW, [split])) == []
    (said,) = problems(shares, rows, NOW)
    assert f"looks like a split by {factor} that no source has told" in said
    assert len(list(problems(shares, rows, NOW, [Action(first, "split", 1 / factor)]))) == 1


@pytest.mark.parametrize("counted", ["old", "new"])
def test_a_count_that_is_filed_after_a_split_may_be_of_either_kind_of_shares(
    counted: str, catalog: Catalog
) -> None:
    filed = datetime(2020, 9, 4, tzinfo=UTC)
    middle = 1e9 if counted == "old" else 5e9
    rows = [
        Observation(date(2020, 5, 20), 1e9, datetime(2020, 5, 28, tzinfo=UTC)),
        Observation(date(2020, 8, 28), middle, filed),  # three days before the split
        Observation(date(2020, 11, 20), 5e9, datetime(2020, 11, 28, tzinfo=UTC)),
    ]
    split = Action(date(2020, 8, 31), "split", 1 / 5)
    shares = catalog["micron_shares_outstanding"]
    assert list(problems(shares, rows, NOW, [split])) == []


def test_an_index_is_never_said_to_be_split(catalog: Catalog) -> None:
    rows = [(date(2026, 5, 22), 2000.0), (date(2026, 5, 26), 6000.0)]
    (said,) = _said(catalog, "sp500", *rows)
    assert "split" not in said
