"""The ledger of statements as a reader asks for it: of which indicator, with which verdict, since
when, and as of which moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import get_args

from dashboard.address import AddressError, as_of_in, day_of, known_id, one_of
from dashboard.data.queries import LedgerEntry, LedgerFilter
from etl.catalog import Catalog
from etl.claims.model import Kind, Placed, Verdict
from etl.records import BEIJING

VERDICTS: tuple[str, ...] = get_args(Verdict)
KINDS: tuple[str, ...] = get_args(Kind)
#: What may be asked for; the page and its display are asked for besides.
PARAMETERS = ("id", "verdict", "kind", "since", "until", "asof")


@dataclass(frozen=True, slots=True)
class LedgerChoice:
    """What an address asks of the ledger: which statements, and as of which moment it is told what
    became of them. `said` are its parameters."""

    asked: LedgerFilter
    as_of: datetime | None
    said: Mapping[str, str]

    def as_known(self, entry: LedgerEntry) -> LedgerEntry:
        """The entry without what came after the moment that is asked for."""
        return replace(entry, placed=known_then(entry.placed, self.as_of))


def known_then(placed: Placed, as_of: datetime | None) -> Placed:
    """A statement without a verdict that came after a moment."""
    later = placed.claim.later
    if as_of is None or later is None or later.known_at <= as_of:
        return placed
    return replace(placed, claim=placed.claim.model_copy(update={"later": None}), judged_by=None)


def chosen(query: Mapping[str, str], catalog: Catalog, now: datetime) -> LedgerChoice:
    """The choice that an address means; an error names the parameter that is wrong."""
    since, until = (_day(name, query) for name in ("since", "until"))
    if since and until and since > until:
        raise AddressError("since", f"since: {since} is after until, {until}.")
    as_of = as_of_in(query, now)
    last = until or date.max
    if as_of is not None:
        last = min(last, as_of.astimezone(BEIJING).date())
    asked = LedgerFilter(
        id=known_id(query["id"], catalog) if query.get("id") else "",
        verdict=one_of("verdict", query.get("verdict", ""), ("", *VERDICTS)),
        kind=one_of("kind", query.get("kind", ""), ("", *KINDS)),
        since=since or date.min,
        until=last,
    )
    return LedgerChoice(asked, as_of, {name: query.get(name, "") for name in PARAMETERS})


def _day(name: str, query: Mapping[str, str]) -> date | None:
    return day_of(name, query[name]) if query.get(name) else None
