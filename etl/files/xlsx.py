"""The rows of an Excel workbook: of its first visible sheet, or of all of its sheets.

A sheet is read as a stream and no row is made up: what a workbook claims to hold costs nothing,
and what no Excel sheet can hold is refused. Cells come as the texts that a CSV would have, dates as
2026-05-26. `rows` refuses a cell that cannot be written as text without guessing, with its place;
`sheets` says of each cell what it is, for readers that use few of them.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from xml.parsers import expat

from etl.errors import quoted
from etl.files.bounded import Reader, Unreadable
from etl.files.office import Kind, opened

#: The most an Excel sheet can hold.
MOST_ROWS, MOST_COLUMN = 1_048_576, "XFD"
#: The longest id, date or number.
MOST_LETTERS = 1_000
EXCEL = Kind(
    document="XLSX workbook", program="Excel", suffix=".xlsx", old=".xls",
    most_bytes=600_000_000, most_xml=500_000_000, most_ratio=100,
    large="it unpacks to far more than a table (over 500 MB, or 100 times its size); save the "
    "table as .csv and import that.",
)  # fmt: skip
READER = Reader(
    "etl.files.xlsx:rows", EXCEL.document, "save the table as .csv and import that.", seconds=180
)
SHEETS = Reader(
    "etl.files.xlsx:sheets", EXCEL.document, "save the table as .csv and give that.", seconds=60
)
#: The most sheets, and rows that hold something, of a table as people keep it.
MOST_SHEETS, MOST_KEPT_ROWS = 100, 100_000
#: Numbers of the built-in date and time formats, including those of China and Japan.
_MOMENTS = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))
_PERCENTS = frozenset((9, 10))
#: In a format code: literal text, colours and conditions.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
#: Day 0 of Excel's date system, as for dates after February 1900, and that of old Macs.
_FIRST, _FIRST_ON_MACS = datetime(1899, 12, 30), datetime(1904, 1, 1)
_BLOCK = 1 << 16

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each row that holds something, and its cells by column letters; Unreadable if
    it cannot be read."""
    with opened(file, EXCEL) as archive:
        try:
            yield from _Sheet(_Book(archive)).rows()
        except (expat.ExpatError, KeyError, IndexError, StopIteration):
            raise Unreadable(EXCEL.damaged) from None


def sheets(file: BinaryIO) -> Iterator[list[Any]]:
    """Each sheet of the workbook: its name and whether it can be seen, then its hidden columns
    (first and last), then its rows (number, whether hidden, cells); a cell is its kind (text,
    number, date, percent, error, or formula for one without a result) and its text."""
    with opened(file, EXCEL) as archive:
        try:
            book, held = _Book(archive), 0
            if len(book.sheets) > MOST_SHEETS:
                raise Unreadable(f"the workbook has more than {MOST_SHEETS} sheets; keep the one.")
            for name, part, visible in book.sheets:
                yield ["sheet", name, visible]
                for found in _KindsSheet(book, part).told():
                    held += 1
                    if held > MOST_KEPT_ROWS:
                        raise Unreadable(
                            f"the workbook holds more than {MOST_KEPT_ROWS:,} rows; copy the table "
                            "into one of its own."
                        )
                    yield found
        except (expat.ExpatError, KeyError, IndexError, StopIteration):
            raise Unreadable(EXCEL.damaged) from None


def _blocks(
    archive: zipfile.ZipFile, part: str, start: Start, end: End, text: Text
) -> Iterator[None]:
    """Feed a part of XML to the parser, block by block."""

    names = _LocalNames()

    def refuse(*_: object) -> None:
        raise Unreadable(EXCEL.entities)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(names[name], attributes)
    parser.EndElementHandler = lambda name: end(names[name])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            parser.Parse(block)
            yield
    parser.Parse(b"", True)
    yield


class _LocalNames(dict[str, str]):
    """Names without their namespace, each looked up once."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, name.rpartition(" ")[2])


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, Attributes]]:
    """The name of each element, of its parent, and its attributes."""
    path: list[str] = [""]
    found: list[tuple[str, str, Attributes]] = []

    def start(name: str, attributes: Attributes) -> None:
        found.append((name, path[-1], attributes))
        path.append(name)

    def end(name: str) -> None:
        path.pop()

    for _ in _blocks(archive, part, start, end, lambda text: None):
        yield from found
        found.clear()


class _SharedWords:
    """The text of one cell or shared string: all of its runs, without phonetic readings."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.open = self.reading = False
        self.letters = 0

    def start(self, name: str) -> None:
        if name == "rPh":
            self.reading = True
        elif name in ("t", "v"):
            self.open = not self.reading

    def end(self, name: str) -> None:
        if name == "rPh":
            self.reading = False
        elif name in ("t", "v"):
            self.open = False

    def text(self, words: str) -> None:
        if self.open and self.letters <= MOST_LETTERS:
            self.letters += len(words)
            self.parts.append(words[: MOST_LETTERS + 1])

    def taken(self) -> str:
        """What was collected since the last call."""
        text = "".join(self.parts)
        self.parts.clear()
        self.letters = 0
        return text


