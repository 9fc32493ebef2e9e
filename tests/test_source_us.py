"""Cboe, Nasdaq and the Treasury: what they send, read in their true shapes; and what one run makes
of everything that may go wrong with it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from catalogs import part_of_the_catalog
from conftest import authored, served, settings_of
from sites import CboeSite, NasdaqSite, TreasurySite
from upstreams import MODES, Internet, in_turn

from etl.catalog import Catalog, load_catalog
from etl.errors import SourceError, UnexpectedPayload
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import Upstream
from etl.settings import Settings
from etl.sources import sources
from etl.sources.base import FIRST_DAY, Source

LAST = date(2026, 10, 20)
DAYS = [day for n in range(30, -1, -1) if (day := LAST - timedelta(n)).weekday() < 5]
#: The indicator that a run asks each source for.
ASKED = {"cboe": "vix", "nasdaq": "nasdaq_100", "treasury": "us_30y_yield_pct"}
#: What says the same in another way: rows bear their own dates, columns their own names, and none
#: of the three has a currency.
HARMLESS = ("reversed", "doubled", "extra-column", "other-currency")
#: What only who knows other values can see; Cboe's file does not say which index it holds.
UNSEEN = [*((name, how) for name in ASKED for how in ("halved", "shortened")),
          ("cboe", "other-series")]  # fmt: skip
BROKEN = in_turn((name, how) for name in ASKED for how in MODES
                 if how not in HARMLESS and (name, how) not in UNSEEN)  # fmt: skip

VIX = b"""DATE,OPEN,HIGH,LOW,CLOSE
01/02/1990,17.240000,17.240000,17.240000,17.240000
01/03/1990,18.190000,18.190000,18.190000,18.190000
"""
NDX = b"""{"data":{"symbol":"NDX","totalRecords":2,"tradesTable":{"asOf":null,"headers":
{"date":"Date","close":"Close/Last","volume":"Volume","open":"Open","high":"High","low":"Low"},
"rows":[{"date":"08/25/2026","close":"29,209.23","volume":"--","open":"29,231.18",
"high":"29,338.77","low":"29,077.72"},{"date":"08/24/2026","close":"N/A","volume":"--",
"open":"N/A","high":"N/A","low":"N/A"}]}},"message":null,
"status":{"rCode":200,"bCodeMessage":null,"developerMessage":null}}"""
UNKNOWN = b"""{"data":null,"message":null,"status":{"rCode":400,"bCodeMessage":
[{"code":1001,"errorMessage":"Symbol not exists."}],"developerMessage":null}}"""
CURVE = {
    "1990": """Date,"3 Mo","6 Mo","1 Yr","2 Yr","3 Yr","5 Yr","7 Yr","10 Yr","30 Yr"
