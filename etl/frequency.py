"""Periods and steps of every frequency, in the one table used by checks, changes, transforms, chart
lines, correlations, alerts, briefs and claims."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Frequency = Literal["daily", "weekly", "monthly", "quarterly", "annual", "event"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How values of a frequency follow one another.

    `months` is the length of the period that a value covers; None if it is `days`, counted from a
    Monday: a week, or its own day alone. `step_days` is how far two neighbouring days may be apart;
    None if any distance is one step. `base_days` is how much older than the requested day the base
    of a change may be.
    """

    months: int | None = None
    days: int = 1
    step_days: int | None = None
    base_days: int = 0

    @property
    def is_of_periods(self) -> bool:
        """Whether a value covers more than its own day."""
        return self.months is not None or self.days > 1

    @property
    def length(self) -> int:
        """About how many days a value covers: what is finer is shorter."""
        return self.days if self.months is None else 30 * self.months


RULES: Mapping[Frequency, Rule] = {
    # Ten days: the longest a market is ever closed, including the weekends around it.
    "daily": Rule(step_days=10, base_days=10),
    # No source is weekly: values of days are brought to it.
    "weekly": Rule(days=7),
    "monthly": Rule(months=1),
    "quarterly": Rule(months=3),
    "annual": Rule(months=12),
    "event": Rule(base_days=400),
}


def period_of(frequency: Frequency, day: date) -> date:
    """The first day of the period that a value dated `day` covers; `day` itself if each day is its
    own period."""
    rule = RULES[frequency]
    if not rule.is_of_periods:
        return day
    if rule.months is None:
        return day - timedelta((day.toordinal() - 1) % rule.days)  # day 1 was a Monday
    return date(day.year, (day.month - 1) // rule.months * rule.months + 1, 1)


def is_step(frequency: Frequency, before: date, after: date) -> bool:
    """Whether `after` follows `before` by one step: the next period, or a day close enough."""
    rule = RULES[frequency]
    if rule.months is not None:
        following = months_after(period_of(frequency, before), rule.months)
        return following == period_of(frequency, after)
    if rule.is_of_periods:
        return (period_of(frequency, after) - period_of(frequency, before)).days == rule.days
    days = (after - before).days
    return days > 0 and (rule.step_days is None or days <= rule.step_days)


def index_at(frequency: Frequency, days: Sequence[date], day: date) -> int | None:
    """The position in the ascending `days` of the value that applied on `day`: that of its period,
    whatever day it is dated; for daily values the newest on or before it, if close enough. None if
    there is none."""
    at = bisect_right(days, period_end(frequency, day)) - 1
    if at < 0:
        return None
    distance = period_of(frequency, day) - period_of(frequency, days[at])
    return at if distance.days <= RULES[frequency].base_days else None


def base_index(frequency: Frequency, days: Sequence[date], day: date, months: int) -> int | None:
    """The position in the ascending `days` of the base of a change over `months` months to `day`.
    None if there is none, or if that is not a whole number of periods."""
    period = RULES[frequency].months
    if period is not None and months % period:
        return None
    return index_at(frequency, days, months_after(day, -months))


def period_end(frequency: Frequency, day: date) -> date:
    """The last day of the period that a value dated `day` covers."""
    rule, start = RULES[frequency], period_of(frequency, day)
    if not rule.is_of_periods:
        return day
    if rule.months is None:
        return start + min(timedelta(rule.days - 1), date.max - start)
    return months_after(start, rule.months) - _DAY


def period_middle(frequency: Frequency, day: date) -> date:
    """The day amid the period that a value dated `day` stands for: where charts show it."""
    if not RULES[frequency].is_of_periods:
        return day
    start = period_of(frequency, day)
    return start + (period_end(frequency, day) - start) // 2


def period_name(frequency: Frequency, day: date) -> str:
    """The period that a value dated `day` covers, in words: May 2026, quarter 2 of 2026."""
    match RULES[frequency].months:
        case None:
            start = period_of(frequency, day).isoformat()
            return f"the week of {start}" if RULES[frequency].is_of_periods else start
        case 1:
            return f"{day:%B} {day.year}"
        case 3:
            return f"quarter {(day.month + 2) // 3} of {day.year}"
    return f"{day.year}"


def second_words(frequency: Frequency, one: date, other: date) -> str:
    """What is wrong with the second of two values for one period, and what to do."""
    period = period_name(frequency, other)
    days = "" if one == other else f", dated {one} and {other}"
    return f"a second value for {period}{days}; keep one."


def months_after(day: date, months: int) -> date:
    """The same day of the month, that many months later (earlier if negative), or the last day of
    that month; the first or last possible date if the year is out of range."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def periods_of(frequency: Frequency, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """A number for the period of each day, increasing by one per period; for its own day if each
    day is its own period."""
    rule = RULES[frequency]
    if rule.months is None:
        since_monday = _numbers(days.astype("datetime64[D]") - _MONDAY)
        return since_monday // rule.days
    return _numbers(days.astype("datetime64[M]")) // rule.months


def are_steps(frequency: Frequency, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """For each of the ascending `days` except the first, whether it follows the previous one by one
    step."""
    rule, apart = RULES[frequency], np.diff(periods_of(frequency, days))
    if rule.is_of_periods:
        return np.asarray(apart == 1)
    return np.asarray((apart > 0) & (rule.step_days is None or apart <= rule.step_days))


def base_indices(
    frequency: Frequency, days: NDArray[np.datetime64], months: int
) -> NDArray[np.int64]:
    """`base_index` for each of the ascending `days`; -1 where there is none."""
    rule = RULES[frequency]
    if rule.months is not None and months % rule.months:
        return np.full(len(days), -1)
    asked = days.astype("datetime64[M]") - months
    last = (asked + 1).astype("datetime64[D]") - 1
    since_first = days.astype("datetime64[D]") - days.astype("datetime64[M]").astype(
        "datetime64[D]"
    )
    earlier = np.minimum(asked.astype("datetime64[D]") + since_first, last)
    held, wanted = periods_of(frequency, days), periods_of(frequency, earlier)
    at = np.searchsorted(held, wanted, side="right") - 1
    is_near = (at >= 0) & (wanted - held[at] <= rule.base_days)
    return np.where(is_near, at, -1).astype(np.int64)


def _numbers(days: NDArray[Any]) -> NDArray[np.int64]:
    return days.astype(np.int64)


_DAY = timedelta(days=1)
_MONDAY = np.datetime64("1970-01-05", "D")
