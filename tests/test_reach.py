"""Where a site stands decides whom it believes; what answered of late, whom it asks first."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from catalogs import part_of_the_catalog
from conftest import authored, served, settings_of
from sites import CboeSite
from upstreams import Internet, fresh_yfinance

from etl.catalog import Catalog, load_catalog
from etl.ingest.reach import BRIEF_S, LAST_RUNS, asked_last, ranks, unlikely
from etl.ingest.run import Report, Request, run
from etl.settings import load_settings
from etl.sources import sources
from etl.storage.warehouse import opened

LAST = date(2026, 10, 20)
DAYS = [day for n in range(14, -1, -1) if (day := LAST - timedelta(n)).weekday() < 5]


def _closes(last_digit: float) -> list[tuple[date, float]]:
    return [(day, round(17 + n / 10 + last_digit, 2)) for n, day in enumerate(DAYS)]


@pytest.fixture
def vix(tmp_path: Path) -> Catalog:
    return load_catalog(part_of_the_catalog(tmp_path / "vix.yaml", "vix"))


@pytest.fixture(autouse=True)
def _two_sources(internet: Internet) -> None:
    """FRED and Cboe differ by a digit, so that one sees who is believed."""
    internet.fred["VIXCLS"] = [*_closes(0.01)]
    internet.sites = [CboeSite(DAYS, {"VIX": [*_closes(0.03)[:-1]]})]
    internet.fail("yahoo.com", "refused")


def _run(internet: Internet, data: Path, catalog: Catalog, at: datetime, **more: str) -> Report:
    fresh_yfinance()
    if not data.exists():
        authored(data)
    environment = {"XINZHI_PROXY": internet.proxy_url, "XINZHI_CA_BUNDLE": str(internet.ca_pem)}
    settings = settings_of(data, **environment, **more)
    return run(settings, catalog, Request(("vix",), known_at=at), lambda outcome: None)


def _order(catalog: Catalog, region: str, folder: Path) -> list[str]:
    settings = settings_of(folder, XINZHI_REGION=region)
    return [source for _, source, _ in ranks(catalog, settings.region, sources(settings, ()))]


def test_in_china_what_answers_there_is_preferred_and_bundled_figures_stay_last(
    catalog: Catalog, tmp_path: Path
) -> None:
    vix, rate = (catalog.model_copy(update={"indicators": {name: catalog[name]}})
                 for name in ("vix", "us_10y_yield_pct"))  # fmt: skip
    for region in ("intl", "auto"):
        assert _order(vix, region, tmp_path) == ["yahoo", "fred", "cboe"]
        assert _order(rate, region, tmp_path) == ["fred", "treasury", "figures"]
    assert _order(vix, "cn", tmp_path) == ["cboe", "yahoo", "fred"]
    assert _order(rate, "cn", tmp_path) == ["treasury", "fred", "figures"]


@pytest.mark.slow
def test_another_region_changes_what_is_served_from_then_on_and_no_frozen_answer(
    internet: Internet, tmp_path: Path, vix: Catalog
) -> None:
    data, first = tmp_path / "data", datetime(2026, 10, 22, 12, tzinfo=UTC)
    _run(internet, data, vix, first, XINZHI_REGION="intl")
    then, day = first + timedelta(hours=1), DAYS[2]
    assert served(data, "vix", then)[day] == 17.21
    _run(internet, data, vix, first + timedelta(days=1), XINZHI_REGION="cn")
    assert served(data, "vix")[day] == 17.23
    assert served(data, "vix", then)[day] == 17.21
    assert served(data, "vix")[DAYS[-1]] == 18.01  # which the preferred source lacks


@pytest.mark.slow
def test_what_did_not_answer_in_three_runs_is_asked_last_and_believed_as_before(
    internet: Internet, tmp_path: Path, vix: Catalog
) -> None:
    data, at = tmp_path / "data", datetime(2026, 10, 22, 12, tzinfo=UTC)
    settings = settings_of(data)
    known = sources(settings, ())

    def silent() -> frozenset[str]:
        with opened(settings.warehouse) as warehouse:
            return unlikely("auto", known, warehouse)

    for n in range(LAST_RUNS):
        if n:
            assert silent() == frozenset()
        _run(internet, data, vix, at + timedelta(days=n))
    assert silent() == {"yahoo"}
    assert [ref.name for ref in asked_last(vix["vix"].sources, silent())] == [
        "fred", "cboe", "yahoo",
    ]  # fmt: skip
    assert served(data, "vix")[DAYS[2]] == 17.21
    internet.recover()
    internet.prices["^VIX"] = [*_closes(0.04)]
    assert _run(internet, data, vix, at + timedelta(days=4)).exit_status == 0
    assert silent() == frozenset()
    assert served(data, "vix")[DAYS[2]] == 17.24


@pytest.mark.slow
def test_a_run_in_china_does_not_wait_for_hosts_that_never_answer_there(
    internet: Internet, tmp_path: Path, vix: Catalog
) -> None:
    internet.recover()
    internet.fail("yahoo.com", "timeout")
    internet.fail("stlouisfed.org", "timeout")
    at = datetime(2026, 10, 22, 12, tzinfo=UTC)
    begun = time.monotonic()
    report = _run(
        internet, tmp_path / "data", vix, at, XINZHI_REGION="cn", XINZHI_TIMEOUT="60"
    )  # fmt: skip
    assert time.monotonic() - begun < 8 * BRIEF_S
    assert len(report.unreachable) == 2
    assert served(tmp_path / "data", "vix")[DAYS[2]] == 17.23


@pytest.mark.parametrize("region", ["cn", "intl", "auto"])
def test_a_region_is_one_of_three(region: str) -> None:
    assert load_settings({"XINZHI_REGION": region}).region == region
