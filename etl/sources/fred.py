"""FRED's keyless CSV: one series a request, the whole of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload
from etl.observation import Observation
from etl.sources.base import Params
from etl.upstream import Upstream

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv?id={series}&cosd=1776-07-04"
MISSING = ("", ".")  # empty since 2024-12, a dot before


@dataclass(frozen=True, slots=True)
class Fred:
    """Federal Reserve Economic Data, St. Louis."""

    name: str = "fred"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        return out.get(ADDRESS.format(series=params["series"]))

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        series = str(params["series"])
        if payload and not payload.endswith(b"\n"):
            raise UnexpectedPayload(f"FRED sent {series} cut off in the middle of a line.")
        try:
            rows = list(csv.reader(io.StringIO(payload.decode("utf-8-sig", "replace"))))
        except csv.Error:
            rows = []
        if not rows or rows[0] not in (["observation_date", series], ["DATE", series]):
            head = ",".join(rows[0])[:60] if rows else "nothing"
            raise UnexpectedPayload(f"FRED sent no CSV of {series} (it begins: {head}).")
        credit = f"FRED {series}"
        found = [_observation(row, n, series, credit) for n, row in enumerate(rows[1:], 2) if row]
        observations = [o for o in found if o is not None]
        if not observations:
            raise UnexpectedPayload(f"FRED sent {series} without a single value.")
        observations.sort(key=lambda o: o.date)
        if indicator.frequency == "event":
            return _changes(observations)
        return observations


def _observation(row: list[str], line: int, series: str, credit: str) -> Observation | None:
    try:
        day, text = row
        if text in MISSING:
            return None
        return Observation(date.fromisoformat(day), float(text), credit=credit)
    except ValueError:
        shown = ",".join(row)[:60]
        raise UnexpectedPayload(
            f"FRED {series}, line {line}: '{shown}' is no date and value."
        ) from None


def _changes(observations: Sequence[Observation]) -> list[Observation]:
    """Only the days on which a value that holds in between has changed."""
    kept: list[Observation] = []
    for observation in observations:
        if not kept or kept[-1].value != observation.value:
            kept.append(observation)
    return kept
