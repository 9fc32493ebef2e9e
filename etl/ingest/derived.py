"""Indicators made of others."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from etl.calendars import NEW_YORK
from etl.records import Action, Observation, Vintage

#: A served series: each vintage with the moment it was public.
Series = Sequence[tuple[Vintage, datetime]]

BILLION = 1e9


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a formula is given: the series of its indicators, and their splits and dividends."""

    series: Mapping[str, Series]
    actions: Mapping[str, Sequence[Action]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filing:
    """A share count, the day its cover page speaks of, and the day it was filed."""

    filed: date
    cover: date
    count: Vintage


Formula = Callable[[Inputs], list[Observation]]


def market_cap(inputs: Inputs) -> list[Observation]:
    """Close times the newest share count that had been filed by that day, in billions.

    A count enters from its filing date on, never before, whatever date its cover page states.
    Days before the first filing have no value. A split between the cover date and the close
    multiplies the count: the filing counts the old shares, the close is that of a new one.
    """
    filings = _filings(inputs.series["micron_shares_outstanding"])
    days_filed = [filing.filed for filing in filings]
    splits = [a for a in inputs.actions.get("micron_close_usd", ()) if a.kind == "split"]
    result: list[Observation] = []
    before: Filing | None = None
    for close, _ in inputs.series["micron_close_usd"]:
        known = filings[: bisect_right(days_filed, close.date)]
        if known:
            newest = max(known, key=lambda filing: (filing.cover, filing.filed))
            result.append(_product(close, newest, before, splits))
            before = newest
    return result


def _filings(series: Series) -> list[Filing]:
    """Each filing once; a count that was corrected since replaces the first one."""
    found = [Filing(public.astimezone(NEW_YORK).date(), v.date, v) for v, public in series]
    newest: dict[tuple[date, date], Filing] = {}
    for filing in found:
        first = newest.setdefault((filing.filed, filing.cover), filing)
        if first.count.source == filing.count.source:
            newest[filing.filed, filing.cover] = filing
    return [newest[key] for key in sorted(newest)]


def _product(
    close: Vintage, filing: Filing, before: Filing | None, splits: Sequence[Action]
) -> Observation:
    between = [s for s in splits if filing.cover < s.date <= close.date]
    shares = filing.count.value * math.prod(s.value for s in between)
    return Observation(
        date=close.date,
        value=close.value * shares / BILLION,
        public_at=max(close.known_at, filing.count.known_at),
        credit=" ".join(_factors(close, filing, between)),
        disputed="disputed" in (close.status, filing.count.status),
        note=_change(before, filing),
    )


def _factors(close: Vintage, filing: Filing, splits: Sequence[Action]) -> Iterator[str]:
    yield f"close {close.value!r} USD × {filing.count.value:.0f} shares filed {filing.filed}"
    for split in splits:
        yield f"× {split.value:g} (split of {split.date})"


def _change(before: Filing | None, now: Filing) -> str:
    """The note on the first day of another count."""
    if before is None or before.count.value == now.count.value:
        return ""
    return (
        f"起用新股数：{before.count.value:,.0f} → {now.count.value:,.0f}"
        f"（封面日期 {now.cover}，{now.filed} 提交）"
    )


#: Series whose every vintage counts, not only the newest of each date: a cover date that was filed
#: twice was known from its first filing on.
EVERY_VINTAGE = frozenset({"micron_shares_outstanding"})

#: The formulas by name, and the indicators that each is made of.
FORMULAS: Mapping[str, tuple[tuple[str, ...], Formula]] = {
    "micron_market_cap": (("micron_close_usd", "micron_shares_outstanding"), market_cap),
}
