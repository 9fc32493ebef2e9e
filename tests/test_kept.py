"""The response cache: the same bytes again, found by what an address means, and never those of the
past."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, settings_of, write_csv
from serving import PLAIN, SiteClient, client, rows_of

from dashboard.export.table import Table, table
from dashboard.http.cache import OVERHEAD_BYTES, ResponseCache
from dashboard.urls import Urls
from etl.settings import Settings


@pytest.fixture
def site(filled: Path) -> SiteClient:
    return client(settings_of(filled))


def cache_of(site: SiteClient) -> ResponseCache:
    return site.app.service.cache


@pytest.mark.parametrize(
    "path",
    ["/c/sp500", "/c/sp500.svg", "/c/sp500.csv", "/c/sp500.parquet", "/api/v1/indicators",
     "/c/sp500@2026-05-27.json?t=max", "/assets/site.css", "/sitemap.xml"],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["identity", "br", "gzip"])
def test_what_is_asked_again_is_the_same_answer(site: SiteClient, path: str, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    answers = [site.get(path, headers=headers) for _ in range(3)]
    assert len(cache_of(site)) == 1
    assert answers[0].status_code == 200
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1


def test_each_encoding_is_kept_apart(site: SiteClient) -> None:
    for encoding in ("br", "identity", "gzip", "br", "identity"):
        answer = site.get("/c/sp500.csv", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.content.startswith(b"date,indicator")


@pytest.mark.parametrize(
    "same",
    [
        ("/c/sp500", "/c/sp500?lang=zh", "/c/sp500?u=level&t=", "/c/sp500?shape=wide",
         "/c/sp500?x=1"),
        ("/c/sp500.csv?t=3m&u=yoy", "/c/sp500.csv?u=yoy&t=3m", "/c/sp500.csv?t=3m&u=yoy&q=x",
         "/c/sp500.csv?utm_source=x&t=3m&u=yoy&theme=dark"),
        ("/c/sp500.png", "/c/sp500.png?size=og", "/c/sp500.png?w=1200&h=628", "/c/sp500.png?q=1"),
        ("/assets/site.css?m=1", "/assets/site.css?m=2", "/assets/site.css?m=1&x=2"),
        ("/api/v1/policies", "/api/v1/policies?month=", "/api/v1/policies?x=1"),
    ],
)  # fmt: skip
def test_addresses_that_mean_the_same_are_one_answer(
    site: SiteClient, same: tuple[str, ...]
) -> None:
    assert len({site.get(path).content for path in same}) == 1
    assert len(cache_of(site)) == 1


def test_addresses_that_mean_something_else_are_not(site: SiteClient) -> None:
    paths = ("/c/sp500", "/c/sp500?lang=en", "/c/sp500?t=3m", "/c/sp500@2026-05-27",
             "/embed/c/sp500",
             "/c/sp500@2026-05-27/since", "/c/sp500.csv", "/c/sp500.json", "/c/sp500.qr.svg",
             "/c/sp500.svg", "/c/sp500.svg?w=400", "/c/sp500.txt", "/c/vix")  # fmt: skip
    for _ in range(2):
        assert len({site.get(path).content for path in paths}) == len(paths)
    assert len(cache_of(site)) == len(paths)


#: The query by which a page asks for this file.
NAMED = "?" + Urls().asset("site.css").partition("?")[2]


@pytest.mark.parametrize("first", ["", "?m=1", NAMED])
def test_an_asset_is_kept_for_ever_only_where_its_address_changes_with_it(
    site: SiteClient, first: str
) -> None:
    for query in (first, "", "?m=2", NAMED, "?x=3"):
        caching = site.get(f"/assets/site.css{query}").headers["cache-control"]
        assert ("immutable" in caching) == (query == NAMED)


def test_what_depends_on_the_reader_is_not_sent_to_another(site: SiteClient) -> None:
    whole = site.get("/c/sp500.csv", headers=PLAIN)
    tag = {"If-None-Match": whole.headers["etag"], **PLAIN}
    assert site.get("/c/sp500.csv", headers=tag).status_code == 304
    assert site.get("/c/sp500.csv", headers={"Range": "bytes=0-3", **PLAIN}).content == b"date"
    assert site.head("/c/sp500.csv", headers=PLAIN).content == b""
    assert site.get("/c/sp500.csv", headers=PLAIN).content == whole.content


def test_errors_are_not_kept(site: SiteClient) -> None:
    for path in ("/c/sp500.csv?t=2y", "/c/nothing.csv", "/healthz", "/nothing", "/?t=1y&t=2y",
                 "/assets/nothing.js", "/indicators/nothing"):  # fmt: skip
        site.get(path)
    assert len(cache_of(site)) == 0


def test_pages_are_kept_by_what_they_show(site: SiteClient) -> None:
    """Two groups are two pages; a parameter that nothing looks at makes no other one; a page by the
    clock is not found by its address alone."""
    first = site.get("/indicators?group=markets", headers=PLAIN)
    other = site.get("/indicators?group=energy", headers=PLAIN)
    assert first.content != other.content
    kept = len(cache_of(site))
    for number in range(20):
        assert site.get(f"/about?utm_{number}=x", headers=PLAIN).status_code == 200
        assert site.get(f"/about?x={number}", headers=PLAIN).status_code == 200  # named, not kept
    assert len(cache_of(site)) == kept + 1
    again = site.get("/about", headers=PLAIN)
    tag = {"If-None-Match": again.headers["etag"], **PLAIN}
    assert site.get("/about", headers=tag).status_code == 304


def test_nothing_of_an_older_snapshot_is_sent(site: SiteClient, filled: Path, cli: Cli) -> None:
    old = site.get("/c/vix.csv").headers["x-snapshot"]
    style = site.get("/assets/site.css").content
    file = write_csv(
        filled.parent / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    )
    assert cli("import", file).status == 0
    assert site.get("/c/vix.csv").headers["x-snapshot"] != old
    assert [row["value"] for row in rows_of(site.get("/c/vix.csv"))] == ["17.5"]
    assert len(cache_of(site)) == 2  # the file anew, and the style, which is of no snapshot
    assert site.get("/assets/site.css").content == style


def test_what_is_kept_is_bounded_in_bytes(site: SiteClient) -> None:
    cache = cache_of(site)
    cache.max_bytes = 80_000
    for day in range(1, 29):
        site.get(f"/c/sp500.csv?t=2026-01-{day:02d}..", headers=PLAIN)
        assert 0 < cache.bytes <= cache.max_bytes
    assert 0 < len(cache) < 28


def test_keys_and_headers_are_counted_and_the_spellings_of_one_address_are_few(
    site: SiteClient,
) -> None:
    cache = cache_of(site)
    assert site.get("/c/vix.csv", headers=PLAIN).content.count(b"\r\n") == 1
    first = cache.bytes
    assert first > OVERHEAD_BYTES
    for number in range(500):
        site.get(f"/c/vix.csv?q={'y' * 100}{number}", headers=PLAIN)
    assert len(cache) == 1
    assert cache.bytes < first + 8 * 400


def test_an_answer_too_large_to_keep_is_sent_whole(site: SiteClient) -> None:
    cache_of(site).max_bytes = 8_000
    answers = [site.get("/c/sp500.csv", headers=PLAIN) for _ in range(2)]
    assert len({answer.content for answer in answers}) == 1
    assert len(cache_of(site)) == 0


def test_what_several_ask_for_at_once_is_made_once(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, made = client(published), list[str]()
    started, go = threading.Event(), threading.Event()

    def slowly(*given: Any) -> Table:
        made.append("once")
        started.set()
        assert go.wait(20)
        return table(*given)

    monkeypatch.setattr("dashboard.http.routes.data.table", slowly)
    found: list[bytes] = []
    ask = [threading.Thread(target=lambda: found.append(site.get("/c/sp500.parquet").content))
           for _ in range(6)]  # fmt: skip
    for thread in ask:
        thread.start()
    assert started.wait(20)
    time.sleep(0.5)
    go.set()
    for thread in ask:
        thread.join()
    assert made == ["once"]
    assert (len(found), len(set(found))) == (6, 1)


def test_an_answer_that_was_kept_is_counted_like_any_other(site: SiteClient) -> None:
    for _ in range(3):
        site.get("/c/sp500.csv")
    (line,) = [x for x in site.get("/metrics").text.splitlines()
               if x.startswith("xinzhi_requests_total") and "/c/{place}.csv" in x]  # fmt: skip
    assert line.endswith(" 3.0")
