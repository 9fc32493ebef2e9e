"""Charts as SVG text: a whole chart from its model, and a sparkline from a few values."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape

from dashboard.chart.lettering import Box, free, width
from dashboard.chart.model import Axis, Mark, Model, Point, Segment, Series
from dashboard.chart.palette import style
from etl.frequency import RULES

SPARK_STYLE = (
    "path{fill:none;stroke:#8a8983;stroke-width:1.5;stroke-linejoin:round}circle{fill:#1f4e79}"
    "@media(prefers-color-scheme:dark){circle{fill:#8db7e0}}"
)
SIZE = 12
TOP, BOTTOM, EDGE, PAD = 26, 24, 4, 5
FEW_SAMPLES = 40
#: How many covered points a label puts up with rather than move to its next place.
FAR = 3
#: What may not stand in an address as it is, be it in `src` or in `srcset`.
_IN_ADDRESS = str.maketrans({sign: f"%{ord(sign):02X}" for sign in '%#<>" \\^`{|}\n\t\r'})
#: Below this height the names of several lines stand in a row on top.
LOW = 140


def chart(
    model: Model, width: int = 640, height: int = 300, theme: str = "auto", *, named: bool = True
) -> str:
    """The chart as a whole SVG document."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-size="{SIZE}"><title>{escape(model.description)}</title>'
        f"<style>{style(theme)}</style>{plot(model, width, height, named=named)}</svg>"
    )


def plot(model: Model, width: float, height: float, *, named: bool = True) -> str:
    """The elements of the chart, for a paper of this size; `named` where nothing else beside it
    says which of several lines is which."""
    frame = PlotFrame(model, width, height)
    labels = Labels(width, _places(model, frame))
    parts = [
        *_scales(model, frame, labels),
        *_days(model, frame, labels),
        *_bulletins(model, frame),
    ]
    parts += _breaks(model, frame, labels)
    several = len(model.series) > 1
    in_a_row = several and named and frame.bottom - frame.top < LOW
    marks = list(_names(model, frame, labels)) if in_a_row else []
    for series in _newest_first(model, frame):
        at_end = not several or (named and not in_a_row)
        marks += _marks(model, series, frame, labels, named=at_end)
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
    """The SVG as an address that an image can hold; written so that a page with many of them is
    compressed to half of what base64 leaves."""
    return "data:image/svg+xml," + svg.translate(_IN_ADDRESS)


def newest_label(model: Model, frame: PlotFrame) -> tuple[float, float, str] | None:
    """Where the words of the newest value of a single line cover least: right of its point and
    below it, and which part of the words stands there; None where they would lie on the line or
    are longer than the paper is wide."""
    series = model.series[0]
    mark = series.marks[0]
    labels = Labels(frame.width, _places(model, frame))
    placed = _placed(mark.label, mark, series, frame, labels)
    if placed is None or not labels.taken or labels.covered(labels.taken[0]) > FAR:
        return None
    (x, y), anchor = placed
    return x - frame.x(mark.point.at), y - frame.y(mark.point.value, series.axis), anchor


class PlotFrame:
    """From dates and values to places on the paper. Ticks stand on the right; with two axes, those
    of the first on the left."""

    def __init__(self, model: Model, width: float, height: float) -> None:
        self.model, self.width, self.height = model, width, height
        beside = [max((_width(t.label) for t in a.ticks), default=0.0) + 10 for a in model.axes]
        self.left = beside[0] if len(model.axes) > 1 else float(EDGE)
        self.right = width - beside[-1]
        self.top, self.bottom = TOP, height - BOTTOM
        self.days = max(1, (model.last - model.first).days)
        self._step = (self.right - self.left - 2 * PAD) / self.days
        self._origin = self.left + PAD - self._step * model.first.toordinal()
        months = RULES[model.series[0].frequency].months if model.series else None
        self.bar = self._step * (30.4 * months if months else 1) * 0.62
        self._scales = [self._scale(axis) for axis in model.axes]
        self._known: dict[int, list[tuple[float, float]]] = {}

    def x(self, day: date) -> float:
        return round(self._origin + self._step * day.toordinal(), 1)

    def y(self, value: float, axis: int = 0) -> float:
        low, rise, log = self._scales[axis]
        return round(self.bottom - rise * ((math.log(value) if log else value) - low), 1)

    def places(self, series: Series, segment: Segment) -> list[tuple[float, float]]:
        """Where the points of a segment stand; in steps all of them, else no more than the paper
        can show."""
        known = self._known.get(id(segment))
        if known is None:
            places = self._all_places(segment, series.axis)
            known = places if series.kind == "step" else _thinned(places)
            self._known[id(segment)] = known
        return known

    def _all_places(self, segment: Segment, axis: int) -> list[tuple[float, float]]:
        """As `x` and `y` say; written out, because a page has thousands of points."""
        low, rise, log = self._scales[axis]
        origin, step, bottom = self._origin, self._step, self.bottom
        measure = math.log if log else float
        return [
            (
                round(origin + step * p.at.toordinal(), 1),
                round(bottom - rise * (measure(p.value) - low), 1),
            )
            for p in segment.points
        ]

    def _scale(self, axis: Axis) -> tuple[float, float, bool]:
        """Where an axis begins, the height of one of its units, and whether it counts in powers."""
        log = axis.log and axis.low > 0
        low, high = (math.log(axis.low), math.log(axis.high)) if log else (axis.low, axis.high)
        return low, (self.bottom - self.top) / (high - low), log


