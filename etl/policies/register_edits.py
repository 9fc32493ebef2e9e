"""Rows of the register as a person edits them: each by itself, with every other row as it stands,
and nothing written that the register could not be read with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.errors import FileProblem, SettingError
from etl.files import edits
from etl.files.cells import bytes_of, check_header, text_of
from etl.files.edits import Editor, editing
from etl.policies.candidates import key_of
from etl.policies.register import COLUMNS, document_in, register_in
from etl.records import Document
from etl.settings import Settings

MISSING = "the register is missing; restore it from the repository."


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One row: its cells by the names of all columns, and the document they make; or else why they
    make none. `key` stays the same as long as number, title and issuer do."""

    key: str
    line: int
    cells: Mapping[str, str]
    document: Document | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _RowLines:
    """The lines of a row within the text, from 0."""

    start: int
    end: int
    cells: Mapping[str, str]


def register_rows(settings: Settings) -> list[RegisterRow]:
    """Every row of the register in its order, those too that say what an earlier one says. A
    FileProblem where it is no table."""
    path = settings.register
    _, _, spans = _read(path, bytes_of(path, MISSING))
    return _rows(path, spans)


def change_row(
    settings: Settings,
    key: str,
    make: Callable[[RegisterRow], Mapping[str, str] | None],
    editor: Editor,
) -> RegisterRow | None:
    """Put the cells that `make` gives into the place of those of a row, or take the row out where
    it gives None; the row as it is then. A SettingError where there is no such row any more, a
    FileProblem where the register could not be read so; nothing is written then."""
    path = settings.register
    with editing(settings):
        payload = bytes_of(path, MISSING)
        lines, columns, spans = _read(path, payload)
        rows = _rows(path, spans)
        at = next((at for at, row in enumerate(rows) if row.key == key), None)
        if at is None:
            raise SettingError(f"The register has no row '{key}' any more.")
        new = make(rows[at])
        told = {
            name: " ".join(text.split()) for name, text in (new or {}).items() if name in COLUMNS
        }
        if any(told.get(name) for name in COLUMNS if name not in columns):
            columns, lines, spans = _widened(path, columns, spans, told)
        span, end = spans[at], "\r\n" if b"\r\n" in payload else "\n"
        text = "" if new is None else _line([told.get(name, "") for name in columns], end)
        after = "".join([*lines[: span.start], text, *lines[span.end :]]).encode()
        mark = b"\xef\xbb\xbf" if payload.startswith(b"\xef\xbb\xbf") else b""
        _require_readable(path, payload, after, dict(told) if new is not None else None, span.start)
        edits.change(settings.data / "policies.csv", mark + after, editor)
    return None if new is None else _rows(path, _read(path, after)[2])[at]


def _require_readable(
    path: Path, before: bytes, after: bytes, row: dict[str, str] | None, at: int
) -> None:
    """A FileProblem where the register could not be read any more. One that could not be before
    needs only the row to be right: rows are mended one by one."""
    if row is not None:
        document_in({name: row.get(name, "") for name in COLUMNS}, path, at + 1)
    try:
        register_in(after, path)
    except FileProblem:
        try:
            register_in(before, path)
        except FileProblem:
            return
        raise


def _rows(path: Path, spans: list[_RowLines]) -> list[RegisterRow]:
    found: list[RegisterRow] = []
    times: dict[str, int] = {}
    for span in spans:
        document, problem = None, ""
        try:
            document = document_in(dict(span.cells), path, span.start + 1)
        except FileProblem as wrong:
            problem = str(wrong)
        shown = document or _as_it_stands(span.cells)
        key = key_of(shown)
        times[key] = times.get(key, 0) + 1
        own = key if times[key] == 1 else f"{key}-{times[key]}"
        found.append(RegisterRow(own, span.start + 1, span.cells, document, problem))
    return found


def _as_it_stands(cells: Mapping[str, str]) -> Document:
    """A document of cells that are wrong, for its key alone."""
    return Document(cells["title"], cells["issuer"], "", "", cells["doc_no"], (), "")


def _read(path: Path, payload: bytes) -> tuple[list[str], list[str], list[_RowLines]]:
    """The lines, the names of the columns, and the rows."""
    lines = list(io.StringIO(text_of(payload, path), newline=""))
    reader = csv.reader(lines, strict=True)
    spans: list[_RowLines] = []
    try:
        columns = [name.strip() for name in next(reader, [])]
        check_header(columns, COLUMNS, COLUMNS[:7], path)
        start = reader.line_num
        for row in reader:
            if row:
                if len(row) != len(columns):
                    raise FileProblem(
                        path,
                        "the row has not as many cells as the header; quote texts with commas.",
                        line=start + 1,
                    )
                told = dict(zip(columns, map(str.strip, row), strict=True))
                cells = {name: told.get(name, "") for name in COLUMNS}
                spans.append(_RowLines(start, reader.line_num, cells))
            start = reader.line_num
    except csv.Error as error:
        raise FileProblem(path, f"not a well-formed CSV ({error}); check the quotes.") from None
    return lines, columns, spans


def _widened(
    path: Path, columns: list[str], spans: list[_RowLines], told: Mapping[str, str]
) -> tuple[list[str], list[str], list[_RowLines]]:
    """The same table with the columns that a row needs and the table lacks."""
    names = [*columns, *(name for name in COLUMNS if name not in columns and told.get(name))]
    rows = [_line(names, "\n"), *(_line([s.cells[n] for n in names], "\n") for s in spans)]
    lines, _, found = _read(path, "".join(rows).encode())
    return names, lines, found


def _line(cells: list[str], end: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerow(cells)
    return text.getvalue()
