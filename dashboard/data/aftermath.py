"""What became of statements: what the values that came later say of one that was true."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from operator import attrgetter

import numpy as np

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from etl.calendars import MARKETS
from etl.claims.dates import session_on_or_before
from etl.claims.model import JudgedBy
from etl.events import changes_of
from etl.records import BEIJING, Vintage

_date = attrgetter("date")


@dataclass(frozen=True, slots=True)
class Turn:
    """A value with which a statement ceased to be true, or became true again."""

    date: date
    value: float
    is_true: bool


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A statement that was true of the value of `since`: up to which date it stayed so, the turns
    that it took, and the newest value that was looked at."""

    since: date
    until: date
    turns: tuple[Turn, ...]
    newest: date

    @property
    def has_ended(self) -> bool:
        """Whether it is no longer true, or was not for some time."""
        return bool(self.turns)


class LaterValues:
    """The values that came after those that bulletins speak of, as known at a moment or now. Each
    series is looked up once."""

    def __init__(self, snapshot: Snapshot, as_of: datetime | None = None) -> None:
        self._snapshot, self._as_of = snapshot, as_of
        self._series: dict[str, Sequence[Vintage]] = {}
        self._changes: dict[str, Sequence[date]] = {}
        moment = min(as_of, snapshot.published_at) if as_of else snapshot.published_at
        self._today = moment.astimezone(BEIJING).date()

    def aftermath(self, indicator: str, basis: JudgedBy | None) -> Aftermath | None:
        """What became of a statement; None where nothing later has a say, or the value that it was
        judged by is no longer held."""
        if basis is None or basis.low is None or basis.high is None:
            return None
        rows = self._from(indicator, basis.date)
        if not rows:
            return None
        values = np.array([row.value for row in rows])
        is_true = (basis.low <= values) & (values <= basis.high)
        is_true[0] = True  # the value that it was judged by, whatever was revised since
        at = np.flatnonzero(np.diff(is_true)) + 1
        turns = tuple(Turn(rows[k].date, rows[k].value, bool(is_true[k])) for k in at.tolist())
        until = rows[int(at[0]) - 1] if len(at) else rows[-1]
        return Aftermath(basis.date, until.date, turns, rows[-1].date)

    def on(self, indicator: str, day: date) -> Vintage | None:
        """The value of a day."""
        return next(iter(self._from(indicator, day)), None)

    def days_after(self, indicator: str, day: date, since: date, days: int) -> Vintage | None:
        """The value so many days after the day of a bulletin: that of the last session up to then,
        if it is held and newer than the one that the bulletin speaks of."""
        calendar = self._snapshot.catalog[indicator].calendar
        target = day + timedelta(days=days)
        if calendar not in MARKETS or target > self._today:
            return None
        session = session_on_or_before(calendar, target)
        rows = self._from(indicator, since)
        return next((row for row in rows[1:] if row.date == session), None)

    def _from(self, indicator: str, day: date) -> Sequence[Vintage]:
        """The value of a day and those after it, as far as they are of the same definition."""
        if indicator not in self._series:
            catalog, snapshot = self._snapshot.catalog, self._snapshot
            self._series[indicator] = queries.series(snapshot, indicator, self._as_of)
            splits = [a.date for a in queries.actions(snapshot, indicator) if a.kind == "split"]
            self._changes[indicator] = changes_of(catalog[indicator], splits)
        series, changes = self._series[indicator], self._changes[indicator]
        at = bisect_right(series, day, key=_date) - 1
        if at < 0 or series[at].date != day:
            return ()
        ends = next((change for change in changes if change > day), date.max)
        same = takewhile(lambda row: row.date < ends and row.basis == series[at].basis, series[at:])
        return list(same)
