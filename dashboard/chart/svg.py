"""Charts as SVG text: a whole chart from its model, and a sparkline from a few values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from xml.sax.saxutils import escape

from dashboard.chart.layout import SIZE, Label, Layout, Leader, PlotFrame
from dashboard.chart.model import Model, Point, Series
from dashboard.chart.notes import SHAPES, apart
from dashboard.chart.palette import style

SPARK_STYLE = (
    "path{fill:none;stroke:#8a8983;stroke-width:1.5;stroke-linejoin:round}circle{fill:#1f4e79}"
    "@media(prefers-color-scheme:dark){circle{fill:#8db7e0}}"
)
FEW_SAMPLES = 40
#: What may not stand in an address as it is, be it in `src` or in `srcset`.
_IN_ADDRESS = str.maketrans({sign: f"%{ord(sign):02X}" for sign in '%#<>" \\^`{|}\n\t\r'})


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
    return draw(Layout(model, width, height, named=named))


def draw(layout: Layout) -> str:
    """The elements of a chart whose places are known."""
    model, frame = layout.model, layout.frame
    parts = [*_grid(model, frame), *_notes(model, frame), *_breaks(model, frame)]
    parts += _levels(model, frame)
    for number, series in enumerate(model.series):
        drawn = _bars(series, frame) if series.kind == "bars" else _lines(series, frame)
        if series.kind != "bars":
            marks = [mark for mark in layout.marks if mark in series.marks]
            drawn += [_dot(series, m.point, frame, 3.5 if m.kind == "newest" else 3.0)
                      for m in marks]  # fmt: skip
        parts.append(f'<g class="c{number}">{"".join(drawn)}</g>')
    return "".join([*parts, *map(_leader, layout.leaders), *map(_text, layout.labels)])


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
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<style>{SPARK_STYLE}</style><path d="{path(places, step=step)}"/>'
        f'<circle cx="{x}" cy="{y}" r="2.5"/></svg>'
    )


def data_uri(svg: str) -> str:
    """The SVG as an address that an image can hold; written so that a page with many of them is
    compressed to half of what base64 leaves."""
    return "data:image/svg+xml," + svg.translate(_IN_ADDRESS)


def _grid(model: Model, frame: PlotFrame) -> Iterable[str]:
    """The grid is that of the first axis."""
    for axis in model.axes[:1]:
        for tick in axis.ticks:
            kind = "z" if tick.at == 0 and axis.low < 0 else "g"
            yield f'<path class="{kind}" d="{_level(frame, frame.y(tick.at))}"/>'


def _level(frame: PlotFrame, y: float) -> str:
    return f"M{frame.left:.1f} {y}H{frame.right:.1f}"


def _text(label: Label) -> str:
    named = f' class="{label.kind}"' if label.kind else ""
    anchor = f' text-anchor="{label.anchor}"' if label.anchor != "start" else ""
    return f'<text{named} x="{label.x:.1f}" y="{label.y:g}"{anchor}>{escape(label.words)}</text>'


def _leader(leader: Leader) -> str:
    (x0, y0), (x1, y1) = leader.start, leader.end
    return f'<path class="e" d="M{x0:g} {y0:g}L{x1:g} {y1:g}"/>'


def _notes(model: Model, frame: PlotFrame) -> Iterable[str]:
    """The ticks of event notes, between the ground line and the dates: no words lie there."""
    for x, note in apart(model.notes, frame.x):
        shape = SHAPES[note.kind]
        yield f'<path class="{shape.colour}" d="M{x} {frame.bottom + 1:g}{shape.path}"/>'


def _breaks(model: Model, frame: PlotFrame) -> Iterable[str]:
    for day, _ in model.breaks:
        yield f'<path class="k" d="M{frame.x(day)} {frame.top}V{frame.bottom}"/>'


def _levels(model: Model, frame: PlotFrame) -> Iterable[str]:
    for level in model.levels:
        kind = "t" if level.kind == "target" else "m"
        yield f'<path class="{kind}" d="{_level(frame, frame.y(level.at))}"/>'


def _lines(series: Series, frame: PlotFrame) -> list[str]:
    parts = []
    for segment in series.segments:
        if len(segment.points) > 1:
            kind = "l p" if segment.sampled else "l"
            line = path(frame.places(series, segment), step=series.kind == "step")
            parts.append(f'<path class="{kind}" d="{line}"/>')
        if len(segment.points) == 1 or (segment.sampled and len(segment.points) < FEW_SAMPLES):
            parts += [_dot(series, p, frame, 2.2) for p in segment.points]
        else:
            parts += [_dot(series, p, frame, 2.6) for p in segment.points if p.disputed]
    return parts


def path(places: Sequence[tuple[object, object]], *, step: bool = False) -> str:
    """The line through these places; in steps where a value holds until the next."""
    if step:
        (x0, y0), *others = places
        return f"M{x0} {y0}" + "".join(f"H{x}V{y}" for x, y in others)
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def _bars(series: Series, frame: PlotFrame) -> list[str]:
    zero, wide = frame.y(0.0), frame.bar
    return [
        f'<rect class="d" x="{frame.x(p.at) - wide / 2:.1f}" y="{min(frame.y(p.value), zero)}" '
        f'width="{wide:.1f}" height="{abs(zero - frame.y(p.value)):.1f}"/>'
        for p in series.points
        if p.value
    ]


def _dot(series: Series, point: Point, frame: PlotFrame, radius: float) -> str:
    kind = "o" if point.disputed else "d"
    x, y = frame.x(point.at), frame.y(point.value, series.axis)
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
