"""The formats of a data file, by suffix: each is written from the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dashboard.export import json, package, parquet, xlsx
from dashboard.export.licence import require_free
from dashboard.export.metadata import metadata
from dashboard.export.table import Table, to_json
from dashboard.urls import Urls


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is named, declared and made."""

    suffix: str
    media_type: str
    make: Callable[[Table, Urls], bytes]
    #: Whether it holds values, and not only what is said of them.
    holds_values: bool = True

    @property
    def name(self) -> str:
        return self.suffix.removeprefix(".")

    def write(self, table: Table, urls: Urls) -> bytes:
        """The bytes of the file; a LicenceError in words where it may not be given."""
        if self.holds_values:
            require_free(table.snapshot.catalog, table.address.ids)
        return self.make(table, urls)


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
        holds_values=False,
    ),
)
FORMATS: Mapping[str, Format] = {each.suffix: each for each in _ALL}
#: What a person may choose; the description goes with each of them.
DATA_FORMATS = tuple(each.name for each in _ALL if each.holds_values)
