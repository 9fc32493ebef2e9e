"""Charts as SVG text: a whole chart from its model, and a sparkline from a few values."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

from dashboard.chart.model import Model, Point

# The picture follows the colour scheme of the page it stands in.
STYLE = (
    "text{font:12px -apple-system,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif;"
    "fill:#6b6a65}.v{font-weight:600;fill:#1d1d1b;paint-order:stroke;stroke:#fbfaf7;stroke-width:4px}.g{stroke:#dcd9d0;stroke-width:1}"
    ".l{fill:none;stroke:#1f4e79;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".s{stroke-dasharray:2 4;stroke-width:1.5;opacity:.65}.d{fill:#1f4e79}.b{fill:#1f4e79}"
    ".m{stroke:#a8741a;stroke-dasharray:5 4}.mt{fill:#8a5d0f}"
    "@media(prefers-color-scheme:dark){text{fill:#9b9a94}.v{fill:#e8e6e1;stroke:#15171a}.g{stroke:#34373c}"
    ".l{stroke:#8db7e0}.d,.b{fill:#8db7e0}.m{stroke:#d9a441}.mt{fill:#d9a441}}"
)
SPARK_STYLE = (
    "path{fill:none;stroke:#8a8983;stroke-width:1.5;stroke-linejoin:round}circle{fill:#1f4e79}"
    "@media(prefers-color-scheme:dark){circle{fill:#8db7e0}}"
)
LEFT, RIGHT, TOP, BOTTOM = 8, 64, 26, 24


def chart(model: Model, width: int = 640, height: int = 300) -> str:
    """The chart as a whole SVG document."""
    frame = _Frame(model, width, height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-size="12"><title>{escape(model.description)}</title><style>{STYLE}</style>',
        f'<text x="{LEFT}" y="14">{escape(model.unit)}</text>',
    ]
    for tick in model.y_ticks:
        y = frame.y(tick.at)
        right = width - RIGHT
        parts.append(f'<line class="g" x1="{LEFT}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{right + 6}" y="{y + 4:.1f}">{escape(tick.label)}</text>')
    for day, label in model.x_ticks:
        x = frame.x(day)
        parts.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{escape(label)}</text>')
    parts += _bars(model, frame) if model.kind == "bars" else _lines(model, frame)
    parts += _levels(model, frame, width)
    parts += _marks(model, frame, width)
    parts.append("</svg>")
    return "".join(parts)


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


class _Frame:
    """From dates and values to places on the paper."""

    def __init__(self, model: Model, width: int, height: int) -> None:
        self.model, self.width, self.height = model, width, height
        self.days = max(1, (model.last - model.first).days)
        self.bar = (width - LEFT - RIGHT) / (self.days / 30.4 + 1.5) * 0.62

    def x(self, day: date) -> float:
        pad = self.bar / 2 + 4 if self.model.kind == "bars" else 4
        room = self.width - LEFT - RIGHT - 2 * pad
        return round(LEFT + pad + room * (day - self.model.first).days / self.days, 1)

    def y(self, value: float) -> float:
        low, high = self.model.low, self.model.high
        if self.model.log and low > 0 and value > 0:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.height - BOTTOM - (self.height - TOP - BOTTOM) * share, 1)


def _lines(model: Model, frame: _Frame) -> list[str]:
    parts = []
    for segment in model.segments:
        if len(segment.points) > 1:
            kind = "l s" if segment.sampled else "l"
            parts.append(f'<path class="{kind}" d="{_path(model, segment.points, frame)}"/>')
        if len(segment.points) == 1 or (segment.sampled and len(segment.points) < 40):
            parts += [_dot(frame.x(p.date), frame.y(p.value), 2.2) for p in segment.points]
    return parts


def _path(model: Model, points: Sequence[Point], frame: _Frame) -> str:
    places = [(frame.x(p.date), frame.y(p.value)) for p in points]
    if model.kind == "step":
        x0, y0 = places[0]
        return f"M{x0} {y0}" + "".join(f"H{x}V{y}" for x, y in places[1:])
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def _bars(model: Model, frame: _Frame) -> list[str]:
    zero, width = frame.y(0.0), max(1.5, frame.bar)
    return [
        f'<rect class="b" x="{frame.x(p.date) - width / 2:.1f}" y="{min(frame.y(p.value), zero)}" '
        f'width="{width:.1f}" height="{abs(zero - frame.y(p.value)):.1f}"/>'
        for p in model.points
        if p.value
    ]


def _levels(model: Model, frame: _Frame, width: int) -> list[str]:
    parts = []
    for level in model.levels:
        y = frame.y(level.at)
        parts.append(f'<line class="m" x1="{LEFT}" x2="{width - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="mt" x="{LEFT + 2}" y="{y - 5:.1f}">{escape(level.label)}</text>'
        )
    return parts


def _marks(model: Model, frame: _Frame, width: int) -> list[str]:
    parts = []
    for mark in model.marks:
        x, y = frame.x(mark.point.date), frame.y(mark.point.value)
        if model.kind != "bars":
            parts.append(_dot(x, y, 3.5))
        above = y - 9 if y > TOP + 16 else y + 18
        anchor = "end" if x > width / 2 else "start"
        edge = min(x + 4, width - 4)
        parts.append(
            f'<text class="v" x="{edge}" y="{above:.1f}" text-anchor="{anchor}">'
            f"{escape(mark.label)}</text>"
        )
    return parts


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle class="d" cx="{x}" cy="{y}" r="{radius}"/>'
