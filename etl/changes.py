"""Steps from value to value: which may be compared, and how far one lies from those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

from etl.catalog import Indicator
from etl.records import Measured, Vintage

#: Days between two values of a frequency beyond which their difference is no single step.
STEP_DAYS = {"daily": 10, "monthly": 45, "quarterly": 200, "annual": 400, "event": 36_500}

Step = tuple[Vintage, Vintage]


@dataclass(frozen=True, slots=True)
class Deviation:
    """How many standard deviations a step lies from the mean of the `window` steps before it."""

    measure: float
    window: int


def comparable(one: Measured, other: Measured, indicator: Indicator) -> bool:
    """Whether two values are of the same definition: one way of measuring, no break between."""
    if one.basis != other.basis:
        return False
    if not indicator.breaks:  # most have none, and a table asks for thousands of values
        return True
    first, last = sorted((one.date, other.date))
    return not any(first < change.date <= last for change in indicator.breaks)


def steps(indicator: Indicator, series: Sequence[Vintage]) -> Iterator[Step | None]:
    """For each value the one before it and itself, where the two differ by a single step."""
    if series:
        yield None
    for before, after in pairwise(series):
        near = (after.date - before.date).days <= STEP_DAYS[indicator.frequency]
        yield (before, after) if near and comparable(before, after, indicator) else None


def deviations(window: int, found: Sequence[Step | None]) -> Iterator[Deviation | None]:
    """How far each step lies from the `window` steps before it; nothing where they are too few, do
    not vary, or where a gap or a break lies among them."""
    known: list[float] = []
    for step in found:
        if step is None:
            known.clear()
            yield None
            continue
        size = step[1].value - step[0].value
        told = known[-window:]
        spread = stdev(told) if len(told) == window else 0.0
        known.append(size)
        yield Deviation((size - fmean(told)) / spread, window) if spread else None
