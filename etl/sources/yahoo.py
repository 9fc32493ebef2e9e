"""Yahoo Finance through yfinance: daily closes as they were traded, splits and dividends apart.

A bar is stamped with the start of its session, but the last one mostly with the moment of its price
(`meta.regularMarketTime`): that is the price of now. In the evening and on Sundays it belongs to
the next session of a future, and is gone from later answers.
"""

from __future__ import annotations

import logging
import math
import struct
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from etl.calendars import MARKETS, is_close, is_shut, session_of
from etl.catalog import Indicator
from etl.errors import SourceError, SourceUnavailable, UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Action, Observation
from etl.sources.base import Params, Source, in_order, json_of, number

HOST = "query2.finance.yahoo.com"
#: The currency in which Yahoo must give the series of a unit.
CURRENCY_OF: Mapping[str, str] = {
    "usd": "USD", "usd_bbl": "USD", "usd_oz": "USD", "points": "USD", "cny_per_usd": "CNY",
    "krw": "KRW",
}  # fmt: skip
#: What Yahoo calls bars of days; for long spans it may send longer ones, unasked.
DAILY = "1d"
#: The markets of what is not traded at the stock exchange.
CALENDAR_OF_KIND: Mapping[str, str] = {"FUTURE": "CMES", "CURRENCY": "24/5"}
#: When the bars of days begin: futures and currencies at midnight, shares and indices at the bell.
STARTS = (time(0), time(9, 30))
#: Yahoo computes in numbers of seven digits: a close that was divided by a split and is multiplied
#: back comes out this exactly.
SINGLE_PRECISION = 2e-7
#: No share was ever split by more, and what claims it is no split.
MOST_FOR_ONE = 1000.0


@dataclass(frozen=True, slots=True)
class Yahoo(Source):
    """Closing prices. Yahoo divides old closes by later splits; here they are multiplied back, so
    that a split changes no close of the past."""

    name: str = "yahoo"
    online: bool = True

    @property
    def precision(self) -> float:
        return SINGLE_PRECISION

    @property
    def answers_in_china(self) -> bool:
        return False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        ticker = str(params["ticker"])
        if HOST in out.unreachable:
            raise SourceUnavailable(out.unreachable[HOST], host=HOST)
        return _asked(ticker, since, out)

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        ticker = str(params["ticker"])
        chart = _chart(payload, ticker)
        _check_currency(chart, ticker, CURRENCY_OF.get(indicator.unit))
        splits = [a for a in _actions(chart, ticker) if a.kind == "split"]
        factors = _factors(splits)
        found = [
            Observation(day, _traded(close, factors(day)), credit=f"Yahoo Finance {ticker}")
            for day, close in _closes(chart, ticker, _calendar(chart, indicator))
        ]
        if all(close is None for close in chart["indicators"]["quote"][0]["close"]):
            raise UnexpectedPayload(f"Yahoo sent no row for {ticker}.")
        return found

    def actions(self, payload: bytes, params: Params) -> Sequence[Action]:
        ticker = str(params["ticker"])
        return _actions(_chart(payload, ticker), ticker)

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        return since


def _asked(ticker: str, since: date, out: Upstream) -> bytes:
    """The answer that yfinance has read and found good, byte for byte."""
    import yfinance

    _configure(yfinance, out)
    session = out.sessions.get("yahoo") or _session(out)
    # Yahoo knows no day before 1927 and refuses to be asked for one.
    span = {"start": since.isoformat()} if since.year > 1927 else {"period": "max"}
    try:
        yfinance.Ticker(ticker, session=session).history(
            **span, interval="1d", auto_adjust=False, actions=True
        )
    except SourceError:
        raise
    except Exception as error:  # the library lets errors of any kind escape
        said = (str(error).splitlines() or [type(error).__name__])[0].split(". See ")[0]
        reason = quoted(out.settings.without_secrets(said))
        sentence = f"{HOST} gave no data for {ticker} ({reason})."
        raise SourceUnavailable(sentence, host=HOST) from None
    chart: bytes = session.chart
    return chart


