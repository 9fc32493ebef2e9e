"""The Treasury's curves: a CSV for each year, newest day first, a column for each tenor."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from upstreams import Answer, Price, bent

NOMINAL, REAL = "daily_treasury_yield_curve", "daily_treasury_real_yield_curve"
LEVELS = {
    NOMINAL: {"1 Mo": 4.0, "1.5 Month": 4.05, "2 Yr": 4.2, "5 Yr": 4.4, "10 Yr": 4.5, "30 Yr": 5.1},
    REAL: {"5 YR": 2.1, "7 YR": 2.2, "10 YR": 2.4, "20 YR": 2.8, "30 YR": 3.0},
}
_BEFORE, _AFTER = (
    "/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv/", "/all",
)  # fmt: skip


@dataclass
class TreasurySite:
    """Its curves by name and tenor; by default those of the catalog on `days`."""

    days: Sequence[date] = ()
    curves: dict[str, dict[str, list[Price]]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset({"home.treasury.gov"})

    def __post_init__(self) -> None:
        for curve, levels in LEVELS.items():
            tenors: dict[str, list[Price]] = {
                tenor: [(day, level + n % 7 / 100) for n, day in enumerate(self.days)]
                for tenor, level in levels.items()
            }
            self.curves.setdefault(curve, tenors)

    def answer(
        self, host: str, place: str, query: Mapping[str, str], headers: Mapping[str, str], how: str
    ) -> Answer | None:
        year = place.removeprefix(_BEFORE).removesuffix(_AFTER)
        curve = query.get("type", "")
        if place != f"{_BEFORE}{year}{_AFTER}" or curve not in self.curves:
            return None
        if how == "other-series":
            curve = REAL if curve == NOMINAL else NOMINAL
        tenors = self.curves[curve]
        names = [f"{name} CMT" if how == "renamed-column" else name for name in tenors]
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(["Date", *names, *(["6 Yr"] if how == "extra-column" else [])])
        columns = [bent(rows, how) for rows in tenors.values()]
        for cells in reversed(list(zip(*columns, strict=True))):
            day = cells[0][0]
            if str(day.year) == year or (how == "future" and day > max(self.days)):
                values = [_written(value) for _, value in cells]
                more = ["4.45"] if how == "extra-column" else []
                lines.writerow([f"{day:%m/%d/%Y}", *values, *more])
        return Answer(200, "text/csv", text.getvalue().rstrip("\n").encode())


def _written(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
