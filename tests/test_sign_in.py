"""Signing in: every way, what is forged, replayed or too old, and what readers notice of it."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey
from providers import (
    AGENT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    CORP_ID,
    CORP_SECRET,
    FakeWecom,
    OpenIdProvider,
    new_key,
    served,
)
from serving import PLAIN, TestClient

from benchmarks.servers import PostgresServer, free_port
from dashboard.__main__ import main
from dashboard.http.asgi import App, Receive, Scope, Send
from dashboard.people import DoorError, People, PeopleDoor, Role, csrf_token
from dashboard.people.cookies import local_path
from dashboard.server import Server, create_server, create_site
from dashboard.urls import fingerprint
from etl.dsn import parse_dsn
from etl.errors import SettingError, StorageError
from etl.log import LineFormatter
from etl.row_store import PEOPLE
from etl.settings import Settings, load_settings
from etl.sign_in import BY_LINK, sign_in_settings

HOME = "https://desk.example"
COOKIE, TRY = "__Host-xinzhi", "__Host-xinzhi-try"
ROLES = {"board": "member", "editors": "editor", "department:2": "member", "tag:3": "editor",
         "ops": "operator"}  # fmt: skip
EVERY_WAY = {
    "SIGN_IN": "link,proxy,oidc,wecom",
    "ROLES": ",".join(f"{group}={role}" for group, role in ROLES.items()),
    "OIDC_CLIENT_ID": CLIENT_ID,
    "OIDC_CLIENT_SECRET": CLIENT_SECRET,
    "WECOM_CORP_ID": CORP_ID,
    "WECOM_AGENT_ID": AGENT_ID,
    "WECOM_SECRET": CORP_SECRET,
    "TRUSTED_PROXY": "10.1.0.0/16, 192.0.2.7",
}


class Clock:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class House:
    """A site with people of its own; the server behind it is shared by all tests."""

    settings: Settings
    server: Server
    clock: Clock

    def __post_init__(self) -> None:
        self.people = People.of(self.settings, self.clock)

    def door(self, members: App | None = None) -> PeopleDoor:
        return PeopleDoor(self.server, members or as_members(self.server), self.people)

    def browser(self, address: str = "198.51.100.1", base: str = HOME) -> TestClient:
        return TestClient(
            self.door(), base_url=base, follow_redirects=False, raise_server_exceptions=False,
            client=(address, 50_000), headers=PLAIN,
        )  # fmt: skip


def as_members(server: App) -> App:
    """The site of the members: the same, and it says so."""

    async def members(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-site", b"members")]}
            await send(message)

        await server(scope, receive, told)

    return members


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    found = OpenIdProvider()
    with served(found):
        yield found


@pytest.fixture(scope="module")
def wecom() -> Iterator[FakeWecom]:
    found = FakeWecom()
    with served(found):
        yield found


@pytest.fixture(scope="module")
def configured(published: Settings, provider: OpenIdProvider, wecom: FakeWecom) -> Settings:
    given = {**EVERY_WAY, "OIDC_ISSUER": provider.address, "WECOM_API": wecom.address,
             "WECOM_PAGES": wecom.address}  # fmt: skip
    return replace(published, base_url=HOME, sign_in=sign_in_settings(given.get, HOME))


@pytest.fixture(scope="module")
def server(configured: Settings) -> Server:
    """One site for all tests of this module: who asks is not its affair."""
    return create_server(configured)


@pytest.fixture
def house(
    configured: Settings, server: Server, provider: OpenIdProvider, wecom: FakeWecom, tmp_path: Path
) -> House:
    named = {"claims": {"sub": "248289761001", "name": "李雷", "groups": ["editors"]},
             "instead": {}, "userinfo": {}, "signs_with": None, "algorithm": "ES256",
             "called": "", "offers": ["ES256", "RS256"], "besides": [],
             "shows_own": True}  # fmt: skip
    for name, value in named.items():
        setattr(provider, name, value)
    provider.asked.clear()
    wecom.people = {"lilei": {"userid": "lilei", "name": "李雷", "department": [7]}}
    wecom.tags = {3: {"userlist": [], "partylist": []}}
    wecom.asked.clear()
    return House(replace(configured, data=tmp_path), server, Clock())


def path_of(address: str) -> str:
    """What a browser asks the site of a whole address or a path."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def signed_in(house: House, browser: TestClient, leads_to: str = "/") -> httpx.Response:
    """A browser that has opened a one-time link."""
    answer = browser.get(path_of(house.people.one_time_link(leads_to)))
    assert answer.status_code == 303, answer.text
    return answer


def word_of(browser: TestClient) -> str:
    """The word against forged changes, as a page of the site holds it."""
    found = re.search('name="csrf" value="([0-9a-f]{64})"', browser.get("/me").text)
    assert found is not None
    return found[1]


def is_member(answer: httpx.Response) -> bool:
    return "x-site" in answer.headers


def begun(browser: TestClient, way: str, leads_to: str = "/bulletins") -> str:
    """Where a sign-in leads."""
    answer = browser.get(f"/sign-in/{way}", params={"next": leads_to})
    assert answer.status_code == 303, answer.text
    assert TRY in browser.cookies
    return answer.headers["location"]


def came_back(
    browser: TestClient, provider: OpenIdProvider, leads_to: str = "/bulletins"
) -> httpx.Response:
    """A browser that has been at the provider and is back."""
    back = provider.signed_in(begun(browser, "oidc", leads_to))
    return browser.get("/sign-in/oidc/back", params=back)


# Readers


