"""Alerts: what the catalog's rules say about the values held. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from typing import Literal

from pydantic import TypeAdapter

from etl.calendars import session_after
from etl.catalog import AlertRule, Catalog, Indicator, Text, Unit
from etl.changes import Step, ZScore, changes, z_scores
from etl.events import events_of, stretches_of
from etl.freshness import LOOK_DAYS, is_behind
from etl.records import BEIJING, Event, Vintage
from etl.words import numbers
from etl.words.sentences import change_words, event_words, gap_before, lowered, z_score_words

State = Literal["triggered", "normal", "missing"]
#: How many of the newest crossings of a rule are reported.
TOLD = 20


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rule that started to hold: for which date's value, since when that could be known, and the
    sentence for it. For a freshness rule, the date is the last one held."""

    date: Date
    value: float
    known_at: datetime
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one rule of one indicator. `rule` distinguishes it from the indicator's others
    and never changes; `rule_zh` and `rule_en` describe it. `crossings` are in order of date; if the
    state is `triggered`, the last one still holds."""

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
        """The permanent identifier of a crossing."""
        return f"{self.indicator}/{self.rule}/{crossing.date}"


JSON: TypeAdapter[Alert] = TypeAdapter(Alert)


def judge_all(
    catalog: Catalog,
    series_of: Callable[[str], Sequence[Vintage]],
    now: datetime,
    splits: Mapping[str, Sequence[Date]],
) -> tuple[Alert, ...]:
    """The state of every rule, in the catalog's order; `splits` are the split days of each
    indicator."""
    found: list[Alert] = []
    for indicator in catalog.all():
        if indicator.alerts:
            unit, series = catalog.unit(indicator), series_of(indicator.id)
            days = splits.get(indicator.id, ())
            found += (judge(indicator, unit, rule, series, now, days) for rule in indicator.alerts)
    return tuple(found)


def judge(
    indicator: Indicator,
    unit: Unit,
    rule: AlertRule,
    series: Sequence[Vintage],
    now: datetime,
    splits: Sequence[Date] = (),
) -> Alert:
    """The state of a rule for the values served, in order of date.

    Values that are missing, too few or out of date decide nothing: the state is then `missing`.
    """
    says = _RuleWords(indicator, unit, rule)
    name = says.rule()
    if not series:
        return Alert(indicator.id, rule.key, name.zh, name.en, "missing", None, None,
                     "尚无数据。", "No data yet.")  # fmt: skip
    newest = series[-1]
    is_stale = is_behind(indicator, newest.date, now)
    crossings: tuple[Crossing, ...] = ()
    if rule.kind == "stale":
        state: State = "triggered" if is_stale else "normal"
        said = says.freshness(newest.date, is_stale)
        if is_stale:
            crossings = (_fell_behind(indicator, newest, says),)
    else:
        marks = _marks(indicator, rule, series, splits)
        crossings = tuple(_crossings(series, marks, says))[-TOLD:]
        last = marks[-1]
        if is_stale or last is None:
            state, said = "missing", says.missing(newest.date, is_stale)
        else:
            state, said = ("triggered" if last.holds else "normal"), says.of(newest, last)
    return Alert(indicator.id, rule.key, name.zh, name.en, state, newest.date, newest.value,
                 said.zh, said.en, crossings)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TriedRule:
    """What a rule would have said of the past: how often it would have started to hold, and how
    many values it could be decided for, of how many."""

    rule: Text
    crossings: tuple[Crossing, ...]
    decided: int
    values: int


def tried(
    indicator: Indicator,
    unit: Unit,
    rule: AlertRule,
    series: Sequence[Vintage],
    since: Date,
    splits: Sequence[Date] = (),
) -> TriedRule:
    """A rule on the values served, for dates from a day on; the values before it decide whether it
    held already. One of freshness depends on the clock and cannot be tried: it says nothing."""
    says = _RuleWords(indicator, unit, rule)
    marks: Marks = () if rule.kind == "stale" else _marks(indicator, rule, series, splits)
    crossed = _crossings(series, marks, says) if marks else ()
    found = tuple(one for one in crossed if one.date >= since)
    inside = [mark for v, mark in zip(series, marks, strict=False) if v.date >= since]
    decided = sum(mark is not None for mark in inside)
    return TriedRule(says.rule(), found, decided, len(inside))


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a rule finds at one value: whether it holds, and the measure that decided it. There is
    no mark if nothing can be decided."""

    holds: bool
    measure: float
    record: Event | None = None


