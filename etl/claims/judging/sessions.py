"""Which value a statement speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from etl.calendars import is_session
from etl.claims.dates import last_session, session_on_or_before
from etl.claims.judging.case import Case, NotYetHeld, Unknown
from etl.frequency import RULES

_SPANS: Mapping[str, str] = {"monthly": "月", "quarterly": "季", "annual": "年"}
#: How many months a time that a text names lasts; days and weeks are no months.
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def value_meant(case: Case) -> int:
    """The place of the value that the statement speaks of."""
    return _of_days(case) if case.is_lively else _of_longer(case)


def _of_days(case: Case) -> int:
    period, calendar = case.period, case.indicator.calendar
    last = last_session(calendar, case.moment)
    if period is None:
        return on_session(case, last)
    if period.span == "day":
        return on_session(case, _session_of(case, period.first, last))
    if period.first > last:
        raise Unknown(f"{period} 尚未开始，没有数据")
    return on_session(case, session_on_or_before(calendar, min(period.last, last)))


def _session_of(case: Case, day: date, last: date) -> date:
    assert case.statement.when is not None
    when, calendar = case.statement.when, case.indicator.calendar
    if when.is_dawn and case.indicator.is_new_york_close:
        return session_on_or_before(calendar, min(day - timedelta(days=1), last))
    is_beijing = case.indicator.is_new_york_close and not when.is_local
    if when.kind == "full" and day == case.day > last and is_beijing:
        return last  # today's date in Beijing: New York has none of that day yet
    if when.kind == "day":
        return session_on_or_before(case.indicator.calendar, min(day, last))
    if not is_session(case.indicator.calendar, day):
        raise Unknown(f"{day} 不是交易日")
    return day


def _of_longer(case: Case) -> int:
    """The same for values of months, years and events."""
    period, frequency = case.period, case.indicator.frequency
    if period is None:
        return len(case.history) - 1
    if frequency == "event":
        ahead = case.indicator.statements.announced_days if period.span == "day" else 0
        at = case.history.until(min(period.last, case.day))
        effective = case.history.on(period.last + timedelta(days=ahead))
        at = at if effective is None else effective
        if at is None:
            raise Unknown(f"没有 {period} 及以前的值")
        return at
    months = RULES[frequency].months
    if months is not None and _MONTHS.get(period.span, 0) < months:
        raise Unknown(f"“{case.indicator.title.zh}”只有{_SPANS[frequency]}度数据")
    at = case.history.within(period.first, period.last)
    if at is None:
        raise NotYetHeld(f"截至 {case.day}，没有 {period} 的值")
    return at


def on_session(case: Case, session: date) -> int:
    """The place of a session's value, and none in its place."""
    at = case.history.on(session)
    if at is None:
        raise NotYetHeld(_not_known(case, session))
    return at


def _not_known(case: Case, session: date) -> str:
    newest = case.history.until(session)
    nearest = f"，此前最近的是 {case.date_of(newest)}" if newest is not None else ""
    is_to_come = case.indicator.public_at(session) > case.moment
    lag = "按公布规则，当时这个值还没有公布" if is_to_come else "所存数据里没有这一天"
    return f"截至 {case.day}，没有 {session} 的值{nearest}；{lag}"


def first_from(case: Case, day: date) -> int:
    """The place of the first value from a day on."""
    before = case.history.until(day - timedelta(days=1))
    return 0 if before is None else before + 1


def first_meant(case: Case, at: int) -> int:
    """The first place of which the statement may speak: 4 月创新高 may be any day of April."""
    period = case.period
    if period is None or not case.is_lively or period.span == "day":
        return at
    return max(first_from(case, period.first), case.history.start_of(at))
