"""Nasdaq: the closes of an index from the service behind its own pages, as JSON.

Undocumented, and made for browsers: other programs wait there for nothing. One answer holds all
that is asked for, newest first, numbers as text with commas, missing ones as N/A or dashes. The
Composite begins in October 1984 there, the Nasdaq-100 in 1996. A name that it does not know comes
as status 200 with a message. Its closes of shares follow later splits, without telling of them:
that is no close as it was traded, so only indices are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from etl.calendars import NEW_YORK
from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation, now
from etl.sources.base import Params, Source, american_day, json_of

ADDRESS = "https://api.nasdaq.com/api/quote/{index}/historical?{query}"
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0",
    "Accept": "application/json, text/plain, */*",
}
#: The service takes no earlier day, and no more rows than it has.
EARLIEST, MOST_ROWS = date(1900, 1, 1), 99_999
MISSING = ("", "N/A", "--")
_LEVEL = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Nasdaq(Source):
    """Nasdaq, Inc., `index` as its pages call it: COMP, NDX, SOX."""

    name: str = "nasdaq"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        today = now().astimezone(NEW_YORK).date()
        query = {
            "assetclass": "index", "fromdate": max(since, EARLIEST), "limit": MOST_ROWS,
            "todate": today + timedelta(days=1),
        }  # fmt: skip
        return out.get(
            ADDRESS.format(index=params["index"], query=urlencode(query)), headers=HEADERS
        )

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        index = str(params["index"])
        found = sorted(_closes(_data(payload, index), index), key=lambda o: o.date)
        if not found:
            raise UnexpectedPayload(f"Nasdaq sent {index} without a single close.")
        return found

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since


def _data(payload: bytes, index: str) -> Any:
    """What the answer says of the index; UnexpectedPayload with the reason that it gives."""
    try:
        answer = json_of(payload)
        data, status = answer["data"], answer.get("status") or {}
        if data is None:
            told = "; ".join(str(one["errorMessage"]) for one in status["bCodeMessage"])
            raise UnexpectedPayload(f"Nasdaq gave no closes of {index}: {quoted(told)}.")
        symbol, total = data["symbol"], data.get("totalRecords")
        rows = list(data["tradesTable"]["rows"] or ())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnexpectedPayload(f"Nasdaq sent no closes of {index}.") from None
    if symbol != index:
        raise UnexpectedPayload(f"Nasdaq sent {quoted(symbol)} where {index} was asked for.")
    if isinstance(total, int) and total > len(rows):
        raise UnexpectedPayload(f"Nasdaq sent {len(rows):,} of {total:,} closes of {index}.")
    return rows


def _closes(rows: Sequence[Any], index: str) -> Iterator[Observation]:
    for row in rows:
        try:
            text, close = str(row["date"]), row["close"]
        except (KeyError, TypeError):
            raise UnexpectedPayload(
                f"Nasdaq's {index}: '{quoted(row)}' is no row of date and close."
            ) from None
        day = american_day(text, f"Nasdaq's {index}")
        if close is None or close in MISSING:
            continue
        if not isinstance(close, str) or not _LEVEL.fullmatch(close):
            raise UnexpectedPayload(f"Nasdaq's {index} of {day}: '{quoted(close)}' is no number.")
        yield Observation(day, float(close.replace(",", "")), credit=f"Nasdaq {index}")
