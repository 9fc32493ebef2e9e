"""Records, round numbers and firsts, found in one place that also knows whether they are all-time.
Pure; used by the snapshot's table, frozen charts, alerts and claims alike.

A value is compared with every earlier value held with the same definition: one basis, no break and
no split in between. Whether a find holds for all time depends on what is held: the catalog says
when the quantity begins, or gives its extremes through a day, and from there on the values must be
held at the indicator's own frequency. Otherwise an event names what it was judged on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from etl.catalog import Extreme, Indicator
from etl.frequency import RULES, are_steps, periods_of
from etl.records import Event, Grain, Measured, Vintage

Side = Literal["high", "low"]
Kind = Literal["record_high", "record_low", "milestone_up", "milestone_down"]
KINDS: tuple[Kind, ...] = get_args(Kind)
GRAINS: tuple[Grain, ...] = get_args(Grain)
_COMPLETE, _MONTH_END, _GAPS = range(len(GRAINS))
_SIGNS: dict[Side, int] = {"high": 1, "low": -1}
#: The most days between the last session of a month and the first of the next.
_MONTH_END_DAYS = 4

Days = NDArray[np.datetime64]
Values = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Events:
    """Events as columns: `asked` is the position of each among what was asked, `kind` its position
    in `KINDS`."""

    asked: Places
    kind: Places
    threshold: Values
    is_first: Flags
    all_time: Flags


class Stretch:
    """The values of one definition in order of date.

    `opens` and `closes` are the days on which the definition changes around it; from the day
    `mixed` on, values with another basis are held too, and it is unknown which one the catalog
    means.
    """

    def __init__(
        self,
        indicator: Indicator,
        days: Days,
        values: Values,
        opens: date | None = None,
        closes: date | None = None,
        mixed: np.datetime64 | None = None,
    ) -> None:
        self.indicator, self.days, self.values = indicator, days, values
        self._opens, self._closes, self._mixed = opens, closes, mixed
        self._milestones = np.sort(np.array(indicator.milestones, float))

    def __len__(self) -> int:
        return len(self.days)

    # What comes before each value

    @cached_property
    def previous(self) -> Values:
        """The value before each; none before the first."""
        return _after_nothing(self.values)

    @cached_property
    def highest(self) -> Values:
        """The highest value held before each."""
        return _after_nothing(np.maximum.accumulate(self.values))

    @cached_property
    def lowest(self) -> Values:
        """The lowest value held before each."""
        return _after_nothing(np.minimum.accumulate(self.values))

    @cached_property
    def follows(self) -> Flags:
        """Whether the previous value is that of the previous step."""
        if not len(self):
            return np.zeros(0, bool)
        return np.concatenate(([False], are_steps(self.indicator.frequency, self.days)))

    @cached_property
    def unbroken(self) -> Places:
        """For each value, the position from which values up to it are held at the indicator's own
        frequency."""
        places = np.arange(len(self))
        return np.maximum.accumulate(np.where(self.follows, 0, places))

    @cached_property
    def grains(self) -> Places:
        """The grain at which the values up to each are held."""
        gaps = ~self.follows
        gaps[:1] = False
        if not gaps.any():
            return np.zeros(len(self), np.int64)
        odd = np.flatnonzero(gaps)
        odd = odd[~self._are_month_ends(odd)]
        grains = np.where(np.cumsum(gaps) > 0, _MONTH_END, _COMPLETE)
        if len(odd):
            grains[odd[0] :] = _GAPS
        return grains

    def _are_month_ends(self, at: Places) -> Flags:
        """Whether the gap before each position leads from the only value of a month, that of its
        last session, into the next month."""
        if self.indicator.frequency != "daily":
            return np.zeros(len(at), bool)
        months = self.days.astype("datetime64[M]")
        last, month = self.days[at - 1], months[at - 1]
        one = np.timedelta64(1, "M")
        to_end = ((month + one).astype("datetime64[D]") - last).astype(np.int64)
        alone = (at < 2) | (months[at - 2] != month)
        return np.asarray((to_end <= _MONTH_END_DAYS) & alone & (months[at] == month + one))

    # What is known about all time

    def extreme(self, side: Side) -> Extreme | None:
        """The catalog's extreme, if it is one for this definition."""
        history = self.indicator.history
        found = history.high if side == "high" else history.low
        return found if found is not None and self._spans(found.through) else None

    def _spans(self, day: date) -> bool:
        is_open = self._opens is None or self._opens <= day
        return is_open and (self._closes is None or day < self._closes)

    @cached_property
    def ever_highest(self) -> Values:
        """The all-time high before each; NaN if unknown."""
        return self._ever("high", self.highest)

    @cached_property
    def ever_lowest(self) -> Values:
        """The all-time low before each; NaN if unknown."""
        return self._ever("low", self.lowest)

    def _ever(self, side: Side, held: Values) -> Values:
        begins, extreme = self.indicator.history.begins, self.extreme(side)
        ever = np.full(len(self), np.nan)
        if not len(self) or (begins is None and extreme is None):
            return ever
        starts = self._periods[self.unbroken]
        if begins is not None and self._spans(begins):
            ever = np.where(starts <= self._period(begins), held, ever)
        if extreme is not None:
            through = self._period(extreme.through)
            is_next = (self._periods > through) & (starts <= through + self._one_step)
            worst = np.fmax if side == "high" else np.fmin
            ever = np.where(is_next, worst(held, extreme.value), ever)
        return np.where(self._alone, ever, np.nan)

    @cached_property
    def _alone(self) -> Flags:
        """The day up to which no value with another basis is held."""
        if self._mixed is None:
            return np.ones(len(self), bool)
        return np.asarray(self.days < self._mixed)

    @cached_property
    def _periods(self) -> NDArray[np.int64]:
        return periods_of(self.indicator.frequency, self.days)

    def _period(self, day: date) -> int:
        return int(periods_of(self.indicator.frequency, np.array([day], "datetime64[D]"))[0])

    @property
    def _one_step(self) -> int:
        """How far a value may be after the day through which an extreme holds. A series with values
        only on days of change may have changed any number of times in between."""
        rule = RULES[self.indicator.frequency]
        return 1 if rule.months is not None else rule.step_days or 0

    def are_of_all_time(self, side: Side, at: Places, values: Values) -> Flags:
        """Whether the values at these positions are strictly beyond all earlier ones that ever
        existed."""
        ever = self.ever_highest if side == "high" else self.ever_lowest
        sign, extreme = _SIGNS[side], self.extreme(side)
        beyond = sign * values > sign * ever[at]
        if extreme is not None:  # that which the catalog speaks of is one, whatever is held
            is_it = (self.days[at] == np.datetime64(extreme.date)) & (values == extreme.value)
            beyond |= is_it & self._alone[at]
        return np.asarray(beyond)

    def refuted(self, side: Side, at: Places, values: Values) -> Flags:
        """Whether the catalog knows an earlier value that these do not exceed."""
        extreme, sign = self.extreme(side), _SIGNS[side]
        if extreme is None:
            return np.zeros(len(at), bool)
        earlier = (self.days[at] > np.datetime64(extreme.date)) & self._alone[at]
        return np.asarray(earlier & (sign * values <= sign * extreme.value))

    # Events

    def events(self, at: Places, values: Values, *, records: bool) -> Events:
        """The events of values at these positions, whether or not the values are those of the
        series: each is judged by the values before it."""
        parts = []
        if records:
            parts += [self._records(side, at, values) for side in _SIGNS]
        if len(self._milestones):
            parts += self._crossings(at, values)
        if not parts:
            return _NONE
        columns = ([getattr(part, name) for part in parts] for name in Events.__slots__)
        return Events(*(np.concatenate(column) for column in columns))

    def _records(self, side: Side, at: Places, values: Values) -> Events:
        held, sign = (self.highest if side == "high" else self.lowest), _SIGNS[side]
        asked = np.flatnonzero(sign * values > sign * held[at])
        at, values = at[asked], values[asked]
        kind = np.full(len(at), KINDS.index("record_high" if side == "high" else "record_low"))
        all_time = self.are_of_all_time(side, at, values)
        nothing, never = np.full(len(at), np.nan), np.zeros(len(at), bool)
        return Events(asked, kind, nothing, never, all_time)

    def _crossings(self, at: Places, values: Values) -> Iterator[Events]:
        before = np.searchsorted(self._milestones, self.previous[at], side="right")
        after = np.searchsorted(self._milestones, values, side="right")
        moved = (before != after) & (at > 0)
        for kind, rose in (("milestone_up", True), ("milestone_down", False)):
            rows = np.flatnonzero(moved & ((after > before) == rose))
            low, high = np.minimum(before, after)[rows], np.maximum(before, after)[rows]
            many = high - low
            asked = np.repeat(rows, many)
            nth = np.arange(len(asked)) - np.repeat(np.cumsum(many) - many, many)
            threshold = self._milestones[np.repeat(low, many) + nth]
            place = at[asked]
            if rose:
                first = self.highest[place] < threshold
                ever = self.ever_highest[place] < threshold
            else:
                first = self.lowest[place] >= threshold
                ever = self.ever_lowest[place] >= threshold
            kinds = np.full(len(asked), KINDS.index(kind))
            yield Events(asked, kinds, threshold, first, first & ever)


