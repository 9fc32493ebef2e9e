"""How fresh a value is, by the sessions of its own calendar, for `etl status` and for the site."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from etl.calendars import sessions_between
from etl.catalog import Indicator, Publication

_LOOK_BACK_DAYS = 800


def sessions_missed(indicator: Indicator, newest: date, now: datetime) -> int:
    """How many sessions after `newest` should have been public by `now`."""
    return _missed(indicator.publication, indicator.calendar, newest, now)


@lru_cache(maxsize=1024)  # thousands of indicators share a few rules and dates
def _missed(rule: Publication, calendar: str, newest: date, now: datetime) -> int:
    last = now.date()
    earliest = max(newest, last - timedelta(days=_LOOK_BACK_DAYS))
    while last > earliest and rule.moment(last, calendar) > now:
        last -= timedelta(days=1)
    return sessions_between(calendar, newest, last)


def as_of_words(indicator: Indicator, newest: date) -> str:
    """截至 05-26 收盘（美东）: until when the values run, as a reader says it."""
    if indicator.is_new_york_close:
        return f"截至 {newest:%m-%d} 收盘（美东）"
    if indicator.frequency == "monthly":
        return f"截至 {newest:%Y} 年 {newest.month} 月"
    if indicator.frequency == "annual":
        return f"截至 {newest:%Y} 年"
    return f"截至 {newest:%Y-%m-%d}"


def state_of(indicator: Indicator, missed: int | None, problem: str) -> str:
    """fresh, stale, failing or empty."""
    if missed is None:
        return "empty"
    if missed > indicator.expect.stale_after:
        return "stale"
    return "failing" if problem else "fresh"