def test_a_reader_is_told_the_same_and_gets_no_cookie_where_people_can_sign_in(
    house: House, site: TestClient
) -> None:
    house.server.snapshots.refresh()
    browser = house.browser()
    for path in ("/about", "/c/sp500", "/c/sp500.csv", "/api/v1/status", "/nothing"):
        with_door, without = browser.get(path), site.get(path, headers=PLAIN)
        assert with_door.status_code == without.status_code
        assert "set-cookie" not in with_door.headers
        assert "Cookie, Authorization" in with_door.headers["vary"]
        assert "Cookie" not in without.headers.get("vary", "")
        assert with_door.headers["cache-control"] == without.headers["cache-control"]
        assert not is_member(with_door)
    assert not PEOPLE.path(house.settings).exists()  # nobody was looked for


def test_where_nobody_can_sign_in_there_is_nothing_of_it(
    published: Settings, site: TestClient
) -> None:
    assert isinstance(create_site(published), Server)
    for path in ("/sign-in", "/sign-in/link?key=x", "/sign-in/oidc", "/sign-out", "/me"):
        assert site.get(path).status_code == 404
    sent = site.get("/c/sp500.csv", headers={"Cookie": f"{COOKIE}=x", "Authorization": "Bearer x"})
    assert sent.status_code == 200
    assert "set-cookie" not in sent.headers


def test_the_page_of_the_ways_in_has_one_for_each_and_no_script(house: House) -> None:
    for lang, words in (("zh", "用企业微信登录"), ("en", "Sign in with WeCom")):
        answer = house.browser().get("/sign-in", params={"next": "/status", "lang": lang})
        assert answer.status_code == 200
        assert words in answer.text
        assert 'href="/sign-in/oidc?next=%2Fstatus"' in answer.text
        assert "python -m dashboard people link" in answer.text
        assert "<script" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in answer.headers["content-security-policy"]


# Links


