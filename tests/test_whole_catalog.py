"""The whole catalog on the loopback internet: every source answers, and each indicator has a value;
from Beijing too, where half of them do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from conftest import settings_of
from sites import (
    CboeSite,
    CfetsSite,
    EiaSite,
    NasdaqSite,
    SgeSite,
    SinaSite,
    TreasurySite,
    bureau_of,
    closes_of,
    filings_of,
    indices_of,
    notices_of,
)
from upstreams import Internet, Listed, Price, fresh_yfinance

from etl.catalog import Catalog, Indicator
from etl.ingest.run import Report, Request, run

pytestmark = pytest.mark.slow

CONTACT = "editor@example.org"
DAYS = [date(2026, 10, day) for day in (12, 13, 14, 15, 16, 19, 20)]
#: The day on which the basket of memory chips is 100.
BASE = date(2025, 2, 24)
#: What each series is about, where another source of the same indicator has its own level.
LEVELS = {
    "^IXIC": 26000.0, "NASDAQCOM": 26000.0, "^NDX": 29000.0, "NASDAQ100": 29000.0, "^SOX": 11000.0,
    "^GSPC": 7600.0, "SP500": 7600.0, "^DJI": 48000.0, "DJIA": 48000.0, "^VIX": 17.0,
    "VIXCLS": 17.0, "BZ=F": 95.0, "CL=F": 88.0, "GC=F": 4500.0, "CNY=X": 6.8, "MU": 900.0,
    "NVDA": 200.0, "DCOILBRENTEU": 95.0, "DCOILWTICO": 88.0, "DHHNGSP": 2.9, "DTWEXBGS": 120.0,
    "000660.KS": 500000.0, "005930.KS": 90000.0,
}  # fmt: skip


def rising(level: float) -> list[Price]:
    return [(day, round(level * (1 + 0.001 * n), 4)) for n, day in enumerate(DAYS)]


def level(indicator: Indicator, name: str) -> float:
    return LEVELS.get(name, 4.0 if indicator.unit == "percent" else 100.0)


@pytest.fixture
def internet(tmp_path: Path, catalog: Catalog) -> Iterator[Internet]:
    with Internet(tmp_path) as found:
        for indicator in catalog.all():
            for ref in indicator.sources:
                if ref.name == "yahoo":
                    name = str(ref.params["ticker"])
                    found.prices[name] = [(BASE, level(indicator, name))]
                    found.prices[name] += rising(level(indicator, name))
                elif ref.name == "fred":
                    name = str(ref.params["series"])
                    found.fred[name] = rising(level(indicator, name))
        found.fred["DFEDTARU"] = [(day, 3.75 if day < DAYS[3] else 3.5) for day in DAYS]
        found.commodities["Gold"] = [
            (date(2026, month, 1), 4400.0 + month) for month in range(1, 9)
        ]
        found.shares = [(date(2026, 6, 17), 1129393151, "10-Q", date(2026, 6, 25))]
        found.documents = [
            Listed("20", "国家数据局关于可信数据空间的指引", DAYS[1], "zcfb"),
            Listed("21", "国家数据局招聘公告", DAYS[2], "tzgg"),
            Listed("71", "国务院关于数据要素市场的意见", DAYS[0], "zhengcelibrary_gw"),
        ]
        eastmoney = closes_of(catalog, found.prices)
        eastmoney.closes = {
            str(ref.params["secid"]): rising(3000.0)
            for indicator in catalog.all()
            if (ref := indicator.ref("eastmoney")) and indicator.ref("yahoo") is None
        } | dict(eastmoney.closes)
        found.sites = [
            CboeSite(DAYS), NasdaqSite(DAYS), TreasurySite(DAYS), EiaSite(), SinaSite(), SgeSite(),
            CfetsSite(rates={"1Y": [(DAYS[-1], 3.0)], "5Y": [(DAYS[-1], 3.5)]}), eastmoney,
            bureau_of(catalog, DAYS[-1]), notices_of(DAYS[-1]), filings_of(catalog, DAYS[-1]),
            indices_of(catalog, DAYS),
        ]  # fmt: skip
        yield found


def ran(internet: Internet, data: Path, catalog: Catalog, **changed: str) -> Report:
    fresh_yfinance()
    settings = settings_of(
        data,
        XINZHI_PROXY=internet.proxy_url,
        XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_CONTACT=CONTACT,
        XINZHI_TIMEOUT="10",
        **changed,
    )
    return run(settings, catalog, Request(), lambda outcome: None)


def test_every_source_answers_and_each_indicator_has_a_value(
    internet: Internet, data: Path, catalog: Catalog
) -> None:
    report = ran(internet, data, catalog)
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert problems == {}
    assert [o.subject for o in report.outcomes if not o.newest] == []
    asked = {ref.name for i in catalog.all() for ref in i.sources}
    answered = {name for o in report.outcomes for name, wrong in o.attempts if not wrong}
    assert asked <= answered


def test_from_beijing_what_answers_there_is_enough_for_the_chinese_half(
    internet: Internet, data: Path, catalog: Catalog
) -> None:
    for host in ("yahoo.com", "stlouisfed.org", "sec.gov", "nasdaq.com", "cboe.com"):
        internet.fail(host, "refused")
    report = ran(internet, data, catalog, XINZHI_REGION="cn")
    newest = {o.subject: o.newest for o in report.outcomes}
    for name in ("micron_close_usd", "nvidia_close_usd", "sse_composite", "csi300",
                 "usd_cny_central_parity", "gold_au9999_cny_g", "brent_ice_futures_usd_bbl",
                 "cn_power_output_kwh_bn", "us_10y_yield_pct"):  # fmt: skip
        assert newest[name] is not None, name
