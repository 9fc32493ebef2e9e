"""Values brought to a lower frequency, as FRED does it: one value for each whole period, dated on
its first day. Whatever comes after sees an indicator of that frequency."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.address import AddressError
from dashboard.data.transforms import Empty
from dashboard.texts import aggregate_name
from etl.calendars import end_of, has_session
from etl.catalog import Catalog, Indicator, Text
from etl.changes import comparable
from etl.frequency import RULES, Frequency, are_steps, period_end, period_of, periods_of
from etl.records import Vintage

#: What `freq` means, from the shortest period to the longest.
FREQUENCIES: Mapping[str, Frequency] = {
    "w": "weekly", "m": "monthly", "q": "quarterly", "a": "annual",
}  # fmt: skip
#: Of values of several kinds, what the reader must know first.
_TOLD_FIRST = ("disputed", "corrected", "cited")
_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1).toordinal()
_KNOWN_AT, _STATUS = attrgetter("known_at"), attrgetter("status")
Numbers = NDArray[np.floating[Any]]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Brought:
    """All that is held of an indicator, at the frequency that was asked for; `empty` says of some
    places why there is no value."""

    indicator: Indicator
    series: Sequence[Vintage]
    empty: Mapping[int, Empty]


def allowed(indicator: Indicator) -> tuple[str, ...]:
    """The values of `freq` that are not finer than what is held."""
    least = RULES[indicator.frequency].length
    return tuple(name for name, one in FREQUENCIES.items() if RULES[one].length >= least)


def adds_up(indicator: Indicator, catalog: Catalog) -> bool:
    """Whether a sum over a period means anything: of what is counted in each period, never of a
    price, a rate, an index or a value that holds until the next."""
    return catalog.unit(indicator).adds_up and indicator.frequency != "event"


def check(freq: str, agg: str, indicator: Indicator, catalog: Catalog) -> None:
    """AddressError where the values cannot be brought to this frequency in this way."""
    if freq not in allowed(indicator):
        raise AddressError(
            "freq",
            f"freq: {indicator.id} is {indicator.frequency}, and '{freq}' is finer than what is "
            f"held. Allowed: {', '.join(allowed(indicator))}, or none for the values as held.",
        )
    if agg == "sum" and not adds_up(indicator, catalog):
        raise AddressError(
            "agg",
            f"agg: a sum of {indicator.id} means nothing: its values, in "
            f"{catalog.unit(indicator).code}, do not add up. Allowed: eop, avg, min, max.",
        )


def seen_as(indicator: Indicator, freq: str, agg: str) -> Indicator:
    """The indicator as whoever draws, names or writes the brought values must see it: of that
    frequency, and with a title that says how: 标普 500 指数（月均）."""
    frequency = FREQUENCIES[freq]
    breaks = tuple(
        change.model_copy(update={"date": period_of(frequency, change.date)})
        for change in indicator.breaks
    )
    seen: dict[str, Any] = {"frequency": frequency, "breaks": breaks, "milestones": ()}
    if indicator.frequency != frequency:
        for field in ("title", "short"):
            seen[field] = _named(getattr(indicator, field), freq, agg)
    return indicator.model_copy(update=seen)


def brought(
    series: Sequence[Vintage], indicator: Indicator, freq: str, agg: str, today: date
) -> Brought:
    """The history, as it is known on `today`, at a lower frequency."""
    seen = seen_as(indicator, freq, agg)
    if not series:
        return Brought(seen, (), {})
    periods = _Periods(_spread(series, indicator, today), FREQUENCIES[freq], agg, today)
    rows = list(periods.rows())
    empty = {place: value for place, (_, value) in enumerate(rows) if isinstance(value, Empty)}
    return Brought(seen, [vintage for vintage, _ in rows], empty)


@dataclass(frozen=True, slots=True)
class _Spread:
    """The days that have a value, and the place of each value in the series. What changes only at
    events has one on every day: it holds until the next."""

    series: Sequence[Vintage]
    indicator: Indicator
    days: NDArray[np.datetime64]
    places: Places

    @property
    def is_of_events(self) -> bool:
        return self.indicator.frequency == "event"

    @property
    def held(self) -> Frequency:
        return "daily" if self.is_of_events else self.indicator.frequency

    def day(self, at: int) -> date:
        found: date = self.days[at].item()
        return found

    def lacks(self, first: date, last: date) -> bool:
        """Whether a value was to be expected from `first` to `last`."""
        one = self.indicator
        return first <= last and (not one.is_traded or has_session(one.calendar, first, last))


class _Periods:
    """The periods that have values: from `starts` up to `stops` among the days."""

    def __init__(self, spread: _Spread, frequency: Frequency, agg: str, today: date) -> None:
        self.spread, self.frequency, self.agg, self.today = spread, frequency, agg, today
        #: A close is final; what is counted, or holds until the next, is known when a period ends.
        self.waits = not spread.indicator.is_traded and spread.indicator.frequency != frequency
        is_new = np.diff(periods_of(frequency, spread.days)) != 0
        self.starts = np.flatnonzero(np.concatenate(([True], is_new)))
        self.stops = np.append(self.starts[1:], len(spread.days))

    def rows(self) -> Iterator[tuple[Vintage, float | Empty]]:
        """Each period, with its value or why it has none."""
        spread, places = self.spread, self.spread.places.tolist()
        for start, stop, value, reason in zip(
            self.starts.tolist(), self.stops.tolist(), self._values().tolist(), self._reasons(),
            strict=True,
        ):  # fmt: skip
            first = period_of(self.frequency, spread.day(start))
            made_of = spread.series[places[start] : places[stop - 1] + 1]
            if self.agg == "eop":
                made_of = made_of[-1:]
            found = reason or (value if np.isfinite(value) else Empty.TOO_LARGE)
            known_at = max(map(_KNOWN_AT, made_of))
            if self.waits and reason is not Empty.UNFINISHED:
                known_at = max(known_at, end_of(period_end(self.frequency, first)))
            yield _made(made_of, first, known_at, found, is_one=self.agg == "eop"), found

    def _values(self) -> Numbers:
        spread = self.spread
        held = np.fromiter((v.value for v in spread.series), float, len(spread.series))
        values = held[spread.places]
        match self.agg:
            case "eop":
                return values[self.stops - 1]
            case "min":
                return np.minimum.reduceat(values, self.starts)
            case "max":
                return np.maximum.reduceat(values, self.starts)
        with np.errstate(over="ignore"):
            sums = np.add.reduceat(values, self.starts)
        return sums if self.agg == "sum" else sums / (self.stops - self.starts)

    def _reasons(self) -> Iterator[Empty | None]:
        """Why a period has no value; None where it is whole. What stands at its end needs the end
        alone; everything else needs all of it, held at its own frequency and in one definition."""
        spread, is_eop = self.spread, self.agg == "eop"
        joined = are_steps(spread.held, spread.days)
        bad = np.concatenate(([0], np.cumsum(~joined)))
        mixed = np.concatenate(([0], np.cumsum(~_alike(spread))))
        last = len(spread.days)
        for start, stop in zip(self.starts.tolist(), self.stops.tolist(), strict=True):
            if stop == last and self._is_unfinished(stop - 1):
                yield Empty.UNFINISHED
            elif not (stop < last and joined[stop - 1]) and self._is_open(stop - 1):
                yield Empty.INCOMPLETE
            elif is_eop:
                yield None
            elif bad[stop - 1] > bad[start] or (
                not (start and joined[start - 1]) and self._begins_late(start)
            ):
                yield Empty.INCOMPLETE
            else:
                yield Empty.BREAK if mixed[stop - 1] > mixed[start] else None

    def _is_unfinished(self, at: int) -> bool:
        """Whether the newest period is not over, by its values or by the day."""
        end = period_end(self.frequency, self.spread.day(at))
        return (self.waits and end >= self.today) or self._is_open(at)

    def _is_open(self, at: int) -> bool:
        """Whether a value after this one was to be expected in its period."""
        day = self.spread.day(at)
        after = period_end(self.spread.held, day) + _DAY if day < date.max else day
        return self.spread.lacks(after, period_end(self.frequency, day))

    def _begins_late(self, at: int) -> bool:
        """Whether a value before this one was to be expected in its period."""
        day = self.spread.day(at)
        first = period_of(self.frequency, day)
        before = period_of(self.spread.held, day)
        return first < before and self.spread.lacks(first, before - _DAY)


def _spread(series: Sequence[Vintage], indicator: Indicator, today: date) -> _Spread:
    ordinals = np.fromiter((v.date.toordinal() for v in series), np.int64, len(series))
    days = (ordinals - _EPOCH).astype("datetime64[D]")  # much faster than from dates
    places = np.arange(len(days))
    if indicator.frequency == "event":
        # The newest holds for as long as somebody has looked.
        until = min(today, indicator.checked or date.min)
        end = max(np.datetime64(until, "D"), days[-1])
        lengths = np.diff(np.append(days, end + 1)).astype(np.int64)
        days, places = np.arange(days[0], end + 1), np.repeat(places, lengths)
    return _Spread(series, indicator, days, places)


def _alike(spread: _Spread) -> Flags:
    """Of each day but the first, whether its value has the definition of the one before."""
    series, indicator = spread.series, spread.indicator
    alike = np.ones(max(0, len(spread.days) - 1), bool)
    if indicator.breaks or len({v.basis for v in series}) > 1:
        changed = {
            at for at in range(1, len(series))
            if not comparable(series[at - 1], series[at], indicator)
        }  # fmt: skip
        alike = ~(np.isin(spread.places[1:], sorted(changed)) & (np.diff(spread.places) > 0))
    return alike


def _made(
    made_of: Sequence[Vintage],
    first: date,
    known_at: datetime,
    value: float | Empty,
    *,
    is_one: bool,
) -> Vintage:
    """A period's value with all that is to be known of the values that it is made of."""
    newest = made_of[-1]
    number = math.nan if isinstance(value, Empty) else value
    status = newest.status
    if not is_one:
        statuses = set(map(_STATUS, made_of))
        status = next((told for told in _TOLD_FIRST if told in statuses), status)
    return Vintage(
        first, number, newest.source, known_at, status, newest.credit, newest.basis,
        newest.note if is_one else "",
    )  # fmt: skip


def _named(title: Text, freq: str, agg: str) -> Text:
    return Text(
        zh=f"{title.zh}（{aggregate_name(freq, agg, 'zh')}）",
        en=f"{title.en} ({aggregate_name(freq, agg, 'en')})",
    )
