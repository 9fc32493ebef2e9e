"""The tables of a bulletin: each is one paragraph, the text of a pipe table.

    | 指数 | 收盘 |
    |---|---|
    | 标普500 | 6886.24 |

No other paragraph holds a line end. A pipe inside a cell is written `\\|`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

#: A wider table, or one of more cells, is kept as lines of text.
MOST_COLUMNS, MOST_CELLS = 100, 200_000
_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*")
#: What stands between the columns of a table that was copied as text.
_GAPS = (re.compile(r"\t+"), re.compile(r"[ \u3000]{2,}"))
_FIGURE = re.compile(
    r"[-+−±▲▼↑↓$¥€(（]*\d[\d,，.．]*\s*[^\d\s]{0,8}|[-—–]{0,2}|n/?a", re.IGNORECASE
)


class TextCell(NamedTuple):
    """The words of a cell, and where they stand: `paragraph[start:stop]`, pipes escaped."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with its head; every row has as many cells as the head."""

    head: tuple[TextCell, ...]
    rows: tuple[tuple[TextCell, ...], ...]

    @classmethod
    def of(cls, paragraph: str) -> TextTable | None:
        """The table that a paragraph is; None if it is one of words."""
        if "\n" not in paragraph:
            return None
        rows, at = [], 0
        for line in paragraph.split("\n"):
            rows.append(tuple(_cells(line, at)))
            at += len(line) + 1
        return cls(rows[0], tuple(rows[2:]))

    @property
    def all_rows(self) -> Iterator[tuple[str, ...]]:
        """The words of each row, the head first."""
        for row in (self.head, *self.rows):
            yield tuple(cell.text for cell in row)

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds figures, and a figure at all."""
        texts = [row[column].text for row in self.rows]
        return all(map(_FIGURE.fullmatch, texts)) and any(text[-1:] > " " for text in texts)


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """The paragraph that a table is, out of its rows of plain words; the first is the head. What
    has one column, or is too large, is no table: ''."""
    width = max(map(len, rows), default=0)
    if not 1 < width <= MOST_COLUMNS or width * len(rows) > MOST_CELLS:
        return ""
    lines = [_line([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join((lines[0], "|" + "---|" * width, *lines[1:]))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


BAR = r"\|"


def _cells(line: str, at: int) -> Iterator[TextCell]:
    for one, other in pairwise(_PIPE.finditer(line)):
        start, stop = one.end() + 1, max(other.start() - 1, one.end() + 1)
        yield TextCell(line[start:stop].replace(BAR, "|"), at + start, at + stop)


def is_rule(line: str) -> bool:
    """Whether a line is the one below the head of a pipe table: |---|---|."""
    return "-" in line and "|" in line and bool(_RULE.fullmatch(line))


def pipe_row(line: str) -> list[str]:
    """The cells of a line of a pipe table, as they are written."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith(BAR) else inner
    return [cell.strip().replace(BAR, "|") for cell in _PIPE.split(inner)]


def pipe_tables(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where runs of lines are pipe tables: with a line |---| below the head, or a pipe before each
    of two rows or more."""
    at = 0
    while at < len(lines):
        stop = at + 1
        if at + 1 < len(lines) and "|" in lines[at] and is_rule(lines[at + 1]):
            stop = _end(lines, at + 2, lambda line: "|" in line)
        elif lines[at].lstrip().startswith("|"):
            stop = _end(lines, at, lambda line: line.lstrip().startswith("|"))
        if stop > at + 1:
            yield at, stop
        at = stop


def spaced_tables(lines: Sequence[str]) -> Iterator[tuple[int, list[list[str]]]]:
    """Where runs of lines are columns set apart by tabs, or three of them by spaces; with a figure
    in each row but the first."""
    at = 0
    while at < len(lines):
        rows: list[list[str]] = []
        for gap, fewest in zip(_GAPS, (2, 3), strict=True):
            width = len(gap.split(lines[at].strip(" \u3000")))
            if fewest <= width <= MOST_COLUMNS and len(rows) < 2:
                stop = _end(lines, at, partial(_is_row, gap, width))
                rows = [gap.split(line.strip(" \u3000")) for line in lines[at:stop]]
        if len(rows) >= 2 and all(any(map(_has_digit, row[1:])) for row in rows[1:]):
            yield at, [[cell.strip() for cell in row] for row in rows]
            at += len(rows)
        else:
            at += max(len(rows), 1)


def _is_row(gap: re.Pattern[str], width: int, line: str) -> bool:
    return len(gap.split(line.strip(" \u3000"))) == width


def _has_digit(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _end(lines: Sequence[str], at: int, goes_on: Callable[[str], bool]) -> int:
    return next((k for k in range(at, len(lines)) if not goes_on(lines[k])), len(lines))
