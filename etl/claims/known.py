"""What was known of an indicator at a moment, from a snapshot: each series is read once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import chain, compress
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from etl.catalog import Catalog, Indicator
from etl.events import Stretch, changes_of, stretches_of
from etl.records import cited_in

VINTAGES = """
select date, value, known_at, load, source, public_at, held_at, credit, basis
from vintages where indicator = ? order by date, known_at, load
"""
SPLITS = "select date from actions where indicator = ? and kind = 'split' order by date"
RANKS = "select since, source, rank from ranks where indicator = ? order by since"
BEGUN = "select loaded_at from first_loads where indicator = ?"
#: A moment by which all is known that is held.
EVER = datetime(9999, 1, 1, tzinfo=UTC)
#: The place of a source that is in no order of preference.
_LAST_RANK = 99


@dataclass(frozen=True, slots=True)
class Row:
    """A vintage, as far as a statement needs it."""

    date: date
    value: float
    known_at: datetime
    load: int
    source: str
    public_at: datetime
    held_at: datetime
    credit: str
    basis: str

    @property
    def cited_in(self) -> str:
        """The day of the bulletin which alone gives this value; nothing if it stands elsewhere."""
        return cited_in(self.credit)

    @property
    def provenance(self) -> str:
        return f"{self.source}: {self.credit}" if self.credit else self.source


_date = attrgetter("date")


class History:
    """One indicator as it was known: a row for each date, in order. `kinds` numbers the definition
    that holds at each row."""

    def __init__(
        self,
        rows: Sequence[Row],
        values: NDArray[np.float64],
        kinds: NDArray[np.int64],
        changes: Sequence[date] = (),
    ) -> None:
        self.rows, self.values, self._kinds, self._changes = rows, values, kinds, changes
        self._stretches: list[tuple[NDArray[np.int64], Stretch]] = []

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def days(self) -> Sequence[date]:
        """The date of each row."""
        return [row.date for row in self.rows]

    def on(self, day: date) -> int | None:
        """The place of a day."""
        at = self.until(day)
        return at if at is not None and self.rows[at].date == day else None

    def until(self, day: date) -> int | None:
        """The place of the newest row up to a day."""
        at = bisect_right(self.rows, day, key=_date) - 1
        return at if at >= 0 else None

    def within(self, first: date, last: date) -> int | None:
        """The place of the newest row from a day to another."""
        at = self.until(last)
        return at if at is not None and self.rows[at].date >= first else None

    @cached_property
    def _starts(self) -> list[int]:
        """Where each definition begins."""
        changes = np.flatnonzero(np.diff(self._kinds)) + 1
        return [0, *changes.tolist()]

    def start_of(self, at: int) -> int:
        """Where the definition that holds at a place begins: nothing is reckoned across it."""
        return self._starts[bisect_right(self._starts, at) - 1]

    def stretch(self, indicator: Indicator, at: int) -> tuple[NDArray[np.int64], Stretch]:
        """The rows of the definition that holds at a place, by their places, and what each of them
        may be called."""
        if not self._stretches:
            self._stretches = list(stretches_of(indicator, self.rows, self._changes))
        return next(found for found in self._stretches if at in found[0])


class Known(Protocol):
    """What was known as of a moment."""

    def history(self, indicator: str, moment: datetime) -> History: ...


Keep = Callable[[str, Callable[[], "VintageSeries"]], "VintageSeries"]


class KnownSnapshot:
    """The vintages of a database that has the tables of a snapshot."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, catalog: Catalog, keep: Keep | None = None
    ) -> None:
        """`keep` gives the series of an indicator from where it is kept, or reads it; without one
        each is kept for as long as this is."""
        self._connection, self._catalog = connection, catalog
        self._series: dict[str, VintageSeries] = {}
        self._keep = keep or self._kept
        self._last: dict[str, dict[datetime, History]] = {}

    def history(self, indicator: str, moment: datetime) -> History:
        """The history of an indicator; bulletins come in the order of their days, so that only the
        last two moments asked for are kept: a day, and what is known by now."""
        kept = self._last.setdefault(indicator, {})
        found = kept.pop(moment, None)
        if found is None:
            found = self._keep(indicator, lambda: self._read(indicator)).as_of(moment)
        if len(kept) > 1:
            del kept[next(iter(kept))]
        kept[moment] = found  # the last
        return found

    def _kept(self, indicator: str, read: Callable[[], VintageSeries]) -> VintageSeries:
        if indicator not in self._series:
            self._series[indicator] = read()
        return self._series[indicator]

    def _read(self, indicator: str) -> VintageSeries:
        splits = [row[0] for row in self._rows(SPLITS, indicator)]
        rows = [
            Row(d, value, _utc(known), load, source, _utc(public), _utc(held), credit, basis)
            for d, value, known, load, source, public, held, credit, basis in self._rows(
                VINTAGES, indicator
            )
        ]
        begun = next((_utc(moment) for (moment,) in self._rows(BEGUN, indicator)), EVER)
        orders: dict[datetime, dict[str, int]] = {}
        for since, source, rank in self._rows(RANKS, indicator):
            orders.setdefault(_utc(since), {})[source] = rank
        breaks = changes_of(self._catalog[indicator], splits)
        return VintageSeries(rows, breaks, begun, orders)

    def _rows(self, query: str, indicator: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, [indicator]).fetchall()


