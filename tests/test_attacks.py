"""What one reader may try against all others, over real connections to a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import PROJECT, settings_of
from serving import PLAIN, client, free_port, run_apart

from dashboard.http.limits import ConcurrencyLimit, ReaderLeftError
from etl.settings import Settings

CALLBACK = "/_dash-update-component"
OUTPUTS = [{"id": "content", "property": name} for name in ("html", "slots", "children")]
OUTPUT = "..content.html...content.slots...content.children.."
VISIT: dict[str, object] = {
    "output": OUTPUT,
    "outputs": OUTPUTS,
    "inputs": [
        {"id": "address", "property": "pathname", "value": "/"},
        {"id": "address", "property": "search", "value": ""},
        {"id": "content", "property": "snapshot", "value": "x"},
    ],
    "changedPropIds": ["address.pathname"],
}


@dataclass
class Running:
    """A server as people run it."""

    base: str
    process: subprocess.Popen[str]
    errors: Path

    @property
    def port(self) -> int:
        return urlsplit(self.base).port or 0

    @cached_property
    def link(self) -> httpx.Client:
        """A client that connects anew each time."""
        return httpx.Client(
            base_url=self.base, trust_env=False, timeout=60,
            limits=httpx.Limits(max_keepalive_connections=0),
        )  # fmt: skip

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:
        return self.link.request(method, path, **named)

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self.ask("GET", path, **named)

    def raw(self, data: bytes, wait_s: float = 20) -> bytes:
        """What comes back for bytes as they are, until the server closes or is silent."""
        with self.connected() as link:
            link.settimeout(wait_s)
            link.sendall(data)
            return _all_of(link)

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def log(self) -> str:
        return self.errors.read_text(encoding="utf-8")

    def healthy_within(self, seconds: float) -> float:
        start = time.monotonic()
        assert self.get("/healthz").status_code == 200
        taken = time.monotonic() - start
        assert taken < seconds
        return taken


def _all_of(link: socket.socket) -> bytes:
    found = b""
    try:
        while part := link.recv(65536):
            found += part
    except (TimeoutError, ConnectionResetError):
        pass
    return found


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def head(*lines: str, method: str = "GET", path: str = "/healthz") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", *lines, "", "")).encode("latin-1")


@contextmanager
def served(
    data: Path,
    errors: Path,
    *options: str,
    program: Sequence[str] = ("-m", "dashboard"),
    **env: str,
) -> Iterator[Running]:
    port = free_port()
    with open(errors, "w", encoding="utf-8") as sink:
        process = subprocess.Popen(
            [sys.executable, *program, "--port", str(port), *options],
            cwd=PROJECT,
            env={**os.environ, "XINZHI_DATA": str(data), **env},
            stdout=subprocess.DEVNULL,
            stderr=sink,
            text=True,
        )
    running = Running(f"http://127.0.0.1:{port}", process, errors)
    try:
        _wait_until_ready(running)
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)


def _wait_until_ready(running: Running) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert running.process.poll() is None, running.log()
        try:
            if running.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(running.log())


@pytest.fixture(scope="module")
def site(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(published.data, tmp_path_factory.mktemp("log") / "stderr.txt") as running:
        yield running
        assert "Traceback" not in running.log()


@pytest.fixture(scope="module")
def fresh(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of which nobody has asked anything, with a log for programs."""
    errors = tmp_path_factory.mktemp("log") / "stderr.txt"
    with served(published.data, errors, XINZHI_LOG="json") as running:
        yield running


