"""The U.S. Treasury's daily par yield curves: one CSV for each year, for notes and bonds (nominal)
or for inflation-indexed ones (real).

These are the yields that the Federal Reserve's H.15 prints as constant maturities and FRED carries:
the Treasury computes them, so they are the same quantity from its origin, some hours earlier.

A tenor is a column, found by its name, which is written 10 Yr in the nominal curve and 10 YR in the
real one. Columns came and went (20 Yr in 1993, 1.5 Month in 2025), and a tenor that was not issued
is empty (30 Yr from 2002 to 2006). Rows come newest first, mostly, and the last one may lack its
line break. A day when the market was shut can have a row, of nothing or of zeros.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from etl.calendars import NEW_YORK
from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation, now
from etl.sources.base import Params, Source, american_day, json_of, table_of

ADDRESS = (
    "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/"
    "daily-treasury-rates.csv/{year}/all?type={curve}&field_tdr_date_value={year}&page&_format=csv"
)
#: How the Treasury calls its curves, and the year in which each begins.
NOMINAL, REAL = ("daily_treasury_yield_curve", 1990), ("daily_treasury_real_yield_curve", 2003)
MISSING = ("", "N/A")
#: What stands in every cell of a day without a curve.
NOTHING = (*MISSING, "0", "0.00")
#: Yields are written with two decimals; one that is not was cut off.
_YIELD = re.compile(r"-?\d{1,2}\.\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Treasury(Source):
    """Treasury par yields; `tenor` as the column is called, `real` for the real curve.

    The first load asks for every year since the curve begins, later ones for the newest one or two.
    """

    name: str = "treasury"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        curve, begins = _curve(params)
        this_year = now().astimezone(NEW_YORK).year
        years = range(max(since.year, begins), this_year + 1)
        files = {
            str(year): out.get(ADDRESS.format(curve=curve, year=year)).decode("utf-8", "replace")
            for year in reversed(years)
        }
        return json.dumps({"curve": curve, "years": files}).encode()

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        tenor = str(params["tenor"])
        try:
            document = json_of(payload)
            curve, files = str(document["curve"]), dict(document["years"])
        except (ValueError, KeyError, TypeError):
            raise UnexpectedPayload("The Treasury's years cannot be read.") from None
        if curve != _curve(params)[0]:
            raise UnexpectedPayload(f"The Treasury sent {quoted(curve)} for {tenor}.")
        newest = max(files, default="")
        yields = [
            one for year, text in files.items()
            for one in _yields(text, year, tenor, must_have=year == newest)
        ]  # fmt: skip
        if not yields:
            raise UnexpectedPayload(f"The Treasury sent {tenor} without a single yield.")
        kind = "par real yield" if params.get("real") else "par yield"
        credit = f"U.S. Treasury, {kind} curve, {tenor}"
        return [Observation(day, value, credit=credit) for day, value in sorted(yields)]

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since


def _curve(params: Params) -> tuple[str, int]:
    return REAL if params.get("real") else NOMINAL


def _yields(text: str, year: str, tenor: str, *, must_have: bool) -> Iterator[tuple[date, float]]:
    """The yields of one tenor in the file of one year; none if it had not begun then."""
    head, rows = table_of(text, f"The Treasury's curve of {year}")
    if head[:1] != ["Date"]:
        raise UnexpectedPayload(
            f"The Treasury sent no curve of {year} (it begins: {quoted(','.join(head))})."
        )
    if tenor not in head:
        if not must_have:
            return
        raise UnexpectedPayload(
            f"The Treasury's curve of {year} has no column '{tenor}' (it has: "
            f"{quoted(', '.join(head[1:]))})."
        )
    at = head.index(tenor)
    for line, row in rows:
        what = f"The Treasury's curve of {year}, line {line}"
        day = american_day(row[0], what)
        if str(day.year) != year:
            raise UnexpectedPayload(f"{what}: {day} is of another year.")
        if row[at] in MISSING or all(cell in NOTHING for cell in row[1:]):
            continue
        if not _YIELD.fullmatch(row[at]):
            raise UnexpectedPayload(f"{what}: '{quoted(row[at])}' is no yield like 4.25.")
        yield day, float(row[at])
