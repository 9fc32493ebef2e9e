"""The U.S. Energy Information Administration: daily spot prices from its workbooks and a monthly
price from a table of the Monthly Energy Review, without a key; with XINZHI_EIA_API_KEY its API.

A workbook (.xls) has a sheet `Data 1`: the code of the series in the second row, what it is in the
third, then days and prices. The table is a CSV with all its series below one another; its month 13
is the average of the year. The API answers in pages and repeats the key that it was asked with, so
that only its rows are kept.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload, beginning, nearest, quoted
from etl.files.bounded import Unreadable, answers
from etl.files.xls import READER as XLS
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import FIRST_DAY, Params, Source, decimal, in_order, json_of, number

SITE, API = "https://www.eia.gov", "https://api.eia.gov/v2"
#: The most rows that the API returns at once, and the most pages that are asked.
MOST_ROWS, MOST_PAGES = 5_000, 20
MISSING = frozenset({"", "Not Available", "No Data Reported", "NA", "--"})
TABLE_COLUMNS = ["MSN", "YYYYMM", "Value", "Column_Order", "Description", "Unit"]
_MONTH = re.compile(r"(\d{4})-?(0[1-9]|1[0-3])", re.ASCII)


@dataclass(frozen=True, slots=True)
class EiaSeries:
    """Where a series is kept: its file, its route and facet of the API, and how each writes its
    unit."""

    file: str
    route: str
    facet: str
    unit: str
    api_unit: str


KNOWN: Mapping[str, EiaSeries] = {
    "RBRTE": EiaSeries(
        "dnav/pet/hist_xls/RBRTEd.xls", "petroleum/pri/spt", "series", "Dollars per Barrel", "$/BBL"
    ),
    "RWTC": EiaSeries(
        "dnav/pet/hist_xls/RWTCd.xls", "petroleum/pri/spt", "series", "Dollars per Barrel", "$/BBL"
    ),
    "RNGWHHD": EiaSeries(
        "dnav/ng/hist_xls/RNGWHHDd.xls", "natural-gas/pri/fut", "series",
        "Dollars per Million Btu", "$/MMBTU",
    ),
    "ESICUUS": EiaSeries(
        "totalenergy/data/browser/csv.php?tbl=T09.08", "total-energy", "msn",
        "Cents per Kilowatthour, Including Taxes", "Cents per Kilowatthour, Including Taxes",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Eia(Source):
    """EIA, in the public domain."""

    name: str = "eia"
    online: bool = True
    #: Whether the API is asked: it answers for the days since the last look, a file for all.
    has_key: bool = False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        code = str(params["series"])
        if out.settings.eia_api_key:
            return _from_api(code, _known(code), indicator.frequency, since, out)
        return out.get(f"{SITE}/{_known(code).file}")

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        code = str(params["series"])
        series = _known(code)
        if payload.startswith(b"{"):
            rows = _api_values(payload, code, series)
        elif series.file.endswith(".xls"):
            rows = _workbook_values(payload, code, series)
        else:
            rows = _table_values(payload, code, series)
        found: list[Observation] = []
        for day, value in rows:
            in_order(found[-1].date if found else None, day, f"EIA {code}")
            found.append(Observation(day, value, credit=f"EIA {code}"))
        if not found:
            raise UnexpectedPayload(f"EIA sent {code} without a single value.")
        return found

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since if self.has_key else date.min


def _known(code: str) -> EiaSeries:
    if code not in KNOWN:
        raise UnexpectedPayload(f"EIA's '{quoted(code)}' is not known here. {nearest(code, KNOWN)}")
    return KNOWN[code]


def _from_api(code: str, series: EiaSeries, frequency: str, since: date, out: Upstream) -> bytes:
    """The rows of every page as EIA wrote them, without the key that it repeats beside them."""
    start = since.isoformat()[: 10 if frequency == "daily" else 7]
    rows: list[Any] = []
    for _ in range(MOST_PAGES):
        asked = {
            "api_key": out.settings.eia_api_key, "frequency": frequency, "data[0]": "value",
            f"facets[{series.facet}][]": code, "sort[0][column]": "period",
            "sort[0][direction]": "asc", "offset": len(rows), "length": MOST_ROWS,
            **({} if since == FIRST_DAY else {"start": start}),
        }  # fmt: skip
        answer = _asked(f"{API}/{series.route}/data/?{urlencode(asked)}", code, out)
        try:
            told = json_of(answer)["response"]
            total, part = int(told["total"]), list(told["data"])
        except (ValueError, KeyError, TypeError, OverflowError):
            raise UnexpectedPayload(f"EIA's API sent no rows of {code}.") from None
        rows += part
        if len(rows) >= total or not part:
            break
    if len(rows) < total:
        raise UnexpectedPayload(f"EIA's API sent {len(rows):,} of {total:,} rows of {code}.")
    return json.dumps({"series": code, "rows": rows}).encode()


def _asked(url: str, code: str, out: Upstream) -> bytes:
    try:
        return out.get(url)
    except UnexpectedPayload as error:
        if error.status in (401, 403):
            error.args = (f"{error} Check XINZHI_EIA_API_KEY.",)
        raise


def _api_values(payload: bytes, code: str, series: EiaSeries) -> Iterator[tuple[date, float]]:
    try:
        document = json_of(payload)
        rows = document["rows"]
        told = [(row["period"], row["value"], row.get(series.facet), _unit(row)) for row in rows]
        same = document["series"] == code
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnexpectedPayload(f"EIA's API sent no rows of {code}.") from None
    if not same:
        raise UnexpectedPayload(f"EIA's API sent another series than {code}.")
    for period, value, name, unit in told:
        if name != code:
            raise UnexpectedPayload(f"EIA's API sent '{quoted(name)}' where {code} was asked for.")
        if unit != series.api_unit:
            raise _other_unit(code, unit, series.api_unit)
        if value is None:
            continue
        day = _day(period)
        if day is None:
            raise UnexpectedPayload(f"EIA {code}: '{quoted(period)}' is no day or month.")
        what = f"EIA {code}, {period}"
        yield day, decimal(value, what) if isinstance(value, str) else number(value, what)


def _unit(row: Mapping[str, Any]) -> Any:
    return row.get("units", row.get("unit"))


def _day(period: object) -> date | None:
    """The day of a row, or the first of its month."""
    text = str(period)
    month = _MONTH.fullmatch(text)
    try:
        return date.fromisoformat(f"{month[1]}-{month[2]}-01" if month else text)
    except ValueError:
        return None


def _workbook_values(payload: bytes, code: str, series: EiaSeries) -> Iterator[tuple[date, float]]:
    rows = _rows(payload, code)
    heads = [[str(cell).strip() for cell in row] for row in rows[1:3]]
    if len(heads) < 2 or heads[0][:1] != ["Sourcekey"] or heads[1][:1] != ["Date"]:
        raise UnexpectedPayload(f"EIA's workbook of {code} has another head than is known.")
    if heads[0][1:] != [code]:
        found = quoted(", ".join(heads[0][1:]))
        raise UnexpectedPayload(f"EIA's workbook holds '{found}' where {code} was asked for.")
    if not heads[1][1].endswith(f"({series.unit})"):
        raise _other_unit(code, heads[1][1], series.unit)
    for line, (told, value, *_) in enumerate(rows[3:], 4):
        if value in MISSING:  # a day without a price
            continue
        day = _day(told["day"]) if isinstance(told, dict) else None
        if day is None:
            raise UnexpectedPayload(f"EIA {code}, row {line}: '{quoted(told)}' is no date.")
        yield day, number(value, f"EIA {code}, row {line}")


def _rows(payload: bytes, code: str) -> list[list[Any]]:
    """The cells of the sheet with the values."""
    try:
        with tempfile.TemporaryFile() as file:
            file.write(payload)
            file.seek(0)
            return [row for sheet, row in answers(file, XLS) if sheet == "Data 1"]
    except Unreadable:
        shown = beginning(payload[:200].decode("utf-8", "replace"))
        raise UnexpectedPayload(
            f"EIA sent no whole workbook of {code} (it begins: {shown})."
        ) from None


def _table_values(payload: bytes, code: str, series: EiaSeries) -> Iterator[tuple[date, float]]:
    if payload and not payload.endswith(b"\n"):
        raise UnexpectedPayload(f"EIA sent the table of {code} cut off in the middle of a line.")
    try:
        rows = list(csv.reader(io.StringIO(payload.decode("utf-8-sig", "replace"))))
    except csv.Error:
        rows = []
    if not rows or rows[0] != TABLE_COLUMNS:
        head = quoted(",".join(rows[0])) if rows else "nothing"
        raise UnexpectedPayload(f"EIA sent no table with {code} (it begins: {head}).")
    mine = [(line, row) for line, row in enumerate(rows[1:], 2) if row[:1] == [code]]
    if not mine:
        raise UnexpectedPayload(f"EIA's table holds no {code}.")
    for line, row in mine:
        if len(row) != len(TABLE_COLUMNS):
            shown = quoted(",".join(row))
            raise UnexpectedPayload(f"EIA {code}, line {line}: '{shown}' has other columns.")
        if row[5] != series.unit:
            raise _other_unit(code, row[5], series.unit)
        month = _MONTH.fullmatch(row[1])
        if month is None:
            raise UnexpectedPayload(f"EIA {code}, line {line}: '{quoted(row[1])}' is no month.")
        if month[2] != "13" and row[2] not in MISSING:  # 13 is the average of the year
            value = decimal(row[2], f"EIA {code}, line {line}")
            yield date(int(month[1]), int(month[2]), 1), value


def _other_unit(code: str, found: object, expected: str) -> UnexpectedPayload:
    return UnexpectedPayload(f"EIA gives {code} in '{quoted(found)}'; '{expected}' was expected.")
