"""Eastmoney's bars of days: a text of eleven numbers each, as they were traded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from upstreams import Answer, Price, bent, json_answer

from etl.catalog import Catalog


@dataclass
class EastmoneySite:
    """Its closes by market and code; what is not there is listed nowhere."""

    closes: Mapping[str, Sequence[Price]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"push2his.eastmoney.com"})

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        if place != "/api/qt/stock/kline/get":
            return None
        secid = query.get("secid", "")
        said = {"rc": 0, "rt": 17, "svr": 181669432, "lt": 1, "full": 0, "dlmkts": ""}
        if secid not in self.closes or query.get("klt") != "101" or query.get("fqt") != "0":
            return json_answer({**said, "data": None})
        market, _, code = secid.partition(".")
        rows = [row for row in self.closes[secid] if f"{row[0]:%Y%m%d}" >= query["beg"]]
        data = {
            "code": "OTHR" if how == "other-series" else code,
            "market": int(market),
            "name": "某公司",
            "decimal": 3,
            "dktotal": len(rows),
            "preKPrice": 0.0,
            "bars" if how == "renamed-column" else "klines": [
                _bar(*row, how) for row in bent(rows, how)
            ],
        }
        return json_answer({**said, "data": data})


def _bar(day: Any, close: Any, how: str) -> str:
    """f51 to f61: day, open, close, high, low, volume, turnover and four changes."""
    is_number = isinstance(close, float)
    cell = f"{close:.3f}" if is_number else "-" if close is None else str(close)
    high, low = (f"{close * by:.3f}" if is_number else cell for by in (1.01, 0.99))
    more = ",0" if how == "extra-column" else ""
    return f"{day},{cell},{cell},{high},{low},1000,{cell},1.0,0.5,0.1,0.2{more}"


@dataclass(frozen=True)
class Mirrored(Mapping[str, Sequence[Price]]):
    """What Yahoo has, whatever it is by then, under the names of Eastmoney."""

    tickers: Mapping[str, str]
    prices: Mapping[str, Sequence[Price]]

    def __getitem__(self, secid: str) -> Sequence[Price]:
        return [row for row in self.prices[self.tickers[secid]] if row[1] is not None]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tickers)

    def __len__(self) -> int:
        return len(self.tickers)


def closes_of(catalog: Catalog, prices: Mapping[str, Sequence[Price]]) -> EastmoneySite:
    """The same closes as Yahoo has of the indicators of the catalog."""
    tickers = {}
    for indicator in catalog.all():
        ref, yahoo = indicator.ref("eastmoney"), indicator.ref("yahoo")
        if ref is not None and yahoo is not None:
            tickers[str(ref.params["secid"])] = str(yahoo.params["ticker"])
    return EastmoneySite(Mirrored(tickers, prices))
