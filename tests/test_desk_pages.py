"""The pages of the desk as their readers use them: table, bulletins, the day and what was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from conftest import Cli, settings_of, write_csv
from serving import Node, TestClient, client, republish, still

from dashboard.data import queries
from dashboard.data.queries import Mentioned
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.display import Display
from dashboard.pages.indicators import PAGE
from dashboard.pages.parts.marked import MarkedText, Piece
from dashboard.urls import Urls
from etl.brief.published import published_brief
from etl.brief.words import markdown
from etl.bulletins.mentions import paragraphs
from etl.bulletins.model import Bulletin, Section
from etl.catalog import load_catalog
from etl.claims.model import Claim, Later, Placed
from etl.records import BEIJING, now
from etl.settings import PROJECT, Settings
from etl.storage.snapshots import Folder
from etl.words.numbers import full_date

CATALOG = load_catalog(PROJECT / "indicators.yaml")


def page(site: TestClient, path: str) -> Node:
    return still(site.get(path))


def listed(document: Node) -> list[str]:
    """The ids in the table, in its order."""
    return [
        urlsplit(row.hrefs()[0]).path.rpartition("/")[2]
        for body in document.all("tbody")
        for row in body.all("tr")
    ]


@pytest.mark.parametrize(("query", "wanted"), [
    ("q=micron", {"micron_close_usd", "micron_shares_outstanding", "micron_market_cap_usd_bn"}),
    ("q=标普", {"sp500"}), ("q=美光 市值", {"micron_market_cap_usd_bn"}), ("q=SP500", {"sp500"}),
    ("group=compute", {i.id for i in CATALOG.all() if i.group == "compute"}),
    ("group=energy&frequency=monthly",
     {"gold_monthly_usd_oz", "us_industrial_electricity_cents_kwh"}),
    ("group=rates&frequency=event", {"fed_target_upper_pct"}),
])  # fmt: skip
def test_the_table_is_searched_and_filtered_by_its_address(
    site: TestClient, query: str, wanted: set[str]
) -> None:
    assert set(listed(page(site, f"/indicators?{query}"))) == wanted


@pytest.mark.parametrize("query", ["q=nothing of the kind", "q=<script>", "q=%00", "q=' or 1=1"])
def test_a_search_that_finds_nothing_says_so(site: TestClient, query: str) -> None:
    document = page(site, f"/indicators?{quote(query, safe='=')}")
    assert "没有符合条件的条目" in document.text


@pytest.mark.parametrize("query", [
    "group=nope", "frequency=hourly", "sort=colour", "sort=--name", "cols=value,colour",
    "page=0", "page=20", "page=x", "page=１",
])  # fmt: skip
def test_a_wrong_choice_in_the_table_is_named(site: TestClient, query: str) -> None:
    answer = site.get(f"/indicators?{query}")
    assert answer.status_code == 400
    assert f"{query.partition('=')[0]}：" in answer.text


@pytest.mark.parametrize("name", ["date", "change", "month", "year", "record"])
def test_the_table_is_sorted_both_ways_and_holds_what_has_values(
    site: TestClient, name: str
) -> None:
    told = site.get("/api/v1/indicators").json()["indicators"]
    held = sorted(one["id"] for one in told if one["rows"])
    pages = range(1, len(held) // PAGE + 2)
    up, down = (
        [*chain.from_iterable(listed(page(site, f"/indicators?sort={sign}{name}&page={n}"))
                              for n in pages)]
        for sign in ("", "-")
    )  # fmt: skip
    assert sorted(up) == sorted(down) == held
    assert up != down


def test_the_changes_of_the_table_are_those_of_the_files(site: TestClient) -> None:
    document = page(site, "/indicators")
    for name, column, transform in (("sp500", "col-month", "mom"), ("sp500", "col-year", "yoy"),
                                    ("sp500", "col-record", "drawdown")):  # fmt: skip
        (row,) = [r for b in document.all("tbody") for r in b.all("tr") if name in str(r.hrefs())]
        newest = site.get(f"/c/{name}.csv?u={transform}").text.splitlines()[-1].split(",")[2]
        shown = row.one("td", column).text
        assert shown == f"{'▲' if float(newest) > 0 else '▼'} {abs(float(newest)):,.2f}%"


def test_a_heading_turns_the_order_and_says_which_it_is(site: TestClient) -> None:
    document = page(site, "/indicators?sort=-year&q=micron")
    (heading,) = [th for th in document.all("th") if th.attributes.get("aria-sort")]
    assert heading.attributes["aria-sort"] == "descending"
    assert parse_qs(urlsplit(heading.hrefs()[0]).query) == {"q": ["micron"], "sort": ["year"]}


def columns(document: Node) -> list[str]:
    """The columns of the row of the S&P 500."""
    (row,) = [r for b in document.all("tbody") for r in b.all("tr") if "/sp500" in str(r.hrefs())]
    return [cell.attributes["class"].removeprefix("col-") for cell in row.all("td")]


def test_the_columns_of_the_table_are_those_of_the_address(site: TestClient) -> None:
    document = page(site, "/indicators?cols=trend,value")
    assert columns(document) == ["value", "trend"]
    assert "/indicators?cols=value" in document.hrefs()  # takes the trend away
    assert "/indicators?cols=value,trend,year" in document.hrefs()
    assert columns(page(site, "/indicators?cols=name")) == []
    every = columns(page(site, "/indicators"))
    assert every == columns(page(site, f"/indicators?cols={','.join(reversed(every))}"))
    assert len(every) == 9


def test_the_columns_stay_when_the_order_is_turned(site: TestClient) -> None:
    document = page(site, "/indicators?cols=value,year&group=markets")
    heading = document.one("th", "col-year").hrefs()[0]
    wanted = {"cols": ["value,year"], "group": ["markets"], "sort": ["-year"]}
    assert parse_qs(urlsplit(heading).query) == wanted


def test_the_table_says_how_far_behind_each_indicator_is(site: TestClient) -> None:
    order = listed(page(site, "/indicators?sort=-age&cols=age"))
    missed = {i["id"]: i["missed"] for i in site.get("/api/v1/status").json()["indicators"]}
    held = [missed[name] for name in order if missed[name] is not None]
    assert held == sorted(held, reverse=True)
    assert held[0] > 0
    assert f"落后 {held[0]} 个交易日" in page(site, "/indicators").text


def test_a_search_keeps_the_language(site: TestClient) -> None:
    document = page(site, "/indicators?lang=en&group=energy")
    hidden = {i.attributes["name"]: i.attributes["value"] for i in document.all("input")
              if i.attributes["type"] == "hidden"}  # fmt: skip
    assert hidden == {"lang": "en", "group": "energy"}


def test_a_long_table_goes_on_in_pages_in_one_order(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.pages.indicators.PAGE", 10)
    site = client(settings_of(filled))
    told = site.get("/api/v1/indicators").json()["indicators"]
    held = sum(1 for one in told if one["rows"])
    last = -(-held // 10)
    first, third = page(site, "/indicators"), page(site, f"/indicators?page={last}")
    assert (len(listed(first)), len(listed(third))) == (10, held - 10 * (last - 1))
    assert "/indicators?page=2" in first.hrefs()
    for name, _, anchor in (link.partition("#") for link in first.one("nav", "jumps").hrefs()):
        assert list((page(site, name) if name else first).all(id=anchor))
    asked = (f"/indicators?sort=-year&page={n}" for n in range(1, last + 1))
    pages = [listed(page(site, address)) for address in asked]
    monkeypatch.setattr("dashboard.pages.indicators.PAGE", 1000)
    assert [*chain.from_iterable(pages)] == listed(
        page(client(settings_of(filled)), "/indicators?sort=-year")
    )


def test_every_mention_leads_to_its_card_or_its_page(site: TestClient) -> None:
    document = page(site, "/")
    cards = {node.attributes["id"] for node in document.all("article", "card")}
    links = [a for a in document.all("a") if "mention" in a.classes]
    assert len(links) > 20
    for link in links:
        href = link.attributes["href"]
        if href.startswith("#"):
            assert href.removeprefix("#") in cards
            assert href == f"#card-{link.attributes['data-mention']}"
        else:
            assert site.get(href).status_code == 200


def test_the_text_of_the_bulletin_is_whole_with_its_mentions(
    site: TestClient, published: Settings
) -> None:
    snapshot = Snapshots(Folder(published.published)).current()
    bulletin = queries.bulletin(snapshot, date(2026, 5, 27))
    assert bulletin is not None
    shown = page(site, "/").text
    for section in bulletin.sections:
        for paragraph in section.paragraphs:
            assert paragraph in shown
    assert bulletin.summary in shown


def test_the_chain_names_its_six_links_and_where_nothing_is_to_see(site: TestClient) -> None:
    chain = page(site, "/").one("ol", "chain")
    assert [h.text for h in chain.all("h3")] == ["数据", "算力", "模型", "场景", "制度", "资本"]
    assert "868 款" in chain.text  # filed by the day of the bulletin
    assert "1.01 万亿美元" in chain.text


def another(day: date, summary: str) -> Bulletin:
    section = Section(number=1, title="油价", paragraphs=("布伦特油价走高。",))
    return Bulletin(date=day, title="每日动态", publisher="编者", summary=summary,
                    sections=(section,), judgement=(), references=())  # fmt: skip


def test_the_chain_says_how_each_moved_since_the_bulletin_before(filled: Path) -> None:
    republish(filled, CATALOG, another(date(2026, 5, 20), "前"), another(date(2026, 5, 27), "后"))
    site = client(settings_of(filled))
    chain = page(site, "/").one("section", "chain-section")
    assert "较 2026-05-20 一期" in chain.text
    then, now = (
        float(site.get(f"/c/sp500@{day}.csv").text.splitlines()[-1].split(",")[2])
        for day in ("2026-05-20", "2026-05-27")
    )
    assert f"▲ {100 * (now / then - 1):.2f}%" in chain.text
    assert "＝ 无新值" in chain.text  # of what comes out once a year


def test_bulletins_are_found_by_their_words(filled: Path) -> None:
    first = another(date(2026, 5, 20), "甲“乙”\\ %_ tail")
    republish(filled, CATALOG, first, another(date(2026, 5, 27), "丙 Tail"))
    site = client(settings_of(filled))

    def days(words: str) -> set[str]:
        document = page(site, f"/bulletins?q={quote(words)}")
        return {a.hrefs()[0].rpartition("/")[2] for a in document.all("article", "entry")}

    assert days("TAIL") == {"2026-05-20", "2026-05-27"}
    assert days("tail 甲") == {"2026-05-20"}
    assert days("“乙”\\") == {"2026-05-20"}
    assert days("%") == {"2026-05-20"}
    assert days("布伦特") == {"2026-05-20", "2026-05-27"}
    assert days("sections") == set()  # a name of ours, in no text
    assert days("<script>alert(1)</script>") == set()
    assert site.get(f"/bulletins?q={'a ' * 20}").status_code == 400


def test_the_words_that_were_found_are_marked(site: TestClient) -> None:
    document = page(site, "/bulletins?q=数据")
    assert {mark.text for mark in document.all("mark")} == {"数据"}
    assert "含“数据”的有 1 期" in document.text


def test_the_calendar_leads_to_each_day_that_has_a_bulletin(site: TestClient) -> None:
    table = page(site, "/bulletins").one("table", "calendar")
    assert table.hrefs() == ["/bulletins/2026-05-27"]
    assert [td.text for td in table.all("td") if td.text][-1] == "31"


def test_an_indicator_is_shown_as_it_was_known_on_a_day(site: TestClient) -> None:
    document = page(site, "/indicators/brent_spot_usd_bbl@2026-05-27")
    assert (
        "数据截至 2026 年 5 月 27 日（据后来载入的历史重建）" in document.one("div", "ribbon").text
    )
    assert "2026 年 5 月 19 日" in document.text
    assert "/indicators/brent_spot_usd_bbl" in document.hrefs()
    assert "/indicators/brent_spot_usd_bbl?t=3m&asof=2026-05-27" in document.hrefs()


def test_the_day_that_is_written_into_the_field_is_looked_at(site: TestClient) -> None:
    document = page(site, "/indicators/sp500?asof=2026-05-20&t=3m")
    assert "数据截至 2026 年 5 月 20 日" in document.one("div", "ribbon").text
    assert (
        document.one("main").text
        == page(site, "/indicators/sp500@2026-05-20?t=3m").one("main").text
    )
    for wrong in ("2026", "<script>", "2099-01-01", "//evil.example"):
        answer = site.get(f"/indicators/sp500?asof={quote(wrong)}")
        assert answer.status_code == 400
        assert "&lt;script&gt;" in answer.text or "<script>" not in wrong


def test_the_page_to_share_is_as_the_reader_chose_and_files_are_the_same_for_all(
    site: TestClient,
) -> None:
    links = page(site, "/indicators/sp500?lang=en&theme=dark&t=3y").hrefs()
    assert "/c/sp500?t=3y&lang=en&theme=dark" in links
    assert "/c/sp500.kit.zip?t=3y&lang=en&theme=dark" in links
    assert {"/c/sp500.csv?t=3y", "/c/sp500.csv?t=3y&for=excel", "/c/sp500.xlsx?t=3y"} <= {*links}


def test_a_revision_since_then_is_told_on_the_page(filled: Path, cli: Cli, tmp_path: Path) -> None:
    head = ["indicator", "date", "value"]
    first = write_csv(tmp_path / "a.csv", [head, ["vix", "2026-05-26", "17.5"]])
    assert cli("import", first, "--known-at", "2026-05-27T08:00+08:00").status == 0
    assert (
        cli("import", write_csv(tmp_path / "b.csv", [head, ["vix", "2026-05-26", "18.5"]])).status
        == 0
    )
    ribbon = page(client(settings_of(filled)), "/indicators/vix@2026-05-27").one("div", "ribbon")
    assert "17.50" in ribbon.text
    assert "18.50" in ribbon.text


def test_each_statement_that_was_checked_ends_with_a_mark(
    site: TestClient, published: Settings
) -> None:
    document = page(site, "/")
    checked = queries.claims(Snapshots(Folder(published.published)).current(), date(2026, 5, 27))
    entries = list(document.one("section", "checked").all("li"))
    assert [e.attributes["id"] for e in entries] == [
        f"claim-{n}" for n in range(1, len(checked) + 1)
    ]
    marks = [a for a in document.all("a") if "verdict" in a.classes]
    assert {a.attributes["href"] for a in marks} <= {f"#claim-{n + 1}" for n in range(len(checked))}
    places = {(p.claim.section, p.paragraph, p.stop) for p in checked}
    assert 0 < len(marks) <= len(places)  # one at the end of a clause, for all that it says
    assert not "".join(a.text for a in marks)  # the text is that of the bulletin
    for entry, placed in zip(entries, checked, strict=True):
        assert placed.claim.reason in entry.text
        if placed.claim.evidence:
            assert entry.hrefs() == [placed.claim.evidence.chart]
            assert site.get(entry.hrefs()[0]).status_code == 200


def test_the_words_that_were_judged_are_marked(site: TestClient, published: Settings) -> None:
    """Each statement's words lie in one span, which links do not cut and which changes no text."""
    document = page(site, "/")
    snapshot = Snapshots(Folder(published.published)).current()
    bulletin = queries.bulletin(snapshot, date(2026, 5, 27))
    assert bulletin is not None
    texts = {(part, index): text for part, index, text in paragraphs(bulletin)}
    spans = [span for span in document.all("span") if "judged" in span.classes]
    for number, placed in enumerate(queries.claims(snapshot, date(2026, 5, 27)), 1):
        words = texts[placed.claim.section, placed.paragraph][placed.start : placed.stop]
        (span,) = [s for s in spans if str(number) in s.attributes["data-claims"].split()]
        assert words in span.text
        assert placed.claim.verdict in span.classes


