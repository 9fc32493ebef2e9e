"""Periods and steps: the rule of each frequency, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.frequency import (
    RULES,
    Frequency,
    base_index,
    base_indices,
    index_at,
    is_step,
    months_after,
    period_end,
    period_name,
    period_of,
)
from etl.storage.periods import is_base, shares_period
from etl.storage.periods import is_step as is_step_sql

DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("frequency", "before", "after", "expected"),
    [
        ("daily", "2026-05-22", "2026-05-26", True),
        ("daily", "2026-02-27", "2026-03-31", False),
        ("monthly", "2026-03-31", "2026-04-01", True),
        ("monthly", "2026-03-01", "2026-04-30", True),
        ("monthly", "2026-02-28", "2026-04-01", False),
        ("quarterly", "2026-03-31", "2026-04-01", True),
        ("annual", "2011-12-31", "2013-01-01", False),
        ("annual", "2012-01-01", "2013-12-31", True),
        ("event", "2008-12-16", "2015-12-17", True),
    ],
)
def test_a_step_is_one_period_or_a_near_day(
    frequency: Frequency, before: str, after: str, expected: bool
) -> None:
    assert is_step(frequency, date.fromisoformat(before), date.fromisoformat(after)) is expected


def test_the_base_of_a_month_is_that_of_the_month_before_whatever_its_day() -> None:
    days = [date(2026, 2, 28), date(2026, 3, 15), date(2026, 4, 1)]
    assert base_index("monthly", days, date(2026, 4, 1), 1) == 1
    assert base_index("monthly", days, date(2026, 3, 15), 1) == 0
    assert base_index("monthly", [days[0], days[2]], date(2026, 4, 1), 1) is None


def test_a_year_without_a_survey_has_no_base() -> None:
    days = [date(2007, 1, 1), date(2011, 1, 1), date(2013, 1, 1), date(2014, 1, 1)]
    assert base_index("annual", days, date(2013, 1, 1), 12) is None
    assert base_index("annual", days, date(2014, 1, 1), 12) == 2
    assert base_index("annual", days, date(2014, 1, 1), 1) is None


def test_the_base_of_a_day_is_no_older_than_ten_days() -> None:
    days = [date(2026, 4, 15), date(2026, 4, 24), date(2026, 5, 26)]
    assert base_index("daily", days, date(2026, 5, 26), 1) == 1
    assert base_index("daily", [days[0], days[2]], date(2026, 5, 26), 1) is None


#: What sources give; the warehouse knows no weeks.
HELD: list[Frequency] = [frequency for frequency in sorted(RULES) if frequency != "weekly"]


@given(day=DAYS, frequency=st.sampled_from(sorted(RULES)))
def test_a_day_lies_in_its_period_and_the_next_day_begins_the_next_step(
    day: date, frequency: Frequency
) -> None:
    last = period_end(frequency, day)
    assert period_of(frequency, day) <= day <= last
    assert is_step(frequency, day, last + timedelta(days=1))


@given(day=DAYS, months=st.integers(-600, 600))
def test_months_are_counted_by_the_calendar(day: date, months: int) -> None:
    moved = months_after(day, months)
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert moved.day <= day.day


@given(frequency=st.sampled_from(sorted(RULES)), days=st.lists(DAYS, unique=True), day=DAYS)
def test_the_value_that_held_on_a_day_is_never_of_a_later_period(
    frequency: Frequency, days: list[date], day: date
) -> None:
    days.sort()
    at = index_at(frequency, days, day)
    older = [one for one in days if period_of(frequency, one) <= period_of(frequency, day)]
    if at is None:
        newest = older[-1] if older else date.min
        assert not is_in_reach(frequency, newest, day)
    else:
        assert days[at] == older[-1]
        assert is_in_reach(frequency, days[at], day)


@given(
    frequency=st.sampled_from(sorted(RULES)),
    days=st.lists(st.dates(date(2019, 1, 1), date(2022, 1, 1)), unique=True, max_size=40),
    months=st.sampled_from([1, 3, 12]),
)
def test_the_bases_of_a_whole_series_are_those_of_its_days(
    frequency: Frequency, days: list[date], months: int
) -> None:
    days.sort()
    found = base_indices(frequency, np.array(days, dtype="datetime64[D]"), months).tolist()
    one_by_one = [base_index(frequency, days, day, months) for day in days]
    assert found == [-1 if at is None else at for at in one_by_one]


def is_in_reach(frequency: Frequency, held: date, day: date) -> bool:
    if RULES[frequency].is_of_periods:
        return period_of(frequency, held) == period_of(frequency, day)
    return (day - held).days <= {"daily": 10, "event": 400}[frequency]


def test_a_period_is_called_by_its_name() -> None:
    day = date(2026, 5, 26)
    names = {frequency: period_name(frequency, day) for frequency in RULES}
    assert names == {
        "daily": "2026-05-26", "monthly": "May 2026", "quarterly": "quarter 2 of 2026",
        "annual": "2026", "event": "2026-05-26", "weekly": "the week of 2026-05-25",
    }  # fmt: skip


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@given(frequency=st.sampled_from(HELD), one=DAYS, apart=st.integers(0, 800))
def test_sql_says_the_same_of_periods_and_steps(
    database: duckdb.DuckDBPyConnection, frequency: Frequency, one: date, apart: int
) -> None:
    rule, other = RULES[frequency], one + timedelta(days=apart)
    told = "(select $one::date as one, $other::date as other, $m::integer as m, $s::integer as s, "
    query = (
        f"select {shares_period('one', 'other', 'm')}, {is_step_sql('one', 'other', 'm', 's')}, "
        f"{is_base('other', 'one', 1, 'm', 'b')}, {is_base('other', 'one', 12, 'm', 'b')} "
        f"from {told} $b::integer as b)"
    )
    values = {"one": one, "other": other, "m": rule.months, "s": rule.step_days}
    found = database.execute(query, {**values, "b": rule.base_days}).fetchall()
    assert found == [
        (
            period_of(frequency, one) == period_of(frequency, other),
            is_step(frequency, one, other),
            *(base_index(frequency, [one], other, months) == 0 for months in (1, 12)),
        )
    ]
