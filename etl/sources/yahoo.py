"""Yahoo Finance through yfinance: unadjusted daily closes of finished sessions."""

from __future__ import annotations

import json
import logging
import math
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
            rows = within(out.settings.timeout_s, lambda: _closes(ticker, since, out))
        except TimeoutError:
            sentence = f"{HOST} could not be reached (no answer in {out.settings.timeout_s:g} s)."
            out.give_up(HOST, sentence)
            raise SourceUnavailable(sentence, host=HOST) from None
        return json.dumps({"ticker": ticker, "closes": rows}).encode()

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        try:
            answer = json.loads(payload)
            found = [
                Observation(
                    date.fromisoformat(day),
                    float(close),
                    credit=f"Yahoo Finance {params['ticker']}",
                )
                for day, close in answer["closes"]
                if close is not None and math.isfinite(close)
            ]
        except (ValueError, KeyError, TypeError):
            raise UnexpectedPayload(f"Yahoo sent no closes of {params['ticker']}.") from None
        if not found:
            raise UnexpectedPayload(f"Yahoo sent no row for {params['ticker']}.")
        return found


def _closes(ticker: str, since: date, out: Upstream) -> list[tuple[str, float | None]]:
    import yfinance
    from curl_cffi.requests import RequestsError, Session

    _configure(yfinance, out)
    settings = out.settings
    session = Session(
        impersonate="chrome",
        proxy=settings.proxy,
        verify=str(settings.ca_bundle) if settings.ca_bundle else True,
        timeout=settings.timeout_s,
    )
    try:
        # Yahoo knows no day before 1927 and refuses to be asked for one.
        span = {"start": since.isoformat()} if since.year > 1927 else {"period": "max"}
        frame = yfinance.Ticker(ticker, session=session).history(
            **span,
            interval="1d",
            auto_adjust=False,
            actions=True,
            timeout=settings.timeout_s,
        )
    except Exception as error:  # the library lets errors of any kind escape
        reason = (str(error).splitlines() or [type(error).__name__])[0].split(". See ")[0][:160]
        sentence = f"{HOST} gave no data for {ticker} ({reason})."
        if isinstance(error, RequestsError | yfinance.exceptions.YFRateLimitError):
            sentence = f"{HOST} could not be reached ({reason})."
            out.give_up(HOST, sentence)
        raise SourceUnavailable(sentence, host=HOST) from None
    return [
        (moment.date().isoformat(), None if math.isnan(close) else float(close))
        for moment, close in frame["Close"].items()
    ]


def _configure(yfinance: Any, out: Upstream) -> None:
    """Keep the library's cache below the data folder, private: it holds cookies."""
    folder = out.settings.data / "state" / "yfinance"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    yfinance.set_tz_cache_location(str(folder))
    yfinance.config.debug.hide_exceptions = False
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what fails is said by us, once
