"""Numbers in public words that are values of what is for the committee, and of nothing public."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from etl.bulletins.mentions import without_addresses
from etl.catalog import Catalog
from etl.claims.grammar import folded, grammar
from etl.claims.numbers import number_at

#: A number is only taken for a value where chance would make the two equal less than once in so
#: many times: under a unit of the indicator or none, and under any other. It takes five digits for
#: the newest value of one indicator, more for an old one.
CHANCE, OTHER_UNIT = 5_000, 500_000
#: Bare whole numbers in these bounds are years.
_YEARS = (1900, 2100)
_NUMBER = re.compile(r"(?<![0-9.,a-z_])[0-9](?:[0-9,]*[0-9])?(?:\.[0-9]+)?")

#: Whether any value held in public lies between one of these pairs of bounds, signs aside.
IsPublic = Callable[[Sequence[tuple[float, float]]], bool]


@dataclass(frozen=True, slots=True)
class QuotedValue:
    """`text[start:stop]` is the value of an indicator for a date."""

    start: int
    stop: int
    indicator: str
    date: date


@dataclass(frozen=True, slots=True)
class _Series:
    """The values of one indicator without their signs, rising, each with its date; the units in
    which texts write them, and what makes a number of a text one of them."""

    indicator: str
    values: Sequence[float]
    dates: Sequence[date]
    units: Sequence[str]
    scales: Sequence[float]

    def between(self, low: float, high: float) -> Sequence[date]:
        """The dates of the values in these bounds."""
        return self.dates[bisect_left(self.values, low) : bisect_right(self.values, high)]


class CommitteeValues:
    """Finds the values of what is for the committee in texts. `rows` are indicator, date and value
    of all that is held of it."""

    def __init__(
        self, catalog: Catalog, rows: Iterable[tuple[str, date, float]], is_public: IsPublic
    ) -> None:
        self._is_public, self._units = is_public, grammar().unit_words
        found: dict[str, list[tuple[float, date]]] = {}
        for name, day, value in rows:
            found.setdefault(name, []).append((abs(value), day))
        scales = {one.id: _scales(catalog, one.id) for one in catalog.all()}
        self._series = [
            _Series(
                name, [value for value, _ in pairs], [day for _, day in pairs],
                (*grammar().level_rule(catalog, catalog[name]).takes, ""), scales[name],
            )
            for name, pairs in ((name, sorted(some)) for name, some in found.items())
            if name in catalog
        ]  # fmt: skip
        self._scales = {scale for some in scales.values() for scale in some}

    def found(self, text: str, day: date = date.max) -> Iterator[QuotedValue]:
        """The numbers of a text that are surely such values, seen from a day: the newest, for
        none."""
        if not self._series:
            return
        letters = folded(without_addresses(text))
        for match in _NUMBER.finditer(letters):
            number = number_at(letters, match.start(), self._units)
            if number is not None and number.high is not None:  # each end by itself
                number = number_at(letters[: match.end()], match.start(), self._units)
            if number is None or not number.value or number.span:
                continue
            value = abs(number.value)
            if value < 2 * CHANCE * number.coarse:
                continue  # too few digits for any
            if not number.unit and number.step == 1 and _YEARS[0] <= value <= _YEARS[1]:
                continue
            quoted = self._nearest(value, number.step, number.coarse, number.unit, day)
            if quoted is not None:
                yield QuotedValue(number.start, number.stem, *quoted)

    def _nearest(
        self, value: float, step: float, coarse: float, unit: str, day: date
    ) -> tuple[str, date] | None:
        """The indicator and the date of the value that a number surely is."""
        within = 0.999 * step  # rounded or cut off; a value of another last digit is another
        equal = [
            (abs((found - day).days), unit not in one.units, one.indicator, found)
            for one in self._series
            for scale in one.scales
            for found in one.between((value - within) * scale, (value + within) * scale)
        ]
        if not equal:
            return None
        away, is_other, indicator, found = min(equal)
        # As many might have been met as lie about there and are as near in time.
        alike = sum(
            abs((other - day).days) <= away
            for one in self._series
            for scale in one.scales
            for other in one.between(value * scale / 2, value * scale * 2)
        )
        if 2 * (OTHER_UNIT if is_other else CHANCE) * coarse * alike > value:
            return None
        bounds = [((value - within) * scale, (value + within) * scale) for scale in self._scales]
        return None if self._is_public(bounds) else (indicator, found)


def _scales(catalog: Catalog, indicator: str) -> Sequence[float]:
    """What makes a number of a text a value of an indicator: by its unit, and as a table under its
    unit writes it."""
    one = catalog[indicator]
    rule = grammar().level_rule(catalog, one)
    return sorted({rule.scale, 1.0, 1 / catalog.unit(one).zh_factor})
