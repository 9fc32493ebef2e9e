"""China's sources: the index company, the statistics bureau and the energy administration."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import served, settings_of
from sites import CsindexSite, NeaSite, StatsGovCnSite, bureau_of, indices_of, notices_of
from sites.nea import Notice
from sites.stats_gov_cn import Told
from upstreams import MODES, Internet, in_turn

from dashboard.pages.parts.publication import publication_words
from etl.calendars import sessions
from etl.catalog import Catalog, Indicator
from etl.errors import UnexpectedPayload
from etl.ingest.run import Report, Request, run
from etl.sources.csindex import Csindex
from etl.sources.nea import INTERNET, WHOLE, Nea
from etl.sources.stats_gov_cn import StatsGovCn

DAYS = sessions("XSHG", date(2026, 8, 3), date(2026, 9, 25))
#: The sessions before the long holiday of October are over.
OCTOBER = datetime(2026, 10, 2, 4, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 4, tzinfo=UTC)
CSI, BUREAU, NEA = "www.csindex.com.cn", "data.stats.gov.cn", "www.nea.gov.cn"
INDEX, ROBOTS, PRICES, USE = (
    "csi300", "cn_robots_output_sets", "cn_cpi_yoy_pct", "cn_power_use_kwh_bn",
)  # fmt: skip
NAMES = (INDEX, ROBOTS, PRICES, USE, "cn_internet_data_power_kwh_bn", "cn_gdp_yoy_pct")
Look = Callable[..., str]


@pytest.fixture
def sites(internet: Internet, catalog: Catalog) -> tuple[CsindexSite, StatsGovCnSite, NeaSite]:
    all_ = (
        indices_of(catalog, DAYS),
        bureau_of(catalog, OCTOBER.date()),
        notices_of(OCTOBER.date()),
    )
    internet.sites += all_
    return all_


@pytest.fixture
def look(catalog: Catalog, data: Path, internet: Internet, sites: object) -> Look:
    """A run that asks one source for one indicator: what it had to say."""
    part = catalog.model_copy(update={"indicators": {name: catalog[name] for name in NAMES}})
    settings = settings_of(
        data,
        XINZHI_PROXY=internet.proxy_url,
        XINZHI_CA_BUNDLE=str(internet.ca_pem),
        XINZHI_TIMEOUT="2",
    )

    def do(name: str, known_at: datetime = OCTOBER) -> str:
        request = Request((name,), source=part[name].sources[0].name, known_at=known_at)
        report: Report = run(settings, part, request, lambda outcome: None)
        (outcome,) = report.outcomes
        return outcome.problem

    return do


# China Securities Index

LEVELS = json.loads(
    '{"code":"200","msg":"Success","data":['
    '{"tradeDate":"20260924","indexCode":"000300","indexNameCnAll":"沪深300指数","indexNameCn":'
    '"沪深300","indexNameEnAll":"CSI 300 Index","indexNameEn":"CSI 300","open":4601.2,'
    '"high":4650.5,"low":4598.77,"close":4640.11,"change":31.2,"changePct":0.68,"tradingVol":2101.5,'
    '"tradingValue":5120.33,"consNumber":300.0,"peg":14.1},'
    '{"tradeDate":"20260925","indexCode":"000300","indexNameCnAll":"沪深300指数","indexNameCn":'
    '"沪深300","indexNameEnAll":"CSI 300 Index","indexNameEn":"CSI 300","open":null,"high":null,'
    '"low":null,"close":4655.02,"change":14.9,"changePct":0.32,"tradingVol":null,'
    '"tradingValue":null,"consNumber":300.0,"peg":null}],"success":true}'
)


def levels(**changed: Any) -> bytes:
    """The answer with its first day changed."""
    first, *rest = LEVELS["data"]
    return json.dumps({**LEVELS, "data": [{**first, **changed}, *rest]}).encode()


def test_the_close_of_a_day_is_its_level_even_where_no_range_is_told(catalog: Catalog) -> None:
    found = Csindex().parse(levels(), catalog[INDEX], {"code": "000300"})
    assert [(o.date, o.value) for o in found] == [
        (date(2026, 9, 24), 4640.11), (date(2026, 9, 25), 4655.02),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<html>403</html>", "sent no levels of 000300"),
        ("沪深".encode("gb18030"), "sent no levels of 000300"),
        (b'{"code":"500","msg":"busy","data":null}', "did not answer for 000300: 500 busy"),
        (b'{"code":"200","msg":"","data":null}', "no list of days"),
        (b'{"code":"200","msg":"Success","data":[]}', "sent no day of 000300"),
        (levels(indexCode="000905"), "where 000300 was asked for"),
        (levels(tradeDate="2026-09-24"), "has no day like 20260930"),
        (levels(tradeDate="20260925"), "has two rows for 2026-09-25"),
        (levels(tradeDate="20260928"), "is out of order"),
    ],
)
def test_what_are_no_levels_is_refused(payload: bytes, said: str, catalog: Catalog) -> None:
    with pytest.raises(UnexpectedPayload, match="CSI") as refused:
        Csindex().parse(payload, catalog[INDEX], {"code": "000300"})
    assert said in str(refused.value)


@pytest.mark.parametrize("close", [None, "4640.11", 46.4, True])
def test_a_day_without_a_level_inside_its_range_is_left_out(close: Any, catalog: Catalog) -> None:
    payload, params = levels(close=close), {"code": "000300"}
    assert [o.date.day for o in Csindex().parse(payload, catalog[INDEX], params)] == [25]
    (note,) = Csindex().notes(payload, catalog[INDEX], params, OCTOBER)
    assert "CSI's 000300 of 2026-09-24" in note


def test_levels_arrive_and_those_of_a_holiday_do_not(
    look: Look, data: Path, sites: Any, internet: Internet
) -> None:
    csi = sites[0]
    sunday = date(2026, 9, 27)
    csi.closes["000300"] = [*csi.closes["000300"], (sunday, 3000.0)]
    assert look(INDEX) == ""
    assert set(served(data, INDEX)) == set(DAYS)
    (asked,) = [a for a in internet.requests if a.host == CSI]
    assert "indexCode=000300&startDate=19901219&endDate=" in asked.path


def test_a_close_in_shanghai_is_none_of_new_york(catalog: Catalog) -> None:
    assert publication_words(catalog[INDEX], "zh") == "当日收盘"
    assert publication_words(catalog["sp500"], "zh") == "当日收盘（美东）"


# The statistics bureau

RECORDED = (Path(__file__).parent / "recorded/stats_gov_cn/power.json").read_bytes()
POWER = {
    "cid": "1abb1cfea75847b8bf1a0e395d85966b",
    "indicator": "baafe3a9a09d4b39a366e5b625574aea",
    "title": "发电量当期值 (亿千瓦时)",
}


@pytest.fixture
def power(catalog: Catalog) -> Indicator:
    return catalog["cn_power_output_kwh_bn"]


def changed(**cell: Any) -> bytes:
    """The recorded answer with the cell of its newest month changed."""
    answer = json.loads(RECORDED)
    period = answer["data"][0]
    for key in ("code", "name"):
        period[key] = cell.pop(f"period_{key}", period[key])
    period["values"][0].update(cell)
    return json.dumps(answer).encode()


def test_months_come_in_order_and_the_first_two_of_a_year_stay_empty(power: Indicator) -> None:
    found = StatsGovCn().parse(RECORDED, power, POWER)
    assert [(o.date, o.value) for o in found] == [
        (date(2025, 12, 1), 858.62), (date(2026, 3, 1), 802.48),
        (date(2026, 4, 1), 743.98), (date(2026, 5, 1), 784.25),
    ]  # fmt: skip
    assert StatsGovCn().notes(RECORDED, power, POWER, OCTOBER) == ()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (changed(du_name="万千瓦时"), "in '万千瓦时'; '亿千瓦时' was expected"),
        (changed(i_showname="发电量累计值 (亿千瓦时)"), "'发电量当期值(亿千瓦时)'"),
        (changed(i_showname="发电量同比增长 (%)"), "calls the series '发电量同比增长(%)'"),
        (changed(da="110000000000"), "(110000000000)"),
        (changed(_id="0" * 32), "where 发电量当期值 (亿千瓦时) was asked for"),
        (changed(value="7 842"), "'7 842' is no number"),
        (changed(value="-"), "'-' is no number"),
        (changed(period_name="2026年1-5月"), "is for '2026年1-5月', which is no month"),
        (changed(period_code="2026QY"), "'2026QY' is no period like 202604MM"),
    ],
    ids=["unit", "sum", "change", "province", "series", "blank", "dash", "pooled", "code"],
)
def test_a_month_that_is_not_what_was_asked_for_is_left_out_and_named(
    payload: bytes, said: str, power: Indicator
) -> None:
    found = StatsGovCn().parse(payload, power, POWER)
    assert [o.date.month for o in found] == [12, 3, 4]
    (note,) = StatsGovCn().notes(payload, power, POWER, OCTOBER)
    assert said in note


@pytest.mark.parametrize("value", ["", "无", None])
def test_what_is_not_published_yet_is_missing_without_a_word(value: Any, power: Indicator) -> None:
    found = StatsGovCn().parse(changed(value=value), power, POWER)
    assert [o.date.month for o in found] == [12, 3, 4]
    assert StatsGovCn().notes(changed(value=value), power, POWER, OCTOBER) == ()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<!DOCTYPE html><script>", "sent no JSON"),
        ("发电量".encode("gb18030"), "sent no JSON"),
        (b'callback({"success":true})', "sent no JSON"),
        (b'{"success":false,"message":"\xe6\x9f\xa5","data":null}', "did not answer"),
        (b'{"success":true,"data":[]}', "without a single value"),
        (changed(period_code="202604MM", period_name="2026年4月"), "two values of 2026-04-01"),
    ],
)
def test_what_is_no_table_of_the_bureau_is_refused(
    payload: bytes, said: str, power: Indicator
) -> None:
    with pytest.raises(UnexpectedPayload, match="The bureau") as refused:
        StatsGovCn().parse(payload, power, POWER)
    assert said in str(refused.value)


def test_an_indicator_in_a_unit_that_the_bureau_has_no_word_for_is_refused(
    catalog: Catalog,
) -> None:
    points = catalog["cn_power_output_kwh_bn"].model_copy(update={"unit": "points"})
    with pytest.raises(UnexpectedPayload, match="is in 'points'"):
        StatsGovCn().parse(RECORDED, points, POWER)


def test_robots_arrive_by_month_and_never_for_january_or_february(
    look: Look, data: Path, sites: Any
) -> None:
    assert look(ROBOTS) == ""
    held = served(data, ROBOTS)
    assert {day.month for day in held} == set(range(3, 13))
    assert held[date(2026, 8, 1)] == pytest.approx(90_270.0)
    (asked,) = sites[1].posted
    assert (asked["das"], asked["dts"][0][:9]) == ([{"text": "", "value": "000000000000"}],
                                                   "199001MM-")  # fmt: skip


def test_prices_before_a_change_of_base_come_from_the_tables_of_older_bases(
    look: Look, data: Path, sites: Any, catalog: Catalog
) -> None:
    ref = catalog[PRICES].ref("stats_gov_cn")
    assert ref is not None
    title, (older, *_) = ref.params["title"], ref.params["earlier"]
    now = (ref.params["cid"], ref.params["indicator"])
    past = tuple(older.split("/"))
    bureau = sites[1]
    bureau.series[now] = Told(title, "", [(date(2026, m, 1), 100.0 + m / 10) for m in range(1, 9)])
    bureau.series[past] = Told(title, "无", [(date(2025, m, 1), 99.5) for m in range(1, 13)])
    assert look(PRICES) == ""
    held = served(data, PRICES)
    assert (held[date(2025, 12, 1)], held[date(2026, 8, 1)]) == (-0.5, pytest.approx(0.8))
    assert len(held) == 20
    assert look(PRICES) == ""
    assert len(bureau.posted) == 5
    assert bureau.posted[-1]["dts"][0].startswith("202606MM-")


def test_a_quarter_that_is_revised_is_a_new_vintage(look: Look, data: Path, sites: Any) -> None:
    assert look("cn_gdp_yoy_pct") == ""
    (key, told) = next(
        (key, told) for key, told in sites[1].series.items() if "国内生产总值" in told.title
    )
    day, value = told.values[-1]
    assert value is not None
    sites[1].series[key] = Told(told.title, told.unit, [*told.values[:-1], (day, value + 0.3)])
    before = served(data, "cn_gdp_yoy_pct")[day]
    assert look("cn_gdp_yoy_pct", LATER) == ""
    assert served(data, "cn_gdp_yoy_pct")[day] == pytest.approx(before + 0.3)
    assert served(data, "cn_gdp_yoy_pct", OCTOBER)[day] == before


# The energy administration

TEXTS = json.loads((Path(__file__).parent / "recorded/nea/texts.json").read_text("utf-8"))


def notice(text: str, published: str = "2026-08-21", title: str = "用电量") -> bytes:
    row = {"title": title, "url": f"https://{NEA}/c.html",
           "published": f"{published}T10:05:00+08:00", "page": f"<p>{text}</p>"}  # fmt: skip
    return json.dumps({"notices": [row]}).encode()


def read(payload: bytes, catalog: Catalog, of: str = WHOLE) -> list[tuple[str, float]]:
    found = Nea().parse(payload, catalog[USE], {"of": of})
    return [(f"{o.date:%Y-%m}", o.value) for o in found]


@pytest.mark.parametrize(("published", "month", "whole", "internet"), [
    ("2022-04-14", "2022-03", 694.4, None), ("2022-05-16", "2022-04", 636.2, None),
    ("2025-11-21", "2025-10", 857.2, None), ("2026-04-20", "2026-03", 859.5, 8.0),
    ("2026-08-21", "2026-07", 1040.0, 9.9), ("2026-09-20", "2026-08", 1033.2, 10.2),
    ("2026-09-24", "2026-08", 1033.2, 10.2),
])  # fmt: skip
def test_recorded_notices_give_their_month_and_never_the_sum(
    published: str, month: str, whole: float, internet: float | None, catalog: Catalog
) -> None:
    payload = notice(TEXTS[published], published)
    assert read(payload, catalog) == [(month, whole)]
    if internet is None:
        with pytest.raises(UnexpectedPayload, match="no sentence on the use of 互联网数据服务"):
            read(payload, catalog, INTERNET)
    else:
        assert read(payload, catalog, INTERNET) == [(month, internet)]


@pytest.mark.parametrize("published", ["2026-03-17", "2026-01-17"])
def test_a_notice_of_a_sum_alone_gives_no_month(published: str, catalog: Catalog) -> None:
    with pytest.raises(UnexpectedPayload, match="no sentence on the use of a single month"):
        read(notice(TEXTS[published], published), catalog)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7月份，全社会用电量1.04万亿千瓦时。", "counts in '万亿千瓦时'; 亿千瓦时 was expected"),
        ("7月份，全社会用电量10400万千瓦时。", "counts in '万千瓦时'"),
        ("7月份，全社会用电量10,400亿千瓦时。", "no sentence"),
        ("7月份，全社会用电量同比增长1.7%。", "no sentence"),
        ("7月份，全社会用电量累计61399亿千瓦时。", "no sentence"),
        ("前7月，全社会用电量61399亿千瓦时。", "no sentence"),
        ("1至7月，全社会用电量61399亿千瓦时。", "no sentence"),
        ("17月份，全社会用电量10400亿千瓦时。", "tells of month 17"),
        ("2月份，全社会用电量7000亿千瓦时。", "of 2026-08-21 tells of 2026-02"),
        ("2025年7月，全社会用电量10226亿千瓦时。", "tells of 2025-07"),
        ("7月份，全社会用电量1亿千瓦时。6月份，全社会用电量2亿千瓦时。", "more than one sentence"),
        ("7月份，全社会用电量\ufffd亿千瓦时。", "is not in UTF-8"),
    ],
)
def test_a_sentence_that_does_not_name_month_quantity_and_unit_gives_nothing(
    text: str, said: str, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload) as refused:
        read(notice(text), catalog)
    assert said in str(refused.value)


def test_notices_give_their_months_with_title_address_and_hour(
    look: Look, data: Path, sites: Any, internet: Internet
) -> None:
    assert look(USE) == ""
    held = served(data, USE)
    assert max(held) == date(2026, 8, 1)
    assert set(held) == {day for day, _ in sites[2].months[-15:]}
    assert {a.host for a in internet.requests} == {NEA}
    assert len(internet.requests) == len(held) + 1


def test_a_month_told_twice_is_one_unless_they_differ_and_a_page_that_is_gone_costs_itself(
    look: Look, data: Path, sites: Any
) -> None:
    nea = sites[2]
    nea.months = nea.months[-3:]
    june, (july, _), (august, _) = nea.months
    nea.months = [june, (july, 10400.0), (august, 10332.0)]
    nea.missing = {"/20260721/0/c.html"}
    nea.notices = [
        Notice(datetime(2026, 8, 25), "7月份全社会用电量再破万亿", TEXTS["2026-08-21"]),
        Notice(datetime(2026, 9, 24), "8月份全社会用电量", "8月份，全社会用电量10333亿千瓦时。"),
    ]
    assert look(USE) == ""
    assert served(data, USE) == {july: 1040.0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"title": "全社会用电量", "publishTime": "2026-08-21 10:05:00"}, "without an address"),
        ({"title": "全社会用电量", "publishUrl": "../a", "publishTime": "2026"}, "or a time"),
        ({"title": "全社会用电量", "publishUrl": "https://example.org/c.html",
          "publishTime": "2026-08-21 10:05:00"}, "is not on www.nea.gov.cn"),
        ({"title": "会议", "publishUrl": "../a/c.html"}, "None of the NEA's 1 news"),
    ],
)  # fmt: skip
def test_a_list_that_leads_elsewhere_is_refused(
    row: dict[str, str], said: str, look: Look, internet: Internet
) -> None:
    internet.say("/xwfb/ds_", 200, json.dumps({"datasource": [row]}).encode())
    assert said in look(USE)


# All ways to fail

#: What changes nothing that is read, or is told apart by a person.
HARMLESS = {
    CSI: ("extra-column", "other-currency"),
    BUREAU: ("extra-column", "reversed"),
    NEA: ("extra-column", "reversed", "doubled", "text"),
}


@pytest.mark.parametrize(
    ("host", "how"),
    in_turn(
        (host, how)
        for host in HARMLESS
        for how in MODES
        if how not in ("halved", "shortened", *HARMLESS[host])
    ),
)
def test_a_failure_is_one_sentence_and_nothing_is_stored(
    host: str, how: str, look: Look, data: Path, internet: Internet
) -> None:
    name = {CSI: INDEX, BUREAU: ROBOTS, NEA: USE}[host]
    internet.fail(host, how)
    problem = look(name)
    assert problem[-1:] in (".", "?")
    assert len(problem.splitlines()) == 1
    assert len(problem) < 400
    assert served(data, name) == {}


@pytest.mark.parametrize(
    ("host", "how"), [(h, how) for h, modes in HARMLESS.items() for how in modes]
)
def test_what_changes_nothing_that_is_read_does_no_harm(
    host: str, how: str, look: Look, data: Path, internet: Internet
) -> None:
    name = {CSI: INDEX, BUREAU: ROBOTS, NEA: USE}[host]
    internet.fail(host, how)
    assert look(name) == ""
    assert served(data, name)
