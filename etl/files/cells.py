"""Cells of tables that people write: their values, or a sentence that names the place."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from etl.errors import FileProblem, nearest, quoted

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:?\d{2}.*", re.ASCII | re.DOTALL)
#: The longest line and cell, and the most columns, of a table that people write.
MOST_LINE, MOST_COLUMNS = 1_000_000, 100


def rows_of(
    payload: bytes, path: Path, known: Sequence[str], required: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row of a CSV with its line; a FileProblem if it is not a table with these columns."""
    return rows_in(io.StringIO(text_of(payload, path)), path, known, required)


def rows_in(
    text: TextIO, path: Path, known: Sequence[str], required: Sequence[str], skip: int = 0
) -> Iterator[tuple[int, dict[str, str]]]:
    """The same from an open file, skipping the first rows."""
    rows = csv.reader(_bounded_lines(text, path), strict=True)
    read = 0  # lines of good rows: an open quote runs on to the end of the file
    try:
        header = next(rows, [])
        check_header(header, known, required, path)
        filled = filter(None, rows)
        deque(islice(filled, skip), maxlen=0)
        read = rows.line_num
        for row in filled:
            read = rows.line_num
            if len(row) != len(header):
                raise FileProblem(
                    path,
                    "the row has not as many cells as the header; quote texts with commas.",
                    line=rows.line_num,
                )
            yield rows.line_num, dict(zip(header, map(str.strip, row), strict=True))
    except csv.Error as error:
        raise FileProblem(
            path, f"not a well-formed CSV ({error}); check the quotes.", line=read + 1
        ) from None


def _bounded_lines(text: TextIO, path: Path) -> Iterator[str]:
    """The lines of a text; refused if one is longer than a table's may be."""
    number = 0
    while line := text.readline(MOST_LINE):
        number += 1
        if len(line) == MOST_LINE:
            raise FileProblem(
                path,
                f"a line of more than {MOST_LINE:,} characters is none of a table; check the ends "
                "of the lines.",
                line=number,
            )
        if "\0" in line:
            raise FileProblem(
                path, "holds NUL characters, as UTF-16 does; save it as UTF-8.", line=number
            )
        yield line


@contextmanager
def opened_bytes(path: Path, missing: str, most: int) -> Iterator[BinaryIO]:
    """An open file; a FileProblem if it cannot be read or is larger than `most` bytes."""
    try:
        if path.exists() and not path.is_file():
            raise FileProblem(path, "is no file; give the file that holds the table.")
        with open(path, "rb") as handle:
            if os.fstat(handle.fileno()).st_size > most:
                raise FileProblem(path, f"is larger than {most:,} bytes; split it.")
            yield handle
    except FileNotFoundError:
        raise FileProblem(path, missing) from None
    except OSError as error:
        raise FileProblem(path, f"cannot be read ({error.strerror}).") from None


@contextmanager
def opened_text(path: Path, missing: str, most: int) -> Iterator[TextIO]:
    """The same as text, read piece by piece; a FileProblem names the line that is not UTF-8."""
    with opened_bytes(path, missing, most) as handle:
        try:
            yield io.TextIOWrapper(handle, encoding="utf-8-sig", newline="\n")
        except UnicodeDecodeError:
            handle.seek(0)
            line = 1
            while part := handle.readline(MOST_LINE):
                text_of(part, path, line)
                line += part.endswith(b"\n")
            raise


def name_of(handle: BinaryIO | TextIO) -> str:
    """A name that means this open file and nothing else, for readers that treat names as
    patterns."""
    return f"/dev/fd/{handle.fileno()}"


def bytes_of(path: Path, missing: str, most: int = 64_000_000) -> bytes:
    """The content of a file, unpacked if its name ends in .gz; a FileProblem that says `missing` if
    it does not exist."""
    try:
        if path.stat().st_size > most:
            raise FileProblem(path, f"is larger than {most:,} bytes; split it.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileProblem(path, missing) from None
    except OSError as error:
        raise FileProblem(path, f"cannot be read ({error.strerror}).") from None
    return _unpacked(content, path, most) if path.suffix == ".gz" else content


def _unpacked(content: bytes, path: Path, most: int) -> bytes:
    """What a gzip file holds; a FileProblem if it is none, is damaged, or holds too much."""
    gzip = zlib.decompressobj(wbits=31)
    try:
        text = gzip.decompress(content, most + 1)
    except zlib.error:
        raise FileProblem(path, "is no gzip file, or a damaged one; pack it again.") from None
    if len(text) > most:
        raise FileProblem(path, f"unpacks to more than {most:,} bytes; split it.")
    if not gzip.eof:
        raise FileProblem(path, "is a gzip file cut short; restore it or pack it again.")
    if gzip.unused_data:
        raise FileProblem(path, "goes on after the end of the gzip file; pack it again as one.")
    return text


def text_of(payload: bytes, path: Path, first_line: int = 1) -> str:
    """The text of a CSV file, or of its part from a line on; a FileProblem if it is not UTF-8."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = payload[: error.start].count(b"\n") + first_line
        raise FileProblem(path, "not UTF-8 text; save it as UTF-8.", line=line) from None


def check_header(
    found: Sequence[str], known: Sequence[str], required: Sequence[str], path: Path
) -> None:
    """Refuse a missing, unknown or repeated column by its name."""
    if len(found) > MOST_COLUMNS:
        raise FileProblem(path, f"has more than {MOST_COLUMNS} columns; check the header.", line=1)
    for name in required:
        if name not in found:
            columns = ", ".join(found)[:80] or "nothing"
            raise FileProblem(path, f"has no column '{name}' (found: {columns}).", line=1)
    for name in found:
        if name not in known:
            raise FileProblem(
                path, f"unknown column '{quoted(name)}'. {nearest(name, known)}", line=1
            )
    if len(set(found)) != len(found):
        raise FileProblem(path, "a column stands twice; keep one.", line=1)


def number_of(text: str, path: Path, line: int | None, what: str) -> float:
    """The finite number in a cell; otherwise a FileProblem that quotes it."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise FileProblem(
            path, f"{what}: '{_shown(text)}' is not a number; write digits like 1234.5.", line=line
        )
    return value


def date_of(text: str, path: Path, line: int | None, what: str) -> date:
    """The date in a cell, as YYYY-MM-DD; otherwise a FileProblem that quotes it."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        if _INSTANT.fullmatch(text):
            raise FileProblem(
                path,
                f"{what}: '{_shown(text)}' is an instant, and which day it is depends on the "
                "place; write the date alone, like 2026-05-26.",
                line=line,
            ) from None
        raise FileProblem(
            path,
            f"{what}: '{_shown(text)}' is not a date that exists; write it like 2026-05-26.",
            line=line,
        ) from None


def _shown(text: str) -> str:
    """The content of a cell, to be quoted; an empty one is shown as such."""
    return quoted(text) if text.strip() else ""
