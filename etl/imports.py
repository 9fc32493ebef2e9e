"""Observations from a person's file: CSV, XLSX or Parquet; all of its rows, or none."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from etl.catalog import Catalog, Indicator
from etl.cells import bytes_of, check_header, date_of, number_of, rows_of
from etl.checks import findings
from etl.errors import FileProblem, nearest
from etl.observation import Observation
from etl.warehouse import Appended, Outcome, Warehouse

COLUMNS = ("indicator", "date", "value")
READERS = (".csv", ".xlsx", ".parquet")
MAX_BYTES = 2_000_000_000
Row = tuple[int, str, str, str]  # line, indicator, date, value
Placed = tuple[Path, int, Observation]


@dataclass(frozen=True, slots=True)
class Imported:
    """The observations of each indicator that the files hold, in the order of dates."""

    series: Mapping[str, Sequence[Observation]]


def read_files(paths: Sequence[Path], catalog: Catalog, known_at: datetime) -> Imported:
    """Everything in the files, checked; the first wrong row is a FileProblem naming its line."""
    held: dict[str, dict[date, Placed]] = {}
    for path in paths:
        for line, name, day_text, value_text in _rows(path):
            if name not in catalog:
                hint = nearest(name, catalog.indicators)
                raise FileProblem(path, f"unknown indicator '{name[:64]}'. {hint}", line=line)
            day = date_of(day_text, path, line, name)
            value = number_of(value_text, path, line, name)
            series = held.setdefault(name, {})
            if day in series:
                raise FileProblem(
                    path, f"{name} has a second value for {day}; keep one.", line=line
                )
            series[day] = path, line, Observation(day, value, credit=f"import of {path.name}")
    if not held:
        raise FileProblem(paths[0], "holds no rows; expected indicator,date,value.")
    return Imported({n: _checked(catalog[n], rows, known_at) for n, rows in held.items()})


def store(
    imported: Imported,
    catalog: Catalog,
    warehouse: Warehouse,
    *,
    load: int,
    known_at: datetime,
    exactly: bool,
) -> list[Outcome]:
    """Append the observations; one outcome an indicator."""
    outcomes = []
    for name, rows in imported.series.items():
        indicator = catalog[name]
        dated = [replace(row, public_at=indicator.public_at(row.date)) for row in rows]
        added: Appended = warehouse.append(
            name, "import", dated, load=load, known_at=known_at, exactly=exactly
        )
        outcomes.append(Outcome(name, "import", added.new, added.revised, rows[-1].date))
    return outcomes


def _checked(
    indicator: Indicator, rows: Mapping[date, Placed], known_at: datetime
) -> list[Observation]:
    ordered = [rows[day][2] for day in sorted(rows)]
    for finding in findings(indicator, ordered, known_at):
        path, line, _ = rows[finding.date]
        raise FileProblem(path, finding.sentence, line=line)
    return ordered


def _rows(path: Path) -> Iterator[Row]:
    kind = path.suffix.lower()
    if kind not in READERS:
        raise FileProblem(path, f"'{kind}' files are not read; give one of {', '.join(READERS)}.")
    if kind == ".parquet" and path.is_file():
        return _parquet_rows(path)
    payload = bytes_of(path, "no such file.", MAX_BYTES)
    return (_csv_rows if kind == ".csv" else _xlsx_rows)(path, payload)


def _csv_rows(path: Path, payload: bytes) -> Iterator[Row]:
    for line, cell in rows_of(payload, path, COLUMNS, COLUMNS):
        yield line, cell["indicator"], cell["date"], cell["value"]


def _xlsx_rows(path: Path, payload: bytes) -> Iterator[Row]:
    import zipfile
    from xml.etree.ElementTree import ParseError

    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(payload), read_only=True, data_only=True)
        lines = list(book.worksheets[0].iter_rows(values_only=True))
    except (zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, EOFError):
        raise FileProblem(path, "is not a whole XLSX workbook; save it anew.") from None
    header = [str(cell).strip() for cell in (lines[0] if lines else ()) if cell is not None]
    check_header(header, COLUMNS, COLUMNS, path)
    for number, cells in enumerate(lines[1:], start=2):
        if any(cell is not None for cell in cells):
            row = dict(zip(header, cells, strict=False))
            yield number, *(_cell(row.get(name)) for name in COLUMNS)  # type: ignore[misc]


def _parquet_rows(path: Path) -> Iterator[Row]:
    try:
        table = duckdb.from_parquet(str(path))
        check_header(table.columns, COLUMNS, COLUMNS, path)
        found = table.project("indicator, date, value").fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise FileProblem(path, f"is not a readable Parquet file ({reason}).") from None
    for number, cells in enumerate(found, start=1):
        yield number, *(_cell(cell) for cell in cells)  # type: ignore[misc]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).strip()