class _Book:
    """What the parts of the workbook say about its sheets."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        main = next(
            (part for kind, part in self._related("").values() if kind == "officeDocument"), ""
        )
        if not main:
            raise Unreadable(EXCEL.other)
        if not main.endswith(".xml"):
            raise Unreadable("it is a binary workbook; save it as .xlsx.")
        self.parts = self._related(main)
        self.first, self.sheet = _FIRST, ""
        #: Name, part and visibility of each sheet with cells.
        self.sheets: list[tuple[str, str, bool]] = []
        for name, _, told in _elements(archive, main):
            if name == "workbookPr" and told.get("date1904") in ("1", "true"):
                self.first = _FIRST_ON_MACS
            elif name == "sheet":
                key = next(value for name, value in told.items() if name.endswith(" id"))
                visible = told.get("state", "visible") == "visible"
                if visible and not self.sheet:
                    kind, part = self.parts[key]
                    self.sheet = part if kind == "worksheet" else ""
                kind, part = self.parts.get(key, ("", ""))
                if kind == "worksheet":
                    self.sheets.append((told.get("name", ""), part, visible))
        if not self.sheet:
            raise Unreadable("the workbook has no sheet with cells that can be seen; show one.")
        self.texts = list(self._texts())
        self.moments, self.percents = self._formats()

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """The parts that a part refers to, by key: the last word of the type, and the target."""
        folder, name = posixpath.split(part)
        found = {}
        for element, _, told in _elements(
            self.archive, posixpath.join(folder, "_rels", f"{name}.rels")
        ):
            if element == "Relationship" and told.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, told["Target"]))
                found[told["Id"]] = told["Type"].rpartition("/")[2], target.lstrip("/")
        return found

    def _of_kind(self, kind: str) -> str | None:
        return next((part for is_, part in self.parts.values() if is_ == kind), None)

    def _texts(self) -> Iterator[str]:
        part, words = self._of_kind("sharedStrings"), _SharedWords()
        found: list[str] = []

        def end(name: str) -> None:
            words.end(name)
            if name == "si":
                found.append(words.taken())

        if part:
            for _ in _blocks(
                self.archive, part, lambda name, _: words.start(name), end, words.text
            ):
                yield from found
                found.clear()

    def _formats(self) -> tuple[frozenset[str], frozenset[str]]:
        """The numbers of the styles that show dates or times, and of those that show
        percentages."""
        part = self._of_kind("styles")
        moments, percents = set(_MOMENTS), set(_PERCENTS)
        styles: list[int] = []
        for name, around, told in _elements(self.archive, part) if part else ():
            if name == "numFmt" and around == "numFmts":
                code = _LITERAL.sub("", told["formatCode"]).lower()
                kind = percents if "%" in code else moments if re.search("[dmyhs]", code) else None
                if kind is not None:
                    kind.add(int(told["numFmtId"]))
            elif name == "xf" and around == "cellXfs":
                styles.append(int(told.get("numFmtId", "0")))
        return (
            frozenset(str(at) for at, number in enumerate(styles) if number in moments),
            frozenset(str(at) for at, number in enumerate(styles) if number in percents),
        )


class _Sheet:
    """The rows of the sheet, as its elements come."""

    def __init__(self, book: _Book) -> None:
        self.book, self.words = book, _SharedWords()
        self.found: list[tuple[int, dict[str, str]]] = []
        self.cells: dict[str, str] = {}
        self.row, self.column = 0, ""
        self.cell: Attributes = {}
        self.is_formula = False

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row that holds something."""
        book = self.book
        for _ in _blocks(book.archive, book.sheet, self._start, self._end, self.words.text):
            yield from self.found
            self.found.clear()

    def _start(self, name: str, told: Attributes) -> None:
        if name == "c":
            self.cell, self.is_formula = told, False
            self._to_column(told.get("r"))
        elif name == "row":
            self._to_row(int(told.get("r", self.row + 1)))
        elif name == "f":
            self.is_formula = True
        else:
            self.words.start(name)

    def _end(self, name: str) -> None:
        if name == "c":
            text = self._text(self.words.taken())
            if text:
                self.cells[self.column] = text
        elif name == "row":
            if self.cells:
                self.found.append((self.row, self.cells))
        else:
            self.words.end(name)

    def _to_row(self, number: int) -> None:
        if number > MOST_ROWS:
            raise Unreadable(
                f"the sheet names row {number:,}; a sheet has {MOST_ROWS:,} rows at most: copy the "
                "table into a new workbook."
            )
        if number <= self.row:
            raise Unreadable(EXCEL.damaged)
        self.row, self.column, self.cells = number, "", {}

    def _to_column(self, place: str | None) -> None:
        """The column of a cell; one without a reference is next to the previous cell."""
        column = place.rstrip("0123456789") if place else _next(self.column)
        if (
            (place and place != f"{column}{self.row}")
            or not _order(self.column) < _order(column) <= _order(MOST_COLUMN)
            or not column.isalpha()
        ):
            raise Unreadable(EXCEL.damaged)
        self.column = column

    def _text(self, text: str) -> str:
        kind, style = self.cell.get("t", "n"), self.cell.get("s", "0")
        if kind == "s" and text:
            at = int(text)
            text = self.book.texts[at] if at >= 0 else ""
        elif kind == "b" and text:
            text = "FALSE" if text == "0" else "TRUE"
        if len(text) > MOST_LETTERS:
            raise self._refused(f"holds more than {MOST_LETTERS:,} characters.")
        if self.is_formula and not text and kind != "str":
            raise self._refused(
                "holds a formula whose result is not stored; open it in Excel and save it."
            )
        if kind == "d":
            return _shown(datetime.fromisoformat(text)) if text else ""
        if kind != "n" or not text:
            return text.strip()
        if style in self.book.percents:
            raise self._refused(
                f"is shown in percent and holds {quoted(text)}; write the plain number in the unit "
                "of the indicator, with the number format 'General'."
            )
        if style in self.book.moments:
            return self._moment(text)
        return text.strip()

    def _moment(self, text: str) -> str:
        """A count of days as the moment it stands for; the two months of 1900 that Excel counts
        wrongly are refused."""
        try:
            days = float(text)
            if not 61 <= days < 2_958_466:
                raise ValueError
        except ValueError:
            raise self._refused(
                f"is shown as a date, but {quoted(text)} counts to none; write it like 2026-05-26."
            ) from None
        return _shown(self.book.first + timedelta(seconds=round(days * 86_400)))

    def _refused(self, problem: str) -> Unreadable:
        return Unreadable(f"the cell {self.column}{self.row} {problem}", line=self.row)


