"""China Securities Index: the days of one index as its own page asks for them, oldest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from upstreams import Answer, Price, bent, json_answer

from etl.catalog import Catalog


@dataclass
class CsindexSite:
    """Its closes by code; of a code that it does not know it says nothing, and all is well."""

    closes: dict[str, Sequence[Price]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"www.csindex.com.cn"})

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        if place != "/csindex-home/perf/index-perf":
            return None
        code = query.get("indexCode", "")
        rows = [
            row
            for row in self.closes.get(code, ())
            if query.get("startDate", "") <= f"{row[0]:%Y%m%d}"
        ]
        told = "OTHER" if how == "other-series" else code
        days = [_day(told, day, close, how) for day, close in bent(rows, how)]
        return json_answer({"code": "200", "msg": "Success", "data": days, "success": True})


def _day(code: str, day: date, close: Any, how: str) -> dict[str, Any]:
    is_number = isinstance(close, float)
    return {
        "tradeDate": f"{day:%Y%m%d}",
        "indexCode": code,
        "indexNameCnAll": "某指数",
        "indexNameCn": "某指数",
        "indexNameEnAll": "An Index",
        "indexNameEn": "An Index",
        "open": close,
        "high": close * 1.01 if is_number else close,
        "low": close * 0.99 if is_number else close,
        "last" if how == "renamed-column" else "close": close,
        "change": 1.0,
        "changePct": 0.1,
        "tradingVol": 10.0,
        "tradingValue": 10.0,
        "consNumber": 50.0,
        "peg": None,
        **({"extra": 1} if how == "extra-column" else {}),
    }


def indices_of(catalog: Catalog, days: Sequence[date]) -> CsindexSite:
    """A level around 3,000 on each of the days, for every code in the catalog."""
    levels = [(day, 3000.0 + place % 7) for place, day in enumerate(days)]
    refs = (indicator.ref("csindex") for indicator in catalog.all())
    return CsindexSite({ref.params["code"]: levels for ref in refs if ref is not None})