@pytest.fixture(scope="module")
def pair(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of two workers."""
    errors = tmp_path_factory.mktemp("log") / "stderr.txt"
    with served(published.data, errors, "--workers", "2") as running:
        yield running


# Slow and silent ones


def test_silent_bodies_and_heads_stop_nobody_and_end(site: Running) -> None:
    """Sixteen POSTs without a body, sixteen that trickle, half a head, and nothing at all."""
    silent = head("Content-Length: 1000", "Content-Type: application/json",
                  method="POST", path=CALLBACK)  # fmt: skip
    with ExitStack() as stack:
        links = {}
        for name, data in {"silent": silent, "trickle": silent + b"{", "head": b"GET / HT",
                           "nothing": b""}.items():  # fmt: skip
            links[name] = [stack.enter_context(site.connected()) for _ in range(16)]
            for link in links[name]:
                link.sendall(data)
        site.healthy_within(3)
        assert site.get("/indicators").status_code == 200
        assert site.ask("POST", CALLBACK, json=VISIT).status_code == 200
        for _ in range(3):
            for link in links["trickle"]:
                link.sendall(b" ")
            time.sleep(0.5)
        found = {name: [_all_of(link) for link in some] for name, some in links.items()}
    assert {status(answer) for answer in found["silent"] + found["trickle"]} == {408}
    assert {status(answer) for answer in found["head"]} == {408}
    assert set(found["nothing"]) == {b""}


def test_eleven_hundred_idle_connections_stop_nobody(published: Settings, tmp_path: Path) -> None:
    """Also where only a thousand files may be open, and three hundred at first: the bound is raised
    as far as it goes, and then the oldest idle ones make room."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1024));"
        "from dashboard.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    with (
        served(published.data, tmp_path / "log", program=("-c", limited)) as few,
        ExitStack() as stack,
    ):
        for _ in range(1100):
            stack.enter_context(few.connected())
        few.healthy_within(3)
        assert few.get("/c/sp500").status_code == 200
        (line,) = [line for line in Path(f"/proc/{few.process.pid}/limits").read_text().splitlines()
                   if line.startswith("Max open files")]  # fmt: skip
        assert line.split()[3:5] == ["1024", "1024"]
    assert "Traceback" not in few.log()


def test_a_reader_who_fetches_nothing_holds_no_place(site: Running) -> None:
    """A page is made, and its thread is free again, though nobody takes the answer."""
    with ExitStack() as stack:
        for number in range(40):
            link = stack.enter_context(site.connected())
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.sendall(head(path=f"/?x={number}"))
        site.healthy_within(3)
        until = time.monotonic() + 10
        while site.get("/indicators").status_code == 429:
            assert time.monotonic() < until
            time.sleep(0.2)


# Bodies and heads that mean nothing


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (head("Content-Length: 5", "Content-Length: 6", method="POST", path=CALLBACK) + b"x", 400),
        (head("Content-Length: -5", method="POST", path=CALLBACK), 400),
        (head("Content-Length: five", method="POST", path=CALLBACK), 400),
        (head("Content-Length: " + "9" * 40, method="POST", path=CALLBACK), 400),
        (head("Content-Length: 1000001", method="POST", path=CALLBACK), 413),
        (head("Content-Length: 2", "Transfer-Encoding: chunked", method="POST", path=CALLBACK)
         + b"2\r\n{}\r\n0\r\n\r\n", 400),
        (head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", method="POST",
              path=CALLBACK), 501),
        (head("Transfer-Encoding: gzip, chunked", method="POST", path=CALLBACK), 501),
        (head("Transfer-Encoding: chunked", method="POST", path=CALLBACK) + b"zz\r\n", 400),
        (head("Content-Length: 20", "Content-Encoding: gzip", method="POST", path=CALLBACK)
         + b"\x1f\x8b" + b"x" * 18, 415),
        (head("Content-Length: 2", "Content-Encoding: br, gzip", method="POST", path=CALLBACK)
         + b"xx", 415),
        (head("Content-Length: 2", "Content-Type: text/plain", method="POST", path=CALLBACK)
         + b"{}", 400),
        (head(*(f"X-{n}: y" for n in range(150))), 431),
        (head("X-Long: " + "y" * 40_000), 431),
        (b"GET /" + b"a" * 400_000, 431),
        (b"\x16\x03\x01\x02\x00\x01\x00" * 50 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET \x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (head("Bad Name: x"), 400),
    ],
)  # fmt: skip
def test_a_head_or_body_that_means_nothing_is_refused(
    site: Running, data: bytes, wanted: int
) -> None:
    found = site.raw(data, 1.5)
    assert status(found) == wanted
    assert b"Traceback" not in found


