"""Data files: every format is written from one table, and the table from one address."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from dashboard import queries
from dashboard.address import AddressError, ChartAddress, moment_of
from dashboard.formatting import plain_number, unit_code_after
from dashboard.snapshot import Snapshot
from dashboard.transforms import Empty, explained, span, window_name
from etl.catalog import Indicator, Unit
from etl.observation import BEIJING, Vintage

LONG = ("date", "indicator", "value", "unit", "source", "known_at", "status")
LONG_ZH = ("日期", "指标", "数值", "单位", "来源", "何时可知", "状态")
_RISKY = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One indicator's part of a table: its vintages in the window with their shown values, and the
    status of each: how the vintage came to be held, or why the value is empty."""

    indicator: Indicator
    unit: str
    rows: tuple[tuple[Vintage, float | None], ...]
    statuses: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What one address holds in one snapshot; `window_name` is the named range it means, if any."""

    address: ChartAddress
    columns: tuple[Column, ...]
    snapshot: Snapshot
    window_name: str

    @property
    def row_count(self) -> int:
        if self.address.shape == "wide":
            return len(_days(self))
        return sum(len(column.rows) for column in self.columns)

    @cached_property
    def csv(self) -> bytes:
        """UTF-8, CRLF, RFC 4180; with a BOM and Chinese headers when it is for Excel."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerows(_wide(self) if self.address.shape == "wide" else _long(self))
        excel = self.address.for_ == "excel"
        return out.getvalue().encode("utf-8-sig" if excel else "utf-8")

    @cached_property
    def sha256(self) -> str:
        return sha256(self.csv).hexdigest()


def table(snapshot: Snapshot, address: ChartAddress) -> Table:
    """The table of an address. AddressError 404 when nothing was known as of its moment."""
    catalog = snapshot.catalog
    held = {name: queries.series(snapshot, name, address.as_of) for name in address.ids}
    if address.as_of is not None and not held[address.id]:
        raise AddressError(
            "asof", f"asof: nothing of {address.id} was known then; its history begins later.", 404
        )
    first, last = _window(held, address)
    columns = tuple(
        _column(catalog[name], rows, address, first, last, catalog.unit(catalog[name]))
        for name, rows in held.items()
    )
    if address.scale == "log":
        _refuse_log(columns)
    return Table(address, columns, snapshot, window_name(held[address.id], address.window))


def metadata(table: Table, base_url: str) -> dict[str, Any]:
    """What must be said with the data: definitions, sources, licence, citation, checksum."""
    address, snapshot = table.address, table.snapshot
    dates = [v.date for column in table.columns for v, _ in column.rows]
    as_of = address.as_of or snapshot.published_at
    first = table.columns[0].indicator
    link = address_url(address, base_url)
    return {
        "id": address.id,
        "ids": list(address.ids),
        "indicators": [_described(column) for column in table.columns],
        "title": first.title.model_dump(),
        "definition": first.definition.model_dump(),
        "unit": table.columns[0].unit,
        "frequency": first.frequency,
        "sources": [_credit(column) for column in table.columns],
        "first_date": min(dates).isoformat() if dates else None,
        "last_date": max(dates).isoformat() if dates else None,
        "rows": table.row_count,
        "as_of": _iso(as_of),
        "snapshot": snapshot.name,
        "sha256": table.sha256,
        "url": link,
        "citation": _citation(first, as_of, link),
        "breaks": [
            {"indicator": c.indicator.id, "date": b.date.isoformat(), "note": b.note.model_dump()}
            for c in table.columns
            for b in c.indicator.breaks
        ],
        "notes": [
            f"{column.indicator.id}, {v.date}: {v.note}"
            for column in table.columns
            for v, _ in column.rows
            if v.note
        ],
    }


def address_url(address: ChartAddress, base_url: str, suffix: str = ".csv") -> str:
    """The whole address of a download."""
    query = address.query()
    return f"{base_url}/c/{place(address)}{suffix}" + (f"?{query}" if query else "")


def place(address: ChartAddress) -> str:
    """ID or ID@ASOF, as an address writes it."""
    if address.as_of is None:
        return address.id
    local = address.as_of.astimezone(BEIJING)
    if moment_of(local.date()) == address.as_of:
        return f"{address.id}@{local:%Y-%m-%d}"
    return f"{address.id}@{local:%Y-%m-%dT%H%M}"


