"""How two indicators move together: changes between their common dates, and how far these agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from etl.catalog import Indicator, Unit
from etl.changes import follows
from etl.frequency import period_of
from etl.records import Vintage

#: Fewer pairs of changes say nothing about how two indicators move together.
FEWEST = 8


@dataclass(frozen=True, slots=True)
class ComparedSeries:
    """One indicator's values within the window that is looked at."""

    indicator: Indicator
    unit: Unit
    values: Sequence[Vintage]


@dataclass(frozen=True, slots=True)
class Pair:
    """The changes of both indicators since the common date before."""

    date: date
    first: float
    second: float


def in_percent(part: ComparedSeries) -> bool:
    """Whether changes are counted in percent; rates and what may fall to zero or below are not."""
    return part.unit.code != "percent" and all(v.value > 0 for v in part.values)


def pairs(first: ComparedSeries, second: ComparedSeries) -> list[Pair]:
    """The changes from one common date to the next, where that is a single step in both: no gap, no
    break and no other way of measuring lies between. Two series of one frequency have their
    periods in common, whatever day these are dated."""
    here, there = _by_date(first, second), _by_date(second, first)
    found = []
    for before, day in pairwise(sorted(here.keys() & there.keys())):
        a = _change(here[before], here[day], first)
        b = _change(there[before], there[day], second)
        if a is not None and b is not None:
            found.append(Pair(here[day].date, a, b))
    return found


def _by_date(part: ComparedSeries, other: ComparedSeries) -> dict[date, Vintage]:
    """The values of a part by what they share with those of another."""
    frequency = part.indicator.frequency
    if frequency != other.indicator.frequency:
        return {v.date: v for v in part.values}
    return {period_of(frequency, v.date): v for v in part.values}


def correlation(found: Sequence[Pair]) -> float | None:
    """Pearson's r of the changes; None where there are too few of them, or one never moves."""
    if len(found) < FEWEST:
        return None
    xs, ys = [p.first for p in found], [p.second for p in found]
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    dx, dy = [x - mean_x for x in xs], [y - mean_y for y in ys]
    spread = math.sqrt(math.fsum(x * x for x in dx)) * math.sqrt(math.fsum(y * y for y in dy))
    if spread == 0 or not math.isfinite(spread):
        return None
    r = math.fsum(x * y for x, y in zip(dx, dy, strict=True)) / spread
    return max(-1.0, min(1.0, r))


def _change(before: Vintage, now: Vintage, part: ComparedSeries) -> float | None:
    if not follows(before, now, part.indicator):
        return None
    if in_percent(part):
        return 100 * (now.value / before.value - 1)
    return now.value - before.value
