"""Eastmoney's daily bars of U.S. shares and of indices; it answers in mainland China too.

A security goes by market and code: 105 is Nasdaq, 106 New York, 107 NYSE Arca and American, 100 the
indices of the world. There 100.NDX is the Nasdaq Composite; the Nasdaq-100 is 100.NDX100. A bar is
a text of eleven numbers in the order that was asked for. The last one is that of a session that may
still run. `fqt=0` asks for prices as they were traded; splits are told nowhere, so the catalog says
`since` when all are known to it. For what is not, or no longer, listed the answer is good and empty
(`data: null`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import FIRST_DAY, Params, RowSource, decimal, in_order, json_of

ADDRESS = "https://push2his.eastmoney.com/api/qt/stock/kline/get"
#: Programs that do not look like a browser are cut off now and then.
AS_A_BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36",
    "Referer": "https://quote.eastmoney.com/",
}
#: Day, open, close, high, low, volume, turnover, amplitude, change in per cent, change, turnover
#: rate.
FIELDS = tuple(f"f{number}" for number in range(51, 62))
#: The markets whose prices are in dollars.
IN_DOLLARS = ("105", "106", "107")
#: More days than any market has seen.
MOST_BARS = 60_000


@dataclass(frozen=True, slots=True)
class Eastmoney(RowSource):
    """Closing prices as they were traded, and levels of indices."""

    name: str = "eastmoney"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        first = _first(params, since)
        asked = {
            "secid": params["secid"],
            "fields1": "f1,f2,f3,f4,f5,f6",
            "fields2": ",".join(FIELDS),
            "klt": "101",  # bars of days
            "fqt": "0",  # as traded
            "beg": "0" if first == FIRST_DAY else f"{first:%Y%m%d}",
            "end": "20500101",
            "lmt": "1000000",
        }
        return out.get(f"{ADDRESS}?{urlencode(asked, safe=',')}", headers=AS_A_BROWSER)

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _read(payload, indicator, params)

    def no_row(self, params: Params) -> str:
        return f"Eastmoney sent no day of {params['secid']}."

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return _first(params, since)


def _first(params: Params, since: date) -> date:
    """The first day that is asked for."""
    return max(since, date.fromisoformat(params.get("since", str(FIRST_DAY))))


def _read(
    payload: bytes, indicator: Indicator, params: Params
) -> tuple[list[Observation], list[str]]:
    """The closes of an answer, and what is wrong with the days that have none."""
    secid = str(params["secid"])
    if secid.partition(".")[0] in IN_DOLLARS and indicator.unit != "usd":
        raise UnexpectedPayload(
            f"Eastmoney gives {secid} in dollars; {indicator.id} is in '{indicator.unit}'."
        )
    found: list[Observation] = []
    wrong: list[str] = []
    previous: date | None = None
    for bar in _bars(payload, secid):
        day, cells = _split(bar, secid)
        in_order(previous, day, f"Eastmoney's {secid}")
        previous = day
        try:
            close = _close(cells, f"Eastmoney's {secid} of {day}")
        except UnexpectedPayload as error:
            wrong.append(str(error))
        else:
            found.append(Observation(day, close, credit=f"Eastmoney {secid}"))
    return found, wrong


def _bars(payload: bytes, secid: str) -> list[Any]:
    """The bars of the security that was asked for."""
    try:
        data = json_of(payload)["data"]
        if data is None:
            raise UnexpectedPayload(
                f"Eastmoney knows no {secid}: it is not listed there, or no longer."
            )
        came = f"{data['market']}.{data['code']}"
        bars = data["klines"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedPayload(
            f"Eastmoney sent no bars of {secid} ({quoted(repr(error))})."
        ) from None
    if came != secid:
        raise UnexpectedPayload(f"Eastmoney sent {quoted(came)} where {secid} was asked for.")
    if not isinstance(bars, list) or len(bars) > MOST_BARS:
        raise UnexpectedPayload(f"Eastmoney sent no list of bars of {secid} that can be read.")
    return bars


def _split(bar: Any, secid: str) -> tuple[date, list[str]]:
    """The day of a bar, and its cells."""
    cells = bar.split(",") if isinstance(bar, str) else []
    try:
        if len(cells) != len(FIELDS):
            raise ValueError
        return date.fromisoformat(cells[0]), cells
    except ValueError:
        raise UnexpectedPayload(
            f"Eastmoney's {secid}: '{quoted(bar)}' is no bar of {len(FIELDS)} numbers."
        ) from None


def _close(cells: Sequence[str], what: str) -> float:
    """The close of a bar, which lies between its low and its high; otherwise the numbers stand in
    another order."""
    close, high, low = (decimal(cells[at], what) for at in (2, 3, 4))
    if not low <= close <= high:
        raise UnexpectedPayload(f"{what}: {close:g} lies outside its day, {low:g} to {high:g}.")
    return close
