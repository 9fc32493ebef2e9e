"""Splits, whoever told them: what one source knows explains the steps that another one shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from etl.catalog import Catalog, Indicator
from etl.records import Action
from etl.storage.warehouse import Warehouse

#: The close and the count of a formula that does not name them.
_UNNAMED: Mapping[str, tuple[str, str]] = {
    "micron_market_cap": ("micron_close_usd", "micron_shares_outstanding")
}


def known_splits(catalog: Catalog, warehouse: Warehouse, indicator: Indicator) -> list[Action]:
    """The splits that explain a step of an indicator, as they act on a price: one of two for one
    halves it. A count of shares is doubled by the same: there it is told as one for two."""
    own = [a for a in warehouse.actions(indicator.id) if a.kind == "split"]
    of_company = [
        replace(split, value=1 / split.value)
        for close, shares in _companies(catalog)
        if shares == indicator.id
        for split in warehouse.actions(close)
        if split.kind == "split"
    ]
    return joined(own, of_company)


def joined(told: Sequence[Action], known: Sequence[Action]) -> list[Action]:
    """What an answer tells, and what was known before of other days."""
    days = {(action.date, action.kind) for action in told}
    return [*told, *(a for a in known if (a.date, a.kind) not in days)]


def is_count(catalog: Catalog, indicator: Indicator) -> bool:
    """Whether an indicator counts the shares of a company whose closes are held too."""
    return any(shares == indicator.id for _, shares in _companies(catalog))


def _companies(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Close and count of each company, as the formula of a market value names them."""
    for indicator in catalog.all():
        ref = indicator.ref("derived")
        if ref is None:
            continue
        if {"close", "shares"} <= ref.params.keys():
            yield str(ref.params["close"]), str(ref.params["shares"])
        elif ref.params["formula"] in _UNNAMED:
            yield _UNNAMED[str(ref.params["formula"])]
