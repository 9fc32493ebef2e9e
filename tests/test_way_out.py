"""What the way out does with odd redirects, packings and words, and that no secret is ever said."""

from __future__ import annotations

import gzip
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from conftest import Cli, settings_of, snapshot
from upstreams import FRED_KEY, Internet, fresh_yfinance

from etl.alerts.notify import Mail, channels
from etl.catalog import Catalog
from etl.errors import (
    FileProblem,
    SettingError,
    SourceUnavailable,
    UnexpectedPayload,
    beginning,
    plain_line,
    quoted,
)
from etl.ingest import upstream
from etl.ingest.boundary import at_the_boundary
from etl.ingest.fetching import Fetching
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import MOST_REDIRECTS, Upstream, unpacked
from etl.records import Observation
from etl.settings import Settings, load_settings
from etl.sources.fred import Fred

pytestmark = pytest.mark.slow

PLACE = "https://data.example.org/list"


@pytest.fixture(autouse=True)
def _something_to_fetch(internet: Internet) -> None:
    internet.fred["DGS10"] = [(date(2026, 10, 20), 4.5)]
    internet.prices["MU"] = [(date(2026, 10, 20), 900.0)]


@pytest.fixture
def out(internet: Internet, tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(_settings(internet, tmp_path)) as way:
        yield way


def _settings(internet: Internet, folder: Path, **more: str) -> Settings:
    return settings_of(
        folder / "data",
        **{"XINZHI_PROXY": internet.proxy_url, "XINZHI_CA_BUNDLE": str(internet.ca_pem),
           "XINZHI_TIMEOUT": "2", **more},
    )  # fmt: skip


def _run(settings: Settings, catalog: Catalog, *ids: str) -> Report:
    fresh_yfinance()
    return run(settings, catalog, Request(ids), lambda outcome: None)


# Redirects


@pytest.mark.parametrize(
    "location",
    [
        "data:text/html,hello", "mailto:editor@example.org", "file:///etc/passwd", "javascript:0",
        "ftp://data.example.org/x", "https://evil.example/x", "//evil.example/x",
        "http://data.example.org/x", "https://data.example.org.evil.example/", "https://[::1/",
        "https://data.example.org:99999/", "https://data.example.org:8443/x", "https://:x@/",
        "https://user:pass@data.example.org/", "https://127.0.0.1/", "http://", "",
        "https://\u202edata.example.org/", "https://data.example.org\\@evil.example/",
        "https://" + "a" * 70_000,
    ],
    ids=lambda text: ascii(text[:40]),
)  # fmt: skip
def test_an_odd_redirect_is_one_sentence_and_nobody_else_is_asked(
    location: str, internet: Internet, tmp_path: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"Location": location.encode()} if location else {}
        return httpx.Response(302, headers=headers)

    asked: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer(request)

    way = Upstream(_settings(internet, tmp_path), httpx.MockTransport(counted))
    with pytest.raises(UnexpectedPayload, match=r"^data\.example\.org points to") as told:
        way.get(PLACE)
    assert len(asked) == 1
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 250


def test_an_address_of_the_same_host_is_followed_and_keeps_the_name_we_gave(
    internet: Internet, out: Upstream
) -> None:
    internet.say("data.example.org/list", 301, location="/moved?to=here")
    internet.say("data.example.org/moved", 307, location="https://www.data.example.org/new")
    internet.say("www.data.example.org/new", 200, b"here")
    assert out.get(PLACE, headers={"User-Agent": "us"}) == b"here"
    assert [asked.headers["user-agent"] for asked in internet.requests] == ["us"] * 3


def test_a_host_that_the_source_allows_is_followed(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org/list", 302, location="https://files.example.org/1")
    internet.say("files.example.org", 200, b"here")
    with pytest.raises(UnexpectedPayload, match=r"only https addresses of data\.example\.org"):
        out.get(PLACE)
    assert out.get(PLACE, also=("files.example.org",)) == b"here"


def test_a_loop_ends_in_words(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org", 302, location=PLACE)
    with pytest.raises(UnexpectedPayload, match="over and over again"):
        out.get(PLACE)
    assert len(internet.requests) == MOST_REDIRECTS + 1


def test_a_message_is_not_sent_on_to_another_address(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org", 307, location="/elsewhere")
    with pytest.raises(UnexpectedPayload, match="is not sent on"):
        out.post(PLACE, b"secret", headers={})
    assert len(internet.requests) == 1


@pytest.mark.parametrize(
    "location", ["data:text/plain,x", "mailto:a@example.org", "https://evil.example/", "/same", ""]
)
def test_a_run_goes_on_though_every_source_points_elsewhere(
    location: str, internet: Internet, tmp_path: Path, catalog: Catalog
) -> None:
    headers = {"location": location} if location else {}
    internet.say("", 302, **headers)  # whatever is asked
    settings = _settings(internet, tmp_path, XINZHI_CONTACT="editor@example.org")
    report = _run(settings, catalog)
    assert report.snapshot is not None
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert {"micron_close_usd", "us_10y_yield_pct", "micron_shares_outstanding",
            "gold_monthly_usd_oz", "gov_cn", "nda"} <= set(problems)  # fmt: skip
    for problem in problems.values():
        assert "another address" in problem or "points to" in problem
    assert not [host for host in internet.tunnels if "evil" in host]


# Packings


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def test_gzip_is_asked_for_and_unpacked(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org", 200, gzip.compress(b"answer"), content_encoding="gzip")
    assert out.get(PLACE) == b"answer"
    assert internet.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip", "packed its answer as 'gzip, gzip'"),
        (zlib.compress(b"x"), "deflate", "packed its answer as 'deflate'"),
        (b"x", "br", "packed its answer as 'br'"), (b"x", "zstd", "as 'zstd'"),
        (b"x", "\x1b[31mred", "as '"), (b"garbage", "gzip", "do not decompress"),
        (gzip.compress(b"x" * 999)[:-9], "gzip", "cut off"),
        (gzip.compress(b"x") + b"more", "gzip", "behind the end"),
        (_bomb(80_000_000), "gzip", "more than 64,000,000 bytes"),
    ],
    ids=["twice", "deflate", "brotli", "zstandard", "no packing", "garbage", "cut", "more", "bomb"],
)  # fmt: skip
def test_what_is_no_plain_gzip_is_refused_in_words(
    body: bytes, encoding: str, said: str, internet: Internet, tmp_path: Path
) -> None:
    class Raw(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield body

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": encoding.encode()}, stream=Raw())

    way = Upstream(_settings(internet, tmp_path), httpx.MockTransport(answer))
    with pytest.raises(UnexpectedPayload) as told:
        way.get(PLACE)
    assert said in str(told.value)
    assert str(told.value).isprintable()


def test_bytes_are_counted_while_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "MAX_BYTES", 1000)
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number, byte in enumerate(_bomb(10_000_000)):
            taken.append(number)
            yield bytes([byte])

    with pytest.raises(UnexpectedPayload, match="more than 1,000 bytes"):
        unpacked(chunks(), ["gzip"], "example.org")
    assert len(taken) < 100


def test_an_empty_answer_needs_no_gzip() -> None:
    assert unpacked(iter(()), ["gzip"], "example.org") == b""
    assert unpacked(iter([b"a", b"b"]), ["identity", ""], "example.org") == b"ab"


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [(_bomb(80_000_000), "gzip", "more than 64,000,000 bytes"), (b"x", "br", "packed"),
     (gzip.compress(gzip.compress(b"{}")), "gzip, gzip", "packed")],
    ids=["bomb", "brotli", "twice"],
)  # fmt: skip
def test_yahoos_library_is_bounded_as_well(
    body: bytes, encoding: str, said: str, internet: Internet, tmp_path: Path, catalog: Catalog
) -> None:
    internet.say("/v8/finance/chart/", 200, body, content_encoding=encoding)
    (outcome,) = _run(_settings(internet, tmp_path), catalog, "micron_close_usd").outcomes
    assert said in outcome.problem
    charts = [a for a in internet.requests if "/chart/" in a.path]
    assert {asked.headers["accept-encoding"] for asked in charts} == {"gzip"}


# Whatever is raised


@pytest.mark.parametrize(
    "error",
    [httpx.InvalidURL("no address"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), KeyError(1),
     RecursionError("too deep"), MemoryError(), ZeroDivisionError("x"), AssertionError(),
     RuntimeError("\x1b[31mred\n" * 50)],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_a_source_raises_is_a_sentence_about_it(error: Exception) -> None:
    def fail() -> bytes:
        raise error

    with Fetching() as answers:
        answers.ask("fred", "sp500", fail)
        with pytest.raises(UnexpectedPayload) as told:
            answers.answer("fred", "sp500")
    sentence = str(told.value)
    assert sentence.startswith(f"What fred sent could not be read ({type(error).__name__}")
    assert sentence.isprintable()
    assert len(sentence) < 160


@pytest.mark.parametrize("where", ["fetch", "parse", "notes"])
def test_an_error_nobody_foresaw_costs_one_indicator_and_no_run(
    where: str,
    internet: Internet,
    tmp_path: Path,
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*given: object) -> list[Observation]:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(Fred, where, fail)
    report = _run(_settings(internet, tmp_path), catalog, "us_10y_yield_pct", "pue_global_average")
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert list(problems) == ["us_10y_yield_pct"]
    assert "What fred sent could not be read (RecursionError" in problems["us_10y_yield_pct"]
    assert report.snapshot is not None


def test_our_own_errors_pass_the_boundary_as_they_are() -> None:
    with pytest.raises(FileProblem, match="line 3"), at_the_boundary("figures"):
        raise FileProblem("a.csv", "is wrong.", line=3)
    with pytest.raises(SourceUnavailable) as lost, at_the_boundary("fred", str.upper):
        raise SourceUnavailable("gone.", host="example.org")
    assert (str(lost.value), lost.value.host) == ("GONE.", "example.org")
    with pytest.raises(KeyboardInterrupt), at_the_boundary("fred"):
        raise KeyboardInterrupt


# Words from outside

UGLY = "\x1b[2J\x1b]0;title\x07a\u202eb\u200b\u2066c\r\nd\x00\x9b31me\ufeff\u2028f\U000e0041"


def test_words_from_outside_are_plain_and_short() -> None:
    assert quoted(UGLY) == "abc d e f"
    assert quoted(UGLY.encode()) == "abc d e f"
    assert plain_line("  数据\u3000要素\t意见 ") == "数据 要素 意见"
    assert (len(quoted("字" * 500)), quoted("字" * 500)[-1]) == (80, "…")
    assert quoted("x" * 80) == "x" * 80
    assert quoted("") == quoted("\u200b\x07") == "nothing"
    assert beginning("\n <html>\n<body>") == "<html>"
    for text in ("\x1b", "\x1b[", "\x1b]0;never ended", "\x1bP1$r", "\x9d0;x"):
        assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in quoted(text))


def test_no_word_of_an_answer_moves_the_terminal(
    internet: Internet, tmp_path: Path, catalog: Catalog
) -> None:
    for where in ("stlouisfed.org", "sec.gov", "gov.cn", "worldbank.org", "/chart/"):
        internet.say(where, 200, UGLY.encode() * 9)
    settings = _settings(internet, tmp_path, XINZHI_CONTACT="editor@example.org")
    report = _run(settings, catalog)
    said = [o.problem for o in report.outcomes if o.problem] + [o.notice for o in report.outcomes]
    assert len([sentence for sentence in said if sentence]) > 10
    assert all(sentence.isprintable() for sentence in said)


# Secrets

PASSWORDS = ["p@ssw0rd", "a:b@c:d", "x/y/z/w", "#h#a#s#h", "100%sure", "%41bcd!", "qu?ery=1", "ab@"]


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_proxy_takes_a_password_with_any_sign(password: str) -> None:
    settings = load_settings({"XINZHI_PROXY": f"http://me:{password}@proxy.example:3128"})
    proxy = httpx.Proxy(settings.proxy or "")
    assert proxy.url.host == "proxy.example"
    assert proxy.raw_auth == (b"me", password.replace("%41", "A").encode())
    assert password not in repr(settings)
    meant = password.replace("%41", "A")
    said = settings.without_secrets(f"'{meant}' at {settings.proxy}")
    assert said == "'…' at http://…@proxy.example:3128"


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_proxy_that_is_none_is_refused_without_its_password(password: str, cli: Cli) -> None:
    for text in (f"me:{password}@proxy.example", f"socks5://me:{password}@proxy.example",
                 f"http://me:{password}@", f"http://me:{password}@proxy.example:0",
                 f"http://me:{password}@proxy.example/path"):  # fmt: skip
        for name in ("XINZHI_PROXY", "HTTPS_PROXY"):
            with pytest.raises(SettingError, match=f"^{name}: is no address of a proxy") as told:
                load_settings({name: text})
            assert password not in str(told.value)


@pytest.mark.parametrize("password", PASSWORDS)
def test_no_sentence_that_is_stored_or_printed_holds_the_password_of_the_proxy(
    password: str, tmp_path: Path, catalog: Catalog
) -> None:
    """Nobody listens there: every client says so in its own words."""
    proxy = f"http://me:{password}@127.0.0.1:9"
    settings = settings_of(
        tmp_path / "data", XINZHI_PROXY=proxy, XINZHI_TIMEOUT="2", XINZHI_CONTACT="a@example.org"
    )
    report = _run(settings, catalog, "micron_close_usd", "us_10y_yield_pct")
    told = [*report.unreachable, *(o.problem for o in report.outcomes)]
    with snapshot(tmp_path / "data") as connection:
        told += [row[0] for row in connection.execute("select problem from problems").fetchall()]
    assert len([sentence for sentence in told if sentence]) >= 4
    for part in (password, "ssw0rd", "me:"):
        assert not [sentence for sentence in told if part in sentence]


def test_what_a_client_says_of_a_proxy_is_said_without_its_user(
    internet: Internet, tmp_path: Path
) -> None:
    settings = _settings(internet, tmp_path, XINZHI_PROXY="http://me:p@ss@proxy.example:3128")

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ProxyError(f"407 from {settings.proxy} or http://me:p@ss@proxy.example:3128")

    with Upstream(settings, httpx.MockTransport(fail)) as way:
        with pytest.raises(SourceUnavailable) as told:
            way.get(PLACE)
        assert "407 from http://…@proxy.example:3128" in str(told.value)
        assert "ss" not in str(told.value).replace("address", "").replace("http", "")
        assert list(way.unreachable.values()) == [str(told.value)]


@pytest.mark.parametrize(
    "spoil",
    [lambda i: i.say("api.stlouisfed.org", 302, location=f"https://evil.example/{FRED_KEY}"),
     lambda i: i.say("api.stlouisfed.org", 400, b'{"error_message": "key ' + FRED_KEY.encode()
                     + b' is unknown"}'),
     lambda i: i.say("api.stlouisfed.org", 200, b"<p>" + FRED_KEY.encode()),
     lambda i: i.fail("api.stlouisfed.org", "reset")],
    ids=["points elsewhere", "an error", "a page", "cut"],
)  # fmt: skip
def test_the_key_of_fred_is_said_by_nobody(
    spoil: Callable[[Internet], None], internet: Internet, tmp_path: Path, catalog: Catalog
) -> None:
    spoil(internet)
    settings = _settings(internet, tmp_path, XINZHI_FRED_API_KEY=FRED_KEY)
    report = _run(settings, catalog, "us_10y_yield_pct")
    told = [*report.unreachable, *(o.problem for o in report.outcomes)]
    assert any(told)
    assert FRED_KEY[:12] not in " ".join(told)
    assert FRED_KEY not in repr(settings)


def test_a_mail_server_takes_a_password_with_any_sign() -> None:
    address = "smtp://desk%40example.org:pa/ss@wo#rd@mail.example.org:587"
    settings = load_settings({"XINZHI_ALERT_SMTP": address, "XINZHI_ALERT_TO": "a@example.org"})
    (mail,) = channels(settings)
    assert isinstance(mail, Mail)
    place = mail.server.place
    assert (place.hostname, place.port) == ("mail.example.org", 587)
    assert mail.sender == "desk@example.org"
    assert place.password == "pa%2Fss%40wo%23rd"


def test_secrets_of_alerts_are_hidden_in_every_form() -> None:
    token = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
    settings = load_settings({
        "XINZHI_ALERT_WEBHOOK": f"https://chat.example/cgi-bin/send?key={token}",
        "XINZHI_ALERT_SMTP": "smtp://desk%40example.org:pa/ss@wo#rd@mail.example.org:587",
    })  # fmt: skip
    for text in (
        token, f"key={token}", "desk%40example.org:pa/ss@wo#rd", "pa/ss@wo#rd",
        "pa%2Fss%40wo%23rd", f"https://other.example/?token={token[:9]}zz&x=1",
    ):  # fmt: skip
        said = settings.without_secrets(f"It says: {text}.")
        assert token[:9] not in said
        assert "wo" not in said
    for plain in ("https://example.org/c/vix@2026-05-27?t=1y", "a@example.org", "Key 5 = 7"):
        assert settings.without_secrets(plain) == plain
