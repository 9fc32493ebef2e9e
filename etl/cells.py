"""Cells of the tables that people write: what they hold, or a sentence that names the place."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from etl.errors import FileProblem, nearest

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def rows_of(
    payload: bytes, path: Path, known: Sequence[str], required: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row of a CSV with its line; a FileProblem for what is no table of these columns."""
    rows = csv.DictReader(io.StringIO(text_of(payload, path)), strict=True)
    try:
        check_header(rows.fieldnames or (), known, required, path)
        for row in rows:
            if None in row or None in row.values():  # how the csv module files surplus and missing
                raise FileProblem(
                    path,
                    "the row has not as many cells as the header; quote texts with commas.",
                    line=rows.line_num,
                )
            yield rows.line_num, {name: text.strip() for name, text in row.items()}
    except csv.Error as error:
        raise FileProblem(
            path, f"not a well-formed CSV ({error}); check the quotes.", line=rows.line_num + 1
        ) from None


def bytes_of(path: Path, missing: str, most: int = 64_000_000) -> bytes:
    """The content of a file; a FileProblem that says `missing` if it is not there."""
    try:
        if path.stat().st_size > most:
            raise FileProblem(path, f"is larger than {most:,} bytes; split it.")
        return path.read_bytes()
    except FileNotFoundError:
        raise FileProblem(path, missing) from None
    except OSError as error:
        raise FileProblem(path, f"cannot be read ({error.strerror}).") from None


def text_of(payload: bytes, path: Path) -> str:
    """The text of a CSV file; a FileProblem if it is not UTF-8."""
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = payload[: error.start].count(b"\n") + 1
        raise FileProblem(path, "not UTF-8 text; save it as UTF-8.", line=line) from None


def check_header(
    found: Sequence[str], known: Sequence[str], required: Sequence[str], path: Path
) -> None:
    """Refuse a missing, unknown or repeated column by its name."""
    for name in required:
        if name not in found:
            columns = ", ".join(found) or "nothing"
            raise FileProblem(path, f"has no column '{name}' (found: {columns}).", line=1)
    for name in found:
        if name not in known:
            raise FileProblem(path, f"unknown column '{name}'. {nearest(name, known)}", line=1)
    if len(set(found)) != len(found):
        raise FileProblem(path, "a column stands twice; keep one.", line=1)


def number_of(text: str, path: Path, line: int | None, what: str) -> float:
    """The finite number that a cell holds; a FileProblem that quotes it otherwise."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise FileProblem(
            path, f"{what}: '{text[:40]}' is not a number; write digits like 1234.5.", line=line
        )
    return value


def date_of(text: str, path: Path, line: int | None, what: str) -> date:
    """The date that a cell holds as YYYY-MM-DD; a FileProblem that quotes it otherwise."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise FileProblem(
            path,
            f"{what}: '{text[:40]}' is not a date that exists; write it like 2026-05-26.",
            line=line,
        ) from None
