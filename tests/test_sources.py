"""What upstreams answer, as it comes, and what becomes of it; the network is played by a fake."""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from conftest import bundled, settings_of

from etl import raw, upstream
from etl.catalog import Catalog, Indicator
from etl.errors import FileProblem, SourceUnavailable, UnexpectedPayload
from etl.observation import Observation
from etl.sources.figures import Figures
from etl.sources.fred import Fred
from etl.sources.sec import Sec
from etl.sources.yahoo import Yahoo
from etl.update import accepted
from etl.upstream import Upstream

RECORDED = Path(__file__).parent / "recorded"
SEC_ANSWER = RECORDED / "sec/EntityCommonStockSharesOutstanding.json"
NEW_YORK = ZoneInfo("America/New_York")
MISSING = ("", ".")
SINCE = date(2020, 1, 1)


@pytest.fixture
def dgs10(catalog: Catalog) -> Indicator:
    return catalog["us_10y_yield_pct"]


def _fred(payload: bytes, indicator: Indicator, series: str = "DGS10") -> list[Observation]:
    return list(Fred().parse(payload, indicator, {"series": series}))


def _sec(payload: bytes, catalog: Catalog) -> list[Observation]:
    params = {"cik": "0000723125", "concept": "EntityCommonStockSharesOutstanding"}
    return list(Sec().parse(payload, catalog["micron_shares_outstanding"], params))


@pytest.mark.parametrize("path", sorted(RECORDED.glob("fred/*.csv")), ids=lambda path: path.stem)
def test_a_recorded_answer_of_fred_becomes_its_rows_without_the_missing(
    path: Path, catalog: Catalog
) -> None:
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    assert any(value in MISSING for _, value in rows)  # each recording holds a holiday
    expected = [(day, float(value)) for day, value in rows if value not in MISSING]
    found = _fred(path.read_bytes(), catalog["us_10y_yield_pct"], path.stem)
    assert [(o.date.isoformat(), o.value) for o in found] == expected


def test_the_recordings_hold_both_headers_and_both_marks_of_a_missing_value() -> None:
    texts = [path.read_text("utf-8") for path in RECORDED.glob("fred/*.csv")]
    assert {text.split(",")[0] for text in texts} == {"DATE", "observation_date"}
    assert any(",.\n" in text for text in texts)
    assert any(",\n" in text for text in texts)


@pytest.mark.parametrize("header", ["DATE", "observation_date"])
@pytest.mark.parametrize("missing", MISSING)
def test_any_header_goes_with_any_mark(header: str, missing: str, dgs10: Indicator) -> None:
    text = f"{header},DGS10\n2026-05-22,4.5\n2026-05-25,{missing}\n2026-05-26,4.4\n"
    found = _fred(text.encode(), dgs10)
    assert [o.date.day for o in found] == [22, 26]


@pytest.mark.parametrize(
    "payload",
    [
        b"<!DOCTYPE html><html><body>Bad gateway</body></html>",
        b"<!DOCTYPE html><html>" + b"x" * 300_000,
        b"",
        b"\x1f\x8b\x08\x00\xff\xfe",
        b"observation_date,SP500\n2026-05-26,7519.12\n",
        b"observation_date,DGS10,SP500\n2026-05-26,4.5,7519.12\n",
        b"observation_date,DGS10\n2026-05-26,4.5\n2026-05-2",
        b"observation_date,DGS10\n2026-05-26,four\n",
        b"observation_date,DGS10\n2026-02-30,4.5\n",
        b'observation_date,DGS10\n2026-05-26,"' + b"4" * 300_000,
    ],
    ids=[
        "HTML", "a long HTML page", "nothing", "binary", "another series", "two series",
        "cut short", "a word", "a date that does not exist", "an endless cell",
    ],
)  # fmt: skip
def test_what_is_no_series_of_fred_is_refused_in_one_sentence(
    payload: bytes, dgs10: Indicator
) -> None:
    with pytest.raises(UnexpectedPayload, match="FRED") as refused:
        _fred(payload, dgs10)
    assert len(str(refused.value)) < 200


def test_a_rate_that_holds_between_changes_is_kept_on_the_days_it_changed(
    catalog: Catalog,
) -> None:
    rows = "".join(f"2025-12-{day:02d},{4.0 if day < 11 else 3.75}\n" for day in range(1, 20))
    text = f"observation_date,DFEDTARU\n{rows}"
    found = _fred(text.encode(), catalog["fed_target_upper_pct"], "DFEDTARU")
    assert [(o.date.day, o.value) for o in found] == [(1, 4.0), (11, 3.75)]


