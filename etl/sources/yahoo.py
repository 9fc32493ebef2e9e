"""Yahoo Finance through yfinance: unadjusted daily closes of finished sessions."""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from etl.catalog import Indicator
from etl.errors import SourceUnavailable, UnexpectedPayload
from etl.observation import Observation
from etl.sources.base import Params
from etl.upstream import Upstream, within

HOST = "query1.finance.yahoo.com"
#: Units of the catalog that only dollars fit.
IN_DOLLARS = frozenset({"usd", "usd_bbl", "usd_oz"})


@dataclass(frozen=True, slots=True)
class Yahoo:
    """Closing prices; yfinance keeps cookies, which stay below the data folder."""

    name: str = "yahoo"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        ticker = str(params["ticker"])
        if HOST in out.unreachable:
            raise SourceUnavailable(out.unreachable[HOST], host=HOST)
        try:
            # The library's own timeout does not bound its cookie calls: a wall clock does.
            answer = within(out.settings.timeout_s, lambda: _asked(ticker, since, out))
        except TimeoutError:
            sentence = f"{HOST} could not be reached (no answer in {out.settings.timeout_s:g} s)."
            out.give_up(HOST, sentence)
            raise SourceUnavailable(sentence, host=HOST) from None
        return json.dumps(answer).encode()

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        ticker = str(params["ticker"])
        try:
            answer = json.loads(payload)
            symbol, currency = answer["symbol"], answer["currency"]
            found = [
                Observation(date.fromisoformat(day), float(close), credit=f"Yahoo Finance {ticker}")
                for day, close in answer["closes"]
                if close is not None and math.isfinite(close)
            ]
        except (ValueError, KeyError, TypeError):
            raise UnexpectedPayload(f"Yahoo sent no closes of {ticker}.") from None
        if symbol != ticker:
            raise UnexpectedPayload(f"Yahoo sent {symbol} where {ticker} was asked for.")
        if indicator.unit in IN_DOLLARS and currency != "USD":
            raise UnexpectedPayload(f"Yahoo gives {ticker} in {currency}, not in USD.")
        if not found:
            raise UnexpectedPayload(f"Yahoo sent no row for {ticker}.")
        return found


def _asked(ticker: str, since: date, out: Upstream) -> dict[str, Any]:
    import yfinance
    from curl_cffi.requests.exceptions import HTTPError, RequestException

    _configure(yfinance, out)
    settings = out.settings
    session = out.sessions.get("yahoo") or _session(out)
    # Yahoo knows no day before 1927 and refuses to be asked for one.
    span = {"start": since.isoformat()} if since.year > 1927 else {"period": "max"}
    try:
        asked = yfinance.Ticker(ticker, session=session)
        frame = asked.history(
            **span, interval="1d", auto_adjust=False, actions=True, timeout=settings.timeout_s
        )
        about = asked.get_history_metadata()
    except Exception as error:  # the library lets errors of any kind escape
        reason = (str(error).splitlines() or [type(error).__name__])[0].split(". See ")[0][:160]
        sentence = f"{HOST} gave no data for {ticker} ({reason})."
        lost = isinstance(error, RequestException) and not isinstance(error, HTTPError)
        if lost or isinstance(error, yfinance.exceptions.YFRateLimitError):
            sentence = f"{HOST} could not be reached ({reason})."
            out.give_up(HOST, sentence)
        raise SourceUnavailable(sentence, host=HOST) from None
    closes = frame["Close"].items() if "Close" in frame else ()
    return {
        "symbol": about.get("symbol"),
        "currency": about.get("currency"),
        "closes": [
            (moment.date().isoformat(), None if math.isnan(close) else float(close))
            for moment, close in closes
        ],
    }


def _session(out: Upstream) -> Any:
    """The session of a run: Yahoo's crumb is worth nothing without the cookie it came with."""
    from curl_cffi import CurlOpt
    from curl_cffi.requests import Session

    settings = out.settings
    out.sessions["yahoo"] = Session(
        impersonate="chrome",
        proxy=settings.proxy,
        verify=str(settings.ca_bundle) if settings.ca_bundle else True,
        timeout=settings.timeout_s,
        # Every request goes through the proxy that was set, whatever NO_PROXY says.
        curl_options={CurlOpt.NOPROXY: ""} if settings.proxy else {},
    )
    return out.sessions["yahoo"]


def _configure(yfinance: Any, out: Upstream) -> None:
    """Keep the library's cache below the data folder, private: it holds cookies."""
    folder = out.settings.data / "state" / "yfinance"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    yfinance.set_tz_cache_location(str(folder))
    yfinance.config.debug.hide_exceptions = False
    warnings.filterwarnings("ignore", module=r"yfinance\.")
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what fails is said by us, once