class _KindsSheet(_Sheet):
    """The same of any sheet, with what is hidden; each cell with its kind, none refused."""

    def __init__(self, book: _Book, part: str) -> None:
        super().__init__(book)
        self.part, self.kind, self.hidden = part, "text", False
        self.kinds: dict[str, str] = {}
        self.waiting: list[list[Any]] = []

    def told(self) -> Iterator[list[Any]]:
        """What `sheets` says of the sheet."""
        book = self.book
        for _ in _blocks(book.archive, self.part, self._start, self._end, self.words.text):
            yield from self.waiting
            self.waiting.clear()

    def _start(self, name: str, told: Attributes) -> None:
        if name == "col" and told.get("hidden") in ("1", "true"):
            self.waiting.append(["columns", int(told["min"]), int(told["max"])])
        super()._start(name, told)
        if name == "row":
            self.kinds, self.hidden = {}, told.get("hidden") in ("1", "true")

    def _end(self, name: str) -> None:
        super()._end(name)
        if name == "c" and self.column in self.cells:
            self.kinds[self.column] = self.kind
        elif name == "row" and self.cells:
            cells = {at: [self.kinds[at], text] for at, text in self.cells.items()}
            self.waiting.append(["row", self.row, self.hidden, cells])
            self.found.clear()

    def _text(self, text: str) -> str:
        kind, style = self.cell.get("t", "n"), self.cell.get("s", "0")
        if self.is_formula and not text and kind != "str":
            self.kind = "formula"
            return "formula"
        self.kind = {"e": "error", "d": "date", "n": "number"}.get(kind, "text")
        if kind == "d":
            return _shown(datetime.fromisoformat(text)) if text else ""
        if kind == "n" and text and style in self.book.moments:
            try:
                self.kind = "date"
                return self._moment(text)
            except Unreadable:  # a number that somebody gave the format of dates
                self.kind = "number"
                return text.strip()
        if kind == "n" and text and style in self.book.percents:
            self.kind = "percent"
            return text.strip()
        if kind == "s" and text:
            at = int(text)
            text = self.book.texts[at] if at >= 0 else ""
        return text[:MOST_LETTERS].strip()


def _shown(moment: datetime) -> str:
    """A date alone if it is only a date, or else the full moment."""
    has_time = moment.tzinfo is not None or moment.time() != datetime.min.time()
    return moment.isoformat(" ") if has_time else moment.date().isoformat()


def _order(column: str) -> tuple[int, str]:
    return len(column), column


def _next(column: str) -> str:
    """The letters of the column to the right: A after none, AA after Z."""
    head = column.rstrip("Z")
    if not head:
        return "A" * (len(column) + 1)
    return head[:-1] + chr(ord(head[-1]) + 1) + "A" * (len(column) - len(head))


def column_name(number: int) -> str:
    """The letters of a column by its number, from 1: A, Z, AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