class Labels:
    """The places that words have taken on the paper, and the points they should leave free."""

    def __init__(self, width: float, points: Sequence[tuple[float, float]] = ()) -> None:
        self.width, self.points = width, sorted(points)
        self.taken: list[Box] = []

    def place(self, words: str, x: float, y: float, anchor: str = "middle") -> bool:
        """Take the place of a line of text whose baseline is at x, y; False if it is not free."""
        return self.best(words, [(x, y)], anchor) is not None

    def best(
        self, words: str, places: Iterable[tuple[float, float]], anchor: str
    ) -> tuple[float, float] | None:
        """Take the free place that covers the fewest points, the first of several; None if no
        place is free."""
        chosen, least = None, math.inf
        for number, (x, y) in enumerate(places):
            if FAR * number >= least:
                break  # no later place can be better
            box = self._box(words, x, y, anchor)
            if self._is_free(box) and (cost := self.covered(box) + FAR * number) < least:
                chosen, least, taken = (x, y), cost, box
        if chosen is not None:
            self.taken.append(taken)
        return chosen

    def _box(self, words: str, x: float, y: float, anchor: str) -> Box:
        wide = _width(words) + 4
        left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        return Box(left, y - SIZE, left + wide, y + 4)

    def _is_free(self, box: Box) -> bool:
        return box.left >= -2 and box.right <= self.width + 2 and free(box, self.taken)

    def covered(self, box: Box) -> int:
        """How many points lie in a box."""
        start = bisect_left(self.points, (box.left, 0.0))
        end = bisect_right(self.points, (box.right, math.inf))
        return sum(box.top <= y <= box.bottom for _, y in self.points[start:end])


def _places(model: Model, frame: PlotFrame) -> list[tuple[float, float]]:
    """Where the lines run, as far as the paper can tell points apart."""
    return [
        place
        for series in model.series
        for segment in series.segments
        for place in frame.places(series, segment)
    ]


def _width(words: str) -> float:
    return width(words, SIZE)


def _scales(model: Model, frame: PlotFrame, labels: Labels) -> list[str]:
    """Grid, ticks and units. The grid is that of the first axis; ticks that would lie on one
    another are left out."""
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
            if labels.place(tick.label, x, y + 4, "end" if on_left else "start"):
                parts.append(_text(tick.label, x, y + 4, shade, anchor))
        labels.place(
            axis.unit, frame.width - 1 if number else EDGE, 14, "end" if number else "start"
        )
        if two and not on_left:
            parts.append(_text(axis.unit, frame.width - 1, 14, shade, ' text-anchor="end"'))
        else:
            parts.append(_text(axis.unit, 1 if two else EDGE, 14, shade))
    return parts


def _shade_of(model: Model, axis: int) -> str:
    """The colour of the one series on an axis; none where several share it."""
    number = model.alone_on(axis)
    return "" if number is None else f"n c{number}"


