"""Where everything stands on the paper of a chart: the plot, and every word beside it or in it.

Words never lie on a line, on each other or beyond the paper. The newest value and the levels stand
in the right margin, level with their lines and pushed apart where they would meet; ticks give way
to them. A mark's words take the nearest free place above or below the line; where there is none,
its point bears a number and the words stand below the chart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard.chart.lettering import Box, free, width, wrapped
from dashboard.chart.model import Axis, Level, Mark, Model, Segment, Series, Tick
from etl.frequency import RULES

SIZE = 12
#: How far letters may reach above and below their baseline, in any font that a reader may have.
ASCENT, DESCENT = 14.0, 4.0
ROW = ASCENT + DESCENT
#: Bold letters are that much wider.
BOLD = 1.1
TOP, BOTTOM, EDGE, PAD, GAP = 30.0, 28.0, 4.0, 5.0, 6.0
#: The share of the paper's width that words in the margin may take, and a number alone.
MOST, MOST_ALONE = 0.2, 0.34
#: A narrower paper bears one mark; on a lower plot there is no room for any.
NARROW, LOW = 480.0, 100.0
#: No plot is lower than this for the names of its lines.
LEAST = 50.0
#: The share of its period that a bar covers.
BAR = 0.62
#: From this width on, lines are named at their ends.
NAMED_AT_ENDS = 560.0
#: The room that is left free around lines and dots, and above the ground.
CLEAR, GROUND = 4.0, 2.0
#: How far beside its point the words of a mark are tried.
_ASIDE = (9, 16, 28, 44)
#: How far from its point the words of a mark are still understood, and from where a leader helps,
#: which ends a hair before its words.
FAR, LED, HAIR = 60.0, 12.0, 0.5

Heights = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Label:
    """A line of words: `x` is its start, middle or end as `anchor` says, `y` its baseline, `kind`
    its class in the style."""

    words: str
    x: float
    y: float
    anchor: str = "start"
    kind: str = ""

    @property
    def box(self) -> Box:
        wide = _width(self.words, self.kind)
        left = self.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]
        return Box(left, self.y - ASCENT, left + wide, self.y + DESCENT)


@dataclass(frozen=True, slots=True)
class Leader:
    """A thin line from a point to its words."""

    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def box(self) -> Box:
        (x0, y0), (x1, y1) = self.start, self.end
        return Box(min(x0, x1) - 1, min(y0, y1), max(x0, x1) + 1, max(y0, y1))


@dataclass(frozen=True, slots=True)
class MarginEntry:
    """What stands in the right margin: its lines of words, the value that it is level with, and how
    far below that it was moved. `kind` is newest or that of a level; `style` its class."""

    lines: tuple[str, ...]
    value: float
    kind: str
    style: str
    moved: float = 0.0


class PlotFrame:
    """From dates and values to places on the paper, between these margins."""

    def __init__(self, model: Model, box: Box) -> None:
        self.left, self.top, self.right, self.bottom = box.left, box.top, box.right, box.bottom
        days = max(1, (model.last - model.first).days)
        self._step = (self.right - self.left - 2 * PAD) / days
        self._origin = self.left + PAD - self._step * model.first.toordinal()
        length = RULES[model.series[0].frequency].length if model.series else 1
        self.bar = max(1.5, self._step * length * BAR)
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
            if series.kind != "step":
                places = list(thinned(places, lambda p: int(p[0]), lambda p: p[1]))
            known = places
            self._known[id(segment)] = known
        return known

    def _all_places(self, segment: Segment, axis: int) -> list[tuple[float, float]]:
        """As `x` and `y` say; a column at a time, because a page has thousands of points."""
        low, rise, log = self._scales[axis]
        days = np.array([p.at.toordinal() for p in segment.points])
        values = np.array([math.log(p.value) if log else p.value for p in segment.points])
        xs, ys = self._origin + self._step * days, self.bottom - rise * (values - low)
        return list(zip(_to_tenths(xs), _to_tenths(ys), strict=True))

    def _scale(self, axis: Axis) -> tuple[float, float, bool]:
        """Where an axis begins, the height of one of its units, and whether it counts in powers."""
        log = axis.log and axis.low > 0
        low, high = (math.log(axis.low), math.log(axis.high)) if log else (axis.low, axis.high)
        return low, (self.bottom - self.top) / (high - low), log


class Layout:
    """The places of a chart on a paper of this size; `named` where nothing else beside it says
    which of several lines is which, and `marked` where nothing else tells of marks and targets."""

    def __init__(
        self, model: Model, wide: float, high: float, *, named: bool = True, marked: bool = True
    ) -> None:
        self.model, self.width, self.height = model, float(wide), float(high)
        self.named, self.marked = named, marked
        self.several = len(model.series) > 1
        self._sky: tuple[PlotFrame, Heights, Heights] | None = None
        below: tuple[Mark | Level, ...] = ()
        self._place(below)
        while self._homeless:
            below += tuple(self._homeless)
            self._place(below)

    def _place(self, below: tuple[Mark | Level, ...]) -> None:
        """Place everything; the words of what is `below` stand under the chart."""
        self.labels: list[Label] = []
        self.leaders: list[Leader] = []
        self._homeless: list[Mark | Level] = []
        self._taken: list[Box] = []
        self._numbers = {id(one): number for number, one in enumerate(
            (one for one in below if isinstance(one, Mark)), 1)}  # fmt: skip
        notes = [line for one in below for line in self._note(one)]
        rows = self._rows_of_names()
        names = len(rows) * ROW
        two_rows = self._units_meet()
        top = TOP + names + (ROW if two_rows else 0)
        bottom = self.height - BOTTOM - ROW * len(notes)
        entries = self._entries()
        self.frame = PlotFrame(self.model, Box(self._left(), top, self._right(entries), bottom))
        frame, model = self.frame, self.model
        level = (*(t.at for t in model.axes[0].ticks), *(one.at for one in model.levels))
        self._rules = tuple(frame.y(at) for at in level) if model.series else ()
        self._uprights = tuple(frame.x(day) for day, _ in model.breaks)
        for number, row in enumerate(rows):
            self._row(row, ASCENT + number * ROW)
        self._units(ASCENT + names, two_rows)
        self.margin = tuple(self._place_margin(entries))
        self.told = tuple(self._place_ticks())
        self._days(bottom + BOTTOM - GAP)
        self.break_labels = dict(self._breaks(top - TOP + ASCENT))
        self.marks = [mark for series in self.model.series for mark in series.marks[:1]]
        if self.marked:
            self._level_words(below)
            self._mark_words(below)
        for number, (words, kind) in enumerate(notes):
            self._take(Label(words, EDGE, bottom + BOTTOM - GAP + ROW * (number + 1), kind=kind))

    def _take(self, label: Label) -> None:
        self.labels.append(label)
        self._taken.append(label.box)

    def _take_if_free(self, label: Label, apart: float = 0.0) -> bool:
        box = label.box
        inside = box.left >= 0 and box.right <= self.width
        wider = Box(box.left - apart, box.top, box.right + apart, box.bottom)
        if not inside or not free(wider, self._taken):
            return False
        self._take(label)
        return True

    # Beside the plot

    def _left(self) -> float:
        if len(self.model.axes) < 2:
            return EDGE
        ticks = self.model.axes[0].ticks
        return max((_width(t.label) for t in ticks), default=0.0) + GAP + EDGE

    def _right(self, entries: Sequence[MarginEntry]) -> float:
        ticks = (_width(t.label) for t in self.model.axes[-1].ticks)
        words = (_width(line, entry.style) for entry in entries for line in entry.lines)
        return self.width - max((*ticks, *words), default=0.0) - GAP - EDGE

    def _entries(self) -> list[MarginEntry]:
        """What stands in the right margin."""
        model = self.model
        if len(model.axes) > 1:
            return []
        found = []
        for number, series in enumerate(model.series):
            for newest in series.marks[:1]:
                if not self.several:
                    lines = self._fitting(newest.label, newest.number, "v")
                else:
                    lines = _name_lines(series, self.width * MOST) if self._at_ends else ()
                style = f"v n c{number}" if self.several else "v"
                found.append(MarginEntry(lines, newest.point.value, newest.kind, style))
        for level in model.levels:
            style = "v tt" if level.kind == "target" else "v mt"
            lines = self._fitting(level.label, level.number, style)
            found.append(MarginEntry(lines, level.at, level.kind, style))
        return [entry for entry in found if entry.lines]

    def _fitting(self, words: str, number: str, kind: str) -> tuple[str, ...]:
        """The words where the margin has room for them, else the number alone, else nothing."""
        if _width(words, kind) <= self.width * MOST:
            return (words,)
        return (number,) if _width(number, kind) <= self.width * MOST_ALONE else ()

    @cached_property
    def _at_ends(self) -> bool:
        """Whether lines are named at their ends, where there are width and height for it."""
        if not self.named or self.width < NAMED_AT_ENDS or len(self.model.axes) > 1:
            return False
        room = self.height - TOP - BOTTOM
        series = self.model.series
        return room > 2 * ROW * (len(series) + 1) and all(
            _name_lines(one, self.width * MOST) for one in series if one.marks
        )

    def _place_margin(self, entries: Sequence[MarginEntry]) -> Iterator[MarginEntry]:
        """Each entry level with its line; where they would meet, apart by as little as can be."""
        frame = self.frame
        placed = sorted(entries, key=lambda entry: -entry.value)
        wanted = [frame.y(entry.value) for entry in placed]
        heights = [ROW * len(entry.lines) for entry in placed]
        middles = apart(wanted, heights, frame.top - 1, frame.bottom)
        for entry, y, height, middle in zip(placed, wanted, heights, middles, strict=True):
            first = middle - height / 2 + ASCENT
            for number, words in enumerate(entry.lines):
                baseline = round(first + number * ROW, 1)
                self._take(Label(words, frame.right + GAP, baseline, kind=entry.style))
            if abs(middle - y) > ROW:
                self.leaders.append(Leader((frame.right, y), (frame.right + GAP - 1, middle)))
            yield replace(entry, moved=middle - y)

    def _place_ticks(self) -> Iterator[set[Tick]]:
        """The ticks of each axis that are told in words: they give way to what stands in the
        margin."""
        two = len(self.model.axes) > 1
        for number, axis in enumerate(self.model.axes):
            on_left = two and number == 0
            x = self.frame.left - GAP if on_left else self.frame.right + GAP
            anchor, kind = "end" if on_left else "start", self._shade(number) if two else ""
            yield {
                tick for tick in axis.ticks
                if self._take_if_free(
                    Label(tick.label, x, self.frame.y(tick.at, number) + DESCENT, anchor, kind))
            }  # fmt: skip

    def _shade(self, axis: int) -> str:
        """The colour of the one series on an axis; none where several share it."""
        number = self.model.alone_on(axis)
        return "" if number is None else f"n c{number}"

    # Above and below the plot

    def _rows_of_names(self) -> list[list[tuple[str, str]]]:
        """The names of several lines with their newest values in rows above the plot, where they do
        not stand at the ends; as many as leave room for the plot."""
        if not (self.several and self.named) or self._at_ends:
            return []
        rows: list[list[tuple[str, str]]] = [[]]
        x = EDGE
        for number, series in enumerate(self.model.series):
            kind = f"v n c{number}"
            words = " ".join([series.name, *(mark.label for mark in series.marks[:1])])
            (words,) = wrapped(words, SIZE * BOLD, self.width - 2 * EDGE, 1)
            wide = _width(words, kind)
            if rows[-1] and x + wide > self.width - EDGE:
                rows.append([])
                x = EDGE
            rows[-1].append((words, kind))
            x += wide + 2 * GAP
        room = self.height - TOP - BOTTOM - LEAST
        return rows[: max(0, int(room // ROW))]

    def _row(self, row: Sequence[tuple[str, str]], y: float) -> None:
        x = EDGE
        for words, kind in row:
            label = Label(words, x, y, kind=kind)
            self._take(label)
            x = label.box.right + 2 * GAP

    def _unit_labels(self, y: float, *, two_rows: bool) -> list[Label]:
        found = []
        for number, axis in enumerate(self.model.axes):
            kind = self._shade(number) if len(self.model.axes) > 1 else ""
            (words,) = wrapped(axis.unit, SIZE, self.width - 2 * EDGE, 1)
            x, anchor = (self.width - 1, "end") if number else (EDGE, "start")
            found.append(Label(words, x, y + (ROW if two_rows and number else 0), anchor, kind))
        return found

    def _units_meet(self) -> bool:
        labels = self._unit_labels(ASCENT, two_rows=False)
        return any(a.box.meets(b.box) for a, b in pairwise(labels))

    def _units(self, y: float, two_rows: bool) -> None:
        self.units = self._unit_labels(y, two_rows=two_rows)
        for label in self.units:
            self._take(label)

    def _days(self, y: float) -> None:
        for day, words in self.model.x_ticks:
            half = _width(words) / 2
            x = min(max(self.frame.x(day), half), self.width - half)
            self._take_if_free(Label(words, round(x, 1), y, "middle"), GAP)

    def _breaks(self, y: float) -> Iterator[tuple[date, Label]]:
        """The words of the days that have room above the plot, where no line runs; of others the
        caption tells alone."""
        for day, words in self.model.breaks:
            half = _width(words) / 2
            x = min(max(self.frame.x(day), half), self.width - half)
            label = Label(words, round(x, 1), y, "middle")
            if self._take_if_free(label):
                yield day, label

    # In the plot

    def _level_words(self, below: Sequence[Mark | Level]) -> None:
        """What a target is, along its line; that it is one is not told by its number alone."""
        for level in self.model.levels:
            told = any(level.label == label.words for label in self.labels)
            if level.kind != "target" or told or level in below:
                continue
            wide = _width(level.label, "v tt")
            y = self.frame.y(level.at)
            lefts = (self.frame.left + 2, (self.frame.left + self.frame.right - wide) / 2,
                     self.frame.right - wide - 2)  # fmt: skip
            for left in lefts:
                for base in (y - DESCENT - 2, y + ASCENT + 2):
                    label = Label(level.label, round(left, 1), round(base, 1), kind="v tt")
                    if self._is_clear(label.box):
                        break
                else:
                    continue
                self._take(label)
                break
            else:
                self._homeless.append(level)

    def _mark_words(self, below: Sequence[Mark | Level]) -> None:
        if self.several or self.model.empty:
            return
        series = self.model.series[0]
        most = 1 if self.width < NARROW else len(series.marks)
        low = self.frame.bottom - self.frame.top < LOW
        wanted = [] if low else series.marks[1:][:most]
        for mark in wanted:
            if mark in below:
                self.marks.append(mark)
                self._near(mark, series, str(self._numbers[id(mark)]))
            elif self._near(mark, series, mark.label):
                self.marks.append(mark)
            elif self._note(mark):
                self._homeless.append(mark)

    def _near(self, mark: Mark, series: Series, words: str) -> bool:
        """Take the nearest free place above or below the line for the words of a mark."""
        x, y = self.frame.x(mark.point.at), self.frame.y(mark.point.value, series.axis)
        wide = _width(words, "v")
        best: tuple[float, Label, Leader | None] | None = None
        aside = [place for away in _ASIDE for place in (x - wide - away, x + away)]
        for wanted in (x - wide / 2, x - wide + CLEAR, x - CLEAR, *aside):
            left = min(max(wanted, self.frame.left), self.frame.right - wide)
            for box in self._rooms(left, wide, x, y):
                across = max(box.left - x, x - box.right, 0.0)
                down = max(box.top - y, y - box.bottom, 0.0)
                leader = None
                if down > LED:
                    if across:
                        continue  # a slanted leader might cross the line
                    above = box.bottom < y
                    start, end = (y - 5, box.bottom + HAIR) if above else (y + 5, box.top - HAIR)
                    leader = Leader((x, round(start, 1)), (x, round(end, 1)))
                    if not free(leader.box, self._taken):
                        continue
                far = math.hypot(across, down) + 0.1 * abs((box.left + box.right) / 2 - x)
                if far <= FAR and (best is None or far < best[0]):
                    label = Label(words, round(box.left, 1), round(box.bottom - DESCENT, 1),
                                  kind="v")  # fmt: skip
                    best = far, label, leader
        if best is None:
            return False
        self._take(best[1])
        if best[2]:
            self.leaders.append(best[2])
            self._taken.append(best[2].box)
        return True

    def _rooms(self, left: float, wide: float, x: float, y: float) -> Iterator[Box]:
        """The first free places right above and right below the line on so wide a strip, no
        farther from a point than words are understood."""
        tops, bottoms = self._skyline
        first = max(0, int(left - CLEAR))
        last = min(len(tops), int(left + wide + CLEAR) + 2)
        highest, lowest = float(tops[first:last].min()), float(bottoms[first:last].max())
        reach = FAR if left <= x <= left + wide else LED
        above = min(highest - CLEAR - ROW, y + reach)
        below = max(lowest + CLEAR, y - reach - ROW)
        for start, way in ((above, -1), (below, 1)):
            for number in range(8):
                top = start + way * 4 * number
                if not y - reach - ROW <= top <= y + reach:
                    break
                box = Box(left, top, left + wide, top + ROW)
                if self._is_clear(box):
                    yield box
                    break

    def _is_clear(self, box: Box) -> bool:
        """Whether a box in the plot lies on no line, no dot, no grid and no words."""
        frame = self.frame
        if box.left < frame.left - 0.5 or box.right > frame.right + 0.5:
            return False
        if box.top < frame.top - ROW / 2 or box.bottom > frame.bottom - GROUND:
            return False
        if any(box.top < y + 1 and y - 1 < box.bottom for y in self._rules):
            return False
        if any(box.left < x + 2 and x - 2 < box.right for x in self._uprights):
            return False
        tops, bottoms = self._skyline
        first, last = max(0, int(box.left - CLEAR)), int(box.right + CLEAR) + 2
        lies = (tops[first:last] < box.bottom + CLEAR) & (bottoms[first:last] > box.top - CLEAR)
        return not lies.any() and free(box, self._taken)

    @property
    def _skyline(self) -> tuple[Heights, Heights]:
        """The highest and the lowest place of all lines in each column of pixels."""
        if self._sky is None or self._sky[0] is not self.frame:
            self._sky = (self.frame, *skyline(self.model, self.frame, self.width))
        return self._sky[1], self._sky[2]

    def _note(self, one: Mark | Level) -> list[tuple[str, str]]:
        """The words of what found no place in the plot, in lines below it; none where they are
        longer than the paper is wide."""
        room = self.width - 2 * EDGE
        if isinstance(one, Level):
            return [(line, "v tt") for line in wrapped(one.label, SIZE * BOLD, room, 2)]
        day = self.model.series[0].day(one.point.date)
        colon = "：" if self.model.lang == "zh" else ": "
        words = f"{self._numbers.get(id(one), 1)}  {day}{colon}{one.label}"
        return [(words, "")] if _width(words) <= room else []


def _to_tenths(lengths: Heights) -> list[float]:
    """Each as `round` gives it, which looks at the exact number; rounding an array does not, and
    may differ halfway between two tenths."""
    tenths = lengths * 10
    found: list[float] = (np.rint(tenths) / 10).tolist()
    for at in np.flatnonzero(np.abs(tenths - np.floor(tenths) - 0.5) < 1e-6):
        found[at] = round(float(lengths[at]), 1)
    return found


def skyline(model: Model, frame: PlotFrame, wide: float) -> tuple[Heights, Heights]:
    """The highest and the lowest place of all lines, bars and dots in each column of pixels;
    infinitely low and high where there are none."""
    columns = int(wide) + 2
    tops, bottoms = np.full(columns, np.inf), np.full(columns, -np.inf)
    for series in model.series:
        for segment in series.segments:
            places = frame.places(series, segment)
            if series.kind == "step":
                places = _cornered(places)
            xs, ys = np.array(places).T
            if series.kind == "bars":
                _hold_bars(tops, bottoms, xs, ys, frame)
                continue
            edges = np.arange(math.ceil(xs[0]), math.floor(xs[-1]) + 1)
            between = np.interp(edges, xs, ys)
            for at, heights in (
                (xs.astype(int), ys), (edges, between), (np.maximum(edges - 1, 0), between),
            ):  # fmt: skip
                at = np.clip(at, 0, columns - 1)
                np.minimum.at(tops, at, heights)
                np.maximum.at(bottoms, at, heights)
        for mark in series.marks:
            x, y = frame.x(mark.point.at), frame.y(mark.point.value, series.axis)
            around = slice(max(0, int(x - 4)), int(x + 5))
            tops[around] = np.minimum(tops[around], y - 4)
            bottoms[around] = np.maximum(bottoms[around], y + 4)
    return tops, bottoms


def _hold_bars(
    tops: Heights,
    bottoms: Heights,
    xs: Heights,
    ys: Heights,
    frame: PlotFrame,
) -> None:
    zero = frame.y(0.0)
    for x, y in zip(xs, ys, strict=True):
        across = slice(max(0, int(x - frame.bar / 2)), int(x + frame.bar / 2) + 1)
        tops[across] = np.minimum(tops[across], min(y, zero))
        bottoms[across] = np.maximum(bottoms[across], max(y, zero))


def _cornered(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line in steps."""
    found = [places[0]]
    for (_, before), (x, y) in pairwise(places):
        found += [(x, before), (x, y)]
    return found


