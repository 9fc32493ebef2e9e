"""When markets and offices work: sessions, closes, and the day a period becomes public."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

CalendarName = Literal["XNYS", "24/5", "month", "quarter", "year", "event"]
CALENDARS: tuple[str, ...] = get_args(CalendarName)
NEW_YORK = ZoneInfo("America/New_York")

# Exchange calendars know the past exactly only as far back as they are built.
_FIRST_SESSION = "1990-01-02"


@lru_cache
def _exchange(name: str) -> Any:
    import exchange_calendars

    return exchange_calendars.get_calendar(name, start=_FIRST_SESSION)


def session_close(calendar: str, day: date) -> datetime:
    """When trading ended on `day`, half days included; 16:00 in New York if it was no session."""
    if calendar == "XNYS" and _covers(calendar, day) and _exchange(calendar).is_session(str(day)):
        moment: datetime = _exchange(calendar).session_close(str(day)).to_pydatetime()
        return moment.astimezone(UTC)
    return datetime.combine(day, time(16), NEW_YORK).astimezone(UTC)


def session_after(calendar: str, day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    current = day
    for _ in range(count):
        current += timedelta(days=1)
        while not is_session(calendar, current):
            current += timedelta(days=1)
    return current


@lru_cache(maxsize=100_000)  # thousands of indicators ask for the same days
def is_session(calendar: str, day: date) -> bool:
    """Whether a value may be expected for `day`."""
    if calendar == "XNYS" and _covers(calendar, day):
        return bool(_exchange(calendar).is_session(str(day)))
    if calendar in ("XNYS", "24/5"):
        return day.weekday() < 5
    if calendar == "month":
        return day.day == 1
    if calendar == "quarter":
        return day.day == 1 and day.month % 3 == 1
    if calendar == "year":
        return (day.month, day.day) == (1, 1)
    return False  # an event comes when it comes


def sessions_between(calendar: str, after: date, until: date) -> int:
    """How many sessions lie in (after, until]."""
    days = (until - after).days
    return sum(is_session(calendar, after + timedelta(days=k + 1)) for k in range(days))


def period_end(calendar: str, day: date) -> date:
    """The last day of the period that `day` stands for."""
    if calendar == "year":
        return date(day.year, 12, 31)
    months = {"month": 1, "quarter": 3}.get(calendar)
    if months is None:
        return day
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1) - timedelta(days=1)


def _covers(calendar: str, day: date) -> bool:
    exchange = _exchange(calendar)
    return bool(exchange.first_session.date() <= day <= exchange.last_session.date())
