"""Tables as people keep them, cell by cell, out of a workbook or a CSV: what stands where, and
nothing of what it means."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from etl.errors import quoted
from etl.files.bounded import Unreadable, answers
from etl.files.xlsx import MOST_KEPT_ROWS, SHEETS, column_name

#: The most columns of a table: the months of eighty years, side by side.
MOST_COLUMNS = 1_000
#: The longest line of a CSV, and the most bytes of a table.
MOST_LINE, MOST_BYTES = 1_000_000, 64_000_000
#: What Excel writes: UTF-8 or UTF-16 with a mark, or, on a Chinese machine, GB18030.
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True, slots=True)
class GridCell:
    """What a cell holds: its kind (text, number, date, percent, error; formula for one without a
    result) and its text."""

    kind: str
    text: str


Row = Mapping[str, GridCell]  # by the letters of its column


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet, or the whole of a CSV, which has no name: the rows that hold something, by their
    number."""

    name: str
    rows: Mapping[int, Row]
    visible: bool = True
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[str] = frozenset()

    def place(self, line: int, column: str) -> str:
        """A cell as a person finds it: 月报!B5, or B5 in a CSV."""
        return f"{quoted(self.name)}!{column}{line}" if self.name else f"{column}{line}"


@lru_cache(maxsize=1)
def grids_of(payload: bytes, encoding: str = "") -> tuple[Grid, ...]:
    """The tables of a workbook or a CSV; Unreadable in words. One table often feeds several
    indicators in a row, so the last one is remembered."""
    if len(payload) > MOST_BYTES:
        raise Unreadable(f"it is larger than {MOST_BYTES:,} bytes; keep the table alone.")
    if payload[:2] == b"PK" or payload[:4] == b"\xd0\xcf\x11\xe0":
        with tempfile.TemporaryFile() as file:
            file.write(payload)
            file.seek(0)
            return tuple(_sheets(file))
    return (_csv(table_text(payload, encoding)),)


def _sheets(file: BinaryIO) -> Iterator[Grid]:
    """The sheets, as `etl.files.xlsx.sheets` tells of them."""
    name, visible = "", True
    rows: dict[int, Row] = {}
    hidden_rows: set[int] = set()
    hidden_columns: set[str] = set()
    started = False
    for kind, *told in answers(file, SHEETS):
        if kind == "sheet":
            if started:
                yield Grid(name, rows, visible, frozenset(hidden_rows), frozenset(hidden_columns))
            started, (name, visible) = True, told
            rows, hidden_rows, hidden_columns = {}, set(), set()
        elif kind == "columns":
            first, last = told
            hidden_columns |= {column_name(at) for at in range(first, min(last, MOST_COLUMNS) + 1)}
        else:
            number, hidden, cells = told
            rows[number] = {at: GridCell(*cell) for at, cell in cells.items()}
            if len(cells) > MOST_COLUMNS:
                raise Unreadable(f"has more than {MOST_COLUMNS:,} columns.", line=number)
            if hidden:
                hidden_rows.add(number)
    if started:
        yield Grid(name, rows, visible, frozenset(hidden_rows), frozenset(hidden_columns))


def table_text(payload: bytes, encoding: str) -> str:
    """The text of a CSV, in the encoding that was promised or in one that Excel writes."""
    try:
        if encoding:
            return payload.decode(encoding).removeprefix("\ufeff")
        for mark, name in _MARKS:
            if payload.startswith(mark):
                return payload.decode(name)
        try:
            return payload.decode("utf-8-sig")
        except UnicodeDecodeError:
            return payload.decode("gb18030")
    except (UnicodeDecodeError, LookupError):
        raise Unreadable(
            f"it is no text in {quoted(encoding)}; say its encoding."
            if encoding
            else "it is no workbook, and no text in UTF-8 or GB18030; save it as .xlsx or as CSV."
        ) from None


def _csv(text: str) -> Grid:
    if "\0" in text[:MOST_LINE]:
        raise Unreadable("it holds NUL characters, which no table does; save it as .xlsx or CSV.")
    beginning = text[:10_000].splitlines()
    delimiter = max(_DELIMITERS, key=lambda mark: sum(mark in line for line in beginning))
    rows: dict[int, Row] = {}
    reader = csv.reader(_lines(text), strict=True, delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise Unreadable(f"has more than {MOST_COLUMNS:,} columns.", line=reader.line_num)
            row = {
                column_name(at): GridCell("text", cell.strip())
                for at, cell in enumerate(cells, 1)
                if cell.strip()
            }
            if row:
                rows[reader.line_num] = row
            if len(rows) > MOST_KEPT_ROWS:
                raise Unreadable(f"it holds more than {MOST_KEPT_ROWS:,} rows; keep the table.")
    except csv.Error as error:
        raise Unreadable(
            f"it is no well-formed CSV ({error}); check the quotes.", line=reader.line_num + 1
        ) from None
    return Grid("", rows)


def _lines(text: str) -> Iterator[str]:
    for line in io.StringIO(text, newline=""):
        if len(line) > MOST_LINE:
            raise Unreadable(f"a line of more than {MOST_LINE:,} characters is none of a table.")
        yield line