12/31/1990,6.63,6.73,6.82,7.15,7.40,7.68,8.00,8.08,8.26
12/28/1990,6.64,6.85,6.91,7.25,7.48,7.78,8.08,8.14,8.31
""",
    "2026": 'Date,"1 Mo","1.5 Month","2 Mo","3 Mo","4 Mo","6 Mo","1 Yr","2 Yr","3 Yr","5 Yr",'
    '"7 Yr","10 Yr","20 Yr","30 Yr"\n'
    "10/02/2026,4.04,4.09,4.11,4.19,4.26,4.27,4.46,4.83,4.96,5.06,5.17,5.28,5.67,5.63\n"
    "10/01/2026,4.06,,4.13,4.17,4.26,4.27,4.44,4.78,4.91,5.01,5.12,5.24,5.64,5.61",
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    return dict(sources(settings_of(tmp_path_factory.mktemp("none")), ()))


@pytest.fixture
def few(tmp_path: Path) -> Catalog:
    ids = (*ASKED.values(), "nasdaq_composite", "us_10y_yield_pct", "us_10y_breakeven_pct",
           "us_10y_real_yield_pct", "fed_target_upper_pct")  # fmt: skip
    return load_catalog(part_of_the_catalog(tmp_path / "few.yaml", *ids))


def _settings(internet: Internet, folder: Path) -> Settings:
    return settings_of(
        folder, XINZHI_PROXY=internet.proxy_url, XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_TIMEOUT="4",
    )  # fmt: skip


def _run(internet: Internet, folder: Path, catalog: Catalog, source: str, *ids: str) -> Report:
    internet.sites = internet.sites or [CboeSite(DAYS), NasdaqSite(DAYS), TreasurySite(DAYS)]
    data = folder / "data"
    settings = _settings(internet, data if data.exists() else authored(data))
    out = Upstream(settings, sleep=lambda seconds: None)
    return run(settings, catalog, Request(ids, source=source), lambda outcome: None, out)


def _read(
    known: dict[str, Source], catalog: Catalog, name: str, payload: bytes, **params: Any
) -> Any:
    found = known[name].parse(payload, catalog[ASKED[name]], params)
    return [(o.date, o.value) for o in found]


def _years(**files: str) -> bytes:
    named = {name.removeprefix("y"): text for name, text in files.items()}
    return json.dumps({"curve": "daily_treasury_yield_curve", "years": named or CURVE}).encode()


def test_the_file_of_cboe_becomes_closes(known: dict[str, Source], catalog: Catalog) -> None:
    found = _read(known, catalog, "cboe", VIX, index="VIX")
    assert found == [(date(1990, 1, 2), 17.24), (date(1990, 1, 3), 18.19)]


def test_a_younger_index_of_cboe_has_one_column_of_its_own_name(
    known: dict[str, Source], catalog: Catalog
) -> None:
    text = b"DATE,VVIX\r\n03/06/2006,71.730000\r\n"
    assert _read(known, catalog, "cboe", text, index="VVIX") == [(date(2006, 3, 6), 71.73)]
    with pytest.raises(UnexpectedPayload, match="no closes of VIX"):
        _read(known, catalog, "cboe", text, index="VIX")


def test_the_answer_of_nasdaq_becomes_closes_without_the_missing(
    known: dict[str, Source], catalog: Catalog
) -> None:
    assert _read(known, catalog, "nasdaq", NDX, index="NDX") == [(date(2026, 8, 25), 29209.23)]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (UNKNOWN, "gave no closes of NDX: Symbol not exists"),
        (NDX.replace(b'"totalRecords":2', b'"totalRecords":9999'), "sent 2 of 9,999 closes"),
        (NDX.replace(b'"NDX"', b'"COMP"'), "sent COMP where NDX was asked for"),
        (NDX.replace(b"29,209.23", b"29.209,23"), "'29.209,23' is no number"),
        (NDX.replace(b"08/25/2026", b"25/08/2026"), "'25/08/2026' is no day like 05/27/2026"),
        (b"callback(" + NDX + b")", "no closes of NDX"),
        ("<p>维护中</p>".encode("gb18030"), "no closes of NDX"),
    ],
)
def test_what_is_no_answer_of_nasdaq_is_refused_in_words(
    payload: bytes, words: str, known: dict[str, Source], catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match=words):
        _read(known, catalog, "nasdaq", payload, index="NDX")


def test_a_tenor_is_found_by_its_name_in_years_with_other_columns(
    known: dict[str, Source], catalog: Catalog
) -> None:
    assert _read(known, catalog, "treasury", _years(), tenor="10 Yr") == [
        (date(1990, 12, 28), 8.14), (date(1990, 12, 31), 8.08),
        (date(2026, 10, 1), 5.24), (date(2026, 10, 2), 5.28),
    ]  # fmt: skip


def test_a_tenor_that_began_later_or_has_an_empty_cell_is_missing_and_not_zero(
    known: dict[str, Source], catalog: Catalog
) -> None:
    found = _read(known, catalog, "treasury", _years(), tenor="1.5 Month")
    assert found == [(date(2026, 10, 2), 4.09)]


def test_a_row_of_zeros_is_no_curve(known: dict[str, Source], catalog: Catalog) -> None:
    text = 'Date,"1 Mo","10 Yr"\n04/17/2017,0.00,2.26\n04/14/2017,0.00,0.00\n04/13/2017,0.81,2.24'
    assert _read(known, catalog, "treasury", _years(y2017=text), tenor="10 Yr") == [
        (date(2017, 4, 13), 2.24), (date(2017, 4, 17), 2.26),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Date,"10 YR"\n10/02/2026,2.92', "no column '10 Yr'"),
        ('Date,"10 Yr","30 Yr"\n10/02/2026,5.28', "has not 3 cells; was it cut off"),
        ('Date,"10 Yr"\n10/02/2026,5.2', "'5.2' is no yield like 4.25"),
        ('Date,"10 Yr"\n10/02/2026,528', "'528' is no yield like 4.25"),
        ('Date,"10 Yr"\n2026-10-02,5.28', "'2026-10-02' is no day like 05/27/2026"),
        ('Date,"10 Yr"\n10/02/2025,5.28', "2025-10-02 is of another year"),
        ("<!DOCTYPE html><html>", "no curve of 2026"),
        ("", "no curve of 2026"),
        ('Date,"10 Yr"\n', "without a single yield"),
    ],
)
def test_what_is_no_curve_is_refused_in_words(
    text: str, words: str, known: dict[str, Source], catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match=words):
        _read(known, catalog, "treasury", _years(y2026=text), tenor="10 Yr")


@pytest.mark.slow
@pytest.mark.parametrize("source", ASKED)
def test_a_run_takes_what_a_source_sends(
    source: str, internet: Internet, tmp_path: Path, few: Catalog
) -> None:
    report = _run(internet, tmp_path, few, source, ASKED[source])
    assert [o.problem for o in report.outcomes] == [""]
    held = served(tmp_path / "data", ASKED[source])
    assert sorted(held) == DAYS


@pytest.mark.slow
@pytest.mark.parametrize("source", ASKED)
@pytest.mark.parametrize("how", HARMLESS)
def test_what_says_the_same_in_another_way_is_read_alike(
    source: str, how: str, internet: Internet, tmp_path: Path, few: Catalog
) -> None:
    (host,) = {"cboe": CboeSite, "nasdaq": NasdaqSite, "treasury": TreasurySite}[source]().hosts
    internet.fail(host, how)
    report = _run(internet, tmp_path, few, source, ASKED[source])
    assert [o.problem for o in report.outcomes] == [""]
    assert sorted(served(tmp_path / "data", ASKED[source])) == DAYS


@pytest.mark.slow
@pytest.mark.parametrize(("source", "how"), BROKEN, ids=[f"{s} {m}" for s, m in BROKEN])
def test_a_bad_answer_is_one_sentence_and_stores_nothing(
    source: str, how: str, internet: Internet, tmp_path: Path, few: Catalog
) -> None:
    (host,) = {"cboe": CboeSite, "nasdaq": NasdaqSite, "treasury": TreasurySite}[source]().hosts
    internet.fail(host, how)
    report = _run(internet, tmp_path, few, source, ASKED[source])
    (outcome,) = report.outcomes
    assert outcome.problem[-1] in ".?"
    assert "\n" not in outcome.problem
    assert len(outcome.problem) < 600
    assert served(tmp_path / "data", ASKED[source]) == {}


@pytest.mark.slow
def test_the_years_of_the_treasury_are_asked_once_and_later_only_the_newest(
    internet: Internet, tmp_path: Path, few: Catalog
) -> None:
    ids = ("us_30y_yield_pct", "us_10y_yield_pct", "us_10y_real_yield_pct")
    _run(internet, tmp_path, few, "treasury", *ids)
    asked = [one.path for one in internet.requests]
    this_year = max(int(path.split("/")[5]) for path in asked)
    assert len(asked) == len(set(asked)) == (this_year - 1989) + (this_year - 2002)
    internet.requests.clear()
    assert [o.problem for o in _run(internet, tmp_path, few, "treasury", *ids).outcomes] == [""] * 3
    assert len(internet.requests) == 2


@pytest.mark.slow
def test_nasdaq_is_asked_for_what_is_newer_than_what_is_held(
    internet: Internet, tmp_path: Path, few: Catalog
) -> None:
    for since in ("1900-01-01", str(DAYS[-1] - timedelta(days=60))):
        internet.requests.clear()
        _run(internet, tmp_path, few, "nasdaq", "nasdaq_100")
        (asked,) = internet.requests
        assert f"fromdate={since}&limit=99999" in asked.path


@pytest.mark.slow
def test_an_index_that_nasdaq_no_longer_knows_is_told_with_its_own_words(
    internet: Internet, tmp_path: Path, few: Catalog, known: dict[str, Source]
) -> None:
    internet.sites = [NasdaqSite(DAYS)]
    with Upstream(_settings(internet, tmp_path)) as out:
        source, ndx = known["nasdaq"], few["nasdaq_100"]
        payload = source.fetch(ndx, {"index": "GONE"}, FIRST_DAY, out)
    with pytest.raises(SourceError, match="Symbol not exists"):
        source.parse(payload, ndx, {"index": "GONE"})