def test_a_body_of_unknown_length_over_a_megabyte_is_refused(site: Running) -> None:
    chunk = b"fa00\r\n" + b" " * 64_000 + b"\r\n"
    answer = site.raw(head("Transfer-Encoding: chunked", method="POST", path=CALLBACK)
                      + chunk * 17, 1.5)  # fmt: skip
    assert status(answer) == 413


def test_half_a_body_and_a_reader_who_leaves_leave_no_trace(site: Running) -> None:
    for path in (CALLBACK, "/", "/c/sp500.csv"):
        for length in (10, 900_000):
            with site.connected() as link:
                link.sendall(head(f"Content-Length: {length}", method="POST", path=path) + b"{")
    for number in range(30):
        with site.connected() as link:
            link.sendall(head(path=f"/c/vix.png?t=2026-01-01..2026-03-{number + 1:02d}"))
    site.healthy_within(6)


# Callbacks


def forged(**fields: object) -> bytes:
    return json.dumps({**VISIT, **fields}).encode()


def inputs(*values: object) -> list[dict[str, object]]:
    names = (("address", "pathname"), ("address", "search"), ("content", "snapshot"))
    return [{"id": i, "property": p, "value": v}
            for (i, p), v in zip(names, values, strict=True)]  # fmt: skip


WRONG: list[object] = [None, 5, 1.5, True, "x", [], {}, [1], {"a": 1}, [None], [[]], [{}]]
FORGED = [
    b"", b"{", b"not json", b"\x00\xff", b"\xff\xfe{\x00", b"[" * 100_000, b'{"a":' * 50_000,
    b"[" * 400 + b"]" * 400, b"null", b"5", b'"x"', b"[]", b"{}", b"NaN", b"1e999", b"-Infinity",
    b"1" * 5000, b'{"output": "a.b", "output": "a.b"}',
    forged(inputs=inputs("/", "", "x")).replace(b'"/"', b'"\\ud800"'),
    forged(inputs=inputs("/", "", 0)).replace(b": 0}", b": NaN}"),
    forged(inputs=inputs("/", "", 0)).replace(b": 0}", b": 1e999}"),
    forged(output="nope.children", outputs={"id": "nope", "property": "children"}),
    forged(output="..content.html...content.html..", outputs=[OUTPUTS[0]] * 2),
    forged(outputs=OUTPUTS[:1]), forged(outputs=OUTPUTS * 400), forged(outputs=OUTPUTS[0]),
    forged(inputs=[]), forged(inputs=inputs("/", "", "x") * 2),
    forged(inputs=inputs("/", "", "x")[::-1]),
    forged(changedPropIds=["nope.children"]), forged(state=inputs("/", "", "x")),
    forged(surprise=1), forged(parsedChangedPropsIds=[5]),
    *(forged(**{field: wrong}) for field in ("output", "outputs", "inputs", "changedPropIds")
      for wrong in WRONG if (field, wrong) != ("changedPropIds", [])),
    *(forged(state=wrong) for wrong in WRONG if wrong != []),
    *(forged(inputs=inputs(wrong, "", "x")) for wrong in WRONG if wrong not in (None, "x")),
    *(forged(inputs=inputs("/", wrong, "x")) for wrong in WRONG if wrong not in (None, "x")),
    *(forged(inputs=inputs("/", "", wrong)) for wrong in WRONG if wrong not in (None, "x")),
    *(forged(inputs=[{**inputs("/", "", "x")[0], key: wrong}, *inputs("/", "", "x")[1:]])
      for key in ("id", "property") for wrong in WRONG),
]  # fmt: skip


def test_no_forged_callback_reaches_dash(site: Running) -> None:
    headers = {"Content-Type": "application/json"}
    with httpx.Client(base_url=site.base, trust_env=False, timeout=30, headers=headers) as link:
        for body in FORGED:
            answer = link.post(CALLBACK, content=body)
            assert answer.status_code == 400, (body[:200], answer.status_code, answer.text[:200])
            assert answer.headers["content-type"] == "application/problem+json"
            assert len(answer.json()["detail"]) > 10
        assert link.post(CALLBACK, json=VISIT).status_code == 200
        nobody = {**VISIT, "inputs": inputs(None, None, None), "changedPropIds": []}
        assert link.post(CALLBACK, json=nobody).status_code == 200


