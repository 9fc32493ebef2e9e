"""Chart links as readers meet them: pages, pictures and words, live and frozen; what is refused."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import struct
import threading
import xml.etree.ElementTree as ET
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlsplit

import brotli
import httpx
import pytest
from conftest import Cli, examples, settings_of, write_csv
from hypothesis import given
from hypothesis import strategies as st
from serving import PLAIN, Node, TestClient, client, republish, rows_of, tree, with_old_ids

from dashboard.address import RANGES, AddressError, ChartAddress, Transform, Window
from dashboard.chart import fonts
from dashboard.chart.fonts import Font
from dashboard.chart.qr import qr
from dashboard.chart_page import short_links
from dashboard.chart_page.value_table import MAX_ROWS
from etl.calendars import end_of
from etl.catalog import Catalog, load_catalog
from etl.settings import PROJECT, Settings

CATALOG = load_catalog(PROJECT / "indicators.yaml")
#: What has a file beside its picture.
NAMES = [one.id for one in CATALOG.all() if one.credit.reuse != "view"]
CAP = "/c/micron_market_cap_usd_bn"
FROZEN = f"{CAP}@2026-05-27"
AN_HOUR = "public, max-age=3600"
FOR_EVER = "public, max-age=31536000, immutable"
FORMATS = {
    "": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
}
PARAMETERS = (
    "", "t=3y", "t=max", "t=2026-01-01..2026-05-26", "u=diff", "u=pct", "u=mom", "u=yoy", "u=index",
    "u=index:2026-01-02", "u=ma:3", "u=drawdown", "u=z:3", "scale=log", "lang=en", "theme=dark",
    "theme=light", "updown=green", "with=vix", "with=nasdaq_composite,us_10y_yield_pct",
)  # fmt: skip
WRONG = (
    "nonsense", "-1", "NaN", "１ｙ", "9" * 10_000, "\x00", "\u202e", "../../etc/passwd",
    "' or 1=1 --", '"', "<script>alert(1)</script>",
)  # fmt: skip


def page(answer: httpx.Response, status: int = 200) -> Node:
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == FORMATS[""]
    return tree(answer.text.removeprefix("<!DOCTYPE html>"))


def pixels(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])  # type: ignore[return-value]


def meta(document: Node) -> dict[str, str]:
    """What the head of a page says to those who preview it."""
    return {
        m.attributes.get("property") or m.attributes["name"]: m.attributes["content"]
        for m in document.all("meta")
        if "content" in m.attributes
    }


@pytest.mark.parametrize(
    ("suffix", "query"), product(FORMATS, PARAMETERS), ids=lambda v: v or "none"
)
@pytest.mark.parametrize("place", ["sp500", "sp500@2026-05-27"])
def test_every_address_is_the_same_twice(
    site: TestClient, published: Settings, place: str, suffix: str, query: str
) -> None:
    path = f"/c/{place}{suffix}?{query}"
    answer = site.get(path, headers=PLAIN)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == FORMATS[suffix]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.headers["cache-control"] == AN_HOUR) is ("@" in place)  # nothing was held then
    assert answer.headers["etag"]
    assert answer.headers["x-snapshot"]
    head = site.head(path, headers=PLAIN)
    assert (head.content, dict(head.headers)) == (b"", dict(answer.headers))
    held = site.get(path, headers={**PLAIN, "If-None-Match": answer.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")


@pytest.mark.parametrize("suffix", FORMATS)
def test_two_servers_give_the_same_bytes(
    site: TestClient, published: Settings, suffix: str
) -> None:
    path = f"{FROZEN}{suffix}?with=sp500&u=index&lang=en"
    assert client(published).get(path).content == site.get(path).content


@pytest.mark.parametrize("name", NAMES)
def test_every_indicator_has_its_page_picture_and_words(site: TestClient, name: str) -> None:
    document = page(site.get(f"/c/{name}"))
    heading = document.one("h1").text
    rows = rows_of(site.get(f"/c/{name}.csv"))
    assert site.get(f"/c/{name}.txt").text.startswith(heading)
    root = ET.fromstring(site.get(f"/c/{name}.svg").text)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == heading
    assert pixels(site.get(f"/c/{name}.png").content) == (1200, 628)
    shown = [row for row in rows if row["value"]]
    tables = document.all(id="values")
    told = [t.attributes["datetime"] for table in tables for t in table.all("time")]
    assert told == [row["date"] for row in reversed(shown)]
    if shown:
        # The words end at the day where the file ends, and count what it holds.
        day = date.fromisoformat(shown[-1]["date"])
        assert str(day.year) in document.one("p", "subtitle").text
        counts = re.findall(r"图中 ([0-9,]+) 个值", site.get(f"/c/{name}.txt").text)
        assert counts == ([f"{len(shown):,}"] if len(shown) > 2 else [])
        drawn = document.one("div", "plot").attributes["aria-label"]
        assert str(day.year) in drawn
    if not rows:
        assert "等待数据" in document.one("figure").text


def test_the_page_is_read_without_any_script(site: TestClient) -> None:
    document = page(site.get(FROZEN))
    assert document.one("h1").text.startswith("美光市值首次突破 1 万亿美元")
    assert document.one("p", "subtitle").text.startswith("美光科技市值，万亿美元，2025 年 5 月")
    picture = document.one("div", "plot")
    assert picture.attributes["role"] == "img"
    assert "1.01 万亿美元" in picture.attributes["aria-label"]
    assert [s.classes for s in picture.all("svg")] == [["wide"], ["narrow"]]
    caption = document.one("figcaption").text
    assert "来源：本站据收盘价与美国证交会文件推算" in caption
    assert "数据截至 2026 年 5 月 27 日 23:59（北京时间）" in caption
    assert "股数" in document.text
    assert document.one("details", id="values").one("caption").text
    for script in document.all("script"):
        assert script.attributes.get("type") == "application/ld+json" or (
            "defer" in script.attributes and script.attributes["src"].startswith("/static/chart.")
        )


def test_the_numbers_of_the_table_are_those_of_the_csv(site: TestClient) -> None:
    document = page(site.get("/c/us_10y_yield_pct?t=max"))
    rows = list(document.one("tbody").all("tr"))
    said = [(r.one("time").attributes["datetime"], next(r.all("td")).text) for r in rows]
    data = rows_of(site.get("/c/us_10y_yield_pct.csv?t=max"))
    newest = [(r["date"], f"{float(r['value']):.2f}") for r in reversed(data)][: len(said)]
    assert (len(said), said) == (MAX_ROWS, newest)


def test_every_link_of_a_page_leads_somewhere(site: TestClient) -> None:
    for path in ("/c/sp500", f"{FROZEN}?with=sp500&u=index&theme=dark&lang=en"):
        document = page(site.get(path))
        links = [href for href in document.hrefs() if href.startswith("/")]
        links += [node.attributes["src"] for tag in ("iframe", "script") for node in
                  document.all(tag) if "src" in node.attributes]  # fmt: skip
        assert len(links) > 20
        for link in links:
            assert site.get(link, follow_redirects=True).status_code == 200, link


def test_the_policy_of_a_page_allows_its_one_style_and_script(site: TestClient) -> None:
    answer = site.get("/c/sp500")
    policy = dict(part.strip().split(" ", 1) for part in
                  answer.headers["content-security-policy"].split(";"))  # fmt: skip
    (style,) = page(answer).all("style")
    digest = base64.b64encode(sha256(style.text.encode()).digest()).decode()
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    for node in page(answer).all():
        assert not [name for name in node.attributes if name == "style" or name.startswith("on")]
    for word in ("blob:", "toDataURL", "<canvas"):
        assert word not in answer.text


def test_the_script_is_small_and_never_changes(site: TestClient) -> None:
    source = re.search(r'src="(/static/chart\.\w+\.js)"', site.get("/c/sp500").text)
    assert source
    answer = site.get(source[1])
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == FOR_EVER
    assert len(answer.content) < 8_000


def test_a_page_is_small(site: TestClient) -> None:
    """What crosses the wire before the chart shows is this one answer; a table as long as it may
    be is half of it."""
    for query, most in (
        ("", 20_000), ("?t=max", 20_000), ("?with=nasdaq_composite,us_10y_yield_pct&t=max", 45_000),
    ):  # fmt: skip
        with site.stream("GET", f"/c/sp500{query}", headers={"Accept-Encoding": "br"}) as answer:
            assert answer.headers["content-encoding"] == "br"
            assert len(b"".join(answer.iter_raw())) < most


@pytest.mark.parametrize("parameter", ["t", "u", "scale", "lang", "theme", "updown", "with"])
@pytest.mark.parametrize("suffix", ["", ".svg", ".png", ".txt"])
def test_a_wrong_value_is_refused_in_words_and_never_drawn(
    site: TestClient, suffix: str, parameter: str
) -> None:
    for value in WRONG:
        answer = site.get(f"/c/sp500{suffix}?{parameter}={quote(value)}")
        assert answer.status_code == (404 if parameter == "with" else 400), value
        if suffix:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["parameter"] == parameter
        else:
            assert parameter in page(answer, answer.status_code).one("p", "subtitle").text
            assert "<script>alert" not in answer.text
        assert "Traceback" not in answer.text


@pytest.mark.parametrize("query", ["size=huge", "w=0", "w=-1", "w=2401", "w=1e3", "w=６００",
                                   "h=199", "h=NaN", "scale=5", "scale=0", "scale=2,3",
                                   "scale=log,linear", "scale=2,", "w=2400&h=2400",
                                   "size=og&scale=4", "w=390&h=200"])  # fmt: skip
def test_a_wrong_size_is_refused_and_says_what_is_allowed(site: TestClient, query: str) -> None:
    for suffix in (".png", ".svg"):
        answer = site.get(f"/c/sp500{suffix}?{query}")
        assert answer.status_code == 400, answer.status_code
        document = answer.json()
        assert document["parameter"] in ("size", "w", "h", "scale")
        assert re.search("Allowed|at most|at least", document["detail"])


@pytest.mark.parametrize(("query", "wanted"), [
    ("", (1200, 628)), ("size=og", (1200, 628)), ("size=square", (600, 600)),
    ("size=wechat", (900, 383)), ("w=800", (800, 628)), ("w=800&h=500&scale=2", (1600, 1000)),
    ("size=square&scale=1.5", (900, 900)), ("scale=log,2&w=600&h=400", (1200, 800)),
])  # fmt: skip
def test_a_picture_has_the_pixels_that_are_asked_for(
    site: TestClient, query: str, wanted: tuple[int, int]
) -> None:
    answer = site.get(f"/c/sp500.png?{query}")
    assert answer.status_code == 200, answer.text[:300]
    assert pixels(answer.content) == wanted


def test_a_picture_is_in_the_state_of_its_link(site: TestClient) -> None:
    looks = ["", "u=yoy", "theme=dark", "lang=en", "t=3y", "with=vix", "scale=log"]
    drawn = {site.get(f"/c/sp500.png?{look}").content for look in looks}
    assert len(drawn) == len(looks)


@pytest.mark.parametrize("place", ["sp50", "SP500", "sp500@", "sp500@@2026-05-27", "sp500.exe",
                                   "%00", "..%2f..%2fetc", "a" * 5000, "'"])  # fmt: skip
def test_an_unknown_place_is_a_page_that_says_so(site: TestClient, place: str) -> None:
    answer = site.get(f"/c/{place}")
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.text
    if "2f" not in place:
        assert page(answer, answer.status_code).one("h1").text in ("没有这一页", "地址有误")


def test_a_reader_of_chinese_is_told_in_chinese_what_may_stand_there(site: TestClient) -> None:
    for place, words in (
        ("sp500?t=2y", "参数 t（时间范围）不对"),
        ("sp500@2026", "@ 后面）不对"),
        ("sp5000", "没有这个指标"),
        ("sp500.exe", "没有这种格式"),
    ):
        answer = site.get(f"/c/{place}")
        assert words in page(answer, answer.status_code).one("p", "said").text
        english = site.get(f"/c/{place}{'&' if '?' in place else '?'}lang=en")
        assert not list(page(english, english.status_code).all("p", "said"))


@pytest.mark.parametrize(("place", "status"), [("sp500@2099-01-01", 400), ("sp500@1990-01-01", 404),
                                               ("sp500@2026-02-30", 400)])  # fmt: skip
def test_a_moment_that_cannot_be_asked_about_is_refused(
    site: TestClient, place: str, status: int
) -> None:
    for suffix in ("", ".png", ".svg", ".txt"):
        assert site.get(f"/c/{place}{suffix}").status_code == status


def test_a_log_scale_over_nought_is_refused(site: TestClient) -> None:
    for suffix in ("", ".png", ".svg"):
        answer = site.get(f"/c/policy_documents_monthly{suffix}?scale=log")
        assert answer.status_code == 400
        assert re.search("对数坐标（log）放不下零和负数|a log scale has no place for", answer.text)


def test_three_units_are_refused_by_pictures_and_given_as_data(site: TestClient) -> None:
    query = "with=us_10y_yield_pct,micron_market_cap_usd_bn"
    for suffix in ("", ".png", ".svg", ".txt"):
        assert site.get(f"/c/sp500{suffix}?{query}").status_code == 400
    assert site.get(f"/c/sp500.csv?{query}").status_code == 200
    assert site.get(f"/c/sp500.png?{query}&u=index").status_code == 200


def test_an_old_id_moves_with_its_suffix_and_parameters(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"sp500": ("spx",)}))
    site = client(settings_of(filled))
    for suffix in ("", ".png", ".svg", ".txt"):
        answer = site.get(f"/c/spx@2026-05-27{suffix}?t=3y")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"/c/sp500@2026-05-27{suffix}?t=3y"


def test_a_foreign_host_is_never_believed(site: TestClient) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
    assert "evil" not in site.get("/c/vix", headers=headers).text


def test_the_preview_says_and_shows_what_the_page_does(site: TestClient) -> None:
    path = f"{FROZEN}?t=3y&lang=en"
    document = page(site.get(path))
    told = meta(document)
    assert told["og:title"] == told["twitter:title"] == document.one("h1").text
    assert told["twitter:card"] == "summary_large_image"
    assert 20 < len(told["og:description"]) <= 300
    assert document.one("p", "said").text.startswith(told["og:description"])
    assert told["og:url"].endswith(path)
    picture = urlsplit(told["og:image"])
    assert f"{picture.path}?{picture.query}" == f"{FROZEN}.png?t=3y&lang=en"
    drawn = site.get(f"{picture.path}?{picture.query}")
    size = (int(told["og:image:width"]), int(told["og:image:height"]))
    assert pixels(drawn.content) == size


def test_the_page_describes_its_data_set_in_the_same_state(site: TestClient) -> None:
    document = page(site.get(f"{FROZEN}?t=3y"))
    (script,) = [s for s in document.all("script") if "src" not in s.attributes]
    dataset = json.loads(script.text)
    rows = rows_of(site.get(f"{FROZEN}.csv?t=3y"))
    assert dataset["@type"] == "Dataset"
    assert dataset["temporalCoverage"] == f"{rows[0]['date']}/{rows[-1]['date']}"
    assert f"{FROZEN}.csv?t=3y" in [urlsplit(d["contentUrl"]).path + "?t=3y"
                                    for d in dataset["distribution"]]  # fmt: skip
    assert dataset["license"] == ["CC BY 4.0"]


def test_a_frozen_page_stays_and_the_ribbon_says_what_became_of_it(
    filled: Path, cli: Cli, catalog: Catalog
) -> None:
    site = client(settings_of(filled))
    before = site.get("/c/vix@2026-05-27")
    assert before.status_code == 404
    for value, known in (
        ("57.9", "2026-05-27T09:00:00+08:00"),
        ("58.12", "2026-06-01T09:00:00+08:00"),
    ):
        file = write_csv(
            filled.parent / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", value]]
        )
        assert cli("import", file, "--known-at", known).status == 0
    site = client(settings_of(filled))
    frozen = site.get("/c/vix@2026-05-27")
    document = page(frozen)
    assert "57.90" in document.one("h1").text
    assert "58.12" not in frozen.text
    assert frozen.headers["cache-control"] == AN_HOUR
    (ribbon,) = document.all("iframe")
    answer = site.get(ribbon.attributes["src"])
    told = page(answer)
    assert "immutable" not in answer.headers["cache-control"]
    assert "当时 57.90" in told.text.replace("点", "")
    assert re.search("57.90.*→ 最新值 58.12", told.text)
    assert "1 个当时的数值被修订" in told.text
    assert {"当时", "现在"} <= {w[:2] for w in (t.text for t in told.all("text"))}
    assert "/c/vix" in told.hrefs()
    assert "58.12" in page(site.get("/c/vix")).one("h1").text


def test_a_frozen_page_without_revisions_has_one_line(site: TestClient) -> None:
    told = page(site.get(f"{FROZEN}/since"))
    assert re.search("当时 1.01 万亿美元（2026 年 5 月 26 日） → 最新值 ", told.text)
    assert not list(told.all("svg"))
    assert site.get(f"{CAP}/since").status_code == 400


def test_the_short_link_of_a_live_page_is_what_it_shows_now(site: TestClient) -> None:
    live = page(site.get("/c/sp500?u=yoy&t=3y"))
    link = urlsplit(live.one("input", id="link").attributes["value"]).path
    answer = site.get(link)
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("/c/sp500@")
    assert answer.headers["location"].endswith("?t=3y&u=yoy")
    assert page(site.get(answer.headers["location"])).one("h1").text == live.one("h1").text


def test_the_codes_that_were_given_out_are_still_read(catalog: Catalog) -> None:
    """Printed in bulletins: these must mean the same in every later version."""
    given_out = {
        "K6RC7dZv2FQvGMK": "policy_documents_monthly",
        "4eCEWuy8Cmbgyv": "micron_market_cap_usd_bn",
    }
    for code, name in given_out.items():
        found = short_links.address(code, catalog)
        assert (found.id, found.as_of) == (name, end_of(datetime(2026, 5, 27).date()))


_MOMENTS = st.one_of(
    st.dates(datetime(1992, 1, 1).date(), datetime(2026, 8, 1).date()).map(end_of),
    st.datetimes(datetime(1992, 1, 1), datetime(2026, 7, 31)).map(
        lambda m: m.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
)
_DAYS = st.one_of(st.none(), st.dates())
_WINDOWS = st.one_of(
    st.sampled_from([Window(), *(Window(name) for name in RANGES)]),
    st.tuples(_DAYS, _DAYS).map(lambda pair: Window("", *pair)),
)
_TRANSFORMS = st.one_of(
    st.sampled_from([Transform(n) for n in ("level", "diff", "pct", "mom", "yoy", "drawdown")]),
    _DAYS.map(lambda day: Transform("index", base=day)),
    st.builds(lambda name, n: Transform(name, n=n), st.sampled_from(["ma", "z"]),
              st.integers(2, 5000)),
)  # fmt: skip
_ADDRESSES = st.builds(
    lambda ids, as_of, window, transform, **looks: ChartAddress(
        ids[0], as_of, tuple(ids[1:]), window, transform, **looks
    ),
    st.lists(st.sampled_from(list(CATALOG.indicators)), min_size=1, max_size=4, unique=True),
    _MOMENTS, _WINDOWS, _TRANSFORMS,
    scale=st.sampled_from(["linear", "log"]), lang=st.sampled_from(["zh", "en"]),
    theme=st.sampled_from(["auto", "light", "dark"]), updown=st.sampled_from(["red", "green"]),
)  # fmt: skip


@given(_ADDRESSES)
@examples(300)
def test_a_code_is_short_and_reads_back_as_its_address(address: ChartAddress) -> None:
    code = short_links.code(address)
    assert len(code) <= 50
    assert re.fullmatch("[1-9A-HJ-NP-Za-km-z]+", code)
    assert short_links.address(code, CATALOG) == address


@given(_ADDRESSES, st.data())
@examples(200)
def test_a_mistyped_code_is_refused(address: ChartAddress, data: st.DataObject) -> None:
    code = short_links.code(address)
    place = data.draw(st.integers(0, len(code) - 1))
    letter = data.draw(st.sampled_from(short_links.ALPHABET).filter(lambda c: c != code[place]))
    mistyped = code[:place] + letter + code[place + 1 :]
    with contextlib.suppress(AddressError):  # but for one in 65,536
        assert short_links.address(mistyped, CATALOG) != address


@pytest.mark.parametrize("code", ["x", "0", "l", "漢", "1" * 5000, "z" * 60, "%00", "a.b", "a b"])
def test_what_is_no_code_is_not_found(site: TestClient, code: str) -> None:
    answer = site.get(f"/s/{code}")
    assert answer.status_code == 404
    assert "不是本站的短链接" in page(answer, 404).one("p", "subtitle").text


def test_an_id_that_was_renamed_keeps_its_codes(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"sp500": ("spx",)}))
    old = ChartAddress("spx", end_of(datetime(2026, 5, 27).date()))
    site = client(settings_of(filled))
    answer = site.get(f"/s/{short_links.code(old)}")
    assert answer.headers["location"] == "/c/spx@2026-05-27"
    assert site.get(answer.headers["location"]).headers["location"] == "/c/sp500@2026-05-27"


def test_a_crowd_is_turned_away_with_a_time_to_return(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.server.PICTURES", (1, 0.1))
    started, go = threading.Event(), threading.Event()

    def slow(*_: object) -> bytes:
        started.set()
        assert go.wait(20)
        return b"drawn"

    monkeypatch.setattr("dashboard.http.routes.charts.png_of", slow)
    answers: list[httpx.Response] = []
    with client(published) as site:
        first = threading.Thread(target=lambda: answers.append(site.get("/c/sp500.png")))
        first.start()
        assert started.wait(20)
        busy = site.get("/c/vix.png")
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
        assert busy.json()["status"] == 429
        assert site.get("/c/sp500.csv").status_code == 200
        go.set()
        first.join()
        assert answers[0].content == b"drawn"
        assert site.get("/c/vix.png").status_code == 200


def test_the_font_of_the_environment_writes_chinese() -> None:
    found = fonts.font()
    assert found is not None
    assert found.chinese
    assert fonts.warning() == ""


def test_without_a_chinese_font_pictures_are_in_english_and_ready_says_so(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = fonts.font()
    assert held is not None
    latin = Font(held.file, chinese=False)
    for place in ("dashboard.chart_page.pictures.font", "dashboard.chart.fonts.font"):
        monkeypatch.setattr(place, lambda: latin)
    drawn: list[str] = []
    monkeypatch.setattr(
        "dashboard.chart_page.pictures.png", lambda svg, font, told: drawn.append(svg) or b""
    )
    site = client(published)
    assert site.get("/c/sp500.png").status_code == 200
    assert not re.search("[\u4e00-\u9fff]", drawn[0])
    assert "No Chinese font" in drawn[0]
    assert "No Chinese font" in site.get("/readyz").json()["warning"]


def test_without_any_font_a_picture_is_refused_in_words(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("dashboard.chart_page.pictures.font", "dashboard.chart.fonts.font"):
        monkeypatch.setattr(place, lambda: None)
    answer = client(published).get("/c/sp500.png")
    assert answer.status_code == 503
    assert "make install" in answer.json()["detail"]


def test_without_a_snapshot_a_chart_page_says_what_to_do(tmp_path: Path) -> None:
    bare = client(settings_of(tmp_path / "data"))
    assert "python -m etl run" in page(bare.get("/c/sp500"), 503).text
    assert bare.get("/c/sp500.png").status_code == 503


def test_a_kit_holds_picture_words_and_link_in_one_state(
    site: TestClient, published: Settings
) -> None:
    answer = site.get(f"{FROZEN}.kit.zip?t=3y")
    assert answer.headers["content-type"] == "application/zip"
    assert '_2026-05-27_3y_kit.zip"; ' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    document = page(site.get(f"{FROZEN}?t=3y"))
    assert pixels(files["chart.png"]) == (1800, 942)
    assert pixels(files["wechat.png"]) == (900, 383)
    rich, plain = files["insert.html"].decode(), files["insert.md"].decode()
    link = files["link.txt"].decode().strip()
    assert link == document.one("input", id="link").attributes["value"]
    for words in (document.one("h1").text, document.one("p", "said").text, link,
                  "来源：本站据收盘价", "口径：当日收盘价", "1.01 万亿美元"):  # fmt: skip
        assert words in rich
        assert words in plain
    assert (
        files["alternative.txt"].decode().strip()
        == document.one("div", "plot").attributes["aria-label"]
    )
    assert site.get(f"{FROZEN}.kit.html?t=3y").text == rich
    again = client(published).get(f"{FROZEN}.kit.zip?t=3y")
    assert again.content == answer.content


def test_the_link_of_a_live_kit_is_frozen(site: TestClient) -> None:
    rich = site.get("/c/sp500.kit.html").text
    (link,) = re.findall(r'href="[^"]*(/s/[^"]+)"', rich)
    assert site.get(link).headers["location"].startswith("/c/sp500@")
    assert re.search(r'src="[^"]*/c/sp500@[^"]+\.png"', rich)


def test_a_code_is_to_be_had_as_pixels_too(site: TestClient) -> None:
    """For editors that take no SVG: one module is a square of eight pixels, in the kit too."""
    for path in ("/c/sp500", FROZEN):
        drawn = site.get(f"{path}.qr.svg")
        answer = site.get(f"{path}.qr.png")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == drawn.headers["cache-control"]
        box = re.search(r"scale\(([\d.]+)\)", drawn.text)
        assert box is not None
        modules = round(240 / float(box[1]))
        assert pixels(answer.content) == (8 * modules, 8 * modules)
        assert site.head(f"{path}.qr.png").status_code == 200
        assert site.get(f"{path}.qr.png").content == answer.content
    with zipfile.ZipFile(io.BytesIO(site.get(f"{FROZEN}.kit.zip").content)) as packed:
        assert packed.read("qr.png") == site.get(f"{FROZEN}.qr.png").content
    assert ".qr.png" in page(site.get("/c/sp500.nothing"), 404).text


@pytest.mark.parametrize("path", ["/c/sp500.qr.svg", f"{FROZEN}.qr.svg?u=yoy&t=3y"])
def test_a_code_is_an_svg_of_square_modules(site: TestClient, path: str) -> None:
    root = ET.fromstring(site.get(path).text)
    (drawn,) = root.iter("{http://www.w3.org/2000/svg}path")
    assert re.fullmatch(r"(M\d+ \d+h1v1h-1z)+", drawn.attrib["d"])
    assert root.attrib["width"] == root.attrib["height"]


def test_a_code_says_its_link(published: Settings) -> None:
    site = client(settings_of(published.data, XINZHI_BASE_URL="https://news.example"))
    frozen = tree(site.get(FROZEN).text.removeprefix("<!DOCTYPE html>"))
    link = frozen.one("input", id="link").attributes["value"]
    assert link.startswith("https://news.example/s/")
    assert site.get(f"{FROZEN}.qr.svg").text == qr(link)
    assert site.get("/c/sp500.qr.svg?u=yoy").text == qr("https://news.example/c/sp500?u=yoy")


def test_an_embedded_chart_may_stand_in_any_frame_and_is_light(site: TestClient) -> None:
    answer = site.get("/embed/c/micron_market_cap_usd_bn@2026-05-27?theme=dark", headers=PLAIN)
    document = page(answer)
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in site.get(FROZEN).headers["content-security-policy"]
    assert document.one("html").attributes["data-theme"] == "dark"
    assert document.one("h1").text == page(site.get(FROZEN)).one("h1").text
    assert all(link.attributes["rel"] == "noopener" for link in document.all("a"))
    assert "来源" in document.one("figcaption").text
    assert len(brotli.compress(answer.content)) < 12_000
    assert page(site.get("/embed/c/sp50"), 404)


def test_a_chart_tells_others_how_to_embed_it(published: Settings) -> None:
    base = "https://news.example"
    site = client(settings_of(published.data, XINZHI_BASE_URL=base))
    document = page(site.get("/c/sp500?u=yoy"))
    (link,) = [n.attributes["href"] for n in document.all("link")
               if n.attributes.get("type") == "application/json+oembed"]  # fmt: skip
    told = site.get(link.removeprefix(base)).json()
    assert (told["version"], told["type"]) == ("1.0", "rich")
    assert told["title"] == document.one("h1").text
    frame = tree(told["html"]).one("iframe")
    assert frame.attributes["src"] == f"{base}/embed/c/sp500?u=yoy"
    assert site.get("/embed/c/sp500?u=yoy").status_code == 200
    narrow = site.get(f"{link.removeprefix(base)}&maxwidth=300&maxheight=250").json()
    assert (narrow["width"], narrow["height"]) == (300, 250)


@pytest.mark.parametrize(("query", "status"), [
    ("", 404), ("url=https://evil.example/c/sp500", 404), ("url=/c/sp500", 404),
    ("url=http://127.0.0.1:8050/c/sp50", 404), ("url=http://127.0.0.1:8050/c/sp500?t=2y", 400),
    ("url=http://127.0.0.1:8050/c/sp500&maxwidth=-1", 400),
    ("url=http://127.0.0.1:8050/c/sp500&format=xml", 501), ("url=" + "x" * 9000, 404),
])  # fmt: skip
def test_what_cannot_be_embedded_is_refused_in_words(
    site: TestClient, query: str, status: int
) -> None:
    answer = site.get(f"/oembed?{query.replace('?t', '%3Ft')}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_range_before_the_first_value_is_not_said_to_be_an_indicator_without_values(
    site: TestClient,
) -> None:
    for path in ("/c/sp500", "/embed/c/sp500"):
        answer = site.get(f"{path}?t=1900-01-01..1950-01-01")
        assert "所选区间没有数值" in answer.text
        assert "等待数据" not in answer.text
        assert "等待数据" in site.get(path.replace("sp500", "vix")).text


def test_a_headline_that_a_reader_wrote_is_no_trouble_of_the_site(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "LACKING", {})
    assert site.get("/c/sp500.png?title=%F0%9F%93%88%E5%A4%A7%E6%B6%A8").status_code == 200
    assert fonts.warning() == ""
    assert "warning" not in site.get("/readyz").json()
