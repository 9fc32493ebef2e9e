"""Sina Finance's daily candles of futures and metals abroad. It answers in mainland China, without
a key.

The answer is a script that assigns a list (JSONP), with numbers as texts, behind a comment that
sends who opens it elsewhere. Sina names the contract (CL is WTI on NYMEX, GC gold on COMEX, OIL
Brent on ICE, XAU gold in London), but neither its month nor its unit, and the answer does not
repeat what was asked for: what is sent in the place of another series only its values can show. The
last candle may be that of the running session; its day tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, RowSource, decimal, decoded, in_order, json_of

ADDRESS = (
    "https://stock2.finance.sina.com.cn/futures/api/jsonp.php/var%20_=/"
    "GlobalFuturesService.getGlobalFuturesDailyKLine?symbol={symbol}"
)
#: Sina answers its own pages.
ASKING = {"Referer": "https://finance.sina.com.cn/", "User-Agent": "Mozilla/5.0"}
_SCRIPT = re.compile(r"\s*(?:/\*.*?\*/)?\s*var\s+_\s*=\s*\((.*)\)\s*;?\s*", re.DOTALL)
_NUMBERS = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Sina(RowSource):
    """新浪财经, for personal use."""

    name: str = "sina"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        symbol = quote(str(params["symbol"]), safe="")
        return out.get(ADDRESS.format(symbol=symbol), headers=ASKING)

    def read(
        self, payload: bytes, indicator: Indicator, params: Params
    ) -> tuple[list[Observation], list[str]]:
        return _candles(payload, str(params["symbol"]))


def _candles(payload: bytes, symbol: str) -> tuple[list[Observation], list[str]]:
    """The closes of an answer, and what was wrong with the candles that were left out."""
    found: list[Observation] = []
    wrong: list[str] = []
    for candle in _list(payload, symbol):
        day = _day(candle)
        if day is None:
            wrong.append(f"'{quoted(candle)}' has no day.")
            continue
        try:
            close = _close(candle, f"Sina {symbol}, {day}")
        except UnexpectedPayload as error:
            wrong.append(str(error))
            continue
        in_order(found[-1].date if found else None, day, f"Sina {symbol}")
        found.append(Observation(day, close, credit=f"Sina Finance {symbol}"))
    if not found:
        told = f" {wrong[0]}" if wrong else ""
        raise UnexpectedPayload(f"Sina sent {symbol} without a single close.{told}")
    return found, wrong


def _list(payload: bytes, symbol: str) -> list[Any]:
    """What the script assigns."""
    text = decoded(payload)
    script = _SCRIPT.fullmatch(text)
    try:
        told = json_of(script[1].encode()) if script else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, list):
        raise UnexpectedPayload(f"Sina sent no candles of {symbol} (it begins: {beginning(text)}).")
    return told


def _day(candle: object) -> date | None:
    try:
        return date.fromisoformat(candle["date"])  # type: ignore[index]
    except (ValueError, KeyError, TypeError):
        return None


def _close(candle: Mapping[str, Any], what: str) -> float:
    """The close, which lies within the range of its day."""
    missing = [name for name in _NUMBERS if not isinstance(candle.get(name), str)]
    if missing:
        raise UnexpectedPayload(f"{what}: no {missing[0]} as text.")
    _, high, low, close = (decimal(candle[name], f"{what}, {name}") for name in _NUMBERS)
    if not low <= close <= high:
        raise UnexpectedPayload(f"{what}: {close:g} lies outside {low:g} to {high:g}.")
    return close
