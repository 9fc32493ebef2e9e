"""How up to date a value is, by the sessions of its own calendar; for `etl status` and the site."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from etl.calendars import sessions_between
from etl.catalog import Indicator, Publication
from etl.records import BEIJING

_LOOK_BACK_DAYS = 800
#: What changes only at events must be checked at least every month.
LOOK_DAYS = 31


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
    """截至 05-26 收盘（美东）: until when values are available, in readers' words."""
    if indicator.is_new_york_close:
        return f"截至 {newest:%m-%d} 收盘（美东）"
    if indicator.frequency == "monthly":
        return f"截至 {newest:%Y} 年 {newest.month} 月"
    if indicator.frequency == "annual":
        return f"截至 {newest:%Y} 年"
    return f"截至 {newest:%Y-%m-%d}"


def is_behind(indicator: Indicator, newest: date, now: datetime) -> bool:
    """Whether more was missed than the catalog allows: sessions, or, for what changes only at
    events, months in which nobody checked."""
    patience = indicator.expect.stale_after
    if indicator.calendar != "event":
        return sessions_missed(indicator, newest, now) > patience
    if indicator.checked is None:
        return True
    unseen = (now.astimezone(BEIJING).date() - indicator.checked).days
    return unseen > LOOK_DAYS * max(1, patience)


def state_of(indicator: Indicator, newest: date | None, problem: str, now: datetime) -> str:
    """fresh, stale, failing or empty."""
    if newest is None:
        return "empty"
    if is_behind(indicator, newest, now):
        return "stale"
    return "failing" if problem else "fresh"


def checked_words(checked: date | None, now: datetime, lang: str) -> str:
    """核对至 5 月 27 日: until when somebody checked; with the year if it is not this one."""
    if checked is None:
        return "未核对" if lang == "zh" else "never checked"
    is_this_year = checked.year == now.astimezone(BEIJING).year
    if lang == "zh":
        year = "" if is_this_year else f"{checked.year} 年 "
        return f"核对至 {year}{checked.month} 月 {checked.day} 日"
    return f"checked until {checked.day} {checked:%b}{'' if is_this_year else f' {checked.year}'}"