# Crowds


def test_a_fresh_server_gives_every_script_that_is_asked_for_at_once(
    site: Running, fresh: Running
) -> None:
    text = site.get("/").text
    paths = sorted(set(re.findall(r'(?:src|href)="(/(?:assets|_dash-)[^"]+)"', text)))
    assert len(paths) > 8
    with ThreadPoolExecutor(len(paths)) as many:
        found = list(many.map(fresh.get, paths))
    assert [answer.status_code for answer in found] == [200] * len(paths)


def test_a_hundred_clicks_at_once_are_answered_in_a_second_or_told_when_to_return(
    site: Running,
) -> None:
    def click(number: int) -> tuple[int, float, httpx.Headers]:
        body = {**VISIT, "inputs": inputs("/indicators", f"?q={number}", None)}
        start = time.monotonic()
        answer = site.ask("POST", CALLBACK, json=body)
        return answer.status_code, time.monotonic() - start, answer.headers

    waited: list[float] = []
    with ThreadPoolExecutor(100) as many:
        answers = [many.submit(click, number) for number in range(100)]
        while not all(answer.done() for answer in answers):
            waited.append(site.healthy_within(5))
    found = [answer.result() for answer in answers]
    assert {code for code, _, _ in found} <= {200, 429}
    assert all("retry-after" in headers for code, _, headers in found if code == 429)
    assert sorted(waited)[len(waited) // 2] < 3  # `make bench` tells it to the millisecond


def test_busy_people_get_a_page_and_programs_a_document(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.server.PAGES", (1, 0.1))
    monkeypatch.setattr("dashboard.server.PICTURES", (1, 0.1))
    monkeypatch.setattr("dashboard.server.FILES", (1, 0.1))
    busy, go = client(published), threading.Event()
    service = busy.app.service
    for limit in (service.pages, service.pictures, service.files):
        limit.begin(lambda: go.wait(20)).join()
    try:
        for path in ("/c/sp500", "/indicators", "/embed/c/sp500?lang=en"):
            answer = busy.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        for path in ("/c/sp500.png", "/c/sp500.csv", "/api/v1/indicators"):
            answer = busy.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
            assert answer.json()["status"] == 429
            assert answer.headers["access-control-allow-origin"] == "*"
    finally:
        go.set()


def test_work_of_a_reader_who_left_is_not_begun() -> None:
    made: list[str] = []

    async def leaves() -> dict[str, str]:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def stays() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    async def scene() -> None:
        limit, go = ConcurrencyLimit(1), threading.Event()
        first = asyncio.create_task(limit.run(lambda: go.wait(20), stays))
        await asyncio.sleep(0.05)
        with pytest.raises(ReaderLeftError):
            await limit.run(lambda: made.append("left"), leaves)
        third = asyncio.create_task(limit.run(lambda: made.append("stayed"), stays))
        go.set()
        await asyncio.gather(first, third)

    run_apart(scene())
    assert made == ["stayed"]


@pytest.mark.parametrize("path", ["/c/sp500", "/c/sp500.svg", "/indicators/sp500"])
def test_an_error_of_ours_is_one_traceback_and_one_sentence(
    published: Settings,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*given: object, **named: object) -> None:
        raise ZeroDivisionError("a secret of the program")

    monkeypatch.setattr("dashboard.http.routes.charts.view", fails)
    monkeypatch.setattr("dashboard.pages.indicator.layout", fails)
    answer = client(published).get(path)
    assert answer.status_code == 500
    assert "This is our mistake. Tell us its number: test." in answer.text
    assert "secret" not in answer.text
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ZeroDivisionError
    ]


# Memory


def test_unknown_parameters_fill_no_memory(site: Running) -> None:
    """A tenth of what `make bench` asks; each answer is one that is made already."""
    style = re.findall(r'href="(/assets/[^"?]+)', site.get("/").text)[0]
    paths = ("/c/sp500.csv", "/c/sp500", style, "/_dash-component-suites/dash/deps/polyfill@7.js",
             "/api/v1/indicators")  # fmt: skip
    with httpx.Client(base_url=site.base, trust_env=False, headers=PLAIN) as link:
        before = _resident(site.process.pid, link, paths, 0, 200)
        after = _resident(site.process.pid, link, paths, 200, 3000)
    assert after - before < 15_000_000


def _resident(pid: int, link: httpx.Client, paths: tuple[str, ...], first: int, last: int) -> int:
    for number in range(first, last):
        path = paths[number % len(paths)]
        assert link.get(f"{path}?x{number}={'y' * 300}{number}").status_code in (200, 404)
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# What is said to whom


@pytest.mark.parametrize("path", ["/", "/c/old.csv", "/healthz/", "/assets", "/indicators/"])
def test_no_host_and_no_forwarded_header_is_repeated(site: Running, path: str) -> None:
    for host in ("evil.example", "evil.example:99999", "a b", "<script>", "", "[::1", "x" * 300):
        answer = site.raw(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\n"
            "X-Forwarded-Proto: gopher\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-For: 6.6.6.6\r\n"
            "Forwarded: host=evil.example\r\nX-Original-URL: /evil\r\nConnection: close\r\n\r\n"
            .encode()
        )  # fmt: skip
        assert status(answer) < 500
        for word in (b"evil", b"gopher", b"<script>alert", b"6.6.6.6"):
            assert word not in answer


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "FOO"]
)
def test_other_methods_are_refused_with_those_there_are(site: Running, method: str) -> None:
    for path in ("/", "/c/sp500", "/c/sp500.csv", "/healthz", "/assets/site.css", "/nothing"):
        answer = site.raw(head("Connection: close", method=method, path=path))
        assert status(answer) == 405
        assert b"\r\nallow: GET, HEAD, OPTIONS\r\n" in answer


