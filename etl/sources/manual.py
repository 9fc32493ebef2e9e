"""Series that people keep by hand: imported with a command, or in a file that every run reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from etl.catalog import Indicator, Unit
from etl.errors import FileProblem
from etl.files.bounded import Unreadable
from etl.files.cells import bytes_of
from etl.files.grids import MOST_BYTES, grids_of
from etl.files.hand_table import HandSeries, credit_of, series_of
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source
from etl.sources.table import choice_of


@dataclass(frozen=True, slots=True)
class Manual(Source):
    """Reads `folder`/`file`, if the catalog names one, whole or not at all: a person mends it. A
    file that is not there yet is none; the indicator waits for its values."""

    folder: Path
    units: Mapping[str, Unit]
    name: str = "manual"
    online: bool = False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        path = self.path(params)
        return bytes_of(path, "no such file.", MOST_BYTES) if path and path.exists() else b""

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        if not payload:
            return []
        file, author = str(params["file"]), str(params.get("author", ""))
        return [
            Observation(one.date, one.value, credit=credit_of(one, file, author), note=one.note)
            for one in self._series(payload, indicator, params).values
        ]

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        if not payload:
            file = params.get("file")
            return (f"It waits for data/{self.folder.name}/{file}.",) if file else ()
        return tuple(self._series(payload, indicator, params).remarks)

    def path(self, params: Params) -> Path | None:
        """The file of an indicator; None if its values are imported."""
        return self.folder / str(params["file"]) if "file" in params else None

    def _series(self, payload: bytes, indicator: Indicator, params: Params) -> HandSeries:
        path, unit = self.folder / str(params["file"]), self.units[indicator.unit]
        try:
            grids = grids_of(payload, str(params.get("encoding", "")))
            return series_of(grids, indicator, unit, choice_of(params), strict=True)
        except Unreadable as problem:
            raise FileProblem(path, str(problem), line=problem.line) from None
