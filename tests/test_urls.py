"""Links: the public address is checked, every link is made of it, and each leads somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from conftest import CATALOG, PROJECT, Cli, is_one_sentence, settings_of
from serving import TestClient, client, free_port, republish, with_old_ids

from dashboard import discovery
from dashboard.urls import Urls
from etl.base_url import base_url, served_at
from etl.catalog import Catalog, load_catalog
from etl.errors import CatalogError, SettingError
from etl.settings import Settings
from etl.short_ids import short_id


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://example.org", "https://example.org"),
        ("HTTPS://Example.ORG/", "https://example.org"),
        ("https://example.org:443/xinzhi/", "https://example.org/xinzhi"),
        ("http://example.org:80//a///b/", "http://example.org/a/b"),
        ("http://example.org:8050", "http://example.org:8050"),
        ("http://例子.测试/desk", "http://xn--fsqu00a.xn--0zwm56d/desk"),
        ("https://straße.de", "https://xn--strae-oqa.de"),
        ("https://ＥＸＡＭＰＬＥ.org", "https://example.org"),
        ("http://[0:0::1]:8050", "http://[::1]:8050"),
        ("http://192.168.0.7", "http://192.168.0.7"),
        ("http://dash_board:8050", "http://dash_board:8050"),
        ("https://example.org/~anna/1.0", "https://example.org/~anna/1.0"),
    ],
)
def test_a_public_address_is_written_in_one_way(written: str, meant: str, tmp_path: Path) -> None:
    assert settings_of(tmp_path, XINZHI_BASE_URL=written).base_url == meant
    assert base_url(meant) == meant


@pytest.mark.parametrize(
    "written",
    [
        "example.org", "//example.org", "ftp://example.org", "javascript:alert(1)", "https://",
        "https:///x", "https://user:word@example.org", "https://example.org?", "https://x/a?b=1",
        "https://example.org#top", "https://example.org\\x", "https://example .org",
        "https://example.org/a b", "https://exam\u200bple.org", "https://exam\nple.org",
        "https://example.org.", "https://a..b", "https://-a.org", f"https://{'a' * 64}.org",
        f"https://{'.'.join(['a' * 60] * 5)}", "https://☃.org", "https://xn--zz--.org",
        "https://example.org:", "https://example.org:0", "https://example.org:65536",
        "https://example.org:x", "https://999.1.1.1", "https://1.2.3", "https://[::1",
        "https://[::x]", "https://[fe80::1%25eth0]", "https://::1", "https://example.org/../x",
        "https://example.org/%2e%2e/x", "https://example.org/台", "https://example.org/a;b",
        "https://℀.org",
    ],
)  # fmt: skip
def test_what_is_no_public_address_is_refused_in_words(written: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as refused:
        settings_of(tmp_path, XINZHI_BASE_URL=written)
    assert str(refused.value).startswith("XINZHI_BASE_URL:")
    assert "https://example.org/xinzhi" in str(refused.value)
    assert "word@" not in str(refused.value)


def test_every_command_stops_at_a_wrong_public_address(
    cli: Cli, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_BASE_URL", "example.org")
    found = cli("check")
    assert found.status == 2
    assert is_one_sentence(found.err)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8050"), ("::1", "http://[::1]:8050"),
        ("localhost", "http://localhost:8050"), ("192.168.0.7", "http://192.168.0.7:8050"),
        ("0.0.0.0", "http://127.0.0.1:8050"), ("::", "http://[::1]:8050"),
        ("fe80::1%eth0", "http://[fe80::1]:8050"),
    ],
)  # fmt: skip
def test_the_address_that_is_served_can_be_opened(host: str, address: str) -> None:
    assert served_at(host, 8050) == base_url(address) == address


@pytest.mark.parametrize(
    ("host", "shown"), [("::1", "[::1]"), ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")]
)
def test_links_name_the_address_that_is_served_where_none_is_set(
    published: Settings, host: str, shown: str
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--host", host, "--port", str(port)],
        cwd=PROJECT, env={**os.environ, "XINZHI_DATA": str(published.data)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address == f"http://{shown}:{port}"
        html = _until_answered(f"{address}/c/sp500", process)
        assert f'<link rel="canonical" href="{address}/c/sp500">' in html
        assert f'value="{address}/s/' in html
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert ("XINZHI_BASE_URL is not set" in said) == (host == "0.0.0.0")


def _until_answered(address: str, process: subprocess.Popen[str]) -> str:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert process.poll() is None, process.returncode
        try:
            return httpx.get(address, trust_env=False).text
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(address)


def _pair_with_one_code() -> tuple[str, str]:
    """Two ids of which short links could not say which is meant."""
    seen: dict[bytes, str] = {}
    for number in range(1_000_000):
        name = f"made_up_{number}"
        other = seen.setdefault(short_id(name), name)
        if other != name:
            return other, name
    raise AssertionError("no two of a million")


def test_ids_that_a_short_link_cannot_tell_apart_are_refused_with_both_names(
    tmp_path: Path, cli: Cli, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = _pair_with_one_code()
    assert sha256(one.encode()).digest()[:4] == sha256(two.encode()).digest()[:4]
    text, file = CATALOG.read_text(encoding="utf-8"), tmp_path / "indicators.yaml"
    at_vix = "\n  vix:\n"
    assert at_vix in text
    cases = {
        "two old ids": text.replace(at_vix, f"{at_vix}    old_ids: [{two}]\n").replace(
            "\n  sp500:\n", f"\n  sp500:\n    old_ids: [{one}]\n"
        ),
        "an old id and one given up": text.replace(at_vix, f"{at_vix}    old_ids: [{two}]\n")
        + f"\nretired: [{one}]\n",
    }
    monkeypatch.setenv("XINZHI_CATALOG", str(file))
    for name, written in cases.items():
        file.write_text(written, encoding="utf-8")
        with pytest.raises(CatalogError) as refused:
            load_catalog(file)
        assert one in str(refused.value), name
        assert two in str(refused.value), name
        for command in (("check",), ("run", "--offline")):
            found = cli(*command)
            assert found.status == 2
            assert is_one_sentence(found.err)
    both = text.replace(at_vix, f"{at_vix}    old_ids: [{one}, {two}]\n")
    file.write_text(both, encoding="utf-8")
    # Both lead to one indicator: there is nothing to tell apart.
    assert len(load_catalog(file)) == len(load_catalog(CATALOG))


BASE, PREFIX = "https://figures.example/xinzhi", "/xinzhi"
#: Every kind of page, in both languages where it has two.
PAGES = (
    *discovery.PAGES, "/?lang=en&theme=dark", "/bulletins/2026-05-27",
    "/bulletins?q=芯片", "/bulletins/new?date=2026-05-27", "/indicators/sp500",
    "/indicators/sp500@2026-05-27?u=yoy&lang=en", "/indicators?q=美元", "/nowhere",
    "/indicators/gold_futures_usd_oz", "/compare?ids=sp500,vix,usd_cny,wti_spot_usd_bbl,sp50",
    "/compare?ids=sp500,vix", "/policies?month=2026-05&lang=en", "/corrections?ids=sp500",
    "/export?ids=sp500,vix,usd_cny,nasdaq_composite,wti_spot_usd_bbl", "/export?ids=sp500,vix",
    "/indicators/sp50", "/status?lang=en", "/c/sp500", "/c/sp500?lang=en&u=yoy&theme=dark",
    "/c/sp500@2026-05-27?with=vix", "/c/sp500@2026-05-27/since", "/embed/c/vix@2026-05-27",
    "/c/gold_futures_usd_oz", "/c/sp50", "/c/sp500?t=99d&lang=en", "/api/docs",
)  # fmt: skip
#: What is no page and names addresses of the site.
FILES = (
    "/sitemap.xml", "/atom.xml", "/events.atom",
    "/catalog.jsonld", "/robots.txt", "/api/openapi.json",
    "/api/v1/indicators", "/api/v1/indicators/sp500", "/api/v1/bulletins",
    "/api/v1/bulletins/2026-05-27", "/api/v1/bulletins/2026-05-27/claims", "/api/v1/corrections",
    "/c/sp500.metadata.json", "/c/sp500.json?t=1m", "/c/sp500.txt", "/c/sp500.kit.html?u=yoy",
    "/c/sp500@2026-05-27.zip", "/c/sp500.kit.zip", "/bulletins/2026-05-27.zip",
    "/bulletins/2026-05-27.zip?lang=en", f"/oembed?url={quote(f'{BASE}/c/sp500?u=yoy')}",
    "/api/v1/observations.metadata.json?ids=sp500,vix,usd_cny,nasdaq_composite,wti_spot_usd_bbl",
)  # fmt: skip
_IN_TAGS = re.compile(r'\s(?:href|src|action|data-rich|data-ready|content|value)="([^"]*)"')
_WHOLE = re.compile(r"https?://[^\s\"'<>\\)）。，，}]+")


@pytest.fixture(scope="module")
def below(published: Settings) -> Iterator[TestClient]:
    """The site below a path."""
    with client(settings_of(published.data, XINZHI_BASE_URL=BASE)) as site:
        yield site


def links_in(answer: httpx.Response) -> set[str]:
    """Every link of an answer, in a tag, a text, a head or a file within it; those to other sites
    are left out."""
    texts = [answer.headers.get(name, "") for name in ("link", "location")]
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(answer.content)) as packed:
            texts += [packed.read(name).decode("utf-8", "ignore") for name in packed.namelist()]
    else:
        texts.append(answer.text)
    found: set[str] = set()
    for text in texts:
        is_page = text.startswith(("<!DOCTYPE html", "<section"))
        tagged = [unescape(link) for link in _IN_TAGS.findall(text)] if is_page else []
        found |= {link for link in tagged if link.startswith("/") or BASE[8:20] in link}
        if answer.headers["content-type"] == "application/json" and '"openapi"' not in text[:30]:
            found |= set(re.findall(r'"(/[^"]*)"', text))
        plain = unescape(unescape(text.replace("\\u0026", "&").replace("\\u002f", "/")))
        found |= {link.rstrip(".;") for link in _WHOLE.findall(plain)}
    ours = {link for link in found if link.startswith("/") or "figures.example" in link}
    assert "127.0.0.1:8050" not in "".join(texts)
    return {link for link in ours if "<iframe" not in link}


def within(link: str) -> str:
    """The address of a link of the site below its prefix."""
    path = link.removeprefix(BASE[: -len(PREFIX)]).partition("#")[0]
    assert path == PREFIX or path.startswith(f"{PREFIX}/"), link
    return path


def test_every_link_of_every_page_and_file_leads_below_the_prefix_and_answers(
    below: TestClient,
) -> None:
    asked: set[str] = set()
    for address in (*PAGES, *FILES):
        answer = below.get(f"{PREFIX}{address}")
        assert answer.status_code < 500, address
        found = {within(link) for link in links_in(answer)}
        assert found or address == "/api/v1/corrections", address  # none is made here
        # Of the thousands of the sitemap and the like one of each kind will do.
        asked |= set(sorted(found)[:: 4 if len(found) < 150 else 25])
    assert len(asked) > 150
    for link in sorted(asked):
        if link.endswith(("/verify/SHA256", "/_dash-")):
            continue  # the pattern of an address, not one
        answer = below.get(link)
        wanted = {200, 301} if link.startswith(f"{PREFIX}/s/") else {200}
        if re.search(r"\bsp50\b|/nowhere", link):
            wanted = {400, 404}  # the same wrong address, chosen otherwise
        assert answer.status_code in wanted, (link, answer.text[:200])
        if answer.status_code == 301:
            assert below.get(within(answer.headers["location"])).status_code == 200


def test_a_proxy_may_take_the_prefix_away_or_leave_it(below: TestClient) -> None:
    for address in ("/", "/c/sp500", "/c/sp500.csv", "/api/v1/indicators", "/indicators?lang=en"):
        bare, whole = below.get(address), below.get(f"{PREFIX}{address}")
        assert bare.status_code == whole.status_code == 200, address
        assert bare.content == whole.content
    assert below.get(PREFIX).content == below.get("/").content
    assert below.get(f"{PREFIX}ish").status_code == 404


def test_a_page_below_a_prefix_comes_alive(below: TestClient) -> None:
    page = below.get(f"{PREFIX}/").text
    scripts = re.findall(r'<script src="([^"]*)"', page)
    assert len(scripts) > 5
    for script in [*scripts, *re.findall(r'<link[^>]* href="([^"]*)"', page)]:
        assert below.get(within(unescape(script))).status_code == 200, script
    config = json.loads(re.findall(r'id="_dash-config"[^>]*>([^<]*)<', page)[0])
    assert config["requests_pathname_prefix"] == f"{PREFIX}/"
    answer = below.post(
        f"{PREFIX}/_dash-update-component",
        json={
            "output": "..content.html...content.slots...content.children..",
            "outputs": [{"id": "content", "property": p} for p in ("html", "slots", "children")],
            "inputs": [
                {"id": "address", "property": "pathname", "value": f"{PREFIX}/indicators/sp500"},
                {"id": "address", "property": "search", "value": "?lang=en"},
                {"id": "content", "property": "snapshot", "value": None},
            ],
            "changedPropIds": ["address.pathname"],
        },
    )
    assert answer.status_code == 200, answer.text
    html = answer.json()["response"]["content"]["html"]
    assert "S&amp;P 500" in html
    for link in re.findall(r'href="(/[^"]*)"', html):
        within(unescape(link))


HOSTILE = {
    "Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript",
    "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "666", "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil", "Forwarded": "host=evil.example;proto=evil",
}  # fmt: skip


@pytest.mark.parametrize("host", ["evil.example", "evil.example//evil.example/?", "a@evil#"])
def test_no_header_of_a_request_shows_in_a_link(
    published: Settings, filled: Path, catalog: Catalog, host: str
) -> None:
    republish(filled, with_old_ids(catalog, {"sp500": ("old_sp500",)}))
    moved = ("/c/old_sp500?t=1m", "/c/old_sp500.csv", "/api/v1/indicators/old_sp500",
             "/indicators/old_sp500", "/embed/c/old_sp500", "/c/vix?with=old_sp500")  # fmt: skip
    plain = client(settings_of(filled, XINZHI_BASE_URL=BASE))
    asked = client(settings_of(filled, XINZHI_BASE_URL=BASE))
    for address in (*moved, *PAGES[::3], *FILES[::2], "/c/sp500/", "//evil.example/c/sp500",
                    "/assets/", "/_dash-component-suites/x", "/_dash-layout/"):  # fmt: skip
        usual = plain.get(f"https://figures.example{PREFIX}{address}")
        answer = asked.get(f"{PREFIX}{address}", headers={**HOSTILE, "Host": host})
        assert answer.status_code == usual.status_code, address
        assert answer.headers.get("location") == usual.headers.get("location")
        assert "evil" not in "".join(answer.headers.values())
        if "evil" not in address:
            assert b"evil" not in answer.content
        if address in moved:
            assert answer.status_code in (301, 302, 307, 308), address
            assert answer.headers["location"].startswith(f"{PREFIX}/")


def test_a_path_that_is_the_site_s_own_cannot_be_its_prefix(published: Settings) -> None:
    for path in ("/c", "/status/x", "/api", "/assets", "/_dash-x", "/s"):
        with pytest.raises(SettingError, match="itself"):
            client(settings_of(published.data, XINZHI_BASE_URL=f"https://figures.example{path}"))


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (f"{BASE}/c/sp500?t=1m", "/c/sp500?t=1m"), (BASE, "/"), (f"{BASE}/", "/"),
        (f"{PREFIX}/c/sp500", "/c/sp500"), ("/c/sp500", "/c/sp500"), (PREFIX, "/"),
        (f"{PREFIX}ish/x", f"{PREFIX}ish/x"), (f"{BASE}ish/c/sp500", None), ("c/sp500", None),
        ("//evil.example/c/sp500", None), ("https://evil.example/xinzhi/c/sp500", None),
        ("", None), ("javascript:alert(1)", None),
    ],
)  # fmt: skip
def test_a_link_is_known_for_one_of_the_site_or_of_another(link: str, address: str | None) -> None:
    urls = Urls(BASE)
    assert urls.within(link) == address
    if address is not None and link.startswith(BASE):
        assert urls.online.to(address).rstrip("/") == link.rstrip("/")
        assert urls.whole(urls.to(address)) == urls.online.to(address)
