"""Where the ticks of an axis stand and what they say: round numbers, and dates as readers have
them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from dashboard import formatting
from etl.frequency import RULES, Frequency, period_middle

#: As many labels of dates as fit on the narrowest paper.
MOST = 7


def value_ticks(
    values: Sequence[float], *, zero: bool, log: bool
) -> tuple[float, float, list[tuple[float, str]]]:
    """Both ends of an axis over these values, and its ticks; `zero` begins it at nought."""
    if not values:
        return 0.0, 1.0, []
    low, high = min(values), max(values)
    if zero:
        low, high = min(0.0, low), max(1.0, high)
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    if log and low > 0:
        return low, high, [(v, _short(v)) for v in _log_steps(low, high)]
    step = _nice_step((high - low) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [(k * step, _short(k * step, step)) for k in range(first, last + 1)]
    return first * step, last * step, ticks


def date_ticks(
    first: date, last: date, frequency: Frequency, lang: str
) -> Iterator[tuple[date, str]]:
    """Years, quarters, months or days, so many that their labels fit side by side: nothing shorter
    than what a value stands for, and under its place, the middle of its period."""
    days, months = (last - first).days, RULES[frequency].months
    if months == 12 or days > 900:
        return _year_ticks(first, last, frequency)
    if months == 3:
        return _quarter_ticks(first, last, lang)
    if months == 1 or days > 70:
        return _month_ticks(first, last, frequency, lang)
    return _day_ticks(first, days, lang)


def _year_ticks(first: date, last: date, frequency: Frequency) -> Iterator[tuple[date, str]]:
    years = last.year - first.year + 1
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if years / s <= MOST)
    for year in range(first.year + (-first.year % step), last.year + 1, step):
        if first <= (start := period_middle(frequency, date(year, 1, 1))) <= last:
            yield start, str(year)


def _quarter_ticks(first: date, last: date, lang: str) -> Iterator[tuple[date, str]]:
    start, end = (day.year * 4 + (day.month - 1) // 3 for day in (first, last))
    step = next(s for s in (1, 2, 4) if (end - start + 1) / s <= MOST)
    for index in range(start, end + 1):
        year, quarter = divmod(index, 4)
        at = period_middle("quarterly", date(year, 3 * quarter + 1, 1))
        if quarter % step == 0 and first <= at <= last:
            name = f"{'一二三四'[quarter]}季度" if lang == "zh" else f"Q{quarter + 1}"
            whole = _year(year, lang) if lang == "zh" else f"{year}Q1"
            yield at, name if quarter else whole


def _month_ticks(
    first: date, last: date, frequency: Frequency, lang: str
) -> Iterator[tuple[date, str]]:
    step = next(s for s in (1, 2, 3, 6) if (last - first).days / 30.4 / s <= MOST)
    for index in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, month = index // 12, index % 12 + 1
        at = period_middle(frequency, date(year, month, 1))
        if (month - 1) % step == 0 and first <= at <= last:
            name = f"{month} 月" if lang == "zh" else f"{at:%b}"
            yield at, _year(year, lang) if month == 1 else name


def _day_ticks(first: date, days: int, lang: str) -> Iterator[tuple[date, str]]:
    for k in range(0, days + 1, max(1, math.ceil(days / 5))):
        day = first + timedelta(days=k)
        yield day, f"{day.month} 月 {day.day} 日" if lang == "zh" else f"{day.day} {day:%b}"


def _year(year: int, lang: str) -> str:
    return f"{year} 年" if lang == "zh" else str(year)


def _nice_step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)


def _log_steps(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), range(1, 10)):
        inside = [m * 10.0**p for p in powers for m in digits if low <= m * 10.0**p <= high]
        if len(inside) >= 2:
            return inside
    return [low, high]


def _short(value: float, step: float = 0.0) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if step and round(step * 10**decimals, 6) != round(step * 10**decimals):
        decimals += 1
    if not step:
        return formatting.trimmed(value)
    return formatting.grouped(value, decimals)