def test_a_share_count_is_public_from_its_filing_date(catalog: Catalog) -> None:
    facts = json.loads(SEC_ANSWER.read_text("utf-8"))["units"]["shares"]
    found = _sec(SEC_ANSWER.read_bytes(), catalog)
    assert len(found) == len(facts)
    for fact, observation in zip(facts, found, strict=True):
        assert observation.date.isoformat() == fact["end"]
        assert observation.value == fact["val"]
        assert observation.public_at is not None
        assert observation.public_at.astimezone(NEW_YORK).date().isoformat() == fact["filed"]
        assert fact["form"] in observation.credit


def test_the_recorded_filings_are_those_of_the_bundled_figures(catalog: Catalog) -> None:
    held = bundled("micron_shares.csv", "micron_shares_outstanding")
    assert all(held[o.date] == o.value for o in _sec(SEC_ANSWER.read_bytes(), catalog))


@pytest.mark.parametrize(
    "payload",
    [
        SEC_ANSWER.read_bytes()[:-100],
        b"<html>Undeclared Automated Tool</html>",
        b"{}",
        b'{"units": {"USD": []}}',
        b'{"units": {"shares": [{"end": "2026-03-11", "val": 1}]}}',
        b'{"units": {"shares": [{"end": "2026-03-11", "val": "many", "filed": "2026-03-19", '
        b'"form": "10-Q"}]}}',
        b"[]",
        b"\xff\xfe",
    ],
    ids=["cut short", "HTML", "empty", "other unit", "no filing date", "a word", "a list",
         "binary"],
)  # fmt: skip
def test_what_is_no_share_count_is_refused_in_one_sentence(
    payload: bytes, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match="SEC"):
        _sec(payload, catalog)


def _yahoo(closes: object, catalog: Catalog) -> list[Observation]:
    answer = {"symbol": "^GSPC", "currency": "USD", "closes": closes}
    payload = json.dumps(answer).encode()
    return list(Yahoo().parse(payload, catalog["sp500"], {"ticker": "^GSPC"}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"symbol": "^IXIC"}, "sent \\^IXIC where MU was asked for"),
     ({"symbol": "MU", "currency": "EUR"}, "in EUR, not in USD"),
     ({"symbol": "MU", "closes": []}, "no row for MU"),
     ({"symbol": "MU", "closes": "none"}, "no closes of MU")],
)  # fmt: skip
def test_another_series_or_currency_is_refused_by_name(
    changed: dict[str, object], said: str, catalog: Catalog
) -> None:
    answer = {"currency": "USD", "closes": [["2026-05-26", 895.88]], **changed}
    with pytest.raises(UnexpectedPayload, match=said):
        Yahoo().parse(json.dumps(answer).encode(), catalog["micron_close_usd"], {"ticker": "MU"})


def test_a_session_that_has_not_closed_is_left_out(catalog: Catalog) -> None:
    now = datetime(2026, 5, 27, 15, tzinfo=UTC)  # eleven in the morning in New York
    found = _yahoo([["2026-05-26", 7519.12], ["2026-05-27", 7600.0]], catalog)
    kept = accepted(catalog["sp500"], found, now)
    assert [o.date for o in kept] == [date(2026, 5, 26)]
    kept = accepted(catalog["sp500"], found, now + timedelta(hours=6))
    assert [o.date for o in kept] == [date(2026, 5, 26), date(2026, 5, 27)]


def test_a_day_without_a_close_is_left_out(catalog: Catalog) -> None:
    assert [o.value for o in _yahoo([["2026-05-25", None], ["2026-05-26", 1.0]], catalog)] == [1.0]


@pytest.mark.parametrize("closes", [[], [["2026-05-26", None]], None, [["tomorrow", 1.0]]])
def test_an_empty_answer_of_yahoo_is_a_problem_and_not_silence(
    closes: object, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match=r"\^GSPC"):
        _yahoo(closes, catalog)


class _Asked:
    """A fake upstream that counts how often it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def out(
        self, folder: Path, *, waits: list[float] | None = None, **environment: str
    ) -> Upstream:
        """A client that answers from here and only notes how long it would wait."""
        noted: list[float] = [] if waits is None else waits
        settings = settings_of(folder, **environment)
        return Upstream(settings, httpx.MockTransport(self), sleep=noted.append)


class _Bytes(httpx.SyncByteStream):
    """Bytes as they come over the wire, before anything is decoded."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def _fetch(out: Upstream, indicator: Indicator) -> bytes:
    return Fred().fetch(indicator, {"series": "DGS10"}, SINCE, out)


