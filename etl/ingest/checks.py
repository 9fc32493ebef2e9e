"""What is wrong with new observations, in sentences; nothing if they are as expected."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from etl import calendars
from etl.catalog import Indicator
from etl.frequency import RULES, is_step, period_name, period_of, second_words
from etl.records import Action, Observation

_SCALES = ((100, "100 times"), (10, "10 times"), (0.1, "a tenth of"), (0.01, "a hundredth of"))
#: How close to a whole number the step of a split is, given shares bought back or issued meanwhile.
_WHOLE = 0.05
#: How many shared dates it takes to tell a shifted unit from a mere difference.
_ENOUGH_SHARED = 5
#: How many days before the newest value are searched for gaps.
_LOOK_BACK_DAYS = 120


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the value of a date."""

    date: date
    sentence: str


def problems(
    indicator: Indicator,
    observations: Sequence[Observation],
    now: datetime,
    actions: Sequence[Action] = (),
) -> Iterator[str]:
    """Each way in which the numbers violate what the catalog expects."""
    for finding in findings(indicator, observations, now, actions):
        yield finding.sentence


def findings(
    indicator: Indicator,
    observations: Sequence[Observation],
    now: datetime,
    actions: Sequence[Action] = (),
) -> Iterator[Fault]:
    """The problems, each with its date. A split explains the step of its day."""
    previous: Observation | None = None
    splits = [a for a in actions if a.kind == "split"]
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).date()
    for current in observations:
        for sentence in _faults(indicator, previous, current, now, tomorrow, splits):
            yield Fault(current.date, f"{indicator.id}: {current.date}{sentence}")
        previous = current if math.isfinite(current.value) else previous


def second_values(
    indicator: Indicator, days: Sequence[date], held: Collection[date]
) -> Iterator[str]:
    """Each new day of a period for which another day's value is held: otherwise a source that dates
    its values anew would have two of each."""
    if RULES[indicator.frequency].months is None:
        return
    taken = {period_of(indicator.frequency, day): day for day in sorted(held)}
    for day in sorted({*days} - {*held}):
        other = taken.get(period_of(indicator.frequency, day))
        if other is not None:
            yield (
                f"{indicator.id}: {day} is another day for {period_name(indicator.frequency, day)} "
                f"than {other}, of which a value is held: are the values dated anew?"
            )


def settled(
    indicator: Indicator, observations: Iterable[Observation], moment: datetime
) -> Iterator[Observation]:
    """What can be a value at `moment`: no price of a running session, and none of a day when the
    market is shut. `moment` is when the answer was fetched, not when a person accepts it."""
    yield from (o for o in observations if not indicator.why_none(o.date, moment))


def stale_repeat(indicator: Indicator, observations: Sequence[Observation]) -> Iterator[str]:
    """Whether a series that moves every day has stood still for longer than it can."""
    most = indicator.expect.max_repeats
    if most is None or len(observations) <= most:
        return
    tail = observations[-most - 1 :]
    if all(o.value == tail[0].value for o in tail):
        repeated = next(
            (n for n, o in enumerate(reversed(observations)) if o.value != tail[0].value),
            len(observations),
        )
        yield (
            f"{indicator.id}: {tail[-1].value!r} is repeated for {repeated} values up to "
            f"{tail[-1].date}, where no more than {most} can be alike: the source stands still."
        )


def shifted_unit(
    indicator: Indicator, observations: Sequence[Observation], others: Mapping[date, float]
) -> Iterator[str]:
    """Whether a new source counts in another unit than the values held for the same dates."""
    ratios = [o.value / others[o.date] for o in observations if others.get(o.date)]
    if len(ratios) < _ENOUGH_SHARED:
        return
    like = _scale_of(statistics.median(ratios), 0.05)
    if like:
        yield (
            f"{indicator.id}: the values are about {like} those held of {len(ratios)} same dates: "
            "a shifted unit?"
        )


def gaps(indicator: Indicator, days: Sequence[date]) -> Iterator[str]:
    """Each run of sessions without a value that is longer than the catalog allows, among the newest
    days held or answered."""
    most = indicator.expect.max_gap
    if most is None or not days:
        return
    first, last = min(days), max(days)
    held = {period_of(indicator.frequency, day) for day in days}
    start = max(first, last - timedelta(days=_LOOK_BACK_DAYS))
    missing: list[date] = []
    for session in calendars.sessions(indicator.calendar, start, last):
        if session not in held:
            missing.append(session)
            continue
        if len(missing) > most:
            yield (
                f"{indicator.id}: no value for {len(missing)} sessions from {missing[0]} to "
                f"{missing[-1]}."
            )
        missing = []