def test_a_link_lets_in_once_and_whoever_only_looks_does_not_use_it_up(house: House) -> None:
    browser, link = house.browser(), path_of(house.people.one_time_link("/status"))
    assert browser.head(link).status_code == 204
    assert browser.get(link, headers={"Sec-Purpose": "prefetch"}).status_code == 204
    answer = browser.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    given = next(v for v in answer.headers.get_list("set-cookie") if v.startswith(f"{COOKIE}="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(given.split("; "))
    assert "Domain" not in given
    assert is_member(browser.get("/healthz"))
    again = house.browser().get(link)
    assert again.status_code == 400
    assert "已经用过" in again.text
    assert COOKIE not in again.headers.get("set-cookie", "").replace(TRY, "")


def test_a_link_ends_after_a_quarter_of_an_hour_and_a_forged_one_never_was_one(
    house: House,
) -> None:
    link = path_of(house.people.one_time_link())
    house.clock.passes(15 * 60 + 1)
    for path in (link, "/sign-in/link", f"/sign-in/link?key={'A' * 43}", "/sign-in/link?key=%00é"):
        assert house.browser().get(path).status_code == 400


def test_a_site_on_this_machine_has_a_cookie_that_browsers_take_without_https(
    house: House,
) -> None:
    here = replace(house.settings, base_url="http://127.0.0.1:8123", sign_in=BY_LINK)
    people = People.of(here, house.clock)
    door = PeopleDoor(house.server, as_members(house.server), people)
    browser = TestClient(door, base_url="http://127.0.0.1:8123", follow_redirects=False)
    given = browser.get(path_of(people.one_time_link())).headers["set-cookie"]
    assert given.startswith("xinzhi-8123=")
    assert "Secure" not in given
    assert "HttpOnly" in given
    assert is_member(browser.get("/healthz"))


def test_the_files_of_the_program_are_kept_by_the_browsers_of_members_too(house: House) -> None:
    browser = house.browser()
    browser.get(path_of(house.people.one_time_link()))
    answer = browser.get(f"/assets/site.css?m={fingerprint('site.css')}")
    assert "immutable" in answer.headers["cache-control"]
    assert not is_member(answer)
    assert is_member(browser.get("/healthz"))


# Sessions


def test_of_two_cookies_of_one_name_neither_is_believed(house: House) -> None:
    browser, other = house.browser(), house.browser()
    signed_in(house, browser)
    signed_in(house, other)
    mine, theirs = browser.cookies[COOKIE], other.cookies[COOKIE]
    for pair in ((mine, theirs), (theirs, mine), (mine, "x")):
        sent = {"Cookie": "; ".join(f"{COOKIE}={one}" for one in pair)}
        assert not is_member(house.browser().get("/healthz", headers=sent))
    sent = {"Cookie": f"{COOKIE}={mine}; a=1; {COOKIE}={mine}"}
    assert is_member(house.browser().get("/healthz", headers=sent))


@pytest.mark.parametrize("cookie", ["x", "A" * 43, "", "é", "A" * 5000, "A" * 42 + "'"])
def test_a_forged_cookie_makes_a_reader_and_is_taken_away(house: House, cookie: str) -> None:
    sent = {"Cookie": f"{COOKIE}={cookie}".encode()}
    answer = house.browser().get("/c/sp500.csv", headers=sent)
    assert answer.status_code == 200
    assert not is_member(answer)
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=; ")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_session_ends_after_two_idle_hours_and_after_twelve_in_any_case(house: House) -> None:
    idle, busy = house.browser(), house.browser()
    signed_in(house, idle)
    signed_in(house, busy)
    for _ in range(11):
        house.clock.passes(3600)
        assert is_member(busy.get("/healthz"))
    answer = idle.get("/healthz")
    assert not is_member(answer)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    house.clock.passes(3600)
    assert house.people.sessions() == []
    signed_in(house, busy)  # with the cookie that has ended still there
    assert is_member(busy.get("/healthz"))


def test_signing_in_gives_another_cookie_and_ends_the_session_before(house: House) -> None:
    browser = house.browser()
    signed_in(house, browser)
    before = browser.cookies[COOKIE]
    signed_in(house, browser)
    assert browser.cookies[COOKIE] != before
    stolen = house.browser().get("/healthz", headers={"Cookie": f"{COOKIE}={before}"})
    assert not is_member(stolen)
    assert len(house.people.sessions()) == 1


def test_nothing_that_lets_anyone_in_is_kept_as_it_is(house: House) -> None:
    browser = house.browser()
    link = house.people.one_time_link()
    unused = house.people.one_time_link()
    browser.get(path_of(link))
    begun(browser, "oidc")
    token, _ = house.people.make_token("report", ["read"], 1)
    with closing(sqlite3.connect(PEOPLE.path(house.settings))) as held:
        text = "\n".join(held.iterdump())
    secrets = [browser.cookies[COOKIE], browser.cookies[TRY], token.removeprefix("xinzhi-token-"),
               unused.partition("key=")[2]]  # fmt: skip
    assert [one for one in secrets if one in text] == []
    assert PEOPLE.path(house.settings).stat().st_mode & 0o077 == 0


def test_signing_out_ends_this_session_or_one_of_ones_own_or_all(
    house: House, provider: OpenIdProvider
) -> None:
    first, second, third, other = (house.browser() for _ in range(4))
    for one in (first, second, third):
        signed_in(house, one)
    came_back(other, provider)
    (of_other,) = house.people.sessions("oidc:248289761001")
    sent = {"csrf": word_of(first)}
    first.post("/sign-out", data={**sent, "which": of_other.number})  # not one's own
    assert is_member(other.get("/healthz"))
    answer = second.post("/sign-out", data={"csrf": word_of(second)})
    assert answer.headers["location"] == "/"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert len(house.people.sessions("link:operator")) == 2
    answer = first.post("/sign-out", data={**sent, "which": "everywhere"})
    assert answer.status_code == 303
    assert not is_member(third.get("/healthz"))
    assert first.get("/me").headers["location"] == "/sign-in?next=%2Fme"
    assert is_member(other.get("/healthz"))


# Changes


def test_a_change_needs_the_word_of_our_pages_and_a_page_of_ours(house: House) -> None:
    mine, other = house.browser(), house.browser()
    signed_in(house, mine)
    signed_in(house, other)
    word = word_of(mine)
    assert mine.post("/sign-out", data={}).status_code == 403
    assert mine.post("/sign-out", data={"csrf": word_of(other)}).status_code == 403
    assert mine.post("/sign-out", data={"csrf": "é"}).status_code == 403
    for told in (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HOME},
    ):  # fmt: skip
        assert mine.post("/sign-out", data={"csrf": word}, headers=told).status_code == 403
    assert is_member(mine.get("/healthz"))
    for told in ({"Origin": HOME}, {"Sec-Fetch-Site": "same-origin"}, {"X-CSRF-Token": word}):
        sent = {"csrf": word, "which": "ffffffff"}
        assert mine.post("/sign-out", data=sent, headers=told).status_code == 303


def test_nobody_has_a_word_who_has_not_signed_in() -> None:
    assert csrf_token({"type": "http"}) == ""


# Where a sign-in leads


@pytest.mark.parametrize(
    "where",
    ["//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
     "https://evil.example", "https:evil.example", "javascript:alert(1)", "/%2Fevil.example",
     "/%2f%2fevil.example", "/%5Cevil.example", "/%255Cevil.example", "/%25252fevil.example",
     "/\tevil", "/\r\nLocation: //evil", "/%0d%0aSet-Cookie:x", "/a/../..//evil.example", "",
     "evil.example", " /", "/ /x", "/" + "a" * 3000, "/\x00", "/\u2028x", "/.//evil.example",
     "/%09/evil.example", "/a#//evil.example", "@evil.example", "/\\\\evil.example"],
)  # fmt: skip
def test_no_sign_in_leads_to_another_site(house: House, where: str) -> None:
    with pytest.raises(DoorError):
        local_path(where)
    if where:
        for path in ("/sign-in", "/sign-in/oidc"):
            answer = house.browser().get(path, params={"next": where})
            assert answer.status_code == 400
            assert "location" not in answer.headers


@pytest.mark.parametrize(
    "where", ["/", "/bulletins/2026-05-27?asof=2026-05-27", "/c/sp500?title=%E4%B8%AD&t=1y",
              "/compare?ids=sp500,vix", "/desk?back=https://elsewhere.example//x"],
)  # fmt: skip
def test_a_sign_in_leads_back_to_any_page_of_the_site(house: House, where: str) -> None:
    assert signed_in(house, house.browser(), where).headers["location"] == where


def test_a_sign_in_leads_to_a_path_in_any_writing_and_below_the_path_of_the_site(
    house: House,
) -> None:
    browser = house.browser()
    signed_in(house, browser)
    answer = browser.get("/sign-in", params={"next": "/指标?q=原油"})
    assert answer.headers["location"] == "/%E6%8C%87%E6%A0%87?q=%E5%8E%9F%E6%B2%B9"
    below = People.of(replace(house.settings, base_url=f"{HOME}/zb"), house.clock)
    for where in ("/status", "/zb/status"):
        link = below.one_time_link(where)
        assert link.startswith(f"{HOME}/zb/sign-in/link?key=")
        assert below.take_link(link.partition("key=")[2], "")[2] == "/status"
    for where in ("/zb//evil.example", "/zb/%2f/evil.example"):
        with pytest.raises(DoorError):
            below.one_time_link(where)


# OpenID Connect


def test_somebody_signs_in_at_an_openid_provider_and_has_the_role_of_a_group(
    house: House, provider: OpenIdProvider
) -> None:
    browser = house.browser()
    answer = came_back(browser, provider, "/status")
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    assert TRY not in browser.cookies
    assert is_member(browser.get("/healthz"))
    assert "李雷" in browser.get("/me").text
    (one,) = house.people.everyone()
    assert (one.name, one.role, one.way) == ("oidc:248289761001", Role.EDITOR, "oidc")


def test_a_callback_counts_once_and_in_the_browser_that_began(
    house: House, provider: OpenIdProvider
) -> None:
    mine, other = house.browser(), house.browser()
    back = provider.signed_in(begun(mine, "oidc"))
    assert other.get("/sign-in/oidc/back", params=back).status_code == 400  # not begun there
    begun(other, "oidc")
    assert other.get("/sign-in/oidc/back", params=back).status_code == 400  # another one's
    assert mine.get("/sign-in/wecom/back", params=back).status_code == 400  # another way's
    mine = house.browser()
    back = provider.signed_in(begun(mine, "oidc"))
    kept = mine.cookies[TRY]
    assert mine.get("/sign-in/oidc/back", params=back).status_code == 303
    again = mine.get("/sign-in/oidc/back", params=back, headers={"Cookie": f"{TRY}={kept}"})
    assert again.status_code == 400
    assert "已经用过" in again.text
    late = house.browser()
    back = provider.signed_in(begun(late, "oidc"))
    house.clock.passes(601)
    assert late.get("/sign-in/oidc/back", params=back).status_code == 400
    for forged in ({}, {"state": "x"}, {"state": "A" * 43, "code": "x"}, {"code": "x"}):
        assert late.get("/sign-in/oidc/back", params=forged).status_code == 400
    assert len(house.people.sessions()) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1},
     {"exp": "soon"}, {"aud": [CLIENT_ID, "another"]}, {"sub": ""}, {"sub": "a\nb"},
     {"nbf": 9_999_999_999}, {"iat": 9_999_999_999}, {"nonce": None}, {"sub": None},
     {"azp": "another"}, {"exp": None}],
)  # fmt: skip
def test_an_id_token_that_is_not_of_this_attempt_lets_nobody_in(
    house: House, provider: OpenIdProvider, wrong: dict[str, object]
) -> None:
    provider.instead = wrong
    answer = came_back(house.browser(), provider)
    assert answer.status_code == 400
    assert "没有认可" in answer.text
    assert house.people.sessions() == []


