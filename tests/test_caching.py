"""How long what the site answers may be kept, and under which keys: one policy for each answer."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import httpx
import pytest
from serving import PLAIN, TestClient
from starlette.routing import Route

from dashboard.data.snapshot import Snapshot
from dashboard.http import caching
from dashboard.http.caching import Lasts
from dashboard.http.routes import charts
from dashboard.server import ROUTERS
from etl import surrogate_keys

LIVE = "public, max-age=30, s-maxage=60, stale-while-revalidate=30, stale-if-error=86400"
POLICIES = {str(one) for one in Lasts}
#: What may stand for each part of a path, right and wrong.
PARTS = {
    "place": ("sp500", "sp500@2026-05-27", "nothing", "sp500@never"),
    "place:place": ("sp500", "sp500@2026-05-27", "sp500.nothing"),
    "code": ("AAAA", "nothing"),
    "token": ("nothing",),
    "day": ("2026-05-27", "2026-13-01"),
    "date": ("2026-05-27", "never"),
    "id": ("sp500", "nothing"),
    "digest:digest": ("0" * 64, "x" * 70),
    "file": ("chart.0123456789ab.js", "nothing"),
    "file:path": ("site.css", "site.css?m=1", "nothing"),
    "rest:path": ("v1/nothing",),
    "page_path:page": ("", "indicators", "bulletins/2026-05-27", "indicators/sp500", "nothing",
                       "status", "compare?ids=sp500,vix", "about?colour=blue", "since/2026-05-27",
                       "since/2026-05-27?asof=2026-06-10", "c/sp500。", "policies?month=x"),
}  # fmt: skip
PATHS = sorted(
    {r.path for router in ROUTERS for r in router.routes if isinstance(r, Route)}
    | {charts.PAGE_ROUTE.path, "/_dash-layout", "/_dash-dependencies", "/_reload-hash", "/_x"}
)
QUERIES = {
    "/api/v1/observations": ("?ids=sp500,vix", "?ids=sp500&asof=2026-05-27", "?ids=nothing"),
    "/oembed": ("?url=http://127.0.0.1:8050/c/sp500", "?url=elsewhere"),
}  # fmt: skip


def addresses(path: str) -> list[str]:
    """The addresses by which a route is tried."""
    names = re.findall(r"{([^}]+)}", path)
    made = []
    for values in product(*(_parts(path, name) for name in names)):
        address = path
        for name, value in zip(names, values, strict=True):
            address = address.replace(f"{{{name}}}", value)
        made.append(address)
    return [a + query for a in made for query in QUERIES.get(path, ("", "?t=2y&t=3y"))
            if not (query and "?" in a)]  # fmt: skip


def _parts(path: str, name: str) -> tuple[str, ...]:
    return PARTS["page_path:page"] if name.endswith(":page") else PARTS[name]


def has_one_policy(answer: httpx.Response, method: str) -> str:
    """The one policy of an answer, which fits what the answer is."""
    told = answer.headers.get_list("cache-control")
    where = (method, str(answer.url), answer.status_code, told)
    assert len(told) == 1, where
    assert told[0] in POLICIES, where
    assert answer.headers.get_list("set-cookie") == [], where
    assert answer.headers.get("expires") is None, where
    assert set(answer.headers.get("vary", "Accept-Encoding").split(", ")) <= {
        "Accept-Encoding", "Accept"}, where  # fmt: skip
    keys = answer.headers.get("surrogate-key", "")
    assert answer.headers.get("cache-tag", "") == keys.replace(" ", ","), where
    assert len(keys) <= surrogate_keys.MOST_BYTES, where
    if answer.status_code >= 400 or method not in ("GET", "HEAD"):
        assert told == [Lasts.NEVER], where
        assert not keys, where
    elif told != [Lasts.NEVER]:
        assert answer.headers.get("vary") in (None, "Accept-Encoding"), where
    return told[0]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_exactly_one_policy_and_sets_no_cookie(
    site: TestClient, path: str
) -> None:
    for address in addresses(path):
        whole = site.get(address)
        policy = has_one_policy(whole, "GET")
        head = site.head(address)
        assert (head.status_code, has_one_policy(head, "HEAD")) == (whole.status_code, policy)
        has_one_policy(site.post(address, content=b"{}"), "POST")
        has_one_policy(site.options(address), "OPTIONS")
        has_one_policy(site.request("DELETE", address), "DELETE")
        if whole.status_code != 200:
            continue
        for extra in ({"Range": "bytes=0-9"}, {"Range": "bytes=99999999-"}):
            has_one_policy(site.get(address, headers={**PLAIN, **extra}), "GET")
        if "etag" in whole.headers:
            held = site.get(address, headers={"If-None-Match": whole.headers["etag"]})
            if held.headers["etag"] != whole.headers["etag"]:  # a minute has passed
                continue
            assert held.status_code == 304
            assert has_one_policy(held, "GET") == policy
            assert held.headers.get("surrogate-key") == whole.headers.get("surrogate-key")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_nobody_keeps_what_those_ask_who_run_the_site(site: TestClient, path: str) -> None:
    assert site.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/", "/indicators", "/bulletins/2026-05-27", "/c/sp500", "/c/sp500.csv", "/c/sp500.png",
     "/c/sp500@2026-05-27.metadata.json", "/c/sp500@2026-05-27/since", "/embed/c/sp500",
     "/api/v1/status", "/api/v1/indicators", "/bulletins/2026-05-27.zip", "/robots.txt",
     "/sitemap.xml", "/atom.xml", "/provinces.csv", "/since/2026-05-27.md"],
)  # fmt: skip
def test_what_is_live_is_kept_for_a_minute_and_tagged(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == LIVE
    assert answer.headers["etag"] if path != "/robots.txt" else True
    assert "live" in answer.headers["surrogate-key"].split()


def test_an_answer_is_found_by_its_indicators_its_bulletin_and_its_snapshot(
    site: TestClient,
) -> None:
    def keys(path: str) -> set[str]:
        return set(site.get(path).headers["surrogate-key"].split())

    name = site.get("/readyz").json()["snapshot"]
    assert keys("/c/sp500") == {"live", "i-sp500", f"s-{name}"}
    assert keys("/c/sp500.csv?with=vix") == {"live", "i-sp500", "i-vix", f"s-{name}"}
    assert keys("/indicators/sp500") >= {"live", "i-sp500"}
    assert keys("/api/v1/indicators/sp500") == {"live", "i-sp500", f"s-{name}"}
    assert keys("/bulletins/2026-05-27") == {"live", "all", "b-2026-05-27", f"s-{name}"}
    assert keys("/api/v1/bulletins/2026-05-27") == {"live", "all", "b-2026-05-27", f"s-{name}"}
    assert keys("/bulletins/2026-05-27.zip") == {"live", "all", "b-2026-05-27", f"s-{name}"}
    assert keys("/") == {"live", "all", f"s-{name}"}
    assert keys("/assets/site.css") == {"files", "live"}
    assert "i-sp500" in keys("/c/sp500@2026-05-27.png")


def test_an_answer_is_for_ever_only_from_a_reader_whose_snapshot_holds_its_moment(
    newest: Snapshot,
) -> None:
    """A reader that lags says of a later moment only what it has now."""
    last, second = newest.held_until, timedelta(seconds=1)
    told = {
        moment: caching.as_of(newest, ["sp500", "brent_spot_usd_bbl"], moment)
        for moment in (None, last, last + second, last - timedelta(days=400))
    }
    assert [one.lasts for one in told.values()] == [
        Lasts.LIVE, Lasts.FROZEN, Lasts.LIVE, Lasts.RECONSTRUCTED,
    ]  # fmt: skip
    for moment, one in told.items():
        assert ("frozen" in one.keys) is (moment == last)
        assert {"i-sp500", "i-brent_spot_usd_bbl", f"s-{newest.name}"} <= set(one.keys)


def test_keys_that_are_too_many_for_a_header_give_way_to_a_coarser_one() -> None:
    ids = [f"i-{'x' * 60}_{number}" for number in range(500)]
    found = surrogate_keys.bounded(["live", "s-1", *ids, "b-2026-05-27"])
    assert found == ("live", "s-1", "all")
    few = surrogate_keys.bounded(["live", "i-a", "i-a", "s-1"])
    assert few == ("live", "i-a", "s-1")


def test_a_file_is_named_by_its_content_and_only_the_one_that_is_here_is_for_ever(
    site: TestClient,
) -> None:
    """While the site is upgraded, a page of the new program may ask the old one for a file: what it
    gets must not be kept under the name of the new one."""
    page = site.get("/").text
    named = re.findall(r'"(/assets/[^"?]+\?m=[^"]*)"', page)
    assert len(named) > 5
    for address in named:
        assert re.fullmatch("/assets/[^?]+\\?m=[0-9a-f]{12}", address)
        assert site.get(address).headers["cache-control"] == Lasts.FROZEN
        other = f"{address[:-12]}0123456789ab"
        assert site.get(other).headers["cache-control"] == LIVE
    suites = re.findall(r'"(/_dash-component-suites/[^"]*\.v\d[^"]*)"', page)
    assert len(suites) > 3
    for address in suites:
        assert site.get(address).headers["cache-control"] == Lasts.FROZEN
        other = re.sub(r"\.v\d+_", ".v0_", address)
        assert site.get(other).headers["cache-control"] == LIVE
