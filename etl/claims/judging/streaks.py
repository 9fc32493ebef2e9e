"""Verdicts on several moves in a row: 连涨三日, 波动."""

from __future__ import annotations

from collections.abc import Mapping

from etl.claims.judging.bases import previous
from etl.claims.judging.case import Case, Ruling, Unknown, plain
from etl.claims.judging.sessions import value_meant
from etl.claims.model import Verdict
from etl.words.numbers import signed

_WAYS: Mapping[str, str] = {"up": "上涨", "down": "下跌", "flat": "持平"}


def streak(case: Case) -> Ruling:
    """Exactly so many moves in one direction; without a number, at least two. Of months without a
    change some count the first one too."""
    at, way = value_meant(case), case.way()
    place, is_over = _began(case, at, way)
    length, wanted = at - place, case.statement.streak
    told = f"截至 {case.date_of(at)} 连续{_WAYS.get(way, way)} {length} 期"
    if not is_over and length <= (wanted or 1):
        raise Unknown(f"{told}，更早没有逐日数据")
    if way == "flat" and wanted == length + 1:
        raise Unknown(f"{told}，连同起始那期共 {wanted} 期")
    is_so = length == wanted if wanted else length >= 2
    old = case.value_of(place) if length else None
    period = case.between(place, at) if length else None
    ruling = case.answer(is_so, told, at, old, "1m", period)
    return case.elsewhere(ruling, bool(case.indicator.statements.elsewhere.words))


def _began(case: Case, at: int, way: str) -> tuple[int, bool]:
    """Where a streak began, and whether a move that ended it is held."""
    start, values = case.history.start_of(at), case.history.values
    while at > start:
        try:
            before = previous(case, at)
        except Unknown:
            break
        move = values[at] - values[before]
        if way != ("flat" if move == 0 else "up" if move > 0 else "down"):
            return at, True
        at = before
    return at, False


def volatility(case: Case) -> Ruling:
    """The last few moves: how large, and whether both ways; never more than approximate."""
    at, rule = value_meant(case), case.grammar.volatility
    moves, place = _moves(case, at, rule.moves)
    largest = max(abs(move) for move in moves)
    is_strong = largest >= rule.strong_pct
    is_plain = largest >= rule.plain_pct or min(moves) < 0 < max(moves)
    is_so = is_strong if case.statement.mode == "strong" else is_plain
    verdict: Verdict = "approximate" if is_so else "unverifiable"
    told = (
        f"截至 {case.date_of(at)} 的 {rule.moves} 次变动在 {plain(signed(min(moves), 2))}% 到 "
        f"{plain(signed(max(moves), 2))}% 之间"
    )
    return case.result(verdict, told, at, case.value_of(place), "1m", case.between(place, at))


def _moves(case: Case, at: int, count: int) -> tuple[list[float], int]:
    """The last moves in per cent, and the place that the earliest is reckoned from."""
    start = case.history.start_of(at)
    moves: list[float] = []
    while at > start and len(moves) < count:
        before = previous(case, at)
        old = case.value_of(before)
        if old <= 0:
            raise Unknown("基数不为正，不能算百分比")
        moves.append(100 * (case.value_of(at) - old) / old)
        at = before
    if len(moves) < count:
        raise Unknown("逐日数据不足，看不出波动")
    return moves, at
