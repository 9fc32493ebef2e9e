"""The figures that come with the project: CSV files, each row with its source. Whole histories are
packed (`.csv.gz`): a source named ten thousand times then takes no room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

from etl.catalog import Indicator
from etl.errors import FileProblem
from etl.files.cells import bytes_of, date_of, number_of, rows_of
from etl.frequency import period_of, second_words
from etl.ingest.upstream import Upstream
from etl.records import Observation, as_cited, cited_in
from etl.sources.base import Params, Source

COLUMNS = (
    "indicator", "date", "value", "source", "public", "basis", "disputed", "note", "cited_by",
)  # fmt: skip
REQUIRED = ("indicator", "date", "value", "source")


@dataclass(frozen=True, slots=True)
class Figures(Source):
    """Reads `folder`/`file`; the column `public`, if present, is the day a value came out, and
    `cited_by` that of the bulletin which alone gives it, until somebody finds it elsewhere."""

    folder: Path
    name: str = "figures"
    online: bool = False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        return bytes_of(
            self.path(params),
            "this file of bundled figures is missing; restore it from the repository.",
        )

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        path = self.path(params)
        mine: dict[date, Observation] = {}  # by period
        names = {indicator.id, *indicator.old_ids}
        rows = _rows_by_indicator(payload, path)
        told = (row for name in names for row in rows.get(name, ()))
        for line, cell in sorted(told, key=itemgetter(0)):
            observation = _observation(cell, indicator, path, line)
            period = period_of(indicator.frequency, observation.date)
            if period in mine:
                days = mine[period].date, observation.date
                message = f"{indicator.id} has {second_words(indicator.frequency, *days)}"
                raise FileProblem(path, message, line=line)
            mine[period] = observation
        return [mine[period] for period in sorted(mine)]

    def path(self, params: Params) -> Path:
        return self.folder / str(params["file"])


#: A row with its line in the file.
_Row = tuple[int, dict[str, str]]


@lru_cache(maxsize=2)  # indicators that share a file stand side by side in the catalog
def _rows_by_indicator(payload: bytes, path: Path) -> Mapping[str, Sequence[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for line, cell in rows_of(payload, path, COLUMNS, REQUIRED):
        found[cell["indicator"]].append((line, cell))
    return found


def _observation(cell: dict[str, str], indicator: Indicator, path: Path, line: int) -> Observation:
    day = date_of(cell["date"], path, line, indicator.id)
    if reason := indicator.why_shut(day):
        raise FileProblem(path, f"{indicator.id}: {day} {reason}.", line=line)
    public = cell.get("public", "")
    if not cell["source"]:
        raise FileProblem(path, f"{indicator.id}: the source is empty; name it.", line=line)
    cited = cell.get("cited_by", "")
    if cited:
        date_of(cited, path, line, "cited_by")
    elif cited_in(cell["source"]):
        message = f"{indicator.id}: write the day of the bulletin into the column cited_by."
        raise FileProblem(path, message, line=line)
    return Observation(
        date=day,
        value=number_of(cell["value"], path, line, indicator.id),
        public_at=(
            indicator.publication.on(date_of(public, path, line, "public")) if public else None
        ),
        credit=as_cited(cell["source"], cited),
        basis=cell.get("basis", ""),
        disputed=cell.get("disputed", "") == "yes",
        note=cell.get("note", ""),
        is_cited=bool(cited),
    )
