"""What a chart shows, decided once: lines, axes, ticks, labels, marks. SVG, PNG, Plotly and words
only say it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from dashboard import formatting
from dashboard.address import AddressError, Transform
from dashboard.chart.notes import Note
from dashboard.chart.ticks import date_ticks, value_ticks
from dashboard.texts import text, transform_name
from etl.catalog import Indicator, Unit
from etl.changes import comparable
from etl.frequency import (
    RULES,
    Frequency,
    is_step,
    period_end,
    period_middle,
    period_of,
)
from etl.records import BEIJING, Event, Measured, Vintage
from etl.words.sentences import event_words

#: A line joins what lies a single step apart. Days of a daily series that lie farther apart, but
#: no farther than the ends of two months, are joined by pale dashes, which claim nothing for the
#: days between.
SAMPLED_DAYS = 40
MAX_AXES = 2
#: How many event notes are told in the words that stand for the picture.
NOTES_DESCRIBED = 3
_PERCENT = ("pct", "mom", "yoy", "drawdown")


@dataclass(frozen=True, slots=True)
class Part:
    """One indicator's share of a chart before anything is decided: its rows in the window, each
    with the value to show, and the events known by then. `name` stands for the catalog's."""

    indicator: Indicator
    unit: Unit
    rows: Sequence[tuple[Vintage, float | None]]
    events: Sequence[Event] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A value on the axis's own scale, and as the data file has it (`raw`); a value that stands for
    a period is shown `at` the middle of it, whatever day it is dated."""

    at: date
    date: date
    value: float
    raw: float
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Points that one line joins; `sampled` lines are pale and dashed."""

    points: tuple[Point, ...]
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One scale of values and what it counts."""

    unit: str
    ticks: tuple[Tick, ...]
    low: float
    high: float
    log: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its label: a round number that was crossed, or a target; `number` is
    its value as the axis counts it."""

    at: float
    label: str
    kind: str = "milestone"
    number: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point worth a dot and a few words. `kind` is newest, record or milestone; `number` is the
    newest value as the axis counts it."""

    point: Point
    label: str
    kind: str = "newest"
    number: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One indicator on the paper, on the axis of that number, its values in the axis's own scale
    (`factor` applied). `say` puts a raw value into words and `day` a date as its frequency has it,
    only where they are wanted; `until` says in full when the newest value was."""

    id: str
    name: str
    kind: str  # line, step or bars
    axis: int
    factor: float
    segments: tuple[Segment, ...]
    marks: tuple[Mark, ...]
    say: Callable[[float], str]
    day: Callable[[date], str]
    until: str
    frequency: Frequency

    @property
    def points(self) -> Iterator[Point]:
        """Every point once, in the order of dates."""
        seen: set[date] = set()
        for segment in self.segments:
            for point in segment.points:
                if point.date not in seen:
                    seen.add(point.date)
                    yield point


@dataclass(frozen=True, slots=True)
class Model:
    """A chart before it is drawn; `first` and `last` are the ends of its axis of dates."""

    title: str
    series: tuple[Series, ...]
    axes: tuple[Axis, ...]
    x_ticks: tuple[tuple[date, str], ...]
    first: date
    last: date
    levels: tuple[Level, ...]
    breaks: tuple[tuple[date, str], ...]
    notes: tuple[Note, ...]
    description: str
    lang: str

    @property
    def points(self) -> Iterator[Point]:
        for series in self.series:
            yield from series.points

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segment for series in self.series for segment in series.segments)

    @property
    def empty(self) -> bool:
        return not self.segments

    @property
    def sampled(self) -> bool:
        return any(segment.sampled for segment in self.segments)

    def alone_on(self, axis: int) -> int | None:
        """The number of the one series on an axis; None where several share it."""
        on_it = [number for number, series in enumerate(self.series) if series.axis == axis]
        return on_it[0] if len(on_it) == 1 else None

    @property
    def bars(self) -> bool:
        return self.series[0].kind == "bars"


def build(
    indicator: Indicator,
    unit: Unit,
    rows: Sequence[tuple[Vintage, float | None]],
    *,
    transform: Transform,
    events: Sequence[Event],
    lang: str,
    log: bool = False,
) -> Model:
    """The chart of one indicator's rows in a window."""
    part = Part(indicator, unit, rows, events)
    return compose([part], transform=transform, lang=lang, log=log)


