"""What every data file holds: one table from one address; every format is written from it."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

from dashboard.address import AddressError, ChartAddress, Transform
from dashboard.data import aggregation, queries
from dashboard.data.aggregation import Brought
from dashboard.data.snapshot import Snapshot
from dashboard.data.transforms import Empty, Result, explained, span, window_name
from dashboard.export import names
from dashboard.export.csv import LONG, Field, Record, heads, lines_of
from dashboard.formatting import plain_number, unit_code_after, unit_words_after
from dashboard.texts import transform_name
from etl.catalog import Indicator
from etl.records import BEIJING, Vintage

#: More rows are refused, not cut: a file is complete or there is none.
MAX_ROWS = 500_000


@dataclass(frozen=True)
class Column:
    """One indicator's part of a table: of its whole history after a transform, what lies from
    `start` up to `stop`. `name` is the id that it bears in the file: that of the moment that is
    asked about."""

    indicator: Indicator
    name: str
    unit: str
    series: Sequence[Vintage]
    results: Sequence[Result]
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @cached_property
    def rows(self) -> tuple[tuple[Vintage, float | None], ...]:
        """The vintages with their shown values."""
        return tuple((v, None if isinstance(x, Empty) else x) for v, x in self._shown())

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """How each vintage came to be held, or why its value is empty."""
        return tuple(str(x) if isinstance(x, Empty) else v.status for v, x in self._shown())

    @property
    def left_out(self) -> int:
        """How many periods have no value, because they are not over or values are missing."""
        return sum(status in (Empty.UNFINISHED, Empty.INCOMPLETE) for status in self.statuses)

    def _shown(self) -> Iterator[tuple[Vintage, Result]]:
        window = slice(self.start, self.stop)
        return zip(self.series[window], self.results[window], strict=True)


@dataclass(frozen=True)
class Table:
    """What one address holds in one snapshot; `window_name` is the named range it means, if any."""

    address: ChartAddress
    columns: tuple[Column, ...]
    snapshot: Snapshot
    window_name: str

    @property
    def is_wide(self) -> bool:
        return self.address.shape == "wide"

    @property
    def row_count(self) -> int:
        return len(self.days) if self.is_wide else sum(map(len, self.columns))

    @cached_property
    def days(self) -> list[date]:
        """The dates on which any of the columns has a row."""
        return sorted({v.date for column in self.columns for v, _ in column.rows})

    @property
    def may_be_log(self) -> bool:
        """Whether a log scale has a place for every value."""
        return all(x is None or x > 0 for column in self.columns for _, x in column.rows)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns of the file."""
        if not self.is_wide:
            return LONG
        return (LONG[0], *(Field(c.name, self._heading(c), "number") for c in self.columns))

    def _heading(self, column: Column) -> str:
        """The Chinese heading of a column, with its transform and its unit."""
        what, unit = self.address.transform, self.snapshot.catalog.unit(column.indicator)
        name = column.indicator.title.zh
        if what != Transform():
            name += f" · {transform_name(what.name, 'zh', what.n)}"
        return f"{name}（{unit_words_after(what, unit)}）"

    @property
    def header(self) -> tuple[str, ...]:
        """The first line: names, or Chinese headings where the file is for Excel."""
        return heads(self.fields, for_excel=self.address.for_ == "excel")

    def records(self) -> Iterable[Record]:
        """The rows with typed cells, None for empty: every format is written from these."""
        if self.is_wide:
            return _wide(self)
        return sorted(chain.from_iterable(map(_records, self.columns)), key=itemgetter(0))

    @cached_property
    def csv(self) -> bytes:
        """UTF-8, CRLF, RFC 4180; with a BOM and Chinese headers when it is for Excel."""
        rows = lines_of(_wide(self)) if self.is_wide else "".join(self._long_lines())
        text = lines_of([self.header]) + rows
        return text.encode("utf-8-sig" if self.address.for_ == "excel" else "utf-8")

    @cached_property
    def sha256(self) -> str:
        return sha256(self.csv).hexdigest()

    def _long_lines(self) -> Sequence[str]:
        parts = [self._lines_of(column) for column in self.columns]
        # Each line begins with its date, so that a stable sort by it keeps the order of columns.
        return parts[0] if len(parts) == 1 else sorted(chain(*parts), key=itemgetter(slice(10)))

    def _lines_of(self, column: Column) -> list[str]:
        """The lines of a column. Values as they are held read the same in every window: they are
        written once for the whole history, and a window is a slice of it."""
        if self.address.transform != Transform():
            return _lines(column)
        address = self.address
        name = column.indicator.id

        def whole() -> list[str]:
            everything = replace(address, scope="full")
            return _lines(_column(self.snapshot, name, everything, date.min, date.max))

        key = (name, address.as_of, address.freq, address.agg)
        lines = self.snapshot.cached("lines", key, whole)
        return lines[column.start : column.stop]


