"""A statement beside what was known: supported, approximate, contradicted or unverifiable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from etl.catalog import Catalog, Indicator
from etl.claims.dates import Period, end_of
from etl.claims.grammar import grammar
from etl.claims.judging.case import Case, Ruling, Unknown, period_named
from etl.claims.judging.counts import count
from etl.claims.judging.levels import change, direction, level
from etl.claims.judging.records import first, milestone, record_high, record_low
from etl.claims.judging.streaks import streak, volatility
from etl.claims.known import Known
from etl.claims.model import Claim, Evidence, Kind
from etl.claims.statement import Statement

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
    """Judges the statements of one bulletin by what was known at the end of its day."""

    def __init__(self, catalog: Catalog, known: Known, day: date) -> None:
        self.catalog, self.known, self.day = catalog, known, day
        self.moment = end_of(day)
        self._grammar = grammar()

    def claim(self, statement: Statement, sentence: str, section: str) -> Claim:
        """The statement with its verdict and evidence."""
        indicator, period = self.catalog[statement.indicator], None
        evidence: Evidence | None = None
        try:
            period = period_named(statement.when, self.day) if statement.when else None
            case = self._case(statement, indicator, period)
            found = _RULES[statement.kind](case)
            evidence = case.evidence(found)
        except Unknown as reason:
            found = Ruling("unverifiable", f"{reason}。")
        return Claim(
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
        )

    def _case(self, statement: Statement, indicator: Indicator, period: Period | None) -> Case:
        if statement.problem:
            raise Unknown(statement.problem)
        history = self.known.history(indicator.id, self.moment)
        if not len(history):
            raise Unknown(self._nothing_held(indicator))
        unit = self.catalog.unit(indicator)
        return Case(
            statement, indicator, unit, self._grammar, self.day, self.moment, period, history
        )

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