def marked(newest: Snapshot, text: str, *words: tuple[str, str], link: str = "") -> list[Piece]:
    """A paragraph with statements, each given by its words and its verdict, and one link."""

    def claim(verdict: str) -> Claim:
        return Claim(
            sentence=text, section="summary", indicator="sp500", kind="level", value=None,
            unit="points", period=None, verdict=verdict, reason="理由。", evidence=None,
        )  # fmt: skip

    placed = [
        Placed(0, text.index(said), text.index(said) + len(said), claim(verdict))
        for said, verdict in words
    ]
    links = [Mentioned(at, at + len(link), "sp500") for at in [text.find(link)] if link]
    shown = MarkedText(newest, Urls(), {("summary", 0): links}, placed)
    return shown.paragraph("summary", 0, text)


def flat(pieces: Sequence[Piece]) -> str:
    """The pieces as one line: [judged words], <a link>, and the first letter of each sign."""

    def one(piece: Piece) -> str:
        if piece.kind == "judged":
            return f"[{flat(piece.pieces)}]"
        if piece.kind == "mention":
            return f"<{piece.words}>"
        return piece.words if piece.kind == "words" else piece.words[0].upper()

    return "".join(one(piece) for piece in pieces)


@pytest.mark.parametrize(("words", "link", "shown"), [
    ([("收于 7,519 点", "supported")], "标普 500", "<标普 500>昨日[收于 7,519 点]S，创新高。"),
    ([("收于", "supported"), ("新高", "contradicted")], "",
     "标普 500昨日[收于] 7,519 点S，创[新高]C。"),
    ([("500昨日收", "supported")], "标普 500", "[<标普 500>昨日收]于 7,519 点S，创新高。"),
    ([("昨日收于", "supported"), ("收于 7,519", "unverifiable")], "",
     "标普 500[昨日收于 7,519] 点U，创新高。"),
    ([("昨日", "supported"), ("7,519", "contradicted")], "",
     "标普 500[昨日]收于 [7,519] 点C，创新高。"),
    ([("昨日", "supported"), ("点，创", "supported")], "",
     "标普 500[昨日收于 7,519 点，创]新高S。"),
])  # fmt: skip
def test_judged_words_meet_links_and_each_other(
    newest: Snapshot, words: list[tuple[str, str]], link: str, shown: str
) -> None:
    text = "标普 500昨日收于 7,519 点，创新高。"
    pieces = marked(newest, text, *words, link=link)
    assert flat(pieces) == shown


