"""The periods of a table as people write them, read only where they can mean one thing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from etl.errors import quoted
from etl.frequency import RULES, Frequency, period_of

_YEAR = r"((?:19|20)\d\d)"
_MONTH = r"(1[0-2]|0?[1-9])"
_DASH = r"[-–—―~～至到]"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_MONTHS = {
    name: at
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_NAMED = "|".join(_MONTHS)
_DAYS = (
    re.compile(rf"{_YEAR}-{_MONTH}-(\d\d?)(?:T?00:00(?::00)?)?"),
    re.compile(rf"{_YEAR}/{_MONTH}/(\d\d?)"),
    re.compile(rf"{_YEAR}\.{_MONTH}\.(\d\d?)"),
    re.compile(rf"{_YEAR}年{_MONTH}月(\d\d?)日"),
    re.compile(rf"{_YEAR}(0[1-9]|1[0-2])(\d\d)"),
)
_OF_MONTHS = (
    re.compile(rf"{_YEAR}年{_MONTH}月份?"),
    re.compile(rf"{_YEAR}[-/]{_MONTH}月?"),
    re.compile(rf"{_YEAR}[.]?(0[1-9]|1[0-2])"),
    re.compile(rf"{_YEAR}m{_MONTH}"),
)
_OF_QUARTERS = (
    re.compile(rf"{_YEAR}年第?([一二三四1-4])季度?"),
    re.compile(rf"{_YEAR}年?-?q([1-4])"),
)
_OF_YEARS = re.compile(rf"{_YEAR}(?:年度?|年全年|年1{_DASH}12月)?")
_SEVERAL = re.compile(
    rf"(?:{_YEAR}年?)?\d\d?月?份?{_DASH}\d\d?月份?|.*(?:累计|上半年|下半年|前[一二三四两1-4]季度"
    rf"|[一1]{_DASH}[二三四2-4]季度).*"
)
_NO_YEAR = re.compile(r"\d\d?月份?|第?[一二三四1-4]季度?|q[1-4]|\d\d?月\d\d?日")
#: How a period is written that fits a frequency.
WRITTEN: dict[Frequency, str] = {
    "daily": "2026-01-31",
    "event": "2026-01-31",
    "monthly": "2026年1月 or 2026-01",
    "quarterly": "2026年第一季度 or 2026Q1",
    "annual": "2026年",
}


class NoPeriod(Exception):
    """A text that names no period of the frequency; `str(error)` says why. `is_several` if it names
    one that covers several."""

    def __init__(self, sentence: str, *, is_several: bool = False) -> None:
        super().__init__(sentence)
        self.is_several = is_several


@dataclass(frozen=True, slots=True)
class _ReadPeriod:
    kind: Literal["day", "month", "quarter", "year"]
    first: date


def period(text: str, frequency: Frequency) -> date:
    """The day that stands for the period of `text`: itself, or the first day of a longer one; a
    NoPeriod in words if it may be anything else."""
    said, written = _plain(text), WRITTEN.get(frequency, "2026-01-31")
    if _SEVERAL.fullmatch(said) and not (frequency == "annual" and _OF_YEARS.fullmatch(said)):
        raise NoPeriod(f"'{quoted(text)}' covers several periods in one", is_several=True)
    if _NO_YEAR.fullmatch(said):
        raise NoPeriod(f"'{quoted(text)}' names no year; write {written}")
    named = _named(said)
    if named is None:
        raise NoPeriod(f"'{quoted(text)}' is no period; write {written}")
    months = RULES[frequency].months
    if months is None:
        if named.kind != "day":
            raise NoPeriod(f"'{quoted(text)}' names no day; write {written}")
        return named.first
    length = {"day": None, "month": 1, "quarter": 3, "year": 12}[named.kind]
    if length not in (None, months):
        raise NoPeriod(f"'{quoted(text)}' is a {named.kind}; the indicator is {frequency}")
    return period_of(frequency, named.first)


def is_period(text: str, frequency: Frequency) -> bool:
    """Whether a text names one period of the frequency."""
    try:
        period(text, frequency)
    except NoPeriod:
        return False
    return True


def _plain(text: str) -> str:
    """Without spaces and full-width forms."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _named(said: str) -> _ReadPeriod | None:
    for form in _DAYS:
        if found := form.fullmatch(said):
            try:
                return _ReadPeriod("day", date(int(found[1]), int(found[2]), int(found[3])))
            except ValueError:
                return None
    for form in _OF_MONTHS:
        if found := form.fullmatch(said):
            return _ReadPeriod("month", date(int(found[1]), int(found[2]), 1))
    for form in _OF_QUARTERS:
        if found := form.fullmatch(said):
            return _ReadPeriod("quarter", date(int(found[1]), 3 * _QUARTERS[found[2]] - 2, 1))
    if found := _OF_YEARS.fullmatch(said):
        return _ReadPeriod("year", date(int(found[1]), 1, 1))
    if found := re.fullmatch(rf"({_NAMED})[a-z]*[.,-]?{_YEAR}", said):
        with_day = datetime(int(found[2]), _MONTHS[found[1]], 1)
        return _ReadPeriod("month", with_day.date())
    return None
