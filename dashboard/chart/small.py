"""A small chart among many: a line without words on a paper that is stretched to any size, so that
letters beside it keep theirs. All of them have one axis of dates, so that a day is at one place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from dashboard.chart.model import Model, Point, Segment
from dashboard.chart.ticks import date_ticks

#: The paper, in units of its own.
WIDTH, HEIGHT = 1000, 250
#: Of so many columns of the paper, each shows at most four points of a line.
COLUMNS = 320
#: How many dates stand below the paper.
MOST_TICKS = 4
#: How near to an end, in percent, no date fits.
EDGE = 7
#: How much of its period a bar fills.
BAR = 0.62


@dataclass(frozen=True, slots=True)
class Days:
    """The axis of dates that all share."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return max(1, (self.last - self.first).days)

    def x(self, day: date) -> int:
        """The place of a day; what lies outside stands at the edge."""
        return round(WIDTH * min(1.0, max(0.0, (day - self.first).days / self.count)))

    def ticks(self, lang: str) -> list[tuple[float, str]]:
        """Places in percent with the dates that stand there: few enough for a small paper."""
        ticks = date_ticks(self.first, self.last, "daily", lang)
        found = [(round(self.x(day) / WIDTH * 100, 1), words) for day, words in ticks]
        inside = [(at, words) for at, words in found if EDGE <= at <= 100 - EDGE]
        return inside[:: -(-len(inside) // MOST_TICKS) or 1]


@dataclass(frozen=True, slots=True)
class SmallChart:
    """The lines as SVG paths: `solid`, `pale` where values lie too far apart to be joined by more
    than dashes, `bars`, and `dots` for values that stand alone; and the points that they show, in
    the order of dates, with the height of each."""

    solid: str
    pale: str
    bars: str
    dots: str
    points: tuple[Point, ...]
    heights: tuple[int, ...]


def small_chart(model: Model, days: Days) -> SmallChart:
    """The first line of a model on the common axis."""
    series, axis = model.series[0], model.axes[0]

    def y(value: float) -> int:
        return round(HEIGHT * (axis.high - value) / (axis.high - axis.low))

    segments = [Segment(tuple(_thinned(s.points, days)), s.sampled) for s in series.segments]
    solid: list[str] = []
    pale: list[str] = []
    bars: list[str] = []
    dots: list[str] = []
    for segment in segments:
        places = [(days.x(p.at), y(p.value)) for p in segment.points]
        if series.kind == "bars":
            half = WIDTH * BAR * 15 / days.count
            bars += [
                f"M{max(0.0, x - half):.0f} {y(0.0)}V{top}H{min(WIDTH, x + half):.0f}V{y(0.0)}Z"
                for x, top in places
            ]
        elif len(places) == 1 and series.kind != "step":
            dots.append("M{} {}h0".format(*places[0]))
        elif series.kind == "step":
            solid.append(_steps(places))
        else:
            (pale if segment.sampled else solid).append(_joined(places))
    points = {point.date: point for segment in segments for point in segment.points}
    held = tuple(points[day] for day in sorted(points))
    if held and series.kind != "bars":
        x, top = days.x(held[-1].at), y(held[-1].value)
        dots.append(f"M{x} {top}h0")
        if series.kind == "step":  # it holds until it is changed, as far as anybody knows
            pale.append(f"M{x} {top}H{WIDTH}")
    heights = tuple(y(point.value) for point in held)
    return SmallChart("".join(solid), "".join(pale), "".join(bars), "".join(dots), held, heights)


def _joined(places: Sequence[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def _steps(places: Sequence[tuple[int, int]]) -> str:
    x, y = places[0]
    return f"M{x} {y}" + "".join(f"H{x}V{y}" for x, y in places[1:])


def _thinned(points: Sequence[Point], days: Days) -> Iterator[Point]:
    """No more than the paper can show: of each of its columns the first, the highest, the lowest
    and the last."""
    if len(points) <= COLUMNS * 4:
        yield from points
        return
    for _, column in groupby(points, key=lambda p: days.x(p.at) * COLUMNS // WIDTH):
        yield from _few(list(column))


def _few(column: Sequence[Point]) -> list[Point]:
    kept = {
        point.date: point
        for point in (
            column[0],
            max(column, key=lambda p: p.value),
            min(column, key=lambda p: p.value),
            column[-1],
        )
    }
    return [kept[day] for day in sorted(kept)]
