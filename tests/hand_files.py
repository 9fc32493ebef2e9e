"""Tables as people keep them, for tests: workbooks, CSVs, and the catalog they belong to."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from catalogs import catalog_text, entry

from etl.catalog import load_catalog
from etl.errors import FileProblem
from etl.files.hand_table import HandSeries, TableChoice
from etl.ingest.by_hand import read_table

Cells = Sequence[Sequence[object]]
FIRMS = "  firms: {code: firms, label: {zh: 家, en: firms}, counted: true}\n"
KEPT = [{"name": "manual"}]
MONTHLY = {"frequency": "monthly", "calendar": "month", "sources": KEPT}


def own_catalog(path: Path, **changed: object) -> Path:
    """A catalog with one monthly series kept by hand, as a test has it otherwise."""
    told: dict[str, Any] = {**MONTHLY, "unit": "firms", "title": {"zh": "小巨人企业数",
                            "en": "Little giants"}, **changed}  # fmt: skip
    text = catalog_text(entry("kept", **told), entry("other", **{**told, "title": {
        "zh": "另一指标", "en": "Another"}}))  # fmt: skip
    path.write_text(text.replace("groups:", f"{FIRMS}groups:", 1), encoding="utf-8")
    return path


def workbook(*sheets: Cells, change: Callable[[Any], None] = lambda book: None) -> bytes:
    """A workbook of sheets named 表1, 表2 …"""
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for at, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"表{at}")
        for row in rows:
            sheet.append(list(row))
    change(book)
    book.save(made)
    return made.getvalue()


def with_results(raw: bytes, results: dict[str, str]) -> bytes:
    """The workbook with the result of formulas stored beside them, as Excel does."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(made, "w") as after:
        for part in before.namelist():
            text = before.read(part)
            if part == "xl/worksheets/sheet1.xml":
                xml = text.decode()
                for place, result in results.items():
                    xml = re.sub(rf'(<c r="{place}"[^>]*><f>[^<]*</f>)<v ?/?>(</v>)?',
                                 rf"\1<v>{result}</v>", xml)  # fmt: skip
                text = xml.encode()
            after.writestr(part, text)
    return made.getvalue()


def quickly(rows: Cells) -> bytes:
    """The rows as a CSV where that says the same: a workbook takes a process of its own to read."""
    cells = [cell for row in rows for cell in row]
    said = all(isinstance(cell, str | int | float | None) for cell in cells)
    if said and not any(str(cell).startswith(("=", "#")) for cell in cells):
        return csv_of([["" if cell is None else cell for cell in row] for row in rows])
    return workbook(rows)


def csv_of(rows: Cells, encoding: str = "utf-8") -> bytes:
    lines = (",".join(f'"{cell}"' if "," in str(cell) else str(cell) for cell in row)
             for row in rows)  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def read(folder: Path, raw: bytes, *, name: str = "", catalog: Path | None = None,
         **choice: Any) -> HandSeries:  # fmt: skip
    """The series that the import finds in a file."""
    kind = ".xlsx" if raw[:2] == b"PK" else ".csv"
    path = folder / (name or f"月报{kind}")
    path.write_bytes(raw)
    known = load_catalog(catalog or own_catalog(folder / "kept.yaml"))
    return read_table(path, known, known["kept"], TableChoice(**choice))


def refusal(folder: Path, raw: bytes, **more: Any) -> str:
    """The sentence that is said against a file."""
    try:
        found = read(folder, raw, **more)
    except FileProblem as problem:
        return str(problem)
    raise AssertionError(f"it was taken: {found}")