def compose(
    parts: Sequence[Part],
    *,
    transform: Transform,
    lang: str,
    log: bool = False,
    notes: Sequence[Note] = (),
    as_of: datetime | None = None,
) -> Model:
    """The chart of up to four indicators: one axis, or two where their units differ. AddressError
    where they would need a third."""
    placed = _axes(parts, transform)
    scales = [
        _scale([p for p, at in zip(parts, placed, strict=True) if at == n], transform, lang)
        for n in range(max(placed) + 1)
    ]
    series = [
        _series(part, axis, scales[axis], transform, lang, alone=len(parts) == 1)
        for part, axis in zip(parts, placed, strict=True)
    ]
    first_part = parts[0]
    levels = _levels(first_part, lang, as_of) if transform.name == "level" and series else []
    levels = [] if len(parts) > 1 else [
        replace(level, at=at, number=formatting.trimmed(at)) for level in levels
        for at in [level.at * series[0].factor]
    ]  # fmt: skip
    axes = [
        _axis([s for s in series if s.axis == n], levels, label, log)
        for n, (_, label) in enumerate(scales)
    ]
    frequency = _frequency(parts)
    first, last = _ends(series, frequency)
    title = _title(parts, transform, lang)
    shown = tuple(note for note in notes if first <= note.day <= last)
    return Model(
        title=title,
        series=tuple(series),
        axes=tuple(axes),
        x_ticks=tuple(date_ticks(first, last, frequency, lang)) if last > date.min else (),
        first=first,
        last=last,
        levels=tuple(
            _as_ticked(level, axes[0])
            for level in levels
            if axes[0].low <= level.at <= axes[0].high
        ),
        breaks=tuple(
            (change.date, text("breaks", lang))
            for part, drawn in zip(parts, series, strict=True)
            for change in part.indicator.breaks
            if first < change.date <= last and any(drawn.points)
        ),
        notes=shown,
        description=describe(title, series, parts, lang) + noted(shown, lang),
        lang=lang,
    )


def _as_ticked(level: Level, axis: Axis) -> Level:
    """A level whose number has the decimals of the tick that it replaces."""
    told = (tick.label for tick in axis.ticks if math.isclose(tick.at, level.at))
    return replace(level, number=next(told, level.number))


def _title(parts: Sequence[Part], transform: Transform, lang: str) -> str:
    names = dict.fromkeys(p.indicator.title.in_(lang) for p in parts)
    title = ("、" if lang == "zh" else ", ").join(names)
    if transform.name == "level":
        return title
    return f"{title} · {transform_name(transform.name, lang, transform.n)}"


def _frequency(parts: Sequence[Part]) -> Frequency:
    """What the axis of dates counts: the shortest period that any of the values stands for."""
    frequencies = (p.indicator.frequency for p in parts)
    return min(frequencies, key=lambda frequency: RULES[frequency].months or 0)


def _ends(series: Sequence[Series], frequency: Frequency) -> tuple[date, date]:
    """The first and the last day of the axis: the periods of its ends are whole."""
    days = [point.at for one in series for point in one.points]
    if not days:
        return date.min, date.min
    return period_of(frequency, min(days)), period_end(frequency, max(days))


def _axes(parts: Sequence[Part], transform: Transform) -> list[int]:
    """Which axis each part stands on: one for each unit, in the order of appearance."""
    units: dict[str, int] = {}
    for part in parts:
        units.setdefault(formatting.unit_code_after(transform, part.unit), len(units))
    if len(units) > MAX_AXES:
        raise AddressError(
            "with",
            f"with: these indicators have {len(units)} units ({', '.join(units)}); a chart has two "
            "axes. Choose indicators of at most two units, or a common measure such as u=index.",
        )
    return [units[formatting.unit_code_after(transform, part.unit)] for part in parts]


