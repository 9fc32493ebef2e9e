"""Verdicts on counts: of a month, of the months of a year, of the parts of a whole."""

from __future__ import annotations

from itertools import pairwise

from etl.claims.dates import Period
from etl.claims.judging.agreement import agreement
from etl.claims.judging.case import Case, Ruling, Unknown
from etl.claims.judging.sessions import first_from, value_meant
from etl.frequency import is_step, period_of


def count(case: Case) -> Ruling:
    """A number of things; parts of one whole are added up."""
    number, period = case.number(), _summed(case)
    if period is not None:
        at, actual, told = _sum(case, period)
    else:
        at = value_meant(case)
        actual, told = case.value_of(at), case.told_own(at)
        if case.indicator.frequency == "monthly" and case.period is None:
            raise Unknown("没有说明是哪个月的数目")
    if case.statement.is_part:
        return _parts(case, actual, told, at)
    verdict = agreement(number, case.statement.hedge, actual, 0, case.grammar.hedges)
    return case.result(verdict, told, at, None, "max")


def is_sum(case: Case) -> bool:
    """Whether what several periods add up to is meant, or how much that has grown."""
    adds_up = case.is_count or case.unit.adds_up or case.indicator.statements.growth
    frequency, period = case.indicator.frequency, case.period
    if not adds_up or period is None or frequency not in ("monthly", "quarterly"):
        return False
    return period_of(frequency, period.first) != period_of(frequency, period.last)


def _summed(case: Case) -> Period | None:
    """The year or quarter of which the monthly counts are added up."""
    if case.indicator.frequency != "monthly" or not case.is_count or case.period is None:
        return None
    return case.period if case.period.span in ("year", "half", "quarter") else None


def _sum(case: Case, period: Period) -> tuple[int, float, str]:
    """The last month of a period, the sum of its months, and both in words."""
    last = case.history.within(period.first, min(period.last, case.day))
    if last is None:
        raise Unknown(f"没有 {period} 的数目")
    first = first_from(case, period.first)
    days, frequency = case.history.days[first : last + 1], case.indicator.frequency
    is_whole = period_of(frequency, days[0]) == period_of(frequency, period.first)
    if not is_whole or not all(is_step(frequency, *pair) for pair in pairwise(days)):
        raise Unknown(f"{period} 的数目不全")
    for at in range(first, last + 1):
        case.must_be_independent(at)
    total = float(case.history.values[first : last + 1].sum())
    return last, total, f"{period} 各月合计 {case.shown(total)}"


def _parts(case: Case, actual: float, told: str, at: int) -> Ruling:
    """A part of what is counted: with the other parts of its sentence it must be the whole."""
    parts = case.statement.parts
    total = sum(parts)
    if len(parts) == 1 and total <= actual:
        told = f"{told}，是总数；文中只说了其中一部分"
        return case.result("unverifiable", told, at, None, "max")
    if len(parts) > 1:
        told = f"{told}（{' + '.join(f'{part:g}' for part in parts)} = {total:g}）"
    return case.answer(len(parts) > 1 and total == actual, told, at, None, "max")
