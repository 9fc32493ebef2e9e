"""Verdicts on levels, changes and directions."""

from __future__ import annotations

from etl.claims.judging.agreement import agreement, last_digits
from etl.claims.judging.bases import base_of, origin_of
from etl.claims.judging.case import Case, Ruling, Unknown, plain
from etl.claims.judging.counts import is_sum
from etl.claims.judging.sessions import value_meant
from etl.claims.model import Verdict
from etl.claims.statement import NOT_YOY, OTHER_TIME, Statement
from etl.words.numbers import UNCHANGED, says_something, signed

_EXACT = 0.01
SUMMED = "说的是一段时间合计，本站按期计，不作核对"


def of_growth(statement: Statement) -> Statement:
    """What is said of a rate of growth on the year before: 同比下降 2.1% is its level. Less is not
    understood: a rate that falls may still be one of growth."""
    number, base = statement.number, statement.base
    if statement.kind == "level":
        return statement._replace(doubt=statement.doubt or NOT_YOY)  # 同比降幅为 2.1%
    if statement.kind != "change" or number is None or number.value is None:
        return statement._replace(problem=statement.problem or NOT_YOY)
    if number.unit != "percent":
        return statement  # so many percentage points
    if base is None or base.kind != "year":
        return statement._replace(problem=statement.problem or NOT_YOY)
    if statement.way == "down":
        high = None if number.high is None else -number.high
        number = number._replace(value=-number.value, high=high)
    return statement._replace(kind="level", way="", number=number, base=None)


def level(case: Case) -> Ruling:
    """A value at a time; where a move began, or one side of a number."""
    number, statement = case.number(), case.statement
    if (
        statement.base is not None
        and statement.base.kind in ("year", "period")
        and not (statement.mode == "origin")
    ):
        raise Unknown(OTHER_TIME)
    if is_sum(case):
        raise Unknown(SUMMED)
    at = value_meant(case)
    if statement.mode == "origin":
        at = origin_of(case, at)
    if case.indicator.statements.upper_of_range:  # told in quarters of a per cent, never rounded
        number = number._replace(step=min(number.step, _EXACT))
    actual, mark = case.value_of(at), case.mark()
    apart = last_digits(actual)
    if statement.mode == "bound":
        is_so = actual > mark if statement.way == "up" else actual < mark
        verdict: Verdict = "supported" if is_so else "contradicted"
        if not is_so and abs(actual - mark) <= apart:
            verdict = "approximate"
    else:
        decimals, hedges = case.indicator.decimals, case.grammar.hedges
        verdict = agreement(number, statement.hedge, actual, decimals, hedges, apart)
    reach = case.indicator.statements.elsewhere.level_pct / 100 * abs(actual)
    return case.elsewhere(
        case.result(verdict, case.told(at), at, None, "3m"), abs(actual - mark) <= reach
    )


def change(case: Case) -> Ruling:
    """A change in per cent, in basis points or in the unit of the indicator."""
    number, statement = case.number(), case.statement
    if is_sum(case):
        raise Unknown(SUMMED)
    at = value_meant(case)
    before = base_of(case, at)
    old = case.value_of(before)
    actual, decimals, shown = _change(case, number.unit, case.value_of(at), old)
    sign = -1.0 if (statement.way == "down") != statement.is_inverse else 1.0
    new, told_change = case.value_of(at), sign * case.mark()
    apart = 2 * last_digits(new) * (_scale(number.unit, old))
    hedges = case.grammar.hedges
    verdict = agreement(number, statement.hedge, sign * actual, decimals, hedges, apart)
    moved = f"变动 {shown}" if says_something(shown) else UNCHANGED["zh"]
    told = f"{case.told(at)}，{case.told(before)}，{moved}"
    period = case.between(before, at)
    reach = case.elsewhere_abs(new) * _scale(number.unit, old)
    return case.elsewhere(
        case.result(verdict, told, at, old, case.range(before, at), period),
        abs(actual - told_change) <= reach,
    )


def _scale(unit: str, old: float) -> float:
    """What a difference of values is as a change in a unit."""
    if unit == "percent":
        return 100 / old if old else 0.0
    return 100.0 if unit == "basis_point" else 1.0


def _change(case: Case, unit: str, new: float, old: float) -> tuple[float, int, str]:
    """The change in a unit, the decimals it is compared at, and how it is shown."""
    difference = new - old
    if unit == "percent":
        if old <= 0:
            raise Unknown("基数不为正，不能算百分比")
        return 100 * difference / old, 2, f"{plain(signed(100 * difference / old, 2))}%"
    if unit == "basis_point":
        return 100 * difference, 1, f"{plain(signed(100 * difference, 1))} 个基点"
    return difference, case.indicator.decimals, case.shown(difference, sign=True)


def direction(case: Case) -> Ruling:
    """Up, down or flat, and of a word that says so by how much."""
    at = value_meant(case)
    before = base_of(case, at)
    old = case.value_of(before)
    verdict = _direction(case, case.value_of(at), old)
    told, period = f"{case.told(at)}，{case.told(before)}", case.between(before, at)
    moved = abs(case.value_of(at) - old)
    return case.elsewhere(
        case.result(verdict, told, at, old, case.range(before, at), period),
        moved <= max(case.elsewhere_abs(old), 2 * last_digits(old)),
    )


def _direction(case: Case, new: float, old: float) -> Verdict:
    way, move = case.way(), new - old
    pct = 100 * move / abs(old) if old else 0.0
    if way == "flat":
        if move == 0:
            return "supported"
        if abs(pct) <= case.grammar.flat_within_pct:
            return "approximate"
        return (
            "unverifiable"
            if abs(pct) <= case.grammar.sizes["slight"].at_most_pct
            else "contradicted"
        )
    if move == 0 or (move > 0) != (way == "up"):
        return "contradicted"
    return "supported" if _has_size(case, move, pct) else "approximate"


def _has_size(case: Case, move: float, pct: float) -> bool:
    """Whether a move is as large, or as slight, as its word says: 大涨, 微跌."""
    size = case.grammar.sizes.get(case.statement.size)
    if size is None:
        return True
    if case.unit.code == "percent":
        return size.at_least_bp <= abs(100 * move) <= size.at_most_bp
    return size.at_least_pct <= abs(pct) <= size.at_most_pct
