"""Transforms of whole series: pure functions, the same length out as in, None for empty."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from dashboard.address import Transform, Window
from etl.catalog import Indicator
from etl.observation import Vintage

Values = list[float | None]
#: How much older than one month or one year a base may be, in days, by frequency.
TOLERANCE_DAYS = {"daily": 10, "monthly": 45, "quarterly": 100, "annual": 400, "event": 400}
FEW = 8


def transformed(
    series: Sequence[Vintage], what: Transform, indicator: Indicator, start: date | None
) -> Values:
    """The values of the whole series after a transform. `start` is where the window begins: the
    default base of an index."""
    plain: Values = [v.value for v in series]
    match what.name:
        case "level":
            return plain
        case "diff":
            return _pairwise(series, lambda now, before: now - before)
        case "pct":
            return _pairwise(series, _change_pct)
        case "mom":
            return _over(series, indicator, _month_before)
        case "yoy":
            return _over(series, indicator, _year_before)
        case "index":
            return _index(series, what.base or start)
        case "drawdown":
            return _drawdown(series)
    assert what.n is not None
    return _rolling(series, what.n, statistics.fmean if what.name == "ma" else _z)


def span(series: Sequence[Vintage], window: Window, end: date | None = None) -> tuple[date, date]:
    """The first and last day of a window. Ranges count back from the newest value; the default is
    one year, or everything when the last year holds fewer than 8 observations."""
    newest = end or (series[-1].date if series else date.min)
    if window.start or window.end:
        return window.start or date.min, window.end or date.max
    name = window_name(series, window)
    if name == "max" or not series:
        return date.min, date.max
    return _start_of(name, newest), newest


def window_name(series: Sequence[Vintage], window: Window) -> str:
    """The named range that a window means; nothing for FROM..TO."""
    if window.name or window.start or window.end:
        return window.name
    if not series:
        return "max"
    year_ago = _year_before(series[-1].date)
    return "1y" if sum(v.date >= year_ago for v in series) >= FEW else "max"


def _start_of(name: str, newest: date) -> date:
    if name == "ytd":
        return date(newest.year, 1, 1)
    count = int(name[:-1])
    return _months_before(newest, count if name.endswith("m") else 12 * count)


def _pairwise(series: Sequence[Vintage], combine: Callable[[float, float], float | None]) -> Values:
    result: Values = [None] * min(1, len(series))
    for before, now in pairwise(series):
        result.append(combine(now.value, before.value) if _comparable(before, now) else None)
    return result


def _over(
    series: Sequence[Vintage], indicator: Indicator, earlier: Callable[[date], date]
) -> Values:
    days = [v.date for v in series]
    tolerance = timedelta(days=TOLERANCE_DAYS[indicator.frequency])
    result: Values = []
    for now in series:
        target = earlier(now.date)
        index = bisect_right(days, target) - 1
        near = index >= 0 and target - days[index] <= tolerance
        base = series[index] if near else None
        ok = base is not None and _comparable(base, now)
        result.append(_change_pct(now.value, base.value) if ok and base else None)
    return result


def _index(series: Sequence[Vintage], start: date | None) -> Values:
    place = bisect_left([v.date for v in series], start) if start else 0
    if place >= len(series) or series[place].value <= 0:
        return [None] * len(series)
    base = series[place]
    return [100 * v.value / base.value if _comparable(base, v) else None for v in series]


def _drawdown(series: Sequence[Vintage]) -> Values:
    result: Values = []
    top: Vintage | None = None
    for now in series:
        if top is None or now.value > top.value:
            top = now
        ok = top.value > 0 and _comparable(top, now)
        result.append(100 * (now.value / top.value - 1) if ok else None)
    return result


def _rolling(
    series: Sequence[Vintage], n: int, combine: Callable[[Sequence[float]], float | None]
) -> Values:
    result: Values = []
    for stop in range(1, len(series) + 1):
        part = series[max(0, stop - n) : stop]
        whole = len(part) == n and len({v.basis for v in part}) == 1
        result.append(combine([v.value for v in part]) if whole else None)
    return result


def _z(values: Sequence[float]) -> float | None:
    deviation = statistics.stdev(values)
    return (values[-1] - statistics.fmean(values)) / deviation if deviation > 0 else None


def _change_pct(now: float, before: float) -> float | None:
    if before <= 0:
        return None
    change = 100 * (now / before - 1)
    return change if math.isfinite(change) else None


def _comparable(one: Vintage, other: Vintage) -> bool:
    """Values of different ways of measuring are not compared."""
    return one.basis == other.basis


def _month_before(day: date) -> date:
    return _months_before(day, 1)


def _year_before(day: date) -> date:
    return _months_before(day, 12)


def _months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
