"""The pages as a reader without scripts finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import BUNDLED, Swept, bundled, settings_of, snapshot
from serving import PLAIN, Node, TestClient, client, republish, still, tree

from dashboard.discovery import PAGES
from dashboard.export.formats import FORMATS
from dashboard.pages.indicators import PAGE
from dashboard.texts import text
from etl.bulletins.model import Bulletin, Reference, Section
from etl.catalog import Catalog, load_catalog
from etl.settings import PROJECT

CATALOG = load_catalog(PROJECT / "indicators.yaml")
DAY = date(2026, 5, 27)
_, FRONT, BODY = (BUNDLED / "bulletins" / f"{DAY}.md").read_text(encoding="utf-8").split("---\n", 2)
LINES = [line for line in BODY.splitlines() if line.strip()]
#: On these days the newest value that was public by the end of 27 May in Beijing stands.
NEWEST_KNOWN = {
    "sp500": date(2026, 5, 26),
    "nasdaq_composite": date(2026, 5, 26),
    "micron_close_usd": date(2026, 5, 26),
    "brent_spot_usd_bbl": date(2026, 5, 19),
    "wti_spot_usd_bbl": date(2026, 5, 19),
    "us_10y_yield_pct": date(2026, 5, 22),
    "us_10y_breakeven_pct": date(2026, 5, 22),
    "gold_monthly_usd_oz": date(2026, 4, 1),
}
HEADLINES = [i.id for i in CATALOG.all() if i.headline]
MARKS = ("<script>alert(1)</script>", '<img src=x onerror="alert(2)">')


@pytest.fixture(scope="session")
def today(site: TestClient) -> Node:
    return still(site.get("/"))


@pytest.fixture(scope="session")
def mentioned(copy_of_published: Path) -> dict[str, set[str]]:
    """What each section of the bulletin mentions."""
    found: dict[str, set[str]] = {}
    with snapshot(copy_of_published) as connection:
        query = "select part, indicator from mentions where date = ?"
        for part, name in connection.execute(query, [DAY]).fetchall():
            found.setdefault(part, set()).add(name)
    return found


@pytest.fixture(scope="session")
def held(copy_of_published: Path) -> set[str]:
    """The indicators that have any value."""
    with snapshot(copy_of_published) as connection:
        query = "select distinct indicator from observations"
        return {name for (name,) in connection.execute(query).fetchall()}


def card(page: Node, name: str) -> Node:
    """The card of an indicator, found by its link."""
    path = f"/indicators/{name}"
    (found,) = [
        node
        for node in page.all("article", "card")
        if urlsplit(node.one("a", "card-name").attributes["href"]).path == path
    ]
    return found


def headline(page: Node, name: str) -> Node:
    (found,) = [
        node for node in page.all("div", "headline") if f"/indicators/{name}" in node.hrefs()
    ]
    return found


def inner(links: list[str]) -> list[str]:
    """The links that stay on the site and leave the page."""
    return [link for link in links if link.startswith("/") and not link.startswith("//")]


def words(lines: list[str]) -> Iterator[str]:
    """The text of the bulletin's paragraphs, without its numbering."""
    for line in lines:
        if not line.startswith("#"):
            yield re.sub(r"^\d+\. ", "", line)


def test_the_bulletin_of_the_test_is_whole() -> None:
    assert len([line for line in LINES if line.startswith("## ")]) == 7
    assert len(list(words(LINES))) == 19  # ten paragraphs of sections, one judgement, references


def test_today_holds_every_paragraph_of_the_bulletin(today: Node) -> None:
    paragraphs = [p.text for p in today.all("p")] + [li.text for li in today.all("li")]
    for paragraph in words(LINES):
        assert paragraph in paragraphs


def test_today_holds_the_summary_and_the_title(today: Node) -> None:
    summary = re.search(r'summary: "(.*)"', FRONT)
    assert summary is not None
    assert today.one("p", "summary").text == summary[1]
    assert today.one("h1").text == "新质生产力每日动态 2026 年 5 月 27 日"
    assert "中国高技术产业发展促进会新质生产力工作委员会" in today.one("p", "publisher").text


def test_today_holds_every_heading_in_order(today: Node) -> None:
    headings = [line.removeprefix("## ") for line in LINES if line.startswith("## ")]
    shown = [h.text for h in today.all("h2")]
    assert [h for h in shown if h in headings] == headings
    contents = [li.text for li in today.one("ol", "contents").all("li")]
    assert contents == headings[:5]


