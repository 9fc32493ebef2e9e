"""When markets and offices work: sessions, closes, and the day a period becomes public."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from etl.records import BEIJING

CalendarName = Literal["XNYS", "24/5", "month", "quarter", "year", "event"]
CALENDARS: tuple[str, ...] = get_args(CalendarName)
NEW_YORK = ZoneInfo("America/New_York")

# Exchange calendars know the past exactly only as far back as they are built.
_FIRST_SESSION = "1990-01-02"


@lru_cache
def _closes(name: str) -> Mapping[date, datetime]:
    """Each session with its close: asked day by day, the library's tables take milliseconds."""
    import exchange_calendars

    exchange = exchange_calendars.get_calendar(name, start=_FIRST_SESSION)
    return {
        session.date(): close.to_pydatetime().astimezone(UTC)
        for session, close in exchange.closes.items()
    }


def session_close(calendar: str, day: date) -> datetime:
    """When trading ended on `day`, half days included; 16:00 in New York if it was no session."""
    if calendar == "XNYS" and day in _closes(calendar):
        return _closes(calendar)[day]
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
    if calendar in ("XNYS", "24/5") and day.weekday() >= 5:
        return False  # without the exchange's table, which takes a second to make
    if calendar == "XNYS" and _covers(calendar, day):
        return day in _closes(calendar)
    if calendar in ("XNYS", "24/5"):
        return True
    if calendar == "month":
        return day.day == 1
    if calendar == "quarter":
        return day.day == 1 and day.month % 3 == 1
    if calendar == "year":
        return (day.month, day.day) == (1, 1)
    return False  # an event comes when it comes


def sessions(calendar: str, first: date, last: date) -> list[date]:
    """The days from `first` to `last` for which a value may be expected."""
    days = (last - first).days + 1
    return [d for d in (first + timedelta(days=k) for k in range(days)) if is_session(calendar, d)]


def has_session(calendar: str, first: date, last: date) -> bool:
    """Whether a value may be expected for any day from `first` to `last`."""
    days = (first + timedelta(days=k) for k in range((last - first).days + 1))
    return any(is_session(calendar, day) for day in days)


@lru_cache(maxsize=20_000)
def sessions_between(calendar: str, after: date, until: date) -> int:
    """How many sessions lie in (after, until]."""
    return len(sessions(calendar, after + timedelta(days=1), until))


def period_end(calendar: str, day: date) -> date:
    """The last day of the period that `day` stands for."""
    if calendar == "year":
        return date(day.year, 12, 31)
    months = {"month": 1, "quarter": 3}.get(calendar)
    if months is None:
        return day
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1) - timedelta(days=1)


def end_of(day: date) -> datetime:
    """The last second of a day in Beijing: what `@DATE` means."""
    return datetime.combine(day, time(23, 59, 59), BEIJING).astimezone(UTC)


def end_of_month(day: date) -> datetime:
    """The last second in Beijing of the month that `day` lies in."""
    return end_of(period_end("month", day.replace(day=1)))


def listed_at(day: str) -> datetime:
    """When a document of that date is held to be public: nine in the morning in Beijing of a day;
    the end of a month of which no more is known."""
    if len(day) == len("2026-05-19"):
        return datetime.combine(date.fromisoformat(day), time(9), BEIJING).astimezone(UTC)
    return end_of_month(date.fromisoformat(f"{day}-01"))


def _covers(calendar: str, day: date) -> bool:
    first, last = _span(calendar)
    return first <= day <= last


@lru_cache
def _span(calendar: str) -> tuple[date, date]:
    return min(_closes(calendar)), max(_closes(calendar))
