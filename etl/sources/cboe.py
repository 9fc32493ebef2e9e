"""Cboe: the closes of one of its indices since the beginning, as one CSV on its file host.

The file of VIX has the columns DATE, OPEN, HIGH, LOW and CLOSE; those of younger indices have DATE
and one that bears the name of the index. It does not say which index it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, american_day, decimal, table_of

ADDRESS = "https://cdn.cboe.com/api/global/us_indices/daily_prices/{index}_History.csv"


@dataclass(frozen=True, slots=True)
class Cboe(Source):
    """Cboe Global Markets, `index` as in the name of its file: VIX."""

    name: str = "cboe"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        return out.get(ADDRESS.format(index=params["index"]))

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        index = str(params["index"])
        found = sorted(_closes(payload, index), key=lambda o: o.date)
        if not found:
            raise UnexpectedPayload(f"Cboe sent {index} without a single close.")
        return found


def _closes(payload: bytes, index: str) -> Iterator[Observation]:
    if payload and not payload.endswith(b"\n"):
        raise UnexpectedPayload(f"Cboe sent {index} cut off in the middle of a line.")
    head, rows = table_of(payload.decode("utf-8-sig", "replace"), f"Cboe's {index}")
    names = [name.upper() for name in head]
    column = next((one for one in ("CLOSE", index.upper()) if one in names), "")
    if names[:1] != ["DATE"] or not column:
        raise UnexpectedPayload(
            f"Cboe sent no closes of {index} (it begins: {quoted(','.join(head))})."
        )
    for line, row in rows:
        what = f"Cboe's {index}, line {line}"
        text = row[names.index(column)]
        if text:
            yield Observation(
                american_day(row[0], what), decimal(text, what), credit=f"Cboe {index}"
            )
