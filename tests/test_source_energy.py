"""EIA, Sina, the Shanghai Gold Exchange and CFETS: what they answer, and what may come instead."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from catalogs import part_of_the_catalog
from conftest import authored, settings_of, snapshot
from sites import CfetsSite, EiaSite, SgeSite, SinaSite
from sites.days import OCTOBER
from sites.eia import KEY
from sites.xls import workbook
from upstreams import MODES, Internet, in_turn

from etl.calendars import sessions
from etl.catalog import Catalog, Indicator, load_catalog
from etl.errors import UnexpectedPayload
from etl.ingest.checks import settled
from etl.ingest.run import Report, Request, run
from etl.records import BEIJING, Observation
from etl.sources.base import Source
from etl.sources.cfets import Cfets
from etl.sources.eia import Eia
from etl.sources.sge import Sge
from etl.sources.sina import Sina

#: An indicator of each kind of answer, with its source.
KINDS = {
    "henry_hub_usd_mmbtu": "eia",
    "us_industrial_electricity_cents_kwh": "eia",
    "gold_spot_usd_oz": "sina",
    "gold_au9999_cny_g": "sge",
    "gold_shanghai_benchmark_cny_g": "sge",
    "usd_cny_central_parity": "cfets",
}
#: What cannot be seen in such an answer: only who knows what was said before can tell, or the
#: answer says nothing of it.
UNSEEN = {
    "sina": ("other-currency", "extra-column", "other-series"),
    "sge": ("other-currency", "other-series"),
    # A pair's place is told; newest first, and numbers as texts, are how they come; blanks go.
    "cfets": ("extra-column", "reversed", "text"),
}
OF_HISTORY = ("halved", "shortened")
CASES = in_turn(
    (name, how)
    for name, source in KINDS.items()
    for how in MODES
    if how not in (*UNSEEN.get(source, ()), *OF_HISTORY)
)
#: After the last of the days that the sites hold.
AFTER = datetime(2026, 10, 22, 12, tzinfo=UTC)


@dataclass
class Place:
    """A data folder, and the sites that its runs see."""

    internet: Internet
    data: Path
    catalog: Catalog
    eia: EiaSite = field(default_factory=EiaSite)
    sina: SinaSite = field(default_factory=SinaSite)
    sge: SgeSite = field(default_factory=SgeSite)
    cfets: CfetsSite = field(default_factory=CfetsSite)

    def __post_init__(self) -> None:
        self.internet.sites += [self.eia, self.sina, self.sge, self.cfets]

    def run(self, name: str, known_at: datetime | None = None, **changed: str) -> Report:
        environment = {
            "XINZHI_PROXY": self.internet.proxy_url,
            "XINZHI_CA_BUNDLE": str(self.internet.ca_pem),
            "XINZHI_TIMEOUT": "6",
            **changed,
        }
        request = Request(ids=(name,), source=KINDS[name], known_at=known_at)
        settings = settings_of(self.data, **environment)
        return run(settings, self.catalog, request, lambda outcome: None)

    def rows(self, name: str) -> list[tuple[date, float]]:
        query = "select date, value from observations where indicator = ? order by date"
        with snapshot(self.data) as connection:
            return connection.execute(query, [name]).fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    data = tmp_path / "data"
    data.mkdir()
    with Internet(tmp_path) as internet:
        few = load_catalog(part_of_the_catalog(tmp_path / "c.yaml", *KINDS))
        yield Place(internet, authored(data), few)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_a_good_answer_is_stored_as_it_was_sent(name: str, place: Place) -> None:
    report = place.run(name)
    assert (report.exit_status, [o.problem for o in report.outcomes]) == (0, [""])
    found = place.rows(name)
    assert len(found) in (7, 8)
    assert {day.year for day, _ in found} == {2026}
    assert found == sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_wrong_answer_is_refused_in_one_sentence_and_the_values_of_before_stay(
    name: str, how: str, place: Place
) -> None:
    assert place.run(name).exit_status == 0
    before = place.rows(name)
    place.internet.fail("", how)
    (outcome,) = place.run(name).outcomes
    assert outcome.problem
    assert "Traceback" not in outcome.problem
    assert "\n" not in outcome.problem
    assert place.rows(name) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("how", OF_HISTORY)
def test_a_history_that_is_rewritten_waits_for_a_person(name: str, how: str, place: Place) -> None:
    assert place.run(name).exit_status == 0
    before = place.rows(name)
    place.internet.fail("", how)
    (outcome,) = place.run(name).outcomes
    assert "rewrites its history" in outcome.problem
    assert place.rows(name) == before


#: Answers in their true shape, as they were recorded by others.
SINA = b"""/*<script>location.href='//sina.com';</script>*/
var _=([{"date":"2026-09-15","open":"3850.100","high":"3871.200","low":"3841.500",\
"close":"3860.800","volume":"0","position":"0","s":"0.000"},{"date":"2026-09-16","open":"3860.800","high":"3882.400",\
"low":"3855.100","close":"3875.250","volume":"0","position":"0","s":"0.000"}]);"""
SGE = b'{"time":[["2026-08-18",953.0,955.16,948.5,961.0],["2026-08-19",952.0,945.22,939.5,959.99]]}'
CFETS = (
    '{"head":{"version":"2.0","provider":"CWAP","req_code":"","rep_code":"200","rep_message":"",'
    '"ts":1790965196719,"producer":""},"data":{"head":["USD/CNY","EUR/CNY"],"total":3,'
    '"pageTotal":1,"searchlist":["USD/CNY"],"endDate":"2026-10-03","pageSize":20,'
    '"currency":"USD/CNY","pageNum":1,"flagMessage":"","startDate":"2026-09-25"},"records":['
    '{"date":"2026-09-30","values":["6.7351"]},{"date":"2026-09-29","values":["6.7411"]},'
    '{"date":"2026-09-28","values":["6.7399"]}]}'
)
TABLE = (
    "MSN,YYYYMM,Value,Column_Order,Description,Unit\n"
    'ESRCUUS,202605,18.0,1,"Residential","Cents per Kilowatthour, Including Taxes"\n'
    'ESICUUS,202512,8.53,3,"Industrial","Cents per Kilowatthour, Including Taxes"\n'
    'ESICUUS,202513,8.62,3,"Industrial","Cents per Kilowatthour, Including Taxes"\n'
    'ESICUUS,202601,9.29,3,"Industrial","Cents per Kilowatthour, Including Taxes"\n'
    'ESICUUS,202602,Not Available,3,"Industrial","Cents per Kilowatthour, Including Taxes"\n'
)


def answered(*pages: str, series: str = "USD/CNY") -> bytes:
    return json.dumps({"series": series, "answers": pages}).encode()


def read(
    source: Source, payload: bytes, indicator: Indicator, name: str
) -> list[tuple[str, float]]:
    key = "symbol" if source.name == "sina" else "series"
    return [(str(o.date), o.value) for o in source.parse(payload, indicator, {key: name})]


def test_the_recorded_answers_become_values_in_order_of_date(catalog: Catalog) -> None:
    gold = catalog["gold_au9999_cny_g"]
    assert read(Sina(), SINA, gold, "XAU") == [("2026-09-15", 3860.8), ("2026-09-16", 3875.25)]
    assert read(Sge(), SGE, gold, "Au99.99") == [("2026-08-18", 955.16), ("2026-08-19", 945.22)]
    assert read(Cfets(), answered(CFETS), catalog["usd_cny_central_parity"], "USD/CNY") == [
        ("2026-09-28", 6.7399), ("2026-09-29", 6.7411), ("2026-09-30", 6.7351),
    ]  # fmt: skip
    power = catalog["us_industrial_electricity_cents_kwh"]
    assert read(Eia(), TABLE.encode(), power, "ESICUUS") == [
        ("2025-12-01", 8.53), ("2026-01-01", 9.29),
    ]  # fmt: skip


def test_the_benchmark_is_dated_by_its_day_in_beijing(catalog: Catalog) -> None:
    """Whether the moment is midnight in Beijing or in London."""
    gold = catalog["gold_shanghai_benchmark_cny_g"]
    midnight = int(datetime(2026, 10, 12, tzinfo=BEIJING).timestamp() * 1000)
    for moment in (midnight, midnight + 8 * 3_600_000):
        payload = json.dumps({"zp": [[moment, 951.0]], "wp": [[moment, 953.5]]}).encode()
        assert read(Sge(), payload, gold, "SHAU PM") == [("2026-10-12", 953.5)]
        assert read(Sge(), payload, gold, "SHAU AM") == [("2026-10-12", 951.0)]


def changed(old: str, new: str) -> bytes:
    text = SINA.decode()
    assert old in text
    return text.replace(old, new).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"null", b"var _=(null);", b"var _=([]);", b"var other=([]);", b"alert(1);", b"[]",
        b"<html>Welcome</html>", "抱歉，您访问的页面不存在".encode("gb18030"), SINA[:-40],
        changed('"close"', '"last"'), changed("var _=", "var _=XAU="), b"var _=(" + b"[" * 9000,
        changed('"date":"2026-09-16"', '"date":"2026-09-15"'),
        changed('"date":"2026-09-16"', '"date":"2026-09-14"'), b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_what_is_no_script_with_candles_is_refused_in_one_sentence(
    payload: bytes, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match="Sina") as said:
        read(Sina(), payload, catalog["gold_spot_usd_oz"], "XAU")
    assert "\n" not in str(said.value)


def test_chinese_in_another_encoding_is_quoted_as_it_was_meant(catalog: Catalog) -> None:
    page = "<p>抱歉，页面不存在</p>".encode("gb18030")
    for source, name in ((Sina(), "XAU"), (Sge(), "Au99.99")):
        with pytest.raises(UnexpectedPayload, match="抱歉，页面不存在"):
            read(source, page, catalog["gold_spot_usd_oz"], name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"close":"3875.250"', '"close":"3,875.25"', "'3,875.25' is no number"),
        ('"close":"3875.250"', '"close":"387525.0"', "387525 lies outside 3855.1 to 3882.4"),
        ('"close":"3875.250"', '"close":null', "no close as text"),
        ('"close":"3875.250"', '"close":"--"', "'--' is no number"),
        ('"date":"2026-09-16"', '"date":"2026/09/16"', "has no day"),
    ],
)
def test_a_candle_that_cannot_be_read_is_left_out_and_told(
    old: str, new: str, said: str, catalog: Catalog
) -> None:
    gold, payload = catalog["gold_spot_usd_oz"], changed(old, new)
    assert read(Sina(), payload, gold, "XAU") == [("2026-09-15", 3860.8)]
    (note,) = Sina().notes(payload, gold, {"symbol": "XAU"}, AFTER)
    assert note.startswith("One row was left out: ")
    assert said in note


def test_a_price_below_zero_is_one(catalog: Catalog) -> None:
    text = SINA.decode().replace("3875.250", "-37.630").replace("3855.100", "-40.320")
    assert read(Sina(), text.encode(), catalog["wti_futures_usd_bbl"], "CL")[-1][1] == -37.63


@pytest.mark.parametrize(
    ("name", "running", "over"),
    [
        # Each in UTC: the evening of New York, the end of London's day, the afternoon of Beijing.
        ("wti_futures_usd_bbl", datetime(2026, 10, 20, 20, 59), datetime(2026, 10, 20, 21)),
        ("gold_futures_usd_oz", datetime(2026, 10, 20, 20, 59), datetime(2026, 10, 20, 21)),
        ("brent_ice_futures_usd_bbl", datetime(2026, 10, 20, 21, 59), datetime(2026, 10, 20, 22)),
        ("gold_spot_usd_oz", datetime(2026, 10, 20, 22, 59), datetime(2026, 10, 20, 23)),
        ("gold_au9999_cny_g", datetime(2026, 10, 20, 7, 29), datetime(2026, 10, 20, 7, 30)),
        ("usd_cny_central_parity", datetime(2026, 10, 20, 1, 14), datetime(2026, 10, 20, 1, 15)),
    ],
)
def test_a_price_of_a_running_session_is_never_a_close(
    name: str, running: datetime, over: datetime, catalog: Catalog
) -> None:
    rows = [Observation(day, 100.0 + n) for n, day in enumerate(OCTOBER)]
    for moment, last in ((running, OCTOBER[-2]), (over, OCTOBER[-1])):
        found = list(settled(catalog[name], rows, moment.replace(tzinfo=UTC)))
        assert found[-1].date == last


def test_zeros_of_the_exchange_are_no_prices(catalog: Catalog) -> None:
    gold = catalog["gold_au9999_cny_g"]
    payload = SGE.replace(b"952.0,945.22,939.5,959.99", b"0,0,0,0")
    assert read(Sge(), payload, gold, "Au99.99") == [("2026-08-18", 955.16)]
    with pytest.raises(UnexpectedPayload, match="without a single price"):
        read(Sge(), b'{"time":[["2026-08-19",0,0,0,0]]}', gold, "Au99.99")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"searchlist":["USD/CNY"]', '"searchlist":["EUR/CNY"]', "EUR/CNY"),
        ('"searchlist":["USD/CNY"]', '"searchlist":[]', "where USD/CNY was asked for"),
        ('"rep_code":"200"', '"rep_code":"500"', "refuses USD/CNY"),
        ('"values":["6.7411"]', '"values":[]', "is no day with its value"),
        ('"values":["6.7411"]', '"values":[6.7411]', "'6.7411' is no text"),
        ('"6.7411"', '"6,7411"', "'6,7411' is no number"),
        ('"2026-09-29"', '"2026-09-30"', "has two rows for 2026-09-30"),
        ('"records"', '"rows"', "sent no values of USD/CNY"),
    ],
)
def test_what_are_no_parities_is_refused_in_one_sentence(
    old: str, new: str, said: str, catalog: Catalog
) -> None:
    assert old in CFETS
    with pytest.raises(UnexpectedPayload, match="CFETS") as refused:
        read(Cfets(), answered(CFETS.replace(old, new)), catalog["usd_cny_central_parity"],
             "USD/CNY")  # fmt: skip
    assert said in str(refused.value)


def test_a_day_without_a_parity_is_left_out(catalog: Catalog) -> None:
    page = CFETS.replace("6.7411", "---")
    found = read(Cfets(), answered(page), catalog["usd_cny_central_parity"], "USD/CNY")
    assert [day for day, _ in found] == ["2026-09-28", "2026-09-30"]


def test_a_rate_that_holds_is_kept_on_the_days_it_changed_or_each_month(catalog: Catalog) -> None:
    records = [
        {"1Y": rate, "5Y": "3.50", "showDateCN": day}
        for day, rate in (("2026-09-21", "3.00"), ("2026-08-20", "3.00"), ("2026-07-20", "3.10"))
    ]
    page = json.dumps({"head": {"rep_code": "200"}, "data": {"message": ""}, "records": records})
    payload = answered(page, series="LPR 1Y")
    monthly = catalog["gold_monthly_usd_oz"]
    told = [("2026-07-20", 3.1), ("2026-08-20", 3.0), ("2026-09-21", 3.0)]
    assert read(Cfets(), payload, monthly, "LPR 1Y") == told
    assert read(Cfets(), payload, catalog["fed_target_upper_pct"], "LPR 1Y") == told[:2]


@pytest.mark.slow
def test_the_whole_history_of_the_parity_is_asked_year_by_year_and_page_by_page(
    place: Place,
) -> None:
    days = sessions("CFETS", date(2025, 1, 2), date(2026, 10, 20))
    place.cfets.pairs["USD/CNY"] = [(day, 7.0 + n / 1e4) for n, day in enumerate(days)]
    assert place.run("usd_cny_central_parity").exit_status == 0
    assert [day for day, _ in place.rows("usd_cny_central_parity")] == days
    asked = len(place.internet.requests)
    assert place.run("usd_cny_central_parity").exit_status == 0
    assert len(place.internet.requests) - asked <= 2  # what is new, and a window for revisions


@pytest.mark.slow
def test_with_a_key_eia_is_asked_through_its_api_in_pages_and_the_key_is_never_kept(
    place: Place,
) -> None:
    place.eia.page_rows = 3
    for name in ("henry_hub_usd_mmbtu", "us_industrial_electricity_cents_kwh"):
        (outcome,) = place.run(name, XINZHI_EIA_API_KEY=KEY).outcomes
        assert outcome.problem == ""
        assert len(place.rows(name)) in (7, 8)
    assert {asked.host for asked in place.internet.requests} == {"api.eia.gov"}
    kept = [*(place.data / "raw").rglob("*.gz")]
    assert len(kept) == 2
    assert all(KEY.encode() not in gzip.decompress(path.read_bytes()) for path in kept)


@pytest.mark.slow
def test_a_wrong_key_is_told_by_the_name_of_its_setting_and_not_repeated(place: Place) -> None:
    secret = "a-secret-that-nobody-may-read"
    (outcome,) = place.run("henry_hub_usd_mmbtu", XINZHI_EIA_API_KEY=secret).outcomes
    assert "Check XINZHI_EIA_API_KEY" in outcome.problem
    assert secret not in outcome.problem


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_workbook_ends_no_run(seed: int, catalog: Catalog) -> None:
    """Some make the library that reads it give up its process."""
    chance = random.Random(seed)
    whole = workbook({"Data 1": [["x"], ["Sourcekey", "RWTC"], ["Date", "(Dollars per Barrel)"]]})
    for cut in (0, 8, 600, len(whole) // 2):
        broken = bytearray(whole[:cut] or whole)
        for _ in range(40):
            broken[chance.randrange(8, len(broken) + 8) % len(broken)] = chance.randrange(256)
        with pytest.raises(UnexpectedPayload, match="EIA"):
            read(Eia(), bytes(broken), catalog["wti_spot_usd_bbl"], "RWTC")


def test_another_unit_or_series_of_eia_is_refused_by_name(catalog: Catalog) -> None:
    def sheet(code: str, unit: str) -> bytes:
        rows = [["x"], ["Sourcekey", code], ["Date", f"Brent ({unit})"], [OCTOBER[0], 95.0]]
        return workbook({"Contents": [["x"]], "Data 1": rows})

    brent = catalog["brent_spot_usd_bbl"]
    good = sheet("RBRTE", "Dollars per Barrel")
    assert read(Eia(), good, brent, "RBRTE") == [("2026-10-12", 95.0)]
    for code, unit, said in (
        ("RWTC", "Dollars per Barrel", "holds 'RWTC' where RBRTE was asked for"),
        ("RBRTE", "Euros per Barrel", "'Dollars per Barrel' was expected"),
    ):
        with pytest.raises(UnexpectedPayload, match=said):
            read(Eia(), sheet(code, unit), brent, "RBRTE")
