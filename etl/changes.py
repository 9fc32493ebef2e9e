"""Changes from value to value: which may be compared, and how far one lies from those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

from etl.catalog import Indicator
from etl.frequency import is_step
from etl.records import Measured, Vintage

Step = tuple[Vintage, Vintage]


@dataclass(frozen=True, slots=True)
class ZScore:
    """How many standard deviations a change lies from the mean of the `window` changes before."""

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


def follows(before: Measured, after: Measured, indicator: Indicator) -> bool:
    """Whether a value may be compared with another as with the one before it: by one step of the
    frequency, and of the same definition."""
    return is_step(indicator.frequency, before.date, after.date) and comparable(
        before, after, indicator
    )


def changes(indicator: Indicator, series: Sequence[Vintage]) -> Iterator[Step | None]:
    """For each value the one before it and itself, where it follows that by a single step."""
    if series:
        yield None
    for before, after in pairwise(series):
        yield (before, after) if follows(before, after, indicator) else None


def z_scores(window: int, found: Sequence[Step | None]) -> Iterator[ZScore | None]:
    """How far each change lies from the `window` changes before it; nothing where they are too few,
    do not vary, or where a gap or a break lies among them."""
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
        yield ZScore((size - fmean(told)) / spread, window) if spread else None
