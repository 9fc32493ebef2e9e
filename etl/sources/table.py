"""A CSV or a workbook at an address, or below the data folder, with its columns named in the
catalog: so that a source needs no code.

Columns are found by their heads, never by where they stand: a column more, or another order, is
nothing. A head that was renamed, another unit and a second value for a period are refused; a row
that cannot be read is left out and told. Units are converted where the table says them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from etl.catalog import Indicator, Unit
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.files.bounded import Unreadable
from etl.files.cells import bytes_of
from etl.files.grids import MOST_BYTES, grids_of
from etl.files.hand_table import HandSeries, TableChoice, series_of
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, left_out

#: What a page is known by that stands where a table was promised.
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head")


@dataclass(frozen=True, slots=True)
class TableSource(Source):
    """Any table; `folder` is where paths begin. The last answer is kept, because the provinces of
    one table are indicators that follow one another."""

    folder: Path
    units: Mapping[str, Unit]
    name: str = "table"
    online: bool = True
    last: dict[str, bytes] = field(default_factory=dict, compare=False)

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        address = str(params["address"])
        if address not in self.last:
            self.last.clear()
            if self.needs_network(params):
                self.last[address] = out.get(address)
            else:
                self.last[address] = bytes_of(self._path(address), "no such file.", MOST_BYTES)
        return self.last[address]

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        place = _place(str(params["address"]))
        credit = f"{indicator.credit.name.zh}，{place}"
        return [
            Observation(
                one.date, one.value, credit=f"{one.source}，{place}" if one.source else credit,
                note=one.note,
            )
            for one in self._series(payload, indicator, params).values
        ]  # fmt: skip

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        found = self._series(payload, indicator, params)
        return (*left_out(found.wrong), *found.remarks)

    def needs_network(self, params: Params) -> bool:
        return str(params["address"]).startswith("https://")

    def _path(self, address: str) -> Path:
        """The file below the folder; links out of it are not followed."""
        path = self.folder / address
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise UnexpectedPayload(f"{quoted(address)} leads out of the data folder.")
        return path

    def _series(self, payload: bytes, indicator: Indicator, params: Params) -> HandSeries:
        place = _place(str(params["address"]))
        if not payload.strip():
            raise UnexpectedPayload(f"{place} sent nothing; a table was expected.")
        if payload.lstrip()[:10].lower().startswith(_PAGES):
            shown = beginning(payload[:200].decode("utf-8", "replace"))
            raise UnexpectedPayload(f"{place} sent a page, no table (it begins: {shown}).")
        whole, wrong = payload, []
        if self._may_be_cut(payload, params):
            whole = payload[: payload.rfind(b"\n") + 1]
            wrong.append(
                "The last line has no end and may be cut off; if its body writes it so, say "
                "'open_end: true'."
            )
        try:
            grids = grids_of(whole, str(params.get("encoding", "")))
            unit = self.units[indicator.unit]
            found = series_of(grids, indicator, unit, choice_of(params), strict=False)
        except Unreadable as problem:
            line = f", line {problem.line}" if problem.line else ""
            raise UnexpectedPayload(f"{place}{line}: {problem}") from None
        return replace(found, wrong=[*wrong, *found.wrong])

    def _may_be_cut(self, payload: bytes, params: Params) -> bool:
        """Whether a text came that ends in the middle of a line: half a number is a number too."""
        is_text = payload[:2] != b"PK" and not payload.startswith((b"\xff\xfe", b"\xfe\xff"))
        return (
            is_text and not payload.endswith((b"\n", b"\r"))
            and self.needs_network(params) and not params.get("open_end", False)
        )  # fmt: skip


def choice_of(params: Params) -> TableChoice:
    """What the catalog says of a table."""
    where = {str(title): str(text) for title, text in dict(params.get("where", {})).items()}
    named = {key: str(params.get(key, "")) for key in ("sheet", "date", "value", "unit")}
    return TableChoice(**named, where=where, ask="'{}' in the catalog")


def _place(address: str) -> str:
    """Where a table stands, for sentences and credits: its host, or its path."""
    return quoted(urlsplit(address).hostname or address)
