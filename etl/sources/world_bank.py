"""The World Bank's Pink Sheet: monthly averages of commodities, from its workbook."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup

from etl.catalog import Indicator
from etl.errors import SourceError, UnexpectedPayload, beginning, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import Params, Source, in_order

#: The page that lasts, and that often turns programs away. The address of the workbook holds a
#: number that changes with the years, and the old ones go on to answer, with old values: so it is
#: read from the page where that answers.
PAGE = "https://www.worldbank.org/en/research/commodity-markets"
HOST, FILE = "thedocs.worldbank.org", "CMO-Historical-Data-Monthly.xlsx"
#: The edition of 2026, for who has never seen the page.
EDITION = f"https://{HOST}/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026/related/{FILE}"
#: The file below `state` that holds the address that answered last.
KEPT = "world_bank.txt"
#: A workbook comes out each month: one that is older stands at an address that was left.
OLD_DAYS = 40
SHEET = "Monthly Prices"
#: How the sheet writes the units that the catalog knows.
UNITS = {"usd_oz": "($/troy oz)", "usd_bbl": "($/bbl)"}
MISSING = frozenset({"", "..", "...", "…"})
HEAD_ROWS, MOST_ROWS, MOST_COLUMNS, MOST_SHOWN = 12, 5_000, 200, 200
MOST_BYTES = 64_000_000
_UPDATED = re.compile(r"Updated on ([A-Z][a-z]+ \d{1,2}, \d{4})", re.ASCII)
_ADDRESS = re.compile(rf"https://{re.escape(HOST)}/[\w/.-]+/{re.escape(FILE)}", re.ASCII)
_MONTH = re.compile(r"(\d{4})M(0[1-9]|1[0-2])", re.ASCII)

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class WorldBank(Source):
    """Commodity Price Data (The Pink Sheet), CC BY 4.0."""

    name: str = "world_bank"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        kept = out.settings.state / KEPT
        try:
            address = address_in(out.get(PAGE))
        except SourceError as no_page:
            address = _kept(kept)
            try:
                workbook = out.get(address)
            except SourceError as error:
                error.args = (f"{error} And the page that names its address: {no_page}",)
                raise
        else:
            workbook = out.get(address)
        if workbook.startswith(b"PK"):
            _keep(kept, address)
        return workbook

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

    def notes(
        self, payload: bytes, indicator: Indicator, params: Params, known_at: datetime
    ) -> Sequence[str]:
        updated = _updated(_rows(payload)[:HEAD_ROWS])
        if updated is None or (known_at.date() - updated).days <= OLD_DAYS:
            return ()
        return (
            f"The World Bank's workbook is of {updated}: a newer one may stand at another address. "
            f"Look at {PAGE} and write the address into state/{KEPT} below the data folder.",
        )


def _kept(path: Path) -> str:
    """The address that answered last, else that of an edition that is known."""
    try:
        address = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return EDITION
    return address if _ADDRESS.fullmatch(address) else EDITION


def _keep(path: Path, address: str) -> None:
    """Remember an address that answered. Where it cannot be, the next run asks the page again."""
    draft = path.with_name(f".{path.name}.draft")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(f"{address}\n", encoding="utf-8")
        draft.replace(path)


def _updated(rows: Sequence[Row]) -> date | None:
    """The day that the head of the sheet gives."""
    for row in rows:
        for cell in row:
            found = _UPDATED.search(_text(cell))
            if found:
                with suppress(ValueError):
                    return datetime.strptime(found[1], "%B %d, %Y").date()
    return None


def address_in(page: bytes) -> str:
    """Where the page says that the monthly workbook is: one address, on the bank's own host."""
    links = BeautifulSoup(page.decode("utf-8", "replace"), "html.parser").select("a[href]")
    named = {_whole(str(link["href"])) for link in links if FILE in str(link["href"])}
    if len(named) != 1:
        raise UnexpectedPayload(
            f"{PAGE} has {len(links)} links, {len(named)} of them to {FILE}; one was expected."
        )
    (address,) = named
    if not _ADDRESS.fullmatch(address):
        raise UnexpectedPayload(f"{PAGE} names {quoted(address)}, which is not at https://{HOST}.")
    return address


def _whole(link: str) -> str:
    """A link as a whole address, without what may follow its path."""
    try:
        return urljoin(PAGE, link.strip().partition("#")[0].partition("?")[0])
    except ValueError:
        return link


@lru_cache(maxsize=2)  # one workbook serves every commodity of a run
def _rows(payload: bytes) -> Sequence[Row]:
    from xml.etree.ElementTree import ParseError

    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                raise UnexpectedPayload(f"The World Bank sent more than {MOST_BYTES:,} bytes.")
        book = openpyxl.load_workbook(io.BytesIO(payload), read_only=True, data_only=True)
        if SHEET not in book.sheetnames:
            sheets = quoted(", ".join(book.sheetnames))
            raise UnexpectedPayload(f"The World Bank sent no sheet '{SHEET}' (found: {sheets}).")
        sheet = book[SHEET].iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
        return list(sheet)
    except (zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, EOFError, OSError):
        shown = beginning(payload[:MOST_SHOWN].decode("utf-8", "replace"))
        raise UnexpectedPayload(
            f"The World Bank sent no whole XLSX workbook (it begins: {shown})."
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
            f"The World Bank gives {commodity} in '{quoted(below)}'; '{unit}' was expected."
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
                f"The World Bank dates {commodity} '{quoted(label)}'; a month like 2026M05 was "
                "expected."
            )
        day = date(int(month[1]), int(month[2]), 1)
        if not _is_number(cell):
            raise UnexpectedPayload(
                f"The World Bank, {commodity} of {label}: '{quoted(cell)}' is no number."
            )
        in_order(previous, day, f"The World Bank's {commodity}")
        previous = day
        yield day, float(cell)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and type(cell) is not bool and math.isfinite(cell)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
