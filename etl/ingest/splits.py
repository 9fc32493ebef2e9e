"""Splits, whichever source reported them: what one source knows explains the steps of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from etl.catalog import Catalog, Indicator
from etl.records import Action
from etl.storage.warehouse import Warehouse


def known_splits(catalog: Catalog, warehouse: Warehouse, indicator: Indicator) -> list[Action]:
    """The splits that explain steps of an indicator, as they act on a price: two for one halves it.
    The same split doubles a share count, for which it is given as one for two."""
    closes = [close for close, shares in catalog.companies if shares == indicator.id]
    if not closes and not indicator.may_split:
        return []
    own = [a for a in warehouse.actions(indicator.id) if a.kind == "split"]
    of_company = [
        replace(split, value=1 / split.value)
        for close in closes
        for split in warehouse.actions(close)
        if split.kind == "split"
    ]
    return joined(own, of_company)


def keep_authored(catalog: Catalog, warehouse: Warehouse, *, load: int, known_at: datetime) -> None:
    """Keep the splits that the catalog tells."""
    for indicator in catalog.all():
        found = [Action(s.date, "split", s.ratio) for s in indicator.splits if s.ratio != 1]
        if found:
            warehouse.keep_actions(indicator.id, "catalog", found, load=load, known_at=known_at)


def as_authored(indicator: Indicator, told: Sequence[Action]) -> list[Action]:
    """What a source tells, without splits of days of which the catalog tells."""
    days = {split.date for split in indicator.splits}
    return [a for a in told if a.kind != "split" or a.date not in days]


def joined(told: Sequence[Action], known: Sequence[Action]) -> list[Action]:
    """The splits of an answer, with those known before for other days."""
    days = {(action.date, action.kind) for action in told}
    return [*told, *(a for a in known if (a.date, a.kind) not in days)]
