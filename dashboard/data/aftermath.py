"""The values that came after those that bulletins speak of, looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from etl.calendars import MARKETS
from etl.claims.aftermath import Aftermath, aftermath, values_from
from etl.claims.dates import session_on_or_before
from etl.claims.model import JudgedBy
from etl.events import changes_of
from etl.records import BEIJING, Vintage


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
        return aftermath(self._from(indicator, basis.date), basis) if basis else None

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
        return values_from(self._series[indicator], day, self._changes[indicator])