class VintageSeries:
    """Every vintage of an indicator, in the order of dates. Definitions change where the basis
    does, and on the days of `breaks`. `begun` is when the first of it was loaded, `orders` the
    orders of preference by the moment since when each is in force."""

    def __init__(
        self,
        vintages: Sequence[Row],
        breaks: Sequence[date],
        begun: datetime = EVER,
        orders: Mapping[datetime, Mapping[str, int]] = MappingProxyType({}),
    ) -> None:
        by_date: dict[date, list[Row]] = {}
        for row in vintages:
            by_date.setdefault(row.date, []).append(row)
        self._begun, self._orders = begun, orders
        self._newest_order = orders[max(orders)] if orders else {}
        self._vintages = [_found_since(rows) for rows in by_date.values()]
        self._final = [chosen(rows, self._newest_order) for rows in self._vintages]
        self._values = np.array([row.value for row in self._final], dtype=float)
        starts = np.cumsum([0, *map(len, self._vintages)], dtype=np.intp)[:-1]
        self._spans = {
            name: _spans(_stamps(map(attrgetter(name), chain(*self._vintages))), starts)
            for name in ("known_at", "held_at")
        }
        self._breaks = sorted(breaks)
        self._codes: dict[tuple[str, int], int] = {}
        self._kinds = np.array([self._code(row) for row in self._final], dtype=np.int64)

    def _code(self, row: Row) -> int:
        """The number of the definition that holds for a row."""
        definition = (row.basis, bisect_right(self._breaks, row.date))
        return self._codes.setdefault(definition, len(self._codes))

    def _in_force(self, moment: datetime) -> Mapping[str, int]:
        """The order of preference that a moment is answered by."""
        past = [since for since in self._orders if since <= moment]
        if moment < self._begun or not self._orders:
            return self._newest_order
        return self._orders[max(past) if past else min(self._orders)]

    def as_of(self, moment: datetime) -> History:
        """For each date the vintage that was served at a moment. Nearly every date has all of its
        vintages by then, or none; the others are looked at one by one."""
        stamp, order = moment.timestamp(), self._in_force(moment)
        name = "known_at" if moment < self._begun else "held_at"
        first, last = self._spans[name]
        known = first <= stamp
        count = int(np.count_nonzero(known))
        is_head = bool(known[:count].all())  # nearly always: what is older was known earlier
        rows, values, kinds = self._final, self._values, self._kinds
        is_other = (last > stamp) | (order != self._newest_order)
        between = np.flatnonzero(known & is_other).tolist()
        if between:
            rows, values, kinds = list(rows), values.copy(), kinds.copy()
        for at in between:
            row = chosen([r for r in self._vintages[at] if getattr(r, name) <= moment], order)
            rows[at], values[at], kinds[at] = row, row.value, self._code(row)
        if is_head:
            return History(rows[:count], values[:count], kinds[:count], self._breaks)
        return History(
            list(compress(rows, known.tolist())), values[known], kinds[known], self._breaks
        )


def _stamps(moments: Iterable[datetime]) -> NDArray[np.float64]:
    return np.array([moment.timestamp() for moment in moments], dtype=float)


def _spans(
    stamps: NDArray[np.float64], starts: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The first and the last moment of each date, whose vintages begin at `starts`."""
    if not len(starts):
        return stamps, stamps
    return np.minimum.reduceat(stamps, starts), np.maximum.reduceat(stamps, starts)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _found_since(rows: list[Row]) -> list[Row]:
    """The vintages of a date, each with the newest word on where its value comes from: that only a
    bulletin gives it, or that it was found elsewhere, holds of the past too."""
    if len(rows) == 1:
        return rows
    newest = {(row.source, row.value): row for row in sorted(rows, key=lambda row: row.load)}
    return [
        replace(row, credit=word.credit) if row.cited_in != word.cited_in else row
        for row in rows
        for word in (newest[row.source, row.value],)
    ]


def chosen(rows: Sequence[Row], order: Mapping[str, int]) -> Row:
    """Of the vintages of one date that which is served: the newest of the preferred source that
    has one, or an import if that came later and is not of a time before the source's value was
    public; as `etl/storage/served.sql` says it."""
    if len(rows) == 1:
        return rows[0]
    newest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row.known_at, row.load)):
        newest[row.source] = row
    of_sources = [row for row in newest.values() if row.source != "import"]
    best = min((order.get(row.source, _LAST_RANK) for row in of_sources), default=_LAST_RANK)
    allowed = [row for row in of_sources if order.get(row.source, _LAST_RANK) == best]
    brought = newest.get("import")
    if brought is not None and all(brought.known_at >= row.public_at for row in allowed):
        allowed.append(brought)
    return max(allowed, key=lambda row: (row.held_at, row.load))
