"""Derived indicators: the numbers behind the formulas of etl.formulas."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from etl.catalog import Catalog, Indicator, Unit
from etl.formulas import EVERY_VINTAGE, WITH_SPLITS, in_percent, inputs_of
from etl.frequency import period_of
from etl.records import Action, Observation, Vintage, as_cited, cited_in

#: A served series: each vintage with the moment it became public.
Series = Sequence[tuple[Vintage, datetime]]

BILLION = 1e9


@dataclass(frozen=True, slots=True)
class Input:
    """What a formula gets of one indicator: its values in order of date, and its splits and
    dividends."""

    indicator: Indicator
    unit: Unit
    series: Series
    actions: Sequence[Action] = ()


class Held(Protocol):
    """What is asked of the warehouse."""

    def series(self, indicator: str) -> Series: ...
    def vintages(self, indicator: str) -> Series: ...
    def actions(self, indicator: str) -> Sequence[Action]: ...


@dataclass(frozen=True, slots=True)
class Filing:
    """A share count, the date on its cover page, and the day it was filed."""

    filed: date
    cover: date
    count: Vintage


def derive(catalog: Catalog, indicator: Indicator, held: Held) -> list[Observation]:
    """The values of a derived indicator from all that is held of its inputs. Each is public from
    the moment the last of its inputs was known."""
    ref = indicator.ref("derived")
    assert ref is not None
    formula = str(ref.params["formula"])
    every = {ref.params[key] for key in EVERY_VINTAGE.get(formula, ())}
    inputs = [
        Input(
            catalog[name],
            catalog.unit(catalog[name]),
            held.vintages(name) if name in every else held.series(name),
            held.actions(name),
        )
        for name in inputs_of(ref.params)
    ]
    if formula == "market_cap":
        close, shares = inputs
        return market_cap(close, shares, ref.params.get("shares_each", 1))
    if formula == "basket":
        return basket(inputs, date.fromisoformat(ref.params["base"]))
    return combined(formula, inputs, catalog.unit(indicator))


def combined(formula: str, inputs: Sequence[Input], unit: Unit) -> list[Observation]:
    """A sum, difference or ratio for each period in which every input has a value, dated as its
    first input; a ratio to zero is left out."""
    values = [_by_period(one) for one in inputs]
    credit = SIGNS[formula].join(one.indicator.id for one in inputs)
    is_percent = formula == "ratio" and in_percent(unit.code, [one.unit.code for one in inputs])
    found = []
    for period in sorted(set.intersection(*(set(one) for one in values))):
        parts = [one[period] for one in values]
        value = _worked_out(formula, [part.value for part in parts], is_percent)
        if value is not None:
            found.append(
                Observation(
                    date=parts[0].date,
                    value=value,
                    public_at=max(part.known_at for part in parts),
                    credit=as_cited(credit, max(cited_in(part.credit) for part in parts)),
                    basis="; ".join(dict.fromkeys(part.basis for part in parts if part.basis)),
                    disputed=any(part.status == "disputed" for part in parts),
                    is_cited=any(part.status == "cited" for part in parts),
                )
            )
    return found


def with_breaks(catalog: Catalog, authored: Catalog) -> Catalog:
    """The catalog in which a break of an input is a break of whatever is derived from it, so that
    no change is calculated across it there either. A split is no break of what takes it into
    account, like a market value."""
    known = dict(catalog.indicators)
    for one in catalog.inputs_first(i for i in catalog.all() if i.inputs):
        ref = one.ref("derived")
        of = authored.indicators if ref and ref.params["formula"] in WITH_SPLITS else known
        breaks = {b.date: b for name in one.inputs for b in of[name].breaks}
        breaks |= {b.date: b for b in one.breaks}
        in_order = tuple(breaks[day] for day in sorted(breaks))
        known[one.id] = one.model_copy(update={"breaks": in_order})
    return catalog.model_copy(update={"indicators": known})


#: How the credit of a value names its inputs.
SIGNS: Mapping[str, str] = {"sum": " + ", "difference": " − ", "ratio": " ÷ "}


def _by_period(one: Input) -> dict[date, Vintage]:
    frequency = one.indicator.frequency
    return {period_of(frequency, vintage.date): vintage for vintage, _ in one.series}


def _worked_out(formula: str, values: Sequence[float], is_percent: bool) -> float | None:
    """The number, rounded to the last decimal of its inputs: 4.48 − 2.35 is 2.13."""
    exact = [Decimal(repr(value)) for value in values]
    if formula == "ratio" and not exact[1]:
        return None
    if formula == "ratio":
        result = float(exact[0] * (100 if is_percent else 1) / exact[1])
    elif formula == "difference":
        result = float(exact[0] - exact[1])
    else:
        result = float(sum(exact))
    return result if math.isfinite(result) else None


def basket(prices: Sequence[Input], base: date) -> list[Observation]:
    """The mean of the prices, each relative to its own on the base day, times 100: what the same
    sum in each on that day has become. It has a value on days on which all were traded, from the
    base day on; without a price of that day for each there is none. Splits since then multiply."""
    values = [{vintage.date: vintage for vintage, _ in one.series} for one in prices]
    if any(not known.get(base) or known[base].value <= 0 for known in values):
        return []
    at_base = [known[base] for known in values]
    splits = [[a for a in one.actions if a.kind == "split" and a.date > base] for one in prices]
    credit = f"mean of {', '.join(one.indicator.id for one in prices)}, {base} = 100"
    found = []
    for day in sorted(set.intersection(*(set(known) for known in values))):
        if day < base:
            continue
        parts = [known[day] for known in values]
        relative = [
            part.value * math.prod(s.value for s in of if s.date <= day) / first.value
            for part, first, of in zip(parts, at_base, splits, strict=True)
        ]
        told = [*parts, *at_base]
        found.append(
            Observation(
                date=day,
                value=100 * math.fsum(relative) / len(relative),
                public_at=max(one.known_at for one in told),
                credit=as_cited(credit, max(cited_in(one.credit) for one in told)),
                disputed=any(one.status == "disputed" for one in told),
                is_cited=any(one.status == "cited" for one in told),
            )
        )
    return found


def market_cap(close: Input, shares: Input, shares_each: int = 1) -> list[Observation]:
    """Close times the newest share count filed by that day, in billions. The close may be that of a
    receipt for `shares_each` shares.

    A count applies from its filing date on, never before, whatever date its cover page states. Days
    before the first filing have no value. A split between the cover date and the close multiplies
    the count: the filing counts old shares, the close is that of a new one.
    """
    filings = _filings(shares)
    days_filed = [filing.filed for filing in filings]
    splits = [action for action in close.actions if action.kind == "split"]
    result: list[Observation] = []
    before: Filing | None = None
    for price, _ in close.series:
        known = filings[: bisect_right(days_filed, price.date)]
        if known:
            newest = max(known, key=lambda filing: (filing.cover, filing.filed))
            result.append(_product(price, close.unit, newest, before, splits, shares_each))
            before = newest
    return result


def _filings(shares: Input) -> list[Filing]:
    """Each filing once; a count corrected since replaces the original."""
    zone = ZoneInfo(shares.indicator.publication.zone)
    found = [Filing(public.astimezone(zone).date(), v.date, v) for v, public in shares.series]
    newest: dict[tuple[date, date], Filing] = {}
    for filing in found:
        first = newest.setdefault((filing.filed, filing.cover), filing)
        if first.count.source == filing.count.source:
            newest[filing.filed, filing.cover] = filing
    return [newest[key] for key in sorted(newest)]


def _product(
    close: Vintage,
    currency: Unit,
    filing: Filing,
    before: Filing | None,
    splits: Sequence[Action],
    shares_each: int,
) -> Observation:
    between = [s for s in splits if filing.cover < s.date <= close.date]
    shares = filing.count.value * math.prod(s.value for s in between)
    return Observation(
        date=close.date,
        value=close.value * shares / shares_each / BILLION,
        public_at=max(close.known_at, filing.count.known_at),
        credit=as_cited(
            " ".join(_factors(close, currency, filing, between, shares_each)),
            max(cited_in(close.credit), cited_in(filing.count.credit)),
        ),
        disputed="disputed" in (close.status, filing.count.status),
        is_cited="cited" in (close.status, filing.count.status),
        note=_change(before, filing),
    )


def _factors(
    close: Vintage,
    currency: Unit,
    filing: Filing,
    splits: Sequence[Action],
    shares_each: int,
) -> Iterator[str]:
    counted = f"{filing.count.value:.0f} shares filed {filing.filed}"
    yield f"close {close.value!r} {currency.code} × {counted}"
    for split in splits:
        yield f"× {split.value:g} (split of {split.date})"
    if shares_each != 1:
        yield f"÷ {shares_each} shares of a receipt"


def _change(before: Filing | None, now: Filing) -> str:
    """The note on the first day with a different count."""
    if before is None or before.count.value == now.count.value:
        return ""
    return (
        f"起用新股数：{before.count.value:,.0f} → {now.count.value:,.0f}"
        f"（封面日期 {now.cover}，{now.filed} 提交）"
    )
