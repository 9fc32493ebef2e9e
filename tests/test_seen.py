"""What programs read of the program: its log, with the ids of requests and runs and nothing that
is nobody's business, and spans."""

from __future__ import annotations

import gzip
import importlib.util
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import PROJECT, command, finished, run_with_fred, settings_of
from hypothesis import given
from hypothesis import strategies as st
from serving import client, free_port

from etl.catalog import Catalog
from etl.ingest.run import Request
from etl.log import (
    MAX_LINE,
    MAX_TRACEBACK,
    REQUEST_ID,
    RUN_ID,
    JsonFormatter,
    LineFormatter,
    log_config,
)
from etl.settings import Settings

SDK = "opentelemetry.sdk.trace"


def has_sdk() -> bool:
    try:
        return importlib.util.find_spec(SDK) is not None
    except ModuleNotFoundError:
        return False


needs_sdk = pytest.mark.skipif(
    not has_sdk(), reason="OpenTelemetry is not installed: the extra [otel], see docs/watching.md"
)


def record(message: str, *given: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("some.library", logging.WARNING, __file__, 1, message, given, None)
    vars(made).update(more)
    return made


def lines_of(text: str) -> list[dict[str, Any]]:
    """The lines of a log for programs: every one is an object of its own."""
    return [json.loads(line) for line in text.splitlines()]


# The id of a request


@pytest.mark.parametrize("given", ["a", "A-b_c.9", "f" * 64])
def test_a_plain_id_of_a_server_before_is_taken_over(own_site: httpx.Client, given: str) -> None:
    assert (
        own_site.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"] == given
    )


@pytest.mark.parametrize(
    "given", ["", "f" * 65, "a b", "a\tb", "a;b", "<b>", "a/b", "é", "a\x1b[31mb", "${x}"]
)
def test_any_other_id_is_replaced(own_site: httpx.Client, given: str) -> None:
    headers = [(b"X-Request-Id", given.encode("latin-1"))]
    own_site.headers.pop("X-Request-ID")
    answer = own_site.get("/healthz", headers=headers)
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_each_request_has_an_id_of_its_own(own_site: httpx.Client) -> None:
    own_site.headers.pop("X-Request-ID")
    paths = ("/", "/c/sp500", "/c/nothing", "/healthz", "/c/sp500.csv") * 4
    found = {own_site.get(path).headers["x-request-id"] for path in paths}
    assert len(found) == 20


def test_what_a_library_says_in_a_request_carries_its_id(
    own_site: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a thread of the pool too, and several at once."""
    told: list[tuple[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((REQUEST_ID.get(), record.getMessage()))

    def fails(*given: object, **named: object) -> None:
        logging.getLogger("some.library").warning("drawing for %s", REQUEST_ID.get())
        raise ZeroDivisionError

    monkeypatch.setattr("dashboard.http.routes.charts.view", fails)
    keep, library = Keep(), logging.getLogger("some.library")
    library.addHandler(keep)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(
                lambda n: own_site.get(f"/c/sp500.svg?w={900 + n}",
                                       headers={"X-Request-Id": f"r{n}"}), range(12)
            ))  # fmt: skip
    finally:
        library.removeHandler(keep)
    assert sorted(told) == sorted((f"r{n}", f"drawing for r{n}") for n in range(12))


# A line of the log


@given(st.text(max_size=300))
def test_whatever_is_said_a_record_is_one_object_on_one_line(text: str) -> None:
    written = JsonFormatter().format(record("%s", text))
    assert len(written.splitlines()) == 1
    assert all(letter.isprintable() for letter in written)
    assert json.loads(written)["logger"] == "some.library"


def test_a_line_is_bounded_however_much_is_said() -> None:
    told = json.loads(JsonFormatter().format(record("x" * 10_000_000)))
    assert len(told["message"]) <= MAX_LINE
    told = json.loads(JsonFormatter().format(record("short", facts={"problem": "y" * 1_000_000})))
    assert len(told["problem"]) <= MAX_LINE


def deep(depth: int) -> None:
    if depth == 0:
        raise ValueError("x" * 100_000 + "\x1b[2J\u202e\nlast words")
    deep(depth - 1)


@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
def test_a_traceback_is_bounded_plain_and_ends_with_what_happened(
    formatter: type[LineFormatter],
) -> None:
    try:
        deep(200)
    except ValueError:
        made = record("failed", exc_info=sys.exc_info())
    written = formatter().format(made)
    assert len(written) < 3 * MAX_TRACEBACK
    assert "last words" in written
    assert not re.search("[\x1b\u202e]", written)


def test_a_record_whose_words_do_not_fit_is_written_all_the_same() -> None:
    assert "%d of %d" in LineFormatter().format(record("%d of %d", "nothing"))


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("mail to reader.one+x@mail.example.org now", "reader.one"),
        ("GET /c/sp500?title=my+headline&w=9 HTTP/1.1", "headline"),
        ("at https://example.org/a?key=abc123", "abc123"),
        ("proxy http://user:pass-word@proxy.example:3128 refused", "pass-word"),
        ("the key 0123456789abcdef is wrong", "0123456789abcdef"),
        (f"{'x' * (MAX_LINE - 8)}0123456789abcdef", "0123"),
    ],
)
@pytest.mark.parametrize("where", ["message", "facts", "exception"])
def test_no_secret_no_address_of_a_person_and_no_query_is_written(
    said: str, hidden: str, where: str
) -> None:
    settings = settings_of(
        Path("data"), XINZHI_FRED_API_KEY="0123456789abcdef",
        XINZHI_PROXY="http://user:pass-word@proxy.example:3128",
    )  # fmt: skip
    made = record(
        said if where == "message" else "said", facts={"problem": said} if where == "facts" else {}
    )
    if where == "exception":
        try:
            raise ValueError(said)
        except ValueError:
            made.exc_info = sys.exc_info()
    for formatter in (LineFormatter, JsonFormatter):
        assert hidden not in formatter(settings.without_secrets).format(made)


def test_a_line_names_the_request_and_the_run_it_belongs_to() -> None:
    request, run = REQUEST_ID.set("abc"), RUN_ID.set("17")
    try:
        told = json.loads(JsonFormatter().format(record("said")))
        line = LineFormatter().format(record("said"))
    finally:
        REQUEST_ID.reset(request)
        RUN_ID.reset(run)
    assert (told["request"], told["run"]) == ("abc", "17")
    assert line.endswith("said [abc] [run 17]")


def test_both_doors_write_their_log_in_one_form() -> None:
    ours, theirs = log_config("json"), log_config("json", is_run=True)
    assert ours["formatters"] == theirs["formatters"]
    assert ours["handlers"]["stderr"]["filters"] == ["once"]
    assert theirs["handlers"]["stderr"]["filters"] == []


# The log of a run

#: One of figures, one of the register, one that is derived and what it is made of: a whole run of
#: the catalog takes ten times as long.
FEW = ("run", "--offline", "micron_close_usd", "micron_shares_outstanding",
       "micron_market_cap_usd_bn", "policy_documents_monthly")  # fmt: skip


def test_a_run_tells_programs_its_beginning_each_source_its_snapshot_and_its_end(
    data: Path,
) -> None:
    done = finished(command(*FEW, data=data, XINZHI_LOG="json"))
    assert done.status == 0
    told = lines_of(done.err)
    assert {line["run"] for line in told} == {"1"}
    of = [line["event"] for line in told]
    assert (of[0], of[-2:]) == ("run.begin", ["publish", "run.end"])
    assert set(of[1:-2]) == {"source"}
    sources = {line["source"]: line for line in told if line["event"] == "source"}
    assert {"figures", "register", "derived"} <= sources.keys()
    assert sources["figures"]["answer"] == "good"
    assert sources["figures"]["new"] > 100
    end = told[-1]
    assert end["snapshot"] == told[-2]["snapshot"] == done.out.splitlines()[-1].split()[-1]
    assert end["new"] == sum(one["new"] for one in sources.values())
    assert end["updated"] == 4
    assert end["seconds"] > 0
    assert {"time", "level", "logger", "message"} <= end.keys()


def test_people_are_told_what_they_were_told_before(data: Path) -> None:
    done = finished(command(*FEW, data=data))
    assert done.status == 0
    assert done.err == ""
    assert "run" not in done.out.splitlines()[0]


def test_a_source_that_fails_is_a_line_with_its_requests_its_seconds_and_its_problem(
    settings_with_proxy: Settings, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "etl.run")
    run_with_fred(settings_with_proxy, catalog, Request(("sp500",), "fred"), "not,a,row\n")
    (line,) = [one for one in caplog.records if getattr(one, "facts", {}).get("event") == "source"]
    told = json.loads(JsonFormatter(settings_with_proxy.without_secrets).format(line))
    assert (told["level"], told["source"], told["answer"]) == ("warning", "fred", "none")
    assert (told["asked"], told["good"], told["requests"]) == (1, 0, 1)
    assert told["problem"]
    assert told["seconds"] >= 0


@pytest.fixture
def settings_with_proxy(filled: Path) -> Settings:
    return settings_of(filled, XINZHI_PROXY="http://user:pass-word@127.0.0.1:9")


def test_a_run_that_is_refused_and_a_wrong_setting_are_lines_too(filled: Path) -> None:
    from etl.storage.warehouse import lock

    with lock(settings_of(filled).lock):
        done = finished(command("run", "--offline", data=filled, XINZHI_LOG="json"))
    assert done.status == 2
    told = lines_of(done.err)
    assert [line["level"] for line in told] == ["error", "error"]
    assert all("Another run" in line["message"] for line in told)


def test_an_error_that_nobody_foresaw_is_one_line_with_its_traceback(filled: Path) -> None:
    broken = (
        "import etl.ingest.run as r\ndef publish(*a, **k): raise ZeroDivisionError\n"
        "r.publish_to_all = publish"
    )
    process = command(*FEW, data=filled, before=broken, XINZHI_LOG="json")
    told = lines_of(finished(process).err)
    assert process.returncode == 1
    assert [line["level"] for line in told[-2:]] == ["error", "critical"]
    assert told[-1]["traceback"].endswith("ZeroDivisionError")
    assert told[-1]["run"] == told[0]["run"] != ""


def test_what_a_library_says_in_a_thread_of_a_run_carries_its_number(
    filled: Path, catalog: Catalog
) -> None:
    told: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(RUN_ID.get())

    class Talks(httpx.BaseTransport):
        def handle_request(self, asked: httpx.Request) -> httpx.Response:
            logging.getLogger("some.library").warning("asking")
            return httpx.Response(200, text="observation_date,SP500\n2026-05-26,7519.12\n")

    from etl.ingest.run import run
    from etl.ingest.upstream import Upstream

    settings, keep, library = settings_of(filled), Keep(), logging.getLogger("some.library")
    library.addHandler(keep)
    try:
        out = Upstream(settings, Talks())
        run(settings, catalog, Request(("sp500",), "fred"), lambda outcome: None, out)
    finally:
        library.removeHandler(keep)
    assert told
    assert set(told) == {RUN_ID.get()} != {""}


# Spans


def test_without_the_variable_nothing_of_opentelemetry_is_imported() -> None:
    """The types that FastAPI itself imports are no part of it."""
    code = "import sys\nimport {module}\nprint(*sorted(m for m in sys.modules if 'telemetry' in m))"
    for module, more in (
        ("etl.__main__", ()),
        ("dashboard.http.serve", ("fastapi", "opentelemetry")),
    ):
        done = subprocess.run([sys.executable, "-c", code.format(module=module)], cwd=PROJECT,
                              capture_output=True, text=True, check=True)  # fmt: skip
        found = [name for name in done.stdout.split() if not name.startswith("etl.")]
        assert [name for name in found if name.split(".")[0] not in more] == []
        assert [
            n for n in found if n.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))
        ] == []


@pytest.mark.parametrize("program", [("etl", "status"), ("dashboard", "--port", "PORT")])
def test_with_the_variable_but_without_the_library_a_sentence_names_the_extra(
    filled: Path, program: tuple[str, ...]
) -> None:
    words = [str(free_port()) if word == "PORT" else word for word in program[1:]]
    code = (
        "import sys\nsys.modules['opentelemetry.sdk'] = None\n"
        f"from {program[0]}.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=PROJECT, capture_output=True, text=True,
        timeout=60, check=False,
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set" in done.stderr
    assert "[otel]" in done.stderr


def test_a_protocol_that_is_not_spoken_is_refused_by_name(filled: Path) -> None:
    done = finished(command(
        "status", data=filled, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    ))  # fmt: skip
    assert done.status == 2
    assert "OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'" in done.err


class Span:
    """A span as a collector is told of it."""

    def __init__(self, told: Any, service: str) -> None:
        self.name, self.service = str(told.name), service
        self.id, self.parent = told.span_id.hex(), told.parent_span_id.hex()
        self.trace, self.kind, self.failed = told.trace_id.hex(), told.kind, told.status.code == 2
        self.attributes = {
            pair.key: getattr(pair.value, pair.value.WhichOneof("value"))
            for pair in told.attributes
        }


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """A collector on the loopback: its address, and the spans it has been told of."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found: list[Span] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {a.key: a.value.string_value for a in resource.resource.attributes}
                for scope in resource.scope_spans:
                    found.extend(Span(one, named["service.name"]) for one in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@needs_sdk
def test_a_collector_is_told_of_spans_under_the_name_of_the_program() -> None:
    code = (
        "from etl.tracing import begin_tracing, span\nbegin_tracing('xinzhi-etl')\n"
        "with span('run', {'xinzhi.load': 7}): pass"
    )
    with collector() as (address, found):
        subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, check=True, timeout=120,
            env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": address},
        )  # fmt: skip
    (one,) = found
    assert (one.name, one.service, one.attributes) == ("run", "xinzhi-etl", {"xinzhi.load": 7})
    assert not one.failed


@pytest.fixture
def spans() -> Iterator[Callable[[], Sequence[Any]]]:
    """The spans that have ended, kept in memory."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from etl.tracing import trace_through

    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace_through(provider)
    yield kept.get_finished_spans
    trace_through(None)


@needs_sdk
def test_a_run_is_a_span_with_one_below_it_for_each_source(
    filled: Path, catalog: Catalog, spans: Callable[[], Sequence[Any]]
) -> None:
    rows = "2026-05-26,7519.12\n"
    report = run_with_fred(settings_of(filled), catalog, Request(("sp500",), "fred"), rows)
    source, run = spans()
    assert (source.name, run.name) == ("source fred", "run")
    assert source.parent.span_id == run.context.span_id
    assert source.attributes["xinzhi.good"] == source.attributes["xinzhi.asked"] == 1
    assert run.attributes["xinzhi.snapshot"] == (report.snapshot or "")
    assert run.attributes["xinzhi.load"] > 1
    assert run.start_time <= source.start_time <= source.end_time <= run.end_time


@needs_sdk
def test_requests_are_spans_by_kind_without_the_words_of_a_reader(
    published: Settings, spans: Callable[[], Sequence[Any]]
) -> None:
    site, parent = client(published), "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    name = site.get("/readyz").json()["snapshot"]
    for _ in range(2):  # made, and from the cache
        site.get("/c/sp500.csv?title=private", headers={"traceparent": parent})
    site.get("/c/nothing?email=a@example.org")
    found = spans()
    csv = [one for one in found if one.name == "GET /c/{place}.csv"]
    told = {(one.parent.span_id, one.parent.trace_id) for one in csv}
    assert (len(csv), told) == (2, {(int("b" * 16, 16), int("a" * 32, 16))})
    assert {one.attributes["xinzhi.snapshot"] for one in csv} == {name}
    assert {one.attributes["http.response.status_code"] for one in csv} == {200}
    swaps = [one for one in found if one.name == "snapshot.swap"]
    assert [one.attributes["xinzhi.snapshot"] for one in swaps] == [name]
    words = " ".join(str(value) for one in found for value in one.attributes.values())
    assert "private" not in words
    assert "example.org" not in words


@needs_sdk
def test_spans_of_errors_name_their_kind_alone(spans: Callable[[], Sequence[Any]]) -> None:
    from etl.tracing import span

    with pytest.raises(ValueError, match="secret"), span("outer"), span("inner"):
        raise ValueError("a secret")
    inner, outer = spans()
    assert inner.parent.span_id == outer.context.span_id
    assert [one.attributes["error.type"] for one in (inner, outer)] == ["ValueError"] * 2
    assert not any(one.events or one.status.description for one in (inner, outer))
