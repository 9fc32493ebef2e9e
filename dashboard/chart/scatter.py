"""Pairs of changes as a cloud of points: the later, the darker; the newest one named."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from dashboard.chart.palette import style
from dashboard.chart.ticks import value_ticks
from dashboard.data.correlation import Pair

LEFT, RIGHT, TOP, BOTTOM = 52, 12, 24, 34
#: More points than this are thinned evenly; the correlation counts all of them.
MOST = 1500
PALEST = 0.18


def scatter(
    found: Sequence[Pair], across: str, up: str, newest: str, width: int = 480, height: int = 360
) -> str:
    """The cloud as a whole SVG document; `across` and `up` name the axes, `newest` the ring."""
    low_x, high_x, ticks_x = value_ticks([p.first for p in found], zero=False, log=False)
    low_y, high_y, ticks_y = value_ticks([p.second for p in found], zero=False, log=False)
    wide, high = width - LEFT - RIGHT, height - TOP - BOTTOM

    def x(value: float) -> float:
        return round(LEFT + wide * (value - low_x) / (high_x - low_x), 1)

    def y(value: float) -> float:
        return round(TOP + high * (1 - (value - low_y) / (high_y - low_y)), 1)

    parts = [
        f'<path class="{"z" if at == 0 else "g"}" d="M{LEFT} {y(at)}H{width - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{y(at) + 4}" text-anchor="end">{label}</text>'
        for at, label in ticks_y
    ]
    parts += [
        f'<path class="{"z" if at == 0 else "g"}" d="M{x(at)} {TOP}V{height - BOTTOM}"/>'
        f'<text x="{x(at)}" y="{height - BOTTOM + 15}" text-anchor="middle">{label}</text>'
        for at, label in ticks_x
    ]
    parts.append(f'<text x="2" y="13">{escape(up)}</text>')
    parts.append(
        f'<text x="{width - 2}" y="{height - 3}" text-anchor="end">{escape(across)}</text>'
    )
    shown = found[:: max(1, -(-len(found) // MOST))]
    for number, pair in enumerate(shown):
        dark = PALEST + (1 - PALEST) * number / max(1, len(shown) - 1)
        parts.append(
            f'<circle class="d" cx="{x(pair.first)}" cy="{y(pair.second)}" r="3" '
            f'opacity="{dark:.2f}"/>'
        )
    last = found[-1]
    at_x = x(last.first)
    anchor, side = ("end", -7) if at_x > width / 2 else ("start", 7)
    parts.append(
        f'<circle class="o" cx="{at_x}" cy="{y(last.second)}" r="4.5"/>'
        f'<text class="v" x="{at_x + side}" y="{y(last.second) - 6}" text-anchor="{anchor}">'
        f"{escape(newest)}</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-size="12"><style>{style("auto")}</style><g class="c0">{"".join(parts)}</g></svg>'
    )
