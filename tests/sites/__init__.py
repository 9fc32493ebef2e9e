"""Further upstreams of the loopback internet, one module each: its hosts, what it holds, what it
answers. A test adds them to `Internet.sites`."""

__all__ = ["EastmoneySite", "SecSite", "closes_of", "filings_of"]
from sites.eastmoney import EastmoneySite, closes_of
from sites.sec import SecSite, filings_of
from sites.cboe import CboeSite
from sites.nasdaq import NasdaqSite
from sites.treasury import TreasurySite

__all__ = ["CboeSite", "NasdaqSite", "TreasurySite"]
