"""How fresh each indicator is, judged by the sessions of its own calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from etl.calendars import sessions_between
from etl.catalog import Catalog, Indicator
from etl.warehouse import Warehouse

_LOOK_BACK_DAYS = 800


@dataclass(frozen=True, slots=True)
class Freshness:
    """One row of `status`. `state` is fresh, stale, failing or empty; `missed` counts the sessions
    that should have been public by now and are not held."""

    id: str
    state: str
    newest: date | None
    missed: int | None
    calendar: str
    source: str
    known_at: datetime | None
    as_of: str
    problem: str

    def to_json(self) -> dict[str, Any]:
        row = asdict(self)
        row["newest"] = self.newest.isoformat() if self.newest else None
        row["known_at"] = self.known_at.isoformat() if self.known_at else None
        return row


def freshness(catalog: Catalog, warehouse: Warehouse, now: datetime) -> Iterator[Freshness]:
    """Each indicator's row, in the order of the catalog."""
    outcomes = warehouse.last_outcomes()
    served = warehouse.newest_served(now)
    for indicator in catalog.all():
        outcome = outcomes.get(indicator.id)
        problem = outcome.problem if outcome else ""
        newest = served.get(indicator.id)
        missed = sessions_missed(indicator, newest.date, now) if newest else None
        yield Freshness(
            id=indicator.id,
            state=_state(indicator, missed, problem),
            newest=newest.date if newest else None,
            missed=missed,
            calendar=indicator.calendar,
            source=newest.source if newest else "",
            known_at=newest.known_at if newest else None,
            as_of=as_of_words(indicator, newest.date) if newest else "尚无数据",
            problem=problem,
        )


def sessions_missed(indicator: Indicator, newest: date, now: datetime) -> int:
    """How many sessions after `newest` should have been public by `now`."""
    last = now.date()
    earliest = max(newest, last - timedelta(days=_LOOK_BACK_DAYS))
    while last > earliest and indicator.public_at(last) > now:
        last -= timedelta(days=1)
    return sessions_between(indicator.calendar, newest, last)


def as_of_words(indicator: Indicator, newest: date) -> str:
    """截至 05-26 收盘（美东）: until when the values run, as a reader says it."""
    if indicator.publication.rule == "close":
        return f"截至 {newest:%m-%d} 收盘（美东）"
    if indicator.frequency == "monthly":
        return f"截至 {newest:%Y} 年 {newest.month} 月"
    if indicator.frequency == "annual":
        return f"截至 {newest:%Y} 年"
    return f"截至 {newest:%Y-%m-%d}"


def _state(indicator: Indicator, missed: int | None, problem: str) -> str:
    if missed is None:
        return "empty"
    if missed > indicator.expect.stale_after:
        return "stale"
    return "failing" if problem else "fresh"
