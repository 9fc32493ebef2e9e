"""The Shanghai Gold Exchange: the candles of its contracts, and its benchmark prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from upstreams import Answer, Price, bent, json_answer

from sites.days import october


@dataclass
class SgeSite:
    """What the exchange holds, by contract, and its benchmark of mornings and afternoons."""

    contracts: dict[str, list[Price]] = field(
        default_factory=lambda: {"Au99.99": october(955.5), "Au(T+D)": october(956.0)}
    )
    mornings: list[Price] = field(default_factory=lambda: october(952.5))
    afternoons: list[Price] = field(default_factory=lambda: october(954.0))
    hosts: frozenset[str] = frozenset({"www.sge.com.cn"})

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        if place == "/graph/Dailyhq":
            rows = self.contracts.get(query.get("instid", ""), [])
            name = "times" if how == "renamed-column" else "time"
            return json_answer({name: [_candle(day, v, how) for day, v in bent(rows, how)]})
        if place == "/graph/DayilyJzj":
            morning = "am" if how == "renamed-column" else "zp"
            afternoon = "pm" if how == "renamed-column" else "wp"
            return json_answer(
                {morning: _points(self.mornings, how), afternoon: _points(self.afternoons, how)}
            )
        return None


def _candle(day: date, value: Any, how: str) -> list[Any]:
    """Day, open, close, low, high."""
    is_number = isinstance(value, float)
    low, high = (value - 2, value + 2) if is_number else (value, value)
    more = [value] if how == "extra-column" else []
    return [str(day), low, value, low, high, *more]


def _points(rows: Sequence[Price], how: str) -> list[list[Any]]:
    """Each price with the beginning of its day in milliseconds."""
    more = ["SHAU"] if how == "extra-column" else []
    return [
        [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000), value, *more]
        for day, value in bent(rows, how)
    ]
