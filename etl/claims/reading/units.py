"""Numbers of a text in the units of the catalog."""

from __future__ import annotations

from etl.catalog import Catalog
from etl.claims.grammar import CountRule, Grammar
from etl.claims.numbers import Number
from etl.claims.statement import TOO_LARGE, WRONG_UNIT, Statement

#: Units that say by themselves that a number is a value.
VALUES = frozenset(
    {"percent", "point_of_percent", "basis_point", "times", "points", "usd", "cent", "cny", "euro",
     "shares"}
)  # fmt: skip
_OF_PERCENT = frozenset({"basis_point", "point_of_percent"})
#: No price is told in 亿.
_BIG = 1e8
#: What dealers of currencies call a ten-thousandth: 104 个基点, 104 点.
_OF_RATES, _POINT = frozenset({"basis_point", "points"}), 1e-4


class Units:
    """What a number of a text is in the unit of an indicator."""

    def __init__(self, catalog: Catalog, grammar: Grammar) -> None:
        self._catalog, self._grammar = catalog, grammar

    def count_rule(self, indicator: str) -> CountRule | None:
        """How the indicator counts; None if it is no count."""
        if not indicator:
            return None
        return self._grammar.counted.get(self._catalog[indicator].unit)

    def own(self, indicator: str, number: Number) -> Number | None:
        """The number in the unit of the indicator; None if it is in another one."""
        known = self._catalog[indicator]
        if number.unit == "cent" and number.value is not None:
            number = _times(number, 0.01, "usd")
        rule = self._grammar.level_rule(self._catalog, known)
        if number.value is None or number.unit not in rule.takes or self.count_rule(indicator):
            return None
        if known.is_traded and rule.scale == 1 and number.factor >= _BIG:
            return None  # 美光突破 3000 亿美元: no price of a share
        if number.high is not None and known.statements.upper_of_range:
            number = number._replace(value=number.high, high=None)
        return _times(number, rule.scale, known.unit)

    def as_level(self, blank: Statement, number: Number, hedge: str, words: str) -> Statement:
        """The statement with a number that must be in the unit of its indicator."""
        if number.value is None:
            return blank._replace(hedge=hedge, problem=blank.problem or TOO_LARGE)
        own = self.own(blank.indicator, number)
        if own is None:
            problem = blank.problem or self._wrong(blank.indicator, words)
            return blank._replace(number=number, problem=problem)
        return blank._replace(number=own, hedge=hedge)

    def as_change(self, blank: Statement, number: Number, hedge: str, words: str) -> Statement:
        """The statement as a change: in per cent, or in the unit of the indicator."""
        if number.value is None:
            return blank._replace(kind="change", hedge=hedge, problem=blank.problem or TOO_LARGE)
        change = self._change(blank.indicator, number)
        problem = blank.problem if change else blank.problem or self._wrong(blank.indicator, words)
        return blank._replace(kind="change", number=change or number, hedge=hedge, problem=problem)

    def _change(self, indicator: str, number: Number) -> Number | None:
        """The number as a change of the indicator; None if it cannot be one."""
        unit, rule = self._catalog[indicator].unit, self.count_rule(indicator)
        is_rate = self._catalog.unit(self._catalog[indicator]).code == "percent"
        if number.unit == "times":
            return _times(number, 100.0, "percent")
        if number.unit == "percent" or (is_rate and number.unit in _OF_PERCENT):
            return number
        if rule and number.unit in rule.takes:
            return number._replace(unit=unit)
        if unit == "cny_per_usd" and number.unit in _OF_RATES:
            return _times(number, _POINT, unit)
        if number.unit == "" and unit != "ratio":
            return None
        return self.own(indicator, number)

    def _wrong(self, indicator: str, words: str) -> str:
        unit = self._catalog.unit(self._catalog[indicator]).label.zh
        return WRONG_UNIT.format(words, unit)


def _times(number: Number, scale: float, unit: str) -> Number:
    """The number times a factor, without the dust of binary fractions."""
    assert number.value is not None
    if scale == 1:
        return number if number.unit == unit else number._replace(unit=unit)
    return number._replace(
        value=float(f"{number.value * scale:.12g}"),
        high=float(f"{number.high * scale:.12g}") if number.high is not None else None,
        step=float(f"{number.step * scale:.12g}"),
        coarse=float(f"{number.coarse * scale:.12g}"),
        unit=unit,
    )
