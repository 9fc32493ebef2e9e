"""How long a statement that was found true stays so: the values that keep it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from etl.claims.judging.case import Case, Ruling
from etl.claims.model import TRUE, JudgedBy, Kind

Bounds = tuple[float, float]


def judged_by(case: Case, found: Ruling) -> JudgedBy | None:
    """The date of the value that a verdict rests on, and the bounds between which later values keep
    a true statement true."""
    if found.at is None:
        return None
    day, bounds = case.date_of(found.at), _BOUNDS.get(case.statement.kind)
    if bounds is None or found.verdict not in TRUE or case.statement.mode == "month_end":
        return JudgedBy(day)
    value = case.value_of(found.at)
    low, high = bounds(case, value)
    return JudgedBy(day, min(low, value), max(high, value))  # another vendor's last digit is true


def _level(case: Case, value: float) -> Bounds:
    """As far as the precision of the text, and of its hedge, goes."""
    number, mark = case.number(), case.mark()
    if case.statement.mode == "bound":
        return (
            _above(math.nextafter(mark, math.inf)) if case.statement.way == "up" else _below(mark)
        )
    half = number.step / 2
    low, high = mark - half, (mark if number.high is None else number.high) + half
    hedge = case.grammar.hedges.get(case.statement.hedge)
    if hedge is not None and not hedge.below_pct:  # 逾
        low, high = mark, math.inf
    return low, high


def _milestone(case: Case, value: float) -> Bounds:
    """On the side of the number that was reached."""
    return _above(case.mark()) if value >= case.mark() else _below(case.mark())


def _above(mark: float) -> Bounds:
    return mark, math.inf


def _below(mark: float) -> Bounds:
    return -math.inf, math.nextafter(mark, -math.inf)


_BOUNDS: Mapping[Kind, Callable[[Case, float], Bounds]] = {
    "level": _level,
    "milestone": _milestone,
    "first": _milestone,
    "record_high": lambda case, value: (-math.inf, value),
    "record_low": lambda case, value: (value, math.inf),
}