def test_today_holds_the_judgement_and_eight_references(today: Node) -> None:
    assert today.one("section", "judgement").one("h2").text == "今日判断"
    references = today.one("section", "references")
    assert len(list(references.all("li"))) == 8
    assert [li.attributes["value"] for li in references.all("li")] == [str(k) for k in range(1, 9)]


def test_the_day_of_the_bulletin_is_the_same_page(site: TestClient, today: Node) -> None:
    page = still(site.get(f"/bulletins/{DAY}"))
    standing = "".join(line.text for line in today.all("p", "alert-line"))
    both = page.one("main").text, today.one("main").text.replace(standing, "", 1)
    assert len({"".join(text.split()) for text in both}) == 1


def figures_of(name: str) -> dict[date, float]:
    """The bundled figures of an indicator, from the file that the catalog names."""
    ref = CATALOG[name].ref("figures")
    assert ref is not None
    return bundled(ref.params["file"], name)


@pytest.mark.parametrize("name", NEWEST_KNOWN)
def test_a_card_shows_the_value_that_was_known_with_its_date_and_source(
    today: Node, name: str
) -> None:
    indicator, day = CATALOG[name], NEWEST_KNOWN[name]
    shown = card(today, name)
    assert shown.one("a", "card-name").text == indicator.short.zh
    value = figures_of(name)[day]
    number = shown.one("span", "card-number").text
    assert number.split(" ")[0].rstrip("%") == f"{value:,.{indicator.decimals}f}"
    foot = shown.one("div", "card-foot").text
    when = f"{day.year} 年 {day.month} 月" if "monthly" in name else f"{day.month} 月 {day.day} 日"
    assert foot.startswith(when)
    assert indicator.credit.name.zh in foot
    assert "项目自带" in foot


def test_the_card_of_micron_says_that_it_crossed_a_trillion(today: Node) -> None:
    shown = card(today, "micron_market_cap_usd_bn")
    assert shown.one("span", "card-number").text == "1.01 万亿美元"
    badges = [badge.text for badge in shown.all("span", "badge")]
    assert badges == ["首次突破 1 万亿美元", "历史新高"]
    assert "5 月 26 日收盘" in shown.one("div", "card-foot").text
    close = bundled("market.csv", "micron_close_usd")
    change = 100 * (close[date(2026, 5, 26)] / close[date(2026, 5, 22)] - 1)
    assert shown.one("span", "delta").text == f"▲ {change:.2f}%"
    assert "rise" in shown.one("span", "delta").classes


@pytest.mark.parametrize("name", ["sp500", "nasdaq_composite", "micron_close_usd"])
def test_a_record_of_the_evening_before_has_its_badge(today: Node, name: str) -> None:
    figures = bundled("market.csv", name)
    day = date(2026, 5, 26)
    assert figures[day] == max(value for when, value in figures.items() if when <= day)
    assert "历史新高" in [badge.text for badge in card(today, name).all("span", "badge")]


@pytest.mark.parametrize("name", ["us_10y_yield_pct", "brent_spot_usd_bbl"])
def test_what_is_no_record_has_no_badge(today: Node, name: str) -> None:
    assert not list(card(today, name).all("span", "badge"))


def test_a_change_has_an_arrow_in_the_direction_of_the_figures(today: Node) -> None:
    arrows = set()
    for name, day in NEWEST_KNOWN.items():
        figures = figures_of(name)
        before = figures[max(when for when in figures if when < day)]
        expected = {1: "▲", -1: "▼", 0: "＝"}[(figures[day] > before) - (figures[day] < before)]
        assert card(today, name).one("span", "delta").text.startswith(expected)
        arrows.add(expected)
    assert {"▲", "▼"} <= arrows


def test_each_section_has_the_cards_of_what_it_mentions(
    today: Node, mentioned: dict[str, set[str]], held: set[str]
) -> None:
    """An indicator stands beside the first section that mentions it."""
    placed: set[str] = set()
    for number, row in enumerate(today.all("section", "row"), start=1):
        fresh = mentioned.get(str(number), set()) - placed
        placed |= fresh
        links = {
            urlsplit(a.attributes["href"]).path.rpartition("/")[2]
            for a in row.all("a", "card-name")
        }
        assert fresh & held <= links
    assert placed >= {"sp500", "micron_close_usd", "pue_global_average"}


