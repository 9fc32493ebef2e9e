"""Times as texts name them (隔夜, 上周五, 5 月 26 日, 今年以来) and the days that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from etl.calendars import end_of as end_of
from etl.calendars import is_session, session_close
from etl.frequency import months_after

Span = Literal["day", "week", "month", "quarter", "half", "year"]
_CHINESE: Mapping[str, str] = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_N = r"[0-9〇零一二三四五六七八九十]"
#: What every written date begins with; nearly all numbers are none.
_DATED = re.compile(
    rf"(?:{_N}{{1,4}}|[今去前]) ?[年月]|前 ?(?:{_N}{{1,2}}|两) ?个月|前 ?三 ?季度|[0-9]{{4}}[-/.]"
)
_FULL = re.compile(
    rf"(?:({_N}{{4}}|今|去|前) ?年 ?)?({_N}{{1,3}}) ?月 ?({_N}{{1,3}}) ?[日号]"
    r"|([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])"
)
_MONTH = re.compile(rf"(?:({_N}{{4}}|今|去|前) ?年 ?)?({_N}{{1,3}}) ?月(?:份|底|末|初|[上中下]旬)?")
_FIRST_MONTHS = re.compile(rf"前 ?(?:({_N}{{1,2}}|两) ?个月|(三) ?季度)")
_YEAR = re.compile(rf"({_N}{{4}}) ?年(?:度|底|末)?(?!期)")
#: How many years before that of the bulletin.
_BACK: Mapping[str, int] = {"今": 0, "去": -1, "前": -2}
#: A day so far ahead of the bulletin was that of the year before.
_AHEAD = timedelta(days=31)
#: As is a month so far ahead: 6 月 in May is to come, 12 月 is past.
_MONTHS_AHEAD = 3
#: The kinds of times that are a single day.
DAYS = frozenset({"day", "full", "weekdays", "day_of_month"})
#: The week that 全周 means is told by the day.
WHOLE_WEEK, _SATURDAY = -9, 5
#: How long a market may be closed.
_LONGEST_BREAK = 15


@dataclass(frozen=True, slots=True)
class When:
    """A time as a text names it. `kind` is the word's class in the grammar or full, month, year.

    `years_back` counts from the year of the bulletin. `is_dawn` is the small hours of a day in
    Beijing, `is_end` the end of a month or year, `is_local` a day of the market's own,
    `is_eve` the day before.
    """

    kind: str
    value: str = ""
    year: int | None = None
    month: int = 0
    day: int = 0
    amount: int = 0
    years_back: int | None = None
    is_dawn: bool = False
    is_end: bool = False
    is_local: bool = False
    is_eve: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, and what they are."""

    first: date
    last: date
    span: Span

    def __str__(self) -> str:
        if self.span == "month":
            return f"{self.first:%Y-%m}"
        if self.span == "year":
            return f"{self.first:%Y}"
        return str(self.first) if self.span == "day" else f"{self.first}..{self.last}"


def when_at(text: str, at: int) -> tuple[int, When] | None:
    """The written date that begins at `at`: where it ends, and what it is."""
    if not _DATED.match(text, at):
        return None
    if found := _FIRST_MONTHS.match(text, at):
        months = 9 if found[2] else 2 if found[1] == "两" else _int(found[1]) or 0
        return found.end(), When("first_months", amount=months)
    if found := _FULL.match(text, at):
        year, month, day = found.groups()[:3] if found[2] else found.groups()[3:]
        back = _BACK.get(year or "")
        named = _int(year) if back is None else None
        when = When("full", "", named, _int(month) or 0, _int(day) or 0, years_back=back)
        return found.end(), when
    if found := _MONTH.match(text, at):
        offset = _BACK.get(found[1] or "")
        month = _int(found[2]) or 0
        if offset is not None:
            return found.end(), When("month", month=month, value="offset", amount=offset)
        return found.end(), When("month", year=_int(found[1]), month=month)
    if found := _YEAR.match(text, at):
        return found.end(), When("year", year=_int(found[1]))
    return None


def period_of(when: When, day: date) -> Period | None:
    """The days that a time means in a bulletin of `day`; None if there is no such day."""
    try:
        return _PERIODS[when.kind](when, day)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)  # every statement of a bulletin asks for the same
