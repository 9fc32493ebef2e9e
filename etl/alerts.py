"""Alerts: what the rules of the catalog say of the values that are held. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from itertools import pairwise
from statistics import fmean, stdev
from typing import Literal

from pydantic import TypeAdapter

from etl.calendars import session_after
from etl.catalog import AlertRule, Catalog, Indicator, Text, Unit
from etl.freshness import sessions_missed
from etl.observation import Vintage

State = Literal["triggered", "normal", "missing"]
#: Days between two values of a frequency beyond which their difference is no single step.
STEP_DAYS = {"daily": 10, "monthly": 45, "quarterly": 200, "annual": 400, "event": 36_500}
#: How many crossings of a rule are told, the newest of them.
TOLD = 20
_RECORDS = {1: ("创历史新高", "a record high"), -1: ("创历史新低", "a record low"),
            0: ("未创新高或新低", "no record")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rule that came to hold: for which date's value, since when that could be known, and the
    sentence for it. Of a rule about freshness, the date is the last one held."""

    date: Date
    value: float
    known_at: datetime
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule of one indicator as it stands. `rule` tells it from the others of its indicator and
    never changes; `rule_zh` and `rule_en` say it; `crossings` are in the order of dates, and where
    the state is `triggered` the last of them is the one that still holds."""

    indicator: str
    rule: str
    rule_zh: str
    rule_en: str
    state: State
    date: Date | None
    value: float | None
    zh: str
    en: str
    crossings: tuple[Crossing, ...] = ()

    def key(self, crossing: Crossing) -> str:
        """What a crossing is known by, for ever."""
        return f"{self.indicator}/{self.rule}/{crossing.date}"


JSON: TypeAdapter[Alert] = TypeAdapter(Alert)


def judge_all(
    catalog: Catalog, series_of: Callable[[str], Sequence[Vintage]], now: datetime
) -> tuple[Alert, ...]:
    """Every rule of the catalog, in its order."""
    return tuple(
        alert
        for indicator in catalog.all()
        if indicator.alerts
        for alert in _judge_each(indicator, catalog.unit(indicator), series_of(indicator.id), now)
    )


def _judge_each(
    indicator: Indicator, unit: Unit, series: Sequence[Vintage], now: datetime
) -> Iterator[Alert]:
    for rule in indicator.alerts:
        yield judge(indicator, unit, rule, series, now)


def judge(
    indicator: Indicator, unit: Unit, rule: AlertRule, series: Sequence[Vintage], now: datetime
) -> Alert:
    """How a rule stands on the values served, in the order of dates.

    Values that are missing, too few or out of date decide nothing: the state is then `missing`.
    """
    says = _Words(indicator, unit, rule)
    name = says.rule()
    if not series:
        return Alert(indicator.id, rule.key, name.zh, name.en, "missing", None, None,
                     "尚无数据。", "No data yet.")  # fmt: skip
    newest = series[-1]
    is_stale = sessions_missed(indicator, newest.date, now) > indicator.expect.stale_after
    crossings: tuple[Crossing, ...] = ()
    if rule.kind == "stale":
        state: State = "triggered" if is_stale else "normal"
        said = says.freshness(newest.date, is_stale)
        if is_stale:
            crossings = (_fell_behind(indicator, newest, says),)
    else:
        marks = _marks(indicator, rule, series)
        crossings = tuple(_crossings(series, marks, says))[-TOLD:]
        last = marks[-1]
        if is_stale or last is None:
            state, said = "missing", says.missing(newest.date, is_stale)
        else:
            state, said = ("triggered" if last.holds else "normal"), says.of(newest, last)
    return Alert(indicator.id, rule.key, name.zh, name.en, state, newest.date, newest.value,
                 said.zh, said.en, crossings)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a rule finds at one value: whether it holds, and the measure that decided it. Where
    nothing can be decided, there is no mark."""

    holds: bool
    measure: float
    since: Date | None = None


Marks = Sequence[_Mark | None]


def _marks(indicator: Indicator, rule: AlertRule, series: Sequence[Vintage]) -> Marks:
    if rule.kind == "threshold":
        return [_threshold(rule, vintage.value) for vintage in series]
    if rule.kind == "record":
        return list(_records(indicator, series))
    steps = list(_steps(indicator, series))
    if rule.percent is not None:
        return [_percent(rule.percent, step) for step in steps]
    assert rule.z is not None
    return list(_deviations(rule.z, rule.window, steps))


