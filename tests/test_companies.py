"""Companies: splits that the catalog tells, spin-offs that are none, baskets of shares."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from catalogs import catalog_text, entry, part_of_the_catalog
from conftest import served, settings_of
from sites import SecSite
from sites.sec import Told
from upstreams import Internet, fresh_yfinance

from etl.catalog import Catalog, Split, load_catalog
from etl.errors import CatalogError
from etl.ingest.derived import Input, basket, market_cap
from etl.ingest.run import Request, broken, run
from etl.ingest.splits import as_authored
from etl.records import Action, Vintage

BASE = date(2026, 1, 5)


def traded(catalog: Catalog, name: str, *closes: tuple[int, float], split: Action | None = None
           ) -> Input:  # fmt: skip
    """The closes of an indicator on days of January 2026, known at the end of each day."""
    series = []
    for day, value in closes:
        moment = datetime(2026, 1, day, 21, tzinfo=UTC)
        series.append((Vintage(moment.date(), value, "yahoo", moment, "fetched"), moment))
    return Input(catalog[name], catalog.unit(catalog[name]), series, [split] if split else [])


def test_a_basket_is_the_mean_of_each_close_by_its_own_of_the_base_day(catalog: Catalog) -> None:
    """Micron rises by a half, Samsung by a tenth; on the day between, Seoul was shut."""
    micron = traded(catalog, "micron_close_usd", (2, 90.0), (5, 100.0), (6, 120.0), (7, 150.0))
    samsung = traded(catalog, "samsung_close_krw", (2, 6e4), (5, 7e4), (7, 7.7e4))
    found = basket([micron, samsung], BASE)
    assert [(o.date.day, pytest.approx(o.value)) for o in found] == [(5, 100.0), (7, 130.0)]
    assert found[1].public_at == datetime(2026, 1, 7, 21, tzinfo=UTC)
    assert "micron_close_usd, samsung_close_krw, 2026-01-05 = 100" in found[1].credit


def test_a_split_since_the_base_day_does_not_move_a_basket(catalog: Catalog) -> None:
    split = Action(date(2026, 1, 6), "split", 10.0)
    micron = traded(catalog, "micron_close_usd", (5, 100.0), (6, 10.0), (7, 11.0), split=split)
    wdc = traded(catalog, "western_digital_close_usd", (5, 50.0), (6, 50.0), (7, 50.0))
    assert [o.value for o in basket([micron, wdc], BASE)] == pytest.approx([100.0, 100.0, 105.0])
    before = Action(BASE, "split", 10.0)
    micron = traded(catalog, "micron_close_usd", (5, 100.0), (6, 100.0), split=before)
    assert [o.value for o in basket([micron, wdc], BASE)] == pytest.approx([100.0, 100.0])


def test_without_a_close_of_the_base_day_for_each_there_is_no_basket(catalog: Catalog) -> None:
    micron = traded(catalog, "micron_close_usd", (5, 100.0), (6, 120.0))
    sandisk = traded(catalog, "sandisk_close_usd", (6, 40.0))
    assert basket([micron, sandisk], BASE) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"of": ["aa"]}, "a basket is made of at least two indicators, not of 1"),
        ({"base": "Monday"}, "derived.base: a day like '2025-02-24' was expected"),
        ({"of": ["aa", "cc"]}, "made of prices in a currency; cc is in 'points'"),
    ],
)
def test_a_basket_that_cannot_be_is_refused(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    source = {"name": "derived", "formula": "basket", "of": ["aa", "bb"], "base": "2026-01-05"}
    own = entry("xx", unit="points", sources=[{**source, **changed}])
    path = tmp_path / "c.yaml"
    path.write_text(
        catalog_text(entry("aa"), entry("bb", unit="cny"), entry("cc", unit="points"), own), "utf-8"
    )
    with pytest.raises(CatalogError, match=said):
        load_catalog(path)


def test_what_yahoo_tells_as_a_split_is_none_where_the_catalog_says_so(catalog: Catalog) -> None:
    western_digital = catalog["western_digital_close_usd"]
    spin_off = Action(date(2025, 2, 24), "split", 1.323)
    dividend = Action(date(2025, 2, 24), "dividend", 0.1)
    assert as_authored(western_digital, [spin_off, dividend]) == [dividend]
    assert as_authored(catalog["micron_close_usd"], [spin_off]) == [spin_off]


def test_a_spin_off_multiplies_no_count_of_shares(tmp_path: Path, data: Path) -> None:
    """The count on file before the spin-off of Sandisk is that of Western Digital after it too."""
    names = [
        f"western_digital_{n}" for n in ("close_usd", "shares_outstanding", "market_cap_usd_bn")
    ]
    catalog = load_catalog(part_of_the_catalog(tmp_path / "c.yaml", *names))
    closes = [(date(2025, 2, day), close) for day, close in ((20, 70.0), (21, 69.0), (24, 49.0))]
    count = Told(date(2025, 1, 31), 348_000_000, None, "10-Q", date(2025, 2, 5))
    with Internet(tmp_path) as internet:
        fresh_yfinance()
        internet.prices["WDC"] = list(closes)
        internet.splits["WDC"] = [(date(2025, 2, 24), 1323, 1000)]
        internet.sites.append(
            SecSite({(106040, "dei", "EntityCommonStockSharesOutstanding"): [count]})
        )
        settings = settings_of(
            data,
            XINZHI_PROXY=internet.proxy_url,
            XINZHI_CA_BUNDLE=str(internet.ca_pem),
            XINZHI_CONTACT="editor@example.org",
        )
        run(settings, catalog, Request(ids=tuple(names)), lambda outcome: None)
    assert served(data, names[0])[date(2025, 2, 24)] == pytest.approx(49.0)
    assert served(data, names[2])[date(2025, 2, 24)] == pytest.approx(49.0 * 0.348)


def test_splits_of_the_catalog_are_breaks_of_the_price_but_not_of_the_market_value(
    catalog: Catalog,
) -> None:
    told = {"nvidia_close_usd": [Action(date(2024, 6, 10), "split", 10.0)]}
    shown = broken(catalog, told)
    assert date(2024, 6, 10) in [b.date for b in shown["nvidia_close_usd"].breaks]
    assert shown["nvidia_market_cap_usd_bn"].breaks == ()
    assert [s.date for s in catalog["nvidia_close_usd"].splits] == [
        date(2021, 7, 20), date(2024, 6, 10),
    ]  # fmt: skip
    assert isinstance(catalog["samsung_close_krw"].splits[0], Split)


def test_a_receipt_is_worth_its_shares(catalog: Catalog) -> None:
    """One receipt of TSMC is five shares: 26 billion shares at 200 dollars a receipt."""
    receipts = traded(catalog, "tsmc_adr_close_usd", (6, 200.0))
    shares = traded(catalog, "tsmc_shares_outstanding", (2, 26e9))
    ref = catalog["tsmc_adr_market_cap_usd_bn"].ref("derived")
    assert ref is not None
    (found,) = market_cap(receipts, shares, ref.params["shares_each"])
    assert found.value == pytest.approx(1040.0)
    assert found.credit.endswith("÷ 5 shares of a receipt")


@pytest.mark.parametrize(
    "wrong", [{"formula": "sum", "of": ["aa", "bb"], "shares_each": 5},
              {"formula": "market_cap", "close": "aa", "shares": "bb", "shares_each": 0}]
)  # fmt: skip
def test_only_a_market_value_is_made_of_receipts(wrong: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    own = entry("xx", sources=[{"name": "derived", **wrong}])
    path.write_text(catalog_text(entry("aa"), entry("bb"), own), "utf-8")
    with pytest.raises(CatalogError, match="how many shares one receipt is"):
        load_catalog(path)
