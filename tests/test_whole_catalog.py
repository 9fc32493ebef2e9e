"""The whole catalog on the loopback internet: every source answers, and each indicator has a value;
from Beijing too, where half of them do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from conftest import settings_of
from sites.whole import fill
from upstreams import Internet, fresh_yfinance

from etl.catalog import Catalog
from etl.ingest.run import Report, Request, run

pytestmark = pytest.mark.slow

CONTACT = "editor@example.org"
DAYS = [date(2026, 10, day) for day in (12, 13, 14, 15, 16, 19, 20)]
#: The day on which the basket of memory chips is 100.
BASE = date(2025, 2, 24)


@pytest.fixture
def internet(tmp_path: Path, catalog: Catalog) -> Iterator[Internet]:
    with Internet(tmp_path) as found:
        fill(found, catalog, DAYS)
        for name in catalog["memory_basket_points"].inputs:
            yahoo = catalog[name].ref("yahoo")
            assert yahoo is not None
            prices = found.prices[str(yahoo.params["ticker"])]
            prices.insert(0, (BASE, prices[0][1]))
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