def test_what_is_mentioned_and_has_no_data_is_listed_so(
    today: Node, mentioned: dict[str, set[str]], held: set[str]
) -> None:
    listed = list(today.all("p", "waiting"))
    assert all(line.text.startswith("暂无数据：") for line in listed)
    links = {urlsplit(href).path.rpartition("/")[2] for line in listed for href in line.hrefs()}
    sections = {name for part, names in mentioned.items() if part.isdigit() for name in names}
    without = sections - held
    assert {"phlx_semiconductor", "brent_futures_usd_bbl"} <= without
    assert without <= links
    assert not links & held


def test_the_headline_figures_stand_in_a_strip(today: Node) -> None:
    shown = [
        urlsplit(node.one("a", "headline-name").attributes["href"]).path
        for node in today.one("section", "strip").all("div", "headline")
    ]
    assert shown == [f"/indicators/{name}" for name in HEADLINES]
    cap = headline(today, "micron_market_cap_usd_bn")
    assert cap.one("span", "headline-number").text == "1.01 万亿美元"
    assert cap.one("span", "badge").text == "首次突破 1 万亿美元"
    assert cap.one("span", "headline-date").text == "5 月 26 日收盘 · 推算"
    pue = headline(today, "pue_global_average")
    assert pue.one("span", "headline-number").text.startswith("1.54")
    assert pue.one("span", "headline-date").text == "2025 年 · 项目自带"
    assert not list(pue.all("span", "delta"))  # another way of measuring than the year before


def test_the_lead_chart_is_a_picture_before_the_scripts(today: Node) -> None:
    picture = today.one("section", "lead").one("img", "chart-still")
    assert picture.attributes["src"].startswith("data:image/svg+xml,")
    assert "1.01 万亿美元" in picture.attributes["alt"]
    assert "2026 年 5 月 26 日" in picture.attributes["alt"]


def test_the_lead_chart_shows_what_the_text_says_and_names_the_sentence(today: Node) -> None:
    lead = today.one("section", "lead")
    assert "正文所说：美光（Micron）股价大涨，首次达到万亿美元市值。" in lead.one("figcaption").text
    days = [row.one("th").text for row in lead.one("tbody").all("tr")]
    assert days[0] == "2026-05-26"  # the crossing itself
    assert "2026-02" <= days[-1] < "2026-03-05"  # three months before it, not three years


def test_links_within_a_page_have_somewhere_to_go(today: Node) -> None:
    """Without scripts, too, the contents and the way past the masthead must work."""
    targets = {href.removeprefix("#") for href in today.hrefs() if href.startswith("#")}
    assert {"main", "section-1", "section-5"} <= targets
    ids = {node.attributes["id"] for node in today.all() if "id" in node.attributes}
    assert targets <= ids


@pytest.fixture
def hostile(filled: Path, catalog: Catalog) -> TestClient:
    """A site whose newest bulletin is full of markup."""
    mark = "".join(MARKS)
    bulletin = Bulletin(
        date=date(2026, 5, 28),
        title=mark,
        publisher=mark,
        summary=mark,
        sections=(Section(number=1, title=mark, paragraphs=(mark, "标普 500 与 {title} %s")),),
        judgement=(mark,),
        references=(Reference(number=1, publisher=mark, title=mark, date=None, use=mark),),
    )
    republish(filled, catalog, bulletin)
    return client(settings_of(filled))


@pytest.mark.parametrize("path", ["/", "/bulletins", "/bulletins/2026-05-28", "/indicators/sp500"])
def test_markup_in_a_bulletin_is_text_in_the_html(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path)
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    document = tree(answer.text)
    assert MARKS[0] in document.one(id="page").text
    for node in document.all():
        assert "onerror" not in node.attributes
    assert not list(document.one(id="page").all("script"))
    assert "alert(1)" not in "".join(node.text for node in document.all("script"))