def _text(words: str, x: float, y: float, kind: str = "", more: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{more}>{escape(words)}</text>'


def _days(model: Model, frame: PlotFrame, labels: Labels) -> Iterable[str]:
    y = frame.height - 6
    for day, words in model.x_ticks:
        half = _width(words) / 2
        x = min(max(frame.x(day), half), frame.width - half)
        if labels.place(words, x, y):
            yield _text(words, x, y, "", ' text-anchor="middle"')


def _bulletins(model: Model, frame: PlotFrame) -> Iterable[str]:
    """A small wedge on the ground line for each day whose bulletin speaks of the indicator."""
    for day in model.bulletins:
        x, y = frame.x(day), frame.bottom
        yield f'<path class="mt" d="M{x} {y - 6}l4 6h-8z"/>'


def _breaks(model: Model, frame: PlotFrame, labels: Labels) -> Iterable[str]:
    for day, words in model.breaks:
        x = frame.x(day)
        yield f'<path class="k" d="M{x} {frame.top}V{frame.bottom}"/>'
        if labels.place(words, x - 4, frame.top + 12, "end"):
            yield _text(words, x - 4, frame.top + 12, "", ' text-anchor="end"')


def _lines(series: Series, frame: PlotFrame) -> list[str]:
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


def _path(series: Series, segment: Segment, frame: PlotFrame) -> str:
    places = frame.places(series, segment)
    if series.kind == "step":
        x0, y0 = places[0]
        return f"M{x0} {y0}" + "".join(f"H{x}V{y}" for x, y in places[1:])
    return "M" + "L".join(f"{x} {y}" for x, y in places)


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


def _bars(series: Series, frame: PlotFrame) -> list[str]:
    zero, wide = frame.y(0.0), max(1.5, frame.bar)
    return [
        f'<rect class="d" x="{frame.x(p.at) - wide / 2:.1f}" y="{min(frame.y(p.value), zero)}" '
        f'width="{wide:.1f}" height="{abs(zero - frame.y(p.value)):.1f}"/>'
        for p in series.points
        if p.value
    ]


def _levels(model: Model, frame: PlotFrame, labels: Labels) -> list[str]:
    parts = []
    for level in model.levels:
        y = frame.y(level.at)
        line, words = ("t", "v tt") if level.kind == "target" else ("m", "v mt")
        parts.append(f'<path class="{line}" d="M{frame.left:.1f} {y}H{frame.right:.1f}"/>')
        right = frame.right - _width(level.label) - 6
        places = [(x, base) for base in (y - 5, y + 15) for x in (frame.left + 2, right)
                  if base < frame.bottom - 1]  # fmt: skip
        if place := labels.best(level.label, places, "start"):
            parts.append(_text(level.label, *place, words))
    return parts


def _newest_first(model: Model, frame: PlotFrame) -> list[Series]:
    """The series in the order of their newest values from the top down, so that labels stack in
    the order of the lines."""
    ends = [s for s in model.series if s.marks]
    return sorted(ends, key=lambda s: frame.y(s.marks[0].point.value, s.axis))


def _names(model: Model, frame: PlotFrame, labels: Labels) -> Iterable[str]:
    """The names of the lines in a row, where there is no height to name them at their ends."""
    x = frame.left + 8
    for number, series in enumerate(model.series):
        words = " ".join([series.name, *(mark.label for mark in series.marks[:1])])
        if labels.place(words, x, 14, "start"):
            yield _text(words, x, 14, f"n c{number}")
            x += _width(words) + 12


def _marks(
    model: Model, series: Series, frame: PlotFrame, labels: Labels, *, named: bool
) -> Iterable[str]:
    number = model.series.index(series)
    several = len(model.series) > 1
    for mark in series.marks:
        if series.kind != "bars":
            radius = 3.5 if mark.kind == "newest" else 3.0
            yield f'<g class="c{number}">{_dot(series, mark.point, frame, radius)}</g>'
        if named:
            words = f"{series.name} {mark.label}" if several else mark.label
            kind = f"v n c{number}" if several else "v"
            yield from _label(words, mark, series, kind, frame, labels)


def _label(
    words: str, mark: Mark, series: Series, kind: str, frame: PlotFrame, labels: Labels
) -> Iterable[str]:
    if found := _placed(words, mark, series, frame, labels):
        place, anchor = found
        yield _text(words, *place, kind, f' text-anchor="{anchor}"')


def _placed(
    words: str, mark: Mark, series: Series, frame: PlotFrame, labels: Labels
) -> tuple[tuple[float, float], str] | None:
    """The place for the words of a mark above or below its point, where there is room; those of the
    newest value are never left out."""
    x, y = frame.x(mark.point.at), frame.y(mark.point.value, series.axis)
    half = _width(words) / 2
    if series.kind == "bars":
        at, anchor, rows = min(x, frame.right - half), "middle", [y - 7]
    elif mark.kind == "newest" and x > frame.width / 2:
        at, anchor, rows = min(x + 4, frame.right - 2), "end", [y - 9, y + 19]
    else:
        at, anchor, rows = min(max(x, half + 2), frame.right - half), "middle", [y - 9, y + 19]
    if mark.kind == "record" and y > frame.height / 2:
        rows.reverse()
    if mark.kind == "newest" and series.kind != "bars":
        rows += [y - 25, y + 35, y - 41, y + 51, y - 57, y + 67]
    places = [(at, row) for row in rows if SIZE + 2 <= row <= frame.bottom - 4]
    place = labels.best(words, places, anchor)
    if place is None and mark.kind == "newest":
        place = places[0] if places else (at, frame.top + 12)
    return None if place is None else (place, anchor)


def _dot(series: Series, point: Point, frame: PlotFrame, radius: float) -> str:
    kind = "o" if point.disputed else "d"
    x, y = frame.x(point.at), frame.y(point.value, series.axis)
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
