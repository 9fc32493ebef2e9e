"""A statement beside what was known: supported, approximate, contradicted or unverifiable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np

from etl.catalog import Catalog, Indicator
from etl.claims.dates import (
    Period,
    When,
    end_of,
    last_session,
    period_of,
    session_on_or_before,
)
from etl.claims.grammar import grammar
from etl.claims.judging.case import Case, NotYetHeld, Ruling, Unknown, doubted_reason, period_named
from etl.claims.judging.counts import count
from etl.claims.judging.lasting import judged_by
from etl.claims.judging.levels import change, direction, level
from etl.claims.judging.records import first, milestone, record_high, record_low
from etl.claims.judging.streaks import streak, volatility
from etl.claims.known import Known
from etl.claims.model import TRUE, Claim, Evidence, JudgedBy, Kind, Later
from etl.claims.statement import (
    ALREADY,
    CONTRACT,
    JUST_BEGUN,
    MAYBE_INTRADAY,
    MORE_THAN,
    OLD_NEWS,
    OTHER_DAY,
    SINCE_WHEN,
    Statement,
)

_RULES: Mapping[Kind, Callable[[Case], Ruling]] = {
    "level": level,
    "change": change,
    "direction": direction,
    "record_high": record_high,
    "record_low": record_low,
    "milestone": milestone,
    "first": first,
    "count": count,
    "volatility": volatility,
    "streak": streak,
}
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
#: The units of changes that are not those of their indicator.
_CHANGES: Mapping[str, str] = {
    "percent": "percent", "basis_point": "bp", "point_of_percent": "percentage points",
}  # fmt: skip


class Judge:
    """Judges the statements of one bulletin by what was known at the end of its day, and those for
    which a value was missing then also by what is known `later`."""

    def __init__(
        self, catalog: Catalog, known: Known, day: date, later: datetime | None = None
    ) -> None:
        self.catalog, self.known, self.day, self.later = catalog, known, day, later
        self.moment = end_of(day)
        self._grammar = grammar()

    def judged_together(
        self, statements: Sequence[Statement], sentence: str, section: str
    ) -> list[tuple[Claim, JudgedBy | None]]:
        """The statements of one sentence. Where the level of one is that of another contract or
        vendor, so are its changes."""
        found = [self.judged(statement, sentence, section) for statement in statements]
        apart = {c.indicator for c, _ in found if c.kind == "level" and self._is_apart(c)}
        return [
            (self._doubted(claim), basis) if claim.indicator in apart else (claim, basis)
            for claim, basis in found
        ]

    def _is_apart(self, claim: Claim) -> bool:
        words = self.catalog[claim.indicator].statements.elsewhere.words
        return bool(words) and claim.verdict == "unverifiable" and words in claim.reason

    def _doubted(self, claim: Claim) -> Claim:
        if claim.verdict != "contradicted":
            return claim
        words = self.catalog[claim.indicator].statements.elsewhere.words
        reason = doubted_reason(claim.reason, f"{words}，不能认定")
        return claim.model_copy(update={"verdict": "unverifiable", "reason": reason})

    def judged(
        self, statement: Statement, sentence: str, section: str
    ) -> tuple[Claim, JudgedBy | None]:
        """The statement with its verdict and evidence, and the value that it was judged by, on its
        day or later."""
        indicator, period = self.catalog[statement.indicator], None
        evidence: Evidence | None = None
        later: Later | None = None
        basis: JudgedBy | None = None
        try:
            period = period_named(statement.when, self.day) if statement.when else None
            found, evidence, basis = self._ruling(statement, indicator, period, self.moment)
        except Unknown as reason:
            found = Ruling("unverifiable", f"{reason}。")
            if isinstance(reason, NotYetHeld) and self.later is not None:
                later, basis = self._judged_later(statement, indicator, period, self.later)
        claim = Claim(
            sentence=sentence,
            section=section,
            indicator=statement.indicator,
            kind=statement.kind,
            value=_signed(statement),
            unit=self._unit_code(statement, indicator),
            period=found.period or (str(period) if period else None),
            verdict=found.verdict,
            reason=found.reason,
            evidence=evidence,
            later=later,
        )
        return claim, basis

    def _ruling(
        self, statement: Statement, indicator: Indicator, period: Period | None, moment: datetime
    ) -> tuple[Ruling, Evidence | None, JudgedBy | None]:
        case = self._case(statement, indicator, period, moment)
        found = self._ruled(case)
        return found, case.evidence(found), judged_by(case, found)

    def _judged_later(
        self, statement: Statement, indicator: Indicator, period: Period | None, moment: datetime
    ) -> tuple[Later | None, JudgedBy | None]:
        """What a value that came after the day says; nothing while it is not held."""
        try:
            found, evidence, basis = self._ruling(statement, indicator, period, moment)
        except Unknown:
            return None, None
        if evidence is None:
            return None, None
        told = Later(value=evidence.value, known_at=evidence.known_at, verdict=found.verdict)
        return told, basis

    def _ruled(self, case: Case) -> Ruling:
        """The ruling, in doubt where the statement is, or where the time that it means is."""
        rule, statement = _RULES[case.statement.kind], case.statement
        found = rule(case)
        if found.verdict != "contradicted":
            return found
        for other in _read_otherwise(case):
            if told := _true(rule, other):
                return told
        if doubt := statement.doubt or _doubt(case, found):
            return case.doubted(found, doubt)
        if day := self._other_session(case, rule):
            return case.doubted(found, OTHER_DAY.format(day))
        return found

    def _other_session(self, case: Case, rule: Callable[[Case], Ruling]) -> date | None:
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
            session, tries = session_on_or_before(calendar, min(period.first, self.day)), 1
        else:
            return None
        for _ in range(tries):
            session = session_on_or_before(calendar, session - _DAY)
            when = When("full", year=session.year, month=session.month, day=session.day)
            if _true(rule, _at(case, when)):
                return session
        return None

    def _case(
        self, statement: Statement, indicator: Indicator, period: Period | None, moment: datetime
    ) -> Case:
        """The statement and what was known at a moment. Which session it speaks of is settled by
        the day of the bulletin, whatever has come since."""
        if statement.problem:
            raise Unknown(statement.problem)
        if statement.contract and _months_ahead(statement.contract, self.day) > _NEAREST:
            raise Unknown(CONTRACT.format(f"{statement.contract[1]}月"))
        told = period_of(statement.reported, self.day) if statement.reported else None
        if told is not None and self.day - told.last > _NEWS:
            raise Unknown(OLD_NEWS.format(told))
        history = self.known.history(indicator.id, moment)
        unit = self.catalog.unit(indicator)
        case = Case(
            statement, indicator, unit, self._grammar, self.day, self.moment, period, history
        )
        if not len(history):
            is_settled = case.is_lively or period is not None
            raise (NotYetHeld if is_settled else Unknown)(self._nothing_held(indicator))
        return case

    def _nothing_held(self, indicator: Indicator) -> str:
        """That there is no value, and which other quantity must not stand in for it."""
        words = f"截至 {self.day}，没有“{indicator.title.zh}”的数据"
        beside = [
            other.title.zh
            for other in self.catalog.all()
            if (indicator.id in other.shown_with or other.id in indicator.shown_with)
            and other.unit == indicator.unit
            and len(self.known.history(other.id, self.moment))
        ]
        return f"{words}；{'、'.join(beside)}是另一个量，不能代替" if beside else words

    def _unit_code(self, statement: Statement, indicator: Indicator) -> str:
        own = self.catalog.unit(indicator).code
        if statement.kind != "change" or statement.number is None:
            return own
        return _CHANGES.get(statement.number.unit, own)


def _other_period(case: Case, rule: Callable[[Case], Ruling]) -> date | None:
    """The same of what has a value for each month or year only."""
    if case.period is not None or case.indicator.frequency not in _TOLD_BY:
        return None
    for day in case.history.days[-_SESSIONS_BACK - 1 : -1][::-1]:
        when = When(_TOLD_BY[case.indicator.frequency], year=day.year, month=day.month)
        if _true(rule, _at(case, when)):
            return day
    return None


def _doubt(case: Case, found: Ruling) -> str:
    """Why a contradiction of what a statement leaves open is in doubt: a record or round number
    that the session may have touched, a move that may be of a longer time."""
    statement, number = case.statement, case.statement.number
    if found.at is None or not case.is_lively or statement.mode == "hold":
        return ""
    if statement.mode == "double" and abs(case.value_of(found.at)) > abs(found.previous or 0.0):
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


def _read_otherwise(case: Case) -> Iterator[Case]:
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


def _true(rule: Callable[[Case], Ruling], case: Case) -> Ruling | None:
    """The ruling on a case if it is true."""
    try:
        found = rule(case)
    except Unknown:
        return None
    return found if found.verdict in TRUE else None


def _signed(statement: Statement) -> float | None:
    number = statement.number
    if number is None or number.value is None:
        return None
    is_fall = statement.kind == "change" and statement.way == "down"
    return -number.value if is_fall else number.value
