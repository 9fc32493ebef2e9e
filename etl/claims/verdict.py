"""A statement beside what was known: supported, approximate, contradicted or unverifiable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from etl.calendars import is_session
from etl.catalog import Catalog, Indicator
from etl.claims.dates import (
    Period,
    end_of,
    last_session,
    months_before,
    period_of,
    session_on_or_before,
)
from etl.claims.grammar import Grammar, grammar
from etl.claims.known import History, Known
from etl.claims.model import Claim, Evidence, Verdict
from etl.claims.numbers import Number
from etl.claims.statement import NO_MARK, Base, Statement, Window

#: How old the base of a comparison over months or a year may be, as in the site's transforms.
_TOLERANCE: Mapping[str, int] = {"daily": 10, "monthly": 45, "quarterly": 100}
_ANNUAL_TOLERANCE = 400
#: How old a change may be of which a text speaks without a date.
_RECENT = 7
_LIVELY = frozenset({"XNYS", "24/5"})
_TINY = 1e-9


class Unknown(Exception):
    """What keeps a statement from being checked, in words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict and its reason; `at` is the place of the value it rests on."""

    verdict: Verdict
    reason: str
    at: int | None = None
    previous: float | None = None
    period: str | None = None
    t: str = ""


class Judge:
    """Judges the statements of one bulletin by what was known at the end of its day."""

    def __init__(self, catalog: Catalog, known: Known, day: date) -> None:
        self.catalog, self.known, self.day = catalog, known, day
        self.moment: datetime = end_of(day)
        self.grammar: Grammar = grammar()

    def claim(self, statement: Statement, sentence: str, section: str) -> Claim:
        """The statement with its verdict and evidence."""
        case = _Case(self, statement)
        found = case.found()
        number = statement.number
        value = _signed(statement) if number is not None else None
        return Claim(
            sentence=sentence,
            section=section,
            indicator=statement.indicator,
            kind=statement.kind,
            value=value,
            unit=case.unit_code(),
            period=found.period or case.period_words(),
            verdict=found.verdict,
            reason=found.reason,
            evidence=case.evidence(found),
        )


class _Case:
    """One statement, its indicator and what was known of it."""

    def __init__(self, judge: Judge, statement: Statement) -> None:
        self.judge, self.statement = judge, statement
        self.grammar, self.day = judge.grammar, judge.day
        self.indicator: Indicator = judge.catalog[statement.indicator]
        self.is_lively = self.indicator.calendar in _LIVELY
        self._period: Period | None = None

    def found(self) -> Found:
        try:
            if self.statement.when is not None:
                self._period = period_of(self.statement.when, self.day)
                if self._period is None:
                    raise Unknown("文中的日期不存在")
            if self.statement.problem:
                raise Unknown(self.statement.problem)
            self.history: History = self.judge.known.history(self.indicator.id, self.judge.moment)
            if not len(self.history):
                raise Unknown(self._nothing_held())
            judged: Callable[[], Found] = getattr(self, f"_{self.statement.kind}")
            return judged()
        except Unknown as reason:
            return Found("unverifiable", f"{reason}。")

    def unit_code(self) -> str:
        number, kind = self.statement.number, self.statement.kind
        if kind == "change" and number is not None:
            names = {
                "percent": "percent", "basis_point": "bp", "point_of_percent": "percentage points",
            }  # fmt: skip
            if number.unit in names:
                return names[number.unit]
        return self.judge.catalog.unit(self.indicator).code

    def period_words(self) -> str | None:
        return str(self._period) if self._period else None

    def evidence(self, found: Found) -> Evidence | None:
        if found.at is None:
            return None
        row = self.history.rows[found.at]
        span = f"?t={found.t}" if found.t else ""
        return Evidence(
            date=row.date,
            value=row.value,
            previous=found.previous,
            known_at=row.known_at,
            source=row.provenance,
            chart=f"/c/{self.indicator.id}@{self.day}{span}",
        )

    def _nothing_held(self) -> str:
        """That there is no value, and which other quantity must not stand in for it."""
        words = f"截至 {self.day}，没有“{self.indicator.title.zh}”的数据"
        beside = [
            i.title.zh
            for i in self.judge.catalog.all()
            if (self.indicator.id in i.shown_with or i.id in self.indicator.shown_with)
            and i.unit == self.indicator.unit
            and len(self.judge.known.history(i.id, self.judge.moment))
        ]
        return f"{words}；{'、'.join(beside)}是另一个量，不能代替" if beside else words

    # Which value is meant

    def _at(self) -> int:
        """The place of the value that the statement speaks of."""
        if not self.is_lively:
            return self._at_slow()
        last = last_session(self.indicator.calendar, self.judge.moment)
        period = self._period
        if period is None:
            wanted = last
        elif period.span == "day":
            wanted = self._session_of(period.first, last)
        else:
            if period.first > last:
                raise Unknown(f"{period} 尚未开始，没有数据")
            wanted = session_on_or_before(self.indicator.calendar, min(period.last, last))
        at = self.history.on(wanted)
        if at is None:
            raise Unknown(self._not_known(wanted))
        return at

    def _session_of(self, day: date, last: date) -> date:
        assert self.statement.when is not None
        if self.statement.when.kind == "day":
            return session_on_or_before(self.indicator.calendar, min(day, last))
        if not is_session(self.indicator.calendar, day):
            raise Unknown(f"{day} 不是交易日")
        return day

    def _not_known(self, wanted: date) -> str:
        newest = self.history.until(wanted)
        public = self.indicator.public_at(wanted)
        if public > self.judge.moment:
            lag = "按公布规则，当时这个值还没有公布"
        else:
            lag = "所存数据里没有这一天"
        nearest = f"，此前最近的是 {self.history.dates[newest]}" if newest is not None else ""
        return f"截至 {self.day}，没有 {wanted} 的值{nearest}；{lag}"

    def _at_slow(self) -> int:
        """The same for values of months, years and events."""
        period = self._period
        if period is None:
            return len(self.history) - 1
        frequency = self.indicator.frequency
        if frequency in ("event", "quarterly"):
            at = self.history.until(min(period.last, self.day))
            if at is None:
                raise Unknown(f"没有 {period} 及以前的值")
            return at
        if period.span == "day" or (frequency == "annual" and period.span != "year"):
            spans = {"monthly": "月", "annual": "年"}
            raise Unknown(f"“{self.indicator.title.zh}”只有{spans[frequency]}度数据")
        at = self.history.until(period.last)
        if at is None or self.history.dates[at] < period.first:
            raise Unknown(f"截至 {self.day}，没有 {period} 的值")
        return at

    # What it is compared with

    def _before(self, at: int) -> int:
        """The place of the value that a change or direction is reckoned from."""
        self._must_be_told_then(at)
        base = self._base(at)
        if self.history.start_of(at) > base:
            raise Unknown("两个日期之间口径有变，不跨断点计算")
        return base

    def _must_be_told_then(self, at: int) -> None:
        """A value that stands only on days of change tells of a move on that day alone."""
        if self.indicator.frequency != "event" or self.indicator.unit in self.grammar.counted:
            return
        if self._way() == "flat":
            raise Unknown("所存数据只有变动之日的值，看不出不变")
        day, period = self.history.dates[at], self._period
        first = period.first if period else self.day - timedelta(days=_RECENT)
        if day < first:
            raise Unknown(f"最近一次变动在 {day}，不是文中所说的时候")

    def _base(self, at: int) -> int:
        statement, day = self.statement, self.history.dates[at]
        if statement.window is not None:
            return self._window_base(statement.window, day)
        base = statement.base
        if base is not None and base.kind == "when":
            return self._when_base(base)
        if base is not None and base.kind == "year":
            return self._months_back(day, 12)
        if base is not None and base.kind == "period":
            return self._months_back(day, 1)
        if self.is_lively and self._period is not None and self._period.span != "day":
            return self._session(self._period.first - timedelta(days=1))
        return self._previous(at)

    def _previous(self, at: int) -> int:
        if at == 0:
            raise Unknown("没有前一个值可比")
        day, before = self.history.dates[at], self.history.dates[at - 1]
        frequency = self.indicator.frequency
        if self.is_lively:
            wanted = session_on_or_before(self.indicator.calendar, day - timedelta(days=1))
        elif frequency == "monthly":
            wanted = months_before(day, 1)
        elif frequency == "annual":
            wanted = date(day.year - 1, day.month, day.day)
        else:
            wanted = before
        if before != wanted:
            raise Unknown(f"没有前一期 {wanted} 的值可比，最近的是 {before}")
        return at - 1

    def _when_base(self, base: Base) -> int:
        period = period_of(base.when, self.day) if base.when else None
        if period is None:
            raise Unknown("文中的日期不存在")
        if not self.is_lively:
            at = self.history.until(period.last)
            if at is None or self.history.dates[at] < period.first:
                raise Unknown(f"没有 {period} 的值可比")
            return at
        if period.first <= self.day <= period.last and period.span != "day":
            return self._session(period.first - timedelta(days=1))  # 较年初, 较本周
        return self._session(period.last)

    def _window_base(self, window: Window, day: date) -> int:
        if window.since is not None:
            period = period_of(window.since, self.day)
            if period is None:
                raise Unknown("文中的日期不存在")
            first = period.first if period.span == "day" else period.first - timedelta(days=1)
            return self._session(first) if self.is_lively else self._held_until(first)
        if window.unit in ("个交易日", "交易日") or (
            window.unit in ("日", "天") and self.is_lively
        ):
            target = day
            for _ in range(min(window.amount, 400)):
                target = session_on_or_before(self.indicator.calendar, target - timedelta(days=1))
            return self._session(target)
        return self._near(self._back(window, day))

    def _back(self, window: Window, day: date) -> date:
        days = self.grammar.spans[window.unit]
        months = {365: 12, 91: 3, 30: 1}.get(days)
        try:
            if months:
                return months_before(day, months * window.amount)
            return day - timedelta(days=days * window.amount)
        except (ValueError, OverflowError):
            raise Unknown("文中的时段过长，无法核对") from None

    def _months_back(self, day: date, months: int) -> int:
        return self._near(months_before(day, months))

    def _near(self, target: date) -> int:
        tolerance = _TOLERANCE.get(self.indicator.frequency, _ANNUAL_TOLERANCE)
        at = self.history.until(target)
        if at is None or (target - self.history.dates[at]).days > tolerance:
            raise Unknown(f"没有 {target} 前后的值可比")
        return at

    def _session(self, day: date) -> int:
        wanted = session_on_or_before(self.indicator.calendar, day)
        at = self.history.on(wanted)
        if at is None:
            raise Unknown(self._not_known(wanted))
        return at

    def _held_until(self, day: date) -> int:
        at = self.history.until(day)
        if at is None:
            raise Unknown(f"没有 {day} 及以前的值可比")
        return at

    # Verdicts, one a kind

    def _level(self) -> Found:
        number = self._number()
        if self._is_sum():
            raise Unknown("这个指标按月计，不能核对一段时间的水平")
        at = self._at()
        if self.statement.mode == "origin":
            at = self._before(at)
        actual = float(self.history.values[at])
        told = f"{self.history.dates[at]} 为 {self._shown(actual)}"
        if self.statement.mode == "bound":
            is_so = (
                actual > _value(number) if self.statement.way == "up" else actual < _value(number)
            )
            return self._result("supported" if is_so else "contradicted", told, at, None, "3m")
        verdict = self._agreement(number, actual, self.indicator.decimals)
        return self._result(verdict, told, at, None, "3m")

    def _change(self) -> Found:
        number = self._number()
        at = self._at()
        before = self._before(at)
        new, old = float(self.history.values[at]), float(self.history.values[before])
        difference = new - old
        sign = -1.0 if self.statement.way == "down" else 1.0
        if self.statement.is_inverse:
            sign = -sign
        if number.unit == "percent":
            if old <= 0:
                raise Unknown("基数不为正，不能算百分比")
            actual, decimals, shown = 100 * difference / old, 2, f"{100 * difference / old:+.2f}%"
        elif number.unit == "basis_point":
            actual, decimals, shown = 100 * difference, 1, f"{100 * difference:+.1f} 个基点"
        else:
            actual, decimals = difference, self.indicator.decimals
            shown = self._shown(difference, sign=True)
        told = (
            f"{self.history.dates[at]} 为 {self._shown(new)}，{self.history.dates[before]} 为 "
            f"{self._shown(old)}，变动 {shown}"
        )
        verdict = self._agreement(number, sign * actual, decimals)
        period = self._between(before, at)
        return self._result(verdict, told, at, old, self._range(before, at), period)

    def _direction(self) -> Found:
        if self.statement.mode == "streak":
            return self._streak()
        at = self._at()
        before = self._before(at)
        new, old = float(self.history.values[at]), float(self.history.values[before])
        told = (
            f"{self.history.dates[at]} 为 {self._shown(new)}，{self.history.dates[before]} 为 "
            f"{self._shown(old)}"
        )
        verdict = self._direction_verdict(new, old)
        period = self._between(before, at)
        return self._result(verdict, told, at, old, self._range(before, at), period)

    def _direction_verdict(self, new: float, old: float) -> Verdict:
        way, move = self._way(), new - old
        pct = 100 * move / abs(old) if old else 0.0
        if way == "flat":
            if move == 0:
                return "supported"
            return "approximate" if abs(pct) <= self.grammar.flat_within_pct else "contradicted"
        if move == 0 or (move > 0) != (way == "up"):
            return "contradicted"
        size = self.grammar.sizes.get(self.statement.size)
        if size is None:
            return "supported"
        if self.indicator.unit == "percent":
            is_so = size.at_least_bp <= abs(100 * move) <= size.at_most_bp
        else:
            is_so = size.at_least_pct <= abs(pct) <= size.at_most_pct
        return "supported" if is_so else "approximate"

    def _streak(self) -> Found:
        at, way = self._at(), self._way()
        length, place = 0, at
        is_over = False
        while place > self.history.start_of(at):
            try:
                before = self._previous(place)
            except Unknown:
                break
            move = self.history.values[place] - self.history.values[before]
            if move == 0 or (move > 0) != (way == "up"):
                is_over = True
                break
            length, place = length + 1, before
        wanted = self.statement.streak
        words = {"up": "上涨", "down": "下跌"}.get(way, way)
        told = f"截至 {self.history.dates[at]} 连续{words} {length} 期"
        if not is_over and length <= (wanted or 1):
            raise Unknown(f"{told}，更早没有逐日数据")
        is_so = length == wanted if wanted else length >= 2
        old = float(self.history.values[place]) if length else None
        period = self._between(place, at) if length else None
        return self._result("supported" if is_so else "contradicted", told, at, old, "1m", period)

    def _record_high(self) -> Found:
        return self._record(1.0)

    def _record_low(self) -> Found:
        return self._record(-1.0)

    def _record(self, sign: float) -> Found:
        at = self._at()
        first_at = self._first_at(at)
        values = sign * self.history.values
        at = first_at + int(np.argmax(values[first_at : at + 1]))
        start = self.history.start_of(at)
        first = self._window_start(at, start)
        if first >= at:
            raise Unknown(f"{self._own_period(at)} 以前没有同口径的值可比")
        best = first + int(np.argmax(values[first:at]))
        value, record = float(self.history.values[at]), float(self.history.values[best])
        is_so = sign * value > sign * record
        name = "最高" if sign > 0 else "最低"
        told = (
            f"{self._own_period(at)} 为 {self._shown(value)}；{self._own_period(first)} "
            f"以来所存 {at - first} 个值中{name}是 {self._own_period(best)} 的 "
            f"{self._shown(record)}"
        )
        t = "max" if first == start else f"{self.history.dates[first]}.."
        return self._result("supported" if is_so else "contradicted", told, at, record, t)

    def _first_at(self, at: int) -> int:
        """The first place of which the statement may speak: 4 月创新高 may be any day of April."""
        period = self._period
        if period is None or not self.is_lively or period.span == "day":
            return at
        return max(self._first_from(period.first), self.history.start_of(at))

    def _window_start(self, at: int, start: int) -> int:
        """The place from which a record is one: the first held, or that of 近三年."""
        window, day = self.statement.window, self.history.dates[at]
        if window is None:
            return start
        if window.since is not None:
            period = period_of(window.since, self.day)
            if period is None:
                raise Unknown("文中的日期不存在")
            target = period.first
        elif window.unit in ("个交易日", "交易日"):
            target = day - timedelta(days=window.amount * 7 // 5)
        else:
            target = self._back(window, day)
        if self.history.dates[start] > target + timedelta(days=31):
            raise Unknown(f"同口径的数据自 {self._own_period(start)} 起，不足以判断")
        return max(start, self._first_from(target))

    def _first_from(self, day: date) -> int:
        before = self.history.until(day - timedelta(days=1))
        return 0 if before is None else before + 1

    def _milestone(self) -> Found:
        number, way = self._number(), self._way()
        mark, at = _value(number), self._at()
        value = float(self.history.values[at])
        told = f"{self.history.dates[at]} 为 {self._shown(value)}"
        if self.statement.mode == "hold":
            is_so = value >= mark
            return self._result("supported" if is_so else "contradicted", told, at, None, "3m")
        first = self._first_at(at)
        crossed = [place for place in range(first, at + 1) if self._crosses(place, mark, way)]
        if crossed:
            at = crossed[-1]
            value = float(self.history.values[at])
            told = f"{self.history.dates[at]} 为 {self._shown(value)}"
        before = self._previous(at)
        old = float(self.history.values[before])
        told += f"，{self.history.dates[before]} 为 {self._shown(old)}"
        return self._result("supported" if crossed else "contradicted", told, at, old, "3m")

    def _crosses(self, at: int, mark: float, way: str) -> bool:
        if at <= self.history.start_of(at):
            return False
        old, new = self.history.values[self._previous(at)], self.history.values[at]
        return bool(old < mark <= new) if way == "up" else bool(new < mark <= old)

    def _first(self) -> Found:
        number, way = self._number(), self._way()
        mark, at = _value(number), self._at()
        first = self._window_start(at, self.history.start_of(at))
        value = float(self.history.values[at])
        earlier = self.history.values[first:at]
        if not len(earlier):
            raise Unknown(f"{self.history.dates[at]} 以前没有同口径的值可比")
        sign = -1.0 if way == "down" else 1.0
        reached = np.flatnonzero(sign * earlier >= sign * mark)
        told = f"{self.history.dates[at]} 为 {self._shown(value)}"
        since = f"{self.history.dates[first]} 以来所存 {at - first} 个值"
        if len(reached):
            day = self.history.dates[first + int(reached[0])]
            told += f"；{since}中，{day} 已经达到过"
        else:
            told += f"；{since}都没有达到过"
        is_so = sign * value >= sign * mark and not len(reached)
        before = float(self.history.values[at - 1])
        return self._result("supported" if is_so else "contradicted", told, at, before, "max")

    def _count(self) -> Found:
        number = self._number()
        at = self._at() if not self._is_sum() else self._last_of_sum()
        actual = float(self.history.values[at])
        told = f"{self._own_period(at)} 为 {self._shown(actual)}"
        if self._is_sum():
            actual, told = self._sum(at)
        elif self.indicator.frequency == "monthly" and self._period is None:
            raise Unknown("没有说明是哪个月的数目")
        if self.statement.is_part:
            return self._parts(actual, told, at)
        verdict = self._agreement(number, actual, 0)
        return self._result(verdict, told, at, None, "max")

    def _parts(self, actual: float, told: str, at: int) -> Found:
        """A part of what is counted: with the other parts of its sentence it must be the whole."""
        parts = self.statement.parts
        total = sum(parts)
        words = " + ".join(f"{part:g}" for part in parts)
        told = f"{told}（{words} = {total:g}）" if len(parts) > 1 else told
        if total == actual and len(parts) > 1:
            return self._result("supported", told, at, None, "max")
        if total > actual or len(parts) > 1:
            return self._result("contradicted", told, at, None, "max")
        return self._result(
            "unverifiable", f"{told}，是总数；文中只说了其中一部分", at, None, "max"
        )

    def _is_sum(self) -> bool:
        """Whether the counts of several months are meant."""
        is_monthly_count = (
            self.indicator.frequency == "monthly" and self.indicator.unit in self.grammar.counted
        )
        return bool(is_monthly_count and self._period and self._period.span in ("year", "quarter"))

    def _last_of_sum(self) -> int:
        assert self._period is not None
        at = self.history.until(min(self._period.last, self.day))
        if at is None or self.history.dates[at] < self._period.first:
            raise Unknown(f"没有 {self._period} 的数目")
        return at

    def _sum(self, at: int) -> tuple[float, str]:
        assert self._period is not None
        first = self._first_from(self._period.first)
        if self.history.dates[first] > months_before(self._period.first, -1):
            raise Unknown(f"{self._period} 的数目不全")
        total = float(self.history.values[first : at + 1].sum())
        return total, f"{self._period} 各月合计 {self._shown(total)}"

    def _volatility(self) -> Found:
        at = self._at()
        rule, start = self.grammar.volatility, self.history.start_of(at)
        moves: list[float] = []
        place = at
        while place > start and len(moves) < rule.moves:
            before = self._previous(place)
            old = float(self.history.values[before])
            if old <= 0:
                raise Unknown("基数不为正，不能算百分比")
            moves.append(100 * (float(self.history.values[place]) - old) / old)
            place = before
        if len(moves) < rule.moves:
            raise Unknown("逐日数据不足，看不出波动")
        largest = max(moves, key=abs)
        told = (
            f"截至 {self.history.dates[at]} 的 {rule.moves} 次变动在 {min(moves):+.2f}% 到 "
            f"{max(moves):+.2f}% 之间"
        )
        is_lively = abs(largest) >= rule.plain_pct or min(moves) < 0 < max(moves)
        is_strong = abs(largest) >= rule.strong_pct
        is_so = is_strong if self.statement.mode == "strong" else is_lively
        period = self._between(place, at)
        verdict: Verdict = "approximate" if is_so else "unverifiable"
        return self._result(verdict, told, at, float(self.history.values[place]), "1m", period)

    # Numbers

    def _number(self) -> Number:
        number = self.statement.number
        if number is None or number.value is None:
            raise Unknown(NO_MARK)
        return number

    def _way(self) -> str:
        way = self.statement.way
        if self.statement.is_inverse and way in ("up", "down"):
            return "down" if way == "up" else "up"
        return way

    def _agreement(self, number: Number, actual: float, decimals: int) -> Verdict:
        """How a value agrees with a number, at the precision of the text and of the site."""
        value = _value(number)
        half = number.step / 2 * (1 + _TINY) + _TINY * abs(value)
        if number.high is not None:
            if value <= actual <= number.high:
                return "supported"
            return "approximate" if value - half <= actual <= number.high + half else "contradicted"
        hedge = self.grammar.hedges.get(self.statement.hedge)
        if hedge is None:
            if abs(actual - value) > half:
                return "contradicted"
            is_equal = abs(actual - value) <= _TINY * max(1.0, abs(value))
            is_whole = number.step <= 10**-decimals * (1 + _TINY) or is_equal
            return "supported" if is_whole else "approximate"
        if hedge.below_pct and hedge.above_pct:  # 约: both ways
            reach = max(
                half, min(hedge.of_step * number.coarse, hedge.above_pct / 100 * abs(value))
            )
            return "approximate" if abs(actual - value) <= reach else "contradicted"
        sign = 1.0 if hedge.above_pct else -1.0
        percent = hedge.above_pct or hedge.below_pct
        reach = max(half, min(hedge.of_step * number.coarse, percent / 100 * abs(value)))
        beyond = sign * (actual - value)
        if beyond < 0 or (beyond == 0 and sign < 0):
            return "contradicted"
        return "approximate" if beyond <= reach else "unverifiable"

    def _result(
        self, verdict: Verdict, told: str, at: int, previous: float | None, t: str,
        period: str | None = None,
    ) -> Found:  # fmt: skip
        words = {
            "supported": "相符",
            "approximate": "大致相符",
            "contradicted": "不符",
            "unverifiable": "不能认定",
        }[verdict]
        if not self.is_lively:
            t = "max"
        named = period or str(self._own_period(at) if self._is_plain_time() else self._period)
        return Found(verdict, f"{words}：{told}。", at, previous, named, t)

    def _is_plain_time(self) -> bool:
        """Whether the value itself says best which time was meant."""
        return self._period is None or self._period.span == "day"

    def _own_period(self, at: int) -> Period:
        """The day, month or year that a value stands for."""
        day = self.history.dates[at]
        if self.indicator.frequency == "monthly":
            return Period(day, day, "month")
        return Period(day, day, "year" if self.indicator.frequency == "annual" else "day")

    def _between(self, before: int, at: int) -> str | None:
        """The span of a comparison, where it is not simply a session and the one before."""
        if before == at - 1 and self.is_lively:
            return str(self.history.dates[at])
        return f"{self.history.dates[before]}..{self.history.dates[at]}"

    def _range(self, before: int, at: int) -> str:
        days = (self.history.dates[at] - self.history.dates[before]).days
        return next((t for t, most in (("1m", 20), ("3m", 80), ("1y", 360)) if days < most), "5y")

    def _shown(self, value: float, sign: bool = False) -> str:
        """A value as Chinese readers write it, with its unit."""
        unit = self.judge.catalog.unit(self.indicator)
        number = f"{value * unit.zh_factor:{'+' if sign else ''},.{self.indicator.decimals}f}"
        return f"{number}{'' if unit.label.zh in ('%', '比值') else ' '}{_label(unit.label.zh)}"


def _label(label: str) -> str:
    return "" if label == "比值" else label


def _value(number: Number) -> float:
    assert number.value is not None
    return number.value


def _signed(statement: Statement) -> float | None:
    number = statement.number
    if number is None or number.value is None:
        return None
    is_fall = statement.kind == "change" and statement.way == "down"
    return -number.value if is_fall else number.value
