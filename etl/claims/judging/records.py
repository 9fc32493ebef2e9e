"""Verdicts on records, round numbers and firsts.

A record or a first of all time is supported only where `etl.events` knows that it is one, and
contradicted only by an earlier value that is surely known; else it cannot be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from etl.calendars import has_session
from etl.catalog import Extreme
from etl.claims.judging.bases import previous, window_day
from etl.claims.judging.case import Case, Ruling, Unknown
from etl.claims.judging.sessions import first_meant, value_meant
from etl.claims.model import Verdict
from etl.events import GRAINS as GRAIN_NAMES
from etl.events import Side, Stretch
from etl.frequency import are_steps, is_step, period_end, period_of
from etl.words.sentences import GRAINS

_DAY = timedelta(days=1)
_NAMES: dict[Side, str] = {"high": "最高", "low": "最低"}


def record_high(case: Case) -> Ruling:
    """Strictly above every earlier value of the same definition."""
    return _record(case, "high")


def record_low(case: Case) -> Ruling:
    """Strictly below every earlier value of the same definition."""
    return _record(case, "low")


def _record(case: Case, side: Side) -> Ruling:
    sign = 1.0 if side == "high" else -1.0
    last = value_meant(case)
    first_at = first_meant(case, last)
    at = first_at + int(np.argmax(sign * case.history.values[first_at : last + 1]))
    if case.statement.mode == "month_end":
        return _among_month_ends(case, at, side)
    past = _Past.of(case, at, side)
    best = past.best
    told, before = case.told_own(at), None
    if best is not None:
        before = case.value_of(best)
        told = (
            f"{told}；{past.since} 以来所存 {past.count} 个值中{_NAMES[side]}是 "
            f"{case.own_period(best)} 的 {case.shown(before)}"
        )
    is_beaten = before is not None and sign * case.value_of(at) <= sign * before
    return past.result(
        told,
        is_refuted=is_beaten or past.catalog_has(case.value_of(at)),
        is_of_all_time=past.is_record,
        refuted_by_held=is_beaten,
        previous=before,
    )


def _among_month_ends(case: Case, at: int, side: Side) -> Ruling:
    """A record among the last values of the months, every one of which must be held."""
    past = _Past.of(case, at, side)
    days, target = past.stretch.days[: past.place + 1], past.target
    months = days.astype("datetime64[M]")
    ends = np.flatnonzero(np.append(months[1:] != months[:-1], True))
    if target is not None:
        ends = ends[months[ends] >= np.datetime64(target, "M")]
    own = case.date_of(at)
    if has_session(case.indicator.calendar, own + _DAY, period_end("monthly", own)):
        raise Unknown(f"{own} 不是当月最后一个交易日")
    if target is None or len(ends) < 2 or months[ends[0]] != np.datetime64(target, "M"):
        raise Unknown("更早的月末值没有存，不能认定")
    if not np.all(are_steps("monthly", days[ends])) or any(
        has_session(case.indicator.calendar, day + _DAY, period_end("monthly", day))
        for day in days[ends[:-1]].tolist()
    ):
        raise Unknown("这段时间的月末值没有存全，不能认定")
    values = past.stretch.values[ends]
    best = int(np.argmax(values[:-1]) if side == "high" else np.argmin(values[:-1]))
    before, found = float(values[best]), float(values[-1])
    told = (
        f"{case.told_own(at)}；{days[ends[0]]} 以来此前 {len(ends) - 1} 个月末值中{_NAMES[side]}是 "
        f"{days[ends[best]]} 的 {case.shown(before)}"
    )
    is_so = found > before if side == "high" else found < before
    return case.answer(is_so, told, at, before, f"{days[ends[0]]}..")


def milestone(case: Case) -> Ruling:
    """A number that was crossed in the time meant; 守住 only stands above it."""
    mark, at = case.mark(), value_meant(case)
    if case.statement.mode == "hold":
        return case.answer(case.value_of(at) >= mark, case.told(at), at, None, "3m")
    places = range(first_meant(case, at), at + 1)
    crossed = [place for place in places if _crosses(case, place, mark)]
    at = crossed[-1] if crossed else at
    before = previous(case, at)
    told = f"{case.told(at)}，{case.told(before)}"
    return case.answer(bool(crossed), told, at, case.value_of(before), "3m")


def _crosses(case: Case, at: int, mark: float) -> bool:
    if at <= case.history.start_of(at):
        return False
    old, new = case.value_of(previous(case, at)), case.value_of(at)
    return old < mark <= new if case.way() == "up" else new < mark <= old


def first(case: Case) -> Ruling:
    """A number that was reached, and by no earlier value."""
    mark, at = case.mark(), value_meant(case)
    side: Side = "low" if case.way() == "down" else "high"
    sign = 1.0 if side == "high" else -1.0
    past = _Past.of(case, at, side)
    told = case.told(at)
    if sign * case.value_of(at) < sign * mark:
        return case.answer(False, told, at, past.previous, "max")
    reached = np.flatnonzero(sign * past.held >= sign * mark)
    if len(reached):
        day = case.date_of(int(past.places[past.first + int(reached[0])]))
        told = f"{told}；{past.since} 以来所存 {past.count} 个值中，{day} 已经达到过"
    elif past.count:
        told = f"{told}；{past.since} 以来所存 {past.count} 个值都没有达到过"
    return past.result(
        told,
        is_refuted=bool(len(reached)) or past.catalog_has(mark),
        is_of_all_time=bool(sign * past.ever < sign * mark),
        refuted_by_held=bool(len(reached)),
        previous=past.previous,
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of the time before the value at the place `at`: those of its definition, whose
    places in the history are `places`; it stands at `place` among them, and the statement speaks of
    those from `first` on, or of all time where it names no `target`, the day its window begins."""

    case: Case
    at: int
    side: Side
    stretch: Stretch
    places: NDArray[np.int64]
    place: int
    first: int
    target: date | None

    @classmethod
    def of(cls, case: Case, at: int, side: Side) -> _Past:
        places, stretch = case.history.stretch(case.indicator, at)
        place = int(np.searchsorted(places, at))
        target = window_day(case, at)
        first = 0 if target is None else int(np.searchsorted(stretch.days, np.datetime64(target)))
        return cls(case, at, side, stretch, places, place, min(first, place), target)

    @property
    def count(self) -> int:
        """How many values are held."""
        return self.place - self.first

    @property
    def held(self) -> NDArray[np.float64]:
        return self.stretch.values[self.first : self.place]

    @property
    def since(self) -> str:
        """When they begin."""
        return str(self.case.own_period(int(self.places[self.first])))

    @property
    def best(self) -> int | None:
        """The place in the history of the highest or lowest that is held."""
        if not self.count:
            return None
        found = np.argmax(self.held) if self.side == "high" else np.argmin(self.held)
        return int(self.places[self.first + int(found)])

    @property
    def previous(self) -> float | None:
        """The value held just before."""
        return float(self.stretch.values[self.place - 1]) if self.place else None

    @property
    def ever(self) -> float:
        """The highest or lowest value of all time before; not a number where that is not known."""
        ever = self.stretch.ever_highest if self.side == "high" else self.stretch.ever_lowest
        return float(ever[self.place])

    @property
    def is_record(self) -> bool:
        """Whether the value is surely beyond all that ever stood before."""
        at, values = np.array([self.place]), self.stretch.values[[self.place]]
        return bool(self.stretch.are_of_all_time(self.side, at, values)[0])

    def catalog_has(self, mark: float) -> bool:
        """Whether the catalog knows an earlier value in the window that had reached a number."""
        extreme = self._extreme
        if extreme is None or (self.target is not None and extreme.date < self.target):
            return False
        at = np.array([self.place])
        return bool(self.stretch.refuted(self.side, at, np.array([mark]))[0])

    @property
    def _extreme(self) -> Extreme | None:
        return self.stretch.extreme(self.side)

    @property
    def is_whole(self) -> bool:
        """Whether every value of the window is held."""
        start = int(self.stretch.unbroken[self.place])
        if self.target is None or start > self.first:
            return False
        begins = self.case.date_of(int(self.places[start]))
        if begins <= self.target:
            return True
        if self.case.is_lively:
            calendar = self.case.indicator.calendar
            return not has_session(calendar, self.target, begins - _DAY)
        frequency = self.case.indicator.frequency
        if frequency == "event":
            return False
        is_same = period_of(frequency, begins) == period_of(frequency, self.target)
        return is_same or is_step(frequency, self.target, begins)

    def result(
        self,
        told: str,
        *,
        is_refuted: bool,
        is_of_all_time: bool,
        refuted_by_held: bool,
        previous: float | None,
    ) -> Ruling:
        """The verdict: contradicted by what is surely known, supported where all is known."""
        is_among_held = self.case.statement.mode == "held" and self.target is not None
        is_known = is_of_all_time or self.is_whole or (is_among_held and self.count > 0)
        if not (is_refuted or is_known or self.count):
            raise Unknown(f"{self.case.own_period(self.at)} 以前没有同口径的值可比")
        verdict: Verdict = "supported" if is_known else "unverifiable"
        if is_refuted:
            verdict = "contradicted"
        if is_refuted and not refuted_by_held:
            told = f"{self.case.told_own(self.at)}；{self._known_before()}"
        elif verdict == "unverifiable":
            told = f"{told}；{self._doubt()}"
        t = "max" if self.target is None else f"{self.case.date_of(int(self.places[self.first]))}.."
        return self.case.result(verdict, told, self.at, previous, t)

    def _known_before(self) -> str:
        extreme = self._extreme
        assert extreme is not None
        return f"{extreme.date} 曾为 {self.case.shown(extreme.value)}（{extreme.source}）"

    def _doubt(self) -> str:
        """Why what is held does not decide."""
        grain = GRAINS[GRAIN_NAMES[self.stretch.grains[self.place]]][0]
        span = "更早的值没有存" if self.target is None else "这段时间的值没有存全"
        return f"{span}{f'（{grain}）' if grain else ''}，不能认定"
