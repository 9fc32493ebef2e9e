"""/policies: the register as a page, its counts, its choices and its targets."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import duckdb
import pytest
from conftest import BUNDLED, Cli, is_one_sentence, settings_of
from serving import Node, TestClient, client, rows_of, still, tree

from dashboard.data import policy_filter
from dashboard.data.policy_filter import Choice, by_body, folded, reason, web_address
from dashboard.data.queries import Policy
from etl.catalog import Catalog
from etl.ingest.run import Request, run
from etl.policies.identity import KINDS, Document
from etl.records import now
from etl.storage import publish
from etl.storage.snapshots import Folder
from etl.storage.warehouse import opened
from etl.words.bodies import bodies_in

MARK = "<script>alert(1)</script>"


def rows_in(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


ROWS = rows_in(BUNDLED / "policies.csv")


@pytest.fixture(scope="session")
def page(site: TestClient) -> Node:
    return still(site.get("/policies"))


def listed(page: Node) -> list[Node]:
    """The documents that a page lists."""
    found = list(page.all("ol", "register"))
    return list(found[0].all("li")) if found else []


def titles(page: Node) -> list[str]:
    return [entry.one("span", "document-title").text for entry in listed(page)]


def policy(**changed: object) -> Policy:
    usual: dict[str, object] = {
        "title": "算力行动计划", "issuer": "国家数据局", "issued": "", "published": "2026-05-19",
        "number": "国数〔2026〕12号", "topics": ("算力",), "kind": "issued",
        "verification": "verified", "url": "", "note": "", "origin": "register", "cited_by": (),
        "counted": True,
    }  # fmt: skip
    return Policy(**{**usual, **changed})  # type: ignore[arg-type]


def republish_with(folder: Path, catalog: Catalog, documents: list[Document]) -> TestClient:
    """The site over the same values with another register."""
    with opened(folder / "warehouse.duckdb") as warehouse:
        content = publish.all_content(catalog, [], documents, [])
        publish.publish(warehouse, content, Folder(folder / "published"), now())
    return client(settings_of(folder))


def document(title: str, **changed: object) -> Document:
    usual: dict[str, object] = {
        "issuer": "国务院", "issued": "2026-05-01", "published": "2026-05-02", "number": "",
        "topics": ("算力",), "kind": "issued",
    }  # fmt: skip
    return Document(title=title, **{**usual, **changed})  # type: ignore[arg-type]


def test_every_document_of_the_register_is_listed_newest_first(page: Node) -> None:
    found = titles(page)
    assert {row["title"] for row in ROWS} <= set(found)
    assert len(found) == len(ROWS) + 1  # one more that only a bulletin cites
    days = [row["date_published"] or row["date_issued"] for row in ROWS]
    newest = [
        row["title"] for row in ROWS if (row["date_published"] or row["date_issued"]) == max(days)
    ]
    assert set(newest) & set(found[:3])


def test_a_document_shows_number_issuer_dates_kind_and_verification(page: Node) -> None:
    entry = next(e for e in listed(page) if "“十四五”数字经济发展规划" in e.text)
    for words in ("国发〔2021〕29号", "国务院", "2021-12-12 成文", "2022-01-12 公布", "正式文件",
                  "计入 2022-01", "已核对"):  # fmt: skip
        assert words in entry.text


def test_what_is_not_counted_says_why(page: Node) -> None:
    reasons = [e.one("span", "not-counted").text for e in listed(page) if "不计" in e.text]
    kinds = Counter(row["kind"] for row in ROWS)
    assert Counter(reasons) == {"不计：尚在征求意见": kinds["draft"], "不计：复函": kinds["reply"]}


def test_a_cited_document_leads_to_the_bulletins_that_cite_it(page: Node) -> None:
    cited = [e for e in listed(page) if "动态引用：" in e.text]
    assert len(cited) >= 2
    for entry in cited:
        assert "/bulletins/2026-05-27" in entry.hrefs()


def test_a_title_leads_to_its_source_and_only_over_the_web(
    page: Node, filled: Path, catalog: Catalog
) -> None:
    urls = {row["url"] for row in ROWS if row["url"]}
    assert urls <= set(page.hrefs())
    wrong = ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "ftp://a.example/b"]
    hostile = republish_with(
        filled, catalog, [document(f"意见{n}", url=url) for n, url in enumerate(wrong)]
    )
    shown = still(hostile.get("/policies"))
    assert len(listed(shown)) == len(wrong)
    assert not set(wrong) & set(shown.hrefs())


def test_each_month_of_the_table_is_a_number_of_the_csv_and_leads_to_as_many_documents(
    site: TestClient, page: Node
) -> None:
    counts = {
        row["date"][:7]: int(float(row["value"]))
        for row in rows_of(site.get("/c/policy_documents_monthly.csv?scope=full"))
    }
    links = {
        parse_qs(urlsplit(a.attributes["href"]).query)["month"][0]: a
        for a in page.one("table", "months").all("a")
    }
    assert {month: int(a.text) for month, a in links.items()} == {
        month: count for month, count in counts.items() if count
    }
    for month in ("2026-05", "2024-01", "2021-07"):
        shown = still(site.get(links[month].attributes["href"]))
        assert len(list(shown.all("span", "counted"))) == counts[month]
        assert shown.one("td", "here").text == str(counts[month])


def test_the_months_of_another_count_lead_to_documents_of_its_topics(site: TestClient) -> None:
    name = "policy_documents_data_monthly"
    shown = still(site.get(f"/policies?ids={name}"))
    assert shown.one("img", "chart-still").attributes["alt"].startswith("数据要素政策文件数")
    assert f"/c/{name}.csv?scope=full" in shown.hrefs()
    link = next(iter(shown.one("table", "months").all("a")))
    of_month = still(site.get(link.attributes["href"]))
    assert len(list(of_month.all("span", "counted"))) == int(link.text)
    assert all("数据要素" in entry.text for entry in listed(of_month))


@pytest.mark.parametrize(
    ("name", "words"),
    [("policy_documents_nda_monthly", "国家数据局"), ("policy_drafts_monthly", "征求意见稿")],
)
def test_the_months_of_a_count_by_body_or_kind_lead_to_its_documents(
    site: TestClient, name: str, words: str
) -> None:
    shown = still(site.get(f"/policies?ids={name}"))
    links = [*shown.one("table", "months").all("a")]
    assert links
    for link in links:
        of_month = still(site.get(link.attributes["href"]))
        documents = [entry for entry in listed(of_month) if "答复" not in entry.text]
        assert len(documents) >= int(link.text)
        assert all(words in entry.text for entry in documents)


@pytest.mark.parametrize("place", [0, 1])
def test_a_bar_says_how_many_counted_documents_its_link_shows(
    site: TestClient, page: Node, place: int
) -> None:
    chart = list(page.all("ol", "bars"))[place]
    for bar in chart.all("a"):
        shown = still(site.get(bar.attributes["href"]))
        count = int(bar.one("span", "bar-count").text)
        assert len(list(shown.all("span", "counted"))) == count
        api = next(href for href in shown.hrefs() if href.startswith("/api/v1/policies"))
        assert site.get(api).json()["counted"] == count


def test_choices_add_up_and_each_can_be_taken_back(site: TestClient) -> None:
    query = {"issuer": "国家数据局", "topic": "数据要素", "q": "行动 计划", "kind": "issued"}
    shown = still(site.get("/policies", params=query))
    for title in titles(shown):
        assert "行动" in title
        assert "计划" in title
    assert 0 < len(titles(shown)) < len(ROWS)
    links = list(shown.one("nav", "in-force").all("a"))
    left = [set(parse_qs(urlsplit(a.attributes["href"]).query)) for a in links]
    assert sorted(map(sorted, left)) == sorted(sorted(set(query) - {name}) for name in query)


@pytest.mark.parametrize(
    "words", ["国发〔2021〕29号", "国发[2021]29号", "国发【２０２１】２９ 号", "十四五 国务院"]
)
def test_a_number_is_found_however_it_is_written(site: TestClient, words: str) -> None:
    assert "“十四五”数字经济发展规划" in titles(still(site.get("/policies", params={"q": words})))


def test_the_search_keeps_what_was_chosen(site: TestClient) -> None:
    form = still(site.get("/policies?topic=算力&lang=en&theme=dark&q=x")).one("form", "search")
    assert (form.attributes["method"], form.attributes["action"]) == ("get", "/policies")
    fields = {n.attributes["name"]: n.attributes["value"] for n in form.all("input")}
    assert fields == {"q": "x", "topic": "算力", "lang": "en", "theme": "dark"}
    label = form.one("label")
    assert label.attributes["for"] == form.one("input", id="search").attributes["id"]


def test_fifty_documents_stand_on_a_page(filled: Path, catalog: Catalog) -> None:
    many = republish_with(filled, catalog, [document(f"第{n}号意见") for n in range(120)])
    pages = [still(many.get(f"/policies?page={n}")) for n in (1, 2, 3)]
    assert [len(listed(page)) for page in pages] == [50, 50, 20]
    assert len({title for page in pages for title in titles(page)}) == 120
    assert pages[1].one("nav", "further").hrefs() == ["/policies", "/policies?page=3"]
    beyond = still(many.get("/policies?page=4&lang=en"), 400)
    assert "page: 4 is beyond the last page, which is 3." in beyond.one("p", "message").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("month=2026-13", "month: '2026-13' is no month"),
        ("month=" + "9" * 5000, "month: '9999"),
        ("month=٢٠٢٦-05", "month: '"),
        ("topic=天气", "topic: '天气' is not allowed. Allowed: "),
        ("kind=law", "kind: 'law' is not allowed. Allowed: issued, draft"),
        ("ids=sp500", "ids: 'sp500' is not allowed"),
        ("issuer=" + "国" * 101, "issuer: longer than 100"),
        ("q=" + "x" * 101, "q: longer than 100"),
        ("page=0", "page: '0' is no page"),
        ("page=-1", "page: '-1' is no page"),
        ("page=１", "page: '１' is no page"),
        ("page=2", "page: 2 is beyond the last page, which is 1."),
        ("page=999999999999", "page: '999999999999' is no page"),
        ("month=2026-05&month=2026-04", "month: stands twice"),
        (f"kind={quote(MARK)}", f"kind: '{MARK}' is not allowed"),
    ],
)
def test_a_wrong_parameter_is_named_in_a_sentence(site: TestClient, query: str, said: str) -> None:
    answer = site.get(f"/policies?{query}&lang=en")
    shown = still(answer, 400)
    assert said in shown.one("p", "message").text
    assert "Traceback" not in answer.text
    assert MARK not in answer.text


@pytest.mark.parametrize(
    "query", ["month=1999-01", "issuer=某某", f"q={quote(MARK)}", "kind=media"]
)
def test_what_fits_nothing_is_said_in_words_with_a_way_back(site: TestClient, query: str) -> None:
    answer = site.get(f"/policies?{query}")
    shown = still(answer)
    assert not listed(shown)
    assert shown.one("p", "message").text.startswith("没有符合条件的文件。")
    assert shown.one("p", "message").hrefs() == ["/policies"]
    assert MARK not in answer.text


def test_markup_in_a_register_is_text(filled: Path, catalog: Catalog) -> None:
    hostile = republish_with(
        filled, catalog, [document(MARK, issuer=f"国务院{MARK}", topics=(MARK,), number=MARK)]
    )
    answer = hostile.get("/policies")
    assert titles(still(answer)) == [MARK]
    assert not list(still(answer).all("script"))
    bar = next(iter(still(answer).all("a", "bar-row")))
    assert len(listed(still(hostile.get(bar.attributes["href"])))) == 1


def test_an_empty_register_says_what_to_do(filled: Path, catalog: Catalog) -> None:
    shown = still(republish_with(filled, catalog, []).get("/policies"))
    assert "data/policies.csv" in shown.one("p", "message").text


def test_a_document_found_upstream_waits_and_is_told_so_by_page_and_api(
    filled: Path, catalog: Catalog
) -> None:
    found = republish_with(filled, catalog, [document("新意见", origin="gov_cn")])
    (entry,) = listed(still(found.get("/policies")))
    assert "不计：待人工核收" in entry.text
    (told,) = found.get("/api/v1/policies").json()["policies"]
    assert (told["origin"], told["counted"]) == ("gov_cn", False)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"counted": True}, ""),
        ({"origin": "nda"}, "not_counted_found"),
        ({"kind": "draft"}, "not_counted_draft"),
        ({"issuer": "某省发展改革委"}, "not_counted_local"),
        ({"published": "2026"}, "not_counted_undated"),
    ],
)
def test_the_reason_follows_from_what_is_known_of_a_document(
    changed: dict[str, object], name: str
) -> None:
    assert reason(policy(**{"counted": False, **changed})) == name


def test_the_kinds_of_the_page_are_those_of_the_register() -> None:
    assert policy_filter.KINDS == KINDS


def test_an_office_stands_for_its_body_and_a_joint_document_for_each() -> None:
    joint = "工业和信息化部办公厅、国家数据局综合司等九部门"
    assert bodies_in(joint) == ("工业和信息化部", "国家数据局")
    held = [policy(issuer="国家数据局、财政部"), policy(issuer="国家数据局综合司"),
            policy(issuer="财政部", counted=False)]  # fmt: skip
    assert by_body(held) == [("国家数据局", 2), ("财政部", 1)]


def test_words_are_compared_without_width_case_and_brackets() -> None:
    assert folded("国发〔２０２１〕29 号 AI") == folded("国发(2021)29号ai")
    assert Choice(q="数〔2026 算力").fits(policy())
    assert not Choice(q="数据 法律").fits(policy())


@pytest.mark.parametrize("url", ["javascript:x", "http://[", "", "/x", "https:", "HTTP:x"])
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert web_address(url) == ""


def test_the_rules_of_counting_are_stated(page: Node) -> None:
    rules = page.one("section", "rules").text
    for words in ("联合发文计一次", "征求意见稿、复函、解读和媒体报道", "成文日", "文号"):
        assert words in rules


def test_pue_stands_beside_its_target_with_the_gap(page: Node) -> None:
    target = next(iter(page.all("dl", "target")))
    assert "/indicators/pue_global_average" in target.hrefs()
    for words in ("1.54", "2025 年", "2025 年底全国平均低于 1.5", "2024-07-23", "高 0.04"):
        assert words in target.text


def test_other_figures_of_pue_stand_in_a_table_with_their_sources(
    site: TestClient, page: Node
) -> None:
    rows = rows_in(BUNDLED / "figures" / "pue_reference.csv")
    shown = [tr.text for tr in page.one("table", "compared").one("tbody").all("tr")]
    assert len(shown) == len(rows)
    for row, words in zip(rows, shown, strict=True):
        for name in ("scope_zh", "period", "pue", "kind_zh", "source", "status"):
            assert row[name] in words
    english = still(site.get("/policies?lang=en")).one("table", "compared").text
    assert "Google fleet" in english


def test_a_broken_file_of_other_figures_is_a_problem_and_the_last_good_ones_stay(
    data: Path, catalog: Catalog, cli: Cli
) -> None:
    settings = settings_of(data)
    run(settings, catalog, Request(offline=True), lambda outcome: None)
    path = data / "figures" / "pue_reference.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Meta fleet", "", 1), encoding="utf-8")
    report = run(settings, catalog, Request(offline=True), lambda outcome: None)
    (problem,) = [o.problem for o in report.outcomes if o.source == "file"]
    assert problem.endswith("pue_reference.csv, line 3: scope must not be empty.")
    shown = still(client(settings).get("/policies")).one("table", "compared").text
    assert "Meta 数据中心" in shown
    said = cli("check")
    assert (said.status, is_one_sentence(said.err)) == (2, True)


def test_a_folder_without_other_figures_has_no_table(data: Path, catalog: Catalog) -> None:
    (data / "figures" / "pue_reference.csv").unlink()
    run(settings_of(data), catalog, Request(offline=True), lambda outcome: None)
    shown = still(client(settings_of(data)).get("/policies"))
    assert not list(shown.all("table", "compared"))


def test_a_snapshot_of_an_earlier_version_still_has_its_page(filled: Path) -> None:
    (path,) = (filled / "published").glob("2*.duckdb")
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    with duckdb.connect(str(copy)) as own:
        own.execute("drop table comparisons")
    copy.replace(path)
    shown = still(client(settings_of(filled)).get("/policies"))
    assert listed(shown)
    assert not list(shown.all("table", "compared"))


def test_the_page_asks_nothing_of_other_hosts(site: TestClient) -> None:
    for node in tree(site.get("/policies").text).all():
        for name in ("src", "href", "action"):
            value = node.attributes.get(name, "")
            if "//" in value and not value.startswith("data:"):
                assert (node.tag, node.attributes["rel"]) == ("a", "noopener")


def test_what_a_reader_chose_of_the_display_is_kept_in_every_link(site: TestClient) -> None:
    shown = still(site.get("/policies?month=2026-05&lang=en&theme=dark&updown=green"))
    for link in shown.one("main").hrefs():
        if link.startswith("/") and not link.startswith(("/c/", "/api/", "/policies.atom")):
            assert "lang=en&theme=dark&updown=green" in link


def test_no_month_is_later_than_the_last_document(page: Node) -> None:
    last = max(row["date_published"] or row["date_issued"] for row in ROWS)[:7]
    assert date.fromisoformat(f"{last}-01") <= date(2026, 5, 31)
    years = [th.text for th in page.one("table", "months").one("tbody").all("th")]
    assert years == [str(year) for year in range(int(last[:4]), 2020, -1)]
