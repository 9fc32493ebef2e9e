"""What keeps a contradiction from being sure: another day, span, contract or price of the session
that the words of a statement leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from etl.claims.dates import When, last_session, period_of, session_on_or_before
from etl.claims.judging.case import Case, Ruling, Unknown
from etl.claims.model import TRUE
from etl.claims.statement import (
    ALREADY,
    CONTRACT,
    JUST_BEGUN,
    MAYBE_INTRADAY,
    MORE_THAN,
    OLD_NEWS,
    SINCE_WHEN,
    Statement,
)

Rule = Callable[[Case], Ruling]
#: How many sessions before the last one a number without a date may be of.
_SESSIONS_BACK = 5
_DAY = timedelta(days=1)
#: Kinds that a price within the session may bear out, as far from the close as it lately moved.
_MARKS = frozenset({"record_high", "record_low", "milestone", "first"})
#: How far back is lately, and from which move in per cent on one may be of a longer time.
_LATELY, _LARGE = 20, 5.0
#: How a text names the time of a value that stands for longer than a day.
_TOLD_BY: Mapping[str, str] = {"monthly": "month", "annual": "year"}
#: The contracts that may be the front month, in months from now, and how old news may be.
_NEAREST, _NEWS = 2, timedelta(days=4)
#: In so many days of a month or year its name may still be that of the last.
_FIRST_DAYS = 3


def must_be_of_now(statement: Statement, day: date) -> None:
    """Not of a contract far ahead, nor out of an old report."""
    if statement.contract and _months_ahead(statement.contract, day) > _NEAREST:
        raise Unknown(CONTRACT.format(f"{statement.contract[1]}月"))
    told = period_of(statement.reported, day) if statement.reported else None
    if told is not None and day - told.last > _NEWS:
        raise Unknown(OLD_NEWS.format(told))


def other_time(case: Case, rule: Rule) -> date | None:
    """Another session of which the number is true, where the text leaves open which one it
    means: without a date one of the last few, with a date the one that ended that day in
    Beijing."""
    statement, calendar = case.statement, case.indicator.calendar
    is_exact = statement.number is not None and statement.kind in ("level", "change")
    if not is_exact or statement.base or statement.window:
        return None
    if not case.is_lively:
        return _other_period(case, rule)
    period = case.period
    if period is None:
        session, tries = last_session(calendar, case.moment), _SESSIONS_BACK
    elif (
        period.span == "day"
        and case.indicator.is_new_york_close
        and not (statement.when and statement.when.is_local)
    ):
        session, tries = session_on_or_before(calendar, min(period.first, case.day)), 1
    else:
        return None
    for _ in range(tries):
        session = session_on_or_before(calendar, session - _DAY)
        when = When("full", year=session.year, month=session.month, day=session.day)
        if true_of(rule, _at(case, when)):
            return session
    return None


def _other_period(case: Case, rule: Rule) -> date | None:
    """The same of what has a value for each month or year only."""
    if case.period is not None or case.indicator.frequency not in _TOLD_BY:
        return None
    for day in case.history.days[-_SESSIONS_BACK - 1 : -1][::-1]:
        when = When(_TOLD_BY[case.indicator.frequency], year=day.year, month=day.month)
        if true_of(rule, _at(case, when)):
            return day
    return None


def doubt_of(case: Case, found: Ruling) -> str:
    """Why a contradiction of what a statement leaves open is in doubt: a record or round number
    that the session may have touched, a move that may be of a longer time."""
    statement, number = case.statement, case.statement.number
    if found.at is None or not case.is_lively or statement.mode == "hold":
        return ""
    if statement.mode == "double" and found.previous:
        moved = 100 * (case.value_of(found.at) / found.previous - 1)
        if abs(moved) > case.mark() and (moved > 0) == (case.way() != "down"):
            return MORE_THAN
    if statement.when is not None and _has_just_begun(statement.when, case.day):
        return JUST_BEGUN
    values = case.history.values[max(0, found.at - _LATELY) : found.at + 1]
    moved_pct = float(np.max(np.abs(100 * np.diff(values) / values[:-1]), initial=0.0))
    if statement.kind in _MARKS and not statement.is_settled:
        mark = found.previous if number is None or number.value is None else number.value
        value, is_low = case.value_of(found.at), statement.kind == "record_low"
        is_beyond = mark is not None and (value >= mark) != (is_low or case.way() == "down")
        if mark is not None and not (is_beyond and value != mark):  # else it is refuted by the past
            if abs(value - mark) <= moved_pct / 100 * abs(mark):
                return MAYBE_INTRADAY
        elif statement.kind == "milestone":
            return ALREADY
    is_bare = statement.when is None and statement.base is None and statement.window is None
    if statement.kind == "change" and is_bare and number and number.unit == "percent":
        told = abs(case.mark())
        if told >= _LARGE and told > 2 * moved_pct:
            return SINCE_WHEN
    return ""


def _has_just_begun(when: When, day: date) -> bool:
    """Whether 本月 or 今年 may be the one that has just ended."""
    is_this = when.amount == 0 and when.kind in ("months", "years")
    return is_this and day.day <= _FIRST_DAYS and (when.kind == "months" or day.month == 1)


def _months_ahead(contract: tuple[int, int], day: date) -> int:
    """How many months a contract is delivered after a day; of no year, the next such month."""
    year, month = contract
    return (year - day.year) * 12 + month - day.month if year else (month - day.month) % 12


def other_readings(case: Case) -> Iterator[Case]:
    """The other times that the words may as well mean: 7 月 1 日以来 may count from the close of
    June, and without a time of its own a statement may be of that of the sentence before."""
    statement, window = case.statement, case.statement.window
    since = window.since if window else None
    if window and since and since.kind == "full" and statement.kind == "change":
        eve = replace(window, since=replace(since, is_eve=True))
        yield replace(case, statement=statement._replace(window=eve))
    if statement.when is None and statement.context is not None:
        yield _at(case, statement.context)


def _at(case: Case, when: When) -> Case:
    """The case at another time."""
    statement = case.statement._replace(when=when)
    return replace(case, statement=statement, period=period_of(when, case.day))


def true_of(rule: Rule, case: Case) -> Ruling | None:
    """The ruling on a case if it is true."""
    try:
        found = rule(case)
    except Unknown:
        return None
    return found if found.verdict in TRUE else None
