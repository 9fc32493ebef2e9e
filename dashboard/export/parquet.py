"""Parquet: typed columns, and what must be said with the data in the footer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from dashboard.export.csv import Cell, Kind
from dashboard.export.metadata import metadata
from dashboard.export.table import Table
from dashboard.urls import Urls

_TYPES: dict[Kind, str] = {
    "date": "date",
    "text": "varchar",
    "number": "double",
    "moment": "timestamptz",
}


def write(table: Table, urls: Urls) -> bytes:
    """The bytes of the file."""
    rows = list(table.records())
    columns: Sequence[Sequence[Cell]] = list(zip(*rows, strict=True)) or [()] * len(table.fields)
    # The names are ids of the catalog and ours; everything else is bound.
    selected = ", ".join(
        f'unnest($c{at}::{_TYPES[field.kind]}[]) "{field.name}"'
        for at, field in enumerate(table.fields)
    )
    bound = {f"c{at}": list(cells) for at, cells in enumerate(columns)}
    said = json.dumps(metadata(table, urls), ensure_ascii=False)
    with TemporaryDirectory() as folder, _writer().cursor() as cursor:
        path = Path(folder) / "data.parquet"
        cursor.execute(
            f"copy (select {selected}) to $path "
            "(format parquet, compression zstd, kv_metadata {xinzhi: $said})",
            {**bound, "path": str(path), "said": said},
        )
        return path.read_bytes()


@cache
def _writer() -> duckdb.DuckDBPyConnection:
    """A database of its own, empty: that of the snapshot may write nothing. One thread writes one
    row group after the other, the same bytes each time."""
    return duckdb.connect(config={"threads": 1})
