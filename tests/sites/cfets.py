"""CFETS (chinamoney.com.cn): central parity and loan prime rates, less than a year at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from upstreams import Answer, Price, bent, json_answer

from sites.days import monthly, october

REFUSED = "只提供一年历史数据查询及下载"
MOST_DAYS, MOST_ROWS = 364, 50


@dataclass
class CfetsSite:
    """What CFETS holds, by pair and by the column of a rate."""

    pairs: dict[str, list[Price]] = field(default_factory=lambda: {"USD/CNY": october(6.7351)})
    rates: dict[str, list[Price]] = field(
        default_factory=lambda: {"1Y": [(d.replace(day=20), 3.0) for d, _ in monthly(0)],
                                 "5Y": [(d.replace(day=20), 3.5) for d, _ in monthly(0)]}
    )  # fmt: skip
    hosts: frozenset[str] = frozenset({"www.chinamoney.com.cn"})

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        if "referer" not in headers:
            return Answer(403, "text/html", b"<html>Forbidden</html>")
        if place == "/ags/ms/cm-u-bk-ccpr/CcprHisNew":
            return self._parity(query, how)
        if place == "/ags/ms/cm-u-bk-currency/LprHis":
            return self._lpr(query, how)
        return None

    def _parity(self, query: dict[str, str], how: str) -> Answer:
        pair = query["currency"]
        first, last = (date.fromisoformat(query[name]) for name in ("startDate", "endDate"))
        size, page = int(query["pageSize"]), int(query["pageNum"])
        too_much = (last - first).days > MOST_DAYS or size > MOST_ROWS
        shown = {"other-series": "EUR/CNY", "other-currency": "CNY/USD"}.get(how, pair)
        rows = [] if too_much else _within(self.pairs.get(pair, []), first, last, how)
        values = "value" if how == "renamed-column" else "values"
        more = ["1.0"] if how == "extra-column" else []
        records = [{"date": str(day), values: [_text(v), *more]} for day, v in rows]
        data = {
            "head": ["USD/CNY", "EUR/CNY"], "searchlist": [shown], "total": len(rows),
            "pageTotal": -(-len(rows) // size), "pageNum": page, "pageSize": size,
            "currency": pair, "flagMessage": REFUSED if too_much else "",
        }  # fmt: skip
        return _told(data, records[size * (page - 1) : size * page])

    def _lpr(self, query: dict[str, str], how: str) -> Answer:
        first, last = (date.fromisoformat(query[name]) for name in ("strStartDate", "strEndDate"))
        if (last - first).days > MOST_DAYS:
            return _told({"message": REFUSED}, [])
        columns = {
            ("2Y" if how == "renamed-column" else name): _within(rows, first, last, how)
            for name, rows in self.rates.items()
        }
        days = [day for day, _ in next(iter(columns.values()))]
        records: list[dict[str, Any]] = [
            {"showDateCN": str(day), "showDateEN": f"{day:%d %b %Y}",
             **{name: _text(rows[n][1]) for name, rows in columns.items()}}
            for n, day in enumerate(days)
        ]  # fmt: skip
        return _told({"message": ""}, records)


def _within(rows: Sequence[Price], first: date, last: date, how: str) -> list[Any]:
    """The rows of a span, newest first; who sends the future sends more than was asked for."""
    told = [row for row in rows if first <= row[0] <= last]
    return bent(told, how)[::-1]


def _text(value: Any) -> str:
    return "---" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _told(data: dict[str, Any], records: list[dict[str, Any]]) -> Answer:
    head = {"version": "2.0", "provider": "CWAP", "rep_code": "200", "rep_message": ""}
    return json_answer({"head": head, "data": data, "records": records})
