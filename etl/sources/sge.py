"""The Shanghai Gold Exchange: the daily prices of its contracts, and the Shanghai Gold Benchmark.

The page of a contract answers `{"time": [[day, open, close, low, high], …]}`, the close before the
extremes. It does not repeat the name of the contract, and in bad hours it answers with zeros. The
benchmark is `{"zp": [[ms, price], …], "wp": […]}`: zp (早盘) is the morning, wp (午盘) the
afternoon; a moment in milliseconds means its day in Beijing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.ingest.upstream import Upstream
from etl.records import BEIJING, Observation
from etl.sources.base import (
    Params,
    RowSource,
    decimal,
    decoded,
    in_order,
    json_of,
    number,
)

SITE = "https://www.sge.com.cn"
#: The exchange answers its own pages.
ASKING = {
    "Accept": "application/json, text/javascript, */*; q=0.01",
    "Referer": f"{SITE}/sjzx/mrhq",
    "User-Agent": "Mozilla/5.0",
    "X-Requested-With": "XMLHttpRequest",
}
#: The benchmark prices, by the list that holds them.
BENCHMARKS = {"SHAU AM": "zp", "SHAU PM": "wp"}
_CELLS = ("day", "open", "close", "low", "high")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sge(RowSource):
    """上海黄金交易所, shown with credit."""

    name: str = "sge"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        series = str(params["series"])
        if series in BENCHMARKS:
            return out.get(f"{SITE}/graph/DayilyJzj", headers=ASKING)
        return out.get(f"{SITE}/graph/Dailyhq?instid={quote(series, safe='')}", headers=ASKING)

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _prices(payload, str(params["series"]))


def _prices(payload: bytes, series: str) -> tuple[list[Observation], list[str]]:
    """The prices of an answer, and what was wrong with the rows that were left out."""
    found: list[Observation] = []
    wrong: list[str] = []
    for row in _rows(payload, series):
        try:
            day, price = _point(row) if series in BENCHMARKS else _candle(row)
        except UnexpectedPayload as error:
            wrong.append(str(error))
            continue
        in_order(found[-1].date if found else None, day, f"SGE {series}")
        found.append(Observation(day, price, credit=f"Shanghai Gold Exchange, {series}"))
    if not found:
        told = f" {wrong[0]}" if wrong else ""
        raise UnexpectedPayload(f"SGE sent {series} without a single price.{told}")
    return found, wrong


def _rows(payload: bytes, series: str) -> list[Any]:
    text = decoded(payload)
    try:
        rows = json_of(text.encode())[BENCHMARKS.get(series, "time")]
    except (ValueError, KeyError, TypeError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise UnexpectedPayload(f"SGE sent no prices of {series} (it begins: {beginning(text)}).")
    return rows


def _point(row: Any) -> tuple[date, float]:
    """A benchmark price with its day in Beijing."""
    if not isinstance(row, list) or len(row) != 2:
        raise UnexpectedPayload(f"'{quoted(row)}' is no moment and price.")
    try:
        moment = _EPOCH + timedelta(milliseconds=number(row[0], "SGE"))
    except OverflowError:
        raise UnexpectedPayload(f"'{quoted(row[0])}' is no moment.") from None
    day = moment.astimezone(BEIJING).date()
    return day, _price(row[1], f"SGE, {day}")


def _candle(row: Any) -> tuple[date, float]:
    """The close of a day, which lies within its range."""
    if not isinstance(row, list) or len(row) != len(_CELLS):
        raise UnexpectedPayload(f"'{quoted(row)}' is not {', '.join(_CELLS)}.")
    try:
        day = date.fromisoformat(row[0])
    except (ValueError, TypeError):
        raise UnexpectedPayload(f"'{quoted(row[0])}' is no day.") from None
    _, close, low, high = (_price(cell, f"SGE, {day}") for cell in row[1:])
    if not low <= close <= high:
        raise UnexpectedPayload(f"SGE, {day}: {close:g} lies outside {low:g} to {high:g}.")
    return day, close


def _price(cell: Any, what: str) -> float:
    price = decimal(cell, what) if isinstance(cell, str) else number(cell, what)
    if price <= 0:
        raise UnexpectedPayload(f"{what}: {price:g} is no price.")
    return price
