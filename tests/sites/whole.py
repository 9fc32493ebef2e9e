"""Everything that the sources of a catalog have, over a few sessions."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from datetime import date

from upstreams import Internet, Listed, Price

from etl.catalog import Catalog, Indicator
from sites.cboe import CboeSite
from sites.cfets import CfetsSite
from sites.csindex import indices_of
from sites.eastmoney import EastmoneySite, closes_of
from sites.eia import EiaSite
from sites.nasdaq import NasdaqSite
from sites.nea import notices_of
from sites.sec import filings_of
from sites.sge import SgeSite
from sites.sina import SinaSite
from sites.stats_gov_cn import bureau_of
from sites.treasury import TreasurySite

#: Where the series of Yahoo and FRED stand, unless 4 per cent or 100 of something will do.
LEVELS: Mapping[str, float] = {
    "MU": 900.0, "NVDA": 200.0, "000660.KS": 500000.0, "005930.KS": 90000.0, "^IXIC": 26000.0,
    "NASDAQCOM": 26000.0, "^NDX": 29000.0, "NASDAQ100": 29000.0, "^SOX": 11000.0,
    "^GSPC": 7600.0, "SP500": 7600.0, "^DJI": 48000.0, "DJIA": 48000.0, "^VIX": 17.0,
    "VIXCLS": 17.0, "DTWEXBGS": 120.0, "BZ=F": 95.0, "CL=F": 88.0, "GC=F": 4500.0, "CNY=X": 6.8,
    "DCOILBRENTEU": 95.0, "DCOILWTICO": 88.0, "DHHNGSP": 2.9, "DGS10": 4.5, "T10YIE": 2.3,
}  # fmt: skip


def fill(internet: Internet, catalog: Catalog, days: Sequence[date]) -> None:
    """Values of every series of the catalog on the days; what FRED has ends in a thousandth, so
    that its values tell whose they are."""
    for indicator in catalog.all():
        for ref in indicator.sources:
            if ref.name == "yahoo":
                name = str(ref.params["ticker"])
                internet.prices[name] = rising(level(indicator, name), days)
            elif ref.name == "fred":
                name = str(ref.params["series"])
                internet.fred[name] = rising(level(indicator, name) + 0.001, days)
    # A rate that holds, then changes: the day of the change is all that is kept.
    internet.fred["DFEDTARU"] = [(day, 3.75 if day < days[3] else 3.5) for day in days]
    internet.shares = [
        (date(2026, 6, 17), 1129393151, "10-Q", date(2026, 6, 25)),
        (date(2026, 10, 1), 1131000000, "10-K", date(2026, 10, 9)),
    ]
    internet.commodities["Gold"] = [(date(2026, month, 1), 4400.0 + month) for month in range(1, 9)]
    internet.documents = [
        Listed(
            "71", "国务院关于数据要素市场的意见", days[0], "zhengcelibrary_gw", "国发〔2026〕19号"
        ),
        Listed("20", "国家数据局关于可信数据空间的指引", days[1], "zcfb"),
        Listed("21", "国家数据局招聘公告", days[2], "tzgg"),
    ]  # fmt: skip
    internet.sites = [
        CboeSite(days), NasdaqSite(days), TreasurySite(days), EiaSite(), SinaSite(), SgeSite(),
        CfetsSite(rates={"1Y": [(days[-1], 3.0)], "5Y": [(days[-1], 3.5)]}),
        bureau_of(catalog, days[-1]), notices_of(days[-1]), filings_of(catalog, days[-1]),
        indices_of(catalog, days), eastmoney(internet, catalog, days),
    ]  # fmt: skip


def eastmoney(internet: Internet, catalog: Catalog, days: Sequence[date]) -> EastmoneySite:
    """Its closes: those of Yahoo where both have them, and Chinese indices of its own."""
    own = {
        str(ref.params["secid"]): rising(3000.0, days)
        for indicator in catalog.all()
        if (ref := indicator.ref("eastmoney")) and indicator.ref("yahoo") is None
    }
    return EastmoneySite(ChainMap(own, closes_of(catalog, internet.prices).closes))


def rising(start: float, days: Sequence[date]) -> list[Price]:
    return [(day, round(start + 0.01 * n, 4)) for n, day in enumerate(days)]


def level(indicator: Indicator, name: str) -> float:
    return LEVELS.get(name, 4.0 if indicator.unit == "percent" else 100.0)
