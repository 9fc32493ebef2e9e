"""The formats of a data file, by suffix: each is written from the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboard.export import json, package, parquet, xlsx
from dashboard.export.metadata import metadata
from dashboard.export.table import Table, to_json
from dashboard.urls import Urls


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is named, declared and written."""

    suffix: str
    media_type: str
    write: Callable[[Table, Urls], bytes]

    @property
    def name(self) -> str:
        return self.suffix.removeprefix(".")


_ALL = (
    Format(".csv", "text/csv; charset=utf-8", lambda table, urls: table.csv),
    Format(
        ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx.write
    ),
    Format(".parquet", "application/vnd.apache.parquet", parquet.write),
    Format(".json", "application/json", json.write),
    Format(".zip", "application/zip", package.write),
    Format(
        ".metadata.json",
        "application/json",
        lambda table, urls: to_json(metadata(table, urls)),
    ),
)
FORMATS: Mapping[str, Format] = {each.suffix: each for each in _ALL}
#: What a person may choose; the description goes with each of them.
DATA_FORMATS = tuple(each.name for each in _ALL if each.suffix != ".metadata.json")
