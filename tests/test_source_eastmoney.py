"""Eastmoney's bars: what is a close, what is none, and what splits it does not tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from catalogs import part_of_the_catalog
from conftest import served, settings_of
from sites import EastmoneySite
from upstreams import MODES, Internet

from etl.calendars import sessions
from etl.catalog import Catalog, Indicator, load_catalog
from etl.errors import CatalogError, UnexpectedPayload
from etl.ingest.run import Report, Request, run
from etl.sources.eastmoney import Eastmoney

MICRON = {"secid": "105.MU"}
#: In the true shape of an answer.
BARS = [
    "2026-05-21,860.000,871.500,880.120,855.010,21500000,18700000000.000,2.91,1.34,11.500,1.92",
    "2026-05-22,872.000,895.880,897.000,868.330,24000000,21300000000.000,3.29,2.80,24.380,2.14",
    "2026-05-26,901.000,912.310,915.540,893.000,23000000,20900000000.000,2.52,1.83,16.430,2.05",
]


def answer(*bars: object, **changed: object) -> bytes:
    data = {"code": "MU", "market": 105, "name": "美光科技", "decimal": 3, "dktotal": 10000,
            "preKPrice": 860.0, "klines": list(bars), **changed}  # fmt: skip
    said = {"rc": 0, "rt": 17, "svr": 181669432, "lt": 1, "full": 0, "dlmkts": "", "data": data}
    return json.dumps(said, ensure_ascii=False).encode()


@pytest.fixture
def micron(catalog: Catalog) -> Indicator:
    return catalog["micron_close_usd"]


def test_the_third_number_of_a_bar_is_its_close(micron: Indicator) -> None:
    found = Eastmoney().parse(answer(*BARS), micron, MICRON)
    assert [(o.date.day, o.value, o.credit) for o in found] == [
        (21, 871.5, "Eastmoney 105.MU"), (22, 895.88, "Eastmoney 105.MU"),
        (26, 912.31, "Eastmoney 105.MU"),
    ]  # fmt: skip


def test_a_day_without_a_number_is_left_out_and_named(micron: Indicator) -> None:
    bars = [BARS[0], "2026-05-22,-,-,-,-,0,0,0,0,0,0", BARS[2]]
    found = Eastmoney().parse(answer(*bars), micron, MICRON)
    assert [o.date.day for o in found] == [21, 26]
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    (note,) = Eastmoney().notes(answer(*bars), micron, MICRON, moment)
    assert "Eastmoney's 105.MU of 2026-05-22: '-' is no number" in note


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"rc":0,"data":null}', "knows no 105.MU: it is not listed there, or no longer"),
        (b"jQuery351({\"rc\":0,\"data\":null});", "sent no bars of 105.MU"),
        ("某公司".encode("gb18030"), "sent no bars of 105.MU"),
        (answer(*BARS)[:-30], "sent no bars of 105.MU"),
        (answer(*BARS, code="NVDA"), "sent 105.NVDA where 105.MU was asked for"),
        (answer(*BARS, market=106), "sent 106.MU where 105.MU was asked for"),
        (answer(*BARS, klines={"a": 1}), "no list of bars"),
        (answer(*BARS[:1] * 60_001), "no list of bars"),
        (answer(), "sent no day of 105.MU"),
        (answer(*BARS[::-1]), "is out of order"),
        (answer(BARS[0], BARS[0]), "has two rows for 2026-05-21"),
        (answer(f"{BARS[0]},1"), "is no bar of 11 numbers"),
        (answer("2026-05-21,871.5"), "is no bar of 11 numbers"),
        (answer("2026-05-32" + BARS[0][10:]), "is no bar of 11 numbers"),
        (answer(7), "is no bar of 11 numbers"),
        (answer("2026-05-21,860.0,880.12,871.5,855.01,1,1,1,1,1,1"), "lies outside its day"),
        (answer("2026-05-21,1,872 万,1,1,1,1,1,1,1,1"), "is no number"),
    ],
    ids=["delisted", "JSONP", "GB18030", "cut short", "another share", "another market",
         "no list", "too many", "no day", "reversed", "a day twice", "a column more", "too few",
         "no date", "a number", "columns in another order", "another unit"],
)  # fmt: skip
def test_what_are_no_closes_is_refused_in_one_sentence(
    payload: bytes, said: str, micron: Indicator
) -> None:
    with pytest.raises(UnexpectedPayload, match="Eastmoney") as refused:
        Eastmoney().parse(payload, micron, MICRON)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_dollars_are_no_won(catalog: Catalog) -> None:
    with pytest.raises(UnexpectedPayload, match=r"in dollars; samsung_close_krw is in 'krw'"):
        Eastmoney().parse(answer(*BARS), catalog["samsung_close_krw"], MICRON)


def test_the_day_since_which_splits_are_known_must_be_a_day(tmp_path: Path) -> None:
    path = part_of_the_catalog(tmp_path / "c.yaml", "nvidia_close_usd")
    path.write_text(path.read_text("utf-8").replace("2020-01-02", "January 2020"), "utf-8")
    with pytest.raises(CatalogError, match=r"eastmoney.since: a day like '2025-02-24'"):
        load_catalog(path)


# Over the loopback internet

HOST = "push2his.eastmoney.com"
DAYS = sessions("XNYS", date(2024, 5, 20), date(2024, 7, 1))
SPLIT = date(2024, 6, 10)
NAMES = ("nvidia_close_usd", "sp500")
#: It tells no currency and is asked for one share alone; what is new may be read, and waits for a
#: person where it differs from what was said before.
HARMLESS = ("other-currency", "shortened", "halved", "thousands")
Look = Callable[..., Report]


@pytest.fixture
def site(internet: Internet) -> EastmoneySite:
    """NVIDIA around its split of ten for one, as it was traded."""
    shares = [(day, 1200.0 + n if day < SPLIT else 120.0 + n / 10) for n, day in enumerate(DAYS)]
    levels = [(day, 5300.0 + n) for n, day in enumerate(DAYS)]
    site = EastmoneySite({"105.NVDA": shares, "100.SPX": levels})
    internet.sites.append(site)
    return site


@pytest.fixture
def look(tmp_path: Path, data: Path, internet: Internet, site: EastmoneySite) -> Look:
    path = part_of_the_catalog(tmp_path / "c.yaml", *NAMES, "fed_target_upper_pct")
    settings = settings_of(
        data,
        XINZHI_PROXY=internet.proxy_url,
        XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_TIMEOUT="2",
    )

    def do(name: str = NAMES[0], known_at: datetime | None = None, **dropped: Any) -> Report:
        catalog = load_catalog(path)
        if dropped:
            changed = catalog[name].model_copy(update=dropped)
            catalog = catalog.model_copy(
                update={"indicators": {**catalog.indicators, name: changed}}
            )
        request = Request(ids=(name,), source="eastmoney", known_at=known_at)
        return run(settings, catalog, request, lambda outcome: None)

    return do


def only(report: Report) -> str:
    (outcome,) = report.outcomes
    return outcome.problem


def test_closes_arrive_as_traded_and_a_known_split_is_no_crash(
    look: Look, data: Path, site: EastmoneySite, internet: Internet
) -> None:
    assert only(look()) == ""
    assert served(data, NAMES[0]) == dict(site.closes["105.NVDA"])
    (asked,) = [a for a in internet.requests if a.host == HOST]
    assert "beg=20200102" in asked.path
    assert "fqt=0" in asked.path
    assert "Mozilla" in asked.headers["user-agent"]
    assert only(look("sp500")) == ""
    assert served(data, "sp500") == dict(site.closes["100.SPX"])


def test_a_split_that_nobody_has_told_is_refused_not_stored_as_a_crash(
    look: Look, data: Path
) -> None:
    problem = only(look(splits=()))
    assert "looks like a split by 10 that no source has told" in problem
    assert served(data, NAMES[0]) == {}


def test_the_price_of_a_running_session_is_no_close(
    look: Look, data: Path, site: EastmoneySite
) -> None:
    in_the_morning = datetime(2024, 7, 1, 15, 0, tzinfo=UTC)
    assert only(look(known_at=in_the_morning)) == ""
    assert max(served(data, NAMES[0])) == DAYS[-2]
    holiday = date(2024, 6, 19)
    rows = [*site.closes["105.NVDA"], (holiday, 130.0)]
    site.closes = {**site.closes, "105.NVDA": sorted(rows)}
    assert only(look()) == ""
    assert holiday not in served(data, NAMES[0])


def test_a_delisted_share_keeps_its_values_and_says_so(
    look: Look, data: Path, site: EastmoneySite
) -> None:
    look()
    site.closes = {}
    assert only(look()) == ("Eastmoney knows no 105.NVDA: it is not listed there, or no longer.")
    assert len(served(data, NAMES[0])) == len(DAYS)


@pytest.mark.parametrize("how", [how for how in MODES if how not in HARMLESS])
def test_a_failure_is_one_sentence_and_nothing_is_stored(
    how: str, look: Look, data: Path, internet: Internet
) -> None:
    internet.fail(HOST, how)
    problem = only(look())
    assert problem[-1] in ".?"
    assert len(problem.splitlines()) == 1
    assert len(problem) < 400
    assert served(data, NAMES[0]) == {}


def test_a_number_with_a_comma_makes_no_bar(look: Look, data: Path, internet: Internet) -> None:
    internet.fail(HOST, "thousands")
    assert "is no bar of 11 numbers" in only(look())


@pytest.mark.parametrize("how", ["halved", "shortened"])
def test_an_answer_that_rewrites_history_waits_for_a_person(
    how: str, look: Look, data: Path, internet: Internet
) -> None:
    look()
    held = served(data, NAMES[0])
    internet.fail(HOST, how)
    assert only(look())
    assert served(data, NAMES[0]) == held
