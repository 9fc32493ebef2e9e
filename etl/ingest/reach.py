"""Which sources are preferred, and which are asked last and briefly: by where this site stands, or
by what has answered of late. docs/decisions/0030 says why the two are kept apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from etl.catalog import Catalog, SourceRef
from etl.settings import Region
from etl.sources.base import Source
from etl.storage.warehouse import Warehouse

#: How long an exchange with a host may take that is not expected to answer.
BRIEF_S = 3.0
#: In so many runs in a row a source must have failed for everything to be taken for unlikely.
LAST_RUNS = 3

Sources = Mapping[str, Source]


def unlikely(region: Region, known: Sources, warehouse: Warehouse) -> frozenset[str]:
    """The online sources that are not expected to answer here."""
    if region == "auto":
        return warehouse.silent(LAST_RUNS) & {name for name, one in known.items() if one.online}
    return _abroad(region, known)


def asked_last(refs: Iterable[SourceRef], unlikely: frozenset[str]) -> list[SourceRef]:
    """The sources in the order in which they are asked."""
    return sorted(refs, key=lambda ref: ref.name in unlikely)


def ranks(catalog: Catalog, region: Region, known: Sources) -> Iterator[tuple[str, str, int]]:
    """The order of preference of every indicator: that of the catalog, in which the online sources
    that do not answer in a region change places with those that do. It follows the setting alone,
    never the weather of the network."""
    abroad = _abroad(region, known)
    for indicator in catalog.all():
        online = {ref.name for ref in indicator.sources if ref.name in known} & {
            name for name, one in known.items() if one.online
        }
        there = iter(asked_last((r for r in indicator.sources if r.name in online), abroad))
        for rank, ref in enumerate(indicator.sources):
            yield indicator.id, next(there).name if ref.name in online else ref.name, rank


def _abroad(region: Region, known: Sources) -> frozenset[str]:
    """The online sources that do not answer in a region."""
    if region != "cn":
        return frozenset()
    return frozenset(n for n, one in known.items() if one.online and not one.answers_in_china)