def test_fred_is_asked_for_the_whole_series_by_name(tmp_path: Path, dgs10: Indicator) -> None:
    asked = _Asked(lambda request: httpx.Response(200, content=b"answer"))
    assert _fetch(asked.out(tmp_path), dgs10) == b"answer"
    (request,) = asked.requests
    assert request.url.params["id"] == "DGS10"
    assert request.url.params["cosd"] == "1776-07-04"


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_an_answer_that_is_no_200_names_its_number(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(status, content=b"<html>"))
    with pytest.raises(UnexpectedPayload, match=rf"fred\.stlouisfed\.org answered {status}"):
        _fetch(asked.out(tmp_path), dgs10)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("Name or service not known"), httpx.ReadTimeout("slow"),
     httpx.ConnectTimeout("slow"), httpx.ProxyError("403 Forbidden")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_host_that_cannot_be_reached_is_asked_once_and_named(
    error: httpx.HTTPError, tmp_path: Path, dgs10: Indicator
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    asked = _Asked(fail)
    out = asked.out(tmp_path)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match=r"fred\.stlouisfed\.org could not be reached"):
            _fetch(out, dgs10)
    assert len(asked.requests) == 1
    assert list(out.unreachable) == ["fred.stlouisfed.org"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_for_again_later_each_time(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    answers = iter([httpx.Response(status), httpx.Response(status), httpx.Response(200, text="ok")])
    asked = _Asked(lambda request: next(answers))
    waits: list[float] = []
    assert _fetch(asked.out(tmp_path, waits=waits), dgs10) == b"ok"
    assert len(asked.requests) == 3
    assert 0 < waits[0] < waits[1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_pass_is_asked_for_once(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(status))
    with pytest.raises(UnexpectedPayload):
        _fetch(asked.out(tmp_path), dgs10)
    assert len(asked.requests) == 1


def test_a_host_that_says_when_is_asked_then(tmp_path: Path, dgs10: Indicator) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    for said, least in (("2", 2.0), (later, 0.5)):
        answers = iter([httpx.Response(429, headers={"Retry-After": said}), httpx.Response(200)])
        waits: list[float] = []
        _fetch(_Asked(lambda request, a=answers: next(a)).out(tmp_path, waits=waits), dgs10)
        assert len(waits) == 1
        assert waits[0] >= least


def test_a_host_that_asks_for_an_hour_is_left_alone_for_this_run(
    tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(429, headers={"Retry-After": "3600"}))
    waits: list[float] = []
    out = asked.out(tmp_path, waits=waits)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match=r"fred\.stlouisfed\.org answered 429"):
            _fetch(out, dgs10)
    assert (len(asked.requests), waits) == (1, [])


def test_a_host_is_waited_for_only_so_long_in_a_run(tmp_path: Path, dgs10: Indicator) -> None:
    asked = _Asked(lambda request: httpx.Response(503))
    waits: list[float] = []
    out = asked.out(tmp_path, waits=waits)
    for _ in range(20):
        with pytest.raises(UnexpectedPayload):
            _fetch(out, dgs10)
    assert sum(waits) <= upstream.MOST_WAITING_S
    assert len(asked.requests) < 20 * upstream.ATTEMPTS


def test_a_connection_that_is_cut_is_tried_again_and_then_left_alone(
    tmp_path: Path, dgs10: Indicator
) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")

    asked = _Asked(cut)
    out = asked.out(tmp_path)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="cut the connection"):
            _fetch(out, dgs10)
    assert len(asked.requests) == upstream.ATTEMPTS


def test_bytes_that_do_not_decompress_are_said_so(tmp_path: Path, dgs10: Indicator) -> None:
    headers = {"Content-Encoding": "gzip"}
    asked = _Asked(lambda request: httpx.Response(200, headers=headers, stream=_Bytes(b"garbage")))
    with pytest.raises(UnexpectedPayload, match="do not decompress"):
        _fetch(asked.out(tmp_path), dgs10)


def test_an_endless_answer_is_cut_off(
    tmp_path: Path, dgs10: Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MAX_BYTES", 1000)
    sent: list[int] = []

    def drops() -> Iterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"x" * 100

    asked = _Asked(lambda request: httpx.Response(200, content=drops()))
    with pytest.raises(UnexpectedPayload, match="more than 1,000 bytes"):
        _fetch(asked.out(tmp_path), dgs10)
    assert len(sent) < 100


def test_an_answer_that_drips_is_given_up_after_the_timeout(
    tmp_path: Path, dgs10: Indicator
) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b"x"

    asked = _Asked(lambda request: httpx.Response(200, content=drops()))
    with pytest.raises(SourceUnavailable, match="in time"):
        _fetch(asked.out(tmp_path, XINZHI_TIMEOUT="0.1"), dgs10)


def test_sec_is_not_asked_without_a_contact(tmp_path: Path, catalog: Catalog) -> None:
    asked = _Asked(lambda request: httpx.Response(200))
    indicator = catalog["micron_shares_outstanding"]
    with pytest.raises(SourceUnavailable, match="XINZHI_CONTACT"):
        Sec().fetch(indicator, indicator.sources[0].params, SINCE, asked.out(tmp_path))
    assert asked.requests == []


def test_sec_reads_the_contact_in_the_user_agent(tmp_path: Path, catalog: Catalog) -> None:
    asked = _Asked(lambda request: httpx.Response(200, content=b"{}"))
    indicator = catalog["micron_shares_outstanding"]
    out = asked.out(tmp_path, XINZHI_CONTACT="editor@example.org")
    Sec().fetch(indicator, indicator.sources[0].params, SINCE, out)
    (request,) = asked.requests
    assert "editor@example.org" in request.headers["User-Agent"]
    assert "CIK0000723125" in str(request.url)


def test_what_came_is_kept_byte_for_byte_and_only_when_it_changed(tmp_path: Path) -> None:
    moment = datetime(2026, 5, 27, tzinfo=UTC)
    answers = [b"one", b"one", b"two", b"two", b"one"]
    digests = [
        raw.keep(tmp_path, "fred", "sp500", answer, moment + timedelta(hours=hours))
        for hours, answer in enumerate(answers)
    ]
    files = sorted((tmp_path / "fred" / "sp500").iterdir())
    assert [gzip.decompress(path.read_bytes()) for path in files] == [b"one", b"two"]
    assert [raw.held(tmp_path, "fred", "sp500", d) for d in digests] == answers


HEADER = "indicator,date,value,source,public,basis,disputed,note\n"


def _figures(text: str, folder: Path, catalog: Catalog) -> list[Observation]:
    path = folder / "market.csv"
    path.write_text(text, encoding="utf-8")
    source, indicator, params = Figures(folder), catalog["sp500"], {"file": "market.csv"}
    with _Asked(lambda request: httpx.Response(500)).out(folder) as out:
        return list(source.parse(source.fetch(indicator, params, SINCE, out), indicator, params))


def test_a_figure_keeps_its_source_its_basis_and_its_doubts(
    tmp_path: Path, catalog: Catalog
) -> None:
    text = HEADER + "sp500,2026-05-26,7519.12,FRED,2026-05-28,final,yes,two values exist\n"
    (found,) = _figures(text, tmp_path, catalog)
    assert (found.credit, found.basis, found.disputed, found.note) == (
        "FRED", "final", True, "two values exist"
    )  # fmt: skip
    assert found.public_at is not None
    assert found.public_at.astimezone(NEW_YORK).date() == date(2026, 5, 28)


def test_a_figure_file_with_a_byte_order_mark_and_crlf_reads_the_same(
    tmp_path: Path, catalog: Catalog
) -> None:
    text = "\ufeff" + (HEADER + "sp500,2026-05-26,7519.12,FRED,,,,\n").replace("\n", "\r\n")
    assert [o.value for o in _figures(text, tmp_path, catalog)] == [7519.12]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEADER + "sp500,2026-05-26,7519.12,,,,,\n", 2, "source"),
        (HEADER + "sp500,2026-05-26,7519.12,FRED,2026-05-32,,,\n", 2, "2026-05-32"),
        (HEADER + "sp500,2026-05-26,7,519.12,FRED,,,,\n", 2, "cells"),
        (HEADER + "vix,2026-05-26,1,x,,,,\nsp500,2026-05-26,n/a,FRED,,,,\n", 3, "n/a"),
        (HEADER + 'sp500,2026-05-26,7519.12,"FRED,,,,\n', 2, "CSV"),
        (HEADER.replace("value", "valeu"), 1, "value"),
        (HEADER.replace("note", "value"), 1, "twice"),
        ('"' + HEADER + "sp500,2026-05-26,7519.12,FRED,,,,\n", 1, "CSV"),
    ],
    ids=["no source", "no such day of publication", "thousands separator", "a word", "open quote",
         "misspelt column", "repeated column", "open quote in the header"],
)  # fmt: skip
def test_a_wrong_figure_is_named_by_file_and_line(
    text: str, line: int, says: str, tmp_path: Path, catalog: Catalog
) -> None:
    with pytest.raises(FileProblem) as refused:
        _figures(text, tmp_path, catalog)
    assert str(refused.value).startswith(f"{tmp_path / 'market.csv'}, line {line}: ")
    assert says in str(refused.value)
