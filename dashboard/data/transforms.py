"""Transforms of whole series: pure functions, the same length out as in, None for empty."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.address import Transform, Window
from etl.catalog import Indicator
from etl.changes import comparable
from etl.frequency import base_indices, is_step, months_after
from etl.records import Vintage

Values = list[float | None]
FEW = 8
#: How many numbers a block of windows may hold.
BLOCK = 2_000_000
#: The day that numpy counts from.
EPOCH = date(1970, 1, 1).toordinal()
Array = NDArray[np.floating[Any]]


class Empty(StrEnum):
    """Why a transform has no value for a date."""

    NO_BASE = "no_base"
    NO_STEP = "no_step"
    TOO_FEW = "too_few"
    NOT_POSITIVE = "base_not_positive"
    BREAK = "break_in_definition"
    NO_SPREAD = "no_spread"
    #: Of a period: it is not over at the newest value, or values are missing in it.
    UNFINISHED = "period_unfinished"
    INCOMPLETE = "period_incomplete"
    TOO_LARGE = "too_large"


Result = float | Empty


def transformed(
    series: Sequence[Vintage], what: Transform, indicator: Indicator, start: date | None
) -> Values:
    """The values of the whole series after a transform, None for empty. `start` is where the
    window begins: the default base of an index."""
    results = explained(series, what, indicator, start)
    return [None if isinstance(result, Empty) else result for result in results]


def explained(
    series: Sequence[Vintage], what: Transform, indicator: Indicator, start: date | None
) -> list[Result]:
    """As `transformed`, with the reason in the place of each value that is empty."""
    match what.name:
        case "level":
            return [v.value for v in series]
        case "diff":
            return _pairwise(series, indicator, lambda now, before: now - before)
        case "pct":
            return _pairwise(series, indicator, _change_pct)
        case "mom":
            return _over(series, indicator, 1)
        case "yoy":
            return _over(series, indicator, 12)
        case "index":
            return _index(series, indicator, what.base or start)
        case "drawdown":
            return _drawdown(series, indicator)
    assert what.n is not None
    return _rolling(series, indicator, what.n, _means if what.name == "ma" else _z_scores)


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
    year_ago = months_after(series[-1].date, -12)
    return "1y" if sum(v.date >= year_ago for v in series) >= FEW else "max"


def _start_of(name: str, newest: date) -> date:
    if name == "ytd":
        return date(newest.year, 1, 1)
    count = int(name[:-1])
    return months_after(newest, -count if name.endswith("m") else -12 * count)


def _pairwise(
    series: Sequence[Vintage], indicator: Indicator, combine: Callable[[float, float], Result]
) -> list[Result]:
    result: list[Result] = [Empty.NO_BASE] * min(1, len(series))
    for before, now in pairwise(series):
        result.append(_apart(before, now, indicator) or combine(now.value, before.value))
    return result


def _apart(before: Vintage, now: Vintage, indicator: Indicator) -> Empty | None:
    """Why a value may not be compared with the one before it; nothing where it may."""
    if not comparable(before, now, indicator):
        return Empty.BREAK
    return None if is_step(indicator.frequency, before.date, now.date) else Empty.NO_STEP


def _over(series: Sequence[Vintage], indicator: Indicator, months: int) -> list[Result]:
    """The change over so many months."""
    days = np.array([v.date.toordinal() - EPOCH for v in series], dtype="datetime64[D]")
    result: list[Result] = []
    for now, at in zip(
        series, base_indices(indicator.frequency, days, months).tolist(), strict=True
    ):
        if at < 0:
            result.append(Empty.NO_BASE)
        elif comparable(series[at], now, indicator):
            result.append(_change_pct(now.value, series[at].value))
        else:
            result.append(Empty.BREAK)
    return result


def _index(series: Sequence[Vintage], indicator: Indicator, start: date | None) -> list[Result]:
    place = bisect_left([v.date for v in series], start) if start else 0
    if place >= len(series):
        return [Empty.NO_BASE] * len(series)
    base = series[place]
    if base.value <= 0:
        return [Empty.NOT_POSITIVE] * len(series)
    return [
        100 * v.value / base.value if comparable(base, v, indicator) else Empty.BREAK
        for v in series
    ]


def _drawdown(series: Sequence[Vintage], indicator: Indicator) -> list[Result]:
    result: list[Result] = []
    top: Vintage | None = None
    for now in series:
        if top is None or now.value > top.value:
            top = now
        if not comparable(top, now, indicator):
            result.append(Empty.BREAK)
        else:
            result.append(_change_pct(now.value, top.value))
    return result


def _rolling(
    series: Sequence[Vintage],
    indicator: Indicator,
    n: int,
    combine: Callable[[Array], list[Result]],
) -> list[Result]:
    """`combine` gets a block of whole windows, one a row; blocks keep the memory small."""
    values = np.array([v.value for v in series])
    result: list[Result] = [Empty.TOO_FEW] * min(n - 1, len(series))
    if len(series) >= n:
        windows = np.lib.stride_tricks.sliding_window_view(values, n)
        step = max(1, BLOCK // n)
        for start in range(0, len(windows), step):
            result += combine(windows[start : start + step])
    run_start, why = 0, Empty.BREAK
    for index, (before, now) in enumerate(pairwise(series), start=1):
        if apart := _apart(before, now, indicator):
            run_start, why = index, apart
        if index >= n - 1 and run_start > index - n + 1:
            result[index] = why
    return result


def _means(windows: Array) -> list[Result]:
    return [float(mean) for mean in windows.mean(axis=1)]


def _z_scores(windows: Array) -> list[Result]:
    spread = windows.max(axis=1) > windows.min(axis=1)
    deviation = np.where(spread, windows.std(axis=1, ddof=1), 1.0)
    scores = (windows[:, -1] - windows.mean(axis=1)) / deviation
    return [float(z) if s else Empty.NO_SPREAD for z, s in zip(scores, spread, strict=True)]


def _change_pct(now: float, before: float) -> Result:
    if before <= 0:
        return Empty.NOT_POSITIVE
    change = 100 * (now / before - 1)
    return change if math.isfinite(change) else Empty.NOT_POSITIVE