def disposition(table: Table, suffix: str) -> str:
    """A Content-Disposition with an ASCII name and the Chinese title."""
    ascii_name = f"{place(table.address).replace('@', '_')}{suffix}"
    title = table.columns[0].indicator.title.in_(table.address.lang)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(title + suffix)}"


def _window(held: Mapping[str, Sequence[Vintage]], address: ChartAddress) -> tuple[date, date]:
    if address.scope == "full":
        return date.min, date.max
    newest = max((rows[-1].date for rows in held.values() if rows), default=None)
    return span(held[address.id], address.window, newest)


def _column(
    indicator: Indicator,
    rows: Sequence[Vintage],
    address: ChartAddress,
    first: date,
    last: date,
    unit: Unit,
) -> Column:
    results = explained(rows, address.transform, indicator, first)
    shown = [(v, x) for v, x in zip(rows, results, strict=True) if first <= v.date <= last]
    return Column(
        indicator,
        unit_code_after(address.transform, unit),
        tuple((v, None if isinstance(x, Empty) else x) for v, x in shown),
        tuple(str(x) if isinstance(x, Empty) else v.status for v, x in shown),
    )


def _long(table: Table) -> Iterator[Sequence[str]]:
    yield LONG_ZH if table.address.for_ == "excel" else LONG
    rows = [
        (vintage.date, order, column, vintage, value, status)
        for order, column in enumerate(table.columns)
        for (vintage, value), status in zip(column.rows, column.statuses, strict=True)
    ]
    for day, _, column, vintage, value, status in sorted(rows, key=lambda row: row[:2]):
        yield (
            day.isoformat(),
            column.indicator.id,
            "" if value is None else plain_number(value),
            safe(column.unit),
            safe(provenance(vintage)),
            _iso(vintage.known_at),
            status,
        )


def _wide(table: Table) -> Iterator[Sequence[str]]:
    excel = table.address.for_ == "excel"
    names = [
        safe(f"{c.indicator.title.zh}（{c.unit}）") if excel else c.indicator.id
        for c in table.columns
    ]
    yield ("日期" if excel else "date", *names)
    cells = [{v.date: value for v, value in column.rows} for column in table.columns]
    for day in _days(table):
        values = [column.get(day) for column in cells]
        yield (day.isoformat(), *("" if v is None else plain_number(v) for v in values))


def _days(table: Table) -> list[date]:
    return sorted({v.date for column in table.columns for v, _ in column.rows})


def provenance(vintage: Vintage) -> str:
    """Where a value came from: the source's name, and its own words."""
    return f"{vintage.source}: {vintage.credit}" if vintage.credit else vintage.source


def safe(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _described(column: Column) -> dict[str, Any]:
    i = column.indicator
    return {
        "id": i.id,
        "title": i.title.model_dump(),
        "definition": i.definition.model_dump(),
        "unit": column.unit,
        "frequency": i.frequency,
        "rows": len(column.rows),
    }


def _credit(column: Column) -> dict[str, Any]:
    credit = column.indicator.credit
    return {
        "indicator": column.indicator.id,
        "name": credit.name.model_dump(),
        "licence": credit.licence.model_dump(),
        "url": credit.url,
        "rows_from": sorted({provenance(v) for v, _ in column.rows})[:20],
    }


def _citation(indicator: Indicator, as_of: datetime, link: str) -> dict[str, str]:
    day = as_of.astimezone(BEIJING).date()
    title = indicator.title.zh
    return {
        "gb_t_7714": (
            f"{indicator.credit.name.zh}. {title}[DS/OL]. 新质生产力每日动态指标台, "
            f"[{day}]. {link}."
        ),
        "short": f"{title}，{indicator.credit.name.zh}，新质生产力每日动态指标台，截至 {day}。",
    }


def _refuse_log(columns: Sequence[Column]) -> None:
    for column in columns:
        for vintage, value in column.rows:
            if value is not None and value <= 0:
                raise AddressError(
                    "scale",
                    f"scale: {column.indicator.id} is {plain_number(value)} on {vintage.date}; a "
                    "log scale has no place for values of zero or below. Use scale=linear.",
                )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