Marks = Sequence[_Mark | None]


def _marks(
    indicator: Indicator, rule: AlertRule, series: Sequence[Vintage], splits: Sequence[Date]
) -> Marks:
    if rule.kind == "threshold":
        return [_threshold(rule, vintage.value) for vintage in series]
    if rule.kind == "record":
        return list(_records(indicator, series, splits))
    taken = list(changes(indicator, series))
    if rule.percent is not None:
        return [_percent(rule.percent, step) for step in taken]
    assert rule.z is not None
    return [_deviated(rule.z, found) for found in z_scores(rule.window, taken)]


def _threshold(rule: AlertRule, value: float) -> _Mark:
    if rule.above is not None:
        return _Mark(value > rule.above, value)
    assert rule.below is not None
    return _Mark(value < rule.below, value)


def _records(
    indicator: Indicator, series: Sequence[Vintage], splits: Sequence[Date]
) -> Iterator[_Mark | None]:
    """Highs and lows of one definition; the first value of a definition is not a record."""
    found = events_of(indicator, series, splits, records=True)
    records = {event.date: event for event in found if event.threshold is None}
    firsts = {int(places[0]) for places, _ in stretches_of(indicator, series, splits)}
    for place, vintage in enumerate(series):
        record = records.get(vintage.date)
        yield None if place in firsts else _Mark(record is not None, 0.0, record)


def _percent(limit: float, step: Step | None) -> _Mark | None:
    if step is None or step[0].value <= 0:
        return None
    change = 100 * (step[1].value / step[0].value - 1)
    return _Mark(abs(change) >= limit, change)


def _deviated(limit: float, found: ZScore | None) -> _Mark | None:
    return _Mark(abs(found.measure) >= limit, found.measure) if found else None


def _crossings(series: Sequence[Vintage], marks: Marks, says: _RuleWords) -> Iterator[Crossing]:
    """Where a rule starts to hold that did not hold, or could not be evaluated, just before."""
    held = False
    for vintage, mark in zip(series, marks, strict=True):
        holds = mark is not None and mark.holds
        if holds and not held and mark is not None:
            said = says.of(vintage, mark)
            yield Crossing(vintage.date, vintage.value, vintage.known_at, said.zh, said.en)
        held = holds


def _fell_behind(indicator: Indicator, newest: Vintage, says: _RuleWords) -> Crossing:
    """When the session, or the check, was due that made one too many."""
    patience = indicator.expect.stale_after
    if indicator.calendar == "event":
        return _unseen(indicator, newest, says)
    due = indicator.public_at(session_after(indicator.calendar, newest.date, patience + 1))
    said = says.freshness(newest.date, True)
    return Crossing(newest.date, newest.value, due, said.zh, said.en)


def _unseen(indicator: Indicator, newest: Vintage, says: _RuleWords) -> Crossing:
    """The same for what changes only at events, identified by the day of the last check."""
    last = indicator.checked
    said = says.freshness(newest.date, True)
    if last is None:
        return Crossing(newest.date, newest.value, newest.known_at, said.zh, said.en)
    patience = timedelta(days=LOOK_DAYS * max(1, indicator.expect.stale_after) + 1)
    due = datetime.combine(last + patience, time(), BEIJING).astimezone(UTC)
    return Crossing(last, newest.value, due, said.zh, said.en)


