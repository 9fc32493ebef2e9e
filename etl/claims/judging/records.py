"""Verdicts on records, round numbers and firsts."""

from __future__ import annotations

import numpy as np

from etl.claims.judging.bases import previous, window_start
from etl.claims.judging.case import Case, Found, Unknown
from etl.claims.judging.sessions import first_meant, value_meant


def record_high(case: Case) -> Found:
    """Strictly above every earlier value of the same definition."""
    return _record(case, 1.0, "最高")


def record_low(case: Case) -> Found:
    """Strictly below every earlier value of the same definition."""
    return _record(case, -1.0, "最低")


def _record(case: Case, sign: float, name: str) -> Found:
    last = value_meant(case)
    first_at = first_meant(case, last)
    values = sign * case.history.values
    at = first_at + int(np.argmax(values[first_at : last + 1]))
    start = case.history.start_of(at)
    first = window_start(case, at, start)
    if first >= at:
        raise Unknown(f"{case.own_period(at)} 以前没有同口径的值可比")
    best = first + int(np.argmax(values[first:at]))
    told = (
        f"{case.told_own(at)}；{case.own_period(first)} 以来所存 {at - first} 个值中{name}是 "
        f"{case.own_period(best)} 的 {case.shown(case.value_of(best))}"
    )
    t = "max" if first == start else f"{case.date_of(first)}.."
    return case.answer(bool(values[at] > values[best]), told, at, case.value_of(best), t)


def milestone(case: Case) -> Found:
    """A number that was crossed in the time meant; 守住 only stands above it."""
    mark, at = case.mark(), value_meant(case)
    if case.statement.mode == "hold":
        return case.answer(case.value_of(at) >= mark, case.told(at), at, None, "3m")
    places = range(first_meant(case, at), at + 1)
    crossed = [place for place in places if _crosses(case, place, mark)]
    at = crossed[-1] if crossed else at
    before = previous(case, at)
    told = f"{case.told(at)}，{case.told(before)}"
    return case.answer(bool(crossed), told, at, case.value_of(before), "3m")


def _crosses(case: Case, at: int, mark: float) -> bool:
    if at <= case.history.start_of(at):
        return False
    old, new = case.value_of(previous(case, at)), case.value_of(at)
    return old < mark <= new if case.way() == "up" else new < mark <= old


def first(case: Case) -> Found:
    """A number that was reached, and by no earlier value held."""
    mark, at = case.mark(), value_meant(case)
    since = window_start(case, at, case.history.start_of(at))
    earlier = case.history.values[since:at]
    if not len(earlier):
        raise Unknown(f"{case.date_of(at)} 以前没有同口径的值可比")
    sign = -1.0 if case.way() == "down" else 1.0
    reached = np.flatnonzero(sign * earlier >= sign * mark)
    held = f"{case.date_of(since)} 以来所存 {at - since} 个值"
    if len(reached):
        told = f"{held}中，{case.date_of(since + int(reached[0]))} 已经达到过"
    else:
        told = f"{held}都没有达到过"
    is_so = sign * case.value_of(at) >= sign * mark and not len(reached)
    return case.answer(is_so, f"{case.told(at)}；{told}", at, case.value_of(at - 1), "max")
