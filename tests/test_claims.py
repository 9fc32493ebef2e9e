"""Statements of bulletins: read, judged by what was known that day, published, asked for."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import END_OF_BULLETIN_DAY, Cli, bulletin, is_one_sentence, settings_of, snapshot
from serving import TestClient, client, republish

from benchmarks.claims import Golden
from etl.bulletins.model import Bulletin, Section
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog
from etl.claims.check import Judge, check_text
from etl.claims.dates import When, last_session, period_of, when_at
from etl.claims.grammar import folded, grammar
from etl.claims.known import KnownSnapshot, Row, chosen
from etl.claims.model import Claim
from etl.claims.numbers import number_at
from etl.claims.parse import MOST_LETTERS, Parser
from etl.records import Observation
from etl.settings import PROJECT, Settings
from etl.storage import publish
from etl.storage.warehouse import Warehouse, opened

DAY = "2026-05-27"
REAL = PROJECT / "data" / "bulletins" / f"{DAY}.md"
FIELDS = {
    "sentence", "section", "indicator", "kind", "value", "unit", "period", "verdict", "reason",
    "evidence", "later",
}  # fmt: skip
EVIDENCE = {"date", "value", "previous", "known_at", "source", "chart"}


def asked(site: TestClient, day: str = DAY) -> list[Claim]:
    answer = site.get(f"/api/v1/bulletins/{day}/claims")
    assert answer.status_code == 200, answer.text[:300]
    return [Claim.model_validate(claim) for claim in answer.json()["claims"]]


def only(claims: Sequence[Claim], indicator: str, kind: str) -> Claim:
    (found,) = [c for c in claims if (c.indicator, c.kind) == (indicator, kind)]
    return found


def verdicts(golden: Golden, text: str) -> list[tuple[str, str, str]]:
    claims = [placed.claim for placed in golden.claims(text)]
    return [(c.indicator, c.kind, c.verdict) for c in claims]


# The real bulletin, through the real publication and the API


def test_the_first_trillion_of_micron_is_supported(site: TestClient) -> None:
    claim = only(asked(site), "micron_market_cap_usd_bn", "first")
    assert (claim.verdict, claim.value, claim.period) == ("supported", 1000.0, "2026-05-26")
    assert claim.evidence is not None
    assert claim.evidence.value == pytest.approx(1010.3, abs=0.05)
    assert claim.evidence.previous is not None
    assert claim.evidence.previous < 1000


@pytest.mark.parametrize("indicator", ["sp500", "nasdaq_composite"])
def test_both_record_closes_are_supported_and_say_since_when(
    site: TestClient, indicator: str
) -> None:
    claim = only(asked(site), indicator, "record_high")
    assert claim.verdict == "supported"
    assert claim.evidence is not None
    assert claim.evidence.date == date(2026, 5, 26)
    first = {"sp500": "2016-01-29", "nasdaq_composite": "2021-04-30"}[indicator]
    assert f"{first} 以来" in claim.reason


def test_gold_and_oil_are_not_judged_by_another_quantity(site: TestClient) -> None:
    claims = asked(site)
    gold = only(claims, "gold_futures_usd_oz", "direction")
    oil = only(claims, "brent_futures_usd_bbl", "volatility")
    assert gold.verdict == oil.verdict == "unverifiable"
    assert "黄金月均价" in gold.reason
    assert "现货价" in oil.reason
    assert gold.evidence is None
    assert oil.evidence is None


def test_nothing_in_the_real_bulletin_is_contradicted_or_known_too_late(site: TestClient) -> None:
    claims = asked(site)
    assert not [c for c in claims if c.verdict == "contradicted"]
    known = [c.evidence.known_at for c in claims if c.evidence]
    assert known
    assert max(known) <= END_OF_BULLETIN_DAY


def test_a_claim_has_the_promised_fields_and_a_chart_that_opens(site: TestClient) -> None:
    for claim in site.get(f"/api/v1/bulletins/{DAY}/claims").json()["claims"]:
        assert set(claim) == FIELDS
        if claim["evidence"]:
            assert set(claim["evidence"]) == EVIDENCE
            chart = claim["evidence"]["chart"]
            assert chart.startswith(f"/c/{claim['indicator']}@{DAY}")
            assert site.get(chart).status_code == 200


def test_the_words_of_a_claim_are_where_the_snapshot_says(published: Settings) -> None:
    text = read_bulletin(REAL).bulletin
    with snapshot(published.data) as connection:
        rows = connection.execute(
            "select section, paragraph, start, stop, document from claims order by rowid"
        ).fetchall()
    assert rows
    for section, paragraph, start, stop, document in rows:
        claim = Claim.model_validate_json(document)
        assert claim.section == section
        whole = text.summary
        if section.isdigit():
            part = text.sections[int(section) - 1]
            whole = part.title if paragraph < 0 else part.paragraphs[paragraph]
        assert whole[start:stop] in claim.sentence


def test_what_is_learned_later_changes_no_verdict_of_the_day(
    filled: Path, catalog: Catalog, published: Settings
) -> None:
    """A record of June, and gold futures that were fetched in June, were not known in May."""
    before = asked(client(published))
    later = datetime(2026, 6, 2, tzinfo=UTC)
    with opened(filled / "warehouse.duckdb") as held:
        load = held.begin_load("test", later, later)
        for indicator, value in (("sp500", 9000.0), ("gold_futures_usd_oz", 4500.0)):
            rows = [Observation(date(2026, 5, day), value, later) for day in (22, 26)]
            held.append(indicator, "yahoo", rows, known_at=later, load=load)
        held.finish_load(load, later, [])
    republish(filled, catalog, read_bulletin(REAL).bulletin)
    after = asked(client(settings_of(filled)))
    assert [claim.model_copy(update={"later": None}) for claim in after] == before
    assert only(after, "gold_futures_usd_oz", "direction").later is not None


def test_a_bulletin_without_statements_has_an_empty_list(filled: Path, catalog: Catalog) -> None:
    republish(filled, catalog, bulletin(date(2026, 5, 28), summary="今天天气很好。"))
    answer = client(settings_of(filled)).get("/api/v1/bulletins/2026-05-28/claims")
    assert (answer.status_code, answer.json()["claims"]) == (200, [])


# The command


def test_the_command_prints_a_line_for_each_claim(filled: Path, cli: Cli) -> None:
    done = cli("claims", DAY)
    assert (done.status, done.err) == (0, "")
    assert "✔" in done.out
    assert "micron_market_cap_usd_bn" in done.out
    assert "10 statements: 5 supported" in done.out


def test_the_command_and_the_api_say_the_same(filled: Path, cli: Cli, site: TestClient) -> None:
    done = cli("claims", DAY, "--json")
    assert [Claim.model_validate(claim) for claim in json.loads(done.out)] == asked(site)


def test_a_contradicted_statement_turns_the_exit_status(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    republish(filled, catalog, bulletin(date(2026, 5, 27), summary="标普 500 跌破 5000 点。"))
    assert cli("claims", DAY).status == 1


@pytest.mark.parametrize(
    "day", ["2026-05-28", "2026-02-30", "x", "", "20260527", "２０２６-05-27", "-1"]
)
def test_a_day_without_a_bulletin_is_one_sentence(filled: Path, cli: Cli, day: str) -> None:
    done = cli("claims", "--", day)
    assert done.status == 2
    assert is_one_sentence(done.err)


def test_without_a_snapshot_there_is_one_sentence(data: Path, cli: Cli) -> None:
    done = cli("claims", DAY)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert "etl run" in done.err


# Numbers and times


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1.01 万亿美元", 1.01e12, "usd"),
        ("一千零一亿美元", 1001e8, "usd"),
        ("一万亿", 1e12, ""),
        ("万亿美元", 1e12, "usd"),
        ("一亿二千万元", 1.2e8, "cny"),
        ("３．５％", 3.5, "percent"),
        ("7,519.12 点", 7519.12, "points"),
        ("26，656点", 26656, "points"),
        ("两成", 20, "percent"),
        ("两成半", 25, "percent"),
        ("一成五", 15, "percent"),
        ("百分之三点五", 3.5, "percent"),
        ("百分之零点六一", 0.61, "percent"),
        ("四分之一", 25, "percent"),
        ("12 个基点", 12, "basis_point"),
        ("0.1 个百分点", 0.1, "point_of_percent"),
        ("1.5 倍", 1.5, "times"),
        ("200 多点", 200, "points"),
        ("1 万余亿美元", 1e12, "usd"),
        ("二〇二六", 2026, ""),
        ("十六个", 16, "pieces"),
        ("$1 trillion", 1e12, "usd"),
        ("−36.98 美元", 36.98, "usd"),
        ("三万五千亿", 3.5e12, ""),
        ("一万二", 12000, ""),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: float, unit: str) -> None:
    number = number_at(folded(text), 0, grammar().unit_words)
    assert number is not None
    assert (number.value, number.unit) == (pytest.approx(value), unit)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("7400-7520 点", 7400, 7520), ("1—2 万亿美元", 1e12, 2e12), ("1% 至 2%", 1, 2),
     ("8000 至 1 万点", 8000, 10000), ("两三成", 20, 30), ("0.9～1.01 万亿", 0.9e12, 1.01e12)],
)  # fmt: skip
def test_a_range_has_two_ends(text: str, low: float, high: float) -> None:
    number = number_at(folded(text), 0, grammar().unit_words)
    assert number is not None
    assert (number.value, number.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    "text", ["9" * 30, "9" * 30 + "亿", "1 亿亿亿", "一亿亿", "九" * 30, "亿万", "1" + "0" * 5000]
)
def test_what_is_no_quantity_is_refused_not_crashed_on(text: str) -> None:
    number = number_at(text, 0, grammar().unit_words)
    assert number is not None
    assert number.value is None


@pytest.mark.parametrize(
    ("text", "period"),
    [("5 月 26 日", "2026-05-26"), ("五月二十六日", "2026-05-26"), ("2026-05-26", "2026-05-26"),
     ("12 月 31 日", "2025-12-31"), ("5 月 28 日", "2026-05-28"), ("4 月", "2026-04"),
     ("12 月", "2025-12"), ("去年 5 月", "2025-05"), ("2025 年", "2025"),
     ("二〇二六年五月", "2026-05")],
)  # fmt: skip
def test_a_written_date_is_found_by_the_day_of_the_bulletin(text: str, period: str) -> None:
    found = when_at(text, 0)
    assert found is not None
    assert found[0] == len(text)
    assert str(period_of(found[1], date(2026, 5, 27))) == period


@pytest.mark.parametrize(
    "text", ["2 月 30 日", "13 月", "0 月 1 日", "9999 年 99 月 99 日", "十十月"]
)
def test_a_date_that_does_not_exist_is_none(text: str) -> None:
    found = when_at(text, 0)
    assert found is None or period_of(found[1], date(2026, 5, 27)) is None


@pytest.mark.parametrize(
    ("when", "period"),
    [(When("weekdays", "", amount=4), "2026-05-22"), (When("weekdays", amount=2), "2026-05-27"),
     (When("weekdays", "last", amount=4), "2026-05-22"),
     (When("weekdays", "this", amount=0), "2026-05-25"),
     (When("day", "yesterday"), "2026-05-26"), (When("weeks", amount=-1), "2026-05-18..2026-05-24"),
     (When("months", amount=-1), "2026-04"), (When("years", amount=0), "2026")],
)  # fmt: skip
def test_a_word_for_a_time_is_found_by_the_day_of_the_bulletin(when: When, period: str) -> None:
    assert str(period_of(when, date(2026, 5, 27))) == period


def test_the_last_session_is_the_last_that_had_closed() -> None:
    assert last_session("XNYS", END_OF_BULLETIN_DAY) == date(2026, 5, 26)
    evening = datetime(2026, 5, 26, 19, 59, tzinfo=UTC)  # a minute before the close
    assert last_session("XNYS", evening) == date(2026, 5, 22)  # the 25th was a holiday


def test_a_word_of_the_grammar_says_one_thing() -> None:
    assert grammar().vocabulary.at("创历史新高", 1) is not None  # built: no word stands twice


# Verdicts


def test_nothing_is_reckoned_across_a_break(golden: Golden) -> None:
    (level, direction) = golden.claims("2025 年全球平均 PUE 降至 1.54。")
    assert (level.claim.verdict, direction.claim.verdict) == ("supported", "unverifiable")
    assert "断点" in direction.claim.reason


def test_spot_that_is_not_published_yet_is_unverifiable_with_the_reason(golden: Golden) -> None:
    (placed,) = golden.claims("布伦特现货隔夜收于 102.75 美元。")
    assert placed.claim.verdict == "unverifiable"
    assert "2026-05-19" in placed.claim.reason
    assert "没有公布" in placed.claim.reason


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("纳指涨幅约 1.2%。", "approximate"), ("纳指上涨 1.2%。", "approximate"),
     ("纳指上涨 1.19%。", "supported"), ("纳指上涨近 1.2%。", "approximate"),
     ("纳指上涨逾 1%。", "approximate"), ("纳指上涨逾 1.2%。", "contradicted"),
     ("纳指上涨不足 1%。", "contradicted"), ("纳指上涨逾 0.5%。", "unverifiable")],
)  # fmt: skip
def test_hedges_mean_what_the_grammar_says(golden: Golden, text: str, verdict: str) -> None:
    assert verdicts(golden, text) == [("nasdaq_composite", "change", verdict)]


def test_the_trillion_of_another_company_is_not_that_of_micron(golden: Golden) -> None:
    of_another = verdicts(golden, "英伟达首次达到万亿美元市值。")
    assert of_another == [("nvidia_market_cap_usd_bn", "first", "unverifiable")]
    found = verdicts(golden, "美光首次达到万亿美元市值。")
    assert found == [("micron_market_cap_usd_bn", "first", "supported")]


def test_a_noun_says_which_quantity_of_a_company_is_meant(golden: Golden) -> None:
    found = verdicts(golden, "美光市值突破 1 万亿美元，股价收于 895.88 美元。")
    assert found == [
        ("micron_market_cap_usd_bn", "milestone", "supported"),
        ("micron_close_usd", "level", "supported"),
    ]


def test_a_stranger_lends_its_verb_to_nobody(golden: Golden) -> None:
    found = verdicts(golden, "标普 500 涨 0.61%，日经指数跌 0.2%，创历史新高。")
    assert found == [("sp500", "change", "supported")]


@pytest.mark.parametrize(
    "text",
    ["若黄金跌破 4000 美元，市场将承压。", "分析师预计标普 500 升至 8000 点。",
     "油价有望突破 110 美元。", "黄金目标价上调至 6000 美元。", "如果纳指上涨 5%，则创历史新高。"],
)  # fmt: skip
def test_what_is_not_told_as_a_fact_is_no_statement(golden: Golden, text: str) -> None:
    assert verdicts(golden, text) == []


def test_a_denial_is_listed_and_not_judged(golden: Golden) -> None:
    (placed,) = golden.claims("标普 500 未能突破 7500 点。")
    assert placed.claim.verdict == "unverifiable"
    assert "否定" in placed.claim.reason


@pytest.mark.parametrize("before", ["", "“大盘”", "“大”“盘”\u200b“好”"])
def test_quotes_before_a_streak_move_no_mark(golden: Golden, before: str) -> None:
    text = f"{before}标普 500 连涨 4 日。"
    (placed,) = golden.claims(text)
    assert text[placed.start : placed.stop] == "连涨 4 日"


# What comes from outside


@pytest.mark.parametrize(
    "text",
    [
        "标普 500 收于 " + "9" * 5000 + " 点。",
        "标普 500 上涨 <script>alert(1)</script> 0.61%。",
        "\u202e标普 500 收于 7519.12 点\u202c。",
        "标普 500 收于 ７５１９.12 点。",
        "标普 500 收于 7５19．12 点。",
        "标普 500 上涨 ½%，收于 ① 点。",
        "标普 500" + "、纳指" * 300 + "创历史新高。",
        "标普 500 \x00 上涨 0.61%",
        "标普 500 上涨 －0.61％",
        "标普 500 上涨 0.61" + "%" * 500,
        "黄金" * 400,
        "连" * 400 + "标普 500",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_hostile_text_gets_verdicts_and_nothing_crashes(golden: Golden, text: str) -> None:
    for placed in golden.claims(text):
        assert placed.claim.verdict in ("supported", "approximate", "contradicted", "unverifiable")
        assert placed.claim.reason
        assert 0 <= placed.start < placed.stop <= len(text)
        Claim.model_validate_json(placed.claim.model_dump_json())


def test_marks_that_nobody_sees_change_nothing(golden: Golden) -> None:
    plain = verdicts(golden, "标普 500 收于 7519.12 点。")
    assert verdicts(golden, "\u202e标普 500 收于 75\u200b19.12 点\u202c。") == plain
    assert verdicts(golden, "标普 500 收于 ７５１９．１２ 点。") == plain


def test_a_sentence_that_is_too_long_has_one_verdict(golden: Golden) -> None:
    text = "标普 500 上涨 0.61%，" * 700
    (placed,) = golden.claims(text)
    assert len(text) > 10_000 > MOST_LETTERS
    assert placed.claim.verdict == "unverifiable"
    assert str(f"{MOST_LETTERS}") in placed.claim.reason


@pytest.mark.parametrize(
    "unit", ["标普 500 上涨 0.61%。", "黄金时代", "亿" * 10, "1,", "一", "5 月 ", "近"]
)
def test_the_time_grows_with_the_length_and_no_faster(golden: Golden, unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        start = time.perf_counter()
        golden.claims(text)
        return time.perf_counter() - start

    seconds(2000)
    assert seconds(40_000) < max(60 * seconds(2000), 2.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("WTI 原油期货收于 ９５．65 美元。", 95.65), ("标普 500 收于 ７，519．12 点。", 7519.12),
     ("美光市值达一千零一亿美元。", 100.1)],
)  # fmt: skip
def test_digits_of_any_width_and_chinese_numerals_are_read(
    golden: Golden, text: str, value: float
) -> None:
    assert [placed.claim.value for placed in golden.claims(text)] == [value]


@pytest.mark.parametrize("number", ["1千零1亿", "１千零１亿", "一千零1亿", "1亿2千万"])
def test_a_number_in_both_numerals_is_not_read_as_two(golden: Golden, number: str) -> None:
    text = f"美光市值达 {number}美元。"
    (placed,) = golden.claims(text)
    assert text[placed.start : placed.stop] == f"达 {number}美元"
    assert placed.claim.value is None
    assert placed.claim.verdict == "unverifiable"


@pytest.mark.parametrize("digit", ["9", "９", "九"])
def test_a_number_of_400_digits_is_said_to_be_none(golden: Golden, digit: str) -> None:
    (placed,) = golden.claims("标普 500 上涨 " + digit * 400 + "%。")
    assert placed.claim.verdict == "unverifiable"
    assert placed.claim.value is None
    assert "数字过大" in placed.claim.reason


@pytest.mark.parametrize(
    "unit",
    ["标普 500 上涨 0.61%，", "标普 500、", "亿", "一", "1,", "1-", "1 ", "5 月 ", "近", "从", "至",
     "百分之", "上涨", "今年", "市值", "创新高", "“", "。", "标普 500。", "标普 500 涨 0.61%。"],
)  # fmt: skip
def test_four_times_the_letters_take_no_more_than_a_line(golden: Golden, unit: str) -> None:
    """Up to the length at which a sentence is still read; of whole sentences, a long paragraph."""

    def seconds(length: int) -> float:
        text = ("标普 500" + unit * length)[:length]
        start = time.process_time()
        golden.claims(text)
        return time.process_time() - start

    least = MOST_LETTERS // 4 if "。" not in unit else 5000
    short = min(seconds(least) for _ in range(3))
    assert min(seconds(4 * least) for _ in range(3)) < max(12 * short, 0.05)


def test_a_paragraph_of_100_000_letters_is_read_to_its_end(golden: Golden) -> None:
    one = "标普 500 上涨 0.61%，收于 7519.12 点。"
    text = (one * (100_000 // len(one) + 1))[:100_000]
    found = golden.claims(text)
    assert len(found) >= 2 * (100_000 // len(one))
    assert {placed.claim.verdict for placed in found} == {"supported"}
    assert text[found[-1].start : found[-1].stop] in ("上涨 0.61%", "收于 7519.12 点")


def test_5_000_letters_without_a_mark_have_one_verdict_or_none(golden: Golden) -> None:
    (placed,) = golden.claims(("标普五百标普 500 上涨" * 400)[:5000])
    assert placed.claim.verdict == "unverifiable"
    assert golden.claims("天" * 5000) == []


def test_10_000_mentions_are_no_statement(golden: Golden) -> None:
    assert golden.claims("标普 500。" * 10_000) == []
    (placed,) = golden.claims("标普 500、" * 10_000)
    assert placed.claim.reason.startswith("这一句超过")


def test_markup_and_scripts_are_only_words(golden: Golden) -> None:
    text = "<script>alert(1)</script>[标普 500](javascript:alert(1)) 创新高。javascript:纳指新高。"
    found = golden.claims(text)
    assert [(p.claim.indicator, text[p.start : p.stop]) for p in found] == [
        ("nasdaq_composite", "新高")  # what stands between 标普 500 and its verb was not read
    ]
    evidence = found[0].claim.evidence
    assert evidence is not None
    assert evidence.chart.startswith("/c/nasdaq_composite@")
    assert "<" not in found[0].claim.reason


def test_words_of_the_grammar_in_any_order_crash_nothing(golden: Golden) -> None:
    """A statement that crashes would keep every bulletin from being published."""
    chance, words = random.Random(5), grammar()
    lists = [
        [word for word, _ in words.lexemes()],
        [alias for indicator in golden.catalog.all() for alias in indicator.aliases],
        [word for listed in words.units.values() for word in listed] + list(words.spans),
        ["7519.12", "0", "-1", "三", "十", "百", "万亿", "亿", "半", "1,000", "$", "−", "9" * 25],
        ["5 月 26 日", "十二月", "0000 年 1 月", "9999 年", "，", "、", "（", "和", "的", "“", " "],
    ]
    for _ in range(1500):
        text = "".join(chance.choice(chance.choice(lists)) for _ in range(chance.randrange(2, 20)))
        for placed in golden.claims(text):
            assert 0 <= placed.start < placed.stop <= len(text), text
            evidence = placed.claim.evidence
            assert evidence is None or evidence.known_at <= golden.judge.moment, text


def test_a_bulletin_full_of_markup_is_published(filled: Path, catalog: Catalog) -> None:
    section = Section(number=1, title="'; drop table claims; --", paragraphs=("标普 500 涨 1%。",))
    text = Bulletin(
        date=date(2026, 5, 27), title="<b>标普 500 创新高</b>", publisher="p", summary="",
        sections=(section,),
    )  # fmt: skip
    republish(filled, catalog, text)
    with snapshot(filled) as connection:
        sections = connection.execute("select section from claims order by rowid").fetchall()
    assert sections == [("title",), ("1",)]


def test_other_words_in_the_grammar_publish_the_claims_anew(
    filled: Path, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = bulletin(date(2026, 5, 27), summary="标普 500 创新高。")
    republish(filled, catalog, text)
    other = tmp_path / "grammar.yaml"
    other.write_text(publish.GRAMMAR.read_text(encoding="utf-8") + "# a word\n", encoding="utf-8")
    monkeypatch.setattr(publish, "GRAMMAR", other)
    assert republish(filled, catalog, text)  # it fails where nothing new is published


# What was known


def test_what_was_known_is_what_the_warehouse_serves(
    warehouse: Warehouse, catalog: Catalog
) -> None:
    """Two ways to the same as-of answer, one in SQL: over vintages of several sources at random."""
    chance = random.Random(7)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    hour = 60
    for load in range(1, 25):
        hour += chance.randrange(1, 12)
        known = start + timedelta(hours=hour)
        number = warehouse.begin_load("test", known, known)
        if load % 7 == 1:
            order = chance.sample(["yahoo", "fred"], 2)
            warehouse.prefer([("sp500", name, n) for n, name in enumerate(order)], load=number)
        days = sorted({date(2026, 5, chance.randrange(1, 9)) for _ in range(4)})
        public = known - timedelta(hours=chance.randrange(90))
        rows = [Observation(day, float(chance.randrange(100)), public) for day in days]
        source = chance.choice(["yahoo", "fred", "import"])
        warehouse.append("sp500", source, rows, known_at=known, load=number)
        warehouse.finish_load(number, known, [])
        assert load == number
    known_as_of = KnownSnapshot(warehouse.connection, catalog)
    for hours in range(0, 240, 3):
        moment = start + timedelta(hours=hours, minutes=30)
        wanted = [(v.date, v.value, v.source) for v, _ in warehouse.series("sp500", moment)]
        found = known_as_of.history("sp500", moment)
        assert [(r.date, r.value, r.source) for r in found.rows] == wanted
        assert found.values.tolist() == [value for _, value, _ in wanted]


def test_an_import_counts_only_where_it_is_newer() -> None:
    day, moment = date(2026, 5, 1), datetime(2026, 5, 2, tzinfo=UTC)
    later, order = moment + timedelta(days=1), {"yahoo": 0}
    held = Row(day, 1.0, moment, 1, "yahoo", moment, moment, "", "")
    newer = Row(day, 2.0, moment, 2, "import", moment, later, "", "")
    again = Row(day, 3.0, moment, 3, "yahoo", moment, later + timedelta(days=1), "", "")
    early = moment - timedelta(hours=1)
    before = Row(day, 4.0, early, 4, "import", early, later, "", "")
    assert chosen([held], order) == held
    assert chosen([held, newer], order) == newer
    assert chosen([held, newer, again], order) == again
    assert chosen([held, before], order) == held  # of a time before the close
    assert chosen([before], order) == before


# Periods and steps: those of the frequency, whatever day of a period its value is dated


def judged_of(
    warehouse: Warehouse, catalog: Catalog, name: str, values: dict[date, float], text: str
) -> list[tuple[str, str]]:
    """The kind and verdict of each statement in a text of 27 May 2026, on values of one series."""
    known = datetime(2026, 5, 20, tzinfo=UTC)
    load = warehouse.begin_load("test", known, known)
    rows = [Observation(day, value, known) for day, value in values.items()]
    warehouse.append(name, "figures", rows, known_at=known, load=load)
    judge = Judge(catalog, KnownSnapshot(warehouse.connection, catalog), date(2026, 5, 27))
    found = check_text(text, "1", 0, Parser(catalog), judge)
    return [(placed.claim.kind, placed.claim.verdict) for placed in found]


@pytest.mark.parametrize(("march", "april"), [(1, 30), (31, 1), (31, 30)])
@pytest.mark.parametrize("words", ["环比上涨 10%", "较上月上涨 10%", "上涨 10%"])
def test_a_month_is_compared_with_the_month_before_whatever_their_days(
    march: int, april: int, words: str, warehouse: Warehouse, catalog: Catalog
) -> None:
    values = {date(2026, 3, march): 3000.0, date(2026, 4, april): 3300.0}
    text = f"2026 年 4 月，黄金月均价{words}。"
    found = judged_of(warehouse, catalog, "gold_monthly_usd_oz", values, text)
    assert found == [("change", "supported")]


@pytest.mark.parametrize("words", ["环比上涨 10%", "较上月上涨 10%", "上涨 10%", "上涨 25%"])
def test_where_the_month_before_is_missing_no_change_of_a_month_is_judged(
    words: str, warehouse: Warehouse, catalog: Catalog
) -> None:
    values = {date(2026, 2, 28): 3000.0, date(2026, 4, 1): 3300.0}
    text = f"2026 年 4 月，黄金月均价{words}。"
    found = judged_of(warehouse, catalog, "gold_monthly_usd_oz", values, text)
    assert found == [("change", "unverifiable")]


@pytest.mark.parametrize(("year", "verdict"), [(2012, "supported"), (2011, "unverifiable")])
def test_a_year_is_compared_with_the_year_before_and_no_other(
    year: int, verdict: str, warehouse: Warehouse, catalog: Catalog
) -> None:
    values = {date(year, 12, 31): 2.0, date(2013, 1, 1): 1.8}
    text = "2013 年，全球数据中心平均 PUE 同比下降 10%。"
    found = judged_of(warehouse, catalog, "pue_global_average", values, text)
    assert found == [("change", verdict)]


def test_a_sum_of_months_needs_each_of_them(warehouse: Warehouse, catalog: Catalog) -> None:
    """A quarter without its first or its second month is no quarter."""
    name, text = "policy_documents_monthly", "2026 年一季度，国家层面政策文件数为 5 份。"
    months = [date(2026, month, 1) for month in (1, 2, 3)]
    for missing in months[:2]:
        values = {day: 2.5 for day in months if day != missing}
        assert ("count", "supported") not in judged_of(warehouse, catalog, name, values, text)
        warehouse.forget("figures")
