"""Indicators made of others: market values, sums, differences and ratios, as data."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from catalogs import catalog_text, entry
from conftest import BUNDLED, CATALOG, Cli, bundled, is_one_sentence, served, write_csv
from conftest import snapshot as conftest_snapshot
from hypothesis import given
from hypothesis import strategies as st

from etl.catalog import Catalog, Dated, SourceRef, Text, load_catalog
from etl.errors import CatalogError
from etl.ingest import run as update
from etl.ingest.derived import Input, Series, combined, market_cap, with_breaks
from etl.ingest.upstream import Upstream
from etl.records import Vintage
from etl.settings import Settings

DAY = date(2026, 1, 5)
CATALOG_HELD = load_catalog(CATALOG)


def _close(day: date, value: float) -> tuple[Vintage, datetime]:
    moment = datetime(day.year, day.month, day.day, 21, tzinfo=UTC)
    return Vintage(day, value, "figures", moment, "bundled"), moment


def _count(cover: date, filed: date, shares: float) -> tuple[Vintage, datetime]:
    moment = datetime(filed.year, filed.month, filed.day, 22, tzinfo=UTC)
    return Vintage(cover, shares, "sec", moment, "fetched"), moment


def _input(name: str, series: Series) -> Input:
    return Input(CATALOG_HELD[name], CATALOG_HELD.unit(CATALOG_HELD[name]), series)


def _cap(closes: Series, counts: Series) -> dict[date, float]:
    close, shares = (
        _input("micron_close_usd", closes), _input("micron_shares_outstanding", counts)
    )  # fmt: skip
    return {o.date: o.value for o in market_cap(close, shares)}


def test_the_market_value_of_26_may_2026_is_1010_3_billion(published: Settings) -> None:
    value = served(published.data, "micron_market_cap_usd_bn")[date(2026, 5, 26)]
    assert round(value, 1) == 1010.3


def test_every_market_value_is_the_close_times_the_newest_count_filed_by_then(
    published: Settings,
) -> None:
    with open(BUNDLED / "figures/micron_shares.csv", encoding="utf-8", newline="") as lines:
        filings = [(row["public"], row["date"], int(row["value"])) for row in csv.DictReader(lines)]
    closes = bundled("market.csv", "micron_close_usd")
    expected = {
        day: close * max((f for f in filings if f[0] <= day.isoformat()), key=lambda f: f[1])[2]
        for day, close in closes.items()
    }
    held = served(published.data, "micron_market_cap_usd_bn")
    assert held == {day: pytest.approx(value / 1e9) for day, value in expected.items()}


def test_a_count_is_not_used_between_its_cover_date_and_its_filing() -> None:
    old = _count(DAY - timedelta(days=90), DAY - timedelta(days=80), 1e9)
    new = _count(DAY, DAY + timedelta(days=8), 2e9)
    days = [DAY, DAY + timedelta(days=7), DAY + timedelta(days=8)]
    cap = _cap([_close(day, 100.0) for day in days], [old, new])
    assert cap == dict(zip(days, [100.0, 100.0, 200.0], strict=True))


def test_days_before_the_first_filing_have_no_value() -> None:
    cap = _cap(
        [_close(DAY, 100.0), _close(DAY + timedelta(days=8), 110.0)],
        [_count(DAY - timedelta(days=1), DAY + timedelta(days=8), 1e9)],
    )
    assert cap == {DAY + timedelta(days=8): 110.0}


@given(
    lags=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 60)), min_size=1, unique=True),
    days=st.lists(st.integers(0, 400), min_size=1, max_size=20, unique=True),
)
def test_no_market_value_ever_rests_on_a_count_filed_later(
    lags: list[tuple[int, int]], days: list[int]
) -> None:
    counts = {
        DAY + timedelta(days=cover): (DAY + timedelta(days=cover + lag), 1e9 + number)
        for number, (cover, lag) in enumerate(lags)
    }
    cap = _cap(
        [_close(DAY + timedelta(days=n), 1.0) for n in sorted(days)],
        [_count(cover, filed, shares) for cover, (filed, shares) in counts.items()],
    )
    for n in days:
        day = DAY + timedelta(days=n)
        known = {cover: shares for cover, (filed, shares) in counts.items() if filed <= day}
        expected = known[max(known)] / 1e9 if known else None
        assert cap.get(day) == expected


def test_an_amended_filing_does_not_unmake_the_first_one(
    data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cover date can come twice (10-Q, then 10-Q/A): the first was known in between."""
    filings = [("2025-12-10", "2025-12-18", "10-Q", 1_000_000_000),
               ("2026-03-11", "2026-03-19", "10-Q", 1_100_000_000),
               ("2026-03-11", "2026-04-10", "10-Q/A", 1_100_000_000)]  # fmt: skip
    cover = {"cik": 723125, "tag": "EntityCommonStockSharesOutstanding"}
    answer = {**cover, "units": {"shares": [
        {"end": end, "filed": filed, "form": form, "val": shares}
        for end, filed, form, shares in filings]}}  # fmt: skip
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=json.dumps(answer).encode())
    )
    monkeypatch.setattr(update, "Upstream", partial(Upstream, transport=transport))
    monkeypatch.setenv("XINZHI_CONTACT", "editor@example.org")
    (data / "figures/micron_shares.csv").write_text("indicator,date,value,source\n")
    assert cli("run", "micron_close_usd", "--offline").status == 0
    assert cli("run", "micron_shares_outstanding").status == 0
    assert cli("run", "micron_market_cap_usd_bn").status == 0
    day = date(2026, 3, 31)
    close = bundled("market.csv", "micron_close_usd")[day]
    assert served(data, "micron_market_cap_usd_bn")[day] == pytest.approx(1.1 * close)


