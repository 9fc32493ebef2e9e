"""Further upstreams of the loopback internet, one module each: its hosts, what it holds, what it
answers. A test adds them to `Internet.sites`."""

from sites.cboe import CboeSite
from sites.eastmoney import EastmoneySite, closes_of
from sites.nasdaq import NasdaqSite
from sites.sec import SecSite, filings_of
from sites.tables import TableSite
from sites.treasury import TreasurySite

__all__ = [
    "CboeSite",
    "EastmoneySite",
    "NasdaqSite",
    "SecSite",
    "TableSite",
    "TreasurySite",
    "closes_of",
    "filings_of",
]
