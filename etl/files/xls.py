"""Cells of old Excel workbooks (.xls). They are read apart: a damaged one can end the process that
reads it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO

from etl.files.bounded import Reader, Unreadable

READER = Reader("etl.files.xls:rows", "workbook", "save it as .xlsx.", seconds=30)
MOST_ROWS = 100_000
_OLE = b"\xd0\xcf\x11\xe0"


def rows(file: BinaryIO) -> Iterator[tuple[str, list[Any]]]:
    """The name of the sheet and the cells of every row: texts, numbers, and days as `{"day": …}`.
    Unreadable if it is no such workbook."""
    from python_calamine import CalamineError, CalamineWorkbook

    content = file.read()
    if not content.startswith(_OLE):
        raise Unreadable("it is no old Excel workbook (.xls).")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > MOST_ROWS:
                raise Unreadable(f"its sheet '{name}' has more than {MOST_ROWS:,} rows.")
            for row in sheet.to_python(skip_empty_area=False):
                yield name, [_cell(value) for value in row]
    except (CalamineError, OSError, ValueError):
        raise Unreadable("the workbook is damaged.") from None


def _cell(value: Any) -> Any:
    if isinstance(value, date):  # a moment too
        return {"day": value.isoformat()[:10]}
    return value if isinstance(value, (str, int, float, bool)) else str(value)
