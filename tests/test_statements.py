"""Statements as the world writes them, one kind of difficulty after another, beside real values
(tests/golden/real.csv): what is read of them, and what is said of them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from conftest import bundled

from benchmarks.claims import Golden
from etl.bulletins.model import Bulletin, Section
from etl.catalog import Catalog
from etl.claims.check import Judge, check, check_text
from etl.claims.known import History, Row, VintageSeries
from etl.claims.parse import Parser

Found = list[tuple[str, str, str]]


def found(golden: Golden, day: str, text: str) -> Found:
    claims = [placed.claim for placed in golden.claims(text, date.fromisoformat(day))]
    return [(c.indicator, c.kind, c.verdict) for c in claims]


def verdicts(golden: Golden, day: str, text: str) -> list[str]:
    return [verdict for *_, verdict in found(golden, day, text)]


# Of whom


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2024-09-20", "澳洲标普200指数收涨0.61%，报8191.9点，创收盘新高。"),
        ("2024-09-20", "新西兰标普50指数跌0.67%，收于12586.98点。"),
        ("2025-09-25", "标普小型股600指数跌0.9%，标普中型股400指数跌0.5%。"),
        ("2025-09-25", "纳斯达克100期货跌0.31%，纳斯达克中国金龙指数涨2.83%。"),
        ("2025-09-25", "标普500股指期货跌0.2%，纳指期货跌0.3%，VIX期货报17点。"),
        ("2025-09-25", "S&P/ASX 200 fell 0.9% to 8,764.5."),
    ],
)
def test_a_family_of_indices_is_not_its_member(golden: Golden, day: str, text: str) -> None:
    assert found(golden, day, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "周五，3年期美债收益率跌1.3个基点，报3.475%。",
        "周五，3年期美债收益率报3.59%，7年期美债收益率报3.6%。",
        "美国国债收益率普跌，2年期报3.59%。",
        "9月20日，央行开展7天期逆回购操作，操作利率1.70%。",
        "9月20日，30年期固定抵押贷款利率为6.09%。",
        "周五，两期国债的中标利率分别为2.08%和2.13%。",
        "周五，银行间隔夜回购加权利率报1.93%。",
        "周五，10年期德国国债收益率涨1个基点，报2.2%；日债收益率升至0.85%。",
        "周五，10年期国债收益率下行至2.04%，国债期货收涨。",
    ],
)
def test_another_tenor_country_or_rate_is_not_the_ten_year_yield(golden: Golden, text: str) -> None:
    assert found(golden, "2024-09-24", text) == []


def test_a_tenor_told_apart_from_its_country_needs_a_word_of_the_country(golden: Golden) -> None:
    told = found(golden, "2024-09-24", "美债方面，周五，十年期国债收益率报3.73%。")
    assert told == [("us_10y_yield_pct", "level", "supported")]


@pytest.mark.parametrize(
    "text",
    [
        "A股三大指数收涨，半导体板块涨3.2%，算力概念走强。",
        "两市成交额放大，半导体指数收跌2.1%。",
        "港股半导体板块涨3.2%。",
    ],
)
def test_a_sector_of_another_market_is_not_phlx(golden: Golden, text: str) -> None:
    assert found(golden, "2025-06-05", text) == []


def test_the_central_parity_is_no_close(golden: Golden) -> None:
    told = found(golden, "2026-05-27", "人民币对美元中间价报6.8332，调贬46个基点。")
    assert {indicator for indicator, *_ in told} == {"usd_cny_central_parity"}


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        ("纳斯达克100指数跌0.31%。", "nasdaq_100"),
        ("周五，两年期美债收益率报3.59%。", "us_2y_yield_pct"),
        ("道琼斯工业指数涨0.02%。", "dow_jones"),
        ("现货黄金跌1.2%，报4400美元/盎司。", "gold_spot_usd_oz"),
    ],
)
def test_a_relation_is_judged_by_its_own_values_or_not_at_all(
    golden: Golden, text: str, indicator: str
) -> None:
    told = found(golden, "2025-09-25", text)
    assert {(name, verdict) for name, _, verdict in told} == {(indicator, "unverifiable")}


@pytest.mark.parametrize(
    "text",
    [
        "2024年全国数据中心平均PUE降至1.46。",
        "公司自建数据中心PUE低于1.15。",
        "张北园区PUE降到1.12。",
        "微软PUE为1.12。",
        "全球平均PUE为1.56，而我国为1.46。",
    ],
)
def test_a_park_or_a_nation_is_not_the_world(golden: Golden, text: str) -> None:
    assert set(verdicts(golden, "2026-05-27", text)) <= {"unverifiable", "supported"}
    values = [p.claim.value for p in golden.claims(text) if p.claim.verdict == "supported"]
    assert values in ([], [1.56])


@pytest.mark.parametrize(
    "text", ["各地今年已出台算力政策文件超过50份。", "广东省今年发布人工智能政策文件12份。"]
)
def test_documents_of_places_are_not_those_of_the_register(golden: Golden, text: str) -> None:
    assert found(golden, "2026-05-27", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "美联储下调2024年核心PCE通胀预期至2.6%。",
        "美联储下调2024年经济增长预期。",
        "美联储上调资产减值。",
    ],
)
def test_what_a_central_bank_does_is_not_what_its_rate_does(golden: Golden, text: str) -> None:
    assert found(golden, "2024-09-19", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "标普500能源板块跌0.28%，报6637.97点，收于全天低点附近。",
        "标普500指数11大类股有七个下跌。",
        "标普500半导体设备股下跌。",
    ],
)
def test_a_part_of_an_index_lends_it_nothing(golden: Golden, text: str) -> None:
    assert set(verdicts(golden, "2025-09-25", text)) <= {"unverifiable"}


# Contracts


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        ("布油11月合约涨2.21%，报70.72美元/桶。", "brent_futures_usd_bbl"),
        ("美油10月合约涨2.48%，报67.38美元/桶。", "wti_futures_usd_bbl"),
        ("11月交割的布伦特原油期货涨2.21%，报70.72美元/桶。", "brent_futures_usd_bbl"),
    ],
)
def test_a_delivery_month_is_no_time(golden: Golden, text: str, indicator: str) -> None:
    """The session is the last one; the contract is another than ours, so that nothing is ✘."""
    claims = [placed.claim for placed in golden.claims(text, date(2024, 9, 12))]
    assert [c.indicator for c in claims] == [indicator] * 2
    assert all(c.evidence and c.evidence.date == date(2024, 9, 11) for c in claims)
    assert {c.verdict for c in claims} == {"unverifiable"}
    assert all("合约" in c.reason for c in claims)


def test_the_main_contract_is_never_contradicted_by_the_front_month(golden: Golden) -> None:
    text = "COMEX黄金期货跌0.29%，报2584.8美元/盎司。"
    assert verdicts(golden, "2024-09-19", text) == ["unverifiable"] * 2


def test_a_far_contract_is_none_of_ours(golden: Golden) -> None:
    text = "远月WTI原油期货收于64.99美元/桶，涨2.49%。"
    assert set(verdicts(golden, "2025-09-25", text)) == {"unverifiable"}


# When


@pytest.mark.parametrize(
    "text",
    [
        "美股早段偏软，纳指跌0.8%，报22700点。",
        "纳指盘初跌0.8%。",
        "截至发稿，标普500指数跌0.3%。",
        "截至北京时间22:35，标普500指数跌0.3%。",
        "标普500指数现跌0.3%，最新报6688点。",
        "纳指开盘跌0.5%，标普500指数低开0.2%。",
        "盘前交易中，美光跌2%。",
        "夜盘时段，WTI原油期货跌1.2%。",
        "标普500指数触及6720点后回落。",
        "纳指由涨0.5%转跌0.2%。",
    ],
)
def test_a_price_of_a_running_session_is_listed_and_not_judged(golden: Golden, text: str) -> None:
    told = verdicts(golden, "2025-11-25", text)
    assert told
    assert set(told) == {"unverifiable"}


def test_an_intraday_record_is_not_judged_by_closes(golden: Golden) -> None:
    text = "黄金期货盘中涨至3739.9美元/盎司，创历史新高。"
    assert set(verdicts(golden, "2025-09-18", text)) == {"unverifiable"}


def test_a_close_behind_an_intraday_price_is_judged(golden: Golden) -> None:
    text = "标普500指数盘中一度跌0.9%，收盘跌0.28%，报6637.97点。"
    assert verdicts(golden, "2025-09-25", text) == ["unverifiable", "supported", "supported"]


def test_the_sentences_that_follow_are_of_the_running_session_too(golden: Golden) -> None:
    text = "截至发稿，三大股指期货走低。标普500指数跌0.9%。"
    assert verdicts(golden, "2025-09-25", text) == ["unverifiable"]


@pytest.mark.parametrize(
    "text",
    [
        "北京时间9月25日凌晨，纳指收跌0.33%，报22497.86点。",
        "美东时间9月24日，纳指收跌0.33%，报22497.86点。",
        "今日凌晨，美股收盘，纳指跌0.33%，报22497.86点。",
        "今晨，纳指收跌0.33%，报22497.86点。",
        "9月25日凌晨收盘，纳指跌0.33%，报22497.86点。",
        "24日，纳指跌0.33%，报22497.86点。",
        "纳指周三收跌0.33%，报22497.86点。",
    ],
)
def test_small_hours_in_beijing_are_the_session_before(golden: Golden, text: str) -> None:
    assert verdicts(golden, "2025-09-25", text) == ["supported"] * 2


def test_a_date_that_may_be_that_of_beijing_is_never_contradicted(golden: Golden) -> None:
    """24 September closed in New York when it was the 25th in Beijing."""
    told = verdicts(golden, "2025-09-26", "9月25日，纳指收于22497.86点。")
    assert told == ["unverifiable"]


def test_a_number_of_another_session_without_a_date_is_not_contradicted(golden: Golden) -> None:
    told = golden.claims("纳指收于22573.47点。", date(2025, 9, 25))
    assert [p.claim.verdict for p in told] == ["unverifiable"]
    assert "2025-09-23" in told[0].claim.reason


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2026-05-06", "自3月底以来，费城半导体指数上涨44.7%。"),
        ("2026-05-06", "费城半导体指数较3月底上涨44.7%。"),
        ("2025-09-25", "纳指今年以来累涨16.51%。"),
        ("2025-09-25", "年内，纳指累计上涨16.5%。"),
        ("2025-12-20", "全周来看，纳指累涨0.48%，标普500指数累涨0.1%。"),
        ("2026-05-02", "前四个月，美光股价上涨81.2%。"),
        ("2025-07-02", "上半年，纳指上涨5.48%。"),
        ("2025-07-02", "2025年上半年，纳指上涨5.48%。"),
    ],
)
def test_a_span_is_reckoned_from_its_own_beginning(golden: Golden, day: str, text: str) -> None:
    told = verdicts(golden, day, text)
    assert told
    assert set(told) <= {"supported", "approximate"}


@pytest.mark.parametrize(
    "text",
    [
        "去年同期，布伦特原油报82美元。",
        "去年今日，标普500指数涨1.77%。",
        "十年前的今天，纳指报4700点。",
        "次贷危机期间，标普500指数跌38%。",
        "当时，美光涨5.5%。",
        "早在年初，美光就报98.5美元。",
        "此后累计上涨4.86%的是纳指。",
        "全年，标普500指数上涨23%。",
        "据路透社7月报道，美光涨5.5%。",
    ],
)
def test_another_time_is_not_the_last_session(golden: Golden, text: str) -> None:
    assert set(verdicts(golden, "2025-06-06", text)) <= {"unverifiable"}


def test_a_text_that_speaks_of_a_week_says_nothing_of_a_day(golden: Golden) -> None:
    text = "上周市场波动加大。纳指上涨3.4%。"
    assert verdicts(golden, "2025-09-25", text) == ["unverifiable"]


def test_under_the_heading_of_a_weekly_review_a_day_is_not_contradicted(golden: Golden) -> None:
    section = Section(number=1, title="本周回顾", paragraphs=("纳指上涨3.4%。",))
    bulletin = Bulletin(
        date=date(2025, 9, 25), title="每日动态", publisher="", summary="", sections=(section,)
    )
    (placed,) = check(bulletin, golden.parser, golden.figures_of(bulletin.date))
    assert placed.claim.verdict == "unverifiable"


# How it is meant


@pytest.mark.parametrize(
    "text",
    [
        "美联储9月降息25个基点的概率为39%。",
        "美联储9月降息50个基点的概率为61%。",
        "市场押注美联储9月降息50个基点。",
        "假如油价重上100美元，通胀将抬头。",
        "年底金价有望看到4000美元。",
        "某投行将美光目标价由150美元下调至140美元。",
        "标普500指数在降息后平均上涨1.2%。",
        "标普500指数会涨1.7%吗？",
        "教科书例题：标普500指数涨1.7%，求点数。",
        "网传美光涨1.7%，系误读。",
    ],
)
def test_what_is_no_fact_is_not_listed(golden: Golden, text: str) -> None:
    assert found(golden, "2024-09-20", text) == []


def test_what_somebody_says_in_quotation_marks_is_not_judged(golden: Golden) -> None:
    text = "一位基金经理表示：“纳指已经涨了两成，标普500指数涨到7000点。”"
    assert set(verdicts(golden, "2025-09-25", text)) <= {"unverifiable"}


def test_addresses_are_not_read(golden: Golden) -> None:
    text = "来源：https://news.example.com/stock-market-nasdaq-rise-ai-225 或 nasdaq@rise.com"
    assert found(golden, "2026-06-10", text) == []


# Numbers


def test_the_last_digit_of_another_vendor_is_approximate(golden: Golden) -> None:
    text = "标普500指数跌8.49点，收于6606.79点。"
    assert verdicts(golden, "2025-09-17", text) == ["approximate"] * 2


def test_a_number_cut_off_is_never_contradicted(golden: Golden) -> None:
    assert verdicts(golden, "2025-09-25", "纳指收报22497点。") == ["approximate"]
    assert verdicts(golden, "2025-09-25", "费城半导体指数跌0.1%。") == ["unverifiable"]
    assert verdicts(golden, "2025-09-25", "费城半导体指数跌0.6%。") == ["contradicted"]


@pytest.mark.parametrize("words", ["基点", "点"])
def test_points_of_a_currency_are_ten_thousandths(golden: Golden, words: str) -> None:
    text = f"5月26日，在岸人民币对美元收盘较上一交易日跌31个{words}。"
    assert verdicts(golden, "2026-05-27", text) == ["supported"]


class Rates:
    """The loan prime rate of one year as bundled, known on its day."""

    def __init__(self, catalog: Catalog) -> None:
        rate = catalog["cn_lpr_1y_pct"]
        self.held = VintageSeries(
            [
                Row(day, value, public, 1, "figures", public, public, "", "")
                for day, value in sorted(bundled("china.csv", rate.id).items())
                for public in [rate.public_at(day)]
            ],
            [],
        )

    def history(self, indicator: str, moment: datetime) -> History:
        return self.held.as_of(moment)


@pytest.mark.parametrize(
    ("months", "verdict"), [(12, "supported"), (13, "unverifiable"), (9, "unverifiable")]
)
def test_months_without_a_change_are_a_streak_with_or_without_the_first(
    catalog: Catalog, months: int, verdict: str
) -> None:
    judge = Judge(catalog, Rates(catalog), date(2026, 5, 27))
    text = f"1年期LPR为3.0%，连续{months}个月保持不变。"
    claims = [placed.claim for placed in check_text(text, "1", 0, Parser(catalog), judge)]
    assert [c.verdict for c in claims if c.kind == "streak"] == [verdict]


def test_streaks_of_two_subjects_are_streaks_alone(golden: Golden) -> None:
    text = "标普500指数与纳指录得八连涨。"
    assert found(golden, "2024-08-20", text) == [
        ("sp500", "streak", "supported"),
        ("nasdaq_composite", "streak", "supported"),
    ]


def test_a_move_that_widened_is_the_move(golden: Golden) -> None:
    for text in ("纳指跌幅扩大至0.33%。", "纳指收盘跌幅收窄至0.33%。"):
        assert found(golden, "2025-09-25", text) == [("nasdaq_composite", "change", "supported")]


def test_nearly_flat_and_nearly_one_per_cent(golden: Golden) -> None:
    text = "周四，标普500指数几乎收平，费城半导体指数跌近1%。"
    assert verdicts(golden, "2025-05-23", text) == ["approximate", "unverifiable"]


def test_the_cuts_of_a_year_are_added_up(golden: Golden) -> None:
    text = "美联储去年累计降息100个基点。"
    assert verdicts(golden, "2025-09-29", text) == ["supported"]


def test_a_move_may_be_told_twice(golden: Golden) -> None:
    for text in (
        "8月26日，WTI原油期货结算价报63.25美元/桶，跌1.55美元或2.39%。",
        "8月26日，WTI原油期货结算价报63.25美元/桶，跌1.55美元，或2.39%。",
    ):
        assert verdicts(golden, "2025-08-27", text) == ["supported"] * 3


def test_a_record_since_a_day_is_judged_by_the_days_after_it(golden: Golden) -> None:
    """6 August 2024 closed at 16,366.85: the lowest since is told of the day that was lower."""
    text = "9月6日，纳指收于16690.83点，创8月8日以来收盘新低。"
    assert set(verdicts(golden, "2024-09-07", text)) == {"supported"}


def test_what_more_than_doubled_is_in_doubt_and_what_did_not_double_is_contradicted(
    golden: Golden,
) -> None:
    """65.54 on 8 April 2025, 157.27 on 26 September."""
    more = golden.claims("美光股价自4月8日以来翻了一番。", date(2025, 9, 27))
    assert [(p.claim.verdict, "多于一倍" in p.claim.reason) for p in more] == [
        ("unverifiable", True)
    ]
    assert verdicts(golden, "2025-09-27", "标普500指数自4月8日以来翻了一番。") == ["contradicted"]


# Names


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("2025-09-25", "纳综收于22497.86点。"),
        ("2025-09-25", "标准普尔500种股票指数收于6637.97点。"),
        ("2025-09-25", "标普五百指数收于6637.97点。"),
        ("2025-09-25", "周三，纽约原油期货收于64.99美元/桶。"),
        ("2025-09-25", "周三，美国原油期货收于64.99美元/桶。"),
        ("2025-09-25", "周三，NYMEX原油收于64.99美元/桶。"),
        ("2025-08-27", "8月26日，纽约商品交易所轻质原油期货收于63.25美元/桶。"),
        ("2025-09-25", "纳指收黑，跌0.33%。"),
        ("2025-09-25", "纳指低收0.33%。"),
        ("2026-01-07", "標普500指數上漲42.77點，收6944.82點。"),
        ("2026-01-07", "那斯達克指數上漲0.65%，收23547.17點。"),
        ("2025-09-25", "The Nasdaq Composite fell 0.33% to close at 22,497.86."),
        ("2025-09-19", "美联储如期降息25个基点，联邦基金利率目标区间下调至4.00%至4.25%。"),
        ("2025-09-19", "美联储宣布降息25个基点。"),
        ("2025-09-19", "美联储将基准利率下调25个基点至4.00%-4.25%。"),
        ("2025-09-19", "联邦基金利率目标区间为4.00%至4.25%。"),
    ],
)
def test_other_names_and_verbs_are_read(golden: Golden, day: str, text: str) -> None:
    told = verdicts(golden, day, text)
    assert told
    assert set(told) == {"supported"}


def test_of_a_range_of_rates_the_upper_end_counts(golden: Golden) -> None:
    text = "联邦基金利率目标区间为4.50%至4.75%。"
    assert verdicts(golden, "2025-09-19", text) == ["contradicted"]


def test_a_wrong_number_is_still_found(golden: Golden) -> None:
    text = "周三，纳指收跌0.33%，报22947.86点，标普500指数收跌1.28%。"
    assert verdicts(golden, "2025-09-25", text) == ["supported", "contradicted", "contradicted"]
