"""What a value is compared with: the one before, a year before, a day that is named, a window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from etl.claims.dates import session_on_or_before
from etl.claims.judging.case import Case, Unknown, period_named
from etl.claims.judging.sessions import on_session
from etl.claims.statement import Base, SaidWindow
from etl.frequency import base_index, index_at, is_step, months_after

#: How old a change may be of which a text speaks without a date.
_RECENT = 7
#: A longer window of sessions is not counted back.
_MOST_SESSIONS = 400
_SESSIONS = frozenset({"个交易日", "交易日"})
_DAYS = frozenset({"日", "天"})
_MONTHS: Mapping[int, int] = {365: 12, 91: 3, 30: 1}
_DAY = timedelta(days=1)


def base_of(case: Case, at: int) -> int:
    """The place of the value that a change or direction is reckoned from."""
    _must_be_told_then(case, at)
    base = _base(case, at)
    if base >= at:
        raise Unknown(f"{case.own_period(at)} 就是所比的那一期")
    if case.history.start_of(at) > base:
        raise Unknown("两个日期之间口径有变，不跨断点计算")
    return base


def origin_of(case: Case, at: int) -> int:
    """The place of the value that a move began from, whatever its definition."""
    return _base(case, at)


def _must_be_told_then(case: Case, at: int) -> None:
    """A value that stands only on days of change tells of a move on that day alone."""
    if case.indicator.frequency != "event" or case.is_count:
        return
    if case.way() == "flat":
        raise Unknown("所存数据只有变动之日的值，看不出不变")
    first = case.period.first if case.period else case.day - timedelta(days=_RECENT)
    if case.date_of(at) < first:
        raise Unknown(f"最近一次变动在 {case.date_of(at)}，不是文中所说的时候")


def _base(case: Case, at: int) -> int:
    base, window = case.statement.base, case.statement.window
    if window is not None:
        return _of_window(case, window, case.date_of(at))
    if base is not None and base.kind == "when":
        return _of_time(case, base)
    if base is not None and base.kind in ("year", "period"):
        return _months_ago(case, at, 12 if base.kind == "year" else 1)
    if case.indicator.frequency == "event" and case.period and case.period.span != "day":
        return _up_to(case, case.period.first - _DAY)  # 去年累计降息 100 个基点
    if case.is_lively and case.period is not None and case.period.span != "day":
        return _session_up_to(case, case.period.first - _DAY)
    return previous(case, at)


def previous(case: Case, at: int) -> int:
    """The place of the value just before: that of the session, month or year before."""
    if at == 0:
        raise Unknown("没有前一个值可比")
    before, day = case.date_of(at - 1), case.date_of(at)
    if case.is_lively:
        wanted = session_on_or_before(case.indicator.calendar, day - _DAY)
        if before != wanted:
            raise Unknown(f"没有前一期 {wanted} 的值可比，最近的是 {before}")
    elif not is_step(case.indicator.frequency, before, day):
        raise Unknown(
            f"{case.own_period(at)} 的前一期没有值可比，最近的是 {case.own_period(at - 1)}"
        )
    return at - 1


def _months_ago(case: Case, at: int, months: int) -> int:
    """The place of the value so many months before that of a place."""
    day, frequency = case.date_of(at), case.indicator.frequency
    found = base_index(frequency, case.history.days, day, months)
    if found is None:
        raise Unknown(f"没有 {months_after(day, -months)} 前后的值可比")
    return found


def _of_time(case: Case, base: Base) -> int:
    assert base.when is not None
    period = period_named(base.when, case.day)
    if not case.is_lively:
        at = case.history.within(period.first, period.last)
        if at is None:
            raise Unknown(f"没有 {period} 的值可比")
        return at
    if period.first <= case.day <= period.last and period.span != "day":
        return _session_up_to(case, period.first - _DAY)  # 较年初, 较本周
    return _session_up_to(case, period.last)


def _of_window(case: Case, window: SaidWindow, day: date) -> int:
    if window.since is not None:
        period = period_named(window.since, case.day)
        first = period.first if period.span == "day" else period.first - _DAY
        if window.since.is_end:
            first = period.last
        elif window.since.is_eve:
            first = period.first - _DAY
        return _session_up_to(case, first) if case.is_lively else _up_to(case, first)
    if window.unit in _SESSIONS or (window.unit in _DAYS and case.is_lively):
        target = day
        for _ in range(min(window.amount, _MOST_SESSIONS)):
            target = session_on_or_before(case.indicator.calendar, target - _DAY)
        return _session_up_to(case, target)
    return _near(case, _back(case, window, day))


def window_day(case: Case, at: int) -> date | None:
    """The day from which a record or a first is one, as in 近三年新高; None of all time."""
    window, day = case.statement.window, case.date_of(at)
    if window is None:
        return None
    if window.since is not None:
        period = period_named(window.since, case.day)
        # What a text names is when it was last beyond: 2021 年以来最高 is judged from 2022 on.
        return period.last + _DAY if period.last < day else period.first
    if window.unit in _SESSIONS:
        return day - timedelta(days=window.amount * 7 // 5)
    return _back(case, window, day)


def _back(case: Case, window: SaidWindow, day: date) -> date:
    days = case.grammar.spans[window.unit]
    months = _MONTHS.get(days)
    try:
        if months:
            return months_after(day, -months * window.amount)
        return day - timedelta(days=days * window.amount)
    except (ValueError, OverflowError):
        raise Unknown("文中的时段过长，无法核对") from None


def _near(case: Case, target: date) -> int:
    at = index_at(case.indicator.frequency, case.history.days, target)
    if at is None:
        raise Unknown(f"没有 {target} 前后的值可比")
    return at


def _session_up_to(case: Case, day: date) -> int:
    return on_session(case, session_on_or_before(case.indicator.calendar, day))


def _up_to(case: Case, day: date) -> int:
    at = case.history.until(day)
    if at is None:
        raise Unknown(f"没有 {day} 及以前的值可比")
    return at
