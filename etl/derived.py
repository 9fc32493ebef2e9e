"""Indicators made of others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from etl.calendars import NEW_YORK
from etl.observation import Observation, Vintage

#: A served series: each vintage with the moment it was public.
Series = Sequence[tuple[Vintage, datetime]]
Formula = Callable[[Mapping[str, Series]], list[Observation]]

BILLION = 1e9


def market_cap(inputs: Mapping[str, Series]) -> list[Observation]:
    """Close times the newest share count that had been filed by that day, in billions.

    A count enters from its filing date on, never before, whatever date its cover page states.
    Days before the first filing have no value.
    """
    filings = sorted(
        (
            (public_at.astimezone(NEW_YORK).date(), count.date, count)
            for count, public_at in inputs["micron_shares_outstanding"]
        ),
        key=lambda filing: filing[:2],
    )
    days_filed = [filed for filed, _, _ in filings]
    result: list[Observation] = []
    for close, _ in inputs["micron_close_usd"]:
        known = filings[: bisect_right(days_filed, close.date)]
        if known:
            filed, _, shares = max(known, key=lambda filing: (filing[1], filing[0]))
            result.append(_product(close, shares, filed))
    return result


def _product(close: Vintage, shares: Vintage, filed: date) -> Observation:
    return Observation(
        date=close.date,
        value=close.value * shares.value / BILLION,
        public_at=max(close.known_at, shares.known_at),
        credit=f"close {close.value!r} USD × {shares.value:.0f} shares filed {filed}",
        disputed="disputed" in (close.status, shares.status),
    )


#: Series whose every vintage counts, not only the newest of each date: a cover date that was filed
#: twice was known from its first filing on.
EVERY_VINTAGE = frozenset({"micron_shares_outstanding"})

#: The formulas by name, and the indicators that each is made of.
FORMULAS: Mapping[str, tuple[tuple[str, ...], Formula]] = {
    "micron_market_cap": (("micron_close_usd", "micron_shares_outstanding"), market_cap),
}
