"""The service behind Nasdaq's pages: closes of an index as JSON, newest first, numbers as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from upstreams import Answer, Price, bent, json_answer

LEVELS = {"COMP": 26000.0, "NDX": 29000.0, "SOX": 11000.0}
_HEAD = {"date": "Date", "close": "Close/Last", "volume": "Volume", "open": "Open",
         "high": "High", "low": "Low"}  # fmt: skip


@dataclass
class NasdaqSite:
    """Its indices by name; by default those of the catalog on `days`."""

    days: Sequence[date] = ()
    closes: dict[str, list[Price]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"api.nasdaq.com"})

    def __post_init__(self) -> None:
        for index, level in LEVELS.items():
            rows: list[Price] = [(day, level + 10 * n) for n, day in enumerate(self.days)]
            self.closes.setdefault(index, rows)

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        if "Mozilla" not in headers.get("user-agent", ""):
            return Answer(403, "text/html", b"<html>Access Denied</html>")
        index = place.removeprefix("/api/quote/").removesuffix("/historical")
        if place != f"/api/quote/{index}/historical":
            return None
        if index not in self.closes or query.get("assetclass") != "index":
            message = [{"code": 1001, "errorMessage": "Symbol not exists."}]
            status = {"rCode": 400, "bCodeMessage": message, "developerMessage": None}
            return json_answer({"data": None, "message": None, "status": status})
        listed = [
            row for row in bent(self.closes[index], "" if how == "thousands" else how)
            if query["fromdate"] <= row[0].isoformat() and (
                how == "future" or row[0].isoformat() <= query["todate"])
        ]  # fmt: skip
        rows = [_row(day, _written(value, how), how) for day, value in reversed(listed)]
        shown = rows[: int(query.get("limit", "10"))]
        table = {"asOf": None, "headers": _HEAD, "rows": shown}
        symbol = "OTHR" if how == "other-series" else index
        return json_answer({
            "data": {"symbol": symbol, "totalRecords": len(rows), "tradesTable": table},
            "message": None,
            "status": {"rCode": 200, "bCodeMessage": None, "developerMessage": None},
        })  # fmt: skip


def _row(day: date, level: Any, how: str) -> dict[str, Any]:
    close = "last" if how == "renamed-column" else "close"
    more = {"change": "0.1%"} if how == "extra-column" else {}
    return {"date": f"{day:%m/%d/%Y}", close: level, "volume": "--", "open": level, "high": level,
            "low": level, **more}  # fmt: skip


def _written(value: object, how: str) -> object:
    if not isinstance(value, float) or value != value:
        return value
    written = f"{value:,.2f}"
    if how == "thousands":  # as they are written on the Continent
        return written.translate(str.maketrans(",.", ".,"))
    return written