def test_get_on_the_callback_is_refused(site: Running) -> None:
    answer = site.get(CALLBACK)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("path", ["/c/sp500.csv", "/c/nothing.csv", "/c/sp500.svg?w=9999",
                                  "/c/sp500.csv?t=2y", "/api/v1/indicators", "/api/nothing",
                                  "/api/v1/observations", "/catalog.jsonld"])  # fmt: skip
def test_data_may_be_read_from_other_sites_whatever_is_answered(site: Running, path: str) -> None:
    origin = {"Origin": "https://notebook.example"}
    assert site.get(path, headers=origin).headers["access-control-allow-origin"] == "*"
    asked = site.ask(
        "OPTIONS", path,
        headers={**origin, "Access-Control-Request-Method": "GET",
                 "Access-Control-Request-Headers": "if-none-match"},
    )  # fmt: skip
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "GET" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", ["/", "/c/sp500", "/indicators", CALLBACK])
def test_pages_and_callbacks_stay_closed(site: Running, path: str) -> None:
    for answer in (site.get(path), site.ask("OPTIONS", path)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_request_id_is_answered_and_a_strange_one_replaced(site: Running) -> None:
    assert (
        site.get("/healthz", headers={"X-Request-ID": "a.B-1"}).headers["x-request-id"] == "a.B-1"
    )
    for strange in ("a b", "x" * 65, "{}", "a\tb", "é".encode("latin-1").decode("latin-1")):
        found = site.get("/healthz", headers={"X-Request-ID": strange.encode("latin-1")})
        assert re.fullmatch("[0-9a-f]{16}", found.headers["x-request-id"])


def test_scripts_of_pages_that_a_browser_kept_still_answer(site: Running) -> None:
    current = re.findall(r"/static/chart\.[0-9a-f]{12}\.js", site.get("/c/sp500").text)[0]
    newest = site.get(current)
    assert "immutable" in newest.headers["cache-control"]
    old = site.get("/static/chart.0123456789ab.js")
    assert old.content == newest.content
    assert "s-maxage=60" in old.headers["cache-control"]
    for path in ("/static/other.0123456789ab.js", "/static/chart.0123.js", "/static/chart.js",
                 "/static/..%2fserver.py"):  # fmt: skip
        assert site.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/_dash-component-suites/dash/nothing.js", "/_dash-component-suites/os/path.py",
     "/_dash-component-suites/dash/..%2f..%2fetc%2fpasswd", "/_dash-component-suites/x",
     "/_dash-component-suites/", "/assets/nothing.js", "/assets/..%2fapp.py"],
)  # fmt: skip
def test_files_that_do_not_exist_are_not_found(site: Running, path: str) -> None:
    assert site.get(path).status_code == 404


