"""Cboe's host of files: the whole history of an index as CSV, oldest day first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from upstreams import Answer, Price, bent, cell

_FOLDER, _FILE = "/api/global/us_indices/daily_prices/", "_History.csv"


@dataclass
class CboeSite:
    """Its indices by name; by default VIX around 17 on `days`."""

    days: Sequence[date] = ()
    closes: dict[str, list[Price]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"cdn.cboe.com"})

    def __post_init__(self) -> None:
        self.closes.setdefault("VIX", [(day, 17 + n % 5 / 4) for n, day in enumerate(self.days)])

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        index = place.removeprefix(_FOLDER).removesuffix(_FILE)
        if place != f"{_FOLDER}{index}{_FILE}" or index not in self.closes:
            return None
        close = "LAST" if how == "renamed-column" else "CLOSE"
        more = ("VOLUME", "0") if how == "extra-column" else ()
        lines = [",".join(["DATE,OPEN,HIGH,LOW", close, *more[:1]])]
        for day, value in bent(self.closes[index], how):
            price = f"{value:.6f}" if isinstance(value, float) else cell(value)
            lines.append(",".join([f"{day:%m/%d/%Y}", *[price] * 4, *more[1:]]))
        return Answer(200, "text/csv", "".join(f"{line}\n" for line in lines).encode())