@pytest.mark.parametrize("path", ["/", "/bulletins"])
def test_markup_in_a_bulletin_is_text_in_the_live_page(hostile: TestClient, path: str) -> None:
    outputs = [{"id": "content", "property": name} for name in ("html", "slots", "children")]
    answer = hostile.post(
        "/_dash-update-component",
        json={
            "output": "..content.html...content.slots...content.children..",
            "outputs": outputs,
            "inputs": [
                {"id": "address", "property": "pathname", "value": path},
                {"id": "address", "property": "search", "value": ""},
                {"id": "content", "property": "snapshot"},
            ],
            "changedPropIds": ["address.pathname"],
        },
    )
    assert answer.headers["content-type"] == "application/json"
    sent = answer.json()["response"]["content"]["html"]
    page = tree(sent)
    assert MARKS[0] in page.text
    for part in page.all():
        assert part.tag not in {"script", "iframe", "object", "embed", "style"}
        assert not [name for name in part.attributes if name.startswith("on")]
        assert "alert(" not in part.attributes.get("href", "") + part.attributes.get("src", "")


def test_a_bulletin_without_numbers_is_still_a_page(hostile: TestClient) -> None:
    page = still(hostile.get("/"))
    assert card(page, "sp500")
    assert "标普 500 与 {title} %s" in [p.text for p in page.all("p")]


def test_every_link_of_the_site_answers(site: TestClient, held: set[str], swept: Swept) -> None:
    """From the front page on, in both languages; each address once. Files and options are followed
    for every fourth indicator, in English options for one."""
    some = {*swept(list(CATALOG.indicators), 4), "sp500"}

    def followed(link: str) -> bool:
        parts = urlsplit(link)
        names = set(parse_qs(parts.query))
        of_one = re.match("/(?:c|indicators)/([a-z0-9_]+)(.*)", parts.path)
        if of_one and of_one[1] not in some and (of_one[2] or names - {"lang"}):
            return False
        return "lang" not in names or names == {"lang"} or link.startswith("/indicators/sp500")

    seen: set[str] = set()
    waiting = ["/", "/?lang=en"]
    crawled = 0
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = site.get(path, headers=PLAIN)
        assert answer.status_code == 200, path
        parts = urlsplit(path)
        if parts.path.startswith("/c/"):
            suffix = "." + parts.path.partition(".")[2]
            others = {".": "text/html; charset=utf-8", ".kit.zip": "application/zip"}
            kind = others.get(suffix) or FORMATS[suffix].media_type
            assert answer.headers["content-type"] == kind
        elif parts.path.startswith("/api/"):
            assert answer.headers["content-type"] == "application/json"
        elif parts.path.startswith("/since/") and parts.path.endswith((".md", ".csv")):
            assert answer.headers["content-type"].startswith(("text/markdown", "text/csv"))
        elif parts.path.startswith("/provinces."):
            suffix = "." + parts.path.partition(".")[2]
            assert answer.headers["content-type"] == FORMATS[suffix].media_type
        elif parts.path.endswith(".zip"):
            assert answer.headers["content-type"] == "application/zip"
        elif parts.path.endswith(".atom"):
            assert answer.headers["content-type"].startswith("application/atom+xml")
        elif not set(parse_qs(parts.query)) - {"lang"} and "@" not in parts.path:
            crawled += 1
            page = still(answer)
            assert page.hrefs()
            links = [link.partition("#")[0] for link in inner(page.hrefs())]
            waiting += [link for link in links if followed(link)]
        else:  # one thing chosen otherwise, or a day of the past: its links differ in that only
            assert 'id="page"' in answer.text
    # The newest bulletin and three days to look back to besides.
    assert crawled == 2 * (len(PAGES) + 1 + 3 + len(CATALOG))
    # Each format, and the CSV for Excel besides.
    files = [path for path in seen if path.startswith("/c/") and "." in urlsplit(path).path
             and ".kit." not in path and "scope=full" not in path]  # fmt: skip
    assert len(files) == (len(FORMATS) + 1) * len(held & some)
    assert {f"/c/{name}" for name in held} <= seen


@pytest.mark.parametrize("name", CATALOG.indicators)
def test_every_indicator_has_a_page_with_its_definition_source_and_licence(
    site: TestClient, held: set[str], name: str
) -> None:
    indicator = CATALOG[name]
    page = still(site.get(f"/indicators/{name}"))
    assert page.one("h1").text == indicator.title.zh
    assert page.one("p", "definition").text == indicator.definition.zh
    facts = [dd.text for dd in page.one("dl", "fact-list").all("dd")]
    assert indicator.credit.name.zh in facts
    allowed = text(f"reuse_{indicator.credit.reuse}", "zh")
    assert f"{indicator.credit.licence.zh}；{allowed}" in facts
    assert CATALOG.unit(indicator).label.zh in facts
    assert indicator.credit.url in page.hrefs()
    if name in held:
        assert page.one("img", "chart-still").attributes["alt"].startswith(indicator.title.zh)
        if indicator.credit.reuse != "view":
            assert {f"/c/{name}{suffix}" for suffix in FORMATS} <= set(page.hrefs())
        assert page.one("table", "recent")
    else:
        assert page.one("p", "message").text.startswith("等待数据")
        assert not list(page.all("img"))


