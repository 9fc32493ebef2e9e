"""nginx before the readers, as deploy/nginx.conf and docs/in-front.md have it: the real one of
Debian's packages, before readers of the site and before one that tells what it was asked."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
import trustme
from conftest import PROJECT, settings_of
from serving import PLAIN

from benchmarks.in_front import CONF, adapted
from benchmarks.servers import NGINX, answers, end, free_port, nginx_server, wait_until
from dashboard.http.caching import Lasts
from dashboard.static_copy.write import write_copy
from etl.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        NGINX is None, reason="nginx is not installed (Debian: apt-get install nginx-light)"
    ),
]
PAGE = (PROJECT / "docs" / "in-front.md").read_text(encoding="utf-8")
PUBLIC = "https://example.org"
#: Lasts one second, may be shown one more while it is fetched, and ten while nobody answers.
SHORT = "public, max-age=1, s-maxage=1, stale-while-revalidate=1, stale-if-error=10"
CALLBACK = "/_dash-update-component"


@dataclass
class Asked:
    """What a reader was asked, with the headers that reached it."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


@dataclass
class Teller:
    """A reader that answers what a test says, and keeps what it was asked."""

    port: int = 0
    status: int = 200
    body: bytes = b"one"
    cuts_off: bool = False
    #: Answers only where it is told that nobody else can.
    steps_back: bool = False
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": SHORT})
    asked: list[Asked] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Teller]:
        teller = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                teller.asked.append(
                    Asked(self.command, self.path, list(self.headers.items()), body)
                )
                if teller.cuts_off:
                    self.close_connection = True
                    return
                back = teller.steps_back and self.headers.get("X-Other-Readers")
                self.send_response(503 if back else teller.status)
                for name, value in teller.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(teller.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(teller.body)

            do_GET = do_POST = do_HEAD = answer  # noqa: N815

            def log_message(self, *given: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        with Server(("127.0.0.1", self.port), Handler) as server:
            self.port = server.server_port
            Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            try:
                yield self
            finally:
                self.cuts_off = True  # connections that are kept end too
                server.shutdown()


@dataclass
class Front:
    """nginx before readers: a client that trusts its certificate, and what it wrote."""

    client: httpx.Client
    plain: str
    folder: Path

    def log(self, many: int) -> list[dict[str, str]]:
        """The lines of its log, once there are so many."""
        path = self.folder / "access.log"
        wait_until(lambda: len(path.read_text().splitlines()) >= many, "the log")
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


Fronts = Callable[..., AbstractContextManager[Front]]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chain with its key, for the public name and for loopback."""
    path = tmp_path_factory.mktemp("certificate") / "example.org.pem"
    issued = authority.issue_cert("example.org", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def front(
    authority: trustme.CA, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Fronts:
    """Starts nginx with the example of the project before readers at these ports."""
    trusted = httpx.create_ssl_context(trust_env=False)
    authority.configure_trust(trusted)

    @contextmanager
    def start(*readers: int, **how: object) -> Iterator[Front]:
        folder = tmp_path_factory.mktemp("nginx")
        port, plain = free_port(), free_port()
        conf = adapted(folder, readers, port, plain, (certificate, certificate), **how)
        with (
            nginx_server(conf, folder),
            httpx.Client(
                base_url=f"https://127.0.0.1:{port}", verify=trusted, trust_env=False, timeout=60
            ) as client,
        ):
            wait_until(lambda: _is_up(client), "nginx")
            yield Front(client, f"http://127.0.0.1:{plain}", folder)

    return start


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/metrics").status_code == 404
    except httpx.TransportError:
        return False


@pytest.fixture
def teller() -> Iterator[Teller]:
    with Teller().running() as one:
        yield one


# --- The files themselves -----------------------------------------------------------------------


def checked(conf: Path, folder: Path) -> str:
    """What nginx says of a configuration; empty where it takes it without a word."""
    done = subprocess.run(
        [str(NGINX), "-t", "-q", "-p", f"{folder}/", "-e", str(folder / "error.log"),
         "-c", str(conf), "-g", f"pid {folder}/nginx.pid;"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize("how", [{}, {"prefix": "/xinzhi"}, {"cache": False}])
def test_nginx_takes_the_example(certificate: Path, tmp_path: Path, how: dict[str, object]) -> None:
    conf = adapted(tmp_path, [1, 2, 3], 8443, 8080, (certificate, certificate), **how)
    assert checked(conf, tmp_path) == ""


def test_nginx_takes_every_example_of_the_page(certificate: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) >= 2
    for number, block in enumerate(blocks):
        folder = tmp_path / str(number)
        folder.mkdir()
        conf = folder / "nginx.conf"
        text = block.replace("/etc/ssl/example.org/fullchain.pem", str(certificate))
        text = text.replace("/etc/ssl/example.org/key.pem", str(certificate))
        conf.write_text(f"events {{}}\nhttp {{\n{text}\n}}\n", encoding="utf-8")
        assert checked(conf, folder) == "", block


# --- What reaches a reader ----------------------------------------------------------------------


def test_nothing_that_a_client_says_of_itself_reaches_a_reader(
    front: Fronts, teller: Teller
) -> None:
    hostile = {
        "Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Prefix": "/evil", "X-Real-IP": "6.6.6.6",
        "Forwarded": "host=evil.example", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
        "X-Request-ID": "evil", "Cookie": "evil=1", "Authorization": "Basic ZXZpbA==",
        "X-Forwarded-Port": "666", "X-Forwarded-Server": "evil", "X-Forwarded-Scheme": "evil",
        "X-Forwarded-Ssl": "evil", "X-Forwarded-User": "evil", "X-Forwarded-Groups": "evil",
        "X-Forwarded-Preferred-Username": "evil",
    }  # fmt: skip
    with front(teller.port) as one:
        assert one.client.get("/c/sp500", headers=hostile).status_code == 200
    (asked,) = teller.asked
    assert not [value for _, value in asked.headers if re.search(r"evil|6\.6\.6|^666$", value)]
    assert asked.all("host") == ["example.org"]
    assert asked.all("x-forwarded-host") == ["example.org"]
    assert asked.all("x-forwarded-proto") == ["https"]
    assert asked.all("x-forwarded-for") == ["127.0.0.1"]
    assert asked.all("x-forwarded-prefix") == []


def test_who_is_signed_in_is_answered_from_no_cache_and_into_none(
    front: Fronts, teller: Teller
) -> None:
    teller.headers["Cache-Control"] = "public, max-age=600"
    known = [{"Cookie": "a=1; __Host-xinzhi=mine"}, {"Authorization": "Bearer xinzhi-token-mine"}]
    with front(teller.port) as one:
        for number, headers in enumerate(known):
            teller.body = b"members"
            assert one.client.get(f"/c/{number}", headers=headers).content == b"members"
            teller.body = b"public"
            assert one.client.get(f"/c/{number}").content == b"public"
            teller.body = b"members again"
            assert one.client.get(f"/c/{number}", headers=headers).content == b"members again"
            assert one.client.get(f"/c/{number}").content == b"public"
            other = {"Cookie": "xinzhi=1", "Authorization": "Basic ZXZpbA=="}
            assert one.client.get(f"/c/{number}", headers=other).content == b"public"
    told = [(asked.all("cookie"), asked.all("authorization")) for asked in teller.asked]
    cookie, token = ["a=1; __Host-xinzhi=mine"], ["Bearer xinzhi-token-mine"]
    mine = [(cookie, []), ([], []), (cookie, []), ([], token), ([], []), ([], token)]
    assert told == mine


def test_what_is_not_https_is_sent_there_and_to_no_name_that_a_client_gives(
    front: Fronts, teller: Teller
) -> None:
    with front(teller.port) as one:
        sent = httpx.get(
            f"{one.plain}/c/sp500?t=3m", headers={"Host": "evil.example"}, trust_env=False
        )
        secure = one.client.get("/c/sp500").headers["strict-transport-security"]
    assert (sent.status_code, sent.headers["location"]) == (301, f"{PUBLIC}/c/sp500?t=3m")
    assert secure == "max-age=31536000"
    assert len(teller.asked) == 1


def test_one_id_names_a_request_in_the_reader_the_answer_and_the_log(
    front: Fronts, teller: Teller
) -> None:
    with front(teller.port) as one:
        found = [one.client.get("/c/sp500") for _ in range(2)]
        lines = [line for line in one.log(3) if line["address"] == "/c/sp500"]
    ids = [answer.headers["x-request-id"] for answer in found]
    assert teller.asked[0].all("x-request-id") == ids[:1]
    assert len(set(ids)) == 2
    assert [line["request_id"] for line in lines] == ids
    assert [line["cache"] for line in lines] == ["MISS", "HIT"]
    assert lines[0]["reader"] == f"127.0.0.1:{teller.port}"
    assert float(lines[0]["seconds"]) >= 0


# --- Limits -------------------------------------------------------------------------------------


def test_a_wave_of_phones_behind_one_address_is_let_in(front: Fronts, teller: Teller) -> None:
    """Two thousand requests at once from one address, as from a network that shares it."""
    teller.headers = {"Cache-Control": Lasts.LIVE}

    def phone(client: httpx.Client) -> Counter[int]:
        return Counter(client.get(f"/c/{number % 20}").status_code for number in range(100))

    with front(teller.port) as one, ThreadPoolExecutor(20) as phones:
        told = sum(phones.map(phone, [one.client] * 20), Counter[int]())
    assert told == {200: 2000}
    assert len(teller.asked) == 20


def test_one_who_sends_drafts_without_end_is_told_to_wait(front: Fronts, teller: Teller) -> None:
    with front(teller.port) as one:
        found = [one.client.post("/bulletins/new", content=b"text=x") for _ in range(60)]
    refused = [answer for answer in found if answer.status_code == 429]
    assert 0 < len(refused) < 50
    for answer in refused:
        assert "Ask again in 5 seconds." in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["cache-control"] == "no-store"


def test_a_body_that_is_too_large_is_refused_in_words(front: Fronts, teller: Teller) -> None:
    with front(teller.port) as one:
        taken = one.client.post("/bulletins/new", content=b"x" * 2_100_000)
        answer = one.client.post("/bulletins/new", content=b"x" * 2_400_000)
    assert taken.status_code == 200
    assert answer.status_code == 413
    assert answer.json()["detail"] == "The body is larger than 2,100,000 bytes."
    assert answer.headers["cache-control"] == "no-store"
    assert [len(asked.body) for asked in teller.asked] == [2_100_000]


# --- What is kept, and how long -----------------------------------------------------------------


def test_an_answer_is_kept_as_long_as_it_says_and_no_longer(front: Fronts, teller: Teller) -> None:
    """Past its time and the time in which it may be shown while it is fetched, a new one is fetched
    before it is shown: also the first reader after a quiet night sees what there is."""
    with front(teller.port) as one:
        first = one.client.get("/c/sp500")
        assert (first.text, first.headers["x-cache"]) == ("one", "MISS")
        kept = one.client.get("/c/sp500")
        assert (kept.text, kept.headers["x-cache"]) == ("one", "HIT")
        assert kept.headers["date"] == first.headers["date"]
        teller.body = b"two"
        time.sleep(4)
        later = one.client.get("/c/sp500")
    assert (later.text, later.headers["x-cache"]) == ("two", "EXPIRED")
    assert later.headers["date"] != first.headers["date"]


def test_a_new_answer_is_fetched_while_the_old_one_is_shown(front: Fronts, teller: Teller) -> None:
    teller.headers = {"Cache-Control": SHORT.replace("revalidate=1", "revalidate=30")}
    with front(teller.port) as one:
        one.client.get("/c/sp500")
        teller.body = b"two"
        time.sleep(2.5)
        assert one.client.get("/c/sp500").text == "one"
        wait_until(lambda: one.client.get("/c/sp500").text == "two", "the new answer")


@pytest.mark.parametrize("status", [404, 403, 400, 301])
def test_what_is_gone_is_gone(front: Fronts, teller: Teller, status: int) -> None:
    """An answer that was taken back is not shown because an old one is held."""
    with front(teller.port) as one:
        one.client.get("/c/sp500")
        teller.status, teller.headers = status, {"Cache-Control": "no-store"}
        time.sleep(3)
        assert one.client.get("/c/sp500").status_code == status


def test_errors_and_what_is_sent_are_kept_nowhere(front: Fronts, teller: Teller) -> None:
    with front(teller.port) as one:
        for method, status in (("GET", 404), ("GET", 429), ("GET", 500), ("POST", 200)):
            teller.asked.clear()
            teller.status, teller.headers = status, {"Cache-Control": "no-store"}
            path = f"/c/{method}{status}"
            for _ in range(2):
                assert one.client.request(method, path).status_code == status
            assert len(teller.asked) == 2


@pytest.mark.parametrize("trouble", ["down", "without data", "cut off"])
def test_what_is_held_is_shown_while_no_reader_answers(
    front: Fronts, teller: Teller, trouble: str
) -> None:
    port = free_port()
    with ExitStack() as life, front(port) as one:
        reader = life.enter_context(Teller(port).running())
        assert one.client.get("/c/sp500").text == "one"
        time.sleep(3)
        if trouble == "down":
            life.close()
        elif trouble == "cut off":
            reader.cuts_off = True
        else:
            reader.status, reader.headers = 503, {"Cache-Control": "no-store"}
        for _ in range(3):
            held = one.client.get("/c/sp500")
            assert (held.status_code, held.text) == (200, "one")
            assert held.headers["x-cache"] == "STALE"
        if trouble == "down":
            told = one.client.get("/c/vix")
            assert told.status_code == 503
            assert "请稍后再试" in told.text
            assert "The site does not answer at this moment." in told.text
            assert told.headers["cache-control"] == "no-store"
            assert told.headers["retry-after"] == "30"


def test_browsers_that_read_the_same_form_share_an_answer(front: Fronts, teller: Teller) -> None:
    teller.headers = {"Cache-Control": Lasts.LIVE, "Vary": "Accept-Encoding"}
    forms = {
        "br": ("gzip, deflate, br, zstd", "br", "gzip;q=0.5, br;q=1.0", "br, gzip"),
        "gzip": ("gzip", "gzip, deflate", "deflate, gzip;q=1.0"),
        "": ("identity", "deflate", "br;q=0, gzip;q=0.0"),
    }  # fmt: skip
    with front(teller.port) as one:
        for spellings in forms.values():
            for spelling in spellings:
                one.client.get("/c/sp500", headers={"Accept-Encoding": spelling})
    told = [asked.all("accept-encoding") for asked in teller.asked]
    assert told == [["br"], ["gzip"], []]


# --- Several readers ----------------------------------------------------------------------------


def test_another_reader_is_asked_when_one_fails(front: Fronts) -> None:
    with Teller().running() as bad, Teller().running() as good, front(bad.port, good.port) as one:
        for trouble in ({"cuts_off": True}, {"status": 503}, {"status": 502}):
            bad.cuts_off, bad.status = trouble.get("cuts_off", False), trouble.get("status", 200)
            bad.asked.clear()
            wait_until(lambda: one.client.get(f"/c/{time.time()}").text and bad.asked, "the bad")
            for number in range(6):
                assert one.client.get(f"/c/{trouble}{number}").status_code == 200


def test_a_reader_that_may_lag_is_asked_only_where_no_other_answers(front: Fronts) -> None:
    with (
        Teller(steps_back=True, body=b"old").running() as lagging,
        Teller(body=b"new").running() as other,
        front(lagging.port, other.port) as one,
    ):
        said = {one.client.get(f"/c/a{number}").content for number in range(12)}
        assert said == {b"new"}
        assert lagging.asked
        other.steps_back = True
        for number in range(12):
            answer = one.client.get(f"/c/b{number}")
            assert (answer.status_code, len(answer.content)) == (200, 3)


def test_no_time_is_lost_where_a_reader_comes_back_and_the_other_ends(front: Fronts) -> None:
    with (
        Teller().running() as first,
        Teller(body=b"two").running() as second,
        front(first.port, second.port) as one,
    ):
        second.cuts_off = True
        for number in range(8):
            assert one.client.get(f"/c/a{number}").content == b"one"
        second.cuts_off, first.cuts_off = False, True  # nginx leaves the second out by now
        for number in range(8):
            assert one.client.get(f"/c/b{number}").content == b"two"


def test_what_was_sent_is_sent_once_but_a_callback_which_only_reads(front: Fronts) -> None:
    with (
        Teller(cuts_off=True).running() as bad,
        Teller().running() as good,
        front(bad.port, good.port) as one,
    ):
        callbacks = [one.client.post(CALLBACK, content=b"{}").status_code for _ in range(4)]
        assert callbacks == [200] * 4
        assert bad.asked
        bad.asked.clear()
        time.sleep(2.5)
        drafts = Counter(one.client.post("/bulletins/new").status_code for _ in range(4))
        assert drafts == {503: len(bad.asked), 200: 4 - len(bad.asked)}
        assert bad.asked


# --- Before readers of the site -----------------------------------------------------------------


@dataclass
class SiteReader:
    """`python -m dashboard` at a port of its own, which can be killed and started again."""

    data: Path
    base: str = PUBLIC
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "XINZHI_DATA": str(self.data), "XINZHI_BASE_URL": self.base}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "--port", str(self.port)], cwd=PROJECT,
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def wait(self) -> None:
        """Until it is ready, however busy the machine is."""
        wait_until(lambda: answers(f"http://127.0.0.1:{self.port}/readyz"), "a reader", 180)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)

    def ask(self, path: str, headers: Mapping[str, str] = PLAIN) -> httpx.Response:
        address = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(address, headers=headers, trust_env=False, timeout=60)


@contextmanager
def readers(data: Path, *bases: str) -> Iterator[list[SiteReader]]:
    """Readers over a data folder, ready."""
    found = [SiteReader(data, base) for base in bases]
    try:
        for one in found:
            one.start()
        for one in found:
            one.wait()
        yield found
    finally:
        for one in found:
            one.stop()


@pytest.fixture(scope="module")
def below(published: Settings) -> Iterator[SiteReader]:
    """A reader of a site below a path."""
    with readers(published.data, f"{PUBLIC}/xinzhi") as (one,):
        yield one


def test_the_site_stands_below_a_path_with_https_in_every_link(
    front: Fronts, below: SiteReader
) -> None:
    with front(below.port, prefix="/xinzhi") as one:
        assert one.client.get("/xinzhi").headers["location"].endswith("/xinzhi/")
        assert one.client.get("/").status_code == 404
        page = one.client.get("/xinzhi/c/sp500")
        assert page.status_code == 200
        assert f'<link rel="canonical" href="{PUBLIC}/xinzhi/c/sp500' in page.text
        assert "http://127.0.0.1" not in page.text
        links = set(re.findall(r'(?:href|src)="(/[^"]*)"', page.text))
        assert links
        assert {link for link in links if not link.startswith("/xinzhi/")} == set()
        for link in sorted(links)[:12]:
            assert one.client.get(link.replace("&amp;", "&")).status_code in (200, 301, 403)
        moved = one.client.get("/xinzhi/c/sp500。?t=3m")
        assert moved.headers["location"] == "/xinzhi/c/sp500?t=3m"
        assert one.client.get("/xinzhi/metrics").status_code == 404
        hostile = one.client.get(
            "/xinzhi/c/vix", headers={"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
        )
        assert "evil" not in hostile.text + str(hostile.headers)
        document = one.client.get("/xinzhi/indicators/sp500").text
        scripts = re.findall(r'src="(/xinzhi/[^"]*\.js[^"]*)"', document)
        assert len(scripts) > 5
        for script in scripts:
            assert one.client.get(script).headers["cache-control"] == Lasts.FROZEN


def test_nginx_passes_on_what_a_reader_compressed_with_its_tag(
    front: Fronts, below: SiteReader
) -> None:
    with front(below.port, prefix="/xinzhi") as one:
        for form in ("br", "gzip", "identity"):
            asked = {"Accept-Encoding": form}
            for path in ("/c/sp500", "/c/sp500.csv", "/c/sp500.svg", "/c/sp500.png"):
                with one.client.stream("GET", f"/xinzhi{path}", headers=asked) as through:
                    raw = b"".join(through.iter_raw())
                with httpx.stream(
                    "GET", f"http://127.0.0.1:{below.port}{path}", headers=asked, trust_env=False
                ) as direct:
                    assert raw == b"".join(direct.iter_raw())
                for name in ("content-encoding", "etag", "cache-control", "surrogate-key",
                             "x-snapshot", "content-type"):  # fmt: skip
                    assert through.headers.get(name) == direct.headers.get(name), (path, name)
                tag = {"If-None-Match": through.headers["etag"], **asked}
                held = one.client.get(f"/xinzhi{path}", headers=tag)
                assert (held.status_code, held.content) == (304, b"")
                assert held.headers["etag"] == through.headers["etag"]
        part = one.client.get("/xinzhi/c/sp500.csv", headers={"Range": "bytes=0-3", **PLAIN})
        assert (part.status_code, part.content) == (206, b"date")
        assert one.client.head("/xinzhi/c/sp500.csv").status_code == 200


def test_live_and_frozen_addresses_are_answered_from_the_cache(
    front: Fronts, below: SiteReader
) -> None:
    at = json.loads(below.ask("/readyz").text)["snapshot"]
    oil = "/c/brent_spot_usd_bbl"
    kept = ("/", oil, f"{oil}.csv", f"{oil}@2026-05-27.png", "/bulletins/2026-05-27",
            "/api/v1/indicators", f"{oil}。", "/sitemap.xml")  # fmt: skip
    with front(below.port, prefix="/xinzhi") as one:
        for path in kept:
            found = [one.client.get(f"/xinzhi{path}").headers["x-cache"] for _ in range(2)]
            assert found == ["MISS", "HIT"], path
        for path in ("/healthz", "/readyz", "/c/nothing", f"{oil}?t=2y"):
            found = [one.client.get(f"/xinzhi{path}").headers["x-cache"] for _ in range(2)]
            assert found == ["MISS", "MISS"], path
        assert f"s-{at}" in one.client.get(f"/xinzhi{oil}").headers["surrogate-key"].split()


LOAD = (
    "/c/sp500",
    "/c/sp500.csv?t=3m",
    "/c/brent_spot_usd_bbl.svg",
    "/bulletins/2026-05-27",
    "/api/v1/indicators",
)


def test_no_request_fails_while_readers_are_killed_come_back_and_are_upgraded(
    front: Fronts, published: Settings
) -> None:
    """Nothing is kept here, so that each request is one of a reader."""
    with (
        readers(published.data, PUBLIC, PUBLIC) as (first, second),
        front(first.port, second.port, cache=False) as one,
        load(one.client, LOAD) as told,
    ):
        told.passed(20)
        for reader in (first, second):  # killed in the middle of its work, and back
            reader.kill()
            told.passed(40)
            reader.start()
            back(reader, one)
            told.passed(20)
        for reader in (first, second):  # one after the other
            reader.stop()
            reader.start()
            told.passed(40)
            back(reader, one)
            told.passed(20)
    assert told.failed == []
    assert len({line["reader"].rpartition(", ")[2] for line in one.log(told.count)}) >= 2


def back(reader: SiteReader, one: Front) -> None:
    """Wait until a reader is ready and nginx asks it again, up to two seconds later: as long as it
    does not, another that fails is the last."""
    reader.wait()
    log, alone = one.folder / "access.log", f'"reader":"127.0.0.1:{reader.port}"'
    before = len(log.read_text(encoding="utf-8"))
    wait_until(lambda: alone in log.read_text(encoding="utf-8")[before:], "nginx asks it again")


@dataclass
class Told:
    """What came of requests that go on and on."""

    count: int = 0
    failed: list[str] = field(default_factory=list)

    def passed(self, many: int) -> None:
        """Wait until so many more have been answered."""
        until = self.count + many
        wait_until(lambda: self.count >= until, f"{many} answers", 180)


@contextmanager
def load(client: httpx.Client, paths: tuple[str, ...]) -> Iterator[Told]:
    """Ask for these addresses in turn, twice at a time, as long as the block."""
    told, ended = Told(), False

    def ask() -> None:
        while not ended:
            for path in paths:
                try:
                    answer = client.get(path)
                    if answer.status_code != 200:
                        told.failed.append(f"{path}: {answer.status_code} {answer.text[:200]}")
                except httpx.HTTPError as error:
                    told.failed.append(f"{path}: {error!r}")
                told.count += 1
                time.sleep(0.01)

    people = [Thread(target=ask) for _ in range(2)]
    for person in people:
        person.start()
    try:
        yield told
    finally:
        ended = True
        for person in people:
            person.join()


# --- A static copy ------------------------------------------------------------------------------


def test_a_static_copy_is_served_with_the_headers_of_the_site(
    published: Settings, certificate: Path, authority: trustme.CA, tmp_path: Path
) -> None:
    (block,) = [one for one in re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL) if "root" in one]
    copy, port = tmp_path / "copy", free_port()
    settings = settings_of(published.data, XINZHI_BASE_URL=PUBLIC)
    write_copy(settings, copy, ("sp500",), lambda address: None)
    text = block.replace("/srv/xinzhi/copy", str(copy))
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    text = re.sub(r" +(ssl_\w+|listen \[::\]) ?.*\n", "", text)
    user = "user root;\n" if os.getuid() == 0 else ""
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"{user}events {{}}\nhttp {{\n{text}\n}}\n", encoding="utf-8")
    with (
        nginx_server(conf, tmp_path / "nginx"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), "nginx")
        frozen = next(path.name for path in (copy / "c").glob("sp500@*") if path.is_dir())
        live = client.get("/c/sp500/")
        assert live.headers["cache-control"] == Lasts.LIVE
        assert live.headers["content-type"] == "text/html; charset=utf-8"
        assert client.get("/c/sp500").status_code == 200
        assert client.get(f"/c/{frozen}/").headers["cache-control"] == Lasts.FROZEN
        since = next((copy / "c" / frozen / "since").glob("*.html")).relative_to(copy)
        assert client.get(f"/{since}").headers["cache-control"] == Lasts.LIVE
        csv = client.get("/c/sp500.csv", headers={"Accept-Encoding": "gzip"})
        assert csv.headers["content-type"].startswith("text/csv")
        assert csv.headers["content-encoding"] == "gzip"
        assert csv.headers["x-content-type-options"] == "nosniff"
        script = next((copy / "static").glob("*.js")).name
        assert client.get(f"/static/{script}").headers["cache-control"] == Lasts.FROZEN
        kinds = {".parquet": "application/vnd.apache.parquet", ".svg": "image/svg+xml",
                 ".metadata.json": "application/json"}  # fmt: skip
        for suffix, kind in kinds.items():
            assert client.get(f"/c/sp500{suffix}").headers["content-type"].startswith(kind)
        gone = client.get("/c/nothing")
        assert gone.status_code == 404
        assert gone.headers["cache-control"] == "no-store"
        assert client.get(f"/c/{frozen}x/").headers["cache-control"] == "no-store"
        tag = {"If-None-Match": live.headers["etag"]}
        assert client.get("/c/sp500/", headers=tag).status_code == 304


def test_the_example_says_what_the_program_does() -> None:
    text = CONF.read_text(encoding="utf-8")
    assert "gzip off;" in text
    assert "client_max_body_size 2200k;" in text  # more than a reader takes, which says so itself
    assert not re.search(r"^\s*proxy_cache_(valid|use_stale .*updating)", text, re.MULTILINE)
