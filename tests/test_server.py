"""The server as those who run it, and those who attack it, meet it."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from pathlib import Path

import brotli
import httpx
import pytest
from conftest import Cli, settings_of, write_csv
from serving import PLAIN, TestClient, client, rows_of, still

from dashboard.__main__ import main
from dashboard.app import PLOTLY_PATH
from etl.catalog import Catalog
from etl.settings import Settings

CALLBACK = "/_dash-update-component"
OUTPUTS = [{"id": "content", "property": name} for name in ("html", "slots", "children")]
VISIT = {
    "output": "..content.html...content.slots...content.children..",
    "outputs": OUTPUTS,
    "inputs": [
        {"id": "address", "property": "pathname", "value": "/"},
        {"id": "address", "property": "search", "value": ""},
        {"id": "content", "property": "snapshot"},
    ],
    "changedPropIds": ["address.pathname"],
}
FORGED: dict[str, object] = {
    "another output": {
        **VISIT,
        "output": "nope.children",
        "outputs": {"id": "nope", "property": "children"},
    },
    "no output": {},
    "a list": [1, 2],
    "a number": 5,
    "null": None,
    "no inputs": {**VISIT, "inputs": []},
    "inputs of a wrong type": {**VISIT, "inputs": "x", "outputs": 5, "changedPropIds": 7},
    "an input without a name": {**VISIT, "inputs": [{"value": "/"}]},
}
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}


@pytest.fixture(scope="session")
def assets(site: TestClient) -> list[str]:
    """Every script and style sheet that a page asks for."""
    text = site.get("/").text
    found = [part.split('"')[0] for part in text.replace('href="', 'src="').split('src="')[1:]]
    return sorted({path for path in found if path.startswith(("/assets/", "/_dash-"))})


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    return str(document["detail"])


def visit(path: object, search: object = "") -> dict[str, object]:
    """What the browser asks when a reader follows a link."""
    first, second, third = VISIT["inputs"]
    inputs = [{**first, "value": path}, {**second, "value": search}, third]  # type: ignore[dict-item]
    return {**VISIT, "inputs": inputs}


def shows_no_trace(answer: httpx.Response) -> None:
    for word in ("Traceback", 'File "', "site-packages", "Error: "):
        assert word not in answer.text


def test_the_process_says_that_it_lives(site: TestClient) -> None:
    assert site.get("/healthz").json() == {"status": "ok"}
    assert site.head("/healthz").status_code == 200


def test_the_server_is_ready_with_a_snapshot(site: TestClient, published: Settings) -> None:
    found = site.get("/readyz")
    pointer = json.loads((published.published / "current.json").read_text())
    assert found.status_code == 200
    assert found.json()["snapshot"] == pointer["snapshot"]
    assert "warning" not in found.json()


def test_without_a_snapshot_every_answer_is_503_in_words(tmp_path: Path) -> None:
    bare = client(settings_of(tmp_path / "data"))
    for path in ("/readyz", "/c/sp500.csv", "/api/v1/indicators"):
        assert "python -m etl run" in problem(bare.get(path), 503)
    for path in ("/", "/indicators", "/indicators/sp500", "/about"):
        page = still(bare.get(path), 503)
        assert page.one("h1").text == "还没有可看的数据"
        assert "python -m etl run" in page.one("p", "message").text
    assert bare.get("/healthz").status_code == 200


def test_a_snapshot_that_cannot_be_opened_is_503_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "published"
    folder.mkdir(parents=True)
    (folder / "20260101T000000000Z-00000000.duckdb").write_bytes(b"not a database" * 1000)
    (folder / "current.json").write_text('{"snapshot": "20260101T000000000Z-00000000"}')
    bare = client(settings_of(tmp_path / "data"))
    assert "python -m etl rollback" in problem(bare.get("/readyz"), 503)
    (folder / "current.json").write_text("{")
    broken = client(settings_of(tmp_path / "data"))
    assert "current.json: cannot be read" in problem(broken.get("/readyz"), 503)


def test_the_api_lists_every_indicator_with_its_newest_value(
    site: TestClient, catalog: Catalog
) -> None:
    answer = site.get("/api/v1/indicators")
    document = answer.json()
    assert [i["id"] for i in document["indicators"]] == list(catalog.indicators)
    assert document["count"] == len(document["indicators"]) == len(catalog)
    for indicator in document["indicators"]:
        if indicator["credit"]["reuse"] == "view":
            assert indicator["csv"] == ""
            assert site.get(f"/c/{indicator['id']}.csv").status_code == 403
            continue
        rows = rows_of(site.get(indicator["csv"].removeprefix("http://127.0.0.1:8050")))
        if not rows:
            assert indicator["newest"] is None
            assert (indicator["rows"], indicator["last_date"]) == (0, None)
            continue
        newest = indicator["newest"]
        assert newest["date"] == rows[-1]["date"] == indicator["last_date"]
        assert newest["value"] == float(rows[-1]["value"])
        assert newest["known_at"] == rows[-1]["known_at"]
        assert newest["status"] == rows[-1]["status"]


def test_the_list_of_indicators_has_the_headers_of_data(site: TestClient, catalog: Catalog) -> None:
    answer = site.get("/api/v1/indicators", headers=PLAIN)
    assert answer.headers["x-snapshot"] == answer.json()["snapshot"]
    assert answer.headers["x-row-count"] == str(len(catalog))
    head = site.head("/api/v1/indicators", headers=PLAIN)
    assert dict(head.headers) == dict(answer.headers)
    held = {"If-None-Match": answer.headers["etag"]}
    assert site.get("/api/v1/indicators", headers=held).status_code == 304


def test_an_unknown_path_of_the_api_is_not_found(site: TestClient) -> None:
    assert "/api/nothing" in problem(site.get("/api/nothing"), 404)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/indicators/unknown", "/indicators/sp500/more", "/bulletins/2026-05-28",
     "/bulletins/2026-02-30", "/bulletins/x", "/about/x", "/" + "a" * 5000, "/%00",
     "/..%2f..%2fetc"],
)  # fmt: skip
def test_an_unknown_page_is_404_in_words(site: TestClient, path: str) -> None:
    page = still(site.get(path), 404)
    assert page.one("h1").text == "没有这一页"
    assert page.one("p", "message").text
    assert "/" in page.one("main").hrefs()


def test_an_unknown_indicator_is_told_the_nearest_one(site: TestClient) -> None:
    page = still(site.get("/indicators/sp50"), 404)
    assert "Did you mean 'sp500'?" in page.one("p", "message").text


@pytest.mark.parametrize(
    "path",
    ["/", "/bulletins", "/bulletins/2026-05-27", "/indicators", "/indicators/sp500", "/about"],
)
def test_head_works_on_every_page(site: TestClient, path: str) -> None:
    get, head = site.get(path, headers=PLAIN), site.head(path, headers=PLAIN)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/nothing", 404),
        ("GET", "/indicators/sp500?t=2y", 400),
        ("GET", "/c/sp500.csv", 200),
        ("GET", "/c/sp500.csv?t=2y", 400),
        ("GET", "/api/v1/indicators", 200),
        ("POST", "/api/nothing", 405),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", PLOTLY_PATH, 200),
        ("GET", "/_dash-layout", 200),
        ("POST", CALLBACK, 413),
    ],
)
def test_every_answer_names_the_rules_of_the_browser(
    site: TestClient, method: str, path: str, status: int
) -> None:
    body = b"x" * 1_000_001 if status == 413 else None
    answer = site.request(method, path, content=body)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    policy = answer.headers["content-security-policy"]
    for rule in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "connect-src 'self'",
    ):
        assert rule in policy
    assert "http" not in policy


def test_a_body_over_a_megabyte_is_refused(site: TestClient) -> None:
    for body in (b"x" * 1_000_001, b"{" + b" " * 5_000_000):
        headers = {"Content-Type": "application/json"}
        assert "1,000,000" in problem(site.post(CALLBACK, content=body, headers=headers), 413)


def test_a_body_over_a_megabyte_of_unknown_length_is_refused(site: TestClient) -> None:
    parts = (b" " * 100_000 for _ in range(20))
    headers = {"Content-Type": "application/json"}
    answer = site.post(CALLBACK, content=parts, headers=headers)
    assert 400 <= answer.status_code < 500
    shows_no_trace(answer)


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_callback_gets_no_page_and_no_trace(site: TestClient, kind: str) -> None:
    answer = site.post(CALLBACK, json=FORGED[kind])
    assert 400 <= answer.status_code < 600
    shows_no_trace(answer)


@pytest.mark.parametrize("body", [b"not json", b"{", b"\x00\xff", b"[" * 50_000])
def test_a_callback_that_is_not_json_gets_no_page_and_no_trace(
    site: TestClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = site.post(CALLBACK, content=body, headers=headers)
    assert 400 <= answer.status_code < 600
    shows_no_trace(answer)


@pytest.mark.parametrize(
    ("path", "search"),
    [
        (None, None),
        ("", ""),
        ("nothing", "x"),
        ("/a\x00b", "?t=\x00"),
        ("/" + "a" * 9000, "?" * 99),
    ],
)
def test_any_address_is_some_page_and_no_trace(
    site: TestClient, path: object, search: object
) -> None:
    answer = site.post(CALLBACK, json=visit(path, search))
    assert answer.status_code == 200
    assert 'id="main"' in answer.json()["response"]["content"]["html"]
    shows_no_trace(answer)


def test_the_server_answers_after_all_that(site: TestClient) -> None:
    for forged in FORGED.values():
        site.post(CALLBACK, json=forged)
    answer = site.post(CALLBACK, json=visit("/about"))
    assert answer.status_code == 200
    assert answer.json()["response"]["content"]["html"].startswith('<div class="site"')


@pytest.mark.parametrize("path", ["/", "/c/sp500.csv", "/api/v1/indicators", "/assets/site.css"])
def test_what_is_asked_for_small_comes_small_and_whole(published: Settings, path: str) -> None:
    site = client(published)
    plain = site.get(path, headers=PLAIN)
    assert "content-encoding" not in plain.headers
    for name, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        with site.stream("GET", path, headers={"Accept-Encoding": name}) as answer:
            body = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == name
        assert "Accept-Encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) == len(body) < len(plain.content) / 2
        if path != "/":  # dash puts a fresh token into each page
            assert unpack(body) == plain.content


def test_brotli_goes_before_gzip(site: TestClient) -> None:
    answer = site.get("/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert answer.headers["content-encoding"] == "br"


def test_an_encoding_that_is_refused_is_not_used(site: TestClient) -> None:
    answer = site.get("/", headers={"Accept-Encoding": "br;q=0, gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    answer = site.get("/", headers={"Accept-Encoding": "gzip;q=0, br;q=0"})
    assert "content-encoding" not in answer.headers


def test_an_answer_that_could_have_been_small_says_what_it_depends_on(site: TestClient) -> None:
    """Else a cache between hands the plain one to all."""
    answer = site.get("/c/sp500.csv", headers=PLAIN)
    assert "accept-encoding" in answer.headers.get("vary", "").lower()


def test_the_page_asks_for_its_own_scripts_and_styles(assets: list[str]) -> None:
    assert any(path.startswith("/assets/site.css?m=") for path in assets)
    assert any(path.startswith("/assets/page.js?m=") for path in assets)
    assert any("dash_renderer" in path for path in assets)
    assert not any("vendor" in path for path in assets)


def test_fingerprinted_files_never_change_and_say_so(
    published: Settings, assets: list[str]
) -> None:
    site = client(published)
    marked = [path for path in assets if "?m=" in path or ".v" in path]
    assert len(marked) > 5
    for path in marked:
        one, two = site.get(path), site.get(path)
        assert one.status_code == 200
        assert one.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert one.headers["content-type"].split(";")[0] in ("text/css", "text/javascript",
                                                             "application/javascript",
                                                             "image/svg+xml")  # fmt: skip
        assert two.content == one.content
        assert dict(two.headers) == dict(one.headers)
        assert site.get(path, headers=PLAIN).content == one.content


def test_the_chart_library_is_the_basic_bundle(site: TestClient) -> None:
    answer = site.get(PLOTLY_PATH)
    assert answer.status_code == 200
    assert len(answer.content) < 1_300_000
    assert b"plotly.js (basic" in answer.content[:400]
    assert answer.headers["content-type"].startswith("text/javascript")


def test_a_new_snapshot_is_served_within_two_seconds_and_no_request_fails(
    filled: Path, cli: Cli
) -> None:
    site = client(settings_of(filled))
    old = site.get("/readyz").json()["snapshot"]
    stop, wrong = threading.Event(), []
    asked = [0, 0, 0, 0]
    paths = ("/", "/c/sp500.csv", "/api/v1/indicators", "/indicators/vix")

    def ask(number: int) -> None:
        while not stop.is_set():
            path = paths[asked[number] % len(paths)]
            asked[number] += 1
            try:
                answer = site.get(path)
            except Exception as error:
                wrong.append((path, repr(error)))
            else:
                if answer.status_code != 200:
                    wrong.append((path, answer.status_code))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        file = write_csv(
            filled.parent / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
        )
        assert cli("import", file).status == 0
        until = time.monotonic() + 2
        while site.get("/c/vix.csv").headers["x-snapshot"] == old:
            assert time.monotonic() < until
            time.sleep(0.02)
        (row,) = rows_of(site.get("/c/vix.csv"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert (row["date"], row["value"], row["status"]) == ("2026-05-26", "17.5", "imported")
    assert wrong == []
    assert min(asked) > 5


def test_a_snapshot_that_is_deleted_is_still_served_and_warned_of(filled: Path) -> None:
    site = client(settings_of(filled))
    name = site.get("/readyz").json()["snapshot"]
    before, rates = site.get("/c/sp500.csv").content, "/c/us_10y_yield_pct.csv?t=max"
    held = rows_of(site.get(rates))
    (filled / "published" / f"{name}.duckdb").unlink()
    time.sleep(0.6)
    ready = site.get("/readyz")
    assert ready.status_code == 200
    assert "was deleted" in ready.json()["warning"]
    assert "python -m etl" in ready.json()["warning"]
    assert site.get("/c/sp500.csv").content == before
    assert rows_of(site.get(rates)) == held != []
    assert still(site.get("/indicators")).one("h1").text == "指标"


def test_a_port_in_use_ends_with_a_sentence(
    published: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XINZHI_DATA", str(published.data))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert str(port) in said
    assert "--port" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_does_not_exist_ends_with_a_sentence(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--port={port}"]) == 2
    assert "from 1 to 65535" in capsys.readouterr().err