def test_the_list_of_indicators_has_every_one_with_value_date_and_source(
    site: TestClient, held: set[str]
) -> None:
    pages = [still(site.get(f"/indicators?page={n}")) for n in range(1, len(held) // PAGE + 2)]
    rows = {
        urlsplit(row.hrefs()[0]).path.rpartition("/")[2]: row
        for page in pages
        for body in page.all("tbody")
        for row in body.all("tr")
    }
    assert set(rows) == held
    for name, row in rows.items():
        assert row.one("th").one("a").text == CATALOG[name].title.zh
        assert row.one("td", "col-value").text
        assert row.one("td", "col-date").text
        assert CATALOG[name].credit.name.zh in row.one("td", "col-source").text
    titles = dict.fromkeys(h.text for page in pages for h in page.all("h2")) | {"等待数据": None}
    of_groups = {CATALOG[name].group for name in held}
    wanted = [one.title.zh for name, one in CATALOG.groups.items() if name in of_groups]
    assert [title for title in titles if title != "等待数据"] == wanted


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_about_credits_every_indicator(site: TestClient, lang: str) -> None:
    page = still(site.get("/about", params={"lang": lang} if lang == "en" else {}))
    credits = {
        urlsplit(node.hrefs()[0]).path.rpartition("/")[2]: node for node in page.all(css="credit")
    }
    assert set(credits) == set(CATALOG.indicators)
    for name, node in credits.items():
        credit = CATALOG[name].credit
        assert credit.name.in_(lang) in node.text
        assert credit.licence.in_(lang) in node.text
        assert credit.url in node.hrefs()


def test_the_list_of_bulletins_leads_to_each(site: TestClient) -> None:
    page = still(site.get("/bulletins"))
    (entry,) = page.all("article", "entry")
    assert entry.hrefs() == [f"/bulletins/{DAY}"]
    assert len(list(entry.all("li"))) == 5


def test_the_pages_are_in_english_for_those_who_ask(site: TestClient) -> None:
    answer = site.get("/?lang=en")
    assert '<html lang="en">' in answer.text
    page = still(answer)
    assert [a.text for a in page.one("nav", "nav").all("a")] == [
        "Latest issue",
        "Bulletins",
        "Indicators",
        "Compare",
        "Policies",
        "Export",
        "Status",
        "About",
    ]
    cap = card(page, "micron_market_cap_usd_bn")
    assert cap.one("a", "card-name").text == "Micron market value"
    assert cap.one("span", "card-number").text == "1.01 tn USD"
    assert [b.text for b in cap.all("span", "badge")] == ["First above 1 tn USD", "Record high"]
    assert "close of 26 May" in cap.one("div", "card-foot").text
    assert "The bulletin itself is written in Chinese." in page.text
    assert '<html lang="zh-CN">' in site.get("/").text


@pytest.mark.parametrize("path", ["/", "/bulletins", "/indicators", "/indicators/sp500", "/about"])
def test_what_a_reader_chose_is_kept_in_every_link(site: TestClient, path: str) -> None:
    chosen = {"lang": "en", "theme": "dark", "updown": "green"}
    page = still(site.get(path, params=chosen))
    frame = page.one("div", "site")
    assert (frame.attributes["data-theme"], frame.attributes["data-updown"]) == ("dark", "green")
    changing = list(page.one("div", "choices").all("a"))
    assert len(changing) == 3
    links = [
        a.attributes["href"]
        for a in page.all("a")
        if a not in changing and inner([a.attributes["href"]])
    ]
    # A feed has no colours.
    pages = [link for link in links if not link.startswith("/c/") and ".atom" not in link]
    assert len(pages) > 4
    for link in pages:
        query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert {name: query.get(name) for name in chosen} == chosen, link


def test_each_display_choice_changes_one_thing(site: TestClient) -> None:
    page = still(site.get("/indicators/sp500?t=3y&u=yoy&lang=en"))
    found = [
        {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
        for href in page.one("div", "choices").hrefs()
    ]
    kept = {"t": "3y", "u": "yoy"}
    assert found == [
        kept,
        {**kept, "lang": "en", "theme": "light"},
        {**kept, "lang": "en", "updown": "green"},
    ]


def test_the_options_of_a_chart_keep_one_another(site: TestClient) -> None:
    page = still(site.get("/indicators/sp500?t=3y&u=yoy"))
    ranges, transforms, frequencies, scales = (nav.hrefs() for nav in page.all("nav", "options"))
    assert "/indicators/sp500?t=3y&u=yoy&scale=log" in scales
    assert "/indicators/sp500?t=3y&u=yoy&freq=m" in frequencies
    assert "/indicators/sp500?t=5y&u=yoy" in ranges
    assert "/indicators/sp500?t=3y&u=pct" in transforms
    assert "/indicators/sp500?t=3y" in transforms
    assert [a.text for a in page.all("a", "current") if "option" in a.classes] == [
        "3 年", "同比", "原有频率", "等差",
    ]  # fmt: skip
    assert "/c/sp500.csv?t=3y&u=yoy" in page.hrefs()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("t=2y", "t: '2y' is not a range. Allowed: 1m 3m 6m ytd 1y 3y 5y 10y max"),
        ("t=2026-05-26..2025-01-01", "write the earlier date first"),
        ("u=ma:1", "u: 'ma:1' is not a transform. Allowed: level diff pct mom yoy index"),
        ("u=index:2026-02-30", "'2026-02-30' is not a date that exists"),
        ("scale=ln", "scale: 'ln' is not allowed. Allowed: linear, log."),
        ("scale=log&u=diff", "a log scale has no place for values of zero or below"),
        ("u=" + "9" * 5000, "u: '9999"),
    ],
)
def test_a_wrong_chart_is_refused_in_words(site: TestClient, query: str, said: str) -> None:
    page = still(site.get(f"/indicators/sp500?{query}&lang=en"), 400)
    assert page.one("h1").text == "Something in the address is wrong"
    assert said in page.one("p", "message").text
    assert not list(page.all("img"))


def test_a_wrong_value_comes_back_as_text(site: TestClient) -> None:
    answer = site.get("/indicators/sp500", params={"t": MARKS[0]})
    assert MARKS[0] in still(answer, 400).one("p", "message").text
    assert MARKS[0] not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/bulletins", "/indicators", "/indicators/sp500", "/about", "/nothing"]
)
def test_a_page_asks_nothing_of_other_hosts(site: TestClient, path: str) -> None:
    document = tree(site.get(path).text)
    credits = {i.credit.url for i in CATALOG.all()}
    for node in document.all():
        for name in ("src", "href", "action", "srcset", "data", "poster", "content", "style"):
            value = node.attributes.get(name, "")
            if "//" not in value or value.startswith("data:"):
                continue
            assert node.tag == "a", (node.tag, value)
            assert value in credits
            assert node.attributes["rel"] == "noopener"