@pytest.mark.parametrize(("lang", "reason", "title"), [
    ("zh", "不符：2026-05-26 为 1 点。", "不符：2026-05-26 为 1 点。"),
    ("zh", "截至当日，没有数据。", "不符：截至当日，没有数据。"),
    ("en", "不符：2026-05-26 为 1 点。", "Contradicted: 2026-05-26 为 1 点。"),
])  # fmt: skip
def test_a_sign_says_its_verdict_once(newest: Snapshot, lang: str, reason: str, title: str) -> None:
    later = Later(value=7519.12, known_at=datetime(2026, 6, 1, tzinfo=UTC), verdict="supported")
    claim = Claim(
        sentence="标普 500。", section="summary", indicator="sp500", kind="level", value=None,
        unit="points", period=None, verdict="contradicted", reason=reason, evidence=None,
        later=later,
    )  # fmt: skip
    shown = MarkedText(newest, Urls(display=Display(lang)), {}, [Placed(0, 0, 2, claim)])
    (sign,) = [p for p in shown.paragraph("summary", 0, "标普 500。") if p.kind == "verdict"]
    assert sign.title == title
    (told,) = shown.checked
    assert told.told == title
    assert "7,519.12" in told.later
    assert ("相符" if lang == "zh" else "Supported") in told.later


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_brief_of_a_day_is_a_page_whose_sentences_lead_to_their_charts(
    site: TestClient, published: Settings, lang: str
) -> None:
    document = page(site, f"/bulletins/new?date=2026-05-20&lang={lang}")
    told = published_brief(published, date(2026, 5, 20), lang, now())
    lines = list(document.one("article", "brief").all("li"))
    said = [i.said for i in told.items] + [told.count] + [p.said for p in told.papers]
    assert len(lines) == len(said) > 5
    for line, sentence in zip(lines, said, strict=True):
        assert sentence is not None
        assert line.text.startswith(sentence.text)
        (href,) = line.hrefs()
        assert sentence.link.endswith(href)
        if href.startswith("/"):
            assert site.get(href).status_code == 200
    assert document.one("pre", id="brief-markdown").text == markdown(told)
    assert "VIX" in document.text


