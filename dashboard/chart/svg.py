"""Charts as SVG text: a whole chart from its model, and a sparkline from a few values."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape

from dashboard.chart.lettering import Box, free, width
from dashboard.chart.model import Axis, Mark, Model, Point, Segment, Series
from dashboard.chart.palette import style

SPARK_STYLE = (
    "path{fill:none;stroke:#8a8983;stroke-width:1.5;stroke-linejoin:round}circle{fill:#1f4e79}"
    "@media(prefers-color-scheme:dark){circle{fill:#8db7e0}}"
)
SIZE = 12
TOP, BOTTOM, EDGE = 26, 24, 4
FEW_SAMPLES = 40


def chart(model: Model, width: int = 640, height: int = 300, theme: str = "auto") -> str:
    """The chart as a whole SVG document."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-size="{SIZE}"><title>{escape(model.description)}</title>'
        f"<style>{style(theme)}</style>{plot(model, width, height)}</svg>"
    )


def plot(model: Model, width: float, height: float) -> str:
    """The elements of the chart, for a paper of this size."""
    frame = Frame(model, width, height)
    labels = Labels(width)
    parts = [*_scales(model, frame), *_days(model, frame, labels), *_bulletins(model, frame)]
    parts += _breaks(model, frame, labels)
    marks: list[str] = []
    for series in _newest_first(model):
        marks += _marks(model, series, frame, labels)
    levels = _levels(model, frame, labels)
    for number, series in enumerate(model.series):
        drawn = _bars(series, frame) if series.kind == "bars" else _lines(series, frame)
        parts.append(f'<g class="c{number}">{"".join(drawn)}</g>')
    return "".join([*parts, *levels, *marks])


def spark(
    values: Sequence[tuple[date, float]], *, step: bool = False, width: int = 120, height: int = 36
) -> str:
    """The last values as a line without words, the newest as a dot; in steps where a value holds
    until the next."""
    low, high = min(v for _, v in values), max(v for _, v in values)
    first, last = values[0][0], values[-1][0]
    days = max(1, (last - first).days)

    def place(day: date, value: float) -> tuple[str, str]:
        x = 3 + (width - 6) * (day - first).days / days
        y = height - 4 - (height - 8) * ((value - low) / (high - low) if high > low else 0.5)
        return f"{x:.1f}", f"{y:.1f}"

    places = [place(day, value) for day, value in values]
    x, y = places[-1]
    if step:
        path = " ".join(places[0]) + "".join(f"H{x}V{y}" for x, y in places[1:])
    else:
        path = "L".join(f"{x} {y}" for x, y in places)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<style>{SPARK_STYLE}</style><path d="M{path}"/><circle cx="{x}" cy="{y}" r="2.5"/></svg>'
    )


