"""Changes between values: which may be compared, and how far a change is from earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist, sqrt
from statistics import fmean

from etl.catalog import Indicator
from etl.frequency import is_step
from etl.records import Measured, Vintage

Step = tuple[Vintage, Vintage]


@dataclass(frozen=True, slots=True)
class ZScore:
    """How many standard deviations a change is from the mean of the `window` changes before it."""

    measure: float
    window: int


def comparable(one: Measured, other: Measured, indicator: Indicator) -> bool:
    """Whether two values have the same definition: one basis, no break in between."""
    if one.basis != other.basis:
        return False
    if not indicator.breaks:  # most have none, and a table compares thousands of values
        return True
    first, last = sorted((one.date, other.date))
    return not any(first < change.date <= last for change in indicator.breaks)


def follows(before: Measured, after: Measured, indicator: Indicator) -> bool:
    """Whether a value may be compared with another as its previous value: one step of the frequency
    apart, with the same definition."""
    return is_step(indicator.frequency, before.date, after.date) and comparable(
        before, after, indicator
    )


def changes(indicator: Indicator, series: Sequence[Vintage]) -> Iterator[Step | None]:
    """Each value that follows the previous one by a single step, paired with it."""
    if series:
        yield None
    for before, after in pairwise(series):
        yield (before, after) if follows(before, after, indicator) else None


def z_scores(window: int, found: Sequence[Step | None]) -> Iterator[ZScore | None]:
    """How far each change is from the `window` changes before it; nothing if there are too few,
    they do not vary, or a gap or break is among them."""
    known: list[float] = []
    for step in found:
        if step is None:
            known.clear()
            yield None
            continue
        size = step[1].value - step[0].value
        told = known[-window:]
        known.append(size)
        if len(told) < window or min(told) == max(told):
            yield None
            continue
        mean = fmean(told)
        spread = dist(told, [mean] * window) / sqrt(window - 1)
        yield ZScore((size - mean) / spread, window)
