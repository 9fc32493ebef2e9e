"""The formulas of derived indicators: their inputs, and what fits together. Pure; the numbers are
calculated in etl.ingest.derived."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl.frequency import Frequency

#: Every formula, and the parameters with which a catalog entry names its inputs.
PARAMS: Mapping[str, Mapping[str, type]] = {
    "market_cap": {"close": str, "shares": str},
    "sum": {"of": list},
    "difference": {"of": list},
    "ratio": {"of": list},
    "basket": {"of": list, "base": str},
}
#: Inputs whose every vintage counts, not only the newest of each date: a cover date that was filed
#: twice was known from its first filing on.
EVERY_VINTAGE: Mapping[str, tuple[str, ...]] = {"market_cap": ("shares",)}
#: The units of rates, and of what lies between two of them: their changes are told in basis points.
RATES = ("percent", "percentage points")
#: What a formula is told besides its inputs.
NO_INPUTS = frozenset({"formula", "base", "shares_each"})
#: Formulas that take the splits of their prices into account: a split is no break of the result.
WITH_SPLITS = frozenset({"market_cap", "basket"})
_CURRENCY = re.compile("[A-Z]{3}", re.ASCII)
#: What is left when the units of two values cancel out.
_NUMBER: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a formula needs to know of an indicator: its id, unit code, frequency and calendar."""

    id: str
    unit: str
    frequency: Frequency
    calendar: str


def inputs_of(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids that a derived source names, in the order of its formula."""
    found: list[str] = []
    for name in PARAMS.get(str(params.get("formula")), {}):
        given = params.get(name, ()) if name not in NO_INPUTS else ()
        found += [given] if isinstance(given, str) else [one for one in given if one]
    return tuple(found)


def wrong_number(formula: str, count: int) -> str:
    """Why a formula cannot have that many inputs; nothing if it can."""
    if formula in ("difference", "ratio") and count != 2:
        return f"a {formula} is made of two indicators, not of {count}."
    if formula in ("sum", "basket") and count < 2:
        return f"a {formula} is made of at least two indicators, not of {count}."
    return ""


def misfit(formula: str, result: Quantity, inputs: Sequence[Quantity]) -> str:
    """Why an indicator cannot be derived from its inputs by the formula; nothing if it can."""
    return _wrong_steps(formula, result, inputs) or _wrong_unit(formula, result, inputs)


def in_percent(unit: str, inputs: Sequence[str]) -> bool:
    """Whether a ratio is given in per cent: its unit says so, and its inputs' units cancel out."""
    return unit == "percent" and _quotient(*inputs) == _NUMBER


def _wrong_steps(formula: str, result: Quantity, inputs: Sequence[Quantity]) -> str:
    """Values at different frequencies cover different spans; a share count holds until the next."""
    stepped = inputs[:1] if formula == "market_cap" else inputs
    for one in stepped:
        if one.frequency != result.frequency:
            return (
                f"it is {result.frequency} and {one.id} is {one.frequency}; a {formula} is made of "
                "values of its own frequency."
            )
    calendars = [one.calendar for one in stepped]
    if result.calendar not in calendars:
        named = ", ".join(f"{one.id} has {one.calendar}" for one in stepped)
        return (
            f"its calendar {result.calendar} is that of none of its inputs ({named}); it can have "
            "a value only where they have one."
        )
    return ""


def _wrong_unit(formula: str, result: Quantity, inputs: Sequence[Quantity]) -> str:
    if formula == "market_cap":
        return _wrong_market_cap(result, *inputs)
    if formula == "ratio":
        return _wrong_ratio(result, *inputs)
    if formula == "basket":
        return _wrong_basket(result, inputs)
    of_percent = formula == "difference" and result.unit == RATES[1]
    for one in inputs:
        if one.unit != (RATES[0] if of_percent else result.unit):
            return (
                f"a {formula} has the unit of its inputs; it is in '{result.unit}' and {one.id} is "
                f"in '{one.unit}'."
            )
    return ""


def _wrong_market_cap(result: Quantity, close: Quantity, shares: Quantity) -> str:
    if not _CURRENCY.fullmatch(close.unit):
        return f"the close must be in a currency, like USD; {close.id} is in '{close.unit}'."
    if shares.unit != "shares":
        return f"the count must be in shares; {shares.id} is in '{shares.unit}'."
    if result.unit != f"billion {close.unit}":
        return (
            f"{close.unit} times shares is told in 'billion {close.unit}', not in '{result.unit}'."
        )
    return ""


def _wrong_basket(result: Quantity, prices: Sequence[Quantity]) -> str:
    """Each price is taken relative to its own of the base day, so that currencies may differ."""
    for one in prices:
        if not _CURRENCY.fullmatch(one.unit):
            return f"a basket is made of prices in a currency; {one.id} is in '{one.unit}'."
    if result.unit != "points":
        return f"a basket is told in 'points', 100 on its base day, not in '{result.unit}'."
    return ""


def _wrong_ratio(result: Quantity, above: Quantity, below: Quantity) -> str:
    """USD by USD is a ratio, or percent; USD/oz by USD/bbl is bbl/oz."""
    left = _quotient(above.unit, below.unit)
    said = f"'{above.unit}' divided by '{below.unit}'"
    if left == _NUMBER:
        if result.unit in ("ratio", "percent"):
            return ""
        return f"{said} is a 'ratio' or told in 'percent', not in '{result.unit}'."
    if left == _parts(result.unit):
        return ""
    return f"{said} is in '{_written(left)}', not in '{result.unit}'."


def _quotient(above: str, below: str) -> Counter[str]:
    left = _parts(above)
    left.subtract(_parts(below))
    return Counter({name: power for name, power in left.items() if power})


def _parts(unit: str) -> Counter[str]:
    """A unit as numerator and denominator: USD/bbl, CNY per USD, ratio."""
    if unit == "ratio":
        return Counter()
    above, *below = re.split("/| per ", unit)
    found = Counter([above])
    found.subtract(below)
    return Counter({name: power for name, power in found.items() if power})


def _written(parts: Counter[str]) -> str:
    above = " ".join(name for name, power in parts.items() for _ in range(power))
    below = "/".join(name for name, power in parts.items() for _ in range(-power))
    return f"{above or 1}/{below}" if below else above
