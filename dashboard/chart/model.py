"""What a chart shows, decided once: segments, ticks, labels, marks. SVG and Plotly only say it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dashboard import formatting
from dashboard.address import Transform
from dashboard.queries import Event
from dashboard.texts import text, transform_name
from dashboard.transforms import comparable
from etl.catalog import Indicator, Unit
from etl.observation import Vintage

#: Days between two values of a frequency beyond which no line may join them. A daily series with
#: month-end values only is joined by pale dashes, which claim nothing for the days between.
JOIN_DAYS = {"daily": 10, "monthly": 45, "quarterly": 200, "annual": 400, "event": 36_500}
SAMPLED_DAYS = 40
_WAN_YI = 10_000


@dataclass(frozen=True, slots=True)
class Point:
    date: date
    value: float
    label: str
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
class Level:
    """A horizontal line with its label: a round number that was crossed."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point worth a dot and a few words."""

    point: Point
    label: str


@dataclass(frozen=True, slots=True)
class Model:
    """A chart before it is drawn. Values stand on the axis's own scale (`factor` applied)."""

    title: str
    unit: str
    kind: str  # line, step or bars
    segments: tuple[Segment, ...]
    x_ticks: tuple[tuple[date, str], ...]
    y_ticks: tuple[Tick, ...]
    first: date
    last: date
    low: float
    high: float
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    log: bool
    description: str

    @property
    def points(self) -> Iterator[Point]:
        """Every point once, in the order of dates."""
        seen: set[date] = set()
        for segment in self.segments:
            for point in segment.points:
                if point.date not in seen:
                    seen.add(point.date)
                    yield point

    @property
    def empty(self) -> bool:
        return not self.segments

    @property
    def sampled(self) -> bool:
        return any(segment.sampled for segment in self.segments)


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
    factor, unit_label = _scale(rows, unit, transform, lang)
    points = [
        (v, None if x is None else _point(v, x, factor, indicator, unit, transform, lang))
        for v, x in rows
    ]
    kind = _kind(indicator, unit, transform)
    segments = tuple(_segments(points, indicator))
    values = [p.value for _, p in points if p is not None]
    levels = _levels(events, rows, unit, lang) if transform.name == "level" else ()
    low, high, ticks = _axis(values, kind, log)
    days = [p.date for _, p in points if p is not None]
    first, last = (min(days), max(days)) if days else (date.min, date.min)
    title = indicator.title.in_(lang)
    if transform.name != "level":
        title = f"{title} · {transform_name(transform.name, lang, transform.n)}"
    return Model(
        title=title,
        unit=unit_label,
        kind=kind,
        segments=segments,
        x_ticks=tuple(_x_ticks(first, last, indicator, lang)) if days else (),
        y_ticks=tuple(ticks),
        first=first,
        last=last,
        low=low,
        high=high,
        levels=tuple(
            Level(at * factor, label) for at, label in levels if low <= at * factor <= high
        ),
        marks=tuple(_marks(points)),
        log=log,
        description=_description(indicator, title, points, lang),
    )


def _point(
    vintage: Vintage,
    value: float,
    factor: float,
    indicator: Indicator,
    unit: Unit,
    transform: Transform,
    lang: str,
) -> Point:
    label = str(formatting.transformed_figure(value, transform, indicator, unit, lang))
    return Point(vintage.date, value * factor, label, vintage.status == "disputed")


def _kind(indicator: Indicator, unit: Unit, transform: Transform) -> str:
    if unit.code == "documents" and transform.name in ("level", "diff"):
        return "bars"
    if indicator.frequency == "event" and transform.name == "level":
        return "step"
    return "line"


def _scale(
    rows: Sequence[tuple[Vintage, float | None]], unit: Unit, transform: Transform, lang: str
) -> tuple[float, str]:
    """The factor from values to the axis, and what the axis counts."""
    if transform.name in ("pct", "mom", "yoy", "drawdown"):
        return 1.0, "%"
    if transform.name == "index":
        return 1.0, "起点 = 100" if lang == "zh" else "start = 100"
    if transform.name == "z":
        return 1.0, "σ"
    factor = unit.zh_factor if lang == "zh" else (1e-6 if unit.code == "shares" else 1.0)
    largest = max((abs(x) * factor for _, x in rows if x is not None), default=0.0)
    if lang == "zh" and unit.zh_factor != 1 and largest >= _WAN_YI:
        return factor / _WAN_YI, f"万{unit.label.zh}"
    label = "million shares" if lang == "en" and unit.code == "shares" else unit.label.in_(lang)
    return factor, label


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


