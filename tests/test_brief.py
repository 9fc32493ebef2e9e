"""The brief: what moved since the bulletin before, in sentences that our own checker bears out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from conftest import Cli, bulletin, is_one_sentence, settings_of, snapshot, write_csv
from serving import client

from etl.brief.find import FAR, brief
from etl.brief.known import BEFORE, DAYS, DOCUMENTS, news
from etl.brief.model import Brief
from etl.brief.published import published_brief
from etl.brief.words import lead, markdown, sections
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.calendars import end_of, sessions
from etl.catalog import Catalog
from etl.claims.check import check
from etl.claims.known import KnownSnapshot as Known
from etl.claims.model import Claim
from etl.claims.parse import Parser
from etl.ingest.run import Request, run
from etl.records import BEIJING, now
from etl.settings import Settings
from etl.words import numbers
from etl.words.numbers import spoken
from etl.words.sentences import value_words

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BASE = "https://example.org"
#: Days with records, round numbers, far steps, documents, holidays, gaps in the data, and nothing.
DAYS_TRIED = [
    date(2025, 1, 2), date(2025, 2, 3), date(2025, 5, 31), date(2025, 7, 3), date(2025, 9, 30),
    date(2025, 12, 12), date(2026, 1, 14), date(2026, 2, 18), date(2026, 3, 17), date(2026, 4, 9),
    date(2026, 4, 17), date(2026, 4, 28), date(2026, 5, 7), date(2026, 5, 20), date(2026, 5, 27),
]  # fmt: skip

Briefs = Callable[..., Brief]


@pytest.fixture(scope="module")
def connection(published: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with snapshot(published.data) as opened:
        yield opened


@pytest.fixture(scope="module")
def briefs(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> Briefs:
    """The brief of a day, as if there had been a bulletin `back` days before; none for 0."""

    def of(day: date, back: int = 7, lang: str = "zh", moment: datetime = NOW) -> Brief:
        def rows(query: str, given: dict[str, object]) -> list[tuple[object, ...]]:
            if query == BEFORE:
                return [(day - timedelta(days=back) if back else None,)]
            return connection.execute(query, given).fetchall()

        return brief(catalog, news(rows, day, moment), BASE, lang)

    return of


@pytest.fixture(scope="module")
def checked(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Brief], list[Claim]]:
    """What the checker says of a bulletin of the day that holds the brief."""
    parser, known = Parser(catalog), Known(connection, catalog)
    folder = tmp_path_factory.mktemp("briefs")

    def of(told: Brief) -> list[Claim]:
        path = folder / f"{told.date}.md"
        head = f"---\ntitle: 每日动态\ndate: {told.date}\npublisher: 编者\nsummary: 今天\n---\n"
        path.write_text(f"{head}{markdown(told)}", encoding="utf-8")
        return [placed.claim for placed in check(read_bulletin(path).bulletin, parser, known)]

    return of


# --- The law: nothing is said that the checker does not bear out -------------------------------


@pytest.mark.parametrize("back", [1, 7, 45])
@pytest.mark.parametrize("day", DAYS_TRIED, ids=str)
def test_every_statement_of_a_brief_is_borne_out_by_the_checker(
    briefs: Briefs, checked: Callable[[Brief], list[Claim]], day: date, back: int
) -> None:
    told = briefs(day, back)
    claims = checked(told)
    wrong = [c for c in claims if c.verdict not in ("supported", "approximate")]
    # A month that counts a document which only a bulletin names has no independent source.
    assert all(c.kind == "count" and "独立来源" in c.reason for c in wrong)
    for item in told.items:
        own = {
            c.kind for c in claims if (c.sentence, c.indicator) == (item.said.text, item.indicator)
        }
        assert own & {"level", "count"}, item.said.text  # it was read at all
        assert {k for k in item.kinds if k.startswith("record")} <= own
        assert ("较" in item.said.text) <= bool(own & {"change", "direction"})


def test_the_days_that_are_tried_have_every_kind_of_news(briefs: Briefs) -> None:
    found = [briefs(day, back) for day in DAYS_TRIED for back in (1, 7, 45)]
    kinds = {kind for told in found for item in told.items for kind in item.kinds}
    assert kinds == {"record_high", "milestone_up", "milestone_down", "jump"}
    assert any(told.papers for told in found)
    assert any("创历史新高" not in markdown(told) and not told.papers for told in found)


def test_a_value_of_every_indicator_is_read_as_its_own(catalog: Catalog) -> None:
    parser = Parser(catalog)
    for indicator in catalog.all():
        unit = catalog.unit(indicator)
        if unit.label.zh == "个":  # says nothing by itself: 8 个节点 is read, 节点数为 8 个 is not
            continue
        figure = spoken(numbers.figure(12.0, indicator, unit, "zh"), unit)
        said = value_words(indicator.title.zh, "2026 年 5 月 1 日", figure, [], "zh")
        (statement,) = parser.statements(said)
        assert (statement.indicator, statement.problem) == (indicator.id, ""), said


# --- What is told ------------------------------------------------------------------------------


def test_a_record_is_told_with_its_figure_change_and_source(briefs: Briefs) -> None:
    (item,) = [i for i in briefs(date(2026, 5, 27)).items if i.indicator == "sp500"]
    assert item.said.text == (
        "2026 年 5 月 26 日，标普 500 指数为 7,519.12 点，较上一交易日涨 0.61%，创历史新高。"
    )
    assert (item.kinds, item.value, item.previous) == (("record_high",), 7519.12, 7473.47)
    assert item.since == date(2016, 1, 29)
    assert item.source == "标普道琼斯指数公司，经 FRED（SP500）"
    assert item.said.link == f"{BASE}/c/sp500@2026-05-27"


def test_a_round_number_and_a_record_of_one_day_are_one_sentence(briefs: Briefs) -> None:
    told = briefs(date(2026, 5, 27))
    (item,) = [i for i in told.items if i.indicator == "micron_market_cap_usd_bn"]
    assert "首次突破 1 万亿美元、创历史新高。" in item.said.text
    english = briefs(date(2026, 5, 27), lang="en")
    (item,) = [i for i in english.items if i.indicator == "micron_market_cap_usd_bn"]
    assert item.said.text == (
        "Micron Technology market value stood at 1.01 tn USD (26 May 2026), up 19.29%, first above "
        "1 tn USD, record high."
    )
    assert item.said.link.endswith("@2026-05-27?lang=en")


def test_where_values_are_missing_a_crossing_has_no_day_and_a_change_names_its_base(
    briefs: Briefs,
) -> None:
    (item,) = [i for i in briefs(date(2025, 5, 31)).items
               if i.indicator == "micron_market_cap_usd_bn"]  # fmt: skip
    assert "较 2025 年 4 月 30 日涨 " in item.said.text
    assert "高于 1,000 亿美元。" in item.said.text
    assert "破" not in item.said.text


def test_a_far_step_is_measured_by_the_sixty_before_it(
    briefs: Briefs, connection: duckdb.DuckDBPyConnection
) -> None:
    day = date(2026, 7, 6)
    (item,) = [i for i in briefs(day).items if i.indicator == "gold_monthly_usd_oz"]
    held = connection.execute(
        "select value from served('gold_monthly_usd_oz', ?) order by date",
        [end_of(day).replace(tzinfo=None)],
    ).fetchall()
    values = [value for (value,) in held]
    moves = [after - before for before, after in pairwise(values)]
    before = moves[-61:-1]
    mean = sum(before) / 60
    spread = (sum((m - mean) ** 2 for m in before) / 59) ** 0.5
    expected = (moves[-1] - mean) / spread
    assert item.kinds == ("jump",)
    assert item.deviation == pytest.approx(expected)
    assert f"偏离此前 60 次变动的均值 {abs(expected):.1f} 个标准差。" in item.said.text
    assert item.said.link.endswith("?u=pct")


def test_every_step_that_is_told_is_far_and_no_far_step_is_left_out(briefs: Briefs) -> None:
    for day in DAYS_TRIED:
        told = briefs(day)
        assert all(abs(i.deviation) > FAR for i in told.items if i.deviation is not None)
        assert all(("jump" in i.kinds) == (i.deviation is not None) for i in told.items)


def test_only_what_became_known_since_the_bulletin_before_is_told(briefs: Briefs) -> None:
    whole = {(i.indicator, i.date) for i in briefs(date(2026, 5, 27), 2).items}
    assert ("sp500", date(2026, 5, 26)) in whole
    # At noon of the 26th in Beijing, New York had not opened.
    noon = datetime(2026, 5, 26, 4, tzinfo=UTC)
    assert not briefs(date(2026, 5, 26), 1, moment=noon).items
    assert briefs(date(2026, 5, 26), 1, moment=noon).until == noon


def test_each_indicator_stands_in_one_place_and_those_without_data_are_named(
    briefs: Briefs, catalog: Catalog
) -> None:
    told = briefs(date(2026, 5, 20))
    moved = [catalog[name].title.zh for name in dict.fromkeys(i.indicator for i in told.items)]
    everyone = [*moved, *told.unremarkable, *told.unchanged, *told.missing]
    assert sorted(everyone) == sorted(i.title.zh for i in catalog.all())
    assert "没有数据：费城半导体指数、VIX 波动率指数" in markdown(told).splitlines()[-1]


def test_documents_that_entered_the_counts_are_told_once_with_their_number(briefs: Briefs) -> None:
    told = briefs(date(2026, 5, 20))
    assert [p.day for p in told.papers] == ["2026-05-19", "2026-05-19"]
    assert "2026 年 5 月 19 日，国家数据局公布《2026年数字经济发展工作要点》。" in {
        p.said.text for p in told.papers
    }
    assert told.count is not None
    assert told.count.text == "2026 年 5 月，国家层面政策文件数为 3 份。"
    assert not briefs(date(2026, 5, 21), 1).papers
    counted = [p for d in range(1, 32) for p in briefs(date(2026, 5, d), 1).papers]
    assert len(counted) == 3


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "data:text/html,x"])
def test_a_document_without_an_address_on_the_web_leads_to_the_register(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, address: str
) -> None:
    def rows(query: str, given: dict[str, object]) -> list[tuple[object, ...]]:
        found = connection.execute(query, given).fetchall()
        if query != DOCUMENTS:
            return found
        return [(json.dumps({**json.loads(text), "url": address}),) for (text,) in found]

    told = brief(catalog, news(rows, date(2026, 5, 20), NOW), BASE, "zh")
    assert {p.said.link for p in told.papers} == {f"{BASE}/policies?month=2026-05"}


def test_where_nothing_moved_the_brief_says_so_in_one_sentence(briefs: Briefs) -> None:
    told = briefs(date(2026, 10, 1), 1)
    assert not told.items
    assert not told.papers
    assert lead(told) == (
        "以下是 2026 年 9 月 30 日一期之后、截至 2026 年 10 月 1 日 23:59（北京时间）所知的变化。"
        "其间没有新高、新低和整数关口，没有超过 2 个标准差的变动，也没有新计入的政策文件。"
    )
    assert [section.title for section in sections(told)] == ["其余指标"]


def test_without_a_bulletin_before_it_a_brief_looks_back_a_week_and_says_so(
    briefs: Briefs,
) -> None:
    told = briefs(date(2026, 5, 20), 0)
    assert told.before is None
    assert told.since == end_of(date(2026, 5, 20 - DAYS))
    assert "此前没有动态；以下是最近 7 天、" in lead(told)
    assert briefs(date(1, 1, 2), 0).items == ()  # no day before the first


def test_the_moments_of_a_brief_are_those_of_the_addresses_it_links(briefs: Briefs) -> None:
    told = briefs(date(2026, 5, 20))
    assert end_of(told.date) - told.until < timedelta(seconds=1)


# --- Markdown ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_markdown_is_read_back_as_the_sentences_and_each_link_answers(
    briefs: Briefs, published: Settings, tmp_path: Path, lang: str
) -> None:
    told = briefs(date(2026, 5, 20), lang=lang)
    text = markdown(told)
    path = tmp_path / "2026-05-20.md"
    head = "---\ntitle: 动态\ndate: 2026-05-20\npublisher: 编者\nsummary: 今天\n---\n"
    path.write_text(f"{head}{text}", encoding="utf-8")
    reading = read_bulletin(path)
    paragraphs = [p for section in reading.bulletin.sections for p in section.paragraphs]
    for said in [*(i.said for i in told.items), *(p.said for p in told.papers)]:
        assert any(p.startswith(said.text) for p in paragraphs), said.text
        assert said.name in said.text
    assert reading.left_out == ()
    site = client(published)
    links = re.findall(rf"\]\({BASE}([^)]+)\)", text)
    assert len(links) >= len(told.items)
    for link in links:
        assert site.get(link).status_code == 200, link


def test_what_markdown_would_take_for_a_mark_is_escaped(briefs: Briefs, catalog: Catalog) -> None:
    told = markdown(briefs(date(2026, 5, 20)))
    assert "[国家层面政策文件数](" in told
    assert "\\[" not in told


def test_a_brief_becomes_a_bulletin_of_its_day_without_a_contradiction(
    filled: Path, cli: Cli, catalog: Catalog, tmp_path: Path
) -> None:
    # The bulletin of the 20th is the one before: the brief of the 27th begins where it ended.
    before = bulletin(date(2026, 5, 20))
    section = "\n\n## 一、数据\n\n今天。\n"
    (filled / "bulletins" / "2026-05-20.md").write_text(
        to_markdown(before).rstrip() + section, encoding="utf-8"
    )
    run(settings_of(filled), catalog, Request(offline=True), lambda outcome: None)
    done = cli("brief", "2026-05-27")
    assert done.status == 0
    assert done.out.startswith("以下是 2026 年 5 月 20 日一期之后、")
    head = "---\ntitle: 动态\ndate: 2026-05-27\npublisher: 编者\nsummary: 今天\n---\n"
    source = tmp_path / "new.md"
    source.write_text(head + done.out, encoding="utf-8")
    assert cli("bulletin", source).status == 0
    assert cli("run", "--offline").status in (0, 1)
    claims = cli("claims", "2026-05-27", "--json")
    assert claims.status == 0
    verdicts = [claim["verdict"] for claim in json.loads(claims.out)]
    assert len(verdicts) >= 12
    assert set(verdicts) <= {"supported", "approximate"}


# --- The command -------------------------------------------------------------------------------


def test_the_command_answers_as_json(
    published: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(published.data))
    monkeypatch.setenv("XINZHI_BASE_URL", BASE)
    done = cli("brief", "2026-05-20", "--json", "--lang", "en")
    assert done.status == 0
    told = json.loads(done.out)
    assert {"date", "before", "since", "until", "items", "papers", "missing"} <= set(told)
    assert told["items"][0]["said"]["link"].startswith(f"{BASE}/c/")
    assert told["items"][0]["said"]["text"].startswith("Micron Technology closing price stood at")


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "20260527", "2026-5-27", "9999-12-31"])
def test_a_day_that_does_not_exist_or_is_still_to_come_is_refused(
    published: Settings, cli: Cli, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(published.data))
    done = cli("brief", day)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert day in done.err


def test_without_a_snapshot_the_command_says_what_to_do(data: Path, cli: Cli) -> None:
    done = cli("brief", "2026-05-27")
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert "python -m etl run" in done.err


def test_today_means_now(filled: Path, cli: Cli, catalog: Catalog, tmp_path: Path) -> None:
    today = now().date()
    newest = sessions("XCBF", today - timedelta(days=9), today - timedelta(days=1))[-1]
    rows = [["indicator", "date", "value"], ["vix", str(newest), "17.5"]]
    assert cli("import", write_csv(tmp_path / "vix.csv", rows)).status == 0
    moment = now()
    day = moment.astimezone(BEIJING).date()
    told = published_brief(settings_of(filled), day, "zh", moment)
    assert told.until == moment
    assert catalog["vix"].title.zh in told.unremarkable