def _series(
    part: Part,
    axis: int,
    scale: tuple[float, str],
    transform: Transform,
    lang: str,
    *,
    alone: bool,
) -> Series:
    factor, label = scale
    points = [
        (v, None if x is None else _point(v, x, factor, part.indicator)) for v, x in part.rows
    ]

    def figure(value: float) -> formatting.Figure:
        return formatting.transformed_figure(value, transform, part.indicator, part.unit, lang)

    def say(value: float) -> str:
        return formatting.spoken(figure(value), part.unit)

    def number(value: float) -> str:
        """The value as the axis counts it."""
        told = figure(value)
        return told.number if told.unit in (label, "", "σ") else formatting.rounded(value * factor)

    def day(when: date) -> str:
        return formatting.table_day(when, part.indicator, lang)

    name = part.name or part.indicator.short.in_(lang)
    marks = list(_newest(points, say, number))
    if alone and transform.name == "level":
        marks += _remarkable(points, part, marks, lang)
    kind = _kind(part.indicator, part.unit, transform, alone)
    segments = tuple(_segments(points, part.indicator))
    newest = marks[0].point.date if marks else None
    until = formatting.day(newest, part.indicator, lang, year=True) if newest else ""
    return Series(
        part.indicator.id, name, kind, axis, factor, segments, tuple(marks), say, day, until,
        part.indicator.frequency,
    )  # fmt: skip


def _point(vintage: Vintage, value: float, factor: float, indicator: Indicator) -> Point:
    at = period_middle(indicator.frequency, vintage.date)
    return Point(at, vintage.date, value * factor, value, vintage.status == "disputed")


def _kind(indicator: Indicator, unit: Unit, transform: Transform, alone: bool) -> str:
    if alone and unit.code == "documents" and transform.name in ("level", "diff"):
        return "bars"
    if indicator.frequency == "event" and transform.name == "level":
        return "step"
    return "line"


def _scale(parts: Sequence[Part], transform: Transform, lang: str) -> tuple[float, str]:
    """The factor from values to the axis, and what the axis counts."""
    largest = max((abs(x) for p in parts for _, x in p.rows if x is not None), default=0.0)
    if transform.name in _PERCENT:
        scale = formatting.counted(largest, "%", lang)
    elif transform.name == "index":
        return 1.0, "起点 = 100" if lang == "zh" else "start = 100"
    elif transform.name == "z":
        return 1.0, "σ"
    else:
        scale = formatting.counted_in(largest, parts[0].unit, lang)
    return scale.factor, scale.label


def _axis(series: Sequence[Series], levels: Sequence[Level], unit: str, log: bool) -> Axis:
    """An axis over everything that stands on it; targets are part of the picture, round numbers
    are shown only where the values reach them."""
    values = [p.value for s in series for p in s.points]
    if values and series[0].axis == 0:
        values += [level.at for level in levels if level.kind == "target"]
    zero = any(s.kind == "bars" for s in series)
    low, high, ticks = value_ticks(values, zero=zero, log=log)
    return Axis(unit, tuple(Tick(at, label) for at, label in ticks), low, high, log)


def _segments(
    points: Sequence[tuple[Vintage, Point | None]], indicator: Indicator
) -> Iterator[Segment]:
    """Runs of points that may be joined: never over a gap, a break or another way of measuring."""
    run: list[Point] = []
    sampled = False
    before: Vintage | None = None
    for vintage, point in points:
        line = join(before, vintage, indicator) if point is not None and run else "none"
        if run and (point is None or line == "none"):
            yield Segment(tuple(run), sampled)
            run, sampled = [], False
        elif run and (line == "sampled") != sampled and len(run) > 1:
            yield Segment(tuple(run), sampled)
            run = [run[-1]]
        if point is not None:
            if run:
                sampled = line == "sampled"
            run.append(point)
        before = vintage
    if run:
        yield Segment(tuple(run), sampled)


def join(before: Measured | None, now: Measured, indicator: Indicator) -> str:
    """How a line may join two neighbours: solid, sampled (pale and dashed), or none."""
    if before is None or not comparable(before, now, indicator):
        return "none"
    if is_step(indicator.frequency, before.date, now.date):
        return "solid"
    is_near = (now.date - before.date).days <= SAMPLED_DAYS
    return "sampled" if indicator.frequency == "daily" and is_near else "none"


def _newest(
    points: Sequence[tuple[Vintage, Point | None]],
    say: Callable[[float], str],
    number: Callable[[float], str],
) -> Iterator[Mark]:
    held = [point for _, point in points if point is not None]
    if held:
        raw = held[-1].raw
        yield Mark(held[-1], say(raw), number=number(raw))


