"""/claims, what became of statements on the page of a bulletin, and the same in /status and API."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import BUNDLED, authored, bulletin, fill, settings_of
from serving import Node, TestClient, client, republish, still, with_old_ids

from dashboard.data.aftermath import LaterValues
from dashboard.data.snapshot import Snapshot, Snapshots
from etl.bulletins.model import Section
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog, Dated, Text
from etl.claims.model import JudgedBy
from etl.settings import Settings
from etl.storage.snapshots import Folder

DAY = date(2026, 5, 27)
NEXT = date(2026, 5, 28)
REAL = BUNDLED / "bulletins" / f"{DAY}.md"
CAP = "micron_market_cap_usd_bn"
SAID = (
    "隔夜 10 年期美债收益率收于 4.48%。布伦特原油现货价隔夜报 95 美元。美光市值守住万亿美元。"
    "标普 500 未能突破 8000 点。"
)


@pytest.fixture(scope="module")
def own(
    published: Settings, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> TestClient:
    """The bundled bulletin, and one whose yields came out only after it."""
    folder = fill(authored(tmp_path_factory.mktemp("ledger") / "data"), published.data)
    republish(folder, catalog, read_bulletin(REAL).bulletin, bulletin(NEXT, summary=SAID))
    return client(settings_of(folder))


def rows(page: Node) -> list[Node]:
    return list(page.one("table", "statements").one("tbody").all("tr"))


def cell(row: Node, name: str) -> str:
    return row.one("td", f"is-{name}").text.strip()


def test_every_statement_is_listed_with_both_verdicts_and_a_way_to_its_sentence(
    own: TestClient,
) -> None:
    page = still(own.get("/claims"))
    found = rows(page)
    told = own.get("/api/v1/claims").json()
    assert len(found) == told["count"] == 14
    assert "共 14 条" in page.text
    first = found[0]
    assert first.hrefs()[0] == f"/bulletins/{NEXT}#claim-1"
    assert "10 年期美债收益率收于 4.48%。" in cell(first, "statement")
    assert "无法核对" in cell(first, "verdict_of_day")
    assert "相符" in cell(first, "verdict_later")
    assert "2026 年 5 月 27 日 4.48%，2026 年 5 月 29 日 04:15" in cell(first, "verdict_later")
    for row in found:
        path, _, fragment = row.hrefs()[0].partition("#")
        sentence = still(own.get(path)).one("li", id=fragment).text
        assert row.one("q").text in sentence


def test_what_was_true_says_until_when(own: TestClient) -> None:
    page = still(own.get(f"/claims?id={CAP}&kind=first"))
    (row,) = rows(page)
    assert cell(row, "true_when").startswith("成立至 2026 年 6 月 4 日")
    assert "7 月 16 日跌破" in cell(row, "true_when")
    assert "8 月 12 日重回" in cell(row, "true_when")
    then = still(own.get(f"/claims?id={CAP}&kind=first&asof=2026-06-03"))
    (row,) = rows(then)
    assert cell(row, "true_when") == "2026 年 5 月 26 日至今（截至 2026 年 6 月 2 日）"
    assert "数据截至 2026 年 6 月 3 日" in then.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("id=us_10y_yield_pct", 1),
        ("verdict=unverifiable", 8),
        ("kind=count", 3),
        (f"since={NEXT}", 4),
        (f"until={DAY}", 10),
        (f"asof={DAY}", 10),
        ("id=sp500&verdict=supported", 1),
        ("id=vix", 0),
    ],
)
def test_page_and_api_are_asked_alike(own: TestClient, query: str, count: int) -> None:
    page = still(own.get(f"/claims?{query}"))
    assert len(rows(page) if count else []) == count
    assert own.get(f"/api/v1/claims?{query}").json()["count"] == count
    assert ("没有符合条件的陈述" in page.text) == (count == 0)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("id=nothing", 404), ("verdict=wrong", 400), ("kind=wrong", 400), ("since=yesterday", 400),
        ("until=2026-02-30", 400), (f"since={NEXT}&until={DAY}", 400), ("asof=2126-01-01", 400),
    ],
)  # fmt: skip
def test_a_wrong_value_is_a_sentence_that_names_its_parameter(
    own: TestClient, query: str, status: int
) -> None:
    name = query.partition("=")[0]
    for address, told in (("/claims", f"{name}："), ("/api/v1/claims", f"{name}:")):
        answer = own.get(f"{address}?{query}")
        assert answer.status_code == status
        assert told in answer.text
    assert own.get("/claims?page=9").status_code == 400


def test_a_parameter_that_the_page_does_not_know_is_said_and_escaped(own: TestClient) -> None:
    answer = own.get("/claims?t=3m&%3Cscript%3E=1&lang=zh")
    assert "本页没有这些参数，未予理会：t, <script>" in still(answer).text
    assert "<script>=" not in answer.text
    assert "未予理会" not in own.get("/claims?id=sp500&lang=en&theme=dark&page=1").text


def test_words_of_a_bulletin_are_escaped(filled: Path, catalog: Catalog) -> None:
    republish(filled, catalog, bulletin(NEXT, summary="<img src=x>标普 500 收于 9 点。"))
    site = client(settings_of(filled))
    assert rows(still(site.get("/claims")))[0].one("q").text == "<img src=x>标普 500 收于 9 点。"
    assert "<img src=x>" not in site.get("/claims").text


def test_an_old_id_leads_to_the_new_one(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"sp500": ("spx",)}), read_bulletin(REAL).bulletin)
    answer = client(settings_of(filled)).get("/claims?id=spx&kind=record_high")
    assert (answer.status_code, answer.headers["location"]) == (
        301, "/claims?id=sp500&kind=record_high",
    )  # fmt: skip


def test_the_ledger_comes_in_pages(filled: Path, catalog: Catalog) -> None:
    many = [
        bulletin(DAY + timedelta(days=n), summary="标普 500 收于 9 点。" * 30) for n in range(7)
    ]
    republish(filled, catalog, *many)
    site = client(settings_of(filled))
    pages = [rows(still(site.get(f"/claims?id=sp500&page={n}"))) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [100, 100, 10]
    assert pages[1][0].hrefs()[0] == f"/bulletins/{DAY + timedelta(days=3)}#claim-11"
    assert site.get("/claims?page=4").status_code == 400


def test_statements_that_a_later_value_contradicts_come_first_for_the_editor(
    own: TestClient,
) -> None:
    section = still(own.get("/status")).one("section", id="judged-later")
    found = [cell(row, "verdict_later") for row in rows(section)]
    assert ["不符" in one for one in found] == [True, False]
    assert "布伦特" in section.text


def test_nothing_could_be_judged_later_where_every_value_was_known(site: TestClient) -> None:
    section = still(site.get("/status")).one("section", id="judged-later")
    assert "没有。" in section.text


def test_indicator_pages_bulletins_and_the_foot_lead_to_the_ledger(own: TestClient) -> None:
    assert f"/claims?id={CAP}" in still(own.get(f"/indicators/{CAP}")).hrefs()
    assert f"/claims?since={DAY}&until={DAY}" in still(own.get(f"/bulletins/{DAY}")).hrefs()
    assert "/claims" in still(own.get("/about")).one("footer").hrefs()
    assert "/claims</loc>" in own.get("/sitemap.xml").text
    assert "/claims?lang=en" in still(own.get("/about?lang=en")).one("footer").hrefs()
    assert "Ledger of statements" in own.get("/claims?lang=en").text


# What became of it


def entries(page: Node) -> list[str]:
    block = page.one("section", "became")
    return [entry.text for entry in block.all("li") if list(entry.all("span", "became-then"))]


def test_a_bulletin_says_what_became_of_its_records_and_round_numbers(own: TestClient) -> None:
    page = still(own.get(f"/bulletins/{DAY}"))
    cap, sp500, nasdaq = entries(page)
    assert "5 月 26 日 1.01 万亿美元" in cap
    assert "1 天后1.04 万亿美元5 月 28 日" in cap
    assert "“达到万亿美元”：6 月 5 日跌破，6 月 8 日重回，7 月 16 日跌破" in cap
    assert "30 天后7,354.02 点6 月 26 日" in sp500
    assert "“历史新高”：5 月 27 日被打破" in nasdaq
    charts = [a for a in page.one("section", "became").hrefs() if a.startswith("/c/")]
    assert len(charts) == 12
    for chart in charts:
        assert "@" in chart
        assert own.get(chart).status_code == 200


def test_a_level_that_came_out_later_has_its_values_too(own: TestClient) -> None:
    found = entries(still(own.get(f"/bulletins/{NEXT}")))
    ten_year = next(entry for entry in found if "10 年期美债" in entry)
    assert "5 月 27 日 4.48%" in ten_year
    assert "1 天后4.45%5 月 29 日" in ten_year


def test_a_cell_of_a_table_has_its_later_verdict_and_what_became_of_it(
    filled: Path, catalog: Catalog
) -> None:
    rows = ("指标 | 5月27日收盘", "--- | ---", "标普500 | 7520.36", "美国10年期国债收益率 | 4.48%")
    table = "\n".join(f"| {row} |" for row in rows)
    section = Section(number=1, title="市场", paragraphs=(table,))
    republish(filled, catalog, bulletin(NEXT).model_copy(update={"sections": (section,)}))
    site = client(settings_of(filled))
    assert "10 年期美债" in still(site.get("/status")).one("section", id="judged-later").text
    found = entries(still(site.get(f"/bulletins/{NEXT}")))
    assert any("标普 500" in one and "1 天后7,580.06 点" in one for one in found)


@pytest.mark.parametrize(
    ("asof", "there", "missing"),
    [
        ("2026-05-27", "", "后来怎样"),
        ("2026-05-30", "1 天后", "7 天后"),
        ("2026-06-05", "至 6 月 4 日未跌破", "6 月 5 日跌破"),
        ("2026-06-07", "6 月 5 日跌破", "6 月 8 日重回"),
    ],
)
def test_a_frozen_bulletin_says_only_what_was_known_then(
    own: TestClient, asof: str, there: str, missing: str
) -> None:
    text = still(own.get(f"/bulletins/{DAY}?asof={asof}")).text
    assert there in text
    assert missing not in text


def test_a_frozen_bulletin_shows_no_verdict_of_a_later_value(own: TestClient) -> None:
    assert not list(still(own.get(f"/bulletins/{NEXT}?asof={NEXT}")).all(css="became"))
    assert "asof：" in own.get(f"/bulletins/{NEXT}?asof=someday").text


def test_nothing_is_followed_across_a_change_of_definition(filled: Path, catalog: Catalog) -> None:
    day = date(2026, 6, 5)
    changed = catalog["sp500"].model_copy(
        update={"breaks": (Dated(date=day, note=Text(zh="换算", en="rebased")),)}
    )
    republish(
        filled,
        catalog.model_copy(update={"indicators": {**catalog.indicators, "sp500": changed}}),
        read_bulletin(REAL).bulletin,
    )
    later = LaterValues(Snapshots(Folder(filled / "published")).current())
    basis = JudgedBy(date(2026, 5, 26), 0.0, 1e9)
    found = later.aftermath("sp500", basis)
    assert found is not None
    assert (found.until, found.newest, found.turns) == (date(2026, 6, 4), date(2026, 6, 4), ())
    assert later.days_after("sp500", DAY, basis.date, 7) is not None
    assert later.days_after("sp500", DAY, basis.date, 30) is None


def test_a_value_is_that_of_its_own_session_or_none(newest: Snapshot) -> None:
    later = LaterValues(newest)
    since = date(2026, 5, 26)
    saturday = later.days_after("sp500", date(2026, 5, 29), since, 1)
    assert saturday is not None
    assert saturday.date == date(2026, 5, 29)
    assert later.days_after("us_10y_yield_pct", date(2026, 8, 20), date(2026, 8, 19), 7) is None
    assert later.days_after("pue_global_average", DAY, date(2025, 1, 1), 7) is None
    assert later.aftermath("sp500", JudgedBy(date(2026, 5, 24), 0.0, 1.0)) is None  # a Sunday