def _session(out: Upstream) -> Any:
    """The session of a run: Yahoo's crumb is worth nothing without the cookie it came with."""
    from yfinance.data import YfData

    from etl.sources.yahoo_session import PoliteSession

    out.sessions["yahoo"] = PoliteSession(out)
    # The library is one object for the whole process: what it holds belongs to another session.
    library = YfData(session=out.sessions["yahoo"])
    library._cookie = library._crumb = None
    YfData.cache_get.cache_clear()
    return out.sessions["yahoo"]


def _configure(yfinance: Any, out: Upstream) -> None:
    """Keep the library's cache below the data folder, private: it holds cookies."""
    folder = out.settings.data / "state" / "yfinance"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    yfinance.set_tz_cache_location(str(folder))
    yfinance.config.debug.hide_exceptions = False
    warnings.filterwarnings("ignore", module=r"yfinance\.")
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what fails is said by us, once


def _chart(payload: bytes, ticker: str) -> Any:
    """The chart of `ticker` in the answer; UnexpectedPayload for anything else."""
    try:
        (chart,) = json_of(payload)["chart"]["result"]
        symbol = chart["meta"].get("symbol", ticker)  # what was asked for stands in the address
        chart["indicators"]["quote"][0].get("close")
        ZoneInfo(chart["meta"]["exchangeTimezoneName"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError):
        raise UnexpectedPayload(f"Yahoo sent no closes of {ticker}.") from None
    if symbol != ticker:
        raise UnexpectedPayload(f"Yahoo sent {quoted(symbol)} where {ticker} was asked for.")
    _check_granularity(chart, ticker)
    return chart


def _calendar(chart: Any, indicator: Indicator) -> str:
    """Whose hours the prices keep: Yahoo says itself what is a future and what a currency."""
    return CALENDAR_OF_KIND.get(str(chart["meta"].get("instrumentType")), indicator.calendar)


def _check_currency(chart: Any, ticker: str, expected: str | None) -> None:
    currency = chart["meta"].get("currency")
    # An index has no currency of its own; Yahoo may leave it out.
    if expected is not None and currency not in (expected, None):
        raise UnexpectedPayload(f"Yahoo gives {ticker} in {quoted(currency)}, not in {expected}.")


def _check_granularity(chart: Any, ticker: str) -> None:
    granularity = chart["meta"].get("dataGranularity") or DAILY
    if granularity != DAILY:
        raise UnexpectedPayload(
            f"Yahoo sent bars of {quoted(granularity)} for {ticker}; a bar of each day was asked "
            "for."
        )


def _closes(chart: Any, ticker: str, calendar: str) -> Iterator[tuple[date, float]]:
    """Each day with its close; nothing on days when the market is shut.

    A bar that is stamped with the moment of its price is the price of now. It is a close only if
    its session had nothing more to come, and gives way to the settled bar of its day.
    """
    moments = chart.get("timestamp") or []
    closes = chart["indicators"]["quote"][0].get("close")
    if not isinstance(closes, list) or len(closes) != len(moments):
        raise UnexpectedPayload(f"Yahoo sent no closes of {ticker}.")
    settled: dict[date, float] = {}
    of_now: dict[date, float] = {}
    previous: date | None = None
    for stamp, close in zip(moments, closes, strict=True):
        local = _local(stamp, chart, ticker)
        if _is_live(local, stamp, chart, ticker):
            if close is not None and calendar in MARKETS and is_close(calendar, local):
                day = session_of(calendar, local)
                of_now[day] = number(close, f"Yahoo's {ticker}, {day}")
            continue
        day = _day(local)
        in_order(previous, day, f"Yahoo's {ticker}")
        previous = day
        if close is not None and not is_shut(calendar, day):
            settled[day] = number(close, f"Yahoo's {ticker}, {day}")
    if settled and _is_of_next_session(*max(settled.items()), chart, calendar):
        del settled[max(settled)]
    yield from sorted((of_now | settled).items())


def _is_live(local: datetime, stamp: Any, chart: Any, ticker: str) -> bool:
    """Whether a bar is stamped with the moment of its price, not with the start of its session:
    sessions begin on a quarter of an hour, and at the same hour each day."""
    if local.minute % 15 or local.second or local.microsecond:
        return True
    meta = chart["meta"]
    starts = {*STARTS}
    with suppress(KeyError, TypeError):
        usual = meta["currentTradingPeriod"]["regular"]["start"]
        starts.add(_local(usual, chart, ticker).time())
    return bool(stamp == meta.get("regularMarketTime")) and local.time() not in starts


def _is_of_next_session(day: date, close: float, chart: Any, calendar: str) -> bool:
    """Whether the bar of a day, though stamped with its start, holds the price of now, which is
    that of the session after it: futures trade on in the evening."""
    meta = chart["meta"]
    moment = meta.get("regularMarketTime")
    if calendar not in MARKETS or not isinstance(moment, int):
        return False
    local = _local(moment, chart, "price of now")
    is_later = local.date() == day and session_of(calendar, local) > day
    return is_later and close == meta.get("regularMarketPrice")


def _local(stamp: Any, chart: Any, ticker: str) -> datetime:
    """A moment in the time of the exchange."""
    seconds = number(stamp, f"Yahoo's {ticker}, a time")
    try:
        return datetime.fromtimestamp(seconds, ZoneInfo(chart["meta"]["exchangeTimezoneName"]))
    except (OverflowError, ValueError, OSError):
        raise UnexpectedPayload(f"Yahoo's {ticker}: {seconds:g} is no time.") from None


def _day(local: datetime) -> date:
    """The day of a bar. Around a change of clocks Yahoo dates some bars an hour or two before their
    midnight."""
    early = local.minute == 0 and local.hour >= 22
    return local.date() + timedelta(days=1) if early else local.date()


def _actions(chart: Any, ticker: str) -> list[Action]:
    """Splits and dividends in the order of dates."""
    events = chart.get("events") or {}
    try:
        dividends = [
            Action(_day(_local(e["date"], chart, ticker)), "dividend", number(e["amount"], ticker))
            for e in (events.get("dividends") or {}).values()
        ]
        splits = [
            Action(_day(_local(e["date"], chart, ticker)), "split", _ratio(e, ticker))
            for e in (events.get("splits") or {}).values()
        ]
    except (KeyError, TypeError, AttributeError):
        raise UnexpectedPayload(
            f"Yahoo's {ticker} has splits or dividends of no known form."
        ) from None
    return sorted((*dividends, *splits), key=lambda action: (action.date, action.kind))


def _ratio(event: Any, ticker: str) -> float:
    """New shares for one old."""
    new = number(event["numerator"], f"Yahoo's {ticker}, a split")
    old = number(event["denominator"], f"Yahoo's {ticker}, a split")
    if new > 0 and old > 0 and 1 / MOST_FOR_ONE <= new / old <= MOST_FOR_ONE:
        return new / old
    raise UnexpectedPayload(f"Yahoo's {ticker}: {new:g} for {old:g} is no split.")


def _traded(close: float, factor: float) -> float:
    """The close as it was traded, in the digits that were quoted.

    Yahoo computes in single precision: the 895.88 of the exchange comes as 895.8800048828125, and
    what was divided by a split as less exact than that.
    """
    if _single(close) != close:
        return close if factor == 1 else float(f"{close * factor:.12g}")
    traded = _single(close * factor)
    shorter = (float(f"{traded:.{digits}g}") for digits in range(1, 10))
    return next((x for x in shorter if _single(x) == traded), traded)


def _single(value: float) -> float:
    """The nearest number of single precision."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.inf


def _factors(splits: Sequence[Action]) -> Callable[[date], float]:
    """For a day, how many later shares one share of that day became."""
    days = [split.date for split in splits]
    after = [math.prod(s.value for s in splits[n:]) for n in range(len(splits) + 1)]
    return lambda day: after[bisect_right(days, day)]
