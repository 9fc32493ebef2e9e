"""The World Bank's Pink Sheet: monthly averages of commodities, from its workbook."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, in_order

#: The page that lasts. The address of the workbook holds a number that changes with the years, and
#: the old ones go on to answer, with old values: so it is read from here each time.
PAGE = "https://www.worldbank.org/en/research/commodity-markets"
HOST, FILE = "thedocs.worldbank.org", "CMO-Historical-Data-Monthly.xlsx"
SHEET = "Monthly Prices"
#: How the sheet writes the units that the catalog knows.
UNITS = {"usd_oz": "($/troy oz)", "usd_bbl": "($/bbl)"}
MISSING = frozenset({"", "..", "...", "…"})
HEAD_ROWS, MOST_ROWS, MOST_COLUMNS = 12, 5_000, 200
MOST_BYTES = 64_000_000
_MONTH = re.compile(r"(\d{4})M(0[1-9]|1[0-2])", re.ASCII)

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class WorldBank(Source):
    """Commodity Price Data (The Pink Sheet), CC BY 4.0."""

    name: str = "world_bank"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        return out.get(address_in(out.get(PAGE)))

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        commodity = str(params["commodity"])
        rows = _rows(payload)
        head, column = _column(rows, commodity, UNITS.get(indicator.unit, ""))
        credit = f"World Bank, Commodity Price Data (The Pink Sheet), {commodity}"
        found = [
            Observation(month, value, credit=credit)
            for month, value in _values(rows[head + 2 :], column, commodity)
        ]
        if not found:
            raise UnexpectedPayload(f"The World Bank sent {commodity} without a single value.")
        return found


def address_in(page: bytes) -> str:
    """Where the page says that the monthly workbook is: one address, on the bank's own host."""
    links = BeautifulSoup(page.decode("utf-8", "replace"), "html.parser").select("a[href]")
    named = {_whole(str(link["href"])) for link in links if FILE in str(link["href"])}
    if len(named) != 1:
        raise UnexpectedPayload(
            f"{PAGE} has {len(links)} links, {len(named)} of them to {FILE}; one was expected."
        )
    (address,) = named
    if not re.fullmatch(rf"https://{re.escape(HOST)}/[\w/.-]+/{re.escape(FILE)}", address):
        raise UnexpectedPayload(f"{PAGE} names {address[:120]}, which is not at https://{HOST}.")
    return address


def _whole(link: str) -> str:
    """A link as a whole address, without what may follow its path."""
    try:
        return urljoin(PAGE, link.strip().partition("#")[0].partition("?")[0])
    except ValueError:
        return link


def _rows(payload: bytes) -> list[Row]:
    from xml.etree.ElementTree import ParseError

    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                raise UnexpectedPayload(f"The World Bank sent more than {MOST_BYTES:,} bytes.")
        book = openpyxl.load_workbook(io.BytesIO(payload), read_only=True, data_only=True)
        if SHEET not in book.sheetnames:
            sheets = ", ".join(book.sheetnames)[:120]
            raise UnexpectedPayload(f"The World Bank sent no sheet '{SHEET}' (found: {sheets}).")
        sheet = book[SHEET].iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
        return list(sheet)
    except (zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, EOFError, OSError):
        begins = " ".join(payload[:40].decode("latin-1").split())
        shown = begins if begins.isprintable() and begins.isascii() else "bytes"
        raise UnexpectedPayload(
            f"The World Bank sent no whole XLSX workbook (it begins: {shown or 'nothing'})."
        ) from None


def _column(rows: Sequence[Row], commodity: str, unit: str) -> tuple[int, int]:
    """The row and the column in which the name of the commodity stands, above its unit."""
    found = [
        (number, column)
        for number, row in enumerate(rows[:HEAD_ROWS])
        for column, cell in enumerate(row)
        if _text(cell) == commodity
    ]
    if len(found) != 1:
        raise UnexpectedPayload(
            f"The World Bank's sheet '{SHEET}' has {len(found) or 'no'} columns '{commodity}'; one "
            "was expected."
        )
    ((number, column),) = found
    below = _text(rows[number + 1][column]) if number + 1 < len(rows) else ""
    if below != unit:
        raise UnexpectedPayload(
            f"The World Bank gives {commodity} in '{below[:40]}'; '{unit}' was expected."
        )
    return number, column


def _values(rows: Sequence[Row], column: int, commodity: str) -> Iterator[tuple[date, float]]:
    previous: date | None = None
    for row in rows:
        label, cell = _text(row[0]), row[column]
        if _text(cell) in MISSING:  # a month without a price, or a note below the table
            continue
        month = _MONTH.fullmatch(label)
        if month is None:
            raise UnexpectedPayload(
                f"The World Bank dates {commodity} '{label[:40]}'; a month like 2026M05 was "
                "expected."
            )
        day = date(int(month[1]), int(month[2]), 1)
        if not _is_number(cell):
            raise UnexpectedPayload(
                f"The World Bank, {commodity} of {label}: '{str(cell)[:40]}' is no number."
            )
        in_order(previous, day, f"The World Bank's {commodity}")
        previous = day
        yield day, float(cell)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and type(cell) is not bool and math.isfinite(cell)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