def test_without_a_day_the_brief_is_that_of_today_in_beijing(site: TestClient) -> None:
    today = now().astimezone(BEIJING).date()
    document = page(site, "/bulletins/new")
    assert document.one("h1").text == f"{full_date(today, 'zh')}简报"
    assert "以下是 2026 年 5 月 27 日一期之后、" in document.text
    assert "/bulletins/new" in page(site, "/bulletins").hrefs()


@pytest.mark.parametrize(
    "day", ["2026-02-30", "yesterday", "2099-01-01", "20260527", "2026-05-27T0900", "<script>"]
)
def test_a_day_of_no_brief_is_named(site: TestClient, day: str) -> None:
    answer = site.get(f"/bulletins/new?date={quote(day)}")
    assert answer.status_code == 400
    assert "参数 date" in answer.text
    assert "date：" in answer.text
    assert "<script>alert" not in answer.text
    assert site.get("/bulletins/new?date=2026-05-20&date=2026-05-21").status_code == 400


def test_nothing_later_is_told_on_a_day_of_the_past(site: TestClient) -> None:
    document = page(site, "/indicators/brent_spot_usd_bbl@2026-05-27")
    events = document.one("ul", "event-list").text
    assert "2026 年 4 月 20 日" in events
    assert "2026 年 6 月" not in events
    assert "2026 年 7 月" not in events