def join(before: Vintage | None, now: Vintage, indicator: Indicator) -> str:
    """How a line may join two neighbours: solid, sampled (pale and dashed), or none."""
    if before is None or not comparable(before, now, indicator):
        return "none"
    gap = (now.date - before.date).days
    if gap <= JOIN_DAYS[indicator.frequency]:
        return "solid"
    return "sampled" if indicator.frequency == "daily" and gap <= SAMPLED_DAYS else "none"


def _marks(points: Sequence[tuple[Vintage, Point | None]]) -> Iterator[Mark]:
    held = [point for _, point in points if point is not None]
    if held:
        yield Mark(held[-1], held[-1].label)


def _levels(
    events: Sequence[Event],
    rows: Sequence[tuple[Vintage, float | None]],
    unit: Unit,
    lang: str,
) -> list[tuple[float, str]]:
    """The highest round number that was crossed inside the window."""
    if not rows:
        return []
    first, last = rows[0][0].date, rows[-1][0].date
    crossed = {e.threshold for e in events if e.threshold is not None and first <= e.date <= last}
    return [(top, formatting.round_number(top, unit, lang)) for top in sorted(crossed)[-1:]]


def _axis(values: Sequence[float], kind: str, log: bool) -> tuple[float, float, list[Tick]]:
    if not values:
        return 0.0, 1.0, []
    low, high = min(values), max(values)
    if kind == "bars":
        low, high = min(0.0, low), max(1.0, high)
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    if log and low > 0:
        return low, high, [Tick(v, _short(v)) for v in _log_steps(low, high)]
    step = _nice_step((high - low) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = [Tick(k * step, _short(k * step, step)) for k in range(first, last + 1)]
    return first * step, last * step, ticks


def _nice_step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)


def _log_steps(low: float, high: float) -> list[float]:
    steps = [
        m * 10.0**p
        for p in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for m in (1, 2, 5)
    ]
    inside = [v for v in steps if low <= v <= high]
    return inside if len(inside) >= 2 else [low, high]


def _short(value: float, step: float = 0.0) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0
    if step and round(step * 10**decimals, 6) != round(step * 10**decimals):
        decimals += 1
    if not step:
        return f"{value:,.6g}".replace("-", formatting.MINUS)
    return formatting.grouped(value, decimals)


def _x_ticks(
    first: date, last: date, indicator: Indicator, lang: str
) -> Iterator[tuple[date, str]]:
    days = (last - first).days
    if indicator.frequency == "annual" or days > 900:
        years = last.year - first.year + 1
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if years / s <= 7)
        for year in range(first.year + (-first.year % step), last.year + 1, step):
            if first <= (start := date(year, 1, 1)) <= last:
                yield start, str(year)
    elif days > 70:
        yield from _month_ticks(first, last, days, lang)
    else:
        step = max(1, math.ceil(days / 5))
        for k in range(0, days + 1, step):
            day = first + timedelta(days=k)
            yield day, f"{day.month}-{day.day:02d}" if lang == "zh" else f"{day.day} {day:%b}"


def _month_ticks(first: date, last: date, days: int, lang: str) -> Iterator[tuple[date, str]]:
    step = next(s for s in (1, 2, 3, 6) if days / 30.4 / s <= 7)
    index = first.year * 12 + first.month - 1
    while True:
        index += 1
        start = date(index // 12, index % 12 + 1, 1)
        if start > last:
            return
        if (start.month - 1) % step == 0:
            month = f"{start.month} 月" if lang == "zh" else f"{start:%b}"
            yield start, f"{start.year}" if start.month == 1 else month


def _description(
    indicator: Indicator,
    title: str,
    points: Sequence[tuple[Vintage, Point | None]],
    lang: str,
) -> str:
    """The chart in words, for those who do not see it."""
    held = [point for _, point in points if point is not None]
    if not held:
        return text("empty_chart", lang)
    top, bottom = max(held, key=lambda p: p.value), min(held, key=lambda p: p.value)

    def when(day: date) -> str:
        return formatting.day(day, indicator, lang, year=True)

    if lang == "en":
        return (
            f"{title}: {held[0].label} on {when(held[0].date)}, {held[-1].label} on "
            f"{when(held[-1].date)}; highest {top.label} on {when(top.date)}, lowest "
            f"{bottom.label} on {when(bottom.date)}."
        )
    return (
        f"{title}：{when(held[0].date)}为 {held[0].label}，{when(held[-1].date)}为 "
        f"{held[-1].label}；最高 {top.label}（{when(top.date)}），最低 {bottom.label}"
        f"（{when(bottom.date)}）。"
    )
