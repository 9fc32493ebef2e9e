"""A parameter that a page does not know is said, not silently dropped."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from serving import Node, TestClient, still

PAGES = (
    "/", "/bulletins", "/bulletins/2026-05-27", "/bulletins/new", "/indicators",
    "/indicators/sp500", "/compare?ids=sp500,vix", "/export?ids=sp500,vix", "/policies",
    "/corrections", "/status", "/about", "/claims",
)  # fmt: skip


def with_more(address: str, more: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{more}"


def said(document: Node) -> str:
    return "".join(one.text for one in document.all("p", "unknown"))


@pytest.mark.parametrize("address", PAGES)
def test_a_page_names_what_it_does_not_know_and_what_it_takes(
    site: TestClient, address: str
) -> None:
    document = still(site.get(with_more(address, "colour=blue&verbose")))
    assert "本页没有这些参数，未予理会：colour, verbose。" in said(document)
    assert "asof" in said(document)
    english = still(site.get(with_more(address, "colour=blue&lang=en")))
    assert "ignores them: colour. It takes:" in said(english)
    assert said(still(site.get(address))) == ""


@pytest.mark.parametrize("address", PAGES)
def test_what_chats_and_campaigns_add_is_passed_over(site: TestClient, address: str) -> None:
    added = "utm_source=x&from=singlemessage&isappinstalled=0&nsukey=a&scene=1&clicktime=2&_=3"
    assert said(still(site.get(with_more(address, added)))) == ""


def test_a_parameter_of_another_page_is_named_too(site: TestClient) -> None:
    assert "：u, sort。" in said(still(site.get("/status?u=yoy&sort=date")))
    assert "：page。" in said(still(site.get("/?page=2")))


def test_no_link_of_a_page_leads_to_one_that_names_it(site: TestClient) -> None:
    places = {"", "bulletins", "indicators", "compare", "export", "policies", "corrections",
              "status", "about", "claims"}  # fmt: skip
    links = {
        link
        for address in PAGES
        for link in still(site.get(with_more(address, "asof=2026-05-27&lang=en"))).hrefs()
        if urlsplit(link).path.strip("/").partition("/")[0] in places and "." not in link
    }
    assert len(links) > 100
    for link in sorted(links)[::3]:
        answer = site.get(link)
        assert said(still(answer, answer.status_code)) == "", link


def test_names_are_escaped_and_few_and_nothing_of_them_is_kept(site: TestClient) -> None:
    hostile = "&".join(f"%3Cscript%3E{'x' * 500}{n}=1" for n in range(30))
    answer = site.get(f"/about?{hostile}")
    assert answer.status_code == 200
    assert "<script>x" not in answer.text
    assert said(still(answer)).count("script") == 5
    assert len(said(still(answer))) < 500
    for _ in range(2):
        assert said(still(site.get("/about"))) == ""
        assert "colour" in said(still(site.get("/about?colour=1")))
        assert "other" in said(still(site.get("/about?other=1")))


def test_a_chart_link_still_ignores_what_it_does_not_know(site: TestClient) -> None:
    assert site.get("/c/sp500?colour=blue").text == site.get("/c/sp500").text
