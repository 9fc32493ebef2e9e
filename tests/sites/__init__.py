"""Further upstreams of the loopback internet, one module each: its hosts, what it holds, what it
answers. A test adds them to `Internet.sites`."""

from sites.cboe import CboeSite
from sites.cfets import CfetsSite
from sites.csindex import CsindexSite, indices_of
from sites.eastmoney import EastmoneySite, closes_of
from sites.eia import EiaSite
from sites.nasdaq import NasdaqSite
from sites.nea import NeaSite, notices_of
from sites.sec import SecSite, filings_of
from sites.sge import SgeSite
from sites.sina import SinaSite
from sites.stats_gov_cn import StatsGovCnSite, bureau_of
from sites.tables import TableSite
from sites.treasury import TreasurySite

__all__ = [
    "CboeSite",
    "CfetsSite",
    "CsindexSite",
    "EastmoneySite",
    "EiaSite",
    "NasdaqSite",
    "NeaSite",
    "SecSite",
    "SgeSite",
    "SinaSite",
    "StatsGovCnSite",
    "TableSite",
    "TreasurySite",
    "bureau_of",
    "closes_of",
    "filings_of",
    "indices_of",
    "notices_of",
]