# The log


def test_the_log_cannot_be_flooded_and_holds_no_traceback_of_a_reader(fresh: Running) -> None:
    start = time.monotonic()
    for _ in range(300):
        fresh.raw(b"nonsense\r\n\r\n", 5)
    time.sleep(1.1)
    fresh.raw(b"nonsense\r\n\r\n", 5)
    seconds = time.monotonic() - start
    lines = [json.loads(line) for line in fresh.log().splitlines()]
    told = [line for line in lines if line["logger"] == "uvicorn.error"]
    assert 2 <= len(told) <= 2 + seconds
    assert sum(line.get("swallowed", 0) for line in told) + len(told) >= 301
    assert "Traceback" not in fresh.log()
    assert {"time", "level", "logger", "message"} <= told[0].keys()


# Without a snapshot, with a damaged one


def test_no_answer_names_a_path_of_the_server(tmp_path: Path) -> None:
    bare = client(settings_of(tmp_path / "data"))
    for path in ("/", "/readyz", "/c/sp500", "/c/sp500.csv", "/api/v1/indicators", "/status",
                 "/api/v1/status", "/sitemap.xml", "/bulletins/2026-05-27.zip",
                 f"/verify/{'0' * 64}"):  # fmt: skip
        assert str(tmp_path) not in bare.get(path).text
    assert bare.get("/c/sp500.csv").status_code == 503


def test_a_snapshot_that_is_damaged_while_it_is_served_is_503_in_words(filled: Path) -> None:
    site = client(settings_of(filled))
    name = site.get("/readyz").json()["snapshot"]
    kept = site.get("/c/sp500.csv").content
    file = filled / "published" / f"{name}.duckdb"
    with open(file, "r+b") as damaged:
        damaged.seek(12_288)
        damaged.write(os.urandom(file.stat().st_size - 12_288))
    ready = site.get("/readyz")
    assert ready.status_code == 503
    assert str(filled) not in ready.text
    assert "python -m etl" in ready.json()["detail"]
    seen = {path: site.get(path) for path in ("/c/gold_monthly_usd_oz?t=max", "/c/vix.csv?t=max",
            "/policies", "/api/v1/policies", "/api/v1/bulletins")}  # fmt: skip
    assert {answer.status_code for answer in seen.values()} <= {200, 503}
    assert 503 in {answer.status_code for answer in seen.values()}
    for answer in seen.values():
        assert str(filled) not in answer.text
        assert "Traceback" not in answer.text
    assert site.get("/c/sp500.csv").content == kept
    assert site.get("/metrics").text.count("xinzhi_ready 0") == 1


# The end


def test_several_workers_count_together(pair: Running) -> None:
    for _ in range(40):
        assert pair.get("/c/vix.csv").status_code == 200
    for _ in range(6):
        lines = pair.get("/metrics").text.splitlines()
        asked = [one for one in lines if one.startswith("xinzhi_requests_total")]
        assert [one.split()[-1] for one in asked if "/c/{place}.csv" in one] == ["40.0"]
        assert "xinzhi_ready 1.0" in lines


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_ends_in_ten_seconds_whatever_is_open(
    fresh: Running, pair: Running, workers: int
) -> None:
    """The last test of both."""
    one = fresh if workers == 1 else pair
    with ExitStack() as stack:
        for data in (b"", b"GET / HT", head(path="/"), head(path="/c/sp500.csv?t=max") * 50,
                     head("Content-Length: 900", method="POST", path=CALLBACK)):  # fmt: skip
            for _ in range(5):
                link = stack.enter_context(one.connected())
                link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                link.sendall(data)
        time.sleep(0.5)
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(timeout=10)
    assert "Traceback" not in one.log()
