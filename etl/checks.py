"""What is wrong with new observations, in sentences; nothing, when they are as expected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from etl.catalog import Indicator
from etl.observation import Observation

#: A step is judged only between values this close in time.
STEP_DAYS = 10
_SCALES = ((100, "100 times"), (10, "10 times"), (0.1, "a tenth of"), (0.01, "a hundredth of"))


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the value of a date."""

    date: date
    sentence: str


def problems(
    indicator: Indicator, observations: Sequence[Observation], now: datetime
) -> Iterator[str]:
    """Each way in which the numbers break what the catalog expects of them."""
    for finding in findings(indicator, observations, now):
        yield finding.sentence


def findings(
    indicator: Indicator, observations: Sequence[Observation], now: datetime
) -> Iterator[Finding]:
    """The problems, each with the date it stands at."""
    previous: Observation | None = None
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).date()
    for current in observations:
        for sentence in _faults(indicator, previous, current, tomorrow):
            yield Finding(current.date, f"{indicator.id}: {current.date}{sentence}")
        previous = current if math.isfinite(current.value) else previous


def _faults(
    indicator: Indicator, previous: Observation | None, current: Observation, tomorrow: date
) -> Iterator[str]:
    expect = indicator.expect
    if not math.isfinite(current.value):
        yield ": the value is not a number."
        return
    if current.date > tomorrow:
        yield ": the date lies in the future."
    if current.value < expect.min:
        yield f": {current.value!r} is below {expect.min!r}."
    if current.value > expect.max:
        yield f": {current.value!r} is above {expect.max!r}."
    if previous is not None and _is_twin(previous, current):
        yield f": two values for one date, {previous.value!r} and {current.value!r}."
    if previous is not None and expect.max_change_pct is not None:
        yield from _step(previous, current, expect.max_change_pct)


def _is_twin(previous: Observation, current: Observation) -> bool:
    """Whether two values claim one date at one moment: neither revises the other."""
    return (previous.date, previous.public_at) == (current.date, current.public_at)


def _step(previous: Observation, current: Observation, max_change_pct: float) -> Iterator[str]:
    near = (current.date - previous.date).days <= STEP_DAYS
    if not near or previous.value <= 0 or current.date == previous.date:
        return
    change = 100 * (current.value / previous.value - 1)
    if abs(change) <= max_change_pct:
        return
    ratio = current.value / previous.value
    like = next((w for scale, w in _SCALES if math.isclose(ratio, scale, rel_tol=0.25)), "")
    hint = f" It is about {like} the value before: a shifted unit?" if like else ""
    yield (
        f": {current.value!r} is {change:+.1f} % from {previous.value!r} on {previous.date}, "
        f"beyond {max_change_pct:g} %.{hint}"
    )
