"""Addresses that took in the text around them lead home."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from serving import TestClient, client, run_apart

from dashboard.address import clean_path, clean_query, pasted
from dashboard.http.asgi import Message, Scope
from dashboard.http.clean_links import CleanLinks
from etl.settings import Settings

CLOSING = "，。；：！？、」』》】”’）)]>.,;:!?—…\u3000\u200b '\""
PATHS = (
    "/c/sp500", "/c/sp500@2026-05-27", "/c/sp500.csv", "/c/sp500@2026-05-27.kit.zip", "/s/a1b2",
    "/embed/c/sp500", "/c/sp500@2026-05-27/since", "/bulletins/2026-05-27", "/indicators/sp500",
    "/indicators", "/compare", "/api/v1/indicators", "/atom.xml", "/verify/" + "0" * 64,
)  # fmt: skip


@pytest.fixture(scope="session")
def site(published: Settings) -> TestClient:
    return client(published)


@pytest.mark.parametrize("path", PATHS)
def test_a_clean_address_is_left_alone(path: str) -> None:
    assert clean_path(path) is None
    assert clean_query("t=1y&u=ma:20&with=vix,nasdaq_composite") is None


@given(
    st.sampled_from(PATHS),
    st.text(CLOSING, min_size=1, max_size=5),
    st.sampled_from(("", "详见", "（2026 年）见下", "\ufffd", "。%E3%8")),
)
@example("/c/sp500", "。", "详见")
@example("/c/sp500", "\ufffd%8", "")
@example("/c/sp500", ").", "")
@example("/c/sp500", "/", "")
@example("/c/sp500", "/。", "详见")
def test_what_stands_before_the_punctuation_is_meant(path: str, sign: str, after: str) -> None:
    assert clean_path(path + sign + after) == path
    assert clean_path(path) is None


@given(st.text(max_size=60))
@example("/\\evil.example。")
@example("//evil.example/")
def test_a_clean_path_is_clean_and_on_this_site(path: str) -> None:
    found = clean_path(f"/{path}")
    if found is not None:
        assert clean_path(found) is None
        assert found.isascii()
        assert found.startswith("/")
        assert not found.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "path",
    ["/", "/c/标普", "/c/%", "/c/'", "/\x00", "/c/sp500@2026-05-27T09:00", "/indicators/标普500",
     "/c/。"],
)  # fmt: skip
def test_what_names_nothing_of_ours_is_left_as_it_is(path: str) -> None:
    assert clean_path(path) is None


@pytest.mark.parametrize(
    ("query", "clean"),
    [
        ("t=1y。", "t=1y"),
        ("t=1y%E3%80%82", "t=1y"),
        ("t=1y%E3%80", "t=1y"),
        ("t=1y%", "t=1y"),
        ("u=yoy&t=2025-01-01..。", "u=yoy&t=2025-01-01.."),
        ("t=2025-01-01..", None),
        ("t=..2025-01-01）见", "t=..2025-01-01"),
        ("with=vix,nasdaq_composite，详见", "with=vix,nasdaq_composite"),
        ("u=ma:20）&。", "u=ma:20"),
        ("。", ""),
        ("q=你好。", None),
        ("utm_source=x。", None),
        ("t=1y年", None),
        ("t=。", None),
        ("t=1y&lang=en).", "t=1y&lang=en"),
    ],
)
def test_a_value_ends_where_the_text_begins(query: str, clean: str | None) -> None:
    assert clean_query(query) == clean


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/c/sp500。", "/c/sp500"),
        ("/c/sp500@2026-05-27）", "/c/sp500@2026-05-27"),
        ("/c/sp500/", "/c/sp500"),
        ("/bulletins/2026-05-27。", "/bulletins/2026-05-27"),
        ("/indicators/sp500，", "/indicators/sp500"),
        ("/c/sp500.csv。", "/c/sp500.csv"),
        ("/c/sp500。详见", "/c/sp500"),
        ("/c/sp500。?t=3y&u=yoy", "/c/sp500?t=3y&u=yoy"),
        ("/c/sp500?t=3y。", "/c/sp500?t=3y"),
        ("/c/sp500?x=%E6%A0%87&t=3y）", "/c/sp500?x=%E6%A0%87&t=3y"),
        ("/c/sp500%E3%80", "/c/sp500"),
        ("/c/sp500%", "/c/sp500"),
        ("/about/", "/about"),
        ("/api/v1/indicators/", "/api/v1/indicators"),
    ],
)
def test_the_reader_is_led_home(site: TestClient, asked: str, meant: str) -> None:
    for form in (asked, quote(asked, safe="/?&=@%")):
        for ask in (site.get, site.head):
            answer = ask(form)
            assert (answer.status_code, answer.headers["location"]) == (301, meant)
    assert site.get(meant).status_code == 200


def test_nothing_but_reading_is_led_elsewhere(site: TestClient) -> None:
    assert site.post("/c/sp500。").status_code in (404, 405)
    assert site.get("/assets/site.css。").status_code == 404


def told(path: str, raw_query: bytes = b"", prefix: str = "") -> str | None:
    """Where an app behind the middleware is sent; None where it answers itself."""
    sent: list[Message] = []

    async def inner(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": path, "query_string": raw_query}
    run_apart(CleanLinks(inner, prefix)(scope, receive, send))
    headers = dict(sent[0]["headers"])
    return headers[b"location"].decode() if sent[0]["status"] == 301 else None


def test_raw_bytes_and_a_prefix_are_understood() -> None:
    assert told("/c/sp500", "t=1y。".encode()) == "/c/sp500?t=1y"
    assert told("/c/sp500", "t=1y。".encode("gbk")) == "/c/sp500?t=1y"
    assert told("/c/sp500", b"t=1y") is None
    assert told("/c/sp500。", prefix="/xinzhi") == "/xinzhi/c/sp500"
    assert told("//evil.example/") is None


@given(st.text(max_size=40), st.binary(max_size=40))
def test_no_address_leads_in_a_circle_or_away(path: str, query: bytes) -> None:
    target = told(f"/{path}", query)
    for _ in range(2):
        if target is None:
            return
        assert target.startswith("/")
        assert not target.startswith("//")
        place, _, search = target.partition("?")
        target = told(unquote(place), search.encode())
    assert target is None


def test_a_pasted_address_is_read_as_it_is_meant() -> None:
    assert pasted("https://x.example/c/sp500@2026-05-27。") == ("sp500@2026-05-27", {})
    assert pasted("/c/sp500?t=3y）") == ("sp500", {"t": "3y"})