def _remarkable(
    points: Sequence[tuple[Vintage, Point | None]], part: Part, taken: Sequence[Mark], lang: str
) -> Iterator[Mark]:
    """The newest record high and low and the first crossing of the highest round number, where
    they are still the values that are shown; one mark a day."""
    held = {point.date: (vintage.value, point) for vintage, point in points if point is not None}
    used = {mark.point.date for mark in taken}
    for event in _told(part.events):
        value, point = held.get(event.date, (None, None))
        if point is None or value != event.value or event.date in used:
            continue
        used.add(event.date)
        kind = "milestone" if event.threshold is not None else "record"
        yield Mark(point, event_words(event, part.indicator, part.unit, lang), kind)


def _told(events: Sequence[Event]) -> Iterator[Event]:
    """Of each kind the event worth a mark: the newest record, the highest first crossing."""
    firsts = [e for e in events if e.is_first and e.kind == "milestone_up" and e.threshold]
    if firsts:
        yield max(firsts, key=lambda e: e.threshold or 0.0)
    for kind in ("record_high", "record_low"):
        found = [e for e in events if e.kind == kind]
        if found:
            yield max(found, key=lambda e: e.date)


def _levels(part: Part, lang: str, as_of: datetime | None) -> list[Level]:
    """The highest round number that was crossed inside the window, and the targets set by then."""
    if not part.rows:
        return []
    first, last = part.rows[0][0].date, part.rows[-1][0].date
    crossed = {e.threshold for e in part.events if e.threshold is not None
               and first <= e.date <= last}  # fmt: skip
    tops = [
        Level(top, formatting.round_number(top, part.unit, lang)) for top in sorted(crossed)[-1:]
    ]
    targets = [
        Level(target.value, target.label.in_(lang), "target")
        for target in part.indicator.targets
        if as_of is None or target.announced <= as_of.astimezone(BEIJING).date()
    ]
    return [*tops, *targets]


def describe(title: str, series: Sequence[Series], parts: Sequence[Part], lang: str) -> str:
    """The chart in words, for those who do not see it."""
    by_id: Mapping[str, Indicator] = {p.indicator.id: p.indicator for p in parts}
    told = [_described(s, by_id[s.id], lang) for s in series]
    if not any(told):
        return text("empty_chart", lang)
    stop, between = ("。", "；") if lang == "zh" else (".", "; ")
    if len(series) == 1:
        colon = "：" if lang == "zh" else ": "
        return f"{title}{colon}{told[0]}{stop}"
    both = zip(series, told, strict=True)
    lines = between.join(f"{s.name} {words}" for s, words in both if words)
    return f"{title}{stop}{'' if lang == 'zh' else ' '}{lines}{stop}"


def noted(notes: Sequence[Note], lang: str) -> str:
    """The newest of the ticks below the axis of dates, for those who do not see them; documents,
    whose titles are Chinese, only in Chinese."""
    notes = [note for note in notes if lang == "zh" or note.kind != "document"]
    if not notes:
        return ""
    stop, between, colon = ("。", "；", "：") if lang == "zh" else (".", "; ", ": ")
    told = between.join(
        f"{formatting.full_date(note.day, lang)}{colon}{note.words}"
        for note in notes[:NOTES_DESCRIBED]
    )
    lead = text("notes_described", lang, count=str(len(notes)))
    return f"{'' if lang == 'zh' else ' '}{lead}{told}{stop}"


def _described(series: Series, indicator: Indicator, lang: str) -> str:
    held = list(series.points)
    if not held:
        return ""
    top, bottom = max(held, key=lambda p: p.value), min(held, key=lambda p: p.value)

    def when(day: date) -> str:
        return formatting.day(day, indicator, lang, year=True)

    first, newest, highest, lowest = (series.say(p.raw) for p in (held[0], held[-1], top, bottom))
    if lang == "en":
        return (
            f"{first} on {when(held[0].date)}, {newest} on {when(held[-1].date)}; highest "
            f"{highest} on {when(top.date)}, lowest {lowest} on {when(bottom.date)}"
        )
    stood, stands = (formatting.stands_at(figure, lang) for figure in (first, newest))
    return (
        f"{when(held[0].date)}{stood}，{when(held[-1].date)}{stands}；最高 {highest}"
        f"（{when(top.date)}），最低 {lowest}（{when(bottom.date)}）"
    )