def _threshold(rule: AlertRule, value: float) -> _Mark:
    if rule.above is not None:
        return _Mark(value > rule.above, value)
    assert rule.below is not None
    return _Mark(value < rule.below, value)


def _records(indicator: Indicator, series: Sequence[Vintage]) -> Iterator[_Mark | None]:
    """Highs and lows of one definition; the first value of one is no record."""
    highest = lowest = 0.0
    since: Date | None = None
    before: Vintage | None = None
    for vintage in series:
        if before is None or not _is_same(before, vintage, indicator):
            highest = lowest = vintage.value
            since = vintage.date
            yield None
        else:
            measure = (vintage.value > highest) - (vintage.value < lowest)
            highest, lowest = max(highest, vintage.value), min(lowest, vintage.value)
            yield _Mark(measure != 0, measure, since)
        before = vintage


def _steps(
    indicator: Indicator, series: Sequence[Vintage]
) -> Iterator[tuple[Vintage, Vintage] | None]:
    """Each value with the one before it, where the two differ by a single step."""
    yield None
    for before, after in pairwise(series):
        near = (after.date - before.date).days <= STEP_DAYS[indicator.frequency]
        yield (before, after) if near and _is_same(before, after, indicator) else None


def _percent(limit: float, step: tuple[Vintage, Vintage] | None) -> _Mark | None:
    if step is None or step[0].value <= 0:
        return None
    change = 100 * (step[1].value / step[0].value - 1)
    return _Mark(abs(change) >= limit, change)


def _deviations(
    limit: float, window: int, steps: Sequence[tuple[Vintage, Vintage] | None]
) -> Iterator[_Mark | None]:
    """Each step in standard deviations of the `window` steps before it."""
    known: list[float] = []
    for step in steps:
        if step is None:
            known.clear()
            yield None
            continue
        size = step[1].value - step[0].value
        told = known[-window:]
        spread = stdev(told) if len(told) == window else 0.0
        known.append(size)
        if spread == 0:
            yield None
        else:
            measure = (size - fmean(told)) / spread
            yield _Mark(abs(measure) >= limit, measure)


def _is_same(before: Vintage, after: Vintage, indicator: Indicator) -> bool:
    """Whether two values are of one definition and one way of measuring."""
    broken = any(before.date < change.date <= after.date for change in indicator.breaks)
    return not broken and before.basis == after.basis


def _crossings(series: Sequence[Vintage], marks: Marks, says: _Words) -> Iterator[Crossing]:
    """Where a rule comes to hold that did not hold, or could not be judged, just before."""
    held = False
    for vintage, mark in zip(series, marks, strict=True):
        holds = mark is not None and mark.holds
        if holds and not held and mark is not None:
            said = says.of(vintage, mark)
            yield Crossing(vintage.date, vintage.value, vintage.known_at, said.zh, said.en)
        held = holds


def _fell_behind(indicator: Indicator, newest: Vintage, says: _Words) -> Crossing:
    """When the session was due that made one too many."""
    patience = indicator.expect.stale_after
    due = indicator.public_at(session_after(indicator.calendar, newest.date, patience + 1))
    said = says.freshness(newest.date, True)
    return Crossing(newest.date, newest.value, due, said.zh, said.en)


