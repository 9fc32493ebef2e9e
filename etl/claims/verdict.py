"""A statement beside what was known: supported, approximate, contradicted or unverifiable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from etl.catalog import Catalog, Indicator
from etl.claims.dates import Period, end_of
from etl.claims.grammar import grammar
from etl.claims.judging.case import Case, NotYetHeld, Ruling, Unknown, doubted_reason, period_named
from etl.claims.judging.counts import count
from etl.claims.judging.doubts import doubt_of, must_be_of_now, other_readings, other_time, true_of
from etl.claims.judging.lasting import judged_by
from etl.claims.judging.levels import change, direction, level, of_growth
from etl.claims.judging.records import first, milestone, record_high, record_low
from etl.claims.judging.streaks import streak, volatility
from etl.claims.known import Known
from etl.claims.model import Claim, Evidence, JudgedBy, Kind, Later
from etl.claims.statement import OTHER_DAY, Statement

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
        if indicator.statements.growth:
            statement = of_growth(statement)
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
        for other in other_readings(case):
            if told := true_of(rule, other):
                return told
        if doubt := statement.doubt or doubt_of(case, found):
            return case.doubted(found, doubt)
        if day := other_time(case, rule):
            return case.doubted(found, OTHER_DAY.format(day))
        return found

    def _case(
        self, statement: Statement, indicator: Indicator, period: Period | None, moment: datetime
    ) -> Case:
        """The statement and what was known at a moment. Which session it speaks of is settled by
        the day of the bulletin, whatever has come since."""
        if statement.problem:
            raise Unknown(statement.problem)
        must_be_of_now(statement, self.day)
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


def _signed(statement: Statement) -> float | None:
    number = statement.number
    if number is None or number.value is None:
        return None
    is_fall = statement.kind == "change" and statement.way == "down"
    return -number.value if is_fall else number.value
