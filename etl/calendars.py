"""Trading and office calendars: sessions, closes, when a price is final, and when a period becomes
public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from etl import frequency
from etl.records import BEIJING

CalendarName = Literal[
    "XNYS", "XCBF", "CMES", "IFEU", "FED", "24/5", "XSHG", "CFETS", "SGE", "XKRX",
    "month", "quarter", "year", "event",
]  # fmt: skip
CALENDARS: tuple[str, ...] = get_args(CalendarName)
#: Calendars of whole periods, and the frequency that has these.
_FREQUENCIES: Mapping[str, frequency.Frequency] = {
    "month": "monthly", "quarter": "quarterly", "year": "annual",
}  # fmt: skip
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Market:
    """The trading hours of a market, in its own time zone.

    The session of a day ends at `close` (midnight if that is 00:00). A price at or after `opens`
    belongs to the next session; None if no session starts on the evening before. The last trade of
    a session may be up to `quiet` before its end.
    """

    zone: ZoneInfo
    close: time
    opens: time | None = None
    quiet: timedelta = timedelta(0)


#: The markets that have a value for every working day.
MARKETS: Mapping[str, Market] = {
    # Shares and indices of New York.
    "XNYS": Market(NEW_YORK, time(16)),
    # Indices of Cboe.
    "XCBF": Market(NEW_YORK, time(16, 15)),
    # Futures of CME, NYMEX and COMEX: from the evening before to the late afternoon.
    "CMES": Market(NEW_YORK, time(17), opens=time(18), quiet=timedelta(minutes=15)),
    # Oil futures of ICE in London, whose hours are kept in New York. No holiday is certain.
    "IFEU": Market(NEW_YORK, time(18), opens=time(20), quiet=timedelta(minutes=15)),
    # Working days of the Federal Reserve, whose H.15 release publishes Treasury yields.
    "FED": Market(NEW_YORK, time(16)),
    # Monday to Friday by London days, as currencies are dated. No holiday is certain.
    "24/5": Market(LONDON, time(0), quiet=timedelta(minutes=15)),
    # Shares and indices of Shanghai and Shenzhen.
    "XSHG": Market(BEIJING, time(15)),
    # The central parity of the yuan, announced each morning the market opens.
    "CFETS": Market(BEIJING, time(9, 15)),
    # The Shanghai Gold Exchange: from the evening before to the afternoon.
    "SGE": Market(BEIJING, time(15, 30), opens=time(20)),
    # Shares and indices of Seoul.
    "XKRX": Market(SEOUL, time(15, 30)),
}
#: Markets that keep the days of an exchange whose sessions are known.
_SESSIONS_OF: Mapping[str, str] = {"XCBF": "XNYS", "CFETS": "XSHG", "SGE": "XSHG"}
#: Markets whose sessions are known, holidays included.
_LISTED = frozenset({"XNYS", "XCBF", "CMES", "XSHG", "CFETS", "SGE", "XKRX"})
#: Volatility indices are calculated for this long after the stock exchange closes.
_LONGER = timedelta(minutes=15)
#: No session ends so many days after its day, holidays in between included.
_LONGEST = 20
#: Currencies do not trade from Friday afternoon in New York on.
_END_OF_WEEK = time(17)

# Exchange calendars know the past exactly only as far back as they are built.
_FIRST_SESSION = "1990-01-02"
_FIRST: Mapping[str, str] = {"XSHG": "1990-12-19"}
#: Until 29 September 1952 New York traded on Saturdays too.
_NO_SATURDAY_SINCE = date(1952, 10, 1)


@lru_cache
def _closes(name: str) -> Mapping[date, datetime]:
    """Each session with its close. The library's tables take milliseconds per day asked, so it is
    asked once."""
    if name == "XCBF":  # keeps the days of the stock exchange, half days included
        return {day: close + _LONGER for day, close in _closes("XNYS").items()}
    if name in _SESSIONS_OF:
        return {day: _at_close(name, day) for day in _closes(_SESSIONS_OF[name])}
    return {
        session.date(): close.to_pydatetime().astimezone(UTC)
        for session, close in _exchange(name).closes.items()
    }


@lru_cache
def _settled(name: str) -> frozenset[date]:
    """The days on which futures settle. Trading on a public holiday is short and belongs to the
    next day's session; on a day of mourning futures settle as usual."""
    holidays = _exchange("XNYS").regular_holidays.holidays(_FIRST_SESSION, max(_closes(name)))
    return frozenset(_closes(name)) - {day.date() for day in holidays}


def _exchange(name: str) -> Any:
    import exchange_calendars

    # The library knows days of mourning as holidays of CME; its older table of the market does not.
    known_as = {"CMES": "us_futures"}.get(name, name)
    return exchange_calendars.get_calendar(known_as, start=_FIRST.get(name, _FIRST_SESSION))