def test_an_id_token_that_somebody_else_signed_lets_nobody_in(
    house: House, provider: OpenIdProvider
) -> None:
    provider.signs_with = new_key("one")
    assert came_back(house.browser(), provider).status_code == 400
    provider.signs_with = OctKey.import_key(CLIENT_SECRET, {"kid": "one"})
    provider.algorithm = "HS256"
    assert came_back(house.browser(), provider).status_code == 400
    assert house.people.sessions() == []


def test_nobody_comes_in_by_a_token_without_a_signature_or_with_one_that_anyone_could_make(
    house: House, provider: OpenIdProvider
) -> None:
    provider.algorithm = "none"
    assert came_back(house.browser(), provider).status_code == 400
    # A provider that shows its secret and offers nothing else.
    secret = OctKey.import_key("a secret that everybody sees, of 32 bytes", {"kid": "one"})
    provider.signs_with, provider.algorithm, provider.offers = secret, "HS256", ["HS256"]
    provider.besides = [secret.as_dict(private=True)]
    fresh = House(house.settings, house.server, house.clock)  # asks anew what is offered
    assert came_back(fresh.browser(), provider).status_code == 400
    assert house.people.sessions() == []


def test_keys_of_a_kind_that_nobody_knows_are_left_aside(
    house: House, provider: OpenIdProvider
) -> None:
    provider.besides = [{"kid": "q"}, "x", {"kty": "OKP", "crv": "X25519", "x": "AAAA"}]
    assert came_back(house.browser(), provider).status_code == 303
    provider.besides, provider.key = ["x"], provider.key
    provider.shows_own = False
    fresh = House(house.settings, house.server, house.clock)
    assert came_back(fresh.browser(), provider).status_code == 503


def test_a_provider_may_change_its_key_and_its_clock_may_differ_a_little(
    configured: Settings, server: Server, tmp_path: Path
) -> None:
    provider = OpenIdProvider(claims={"sub": "1", "groups": "board"})
    with served(provider) as address:
        oidc = configured.sign_in.oidc
        assert oidc is not None
        sign_in = replace(configured.sign_in, oidc=replace(oidc, issuer=address))
        house = House(replace(configured, data=tmp_path, sign_in=sign_in), server, Clock())
        assert came_back(house.browser(), provider).status_code == 303
        provider.instead = {"exp": int(time.time()) - 60}
        assert came_back(house.browser(), provider).status_code == 303
        assert [one.role for one in house.people.everyone()] == [Role.MEMBER]


def test_groups_are_read_from_the_userinfo_or_from_within_a_claim(
    house: House, provider: OpenIdProvider
) -> None:
    provider.claims = {"sub": "7"}
    provider.userinfo = {"groups": ["board", "editors", 3], "name": "韩梅梅"}
    assert came_back(house.browser(), provider).status_code == 303
    (one,) = house.people.everyone()
    assert (one.shown, one.role) == ("韩梅梅", Role.EDITOR)
    provider.userinfo = {"sub": "8", "groups": ["ops"]}
    assert came_back(house.browser(), provider).status_code == 400


@pytest.mark.parametrize("groups", [{"editors": True}, 7, None, "board editors", [["editors"]], ""])
def test_groups_that_are_no_names_give_no_role(
    house: House, provider: OpenIdProvider, groups: object
) -> None:
    provider.claims = {"sub": "7", "groups": groups}
    assert came_back(house.browser(), provider).status_code == 403


def test_of_ten_thousand_groups_the_one_with_a_role_is_found(
    house: House, provider: OpenIdProvider
) -> None:
    provider.claims = {"sub": "7", "groups": [*(f"g{n}" for n in range(10_000)), "editors"]}
    assert came_back(house.browser(), provider).status_code == 303
    assert house.people.everyone()[0].role is Role.EDITOR


