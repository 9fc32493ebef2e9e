"""What is wrong with new observations, in sentences; nothing, when they are as expected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from etl.catalog import Indicator
from etl.observation import Observation

#: A step is judged only between values this close in time.
STEP_DAYS = 10
_SCALES = ((100, "100 times"), (10, "10 times"), (0.1, "a tenth of"), (0.01, "a hundredth of"))


def problems(
    indicator: Indicator, observations: Sequence[Observation], now: datetime
) -> Iterator[str]:
    """Each way in which the numbers break what the catalog expects of them."""
    expect = indicator.expect
    previous: Observation | None = None
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).date()
    for current in observations:
        at = f"{indicator.id}: {current.date}"
        if not math.isfinite(current.value):
            yield f"{at}: the value is not a number."
            continue
        if current.date > tomorrow:
            yield f"{at}: the date lies in the future."
        if current.value < expect.min:
            yield f"{at}: {current.value!r} is below {expect.min!r}."
        if current.value > expect.max:
            yield f"{at}: {current.value!r} is above {expect.max!r}."
        if previous is not None and expect.max_change_pct is not None:
            yield from _step(at, previous, current, expect.max_change_pct)
        previous = current


def _step(
    at: str, previous: Observation, current: Observation, max_change_pct: float
) -> Iterator[str]:
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
        f"{at}: {current.value!r} is {change:+.1f} % from {previous.value!r} on {previous.date}, "
        f"beyond {max_change_pct:g} %.{hint}"
    )
