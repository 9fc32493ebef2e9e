"""A small chart among many: a line without words on a paper that is stretched to any size, so that
letters beside it keep theirs. All of them have one axis of dates, so that a day is at one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard.chart.layout import BAR, thinned
from dashboard.chart.model import Model, Point, Segment
from dashboard.chart.svg import path
from dashboard.chart.ticks import date_ticks
from etl.frequency import RULES

#: The paper, in units of its own.
WIDTH, HEIGHT = 1000, 250
#: Of so many columns of the paper, each shows at most four points of a line.
COLUMNS = 320
#: How many dates stand below the paper.
MOST_TICKS = 4
#: How near to an end, in percent, no date fits.
EDGE = 7


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

    def column(point: Point) -> int:
        return days.x(point.at) * COLUMNS // WIDTH

    segments = [
        Segment(tuple(thinned(s.points, column, lambda p: p.value)), s.sampled)
        if len(s.points) > COLUMNS * 4
        else s
        for s in series.segments
    ]
    solid: list[str] = []
    pale: list[str] = []
    bars: list[str] = []
    dots: list[str] = []
    for segment in segments:
        places = [(days.x(p.at), y(p.value)) for p in segment.points]
        if series.kind == "bars":
            half = WIDTH * BAR * RULES[series.frequency].length / 2 / days.count
            bars += [
                f"M{max(0.0, x - half):.0f} {y(0.0)}V{top}H{min(WIDTH, x + half):.0f}V{y(0.0)}Z"
                for x, top in places
            ]
        elif len(places) == 1 and series.kind != "step":
            dots.append("M{} {}h0".format(*places[0]))
        elif series.kind == "step":
            solid.append(path(places, step=True))
        else:
            (pale if segment.sampled else solid).append(path(places))
    points = {point.date: point for segment in segments for point in segment.points}
    held = tuple(points[day] for day in sorted(points))
    if held and series.kind != "bars":
        x, top = days.x(held[-1].at), y(held[-1].value)
        dots.append(f"M{x} {top}h0")
        if series.kind == "step":  # it holds until it is changed, as far as anybody knows
            pale.append(f"M{x} {top}H{WIDTH}")
    heights = tuple(y(point.value) for point in held)
    return SmallChart("".join(solid), "".join(pale), "".join(bars), "".join(dots), held, heights)
