"""Which other indicators a reader of one may want: what it is made of and what is made of it, what
stands beside it, the same company, and its neighbours in the chain and in its group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from etl.catalog import Catalog, Indicator

#: So many are named, and of neighbours, which are loosely related, so many of a kind.
MOST, MOST_NEIGHBOURS = 8, 3


@dataclass(frozen=True, slots=True)
class RelatedIndicator:
    """Another indicator, and why it is named: `inputs`, `uses`, `beside`, `company`, `link` or
    `group`."""

    indicator: Indicator
    why: str


def related(snapshot: Snapshot, name: str) -> list[RelatedIndicator]:
    """Those that have values, the most closely related first, each named once."""
    return snapshot.cached("related", name, lambda: _related(snapshot, name))


def _related(snapshot: Snapshot, name: str) -> list[RelatedIndicator]:
    catalog, held = snapshot.catalog, queries.standings(snapshot)
    found: dict[str, str] = {}
    for why, names in _ways(catalog, catalog[name]):
        most = MOST_NEIGHBOURS if why in ("link", "group") else MOST
        new = [n for n in dict.fromkeys(names) if n in held and n != name and n not in found]
        found |= dict.fromkeys(new[:most], why)
    return [RelatedIndicator(catalog[n], why) for n, why in found.items()][:MOST]


def _ways(catalog: Catalog, one: Indicator) -> Iterator[tuple[str, Iterable[str]]]:
    everyone = list(catalog.all())
    yield "inputs", one.inputs
    yield "uses", (other.id for other in everyone if one.id in other.inputs)
    beside = (other.id for other in everyone if one.id in other.shown_with)
    yield "beside", (*one.shown_with, *beside)
    own = _companies(catalog, one)
    yield "company", (other.id for other in everyone if own & _companies(catalog, other))
    for link in catalog.links.values():
        if one.id in link.indicators:
            yield "link", _nearest(link.indicators, one.id)
    of_group = [o.id for o in everyone if o.group == one.group and o.frequency == one.frequency]
    yield "group", _nearest(of_group, one.id)


def _companies(catalog: Catalog, one: Indicator) -> frozenset[str]:
    """The companies that it speaks of, by the numbers that the SEC and the exchanges know them by:
    its own, those of its inputs, and those whose filings are told of it."""
    told = frozenset().union(*(_numbers(catalog[name]) for name in one.events_of))
    return _numbers(one).union(told, *(_companies(catalog, catalog[n]) for n in one.inputs))


def _numbers(one: Indicator) -> frozenset[str]:
    return frozenset(
        str(ref.params[key])
        for ref in one.sources
        for key in ("cik", "ticker")
        if key in ref.params
    )


def _nearest(names: Iterable[str], name: str) -> list[str]:
    """The others, those that stand nearest in the order of the catalog first."""
    listed = list(names)
    at = listed.index(name)
    return sorted(listed, key=lambda other: abs(listed.index(other) - at))