def last_session(calendar: str, moment: datetime) -> date:
    """The last session that had closed by a moment."""
    day = moment.astimezone(UTC).date() + timedelta(days=1)
    while not is_session(calendar, day) or session_close(calendar, day) > moment:
        day -= timedelta(days=1)
    return day


@lru_cache(maxsize=100_000)
def session_on_or_before(calendar: str, day: date) -> date:
    """The last session up to a day; the day itself if the market has none for long."""
    for back in range(_LONGEST_BREAK):
        if is_session(calendar, day - timedelta(days=back)):
            return day - timedelta(days=back)
    return day


def _day(when: When, day: date) -> Period:
    on = day - timedelta(days=when.value == "yesterday")
    return Period(on, on, "day")


def _full(when: When, day: date) -> Period:
    named = _year_of(when, day)
    on = date(named or day.year, when.month, when.day)
    if named is None and on > day + _AHEAD:
        on = date(day.year - 1, when.month, when.day)
    return Period(on, on, "day")


def _day_of_month(when: When, day: date) -> Period:
    """13 日: the last one up to the day."""
    month = day.replace(day=1) if when.day <= day.day else months_after(day.replace(day=1), -1)
    on = month.replace(day=when.day)
    return Period(on, on, "day")


def _weekday(when: When, day: date) -> Period:
    """周五 is the last Friday up to the day; 上周五 that of the week before."""
    monday = day - timedelta(days=day.weekday())
    if when.value:
        on = monday + timedelta(days=when.amount + (-7 if when.value == "last" else 0))
    else:
        on = day - timedelta(days=(day.weekday() - when.amount) % 7)
    return Period(on, on, "day")


def _week(when: When, day: date) -> Period:
    weeks = when.amount
    if weeks == WHOLE_WEEK:  # 全周: the last one that is over
        if 0 < day.weekday() < _SATURDAY:
            raise ValueError("in the middle of a week, which one is meant is open")
        weeks = 0 if day.weekday() else -1
    monday = day + timedelta(days=7 * weeks - day.weekday())
    return Period(monday, monday + timedelta(days=6), "week")


def _year_of(when: When, day: date) -> int | None:
    """The year that is named with a month, quarter or half."""
    return when.year if when.years_back is None else day.year + when.years_back


def _month(when: When, day: date) -> Period:
    if when.kind == "months":
        return _months(months_after(day.replace(day=1), when.amount), 1, "month")
    named = _year_of(when, day)
    year = named or day.year + (when.amount if when.value == "offset" else 0)
    if named is None and not when.value and when.month > day.month + _MONTHS_AHEAD:
        year -= 1
    return _months(date(year, when.month, 1), 1, "month")


def _quarter(when: When, day: date) -> Period:
    year = _year_of(when, day) or day.year - ((when.amount - 1) * 3 + 1 > day.month)
    return _months(date(year, when.amount * 3 - 2, 1), 3, "quarter")


def _half(when: When, day: date) -> Period:
    year = _year_of(when, day) or day.year - ((when.amount - 1) * 6 + 1 > day.month)
    return _months(date(year, when.amount * 6 - 5, 1), 6, "half")


def _first_months(when: When, day: date) -> Period:
    """前四个月: from the beginning of the year."""
    year = _year_of(when, day) or day.year - (when.amount > day.month)
    return _months(date(year, 1, 1), when.amount, "half")


def _year(when: When, day: date) -> Period:
    year = when.year if when.year is not None else day.year + when.amount
    return Period(date(year, 1, 1), date(year, 12, 31), "year")


def _months(first: date, count: int, span: Span) -> Period:
    return Period(first, months_after(first, count) - timedelta(days=1), span)


_PERIODS = {
    "day_of_month": _day_of_month, "day": _day, "full": _full, "weekdays": _weekday,
    "weeks": _week, "months": _month,
    "month": _month, "quarters": _quarter, "halves": _half, "first_months": _first_months,
    "years": _year, "year": _year,
}  # fmt: skip


def _int(text: str | None) -> int | None:
    """A year, month or day in either numerals."""
    if not text:
        return None
    if text.isascii():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_digit(tens) if tens else 1) * 10 + (_digit(ones) if ones else 0)
    return int("".join(_CHINESE.get(c, c) for c in text))


def _digit(text: str) -> int:
    """One digit in either numerals; a number that no date has for anything else."""
    digit = _CHINESE.get(text, text)
    return int(digit) if len(digit) == 1 and digit in "0123456789" else 99