def stretches(
    indicator: Indicator,
    days: Days,
    values: Values,
    bases: Sequence[str] | NDArray[Any],
    changes: Sequence[date],
) -> Iterator[tuple[Places, Stretch]]:
    """The values of each definition, with their positions in the whole series, which is in order of
    date. `changes` are the days on which the definition changes."""
    if not len(days):
        return
    names = np.asarray(bases)
    other = np.flatnonzero(names != names[0])
    if not len(other):
        yield from _between(indicator, np.arange(len(days)), days, values, changes, None)
        return
    mixed = days[other[0]]
    for name in dict.fromkeys(names.tolist()):
        places = np.flatnonzero(names == name)
        yield from _between(indicator, places, days[places], values[places], changes, mixed)


def _between(
    indicator: Indicator,
    places: Places,
    days: Days,
    values: Values,
    changes: Sequence[date],
    mixed: np.datetime64 | None,
) -> Iterator[tuple[Places, Stretch]]:
    edges = [None, *sorted(set(changes)), None]
    for opens, closes in pairwise(edges):
        first = 0 if opens is None else int(np.searchsorted(days, np.datetime64(opens)))
        last = len(days) if closes is None else int(np.searchsorted(days, np.datetime64(closes)))
        if first < last:
            held = slice(first, last)
            yield places[held], Stretch(indicator, days[held], values[held], opens, closes, mixed)


