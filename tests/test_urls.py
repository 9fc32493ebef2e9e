"""Links: the public address is checked, every link is made of it, and each leads somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from conftest import CATALOG, PROJECT, Cli, is_one_sentence, settings_of
from serving import free_port

from etl.base_url import base_url, served_at
from etl.catalog import load_catalog
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
    assert len(load_catalog(file)) == 25  # both lead to one indicator: nothing to tell apart