def no_closes(indicator: Indicator, days: Iterable[date], source: str) -> Iterator[str]:
    """Values that an earlier version of this program took for closes on days without one."""
    shut = [day for day in days if indicator.why_shut(day)]
    if shut:
        yield (
            f"{indicator.id}: {len(shut)} values of days when the market ({indicator.calendar}) is "
            f"shut, the newest {max(shut)}, are held from an earlier version of this program; "
            f"`python -m etl replay --source {source} --allow-fewer` reads the answers again "
            "without them."
        )


def _faults(
    indicator: Indicator,
    previous: Observation | None,
    current: Observation,
    now: datetime,
    tomorrow: date,
    splits: Sequence[Action],
) -> Iterator[str]:
    expect = indicator.expect
    if not math.isfinite(current.value):
        yield ": the value is not a number."
        return
    if current.date > tomorrow:
        yield ": the date lies in the future."
    elif reason := indicator.why_none(current.date, now):
        yield f" {reason}."
    if current.value < 0 <= expect.min:
        yield f": {current.value!r} is negative and below {expect.min!r}."
    elif current.value < expect.min:
        yield f": {current.value!r} is below {expect.min!r}."
    if current.value > expect.max:
        yield f": {current.value!r} is above {expect.max!r}."
    if previous is not None and _is_twin(previous, current):
        yield f": two values for one date, {previous.value!r} and {current.value!r}."
    if previous is not None and _is_second(indicator, previous, current):
        words = second_words(indicator.frequency, previous.date, current.date)
        yield f": {words}"
    if previous is not None and current.date not in expect.fact_days:
        yield from _step(indicator, previous, current, splits)


def _is_twin(previous: Observation, current: Observation) -> bool:
    """Whether two values claim one date at one moment, so that neither revises the other."""
    return (previous.date, previous.public_at) == (current.date, current.public_at)


def _is_second(indicator: Indicator, previous: Observation, current: Observation) -> bool:
    """Whether two days belong to one period."""
    if not RULES[indicator.frequency].is_of_periods:
        return False
    one, other = (period_of(indicator.frequency, o.date) for o in (previous, current))
    return one == other and previous.date != current.date


def _step(
    indicator: Indicator, previous: Observation, current: Observation, splits: Sequence[Action]
) -> Iterator[str]:
    most = indicator.expect.max_change_pct
    near = is_step(indicator.frequency, previous.date, current.date)
    if most is None or not near or previous.value <= 0:
        return
    ratio = current.value / previous.value
    if splits:
        ratio = min(_ratios(indicator, previous, current, splits), key=lambda r: abs(r - 1))
    if abs(100 * (ratio - 1)) <= most:
        return
    like = _scale_of(ratio, 0.25)
    hint = f" It is about {like} the value before: a shifted unit?" if like else ""
    if indicator.may_split and (times := _whole(ratio)):
        hint += (
            f" It looks like a split by {times} that no source has told: if it was one, write it "
            f"under splits of the price, or name {current.date} in expect.facts."
        )
    yield (
        f": {current.value!r} is {100 * (ratio - 1):+.1f} % from {previous.value!r} on "
        f"{previous.date}, beyond {most:g} %.{hint}"
    )


def _ratios(
    indicator: Indicator, previous: Observation, current: Observation, splits: Sequence[Action]
) -> Iterator[float]:
    """The step between two values without the splits in between. A count filed after a split may
    count the shares of an earlier day as new or old ones."""
    for after in {previous.date, _told(indicator, previous)}:
        for until in {current.date, _told(indicator, current)}:
            between = (s.value for s in splits if after < s.date <= until)
            yield current.value * math.prod(between) / previous.value


def _told(indicator: Indicator, observation: Observation) -> date:
    """The day on which a value came out, if it is not the day it is for."""
    if indicator.frequency == "daily" or observation.public_at is None:
        return observation.date
    return max(observation.date, observation.public_at.date())


def _whole(ratio: float) -> int:
    """The whole number by which one value is a multiple or fraction of another; 0 if there is
    none."""
    times = max(ratio, 1 / ratio) if ratio > 0 else 0.0
    nearest = round(times)
    return nearest if nearest > 1 and math.isclose(times, nearest, rel_tol=_WHOLE) else 0


def _scale_of(ratio: float, tolerance: float) -> str:
    return next((w for scale, w in _SCALES if math.isclose(ratio, scale, rel_tol=tolerance)), "")
