"""Where observations come from: one upstream per module, and one line each to register it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from etl.catalog import Unit
from etl.records import Document
from etl.settings import Settings
from etl.sources.base import Source
from etl.sources.cboe import Cboe
from etl.sources.cfets import Cfets
from etl.sources.csindex import Csindex
from etl.sources.eastmoney import Eastmoney
from etl.sources.eia import Eia
from etl.sources.figures import Figures
from etl.sources.fred import Fred
from etl.sources.manual import Manual
from etl.sources.nasdaq import Nasdaq
from etl.sources.nea import Nea
from etl.sources.register import Register
from etl.sources.sec import Sec
from etl.sources.sge import Sge
from etl.sources.sina import Sina
from etl.sources.stats_gov_cn import StatsGovCn
from etl.sources.table import TableSource
from etl.sources.treasury import Treasury
from etl.sources.world_bank import WorldBank
from etl.sources.yahoo import Yahoo

#: For who asks for names, or for sources that read no table.
NO_UNITS: Mapping[str, Unit] = MappingProxyType({})


def sources(
    settings: Settings, documents: Sequence[Document], units: Mapping[str, Unit] = NO_UNITS
) -> Mapping[str, Source]:
    """Every source by its name in the catalog, whose `units` tables are read in. `derived` has no
    upstream: see etl.ingest.derived."""
    known: tuple[Source, ...] = (
        Yahoo(),
        Fred(has_key=bool(settings.fred_api_key)),
        Sec(),
        Eastmoney(),
        WorldBank(),
        Cboe(),
        Nasdaq(),
        Treasury(),
        Eia(has_key=bool(settings.eia_api_key)),
        Sina(),
        Sge(),
        Cfets(),
        Csindex(),
        StatsGovCn(),
        Nea(),
        Figures(settings.figures),
        Register(tuple(documents)),
        Manual(settings.manual, units),
        TableSource(settings.data, units),
    )
    return {source.name: source for source in known}
