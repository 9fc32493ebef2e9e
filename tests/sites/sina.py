"""Sina Finance: the daily candles of futures and metals abroad, as a script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from upstreams import Answer, Price, bent

from sites.days import october


@dataclass
class SinaSite:
    """What Sina holds, by its symbol."""

    candles: dict[str, list[Price]] = field(
        default_factory=lambda: {
            "CL": october(88.0), "OIL": october(95.2), "GC": october(4500.0),
            "XAU": october(4490.0),
        }
    )  # fmt: skip
    hosts: frozenset[str] = frozenset({"stock2.finance.sina.com.cn"})

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        if not place.endswith("=/GlobalFuturesService.getGlobalFuturesDailyKLine"):
            return None
        variable = place.removeprefix("/futures/api/jsonp.php/").partition("=/")[0]
        rows = self.candles.get(query.get("symbol", ""))
        told = None if rows is None else [_candle(day, v, how) for day, v in bent(rows, how)]
        script = f"{variable}=({json.dumps(told)});"
        body = f"/*<script>location.href='//sina.com';</script>*/\n{script}".encode()
        return Answer(200, "application/javascript; charset=gbk", body)


def _candle(day: Any, value: Any, how: str) -> dict[str, Any]:
    """A candle as Sina writes it: numbers as texts with three decimals."""
    is_number = isinstance(value, float)
    text = None if value is None else f"{value:.3f}" if is_number else str(value)
    low = f"{value - 0.5:.3f}" if is_number else text
    high = f"{value + 0.5:.3f}" if is_number else text
    close = "last" if how == "renamed-column" else "close"
    more = {"settle": text} if how == "extra-column" else {}
    return {"date": str(day), "open": low, "high": high, "low": low, close: text, "volume": "0",
            "position": "0", "s": "0.000", **more}  # fmt: skip