def table(snapshot: Snapshot, address: ChartAddress) -> Table:
    """The table of an address. AddressError 404 when nothing was known as of its moment."""
    held = {name: _history(snapshot, name, address).series for name in address.ids}
    if address.as_of is not None and not held[address.id]:
        known = (
            "its history begins later." if queries.series(snapshot, address.id) else "nor is now."
        )
        raise AddressError("asof", f"asof: nothing of {address.id} was known then; {known}", 404)
    first, last = _window(held, address)
    columns = tuple(_column(snapshot, name, address, first, last) for name in address.ids)
    found = Table(address, columns, snapshot, window_name(held[address.id], address.window))
    if found.row_count > MAX_ROWS:
        raise AddressError(
            "t", f"t: {found.row_count:,} rows; at most {MAX_ROWS:,} fit into one answer. "
            "Ask for a shorter span or for fewer ids.",
        )  # fmt: skip
    if address.scale == "log":
        _refuse_log(columns)
    return found


def of_data(address: ChartAddress) -> ChartAddress:
    """The address without what only concerns a picture: it names the same file."""
    if (address.theme, address.updown) == ("auto", "red"):
        return address
    return replace(address, theme="auto", updown="red")


def frozen(table: Table) -> ChartAddress:
    """The address that holds this table for good; its own where nothing is held that could be kept
    as it is."""
    if table.address.as_of is not None or not table.columns[0].series:
        return table.address
    return replace(table.address, as_of=frozen_moment(table.snapshot))


def frozen_moment(snapshot: Snapshot) -> datetime:
    """The first whole minute by which everything in the snapshot was held."""
    moment = snapshot.held_until
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def disposition(table: Table, suffix: str) -> str:
    """The Content-Disposition of a table's file."""
    return names.disposition(table.address, table.snapshot.catalog, suffix)


def _window(held: Mapping[str, Sequence[Vintage]], address: ChartAddress) -> tuple[date, date]:
    if address.scope == "full":
        return date.min, date.max
    newest = max((rows[-1].date for rows in held.values() if rows), default=None)
    return span(held[address.id], address.window, newest)


def _column(
    snapshot: Snapshot, name: str, address: ChartAddress, first: date, last: date
) -> Column:
    """The transform of the whole history, cut to the window."""
    history = _history(snapshot, name, address)
    rows, indicator = history.series, history.indicator
    start = bisect_left(rows, first, key=attrgetter("date"))
    return Column(
        indicator,
        snapshot.name_at(name, address.as_of),
        unit_code_after(address.transform, snapshot.catalog.unit(indicator)),
        rows,
        _results(history, address.transform, first),
        start,
        max(start, bisect_right(rows, last, key=attrgetter("date"))),
    )


def _history(snapshot: Snapshot, name: str, address: ChartAddress) -> Brought:
    """All that is held of an indicator, at the frequency that is asked for. AddressError where it
    cannot be brought to it."""
    catalog, as_of, freq, agg = snapshot.catalog, address.as_of, address.freq, address.agg
    indicator = catalog[name]
    if not freq:
        return Brought(indicator, queries.series(snapshot, name, as_of), {})
    aggregation.check(freq, agg, indicator, catalog)

    def bring() -> Brought:
        series = queries.series(snapshot, name, as_of)
        today = (as_of or snapshot.published_at).astimezone(BEIJING).date()
        return aggregation.brought(series, indicator, freq, agg, today)

    return snapshot.cached("brought", (name, as_of, freq, agg), bring)


def _results(history: Brought, what: Transform, first: date) -> Sequence[Result]:
    """The transform of the values that there are; the reason in the place of those there are
    not."""
    if not history.empty:
        return explained(history.series, what, history.indicator, first)
    held = [v for place, v in enumerate(history.series) if place not in history.empty]
    found = iter(explained(held, what, history.indicator, first))
    return [history.empty.get(place) or next(found) for place in range(len(history.series))]


def _records(column: Column) -> Iterator[Record]:
    name, unit = column.name, column.unit
    for (vintage, value), status in zip(column.rows, column.statuses, strict=True):
        known_at = vintage.known_at.replace(microsecond=0)
        yield (vintage.date, name, value, unit, provenance(vintage), known_at, status)


def _wide(table: Table) -> Iterator[Record]:
    cells = [{v.date: value for v, value in column.rows} for column in table.columns]
    for day in table.days:
        yield (day, *(column.get(day) for column in cells))


def _lines(column: Column) -> list[str]:
    """The lines of a CSV, as `_text` writes them; what repeats from row to row is written once."""
    name, ends, lines = column.name, dict[tuple[str, str], str](), list[str]()
    for (v, value), status in zip(column.rows, column.statuses, strict=True):
        origin = (v.source, v.credit)
        if origin not in ends:
            ends[origin] = lines_of([(column.unit, provenance(v))]).removesuffix("\r\n")
        number = "" if value is None else plain_number(value)
        known_at = v.known_at.isoformat()[:19]  # always UTC
        lines.append(
            f"{v.date.isoformat()},{name},{number},{ends[origin]},{known_at}Z,{status}\r\n"
        )
    return lines


def provenance(vintage: Vintage) -> str:
    """Where a value came from: the source's name, and its own words."""
    return f"{vintage.source}: {vintage.credit}" if vintage.credit else vintage.source


def _refuse_log(columns: Sequence[Column]) -> None:
    for column in columns:
        for vintage, value in column.rows:
            if value is not None and value <= 0:
                raise AddressError(
                    "scale",
                    f"scale: {column.indicator.id} is {plain_number(value)} on {vintage.date}; a "
                    "log scale has no place for values of zero or below. Use scale=linear.",
                )


def to_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