@dataclass(frozen=True, slots=True)
class _Words:
    """The sentences of one rule. They say nothing that changes with the clock alone, so that a
    snapshot is published anew only when a state changes."""

    indicator: Indicator
    unit: Unit
    told: AlertRule

    def rule(self) -> Text:
        """The rule in a few words: 高于 100 美元/桶."""
        rule = self.told
        if rule.kind == "record":
            return Text(zh="创新高或新低", en="record high or low")
        if rule.kind == "stale":
            return Text(zh="数据过期", en="out of date")
        if rule.percent is not None:
            return Text(zh=f"一次变动达 {rule.percent:g}%", en=f"one step of {rule.percent:g}%")
        if rule.z is not None:
            return Text(
                zh=f"一次变动达 {rule.z:g} 个标准差",
                en=f"one step of {rule.z:g} standard deviations",
            )
        is_above = rule.above is not None
        level = rule.above if rule.above is not None else rule.below
        assert level is not None
        zh, en = self._level(level, "zh"), self._level(level, "en")
        words = ("高于", "above") if is_above else ("低于", "below")
        return Text(zh=f"{words[0]} {zh}", en=f"{words[1]} {en}")

    def of(self, vintage: Vintage, mark: _Mark) -> Text:
        """What the rule finds at a value."""
        zh, en = self._found(mark)
        day = self._day(vintage.date, "zh").lstrip()
        return Text(
            zh=f"{day}为 {self._figure(vintage.value, 'zh')}，{zh}。",
            en=f"{self._figure(vintage.value, 'en')} for {self._day(vintage.date, 'en')}, {en}.",
        )

    def freshness(self, newest: Date, is_stale: bool) -> Text:
        zh, en = ("已过期", "out of date") if is_stale else ("及时", "up to date")
        return Text(
            zh=f"数据截至{self._day(newest, 'zh')}，{zh}。",
            en=f"Values until {self._day(newest, 'en')}, {en}.",
        )

    def missing(self, newest: Date, is_stale: bool) -> Text:
        """Why nothing can be decided."""
        if is_stale:
            return Text(
                zh=f"数据截至{self._day(newest, 'zh')}，已过期，无从判断。",
                en=f"Values until {self._day(newest, 'en')}, out of date: undecided.",
            )
        return Text(zh="可比的数值太少，无从判断。", en="Too few comparable values: undecided.")

    def _found(self, mark: _Mark) -> tuple[str, str]:
        rule, name = self.told, self.rule()
        if rule.kind == "threshold":
            return (name.zh, name.en) if mark.holds else (f"未{name.zh}", f"not {name.en}")
        if rule.kind == "record":
            since = mark.since or Date.min
            told_zh = f"（所存数据自{self._day(since, 'zh')}起）"
            told_en = f" in data held since {self._day(since, 'en')}"
            zh, en = {
                1.0: ("创历史新高", "a record high"),
                -1.0: ("创历史新低", "a record low"),
            }.get(mark.measure, ("未创新高或新低", "no record"))
            return zh + told_zh, en + told_en
        reached = ("达到", "reaching") if mark.holds else ("未达", "short of")
        direction = ("涨", "up") if mark.measure > 0 else ("跌", "down")
        if rule.percent is not None:
            size, limit = f"{abs(mark.measure):.2f}%", f"{rule.percent:g}%"
            zh = f"较前值{direction[0]} {size}，{reached[0]} {limit}"
            return zh, f"{direction[1]} {size} from the value before, {reached[1]} {limit}"
        size, window = f"{abs(mark.measure):.1f}", rule.window
        zh = f"较前值{direction[0]} {size} 个标准差（以此前 {window} 次变动计）"
        en = f"{direction[1]} by {size} standard deviations of the {window} steps before"
        return f"{zh}，{reached[0]} {rule.z:g} 个", f"{en}, {reached[1]} {rule.z:g}"

    def _day(self, day: Date, lang: str) -> str:
        frequency = self.indicator.frequency
        if lang == "en":
            return {"annual": f"{day.year}", "monthly": f"{day:%b %Y}"}.get(
                frequency, f"{day.day} {day:%b %Y}"
            )
        return {"annual": f" {day.year} 年", "monthly": f" {day.year} 年 {day.month} 月"}.get(
            frequency, f" {day.year} 年 {day.month} 月 {day.day} 日"
        )

    def _figure(self, value: float, lang: str) -> str:
        scaled, ten_thousands = self._scaled(value, lang)
        shrunk = ten_thousands or (lang == "zh" and self.unit.zh_factor < 1)
        decimals = 2 if shrunk else self.indicator.decimals
        return self._with_unit(f"{scaled:,.{decimals}f}", lang, ten_thousands)

    def _level(self, value: float, lang: str) -> str:
        scaled, ten_thousands = self._scaled(value, lang)
        return self._with_unit(f"{scaled:,.10g}", lang, ten_thousands)

    def _scaled(self, value: float, lang: str) -> tuple[float, str]:
        """A value as readers count it: 10,000 亿 are 1 万亿."""
        factor = self.unit.zh_factor
        if lang == "en" or factor == 1:
            return value, ""
        scaled = value * factor
        return (scaled / 10_000, "万") if abs(scaled) >= 10_000 else (scaled, "")

    def _with_unit(self, number: str, lang: str, ten_thousands: str) -> str:
        if self.unit.code == "ratio":
            return number
        label = ten_thousands + self.unit.label.in_(lang)
        return f"{number}{label}" if label == "%" else f"{number} {label}"
