"""The words of one page of a PDF in reading order, by where they stand."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from statistics import median
from typing import Any

from etl.bulletins.plain import join
from etl.bulletins.typography import typographic

_NARROW = frozenset("iljtfrI.,;:'|!()[] ")
_GOES_ON = re.compile(r"[0-9A-Za-z][-/]$|[$\u00ad]$")
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
#: Words further apart than this, in letters, belong to different columns or cells.
_GAP = 1.4
#: A column has this many lines at least, and is this wide, in letters.
_COLUMN_LINES, _COLUMN_WIDTH = 3, 7


_Matrix = Sequence[float]


@dataclass(frozen=True, slots=True)
class PdfWords:
    """A piece of text on one baseline; lengths in points, `y` from the bottom of the page."""

    text: str
    x: float
    y: float
    size: float
    right: float
    bold: bool
    row: int = 0


@dataclass(frozen=True, slots=True)
class PdfLine:
    """One line of a column; `column` names the column, '' for the whole page."""

    text: str
    x: float
    y: float
    size: float
    right: float
    page: int
    column: str
    bold: bool
    cells: int


class _Side(Enum):
    """Where a segment stands on a page of two columns; the values name columns."""

    WHOLE = ""
    LEFT = "/left"
    RIGHT = "/right"


@dataclass(frozen=True, slots=True)
class _Second:
    """A second column: where its lines begin, and the first of them."""

    x: float
    top: float


def width_of(text: str) -> float:
    """How wide a text is about, in letters of full width."""
    return sum(map(_width, text))


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF" or letter in "“”‘’—…×·":
        return 1.0
    if letter in _NARROW:
        return 0.3
    return 0.68 if letter.isupper() or letter in "mwMW%@&" else 0.53


def joined(texts: Iterable[str]) -> str:
    """Pieces as one text: after a hyphen a word goes on; only a soft one is no part of it."""
    pieces = [""]
    for text in texts:
        if _GOES_ON.search(pieces[-1]):
            pieces[-1] = pieces[-1].removesuffix("\u00ad") + text
        else:
            pieces.append(text)
    return join(pieces)


def page_lines(page: Any, number: int) -> tuple[list[PdfLine], list[str]]:
    """The lines of a page in reading order, and the pieces of it that stand askew."""
    pieces, askew = _pieces(page)
    segments = [one for one in _segments(pieces) if one.text]
    return list(_ordered(segments, number, "")), askew


def _pieces(page: Any) -> tuple[list[PdfWords], list[str]]:
    found: list[PdfWords] = []
    askew: list[str] = []

    def take(
        text: str, cm: Sequence[float], tm: Sequence[float], font: object, size: float
    ) -> None:
        words = text.replace("\n", "")
        across, up = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
        if abs(up) > abs(across) * 0.1:
            askew.extend(filter(None, [words.strip()]))
            return
        height = abs(size) * math.hypot(across, up)
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        if words.strip():
            x += height * width_of(words[: len(words) - len(words.lstrip())])
        right = x + height * width_of(words.strip())
        if words and height > 0 and all(map(math.isfinite, (x, y, right))):
            found.append(PdfWords(words, x, y, height, right, _is_bold(font)))

    page.extract_text(visitor_text=take)
    return found, askew


def _is_bold(font: Any) -> bool:
    if font is None:
        return False
    described = font.get("/FontDescriptor")
    name = font.get("/BaseFont") or (described.get_object().get("/FontName") if described else "")
    return bool(_BOLD.search(str(name)))


def _segments(pieces: list[PdfWords]) -> Iterator[PdfWords]:
    """Pieces that touch, put together; the pieces of one baseline share a row."""
    for at, row in enumerate(_rows(pieces)):
        run: list[PdfWords] = []
        for one in sorted(row, key=lambda words: words.x):
            if run and one.x - run[-1].right > _GAP * min(one.size, run[-1].size):
                yield _together(run, at)
                run = []
            run.append(one)
        yield _together(run, at)


def _rows(pieces: list[PdfWords]) -> Iterator[list[PdfWords]]:
    row: list[PdfWords] = []
    for one in sorted(pieces, key=lambda words: -words.y):
        if row and row[0].y - one.y > 0.4 * min(row[0].size, one.size):
            yield row
            row = []
        row.append(one)
    if row:
        yield row


def _together(run: list[PdfWords], row: int) -> PdfWords:
    text = typographic("".join(one.text for one in run)).strip()
    main = _main(run)
    right = max(one.right for one in run)
    return PdfWords(text, run[0].x, run[0].y, main.size, right, main.bold, row)


def _main(run: list[PdfWords]) -> PdfWords:
    """The piece that says how a line looks: the longest."""
    return max(run, key=lambda one: width_of(one.text))


def _ordered(segments: list[PdfWords], page: int, column: str) -> Iterator[PdfLine]:
    """Down the page; where it has two columns, down the left one, then down the right one."""
    second = _second_column(segments)
    if second is None:
        for _, row in groupby(segments, key=lambda one: one.row):
            yield _line(list(row), page, column)
        return
    sides = _sides(segments, second)
    for is_whole, band in groupby(sides, key=lambda one: one[0] is _Side.WHOLE):
        members = list(band)
        for side in (_Side.WHOLE,) if is_whole else (_Side.LEFT, _Side.RIGHT):
            inside = [one for where, one in members if where is side]
            yield from _ordered(inside, page, column + side.value)


def _sides(segments: Iterable[PdfWords], second: _Second) -> Iterator[tuple[_Side, PdfWords]]:
    """Where each segment stands; above the second column nothing is beside anything."""
    for one in segments:
        slack = 0.6 * one.size
        if one.y > second.top + one.size or (one.x < second.x - slack < one.right - 2 * slack):
            yield _Side.WHOLE, one
        else:
            yield (_Side.RIGHT if one.x >= second.x - slack else _Side.LEFT), one


def _second_column(segments: list[PdfWords]) -> _Second | None:
    """The second column, if there is one: its lines begin alike, and lines beside it end before."""
    if len(segments) < 2 * _COLUMN_LINES:
        return None
    left = min(one.x for one in segments)
    size = median(one.size for one in segments)
    begins = {round(one.x / size): one.x for one in sorted(segments, key=lambda one: -one.x)}
    for x in sorted(begins.values()):
        if sum(abs(one.x - x) < size / 2 for one in segments) < 2:
            continue  # the number of the page, say
        # Lines of one column may be indented.
        lines = [one for one in segments if x <= one.x <= x + 3 * size]
        second = _Second(x, max(one.y for one in lines))
        if x - left > _COLUMN_WIDTH * size and _is_column(lines, segments, second, size):
            return second
    return None


def _is_column(
    lines: list[PdfWords], segments: list[PdfWords], second: _Second, size: float
) -> bool:
    width = median(one.right - one.x for one in lines)
    if len(lines) < _COLUMN_LINES or width < _COLUMN_WIDTH * size:
        return False
    bottom = min(one.y for one in lines)
    beside = [one for one in segments if bottom - size <= one.y <= second.top + size]
    sides = Counter(side for side, _ in _sides(beside, second))
    return sides[_Side.LEFT] >= _COLUMN_LINES and sides[_Side.WHOLE] <= len(beside) // 10


def _line(row: list[PdfWords], page: int, column: str) -> PdfLine:
    row = sorted(row, key=lambda one: one.x)
    main = _main(row)
    text = joined(one.text for one in row)
    right = max(one.right for one in row)
    return PdfLine(text, row[0].x, row[0].y, main.size, right, page, column, main.bold, len(row))