def data_uri(svg: str) -> str:
    """The SVG as an address that an image can hold."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


class Frame:
    """From dates and values to places on the paper. Ticks stand on the right; with two axes, those
    of the first on the left."""

    def __init__(self, model: Model, width: float, height: float) -> None:
        self.model, self.width, self.height = model, width, height
        beside = [max((_width(t.label) for t in a.ticks), default=0.0) + 10 for a in model.axes]
        self.left = beside[0] if len(model.axes) > 1 else float(EDGE)
        self.right = width - beside[-1]
        self.top, self.bottom = TOP, height - BOTTOM
        self.days = max(1, (model.last - model.first).days)
        self.bar = (self.right - self.left) / (self.days / 30.4 + 1.5) * 0.62

    def x(self, day: date) -> float:
        pad = self.bar / 2 + 4 if self.model.bars else 5
        room = self.right - self.left - 2 * pad
        return round(self.left + pad + room * (day - self.model.first).days / self.days, 1)

    def y(self, value: float, axis: int = 0) -> float:
        return round(
            self.bottom - (self.bottom - self.top) * _share(self.model.axes[axis], value), 1
        )


class Labels:
    """The places that words have taken on the paper."""

    def __init__(self, width: float) -> None:
        self.width = width
        self.taken: list[Box] = []

    def place(self, words: str, x: float, y: float, anchor: str = "middle") -> bool:
        """Take the place of a line of text whose baseline is at x, y; False if it is not free."""
        wide = _width(words) + 4
        left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        box = Box(left, y - SIZE, left + wide, y + 4)
        if box.left < -2 or box.right > self.width + 2 or not free(box, self.taken):
            return False
        self.taken.append(box)
        return True


def _width(words: str) -> float:
    return width(words, SIZE)


def _share(axis: Axis, value: float) -> float:
    low, high = axis.low, axis.high
    if axis.log and low > 0 and value > 0:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low) if high > low else 0.5


def _scales(model: Model, frame: Frame) -> list[str]:
    """Grid, ticks and units. The grid is that of the first axis."""
    parts = []
    two = len(model.axes) > 1
    for number, axis in enumerate(model.axes):
        on_left = two and number == 0
        x, anchor = (frame.left - 6, ' text-anchor="end"') if on_left else (frame.right + 6, "")
        shade = _shade_of(model, number) if two else ""
        for tick in axis.ticks:
            y = frame.y(tick.at, number)
            if number == 0:
                kind = "z" if tick.at == 0 and axis.low < 0 else "g"
                parts.append(f'<path class="{kind}" d="M{frame.left:.1f} {y}H{frame.right:.1f}"/>')
            parts.append(_text(tick.label, x, y + 4, shade, anchor))
        if two and not on_left:
            parts.append(_text(axis.unit, frame.width - 1, 14, shade, ' text-anchor="end"'))
        else:
            parts.append(_text(axis.unit, 1 if two else EDGE, 14, shade))
    return parts


def _shade_of(model: Model, axis: int) -> str:
    """The colour of the one series on an axis; none where several share it."""
    on_it = [n for n, series in enumerate(model.series) if series.axis == axis]
    return f"n c{on_it[0]}" if len(on_it) == 1 else ""


def _text(words: str, x: float, y: float, kind: str = "", more: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{more}>{escape(words)}</text>'


def _days(model: Model, frame: Frame, labels: Labels) -> Iterable[str]:
    y = frame.height - 6
    for day, words in model.x_ticks:
        half = _width(words) / 2
        x = min(max(frame.x(day), half), frame.width - half)
        if labels.place(words, x, y):
            yield _text(words, x, y, "", ' text-anchor="middle"')


def _bulletins(model: Model, frame: Frame) -> Iterable[str]:
    """A small wedge on the ground line for each day whose bulletin speaks of the indicator."""
    for day in model.bulletins:
        x, y = frame.x(day), frame.bottom
        yield f'<path class="mt" d="M{x} {y - 6}l4 6h-8z"/>'


def _breaks(model: Model, frame: Frame, labels: Labels) -> Iterable[str]:
    for day, words in model.breaks:
        x = frame.x(day)
        yield f'<path class="k" d="M{x} {frame.top}V{frame.bottom}"/>'
        if labels.place(words, x - 4, frame.bottom - 6, "end"):
            yield _text(words, x - 4, frame.bottom - 6, "", ' text-anchor="end"')


def _lines(series: Series, frame: Frame) -> list[str]:
    parts = []
    for segment in series.segments:
        if len(segment.points) > 1:
            kind = "l p" if segment.sampled else "l"
            parts.append(f'<path class="{kind}" d="{_path(series, segment, frame)}"/>')
        if len(segment.points) == 1 or (segment.sampled and len(segment.points) < FEW_SAMPLES):
            parts += [_dot(series, p, frame, 2.2) for p in segment.points]
        else:
            parts += [_dot(series, p, frame, 2.6) for p in segment.points if p.disputed]
    return parts


def _path(series: Series, segment: Segment, frame: Frame) -> str:
    places = [(frame.x(p.date), frame.y(p.value, series.axis)) for p in segment.points]
    if series.kind == "step":
        x0, y0 = places[0]
        return f"M{x0} {y0}" + "".join(f"H{x}V{y}" for x, y in places[1:])
    return "M" + "L".join(f"{x} {y}" for x, y in _thinned(places))


def _thinned(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """No more points than the paper can show: of each column of pixels the first, the highest, the
    lowest and the last."""
    columns: dict[int, list[tuple[float, float]]] = {}
    for place in places:
        columns.setdefault(int(place[0]), []).append(place)
    kept = []
    for column in columns.values():
        if len(column) <= 4:
            kept += column
            continue
        top, bottom = min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])
        kept += [column[0], *sorted({top, bottom}), column[-1]]
    return kept


def _bars(series: Series, frame: Frame) -> list[str]:
    zero, wide = frame.y(0.0), max(1.5, frame.bar)
    return [
        f'<rect class="d" x="{frame.x(p.date) - wide / 2:.1f}" y="{min(frame.y(p.value), zero)}" '
        f'width="{wide:.1f}" height="{abs(zero - frame.y(p.value)):.1f}"/>'
        for p in series.points
        if p.value
    ]


def _levels(model: Model, frame: Frame, labels: Labels) -> list[str]:
    parts = []
    for level in model.levels:
        y = frame.y(level.at)
        line, words = ("t", "v tt") if level.kind == "target" else ("m", "v mt")
        parts.append(f'<path class="{line}" d="M{frame.left:.1f} {y}H{frame.right:.1f}"/>')
        x = frame.left + 2
        for base in (y - 5, y + 15):
            if labels.place(level.label, x, base, "start"):
                parts.append(_text(level.label, x, base, words))
                break
    return parts


def _newest_first(model: Model) -> list[Series]:
    """The series in the order of their newest values from the top down, so that labels stack in
    the order of the lines."""
    ends = [s for s in model.series if s.marks]
    return sorted(ends, key=lambda s: -_share(model.axes[s.axis], s.marks[0].point.value))


def _marks(model: Model, series: Series, frame: Frame, labels: Labels) -> Iterable[str]:
    number = model.series.index(series)
    several = len(model.series) > 1
    for mark in series.marks:
        if series.kind != "bars":
            radius = 3.5 if mark.kind == "newest" else 3.0
            yield f'<g class="c{number}">{_dot(series, mark.point, frame, radius)}</g>'
        words = f"{series.name} {mark.label}" if several else mark.label
        yield from _label(words, mark, series, number if several else -1, frame, labels)


def _label(
    words: str, mark: Mark, series: Series, number: int, frame: Frame, labels: Labels
) -> Iterable[str]:
    """The words of a mark above or below its point, where there is room; those of the newest value
    are never left out."""
    x, y = frame.x(mark.point.date), frame.y(mark.point.value, series.axis)
    half = _width(words) / 2
    if mark.kind == "newest" and x > frame.width / 2:
        at, anchor = min(x + 4, frame.right - 2), "end"
    else:
        at, anchor = min(max(x, half + 2), frame.right - half), "middle"
    rows = [y - 9, y + 19, y - 25, y + 35, y - 41, y + 51, y - 57, y + 67]
    inside = [row for row in rows if frame.top + 8 <= row <= frame.bottom - 4]
    for base in inside:
        if labels.place(words, at, base, anchor):
            kind = "v" if number < 0 else f"v n c{number}"
            yield _text(words, at, base, kind, f' text-anchor="{anchor}"')
            return
    if mark.kind == "newest" and inside:
        kind = "v" if number < 0 else f"v n c{number}"
        yield _text(words, at, inside[0], kind, f' text-anchor="{anchor}"')


def _dot(series: Series, point: Point, frame: Frame, radius: float) -> str:
    kind = "o" if point.disputed else "d"
    x, y = frame.x(point.date), frame.y(point.value, series.axis)
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
