"""/compare and /export: everything is chosen by links, and stands in the address."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import quote, unquote

import openpyxl
import pytest
from serving import Node, TestClient, still

from etl.catalog import load_catalog
from etl.settings import PROJECT, Settings

CATALOG = load_catalog(PROJECT / "indicators.yaml")


def page(site: TestClient, path: str) -> Node:
    return still(site.get(path))


def hrefs(document: Node) -> list[str]:
    return [a.attributes["href"] for a in document.all("a") if "href" in a.attributes]


@pytest.mark.parametrize("path", ["/compare", "/export"])
def test_every_indicator_with_values_can_be_picked_and_no_other(
    site: TestClient, path: str
) -> None:
    links = hrefs(page(site, path))
    listed = site.get("/api/v1/indicators").json()["indicators"]
    held = {one["id"] for one in listed if one["rows"]}
    assert {n for n in CATALOG.indicators if f"{path}?ids={n}" in links} == held


def test_a_chip_adds_an_indicator_and_takes_it_away(site: TestClient) -> None:
    links = hrefs(page(site, "/compare?ids=sp500&t=3y&u=yoy"))
    assert "/compare?ids=sp500,nasdaq_composite&t=3y&u=yoy" in links
    assert "/compare?t=3y&u=yoy" in links


def test_a_fifth_indicator_cannot_be_added(site: TestClient) -> None:
    four = "sp500,vix,nasdaq_composite,phlx_semiconductor"
    links = hrefs(page(site, f"/compare?ids={four}"))
    assert not [x for x in links if x.startswith(f"/compare?ids={four},")]


def test_a_comparison_leads_to_its_chart_page_and_its_data(site: TestClient) -> None:
    document = page(site, "/compare?ids=nasdaq_composite,sp500&u=index&t=2026-03-02..2026-05-26")
    links = hrefs(document)
    asked = "with=sp500&t=2026-03-02..2026-05-26&u=index"
    assert f"/c/nasdaq_composite?{asked}" in links
    assert f"/c/nasdaq_composite.csv?{asked}" in links
    for link in links:
        if link.startswith("/c/"):
            assert site.get(link).status_code == 200


def test_the_correlation_is_stated_with_its_n_and_its_days(
    site: TestClient, published: Settings
) -> None:
    document = page(site, "/compare?ids=nasdaq_composite,sp500&t=2026-03-02..2026-05-26")
    (row,) = [r for r in document.all("tr") if "×" in r.text]
    lines = site.get("/c/sp500.csv?t=2026-03-02..2026-05-26").text.splitlines()
    r, n, days = (cell.text for cell in row.all("td"))
    assert days == "2026-03-03 – 2026-05-26"
    assert int(n) == len(lines) - 2  # a change less than there are values
    assert 0.8 < float(r) < 1


def test_indicators_of_three_units_are_offered_a_common_base(site: TestClient) -> None:
    document = page(site, "/compare?ids=micron_close_usd,us_10y_yield_pct,vix")
    assert "两条轴" in document.text
    (there,) = [x for x in hrefs(document) if "u=index" in x]
    assert "<svg" not in document.text
    assert page(site, there).one("h1").text == "比较"


def test_what_has_no_data_is_named(site: TestClient) -> None:
    document = page(site, "/compare?ids=sp500,phlx_semiconductor")
    assert "此区间内没有数据：费城半导体" in document.text
    assert "样本不足" in document.text


@pytest.mark.parametrize("path", ["/compare", "/export"])
@pytest.mark.parametrize(("query", "status"), [
    ("ids=sp5000", 404), ("ids=sp500,sp5000", 404), ("ids=../etc", 404),
    ("ids=<script>alert(1)</script>", 404), ("ids=sp500&t=2y", 400), ("ids=sp500&u=ma:1", 400),
    ("ids=sp500&ids=vix", 400), ("ids=" + "a," * 120, 404), ("ids=sp500&t=2026-02-30..", 400),
])  # fmt: skip
def test_a_wrong_choice_is_a_sentence_with_its_status(
    site: TestClient, path: str, query: str, status: int
) -> None:
    answer = site.get(f"{path}?{quote(query, safe='=&,')}")
    assert answer.status_code == status
    assert "<script>alert" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("first", ["sp500@2026-05-27", "sp500@", "@", "指数", "sp500/../vix"])
def test_only_the_id_of_an_indicator_can_be_compared(site: TestClient, first: str) -> None:
    answer = site.get(f"/compare?ids={quote(first)},vix")
    assert "没有指标“" in still(answer, 404).one("p", "message").text


def test_a_comparison_of_a_day_shows_what_was_known_then_and_keeps_the_day(
    site: TestClient,
) -> None:
    document = page(site, "/compare?ids=brent_spot_usd_bbl,wti_spot_usd_bbl&t=3m&asof=2026-05-27")
    assert "数据截至 2026 年 5 月 27 日 23:59（北京时间）" in document.text
    assert "2026 年 5 月 19 日" in document.one("ul", "chart-names").text
    for suffix in ("", ".csv"):
        frozen = f"/c/brent_spot_usd_bbl@2026-05-27{suffix}?with=wti_spot_usd_bbl&t=3m"
        assert frozen in hrefs(document)
        assert site.get(frozen).status_code == 200
    chosen = {link for link in hrefs(document.one("article")) if link.startswith("/compare?")}
    assert len(chosen) > 20
    assert {link for link in chosen if "asof=2026-05-27" not in link} == set()


@pytest.mark.parametrize("day", ["2026", "2099-01-01", "<script>"])
def test_a_comparison_of_no_day_is_refused(site: TestClient, day: str) -> None:
    answer = site.get(f"/compare?ids=sp500,vix&asof={quote(day)}")
    assert "asof：" in still(answer, 400).one("p", "message").text


def test_five_indicators_are_too_many_to_compare(site: TestClient) -> None:
    ids = "sp500,vix,nasdaq_composite,phlx_semiconductor,usd_cny"
    answer = site.get(f"/compare?ids={ids}")
    assert answer.status_code == 400
    assert "最多 3 个" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "ids=sp500",
        "ids=sp500,vix&shape=wide&format=xlsx&t=3m",
        "ids=sp500,micron_close_usd&format=csv&for=excel",
        "ids=sp500&scope=full&format=parquet",
        "ids=sp500&asof=2026-05-27&u=pct",
        "ids=sp500,micron_close_usd,vix,brent_spot_usd_bbl,usd_cny&format=parquet&shape=wide",
        "ids=sp500,micron_close_usd,vix,brent_spot_usd_bbl,usd_cny&format=zip",
    ],
)
def test_the_file_of_an_order_is_at_the_addresses_that_it_names(
    site: TestClient, published: Settings, query: str
) -> None:
    document = page(site, f"/export?{query}")
    (button,) = [a for a in document.all("a") if "button" in a.classes]
    answer = site.get(button.attributes["href"])
    assert answer.status_code == 200
    rows = re.findall(r"([0-9,]+) 行", document.text)[0].replace(",", "")
    assert answer.headers["x-row-count"] == rows
    live, lasting = (code.text for code in document.all("code"))
    base = published.base_url
    assert site.get(live.removeprefix(base)).content == answer.content
    assert "@" in lasting or "asof=" in lasting
    again = site.get(unquote(lasting.removeprefix(base)))
    assert again.headers["x-row-count"] == rows


def test_the_preview_shows_the_first_rows_of_the_file(site: TestClient) -> None:
    document = page(site, "/export?ids=sp500,micron_close_usd&shape=wide&t=3m")
    lines = site.get("/c/sp500.csv?with=micron_close_usd&shape=wide&t=3m").text.splitlines()
    rows = [[cell.text for cell in row.all("td")] for row in document.all("tr")]
    assert [",".join(row) for row in rows if row] == lines[1:9]


def test_an_order_of_nothing_says_so(site: TestClient) -> None:
    document = page(site, "/export?ids=gold_futures_usd_oz")
    assert "这个区间内没有数据" in document.text


def test_the_words_are_english_where_that_is_chosen(site: TestClient) -> None:
    for path in ("/compare?ids=sp500,nasdaq_composite&lang=en", "/export?ids=sp500&lang=en"):
        document = page(site, path)
        cited = [node.text for node in document.all("dd") if node.attributes.get("lang")]
        shown = html.unescape(document.one("main").text)
        for words in cited:  # a citation is in the language of its standard
            shown = shown.replace(words, "")
        assert not re.search("[\u4e00-\u9fff]", shown), path


def test_micron_and_nasdaq_by_month_since_2020_as_excel_take_five_clicks(site: TestClient) -> None:
    """Each click is a link of the page before, known by its words; the fifth is the file."""
    at = "/export"
    for words in ("美光股价", "纳斯达克", "月", "2020 年以来"):
        at = next(a.attributes["href"] for a in page(site, at).all("a") if a.text == words)
    (file,) = [a for a in page(site, at).all("a") if a.text == "下载 Excel（XLSX）"]
    book = openpyxl.load_workbook(io.BytesIO(site.get(file.attributes["href"]).content))
    assert book.sheetnames == ["数据", "说明"]
    assert [cell.value for cell in book["数据"][1]][:3] == ["日期", "指标", "数值"]
    assert all(row[0].value.day == 1 for row in book["数据"].iter_rows(min_row=2))
    said = [row[1].value for row in book["说明"].iter_rows() if row[0].value == "引用来源"]
    assert len(said) == 2


def test_a_wide_workbook_names_the_unit_of_each_column(site: TestClient) -> None:
    asked = "ids=micron_close_usd,micron_market_cap_usd_bn&freq=m&agg=avg&shape=wide&format=xlsx"
    document = page(site, f"/export?{asked}")
    heads = [cell.text for cell in document.one("table").all("th")]
    assert heads == ["日期", "美光科技收盘价（月均）（美元）", "美光科技市值（月均）（十亿美元）"]


def test_two_dates_need_no_script(site: TestClient) -> None:
    document = page(site, "/export?ids=sp500&freq=m")
    (form,) = [f for f in document.all("form") if f.attributes.get("class") == "span-form"]
    dates = [i for i in form.all("input") if i.attributes["type"] == "date"]
    assert [i.attributes["name"] for i in dates] == ["start", "end"]
    assert all(i.attributes["min"] < i.attributes["max"] for i in dates)
    kept = "&".join(
        f"{i.attributes['name']}={i.attributes['value']}"
        for i in form.all("input")
        if i.attributes["type"] == "hidden"
    )
    answer = site.get(f"/export?start=2026-03-01&end=&{kept}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/export?ids=sp500&freq=m&t=2026-03-01.."


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ("start=2026-05-02&end=2026-05-01", "先早后晚"),
        ("start=2999-01-01&end=", "还没有到"),
        ("start=gestern&end=", "“gestern”不是存在的日期"),
    ],
)
def test_dates_that_make_no_span_are_refused_in_words(
    site: TestClient, dates: str, words: str
) -> None:
    answer = site.get(f"/c/sp500?{dates}", follow_redirects=True)
    assert answer.status_code == 400
    assert words in answer.text


def test_dates_before_the_first_value_begin_with_it(site: TestClient) -> None:
    early = site.get("/c/sp500.csv?start=1900-01-01&end=1950-01-01", follow_redirects=True)
    assert early.headers["x-row-count"] == "0"
    late = site.get("/c/sp500.csv?start=1900-01-01", follow_redirects=True)
    whole = site.get("/c/sp500.csv?t=max")
    assert late.headers["x-row-count"] == whole.headers["x-row-count"]


def test_what_wechat_adds_to_a_link_is_no_date(site: TestClient) -> None:
    answer = site.get("/c/sp500?from=groupmessage&isappinstalled=0", follow_redirects=False)
    assert answer.status_code == 200


def test_a_chart_offers_the_frequencies_that_it_can_have(site: TestClient) -> None:
    daily, monthly = (site.get(f"/c/{name}").text for name in ("sp500", "gold_monthly_usd_oz"))
    assert "/c/sp500?freq=w" in daily
    assert "freq=w" not in monthly
    assert "/c/gold_monthly_usd_oz?freq=q" in monthly
    assert "agg=sum" not in site.get("/c/sp500?freq=m").text
    assert "agg=sum" in site.get("/c/policy_documents_monthly?freq=q").text


def test_the_page_of_an_indicator_keeps_the_frequency(site: TestClient) -> None:
    document = page(site, "/indicators/sp500?freq=m&agg=avg")
    assert "标普 500 指数（月均）" in document.text
    assert "/indicators/sp500?t=5y&freq=m&agg=avg" in hrefs(document)