@lru_cache(maxsize=200)
def _fed_holidays(year: int) -> frozenset[date]:
    """The holidays of the Federal Reserve. One that falls on a Saturday is not moved."""
    fixed = [(1, 1), (7, 4), (11, 11), (12, 25), *([(6, 19)] if year >= 2021 else [])]
    monday = 0
    moving = [
        *([_nth(year, 1, monday, 3)] if year >= 1986 else []),
        _nth(year, 2, monday, 3),
        _nth(year, 6, monday, 1) - timedelta(days=7),  # the last Monday of May
        _nth(year, 9, monday, 1),
        _nth(year, 10, monday, 2),
        _nth(year, 11, 3, 4),
    ]
    days = [date(year, month, day) for month, day in fixed]
    return frozenset([*moving, *(d + timedelta(days=d.weekday() == 6) for d in days)])


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The `count`-th given weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def session_close(calendar: str, day: date) -> datetime:
    """When the price of `day` is final, half-days included. Futures that trade on a day without
    settlement settle in the next session. For other days when a market is shut it is the usual
    closing time; without a market, 16:00 in New York."""
    if calendar in ("XNYS", "XCBF") and day in _closes(calendar):
        return _closes(calendar)[day]
    if calendar == "CMES":
        day = _session_from(calendar, day)
    if calendar == "24/5" and day.weekday() == 4:
        return datetime.combine(day, _END_OF_WEEK, NEW_YORK).astimezone(UTC)
    if calendar == "XKRX" and _may_be_exam(day):
        return _at_close(calendar, day) + timedelta(hours=1)
    return _at_close(calendar, day)


def _may_be_exam(day: date) -> bool:
    """Whether `day` may be that of the college entrance exam, on which Seoul trades an hour later:
    a Thursday in the middle of November, named anew each year."""
    return day.month == 11 and 10 <= day.day <= 23 and day.weekday() == 3


def _at_close(calendar: str, day: date) -> datetime:
    """The usual end of a session."""
    market = MARKETS.get(calendar, MARKETS["XNYS"])
    ends = day + timedelta(days=market.close == time(0))
    return datetime.combine(ends, market.close, market.zone).astimezone(UTC)


def session_of(calendar: str, moment: datetime) -> date:
    """The day of the session that a price at `moment` belongs to, in one of the `MARKETS`."""
    market = MARKETS[calendar]
    local = moment.astimezone(market.zone)
    if market.opens is None:
        return local.date()
    is_evening = local.time() >= market.opens
    return _session_from(calendar, local.date() + timedelta(days=is_evening))


def is_close(calendar: str, moment: datetime) -> bool:
    """Whether a price at `moment` is the last of its session."""
    day = session_of(calendar, moment)
    last = session_close(calendar, day) - MARKETS[calendar].quiet
    return not is_shut(calendar, day) and moment >= last


def is_over(calendar: str, day: date, moment: datetime) -> bool:
    """Whether the session of `day` had ended by `moment`, so that its price is final."""
    return (moment.date() - day).days > _LONGEST or session_close(calendar, day) <= moment


def is_shut(calendar: str, day: date) -> bool:
    """Whether a market is certainly shut on `day`, so that no price can be dated then."""
    if calendar not in MARKETS:
        return False
    if calendar == "XNYS" and day.weekday() == 5 and day < _NO_SATURDAY_SINCE:
        return False
    if calendar == "CMES" and _covers(calendar, day):
        return day not in _closes(calendar)
    if calendar == "FED":  # Treasuries may be traded though its offices are closed
        return day.weekday() >= 5
    return not is_session(calendar, day)


@lru_cache(maxsize=20_000)
def why_shut(calendar: str, day: date) -> str:
    """Why a market can have no price for `day`; '' unless it is certainly shut."""
    if not is_shut(calendar, day):
        return ""
    named = f"a {day:%A}" if day.weekday() >= 5 else "a holiday"
    return f"is {named}, when the market ({calendar}) is shut; no value was expected"


def why_running(calendar: str, day: date, moment: datetime) -> str:
    """Why a price for `day` reported at `moment` is not final; '' if it is."""
    if calendar in MARKETS and not is_over(calendar, day, moment):
        ends = session_close(calendar, day)
        return f"has no close before its session ends, {ends:%Y-%m-%d %H:%M} UTC"
    return ""


def session_after(calendar: str, day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    current = day
    for _ in range(count):
        current = _session_from(calendar, current + timedelta(days=1))
    return current


def _session_from(calendar: str, day: date) -> date:
    """The first working day on or after `day`."""
    while not is_session(calendar, day):
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=100_000)  # thousands of indicators ask for the same days
def is_session(calendar: str, day: date) -> bool:
    """Whether a value may be expected for `day`."""
    if calendar in MARKETS and day.weekday() >= 5:
        return False  # without the exchange's table, which takes a second to make
    if calendar == "FED":
        return day not in _fed_holidays(day.year)
    if calendar in _LISTED and _covers(calendar, day):
        return day in (_settled(calendar) if calendar == "CMES" else _closes(calendar))
    if calendar in MARKETS:
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
    """The last day of the period that contains `day`."""
    return frequency.period_end(_FREQUENCIES.get(calendar, "daily"), day)


def end_of(day: date) -> datetime:
    """The last moment of a day in Beijing, which is what `@DATE` means everywhere."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    midnight = datetime.combine(day + timedelta(days=1), time(), BEIJING)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def end_of_month(day: date) -> datetime:
    """The last moment in Beijing of the month that contains `day`."""
    return end_of(period_end("month", day.replace(day=1)))


def listed_at(day: str) -> datetime:
    """When a document with that date counts as public: 09:00 in Beijing on that day, or the end of
    the month if only the month is known."""
    if len(day) == len("2026-05-19"):
        return datetime.combine(date.fromisoformat(day), time(9), BEIJING).astimezone(UTC)
    return end_of_month(date.fromisoformat(f"{day}-01"))


def _covers(calendar: str, day: date) -> bool:
    first, last = _span(calendar)
    return first <= day <= last


@lru_cache
def _span(calendar: str) -> tuple[date, date]:
    return min(_closes(calendar)), max(_closes(calendar))