def beaten(
    indicator: Indicator, series: Sequence[Measured], splits: Iterable[date] = ()
) -> Iterator[tuple[Side, Measured]]:
    """The catalog's extremes that cannot be all-time, each with a value of the series that exceeds
    it and is dated no later than the day through which it is said to hold. On the same date another
    source may differ a little."""
    for places, stretch in stretches_of(indicator, series, splits):
        for side, sign in _SIGNS.items():
            extreme = stretch.extreme(side)
            if extreme is None:
                continue
            early = stretch.days <= np.datetime64(extreme.through)
            near = abs(extreme.value) * indicator.expect.tolerance_pct / 100
            is_it = stretch.days == np.datetime64(extreme.date)
            is_it &= abs(stretch.values - extreme.value) <= near
            values = np.where(early & ~is_it, sign * stretch.values, -np.inf)
            if values.max() > sign * extreme.value:
                yield side, series[int(places[values.argmax()])]


def changes_of(indicator: Indicator, splits: Iterable[date] = ()) -> list[date]:
    """The days on which an indicator's definition changes."""
    return sorted({*(change.date for change in indicator.breaks), *splits})


def events_of(
    indicator: Indicator,
    series: Sequence[Vintage],
    splits: Iterable[date] = (),
    *,
    records: bool | None = None,
) -> list[Event]:
    """The events of a series in order of date; `records` overrides the catalog on whether records
    are wanted."""
    wanted = indicator.records if records is None else records
    found: list[Event] = []
    for places, stretch in stretches_of(indicator, series, splits):
        at = np.arange(len(stretch))
        events = stretch.events(at, stretch.values, records=wanted)
        found += _told(events, stretch, [series[place] for place in places.tolist()])
    return sorted(found, key=lambda event: event.date)


def stretches_of(
    indicator: Indicator, series: Sequence[Measured], splits: Iterable[date] = ()
) -> Iterator[tuple[Places, Stretch]]:
    """The values of each definition of a series, with their positions in it."""
    days = np.array([one.date for one in series], "datetime64[D]")
    values = np.array([one.value for one in series], float)
    bases = [one.basis for one in series]
    return stretches(indicator, days, values, bases, changes_of(indicator, splits))


def _told(events: Events, stretch: Stretch, rows: Sequence[Vintage]) -> Iterator[Event]:
    for n, at in enumerate(events.asked.tolist()):
        vintage, before, threshold = rows[at], rows[at - 1], float(events.threshold[n])
        yield Event(
            indicator=stretch.indicator.id,
            date=vintage.date,
            kind=KINDS[events.kind[n]],
            value=vintage.value,
            threshold=None if np.isnan(threshold) else threshold,
            is_first=bool(events.is_first[n]),
            previous=before.value,
            previous_date=before.date,
            since=rows[0].date,
            known_at=vintage.known_at,
            all_time=bool(events.all_time[n]),
            grain=GRAINS[stretch.grains[at]],
            unbroken=rows[stretch.unbroken[at]].date,
        )


def _after_nothing(values: Values) -> Values:
    return np.concatenate(([np.nan], values[:-1])) if len(values) else values


_NONE = Events(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, bool), np.empty(0, bool)
)  # fmt: skip
