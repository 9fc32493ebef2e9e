"""The peer: the same series, asked for one after the other and thrown away."""

from __future__ import annotations

import os
import ssl
import tempfile

import httpx
import yfinance
from curl_cffi.requests import Session

from etl.catalog import load_catalog
from etl.settings import load_settings


def main() -> None:
    proxy, bundle = os.environ["XINZHI_PROXY"], os.environ["XINZHI_CA_BUNDLE"]
    yfinance.set_tz_cache_location(tempfile.mkdtemp())
    session = Session(impersonate="chrome", proxy=proxy, verify=bundle)
    trust = ssl.create_default_context(cafile=bundle)
    with httpx.Client(proxy=proxy, verify=trust, trust_env=False) as client:
        for indicator in load_catalog(load_settings().catalog).all():
            for ref in indicator.sources:
                if ref.name == "yahoo":
                    ticker = yfinance.Ticker(str(ref.params["ticker"]), session=session)
                    ticker.history(period="max", auto_adjust=False)
                elif ref.name == "fred":
                    host = "https://fred.stlouisfed.org/graph/fredgraph.csv"
                    client.get(host, params={"id": str(ref.params["series"])}).raise_for_status()


if __name__ == "__main__":
    main()
