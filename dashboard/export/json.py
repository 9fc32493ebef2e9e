"""JSON: what must be said with the data, then the rows as objects, one a line."""

from __future__ import annotations

import json
from datetime import date, datetime

from dashboard.export.csv import iso
from dashboard.export.metadata import metadata
from dashboard.export.table import Table
from dashboard.urls import Urls


def write(table: Table, urls: Urls) -> bytes:
    """The bytes of the file."""
    names = [field.name for field in table.fields]
    rows = (
        json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=_written)
        for row in table.records()
    )
    head = json.dumps(metadata(table, urls), ensure_ascii=False)
    return ('{"metadata": ' + head + ',\n"data": [\n' + ",\n".join(rows) + "\n]}\n").encode()


def _written(cell: date) -> str:
    return iso(cell) if isinstance(cell, datetime) else cell.isoformat()