# --- A second company, and formulas of other kinds, with nothing but YAML ------------------------


def derived(formula: str, *of: str, **named: str) -> list[dict[str, object]]:
    return [{"name": "derived", "formula": formula, **named, **({"of": [*of]} if of else {})}]


def company(unit: str = "cny_bn") -> str:
    made = derived("market_cap", close="acme_close_cny", shares="acme_shares")
    return catalog_text(
        entry("acme_cap_cny_bn", unit=unit, sources=made),
        entry("acme_close_cny", unit="cny"),
        entry("acme_shares", unit="shares", frequency="quarterly", calendar="event",
              publication={"rule": "days", "n": 10, "zone": "Asia/Shanghai"}),
    )  # fmt: skip


@pytest.fixture
def own(data: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose catalog a test writes."""
    monkeypatch.setenv("XINZHI_CATALOG", str(data / "catalog.yaml"))
    return data


def imported(data: Path, cli: Cli, *rows: tuple[str, str, float], known_at: str = "") -> None:
    file = write_csv(data / "rows.csv", [("indicator", "date", "value"), *rows])
    done = cli("import", file, *(("--known-at", known_at) if known_at else ()))
    assert done.status == 0, done.err


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        load_catalog(path)
    return str(refused.value)


def test_a_second_company_needs_only_yaml(own: Path, cli: Cli) -> None:
    (own / "catalog.yaml").write_text(company(), encoding="utf-8")
    closes = [("acme_close_cny", f"2026-03-{day:02d}", day + 20.0) for day in (9, 11, 12)]
    imported(own, cli, ("acme_shares", "2026-03-01", 2e9), *closes)
    # Filed ten days after its cover date, so the close of the ninth has no count yet.
    assert served(own, "acme_cap_cny_bn") == {date(2026, 3, 11): 62.0, date(2026, 3, 12): 64.0}


def test_the_credit_of_a_market_value_names_its_own_currency(own: Path, cli: Cli) -> None:
    (own / "catalog.yaml").write_text(company(), encoding="utf-8")
    imported(own, cli, ("acme_shares", "2026-03-01", 2e9), ("acme_close_cny", "2026-03-12", 32.0))
    with conftest_snapshot(own) as held:
        query = "select credit from observations where indicator = 'acme_cap_cny_bn'"
        ((credit,),) = held.execute(query).fetchall()
    assert credit == "close 32.0 CNY × 2000000000 shares filed 2026-03-11"


@pytest.mark.parametrize("unit", ["percent", "own"])
def test_a_spread_is_the_difference_to_the_last_decimal_where_both_have_a_value(
    unit: str, own: Path, cli: Cli
) -> None:
    """The distance of two rates in per cent may be told in percentage points."""
    text = catalog_text(
        entry("spread_pct", unit=unit, sources=derived("difference", "long_pct", "short_pct")),
        entry("long_pct", unit="percent"),
        entry("short_pct", unit="percent"),
        own="percentage points",
    )
    (own / "catalog.yaml").write_text(text, encoding="utf-8")
    imported(own, cli, ("long_pct", "2026-03-09", 4.48), ("short_pct", "2026-03-09", 2.35),
             ("long_pct", "2026-03-10", 4.5), ("short_pct", "2026-03-11", 2.4))  # fmt: skip
    assert served(own, "spread_pct") == {date(2026, 3, 9): 2.13}


def test_a_derived_value_is_known_when_the_last_of_its_inputs_was(own: Path, cli: Cli) -> None:
    text = catalog_text(
        entry("total", unit="usd", sources=derived("sum", "one", "other")),
        entry("one", unit="usd"),
        entry("other", unit="usd"),
    )
    (own / "catalog.yaml").write_text(text, encoding="utf-8")
    day = date(2026, 3, 9)
    imported(own, cli, ("one", str(day), 1.0), known_at="2026-03-10T08:00+00:00")
    imported(own, cli, ("other", str(day), 2.0), known_at="2026-03-12T08:00+00:00")
    assert served(own, "total", datetime(2026, 3, 12, 7, 59, tzinfo=UTC)) == {}
    assert served(own, "total", datetime(2026, 3, 12, 8, 0, tzinfo=UTC)) == {day: 3.0}


def test_what_is_made_of_derived_indicators_comes_after_them_whatever_the_order_of_the_file(
    own: Path, cli: Cli
) -> None:
    text = catalog_text(
        entry("doubled", unit="usd", sources=derived("sum", "total", "one")),
        entry("total", unit="usd", sources=derived("sum", "one", "other")),
        entry("one", unit="usd"),
        entry("other", unit="usd"),
    )
    (own / "catalog.yaml").write_text(text, encoding="utf-8")
    imported(own, cli, ("one", "2026-03-09", 1.0), ("other", "2026-03-09", 2.0))
    assert served(own, "doubled") == {date(2026, 3, 9): 4.0}


@pytest.mark.parametrize(
    ("unit", "above", "below", "expected"),
    [("ratio", 4.0, 8.0, 0.5), ("percent", 4.0, 8.0, 50.0), ("ratio", 4.0, 0.0, None),
     ("ratio", -1.0, 4.0, -0.25), ("ratio", 1e300, 1e-300, None)],
)  # fmt: skip
def test_a_ratio_to_zero_has_no_value_and_percent_is_a_hundred_times_it(
    unit: str, above: float, below: float, expected: float | None
) -> None:
    one = _input("micron_close_usd", [_close(DAY, above)])
    other = _input("micron_close_usd", [_close(DAY, below)])
    made = CATALOG_HELD.units[unit]
    found = [o.value for o in combined("ratio", [one, other], made)]
    assert found == ([] if expected is None else [expected])


def test_months_meet_whatever_the_day_they_are_dated() -> None:
    first = _input("gold_monthly_usd_oz", [_close(date(2026, 4, 1), 10.0)])
    last = _input("gold_monthly_usd_oz", [_close(date(2026, 4, 30), 4.0)])
    found = combined("difference", [first, last], CATALOG_HELD.units["usd_oz"])
    assert [(o.date, o.value) for o in found] == [(date(2026, 4, 1), 6.0)]


def test_what_is_disputed_or_measured_otherwise_stays_so() -> None:
    vintage, moment = _close(DAY, 4.0)
    doubted = Vintage(DAY, 4.0, "figures", moment, "disputed", basis="as quoted")
    one = _input("micron_close_usd", [(doubted, moment)])
    other = _input("micron_close_usd", [(vintage, moment)])
    (found,) = combined("sum", [one, other], CATALOG_HELD.units["usd"])
    assert (found.disputed, found.basis) == (True, "as quoted")


#: The derived entry, and what the refusal must say. `one` and `other` are daily, in USD.
WRONG = {
    "a formula that is not there": (derived("diference", "one", "other"), "'difference'"),
    "the former spelling": (derived("micron_market_cap"), "unknown formula 'micron_market_cap'"),
    "an unknown id": (derived("sum", "one", "othr"), "Did you mean 'other'?"),
    "an old id": (derived("sum", "one", "former"), "It is now 'other'; write that."),
    "one input": (derived("sum", "one"), "at least two"),
    "three inputs": (derived("difference", "one", "other", "rate"), "two indicators, not of 3"),
    "no inputs": ([{"name": "derived", "formula": "ratio"}], "needs 'of'"),
    "an empty list": ([{"name": "derived", "formula": "sum", "of": []}], "not of 0"),
    "the same input twice": (derived("sum", "one", "one"), "stands twice"),
    "itself": (derived("sum", "made", "one"), "derived from itself"),
    "a word instead of a list": ([{"name": "derived", "formula": "sum", "of": "one"}], "a list"),
    "a number as an id": ([{"name": "derived", "formula": "sum", "of": ["one", 5]}], "'5'"),
    "a list as the formula": ([{"name": "derived", "formula": ["sum"]}], "unknown formula"),
    "two formulas": ([*derived("sum", "one", "other"), *derived("difference", "one", "other")],
                     "is derived twice"),
    "a parameter too many": (derived("sum", "one", "other", close="one"), "takes no 'close'"),
    "another unit": (derived("sum", "one", "rate"), "rate is in 'percent'"),
    "a ratio in dollars": (derived("ratio", "one", "other"), "is a 'ratio' or told in 'percent'"),
    "a ratio of different units": (derived("ratio", "one", "rate"), "is in 'USD/percent'"),
    "another frequency": (derived("sum", "one", "rare"), "rare is monthly"),
    "a close that is no price": (derived("market_cap", close="rate", shares="count"), "a currency"),
    "a count of no shares": (derived("market_cap", close="one", shares="other"), "in shares"),
    "a market value in dollars": (derived("market_cap", close="one", shares="count"),
                                  "'billion USD', not in 'USD'"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_formula_that_cannot_be_meant_is_refused_with_its_line(
    mistake: str, tmp_path: Path
) -> None:
    sources, words = WRONG[mistake]
    text = catalog_text(
        entry("one", unit="usd"), entry("other", unit="usd", old_ids=["former"]),
        entry("rate", unit="percent"), entry("count", unit="shares"),
        entry("rare", unit="usd", frequency="monthly", calendar="month"),
        entry("made", unit="usd", sources=sources),
    )  # fmt: skip
    said = refusal(tmp_path, text)
    line = int(said.partition("line ")[2].partition(":")[0])
    assert words in said
    assert "formula" in text.splitlines()[line - 1] or "derived" in text.splitlines()[line - 1]


def test_a_circle_over_others_is_named_in_its_order(tmp_path: Path) -> None:
    text = catalog_text(
        entry("one", unit="usd", sources=derived("sum", "other", "plain")),
        entry("other", unit="usd", sources=derived("sum", "third", "plain")),
        entry("third", unit="usd", sources=derived("sum", "one", "plain")),
        entry("plain", unit="usd"),
    )
    said = refusal(tmp_path, text)
    assert "is derived from itself: " in said
    circle = said.partition("itself: ")[2].rstrip(".").split(" from ")
    assert circle[0] == circle[-1]
    assert set(circle) == {"one", "other", "third"}
    for made, of in pairwise(circle):
        assert {"one": "other", "other": "third", "third": "one"}[made] == of


@pytest.mark.parametrize(
    ("above", "below", "unit"),
    [("usd_oz", "usd_bbl", "bbl/oz"), ("points", "usd", "points per USD"),
     ("percent", "percent", "ratio"), ("documents", "documents", "percent")],
)  # fmt: skip
def test_a_ratio_is_in_what_is_left_of_its_units(
    above: str, below: str, unit: str, tmp_path: Path
) -> None:
    path = tmp_path / "catalog.yaml"
    text = catalog_text(
        entry("one", unit=above), entry("other", unit=below),
        entry("made", unit="own", sources=derived("ratio", "one", "other")), own=unit,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    assert load_catalog(path)["made"].inputs == ("one", "other")


def test_check_says_what_is_wrong_with_a_formula(own: Path, cli: Cli) -> None:
    (own / "catalog.yaml").write_text(company("usd_bn"), encoding="utf-8")
    done = cli("check")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "CNY times shares is told in 'billion CNY'" in done.err


def test_a_break_of_an_input_is_one_of_what_is_derived_but_a_market_value_counts_splits(
    catalog: Catalog,
) -> None:
    def broken(shown: Catalog, name: str, day: date) -> Catalog:
        note = Text(zh="改口径", en="defined anew")
        entry = shown[name].model_copy(update={"breaks": (Dated(date=day, note=note),)})
        return shown.model_copy(update={"indicators": {**shown.indicators, name: entry}})

    spread = catalog["us_10y_yield_pct"].model_copy(
        update={"id": "spread", "sources": (SourceRef(name="derived", formula="difference",
                of=["us_10y_yield_pct", "us_10y_breakeven_pct"]),)}
    )  # fmt: skip
    entries = {**catalog.indicators, "spread": spread}
    authored = Catalog(units=catalog.units, groups=catalog.groups, indicators=entries)
    authored = broken(authored, "us_10y_breakeven_pct", DAY)
    split = broken(authored, "micron_close_usd", DAY)
    shown = with_breaks(split, authored)
    assert [b.date for b in shown["spread"].breaks] == [DAY]
    assert shown["micron_market_cap_usd_bn"].breaks == ()
    redefined = with_breaks(split, split)
    assert [b.date for b in redefined["micron_market_cap_usd_bn"].breaks] == [DAY]


def test_the_catalog_says_what_the_market_value_is_made_of(catalog: Catalog) -> None:
    made_of = ("micron_close_usd", "micron_shares_outstanding")
    assert catalog["micron_market_cap_usd_bn"].inputs == made_of
    ordered = [indicator.id for indicator in catalog.inputs_first(catalog.all())]
    at = ordered.index("micron_market_cap_usd_bn")
    assert all(ordered.index(name) < at for name in made_of)
    assert sorted(ordered) == sorted(catalog.indicators)