def apart(
    wanted: Sequence[float], heights: Sequence[float], low: float, high: float
) -> list[float]:
    """The middles of things of these heights, in their order and as near as can be to where they
    are wanted (from the top down), so that none meets another; between `low` and `high`, as long
    as there is room for all."""
    blocks: list[tuple[float, int, float]] = []  # the sum of wanted tops, how many, their height
    for middle, height in zip(wanted, heights, strict=True):
        block = (middle - height / 2, 1, height)
        while blocks and blocks[-1][0] / blocks[-1][1] + blocks[-1][2] > block[0] / block[1]:
            total, count, tall = blocks.pop()
            block = (total + block[0] - tall * block[1], count + block[1], tall + block[2])
        blocks.append(block)
    found: list[float] = []
    for total, count, _ in blocks:
        top = total / count
        for height in heights[len(found) : len(found) + count]:
            found.append(top + height / 2)
            top += height
    return _within(found, heights, low, high)


def _within(found: list[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """The same between the ends: pushed up from below, then down from above."""
    end = high
    for place in reversed(range(len(found))):
        found[place] = min(found[place], end)
        end = found[place] - (heights[place] + heights[place - 1]) / 2
    start = low
    for place, height in enumerate(heights):
        found[place] = max(found[place], start)
        start = found[place] + (height + heights[min(place + 1, len(heights) - 1)]) / 2
    return found


def _name_lines(series: Series, room: float) -> tuple[str, ...]:
    """The name of a line and its newest value: in one line, in two, or not at all."""
    kind = "v"
    number = series.marks[0].number if series.marks else ""
    both = f"{series.name} {number}".strip()
    if _width(both, kind) <= room:
        return (both,)
    lines = tuple(one for one in (series.name, number) if one)
    return lines if all(_width(line, kind) <= room for line in lines) else ()


def thinned(
    points: Iterable[T], column: Callable[[T], int], height: Callable[[T], float]
) -> Iterator[T]:
    """No more points than the paper can show: of each column of it the first, the highest, the
    lowest and the last, in their order."""
    for _, group in groupby(points, key=column):
        found = list(group)
        if len(found) > 4:
            heights = [height(point) for point in found]
            highest, lowest = (heights.index(most) for most in (max(heights), min(heights)))
            found = [found[at] for at in sorted({0, highest, lowest, len(found) - 1})]
        yield from found


def _width(words: str, kind: str = "") -> float:
    return width(words, SIZE) * (BOLD if kind.startswith("v") else 1.0)
