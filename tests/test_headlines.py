"""Headlines say the finding of the period shown: the first of what
happened, borne out by the data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise

import httpx
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from serving import Node, TestClient, days_from, tree, vintages

from dashboard.address import RANGES, AddressError, ChartAddress, Transform, parse, title
from dashboard.chart.headlines import headline
from dashboard.chart.lettering import width, wrapped
from dashboard.chart.model import Part, compose
from dashboard.chart.words import words
from dashboard.chart_page import short_links
from dashboard.chart_page.view import View, view
from dashboard.data.snapshot import Snapshot
from dashboard.formatting import in_pieces
from etl.bulletins.model import Bulletin
from etl.calendars import end_of
from etl.catalog import load_catalog
from etl.claims.draft import DraftChecker
from etl.events import events_of
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
LEVELS, CHANGES = ("level", "ma:20"), ("index", "drawdown", "mom", "yoy", "pct", "diff", "z:20")
DAYS = ("2024-03-01", "2025-09-30", "2026-03-20", "2026-05-27")


def page(answer: httpx.Response, status: int = 200) -> Node:
    assert answer.status_code == status
    return tree(answer.text.removeprefix("<!DOCTYPE html>"))


def seen(newest: Snapshot, place: str, **query: str) -> View | None:
    """The view of an address; none where nothing was known then."""
    try:
        return view(newest, parse(place, query, newest.catalog, NOW))
    except AddressError:
        return None


def told(name: str, values: Mapping[date, float], u: str = "level", lang: str = "zh") -> str:
    """The headline of values by hand; the events are those that `etl.events` finds."""
    indicator = CATALOG[name]
    rows = vintages(values)
    part = Part(
        indicator,
        CATALOG.unit(indicator),
        [(row, row.value) for row in rows],
        events_of(indicator, rows),
    )
    kind, _, n = u.partition(":")
    transform = Transform(kind, n=int(n) if n else None)
    return headline([part], compose([part], transform=transform, lang=lang), transform, lang)


def sessions(*values: float, start: date = date(2026, 3, 2)) -> dict[date, float]:
    """Values of days that follow one another."""
    return dict(zip(days_from(start, [1] * (len(values) - 1)), values, strict=True))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("day", DAYS)
def test_no_headline_is_contradicted_by_what_was_known(
    newest: Snapshot, day: str, lang: str
) -> None:
    said = {}
    for name in newest.catalog.indicators:
        for u in (*LEVELS, *CHANGES):
            for t in RANGES:
                shown = seen(newest, f"{name}@{day}", t=t, u=u, lang=lang)
                if shown is not None:
                    said[shown.words.headline] = name, u, t
    with newest.connection.cursor() as cursor:
        checker = DraftChecker(cursor, newest.catalog)
        for words, address in said.items():
            draft = Bulletin(
                date=date.fromisoformat(day), title="", publisher="", summary=f"{words}。",
                sections=(),
            )  # fmt: skip
            found = [one.claim for one in checker.claims(draft)]
            assert not [c.reason for c in found if c.verdict == "contradicted"], (words, address)


@pytest.mark.parametrize("name", CATALOG.indicators)
def test_the_figures_of_a_headline_are_those_of_the_rows(newest: Snapshot, name: str) -> None:
    """Computed anew from the rows alone."""
    for day in DAYS:
        for t in RANGES:
            shown = seen(newest, f"{name}@{day}", t=t)
            rows = [v.value for v, _ in shown.parts[0].rows] if shown else []
            if shown is None or len(rows) < 2:
                continue
            words, (first, last) = shown.words.headline, (rows[0], rows[-1])
            if found := re.search(r"(?:[月年天半]|以来)([涨跌]) ([\d.]+)%$", words):
                change = float(found[2]) * (1 if found[1] == "涨" else -1)
                assert 100 * (last / first - 1) == pytest.approx(change, abs=0.06), words
            if found := re.search(r"的 ([\d.]+) 倍$", words):
                assert last / first == pytest.approx(float(found[1]), rel=0.06), words
            if found := re.search(r"([高低])点回[落升] ([\d.]+)%", words):
                base = max(rows) if found[1] == "高" else min(rows)
                change = abs(100 * (last / base - 1))
                assert change == pytest.approx(float(found[2]), abs=0.06, rel=0.005), words
            if found := re.search(r"([升降]) ([\d.]+) 个基点$", words):
                points = float(found[2]) * (1 if found[1] == "升" else -1)
                assert 100 * (last - first) == pytest.approx(points, abs=0.06), words


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_headline_fits_and_is_no_row_of_data(newest: Snapshot, lang: str) -> None:
    for name in newest.catalog.indicators:
        for t in RANGES:
            shown = seen(newest, name, t=t, lang=lang)
            assert shown is not None
            if not shown.model.empty:
                assert width(shown.words.headline, 1.0) <= (26 if lang == "zh" else 40)
            assert "（" not in shown.words.headline


def test_a_record_is_told_before_all_else() -> None:
    index = sessions(24000, 24100, 24200, 24300)
    assert told("nasdaq_composite", index) == "纳斯达克 3 天内三创新高，自 3 月 2 日以来涨 1.2%"
    assert "at 3 record highs in" in told("nasdaq_composite", index, lang="en")


def test_what_is_not_all_time_is_no_record() -> None:
    held = sessions(80, 81, 82, 95)
    assert "新高" not in told("brent_spot_usd_bbl", held)
    assert "首次" not in told("brent_spot_usd_bbl", held)


def test_a_number_that_is_crossed_again_is_come_back_to() -> None:
    back = sessions(110, 105, 98, 96, 97, 108, 109)
    assert told("brent_spot_usd_bbl", back) == "布伦特现货自 3 月 5 日低点回升 13.5%"
    later = dict(list(back.items())[2:])
    indicator = CATALOG["brent_spot_usd_bbl"]
    part = Part(
        indicator, CATALOG.unit(indicator),
        [(row, row.value) for row in vintages(later)],
        events_of(indicator, vintages(back)),
    )  # fmt: skip
    model = compose([part], transform=Transform(), lang="zh")
    assert headline([part], model, Transform(), "zh") == "布伦特现货重回 100 美元/桶"


def test_a_rise_to_twice_is_told_in_plain_multiples() -> None:
    month = {date(2026, 3, 31): 100.0, date(2026, 4, 30): 140.0, date(2026, 6, 30): 201.0}
    assert told("vix", month) == "VIX 自 3 月 31 日以来翻倍"
    year = {date(2025, 3, 31): 10.0, date(2026, 3, 31): 42.0}
    assert told("vix", year) == "VIX 是一年前的 4.2 倍"
    assert told("vix", year, lang="en") == "VIX 4.2 times its value 1 year ago"


def test_a_turn_a_standstill_and_a_range_are_told_as_such() -> None:
    assert told("vix", sessions(20, 30, 40, 30, 25)) == "VIX 自 3 月 4 日高点回落 37.5%"
    assert told("us_10y_yield_pct", sessions(4.2, 4.25, 4.22)) == (
        "10 年期美债自 3 月 2 日以来变化不大"
    )
    assert told("vix", sessions(20, 28, 16, 21)) == ("VIX 自 3 月 2 日以来在 16.00 至 28.00 点之间")


def test_rates_move_by_basis_points_and_percentage_points() -> None:
    assert told("us_10y_yield_pct", sessions(4.0, 4.3, 4.2)).endswith("升 20 个基点")
    assert told("us_10y_yield_pct", sessions(2.0, 4.3, 4.25)).endswith("升 2.25 个百分点")


def test_what_changes_at_events_says_where_it_went() -> None:
    rates = {date(2025, 9, 18): 4.25, date(2025, 12, 11): 3.75}
    assert told("fed_target_upper_pct", rates) == "美联储利率上限降至 3.75%"
    assert told("fed_target_upper_pct", {date(2025, 9, 18): 4.25}) == "美联储利率上限为 4.25%"


def test_counts_are_compared_with_the_month_before() -> None:
    counts = {date(2026, 4, 1): 2.0, date(2026, 5, 1): 5.0}
    assert told("policy_documents_monthly", counts) == "5 月政策文件 5 份，比 4 月多 3 份"
    assert told("policy_documents_monthly", counts, lang="en") == (
        "Policy documents: 5 in May, 3 more than in April"
    )
    gap = {date(2026, 3, 1): 2.0, date(2026, 5, 1): 5.0}
    assert told("policy_documents_monthly", gap) == "5 月政策文件 5 份"


def test_below_zero_nothing_is_told_in_per_cent() -> None:
    oil = told("wti_spot_usd_bbl", sessions(-37.63, -10.0, -20.0))
    assert oil == "WTI 现货自 3 月 2 日以来涨 17.63 美元/桶"


def test_transforms_say_what_they_measure() -> None:
    rows = sessions(100, 90, 79.66)
    assert told("vix", sessions(0, -10, -20.34), "drawdown") == "VIX 自高点回落 20.34%"
    assert told("vix", sessions(0, 0), "drawdown") == "VIX 处在所存最高"
    assert told("vix", rows, "index") == "VIX 较起点跌 20.3%"
    assert told("vix", sessions(1.5, -2.0), "pct") == "VIX 较上一交易日跌 2.0%"
    assert told("gold_monthly_usd_oz", {date(2026, 4, 1): 3.0}, "pct") == "黄金月均较上月涨 3.0%"
    assert told("vix", sessions(2, 1.2), "z:20") == "VIX 高于 20 期均值 1.2 个标准差"
    assert told("us_10y_yield_pct", sessions(0.01, 0.04), "diff") == (
        "10 年期美债较上一交易日升 4 个基点"
    )


def test_several_are_told_by_the_same_period(newest: Snapshot) -> None:
    shown = seen(newest, "sp500@2026-05-27", **{"with": "nasdaq_composite", "t": "1m"})
    assert shown is not None
    assert re.fullmatch(
        r"标普 500 .*(涨|跌) [\d.]+%，纳斯达克(涨|跌) [\d.]+%", shown.words.headline
    )


@pytest.mark.parametrize("room", [120, 160, 220, 300])
def test_no_line_breaks_a_date_or_a_number_from_its_unit(newest: Snapshot, room: int) -> None:
    for name in newest.catalog.indicators:
        for t in RANGES:
            shown = seen(newest, name, t=t)
            assert shown is not None
            words = f"{shown.words.headline}，{shown.words.subtitle}"
            for line, following in pairwise(wrapped(words, 20, room, 30)):
                assert not line[-1].isdigit(), (line, following)
                assert not (line[-1] in "年月" and following[0].isdigit()), (line, following)
    assert [piece for piece, whole in in_pieces("涨 40.5%，在 5 月 26 日") if whole] == [
        "40.5%，", "5 月 26 日",
    ]  # fmt: skip


def test_an_editors_headline_stands_with_the_finding_below_it(site: TestClient) -> None:
    asked = "/c/micron_market_cap_usd_bn@2026-05-27?t=1y"
    finding = page(site.get(asked)).one("h1").text
    own = page(site.get(f"{asked}&title=存储涨价"))
    assert own.one("h1").text == "存储涨价"
    said = f"标题为编者所拟；数据显示：{finding}。"
    assert said in own.one("main").text
    assert "存储涨价" in own.one("title").text
    assert [m.attributes["content"] for m in own.all("meta") if m.attributes.get("property") ==
            "og:title"] == ["存储涨价"]  # fmt: skip
    assert said in site.get(f"{asked.replace('?', '.txt?')}&title=存储涨价").text
    picture = site.get(f"{asked.replace('?', '.svg?')}&title=存储涨价").text
    assert "存储涨价</text>" in picture
    assert "标题为编者所拟" in picture
    embedded = page(site.get(f"/embed{asked}&title=存储涨价"))
    assert embedded.one("h1").text == "存储涨价"
    assert said in embedded.one("main").text
    kit = site.get(f"{asked.replace('?', '.kit.html?')}&title=存储涨价").text
    assert kit.index("存储涨价") < kit.index("标题为编者所拟")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("<b>涨</b> & \"跌\"", "<b>涨</b> & \"跌\""),
        ("油\u202e价\u200b重\u2066回\ufeff\u3164", "油价重回"),
        ("  油价\n重回\t90 美元  ", "油价 重回 90 美元"),
        ("芯片📈大涨", "芯片📈大涨"),
        ("涨" + "\u0301" * 30, "涨\u0301\u0301"),
    ],
)  # fmt: skip
def test_a_strange_headline_is_escaped_or_cleaned(site: TestClient, given: str, shown: str) -> None:
    answer = site.get("/c/sp500", params={"title": given})
    assert page(answer).one("h1").text == shown
    assert "<b>涨" not in answer.text
    assert site.get("/c/sp500.png", params={"title": given}).status_code == 200
    ET.fromstring(site.get("/c/sp500.svg", params={"title": given}).text)


@pytest.mark.parametrize("length", [61, 3000])
def test_a_long_headline_is_refused_in_words(site: TestClient, length: int) -> None:
    answer = site.get("/c/sp500", params={"title": "x" * length})
    assert f"title：有 {length} 个字，标题最多 60 个字。" in page(answer, 400).one("main").text
    assert "title" in site.get("/c/sp500.csv", params={"title": "x" * length}).text


def test_another_choice_leaves_the_headline_behind(site: TestClient) -> None:
    document = page(site.get("/c/sp500?t=3m&title=大涨"))
    links = [a.attributes["href"] for a in document.all("a", "option")]
    assert links
    looks = ("theme=", "updown=")  # which change nothing of what is found
    assert not [h for h in links if "title=" in h and not any(look in h for look in looks)]
    (canonical,) = (
        link.attributes["href"]
        for link in document.all("link")
        if link.attributes["rel"] == "canonical"
    )
    assert "title=" not in canonical


@given(st.text(min_size=1, max_size=60))
@examples(100)
def test_a_short_link_keeps_the_headline(words: str) -> None:
    address = ChartAddress("sp500", end_of(date(2026, 5, 27)), title=title(words))
    code = short_links.code(address)
    assert len(code) <= short_links.MAX_CODE
    assert short_links.address(code, CATALOG) == address


def test_a_change_over_a_missing_session_is_not_called_one_from_the_session_before() -> None:
    """2026-05-18 is a Monday; the value of Tuesday is missing, that of the Friday before is not."""
    friday, monday, wednesday = date(2026, 5, 15), date(2026, 5, 18), date(2026, 5, 20)
    assert "较上一交易日涨 10.0%" in told("sp500", {friday: 5.0, monday: 10.0}, "pct")
    values = {friday: 5.0, monday: 5.0, wednesday: 10.0}
    assert "较 5 月 18 日涨 10.0%" in told("sp500", values, "pct")
    assert told("sp500", values, "pct", "en").endswith("up 10.0% from 18 May")
    rows = vintages(values)
    part = Part(CATALOG["sp500"], CATALOG.unit(CATALOG["sp500"]), [(v, v.value) for v in rows])
    model = compose([part], transform=Transform(), lang="zh")
    said = " ".join(words(model, [part], Transform(), "zh").sentences)
    assert "较 5 月 18 日涨 100.00%" in said
    assert "上一交易日" not in said