def test_the_style_sheet_and_the_pictures_ask_nothing_of_other_hosts(site: TestClient) -> None:
    for path in ("/assets/site.css", "/assets/page.js", "/assets/icon.svg"):
        text = site.get(path).text.replace("http://www.w3.org/", "")
        assert "//" not in re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def test_every_page_has_a_title_and_one_heading(site: TestClient) -> None:
    titles = set()
    for path in ("/", "/bulletins", "/indicators", "/indicators/sp500", "/about"):
        document = tree(site.get(path).text)
        titles.add(document.one("title").text)
        assert len(list(document.one(id="page").all("h1"))) == 1
        (description,) = [
            m for m in document.all("meta") if m.attributes.get("name") == "description"
        ]
        assert description.attributes["content"]
    assert len(titles) == 5


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/indicators/gold_monthly_usd_oz?freq=w", "参数 freq（频率）不对"),
        ("/compare?ids=sp500&t=2y", "参数 t（时间范围）不对"),
        ("/export?ids=sp500&freq=m&agg=sum", "参数 agg（汇总方式）不对"),
        ("/bulletins?page=x", "参数 page"),
        ("/events?kind=foo", "参数 kind（类别）不对"),
    ],
)
def test_every_page_says_in_chinese_what_is_wrong_with_a_parameter(
    site: TestClient, path: str, words: str
) -> None:
    answer = site.get(path)
    assert answer.status_code == 400
    assert words in answer.text
