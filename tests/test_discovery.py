"""What machines are told: sitemap, feed, catalogue, robots and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import bulletin, settings_of
from serving import PLAIN, TestClient, client, republish, tree

from dashboard.discovery import ENTRIES
from etl.catalog import Catalog
from etl.settings import Settings

BASE = "http://127.0.0.1:8050"
PATHS = {
    "/robots.txt": "text/plain; charset=utf-8",
    "/sitemap.xml": "application/xml",
    "/atom.xml": "application/atom+xml",
    "/events.atom": "application/atom+xml",
    "/catalog.jsonld": "application/ld+json",
}
ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def entries(site: TestClient, path: str = "/atom.xml") -> Iterator[dict[str, str]]:
    """The entries of a feed as a reader sees them."""
    root = ElementTree.fromstring(site.get(path).content)
    for entry in root.findall("a:entry", ATOM):
        found = {name: entry.findtext(f"a:{name}", "", ATOM)
                 for name in ("id", "title", "updated", "summary", "content")}  # fmt: skip
        link = entry.find("a:link[@rel='alternate']", ATOM)
        assert link is not None
        yield {**found, "link": link.attrib["href"]}


def measured(site: TestClient) -> dict[str, float]:
    """Each line of the metrics, and its number."""
    lines = site.get("/metrics").text.splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}


@pytest.mark.parametrize("path", PATHS)
def test_each_answers_get_and_head_and_knows_its_reader(site: TestClient, path: str) -> None:
    get, head = site.get(path, headers=PLAIN), site.head(path, headers=PLAIN)
    assert get.status_code == head.status_code == 200
    assert get.headers["content-type"] == PATHS[path]
    assert dict(get.headers) == dict(head.headers)
    assert head.content == b""
    if path != "/robots.txt":
        held = {"If-None-Match": get.headers["etag"], **PLAIN}
        assert site.get(path, headers=held).status_code == 304


def test_the_events_of_a_day_and_a_group_are_one_entry_and_each_is_told_once(
    site: TestClient,
) -> None:
    found = list(entries(site, "/events.atom"))
    assert len({entry["id"] for entry in found}) == len(found) > 5
    assert len({entry["title"].partition(" · ")[0] for entry in found}) == len(found)
    (day,) = [e for e in found if e["title"].startswith("2026 年 5 月 27 日 资本市场")]
    told = day["summary"].splitlines()
    assert len(set(told)) == len(told)
    (record,) = [one for one in told if "标普 500" in one]
    assert record.startswith("2026 年 5 月 26 日，标普 500 指数 7,519.12 点，")
    assert day["updated"] == "2026-05-26T20:00:00Z"
    links = [a.attributes["href"] for a in tree(day["content"]).all("a")]
    assert len(links) == len(told)
    assert f"{BASE}/c/sp500@2026-05-27" in {link.partition("?")[0] for link in links}
    for link in {*links, day["link"]}:
        assert site.get(link.removeprefix(BASE)).status_code == 200


def test_events_are_told_in_english_too(site: TestClient) -> None:
    zh, en = (list(entries(site, f"/events.atom{q}")) for q in ("", "?lang=en"))
    assert [entry["updated"] for entry in zh] == [entry["updated"] for entry in en]
    assert not {entry["id"] for entry in zh} & {entry["id"] for entry in en}
    assert not re.search("[一-龥]", "".join(entry["title"] + entry["summary"] for entry in en))
    assert site.get("/events.atom?lang=fr").status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_a_forged_host_changes_no_link(site: TestClient, path: str) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    assert "evil.example" not in site.get(path, headers=headers).text


def test_every_page_of_the_sitemap_answers_and_none_is_missing(
    site: TestClient, catalog: Catalog
) -> None:
    root = ElementTree.fromstring(site.get("/sitemap.xml").content)
    found = [url.findtext("s:loc", "", SITEMAP) for url in root.findall("s:url", SITEMAP)]
    assert len(found) == len(set(found))
    assert {f"{BASE}/indicators/{name}" for name in catalog.indicators} <= set(found)
    assert {f"{BASE}/", f"{BASE}/bulletins/2026-05-27", f"{BASE}/about"} <= set(found)
    for link in found:
        assert site.get(link.removeprefix(BASE)).status_code == 200, link
    for url in root.findall("s:url", SITEMAP):
        if day := url.findtext("s:lastmod", "", SITEMAP):
            assert date.fromisoformat(day)


def test_robots_are_shown_the_sitemap(site: TestClient) -> None:
    text = site.get("/robots.txt").text
    (link,) = re.findall(r"^Sitemap: (.+)$", text, re.MULTILINE)
    assert site.get(link.removeprefix(BASE)).status_code == 200
    assert text.startswith("User-agent: *\n")


def test_the_feed_holds_the_bulletins_alone(site: TestClient) -> None:
    (issue,) = entries(site)
    assert issue["id"].startswith("urn:uuid:")
    assert issue["link"] == f"{BASE}/bulletins/2026-05-27"
    assert issue["updated"] == "2026-05-26T23:30:00Z"
    assert issue["summary"].startswith("今天有三条线索值得看")


def test_the_feed_of_events_holds_the_newest_first(site: TestClient) -> None:
    found = list(entries(site, "/events.atom"))
    assert 20 < len(found) <= ENTRIES
    updated = [entry["updated"] for entry in found]
    assert updated == sorted(updated, reverse=True)
    (day,) = [e for e in found if "美光市值：首次突破 1 万亿美元" in e["title"]]
    assert day["updated"] == "2026-05-26T20:00:00Z"
    assert "2026 年 5 月 26 日" in day["summary"]


@pytest.mark.parametrize("path", ["/atom.xml", "/events.atom", "/events.atom?lang=en"])
def test_a_feed_is_what_its_standard_asks(site: TestClient, path: str) -> None:
    root = ElementTree.fromstring(site.get(path).content)
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    for name in ("id", "title", "updated", "author/a:name"):
        assert root.findtext(f"a:{name}", "", ATOM)
    own = root.find("a:link[@rel='self']", ATOM)
    assert own is not None
    assert own.attrib["href"] == f"{BASE}{path}"
    for entry in root.findall("a:entry", ATOM):
        for name in ("id", "title", "updated", "summary"):
            assert entry.findtext(f"a:{name}", "", ATOM)
        moment = entry.findtext("a:updated", "", ATOM)
        assert datetime.fromisoformat(moment).tzinfo is not None


def test_an_entry_keeps_its_id_when_the_site_moves(published: Settings) -> None:
    here = client(published)
    there = client(settings_of(published.data, XINZHI_BASE_URL="https://data.example/"))
    one, two = list(entries(here)), list(entries(there))
    assert [entry["id"] for entry in one] == [entry["id"] for entry in two]
    assert all(entry["link"].startswith("https://data.example/") for entry in two)


def test_markup_in_a_bulletin_is_text_in_the_feed(filled: Path, catalog: Catalog) -> None:
    republish(filled, catalog, bulletin(date(2026, 5, 28), summary="<b>涨</b> & ]]> \"'\x0b"))
    found = [e for e in entries(client(settings_of(filled))) if "bulletins" in e["link"]]
    assert [entry["summary"] for entry in found] == ["<b>涨</b> & ]]> \"'"]


def test_every_page_points_to_the_feeds(site: TestClient) -> None:
    for path, own in (("/", []), ("/indicators/sp500", ["/events.atom?id=sp500"])):
        links = [n.attributes for n in tree(site.get(path).text).all("link")]
        feeds = [a["href"] for a in links if a.get("type") == "application/atom+xml"]
        assert feeds == ["/atom.xml", "/events.atom", *own]
        for feed in feeds:
            assert site.get(feed).status_code == 200


def test_the_catalogue_lists_every_indicator_with_files_that_answer(
    site: TestClient, catalog: Catalog
) -> None:
    document = site.get("/catalog.jsonld").json()
    assert "DataCatalog" in document["@type"]
    told = site.get("/api/v1/indicators").json()["indicators"]
    assert [d["identifier"] for d in document["dataset"]] == [i["id"] for i in told if i["rows"]]
    for dataset in document["dataset"]:
        indicator = catalog[dataset["identifier"]]
        assert 50 <= len(dataset["description"]) <= 5000  # what search engines ask for
        assert dataset["license"]["name"] == indicator.credit.licence.en
        kinds = [file["encodingFormat"] for file in dataset["distribution"]]
        assert len(kinds) == len(set(kinds)) == (0 if indicator.credit.reuse == "view" else 5)
    for file in document["dataset"][0]["distribution"]:
        answer = site.get(file["contentUrl"].removeprefix(BASE))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(file["encodingFormat"])


def test_requests_are_counted_by_route_and_status(published: Settings) -> None:
    counted = client(published)
    for path in ("/c/sp500.csv", "/c/vix.csv", "/c/nothing.csv", "/nothing", "/%0a%22", "/",
                 "/api/v1/nothing", "/assets/site.css"):  # fmt: skip
        counted.get(path)
    counted.head("/c/sp500.csv")
    counted.request("BREW", "/")
    found = {
        name: value
        for name, value in measured(counted).items()
        if name.startswith("xinzhi_requests_total")
    }

    def line(route: str, method: str, status: int) -> str:
        return f'xinzhi_requests_total{{method="{method}",route="{route}",status="{status}"}}'

    assert found[line("/c/{place}.csv", "GET", 200)] == 2
    assert found[line("/c/{place}.csv", "HEAD", 200)] == 1
    assert found[line("/c/{place}.csv", "GET", 404)] == 1
    assert found[line("pages", "GET", 404)] == 2
    assert found[line("pages", "GET", 200)] == 1
    assert found[line("assets", "GET", 200)] == 1
    assert any('method="other"' in name for name in found)
    assert sum(found.values()) == 10


def test_no_address_can_add_a_line_to_the_metrics(published: Settings) -> None:
    counted = client(published)
    counted.get("/c/sp500.csv")
    counted.get("/x")
    before = len(measured(counted))
    for number in range(50):
        counted.get(f"/c/sp500.csv?t=2026-01-{number % 28 + 1:02d}..")
        counted.get(f"/x{number}")
    assert len(measured(counted)) <= before + 14  # the metrics have since been asked for


def test_the_metrics_say_how_old_and_how_large_the_snapshot_is(
    site: TestClient, published: Settings, catalog: Catalog
) -> None:
    found = measured(site)
    assert found["xinzhi_ready"] == 1
    assert found["xinzhi_indicators"] == len(catalog)
    assert found["xinzhi_snapshot_rows"] > 2000
    assert 0 <= found["xinzhi_snapshot_age_seconds"] < 3600
    name = site.get("/readyz").json()["snapshot"]
    assert found[f'xinzhi_snapshot_info{{snapshot="{name}"}}'] == 1
    text = site.get("/metrics").text
    assert text.endswith("\n")
    described = re.findall(r"^# TYPE (\w+) (?:counter|gauge|histogram)$", text, re.MULTILINE)
    assert len(described) == len(set(described)) > 30
    for name in found:
        plain = re.sub("_(bucket|sum|count)$", "", name.partition("{")[0])
        assert plain in described


def test_without_a_snapshot_the_metrics_say_so_and_the_rest_is_503(tmp_path: Path) -> None:
    bare = client(settings_of(tmp_path / "data"))
    assert measured(bare)["xinzhi_ready"] == 0
    assert bare.get("/robots.txt").status_code == 200
    for path in ("/sitemap.xml", "/atom.xml", "/catalog.jsonld", "/api/v1/status"):
        assert bare.get(path).status_code == 503
    assert bare.get("/api/docs").status_code == 200