@dataclass(frozen=True, slots=True)
class _RuleWords:
    """The sentences of one rule. They do not change with the clock alone, so that a new snapshot is
    published only when a state changes."""

    indicator: Indicator
    unit: Unit
    told: AlertRule

    def rule(self) -> Text:
        """The rule in a few words: 高于 100 美元/桶."""
        rule = self.told
        if rule.kind == "record":
            return Text(zh="创新高或新低", en="new high or low")
        if rule.kind == "stale":
            return Text(zh="数据未更新", en="no new data")
        if rule.percent is not None:
            limit = f"{numbers.trimmed(rule.percent)}%"
            return Text(zh=f"一次变动达 {limit}", en=f"one step of {limit}")
        if rule.z is not None:
            return Text(
                zh=f"一次变动达 {rule.z:g} 个标准差",
                en=f"one step of {rule.z:g} standard deviations",
            )
        is_above = rule.above is not None
        level = rule.above if rule.above is not None else rule.below
        assert level is not None
        zh, en = (numbers.round_number(level, self.unit, lang) for lang in ("zh", "en"))
        words = ("高于", "above") if is_above else ("低于", "below")
        return Text(zh=f"{words[0]} {zh}", en=f"{words[1]} {en}")

    def of(self, vintage: Vintage, mark: _Mark) -> Text:
        """What the rule finds at a value."""
        zh, en = self._found(mark)
        day = self._day(vintage.date, "zh")
        return Text(
            zh=f"{day}为 {self._figure(vintage.value, 'zh')}，{zh}。",
            en=f"{self._figure(vintage.value, 'en')} for {self._day(vintage.date, 'en')}, {en}.",
        )

    def freshness(self, newest: Date, is_stale: bool) -> Text:
        zh, en = ("未更新", "not updated") if is_stale else ("及时", "up to date")
        until = self._until(newest)
        return Text(zh=f"{until.zh}，{zh}。", en=f"{until.en}, {en}.")

    def missing(self, newest: Date, is_stale: bool) -> Text:
        """Why nothing can be decided."""
        if is_stale:
            until = self._until(newest)
            return Text(
                zh=f"{until.zh}，未更新，无法判断。", en=f"{until.en}, not updated: undecided."
            )
        return Text(zh="可比的数值太少，无法判断。", en="Too few comparable values: undecided.")

    def _found(self, mark: _Mark) -> tuple[str, str]:
        rule, name = self.told, self.rule()
        if rule.kind == "threshold":
            return (name.zh, name.en) if mark.holds else (f"未{name.zh}", f"not {name.en}")
        if rule.kind == "record":
            return self._record(mark)
        reached = ("达到", "reaching") if mark.holds else ("未达", "short of")
        if rule.percent is not None:
            zh, en = (
                change_words(
                    numbers.in_percent(mark.measure, lang), self.indicator, self.unit, lang
                )
                for lang in ("zh", "en")
            )
            limit = f"{numbers.trimmed(rule.percent)}%"
            return (
                f"{zh}，{reached[0]} {limit}",
                f"{en} from the value before, {reached[1]} {limit}",
            )
        found = ZScore(mark.measure, rule.window)
        zh, en = (z_score_words(found, lang) for lang in ("zh", "en"))
        return f"{zh}，{reached[0]} {rule.z:g} 个", f"a step of {en}, {reached[1]} {rule.z:g}"

    def _record(self, mark: _Mark) -> tuple[str, str]:
        if mark.record is None:
            return "未高于也未低于此前所存各值", "within the values held before"
        zh, en = (
            event_words(mark.record, self.indicator, self.unit, lang) for lang in ("zh", "en")
        )
        return f"创{gap_before(zh)}{zh}", lowered(en)

    def _until(self, newest: Date) -> Text:
        """Until when there are values, or, for what changes only at events, until when somebody
        checked."""
        if self.indicator.calendar != "event":
            zh, en = (self._day(newest, lang) for lang in ("zh", "en"))
            return Text(zh=f"数据截至 {zh}", en=f"Values until {en}")
        if self.indicator.checked is None:
            return Text(zh="未核对", en="Never checked")
        zh, en = (numbers.full_date(self.indicator.checked, lang) for lang in ("zh", "en"))
        return Text(zh=f"核对至 {zh}", en=f"Checked until {en}")

    def _day(self, day: Date, lang: str) -> str:
        return numbers.day(day, self.indicator, lang, year=True)

    def _figure(self, value: float, lang: str) -> str:
        figure = numbers.figure(value, self.indicator, self.unit, lang)
        return numbers.spoken(figure, self.unit)