def test_somebody_without_a_role_is_told_so_and_stays_outside(
    house: House, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.claims = {"sub": "7", "name": "<b>韩", "groups": ["visitors"]}
    answer = came_back(house.browser(), provider)
    assert answer.status_code == 403
    assert "还没有给你分配身份" in answer.text
    assert "oidc:7 has no role; the groups told are: visitors" in caplog.text
    assert house.people.sessions() == []
    provider.claims |= {"groups": ["board"]}
    browser = house.browser()
    came_back(browser, provider)
    assert "&lt;b&gt;韩" in browser.get("/me").text


def test_a_provider_that_refuses_or_answers_nonsense_is_told_of_in_words(
    house: House, provider: OpenIdProvider, caplog: pytest.LogCaptureFixture
) -> None:
    browser = house.browser()
    back = provider.signed_in(begun(browser, "oidc"))
    told = {"state": back["state"], "error": "access_denied"}
    answer = browser.get("/sign-in/oidc/back", params=told)
    assert answer.status_code == 400
    assert "没有认可" in answer.text
    assert "access_denied" in caplog.text
    browser = house.browser()
    back = provider.signed_in(begun(browser, "oidc"))
    answer = browser.get("/sign-in/oidc/back", params={**back, "code": "another"})
    assert answer.status_code == 400
    assert "invalid_grant" in caplog.text
    assert "invalid_grant" not in answer.text
    provider.claims = {}  # no sub
    assert came_back(house.browser(), provider).status_code == 400


def test_a_provider_that_is_away_or_asked_by_a_wrong_way_is_503_and_tells_no_secret(
    house: House, provider: OpenIdProvider, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    proxied = replace(house.settings, proxy=f"http://me:pr0xy-pass@127.0.0.1:{free_port()}")
    answer = House(proxied, server, house.clock).browser().get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "连不上" in answer.text
    assert answer.headers["retry-after"]
    assert "pr0xy-pass" not in answer.text
    assert provider.asked == []
    provider.called = "https://another.example"
    answer = house.browser().get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "连不上" in answer.text
    assert "XINZHI_OIDC_ISSUER" in caplog.text
    assert "pr0xy-pass" not in caplog.text


# 企业微信


def test_somebody_of_a_department_below_signs_in_by_the_code_of_wecom(
    house: House, wecom: FakeWecom
) -> None:
    browser = house.browser()
    address = begun(browser, "wecom", "/status")
    assert urlsplit(address).path == "/wwlogin/sso/login"
    answer = browser.get("/sign-in/wecom/back", params=wecom.signed_in(address, "lilei"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    (one,) = house.people.everyone()
    assert (one.name, one.shown, one.role) == ("wecom:lilei", "李雷", Role.MEMBER)


def test_within_its_app_wecom_shows_no_page_and_a_tag_may_hold_a_department(
    house: House, wecom: FakeWecom
) -> None:
    wecom.tags = {3: {"userlist": [], "partylist": [2]}}
    agent = {"User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit wxwork/4.1.20 MicroMessenger/7.0.1"}
    browser = house.browser()
    first = browser.get("/sign-in", params={"next": "/status"}, headers=agent)
    assert first.headers["location"] == "/sign-in/wecom?next=%2Fstatus"
    address = browser.get(first.headers["location"], headers=agent).headers["location"]
    assert urlsplit(address).path == "/connect/oauth2/authorize"
    assert address.endswith("#wechat_redirect")
    assert "scope=snsapi_base" in address
    back = wecom.signed_in(address, "lilei")
    assert browser.get("/sign-in/wecom/back", params=back, headers=agent).status_code == 303
    assert house.people.everyone()[0].role is Role.EDITOR
    assert "企业微信 · iPhone" in browser.get("/me").text


def test_who_is_no_member_of_the_enterprise_or_of_no_group_stays_outside(
    house: House, wecom: FakeWecom
) -> None:
    wecom.people["hanmeimei"] = {"userid": "hanmeimei", "department": [9]}
    wecom.people["left"] = {"userid": "left", "department": [7], "status": 5}
    wecom.people["locked"] = {"userid": "locked", "department": [7], "status": 2}
    wecom.people["unseen"] = {"errcode": 60011, "errmsg": "no privilege to access"}
    wecom.people["deleted"] = {"errcode": 60111, "errmsg": "userid not found"}
    outside = ("a-stranger", "hanmeimei", "left", "locked", "unseen", "deleted")
    for person, status in dict.fromkeys(outside, 403).items():
        browser = house.browser()
        back = wecom.signed_in(begun(browser, "wecom"), person)
        assert browser.get("/sign-in/wecom/back", params=back).status_code == status
    browser = house.browser()
    back = wecom.signed_in(begun(browser, "wecom"), "lilei")
    used = browser.get("/sign-in/wecom/back", params={**back, "code": "never"})
    assert used.status_code == 400
    assert house.people.sessions() == []


def test_the_key_of_wecom_is_asked_for_seldom_and_again_when_it_has_ended(
    house: House, wecom: FakeWecom
) -> None:
    for _ in range(2):
        browser = house.browser()
        back = wecom.signed_in(begun(browser, "wecom"), "lilei")
        assert browser.get("/sign-in/wecom/back", params=back).status_code == 303
    assert wecom.asked.count("gettoken") == 1
    wecom.ended = True
    browser = house.browser()
    back = wecom.signed_in(begun(browser, "wecom"), "lilei")
    assert browser.get("/sign-in/wecom/back", params=back).status_code == 303
    assert wecom.asked.count("gettoken") == 2


def test_a_wrong_secret_of_wecom_is_503_and_stands_in_no_sentence(
    house: House, wecom: FakeWecom, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    mine = house.settings.sign_in.wecom
    assert mine is not None
    wrong = replace(house.settings.sign_in, wecom=replace(mine, secret="wr0ng-s3cret"))
    house = House(replace(house.settings, sign_in=wrong), server, house.clock)
    browser = house.browser()
    back = wecom.signed_in(begun(browser, "wecom"), "lilei")
    answer = browser.get("/sign-in/wecom/back", params=back)
    assert answer.status_code == 503
    assert "40001: invalid credential, from ip: 10.0.0.7" in caplog.text  # to be let in there
    assert "10.0.0.7" not in answer.text
    assert "wr0ng-s3cret" not in answer.text + caplog.text


# The header of a proxy


def test_a_header_counts_from_the_trusted_proxy_alone_and_at_each_request_anew(
    house: House,
) -> None:
    told = {"X-Forwarded-User": "u1", "X-Forwarded-Preferred-Username": "李雷".encode(),
            "X-Forwarded-Groups": "visitors, editors"}  # fmt: skip
    for address in ("198.51.100.1", "10.2.0.1", "192.0.2.8", "::1"):
        assert not is_member(house.browser(address).get("/healthz", headers=told))
    for address in ("10.1.0.1", "10.1.255.254", "192.0.2.7", "::ffff:10.1.0.1"):
        answer = house.browser(address).get("/healthz", headers=told)
        assert is_member(answer)
        assert "set-cookie" not in answer.headers
    proxied = house.browser("10.1.0.1")
    assert "李雷" in proxied.get("/me", headers=told).text
    assert not is_member(proxied.get("/healthz", headers={**told, "X-Forwarded-Groups": "x"}))
    assert not is_member(proxied.get("/healthz", headers={"X-Forwarded-Groups": "editors"}))
    assert house.people.everyone()[0].role is Role.READER
    word = re.search('"csrf" value="(.*?)"', proxied.get("/sign-out", headers=told).text)
    assert word is None  # the proxy signs out, not the site


def test_what_a_proxy_cannot_have_said_lets_nobody_in(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    twice = [("X-Forwarded-User", "boss"), ("X-Forwarded-User", "u1")]
    groups = [("X-Forwarded-User", "u1"), ("X-Forwarded-Groups", "ops"),
              ("X-Forwarded-Groups", "board")]  # fmt: skip
    long = [("X-Forwarded-User", "u" * 300), ("X-Forwarded-Groups", "ops")]
    for headers in (twice, groups, long):
        answer = house.browser("10.1.0.1").get("/c/sp500.csv", headers=headers)
        assert answer.status_code == 400
        assert not is_member(answer)
        assert house.browser("10.9.0.1").get("/c/sp500.csv", headers=headers).status_code == 200
    odd = {"client": ("10.1.0.1", 1), "headers": [(b"x-forwarded-user", b"m\xfcl")]}
    with pytest.raises(DoorError, match="no UTF-8"):  # or two people would be one
        house.people.who_asks(odd)
    assert "x-forwarded-user stands 2 times" in caplog.text
    assert "统一登录传来的身份信息不对" in house.browser("10.1.0.1").get("/me", headers=twice).text
    blank = {"X-Forwarded-User": "  ", "X-Forwarded-Groups": "ops"}
    assert not is_member(house.browser("10.1.0.1").get("/healthz", headers=blank))
    named = {"X-Forwarded-User": " %E6%9D%8E,o=办 ".encode(), "X-Forwarded-Groups": "a b , editors"}
    assert is_member(house.browser("10.1.0.1").get("/healthz", headers=named))
    assert house.people.everyone()[0].name == "proxy:%E6%9D%8E,o=办"


def test_a_proxy_may_be_named_by_an_address_of_either_kind() -> None:
    given = {**EVERY_WAY, "SIGN_IN": "proxy", "TRUSTED_PROXY": "::ffff:10.0.0.5, fd00::/64"}
    proxy = sign_in_settings(given.get, HOME).proxy
    assert proxy is not None
    for address in ("10.0.0.5", "::ffff:10.0.0.5", "fd00::7", "fd00::7%eth0"):
        assert proxy.trusts(address), address
    for address in ("10.0.0.6", "fd01::7", "", "unix", "10.0.0.5, 1.2.3.4"):
        assert not proxy.trusts(address), address


# Tokens


def test_a_token_lets_a_program_in_until_it_ends_or_is_revoked(house: House) -> None:
    def asks(token: str) -> bool:
        sent = {"Authorization": f"Bearer {token}"}
        answer = house.browser().get("/c/sp500.csv", headers=sent)
        if token.startswith("xinzhi-token-") and not is_member(answer):
            assert answer.status_code == 401  # not what is public in the place of what was asked
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["cache-control"] == "private, no-store"
            assert house.browser().get("/me", headers=sent).status_code == 401
        return is_member(answer)

    token, made = house.people.make_token("weekly report", ["read"], 30)
    other, revoked = house.people.make_token("old", ["read", "edit"], 30)
    assert asks(token)
    assert asks(other)
    assert not asks(token[:-1])
    assert not asks(token + "x")
    assert not asks("")
    assert not asks(made.number)
    assert house.people.revoke_token(revoked.number)
    assert not house.people.revoke_token(revoked.number)
    assert not asks(other)
    (known,) = house.people.tokens()
    assert (known.label, known.scopes) == ("weekly report", ("read",))
    assert known.used_at is not None
    house.clock.passes(30 * 86_400)
    assert not asks(token)
    browser = house.browser()
    signed_in(house, browser)
    elsewhere = {"Authorization": f"Basic {token}", "X-Api-Key": token}
    public = house.browser().get(f"/c/sp500.csv?access_token={token}", headers=elsewhere)
    assert (public.status_code, is_member(public)) == (200, False)
    for foreign in ("Basic eDp4", "Bearer of-the-proxy"):  # which takes nothing from a session
        assert is_member(browser.get("/healthz", headers={"Authorization": foreign}))


def test_a_token_never_may_more_than_who_made_it(house: House, provider: OpenIdProvider) -> None:
    came_back(house.browser(), provider)
    name = "oidc:248289761001"
    token, _ = house.people.make_token("mine", ["operate"], 1, name)
    scope = {"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]}

    def role(people: People = house.people) -> Role:
        person = people.who_asks(scope).person
        assert person is not None
        return person.role

    assert role() is Role.EDITOR
    house.people.hold_down(name, Role.MEMBER)
    assert role() is Role.MEMBER
    closed = People.of(replace(house.settings, sign_in=BY_LINK), house.clock)
    with pytest.raises(DoorError):  # nobody comes in that way any more
        role(closed)
    house.people.hold_down(name, Role.READER)
    with pytest.raises(DoorError):
        role()
    for label, scopes, days in (("x", ["all"], 1), ("x", [], 1), ("", ["read"], 1),
                                ("x", ["read"], 0), ("x", ["read"], 9999)):  # fmt: skip
        with pytest.raises(SettingError):
            house.people.make_token(label, scopes, days)


def test_a_role_that_is_taken_away_is_gone_at_once(house: House, provider: OpenIdProvider) -> None:
    browser = house.browser()
    came_back(browser, provider)
    assert is_member(browser.get("/healthz"))
    assert house.people.hold_down("oidc:248289761001", Role.READER)
    assert not is_member(browser.get("/healthz"))
    house.people.hold_down("oidc:248289761001", None)
    assert not is_member(browser.get("/healthz"))  # another role needs another session
    came_back(browser, provider)
    assert is_member(browser.get("/healthz"))
    provider.claims = {"sub": "248289761001", "groups": ["board"]}
    other = house.browser()
    came_back(other, provider)
    assert is_member(other.get("/healthz"))
    assert not is_member(browser.get("/healthz"))
    provider.claims = {"sub": "248289761001", "groups": ["editors"]}
    browser = other
    came_back(browser, provider)
    # A way that is not configured any more lets nobody in who came by it.
    closed = replace(house.settings, sign_in=BY_LINK)
    house.people = People.of(closed, house.clock)
    cookie = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    assert not is_member(house.browser().get("/healthz", headers=cookie))


# Bounds, and what is away


def test_too_many_failures_from_one_address_have_to_wait_and_others_do_not(house: House) -> None:
    forged, link = f"/sign-in/link?key={'A' * 43}", path_of(house.people.one_time_link())
    mine, other = house.browser("203.0.113.5"), house.browser("203.0.113.6")
    for _ in range(20):
        assert mine.get(forged).status_code == 400
    answer = mine.get(link)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert other.get(link).status_code == 303
    house.clock.passes(61)
    assert mine.get(forged).status_code == 400


def test_tries_are_counted_by_household_also_behind_a_proxy_and_outlive_the_process(
    house: House, server: Server
) -> None:
    forged = f"/sign-in/link?key={'A' * 43}"
    front = {"X-Forwarded-For": "198.51.100.9, 2001:db8:1:2::7"}
    for n in range(20):
        browser = house.browser("127.0.0.1" if n % 2 else f"2001:db8:1:2::{n}")
        assert browser.get(forged, headers=front).status_code == 400
    house = House(house.settings, server, house.clock)  # started anew
    assert house.browser("2001:db8:1:2:ffff::1").get(forged).status_code == 429
    assert house.browser("127.0.0.1").get(forged, headers=front).status_code == 429
    assert house.browser("2001:db8:1:3::1").get(forged).status_code == 400
    forged_for = {"X-Forwarded-For": "203.0.113.5"}
    for _ in range(20):
        house.browser("203.0.113.8").get(forged, headers=forged_for)
    assert house.browser("203.0.113.5").get(forged).status_code == 400


def test_readers_read_on_where_the_record_of_people_cannot_be_used(
    house: House, tmp_path: Path
) -> None:
    house.settings.state.mkdir(parents=True)
    PEOPLE.path(house.settings).mkdir()  # where the file should be
    assert house.browser().get("/healthz").status_code == 200
    answer = house.browser().get("/healthz", headers={"Cookie": f"{COOKIE}={'A' * 43}"})
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert str(tmp_path) not in answer.text
    with pytest.raises(StorageError, match=r"people\.sqlite"):
        house.people.one_time_link()


def test_no_secret_of_a_sign_in_stands_in_a_line_of_the_log(configured: Settings) -> None:
    said = (f"{CLIENT_SECRET} {CORP_SECRET} Authorization: Bearer abcdef0123456789 "
            f"xinzhi-token-{'A' * 43} https://x.example/sign-in/link?key={'B' * 43} "
            f"?corpsecret={'C' * 20}")  # fmt: skip
    record = logging.LogRecord("etl", logging.WARNING, "", 0, said, None, None)
    line = LineFormatter(configured.without_secrets).format(record)
    for secret in (CLIENT_SECRET, CORP_SECRET, "abcdef", "A" * 16, "B" * 16, "C" * 16):
        assert secret not in line


# Settings


@pytest.mark.parametrize(
    ("given", "said"),
    [({"SIGN_IN": "passwort"}, "no way to sign in"),
     ({"SIGN_IN": "link", "BASE": "http://desk.example"}, "https"),
     ({"SIGN_IN": "oidc"}, "XINZHI_OIDC_ISSUER"),
     ({"OIDC_ISSUER": "http://login.example"}, "asked safely"),
     ({"OIDC_ISSUER": "https://u:p@login.example"}, "asked safely"),
     ({"OIDC_ISSUER": "https://login.example:99999"}, "asked safely"),
     ({"ROLES": "editors"}, "GROUP=ROLE"),
     ({"ROLES": "editors=boss"}, "member, editor, operator"),
     ({"ROLES": "a=member,a=editor"}, "twice"),
     ({"ROLES": ""}, "nobody would have a role"),
     ({"ROLES": "department:x=member"}, "department:NUMBER"),
     ({"WECOM_AGENT_ID": "x"}, "AgentId"),
     ({"TRUSTED_PROXY": "10.0.0.0/33"}, "no network"),
     ({"TRUSTED_PROXY": "0.0.0.0/0"}, "every address"),
     ({"TRUSTED_PROXY": "::/0"}, "every address"),
     ({"TRUSTED_PROXY_USER": "x y"}, "no name of a header")],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_name_and_without_a_secret(
    given: dict[str, str], said: str
) -> None:
    usual = {**EVERY_WAY, "OIDC_ISSUER": "https://login.example"}
    wanted = given if given.get("SIGN_IN") else {**usual, **given}
    environment = {f"XINZHI_{name}": value for name, value in wanted.items() if name != "BASE"}
    environment["XINZHI_BASE_URL"] = given.get("BASE", HOME)
    with pytest.raises(SettingError, match=re.escape(said)) as refused:
        load_settings(environment)
    assert str(refused.value).startswith("XINZHI_")
    for secret in (CLIENT_SECRET, CORP_SECRET, "u:p"):
        assert secret not in str(refused.value)


def test_settings_without_a_way_in_are_as_ever() -> None:
    assert not load_settings({}).signs_in
    assert not load_settings({"XINZHI_SIGN_IN": "none"}).signs_in
    found = load_settings({"XINZHI_SIGN_IN": "link"})
    assert found.signs_in
    assert found.sign_in == BY_LINK


# The command line


def test_the_command_line_makes_and_ends_what_lets_people_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def said(*words: str, status: int = 0) -> str:
        assert main(["people", *words]) == status
        told = capsys.readouterr()
        return told.out + told.err

    monkeypatch.setenv("XINZHI_SIGN_IN", "token")
    assert "does not name link" in said("link", status=2)
    monkeypatch.delenv("XINZHI_SIGN_IN")
    assert said("link", "--port", "9000").startswith("http://127.0.0.1:9000/sign-in/link?key=")
    assert "Nobody has signed in yet" in said("list")
    monkeypatch.setenv("XINZHI_SIGN_IN", "link")
    link = said("link").strip()
    people = People.of(load_settings())
    assert link.startswith("http://127.0.0.1:8050/sign-in/link?key=")
    assert people.take_link(link.partition("key=")[2], "Firefox")[0].role is Role.OPERATOR
    assert "link:operator" in said("list")
    assert "Firefox" in said("sessions")
    token = said("token", "weekly [b]report", "--scope", "read", "--days", "7").split()[0]
    listed = said("tokens")
    assert "weekly [b]report" in listed
    assert token not in listed
    number = people.tokens()[0].number
    assert "lets nobody in" in said("revoke", number)
    assert "there is no token" in said("revoke", number, status=2)
    assert "1 sessions ended" in said("sign-out", "link:operator")
    assert "nobody called" in said("sign-out", "nobody", status=2)
    assert "no more than reader" in said("hold", "link:operator", "reader")
    assert people.everyone()[0].most is Role.READER
    said("hold", "link:operator", "free")
    assert people.everyone()[0].most is None


# Several machines


def test_machines_that_share_a_postgresql_share_people_sessions_and_tokens(
    postgres: PostgresServer, house: House, server: Server, provider: OpenIdProvider
) -> None:
    dsn = parse_dsn("XINZHI_STATE", postgres.new_database("people"))
    shared = replace(house.settings, state_dsn=dsn)
    here, there = House(shared, server, house.clock), House(shared, server, house.clock)
    browser = here.browser()
    back = provider.signed_in(begun(browser, "oidc"))
    elsewhere = there.browser()
    elsewhere.cookies.set(TRY, browser.cookies[TRY], domain="desk.example")
    assert elsewhere.get("/sign-in/oidc/back", params=back).status_code == 303
    assert browser.get("/sign-in/oidc/back", params=back).status_code == 400
    browser.cookies.set(COOKIE, elsewhere.cookies[COOKIE], domain="desk.example")
    assert is_member(browser.get("/healthz"))
    form = {"csrf": word_of(elsewhere), "which": "everywhere"}
    assert browser.post("/sign-out", data=form).status_code == 303  # one word for all machines
    assert not is_member(elsewhere.get("/healthz"))
    token, made = here.people.make_token("x", ["read"], 1, "oidc:248289761001")
    scope = {"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]}
    assert there.people.who_asks(scope).person is not None
    assert there.people.hold_down("oidc:248289761001", Role.READER)
    assert here.people.everyone()[0].role is Role.READER
    assert there.people.revoke_token(made.number)
    with pytest.raises(DoorError, match="revoked"):
        here.people.who_asks(scope)
    forged = f"/sign-in/link?key={'A' * 43}"
    for one in (here, there) * 10:
        assert one.browser("203.0.113.5").get(forged).status_code == 400
    assert there.browser("203.0.113.5").get(forged).status_code == 429  # counted together
    assert not PEOPLE.path(house.settings).exists()


def test_where_postgresql_is_away_readers_notice_nothing(house: House, server: Server) -> None:
    dsn = parse_dsn("XINZHI_STATE", f"postgresql://me:s3cret-pass@127.0.0.1:{free_port()}/x")
    away = House(replace(house.settings, state_dsn=dsn), server, house.clock)
    assert away.browser().get("/healthz").status_code == 200
    answer = away.browser().get("/healthz", headers={"Cookie": f"{COOKIE}={'A' * 43}"})
    assert answer.status_code == 503
    assert "s3cret-pass" not in answer.text
