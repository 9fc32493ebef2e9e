"""Where the ticks of an axis stand and what they say: round numbers, and dates as readers have
them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from dashboard import formatting
from etl.frequency import Frequency


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
    """Years, months or days, so many that their labels fit side by side."""
    days = (last - first).days
    if frequency == "annual" or days > 900:
        years = last.year - first.year + 1
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if years / s <= 7)
        for year in range(first.year + (-first.year % step), last.year + 1, step):
            if first <= (start := date(year, 1, 1)) <= last:
                yield start, str(year)
    elif days > 70:
        yield from _month_ticks(first, last, days, lang)
    else:
        step = max(1, math.ceil(days / 5))
        for k in range(0, days + 1, step):
            day = first + timedelta(days=k)
            yield day, f"{day.month} 月 {day.day} 日" if lang == "zh" else f"{day.day} {day:%b}"


def _nice_step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)


def _log_steps(low: float, high: float) -> list[float]:
    steps = [
        m * 10.0**p
        for p in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for m in (1, 2, 5)
    ]
    inside = [v for v in steps if low <= v <= high]
    return inside if len(inside) >= 2 else [low, high]


def _short(value: float, step: float = 0.0) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if step and round(step * 10**decimals, 6) != round(step * 10**decimals):
        decimals += 1
    if not step:
        return formatting.trimmed(value)
    return formatting.grouped(value, decimals)


def _month_ticks(first: date, last: date, days: int, lang: str) -> Iterator[tuple[date, str]]:
    step = next(s for s in (1, 2, 3, 6) if days / 30.4 / s <= 7)
    index = first.year * 12 + first.month - 1
    while True:
        index += 1
        start = date(index // 12, index % 12 + 1, 1)
        if start > last:
            return
        if (start.month - 1) % step == 0:
            month = f"{start.month} 月" if lang == "zh" else f"{start:%b}"
            year = f"{start.year} 年" if lang == "zh" else f"{start.year}"
            yield start, year if start.month == 1 else month
