"""The internet on one loopback port: the real clients talk to it, through a proxy and over TLS.

A proxy takes CONNECT for any host and answers as that host itself, with a certificate of its own
authority. It knows Yahoo, FRED (with its vintages), SEC, gov.cn and NDA in their true shapes, and
can fail in the ways that upstreams fail.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import openpyxl
import trustme

#: What the proxy or the TLS in it does wrong: these know the host only.
OF_THE_LINE = ("refused", "untrusted")
#: What happens to an exchange, whatever it is about.
OF_THE_ANSWER = (
    "reset", "timeout", "status:401", "status:403", "status:404", "status:429",
    "status:429+retry-after", "status:500", "status:503", "html", "truncated", "gzip-garbage",
    "empty",
)  # fmt: skip
#: What is wrong with the numbers of an answer that is well formed.
OF_THE_VALUES = (
    "nan", "null", "text", "dash", "thousands", "x100", "halved", "shortened", "renamed-column",
    "extra-column", "reversed", "doubled", "future", "other-series", "other-currency",
)  # fmt: skip
MODES = OF_THE_LINE + OF_THE_ANSWER + OF_THE_VALUES


def in_turn(cases: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of pairs of who answers and how it fails: what happens to the line or an exchange is judged
    in one place for all, so each such failure stays with one of them, in turn; what is wrong with
    the numbers stays with all."""
    found = list(cases)
    places = dict.fromkeys(place for place, _ in found)
    kept = []
    for place, how in found:
        able = [one for one in places if (one, how) in found]
        if how in OF_THE_VALUES or able[MODES.index(how) % len(able)] == place:
            kept.append((place, how))
    return kept


#: Below this a client that hangs is released even if nobody closes the internet.
LONGEST_S = 60.0
_MAX_BODY = 1_000_000
_NEW_YORK, _LONDON = ZoneInfo("America/New_York"), ZoneInfo("Europe/London")
_SEOUL = ZoneInfo("Asia/Seoul")
_BEIJING = ZoneInfo("Asia/Shanghai")
_REASONS = {301: "Moved Permanently", 302: "Found", 401: "Unauthorized", 403: "Forbidden",
            404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error",
            503: "Service Unavailable"}  # fmt: skip

Price = tuple[date, float | None]
Filing = tuple[date, float, str, date]
Vintage = tuple[date, float | None, date]  # date, value, published on
Split = tuple[date, int, int]  # date, new shares, for old ones


@dataclass
class _Failure:
    where: str
    how: str
    times: int | None


@dataclass(frozen=True)
class Answer:
    status: int
    type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One request as it came, inside its tunnel."""

    host: str
    path: str
    headers: dict[str, str]
    at_s: float = 0.0

    def __iter__(self) -> Any:
        return iter((self.host, self.path, self.headers))


class Site(Protocol):
    """One more upstream of this internet: its hosts, what it holds, and what it answers. The lines
    and the answers fail for it as for all; what bends its values is its own affair: see `bent`."""

    hosts: frozenset[str]

    def answer(
        self, host: str, place: str, query: dict[str, str], headers: dict[str, str], how: str
    ) -> Answer | None:
        """What `host` says at `place`; None if there is no such page."""


@dataclass(frozen=True)
class Listed:
    """A document as gov.cn or NDA list it; `where` is a library of the one or a list of the other.
    `interpreted` ones carry a list of interpretations inside their entry, as NDA has it."""

    id: str
    title: str
    day: date
    where: str = "zhengcelibrary_bm"
    number: str = ""
    issuer: str = ""
    url: str = ""
    interpreted: bool = False

    def address(self, host: str, how: str) -> str:
        if how == "other-series":
            return f"https://example.org/{self.id}.html"
        if self.url or host == "www.nda.gov.cn":  # its links are relative
            return self.url or f"/sjj/zwgk/{self.where}/{self.day:%m%d}/{self.id}_pc.html"
        return f"https://{host}/zhengce/zhengceku/{self.day:%Y%m}/content_{self.id}.htm"


class Internet:
    """Serves while its block runs; afterwards nothing of it is left."""

    def __init__(self, folder: Path) -> None:
        self.prices: dict[str, list[Price]] = {}
        self.splits: dict[str, list[Split]] = {}
        #: The price of now, which Yahoo stamps with its moment and adds to the settled bars.
        self.prices_of_now: dict[str, tuple[datetime, float]] = {}
        self.fred: dict[str, list[Price]] = {}
        #: What FRED's API tells of the history of a series, to whom has the key.
        self.vintages: dict[str, list[Vintage]] = {}
        self.most_vintages = 2000
        self.shares: list[Filing] = []
        self.documents: list[Listed] = []
        self.commodities: dict[str, list[Price]] = {}
        #: Further upstreams, each in a module of its own in tests/sites.
        self.sites: list[Site] = []
        self.requests: list[Asked] = []
        #: The hosts that a tunnel was asked for, in order, refused ones included.
        self.tunnels: list[str] = []
        self.ca_pem = folder / "internet-ca.pem"
        self.closing = threading.Event()
        self._failures: list[_Failure] = []
        self._exact: list[tuple[str, Answer]] = []
        self._lock = threading.Lock()
        self._authority, self._stranger = trustme.CA(), trustme.CA()
        self._authority.cert_pem.write_to_path(str(self.ca_pem))
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}
        self._open: set[socket.socket] = set()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="internet"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for line in self._open:
                with suppress(OSError):  # past the TLS layer, which its own thread is using
                    socket.socket.shutdown(line, socket.SHUT_RDWR)
        self._server.server_close()  # waits for the thread of every line

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, where: str, how: str, times: int | None = None) -> None:
        """From now on, or `times` times, what has `where` in its host or path fails in this way.

        The newest failure that fits wins. `refused` and `untrusted` look at the host alone.
        """
        if how not in MODES:
            raise ValueError(f"'{how}' is no way to fail; known: {', '.join(MODES)}")
        with self._lock:
            self._failures.insert(0, _Failure(where, how, times))

    def say(self, where: str, status: int, body: bytes = b"", **headers: str) -> None:
        """From now on what has `where` in its host and path answers exactly this, as it stands;
        `content_encoding` is the header Content-Encoding. The newest that fits wins."""
        named = tuple((name.replace("_", "-").title(), value) for name, value in headers.items())
        with self._lock:
            self._exact.insert(0, (where, Answer(status, "text/plain", body, named)))

    def exact(self, text: str) -> Answer | None:
        """What was told to be said to an exchange."""
        with self._lock:
            return next((answer for where, answer in self._exact if where in text), None)

    def recover(self) -> None:
        """Everything answers again."""
        with self._lock:
            self._failures.clear()
            self._exact.clear()

    def hosts(self) -> set[str]:
        """Every host that was asked something."""
        with self._lock:
            return {asked.host for asked in self.requests}

    def may_hang(self) -> bool:
        """Whether any exchange is to be left without an answer."""
        with self._lock:
            return any(failure.how == "timeout" for failure in self._failures)

    def failure(self, text: str, modes: Sequence[str]) -> str:
        """How this exchange is to fail, or ''; counts it."""
        with self._lock:
            for failure in self._failures:
                fits = failure.where in text and failure.how in modes
                if fits and failure.times != 0:
                    if failure.times is not None:
                        failure.times -= 1
                    return failure.how
        return ""

    def context(self, host: str, *, trusted: bool) -> ssl.SSLContext:
        """A server's TLS settings with a certificate for `host`."""
        with self._lock:
            held = self._contexts.get((host, trusted))
            if held is None:
                held = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                held.set_alpn_protocols(["http/1.1"])
                authority = self._authority if trusted else self._stranger
                authority.issue_cert(host).configure_cert(held)
                self._contexts[host, trusted] = held
            return held

    def opened(self, line: socket.socket) -> None:
        with self._lock:
            self._open.add(line)
            late = self.closing.is_set()
        if late:
            line.close()

    def closed(self, line: socket.socket) -> None:
        with self._lock:
            self._open.discard(line)

    def asked(self, host: str, path: str, headers: dict[str, str]) -> None:
        with self._lock:
            self.requests.append(Asked(host, path, headers, time.monotonic()))

    def tunnel(self, host: str) -> None:
        with self._lock:
            self.tunnels.append(host)

    def answer(
        self, host: str, path: str, headers: dict[str, str], how: str, posted: bytes = b""
    ) -> Answer:
        """What `host` says to GET or POST `path`; a site finds what was posted in its query."""
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if posted:
            query["posted"] = posted.decode("utf-8", "replace")
        place = unquote(parts.path)
        if host.endswith("yahoo.com"):
            return self._yahoo(host, place, query, how)
        if host == "fred.stlouisfed.org" and place == "/graph/fredgraph.csv":
            return self._fred(query, how)
        if host == "api.stlouisfed.org" and place.startswith("/fred/series/"):
            return self._alfred(place.rsplit("/", 1)[1], query)
        if host == "data.sec.gov" and place.startswith(_MICRON):
            return self._sec(place, headers, how)
        if host == "sousuo.www.gov.cn" and place == "/search-gov/data":
            return _gov(self._listed(how), query, headers, how)
        if host == "www.nda.gov.cn" and place.startswith("/sjj/zwgk/"):
            return _nda(self._listed(how), place, how)
        if host == "www.worldbank.org" and place == "/en/research/commodity-markets":
            return Answer(200, "text/html; charset=utf-8", _COMMODITY_PAGE)
        if host == "thedocs.worldbank.org" and place == f"{_COMMODITY_FILES}Monthly.xlsx":
            return Answer(200, XLSX, pink_sheet(self.commodities, how))
        for site in self.sites:
            found = site.answer(host, place, query, headers, how) if host in site.hosts else None
            if found is not None:
                return found
        return Answer(404, "text/html", b"<!DOCTYPE html><html><body>Not Found</body></html>")

    def _listed(self, how: str) -> list[Listed]:
        if how != "future":
            return self.documents
        newest = max((d.day for d in self.documents), default=date.min)
        ahead = max(datetime.now(_BEIJING).date(), newest) + timedelta(days=30)
        return [*self.documents, *(replace(d, id=f"{d.id}9", day=ahead) for d in self.documents)]

    def _yahoo(self, host: str, place: str, query: dict[str, str], how: str) -> Answer:
        if host == "fc.yahoo.com":  # the page does not exist; the cookie is what it is asked for
            return Answer(404, "text/html", b"<html>Not Found</html>", (_COOKIE,))
        if host == "guce.yahoo.com" and place == "/consent":
            return Answer(200, "text/html", _CONSENT, (_COOKIE,))
        if host in ("guce.yahoo.com", "consent.yahoo.com", "finance.yahoo.com"):
            return Answer(200, "text/html", b"<html>ok</html>", (_COOKIE,))
        if place == "/v1/test/getcrumb":
            return Answer(200, "text/plain", b"Cr.umb/123")
        if place.startswith("/v8/finance/chart/"):
            ticker = place.rsplit("/", 1)[1]
            now = self.prices_of_now.get(ticker)
            return _chart(self.prices, self.splits.get(ticker, []), now, ticker, query, how)
        return json_answer({"finance": {"result": None, "error": _NOT_FOUND}}, 404)

    def _fred(self, query: dict[str, str], how: str) -> Answer:
        name = query.get("id", "")
        if name not in self.fred:
            return Answer(404, "text/html", b"<!DOCTYPE html><html>Series not found</html>")
        first, last = query.get("cosd", "0001-01-01"), query.get("coed", "9999-12-31")
        rows = [row for row in self.fred[name] if first <= row[0].isoformat() <= last]
        head = {
            "renamed-column": "date,value", "other-series": "observation_date,OTHER",
            "extra-column": f"observation_date,{name},realtime_start",
        }.get(how, f"observation_date,{name}")  # fmt: skip
        lines = [f"{day},{cell(value)}" for day, value in bent(rows, how)]
        return Answer(200, "application/csv", "".join(f"{x}\n" for x in [head, *lines]).encode())

    def _alfred(self, what: str, query: dict[str, str]) -> Answer:
        """FRED's API: the dates of a series' vintages, and the values within a real-time window."""
        if query.get("api_key") != FRED_KEY:
            return _wrong("The value for variable api_key is not registered.")
        name, today = query.get("series_id", ""), str(datetime.now(UTC).date())
        told = self.vintages.get(name, [])
        if what == "vintagedates":
            if not told:
                return _wrong("The series does not exist in ALFRED but may exist in FRED.")
            since = query.get("realtime_start", "1776-07-04")
            days = sorted({str(published) for _, _, published in told})
            days = [day for day in days if day >= since]
            return json_answer(
                {"count": len(days), "offset": 0, "limit": 10000, "vintage_dates": days}
            )
        if not told and name not in self.fred:
            return _wrong("The series does not exist.")
        first, last = query.get("realtime_start", today), query.get("realtime_end", today)
        dates = {str(published) for _, _, published in told}
        if len([day for day in dates if first <= day <= last]) > self.most_vintages:
            return _wrong("This exceeds the maximum number of vintage dates allowed.")
        known = told or [(day, value, date.min) for day, value in self.fred[name]]
        rows = [
            row for row in _window(known, first, last)
            if row["date"] >= query.get("observation_start", "1776-07-04")
        ]  # fmt: skip
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100_000))
        return json_answer({
            "realtime_start": first, "realtime_end": last, "count": len(rows), "offset": offset,
            "limit": limit, "observations": rows[offset:offset + limit],
        })  # fmt: skip

    def _sec(self, place: str, headers: dict[str, str], how: str) -> Answer:
        if "@" not in headers.get("user-agent", ""):
            page = (
                b"<html><h1>Your Request Originates from an Undeclared Automated Tool</h1></html>"
            )
            return Answer(403, "text/html", page)
        steps = place.strip("/").removesuffix(".json").split("/")
        if steps[:3] != ["api", "xbrl", "companyconcept"] or len(steps) != 6:
            return Answer(404, "text/html", b"<html>NoSuchKey</html>")
        cik, taxonomy, tag = steps[3:]
        other = how == "other-series"
        named = "value" if how == "renamed-column" else "val"
        facts = [
            {"end": str(end), named: value, "accn": f"0000723125-{filed:%y}-{number:06d}",
             "fy": filed.year, "fp": "Q1", "form": form, "filed": str(filed)}
            for number, (end, value, form, filed) in enumerate(bent(self.shares, how))
        ]  # fmt: skip
        return json_answer({
            "cik": 320193 if other else int(cik.removeprefix("CIK")),
            "taxonomy": taxonomy, "tag": tag, "label": "Entity Common Stock, Shares Outstanding",
            "description": "Number of shares outstanding.",
            "entityName": "Apple Inc." if other else "MICRON TECHNOLOGY, INC.",
            "units": {"shares": facts},
        })  # fmt: skip


class _Server(ThreadingTCPServer):
    daemon_threads = False  # so that closing waits for them
    block_on_close = True
    request_queue_size = 64

    def __init__(self, internet: Internet) -> None:
        self.internet = internet
        super().__init__(("127.0.0.1", 0), _Line)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours."""


class _Line(BaseHTTPRequestHandler):
    """One connection: first a proxy, after CONNECT the host itself."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 20
    host = ""

    def setup(self) -> None:
        super().setup()
        self.line: socket.socket = self.connection
        self.server.internet.opened(self.line)

    def finish(self) -> None:
        self.server.internet.closed(self.line)
        with suppress(OSError, ValueError):
            super().finish()
        with suppress(OSError):
            self.line.close()

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests read the output."""

    def do_CONNECT(self) -> None:
        internet, host = self.server.internet, self.path.rpartition(":")[0]
        internet.tunnel(host)
        how = internet.failure(host, OF_THE_LINE)
        if how == "refused" or self.host:
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.close_connection = True  # unless the handshake succeeds
        context = internet.context(host, trusted=how != "untrusted")
        internet.closed(self.line)
        plain = self.rfile
        tls = context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        plain.close()
        self.host, self.line, self.connection = host, tls, tls
        internet.opened(tls)
        self.rfile, self.wfile = tls.makefile("rb"), tls.makefile("wb", buffering=0)
        tls.do_handshake()
        self.close_connection = False

    def do_GET(self) -> None:
        if not self.host:
            self.send_error(400, "Only CONNECT")
            return
        size = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY)
        posted = self.rfile.read(size)
        internet = self.server.internet
        headers = {name.lower(): value for name, value in self.headers.items()}
        internet.asked(self.host, self.path, headers)
        exact = internet.exact(self.host + unquote(self.path))
        if exact is not None:
            self._send(exact, "exactly")
            return
        how = internet.failure(self.host + unquote(self.path), OF_THE_ANSWER + OF_THE_VALUES)
        if how == "timeout" or _is_left_waiting(self.host, headers):
            internet.closing.wait(LONGEST_S)
            self.close_connection = True
            return
        answer = internet.answer(self.host, self.path, headers, how, posted)
        self._send(_spoilt(answer, how), how)

    do_POST = do_GET  # noqa: N815

    def _send(self, answer: Answer, how: str) -> None:
        body, extra = answer.body, list(answer.headers)
        if how == "gzip-garbage":
            extra.append(("Content-Encoding", "gzip"))
        elif not how and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, mtime=0)
            extra.append(("Content-Encoding", "gzip"))
        lines = [
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'OK')}",
            f"Content-Type: {answer.type}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in extra),
        ]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        if how == "reset":
            self.wfile.write(head + body[: len(body) // 2])
            self.close_connection = True
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        self.wfile.write(head + body)


def _is_left_waiting(host: str, headers: dict[str, str]) -> bool:
    """FRED's host of files lets programs wait that look like a browser or tell of themselves."""
    agent = headers.get("user-agent", "")
    return host == "fred.stlouisfed.org" and ("Mozilla" in agent or "(" in agent)


def fresh_yfinance() -> None:
    """Make the Yahoo library forget its session, cookies, crumb, zones and settings, as in a new
    process. What it keeps on disk stays."""
    import yfinance.base
    from yfinance import cache
    from yfinance.config import YfConfig
    from yfinance.data import SingletonMeta, YfData

    YfData.cache_get.cache_clear()
    SingletonMeta._instances.clear()
    yfinance.base._tz_info_fetch_ctr = 0
    for manager, held in (
        (cache._TzCacheManager, "_tz_cache"),
        (cache._CookieCacheManager, "_Cookie_cache"),
        (cache._ISINCacheManager, "_isin_cache"),
    ):
        setattr(manager, held, None)
    for database in (cache._TzDBManager, cache._CookieDBManager, cache._ISINDBManager):
        database.close_db()
        database._db = None
    YfConfig._load_option()


#: How a value is written by a source that does not write numbers.
_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "null": lambda value: None,
    "text": lambda value: f"{value} ",
    "dash": lambda value: "-",
    "thousands": lambda value: f"1,{value % 1000:06.2f}",
}
#: The key that FRED's API knows here.
FRED_KEY = "0123456789abcdef0123456789abcdef"


def _window(told: Sequence[Vintage], first: str, last: str) -> Any:
    """What FRED's API says of a real-time window: values known before it begin with it."""
    by_day: dict[date, list[Vintage]] = {}
    for row in sorted(told, key=lambda row: (row[0], row[2])):
        by_day.setdefault(row[0], []).append(row)
    for day, rows in by_day.items():
        for (_, value, start), following in zip(rows, [*rows[1:], None], strict=True):
            end = str(following[2] - timedelta(days=1)) if following else "9999-12-31"
            if str(start) <= last and end >= first:
                yield {
                    "realtime_start": max(str(start), first), "realtime_end": min(end, last),
                    "date": str(day), "value": "." if value is None else str(value),
                }  # fmt: skip


def _wrong(sentence: str) -> Answer:
    return json_answer({"error_code": 400, "error_message": f"Bad Request.  {sentence}"}, 400)


def cell(value: object) -> str:
    """A value as a cell of a CSV."""
    if value is None:
        return ""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def bent(rows: Sequence[Any], how: str) -> list[Any]:
    """Rows of (date, value, …) with the numbers wrong in the way of `how`."""
    found = list(rows)
    if how == "nan":
        return [(row[0], math.nan, *row[2:]) for row in found]
    if how in _WRITTEN:
        return [(row[0], _WRITTEN[how](row[1]), *row[2:]) for row in found]
    if how == "halved":  # as after a split that is told nowhere
        return [(row[0], row[1] and row[1] / 2, *row[2:]) for row in found]
    if how == "shortened":
        return found[-1:]
    if how == "x100" and found:
        *before, last = found
        return [*before, (last[0], last[1] * 100, *last[2:])]
    if how == "reversed":
        return found[::-1]
    if how == "doubled":
        return [row for row in found for _ in range(2)]
    if how == "future" and found:
        ahead = [datetime.now(UTC).date() + timedelta(days=days) for days in (30, 31)]
        _, value, *rest = found[-1]
        return [*found, *((day, value and value * 1.01, *rest) for day in ahead)]
    if how == "other-series":
        return [(row[0], row[1] and row[1] * 1.07, *row[2:]) for row in found]
    return found


def _spoilt(answer: Answer, how: str) -> Answer:
    """The answer, gone wrong as a whole in the way of `how`."""
    if how.startswith("status:"):
        code, _, extra = how.removeprefix("status:").partition("+")
        return _refusal(int(code), answer.type, retry=bool(extra))
    if how == "html":
        return Answer(200, "text/html; charset=utf-8", _PAGE)
    if how == "truncated":  # a table in the middle of its last number, JSON anywhere
        cut = -2 if answer.type.endswith("csv") else len(answer.body) // 2
        return Answer(200, answer.type, answer.body[:cut])
    if how == "gzip-garbage":
        return Answer(200, answer.type, b"\x1f\x8b\x08\x00" + bytes(range(255, 127, -1)))
    if how == "empty":
        return Answer(200, answer.type, b"")
    return answer


def _refusal(code: int, kind: str, *, retry: bool) -> Answer:
    headers = (("Retry-After", "120"),) if retry else ()
    if code == 429:
        return Answer(429, "text/html", b"Too Many Requests\r\n", headers)
    if kind.endswith("json") and code in (401, 404):
        words = {"code": "Unauthorized", "description": "Invalid Crumb"}
        error = words if code == 401 else _NOT_FOUND
        root = "finance" if code == 401 else "chart"
        body = json.dumps({root: {"result": None, "error": error}}).encode()
        return Answer(code, "application/json", body, headers)
    return Answer(code, "text/html", _PAGE.replace(b"Welcome", _REASONS[code].encode()), headers)


def json_answer(document: object, status: int = 200) -> Answer:
    return Answer(status, "application/json", json.dumps(document).encode())


def _chart(
    prices: dict[str, list[Price]],
    splits: Sequence[Split],
    now: tuple[datetime, float] | None,
    ticker: str,
    query: dict[str, str],
    how: str,
) -> Answer:
    """Yahoo's chart of one ticker, as /v8/finance/chart answers: closes before a split divided."""
    if ticker not in prices:
        return json_answer({"chart": {"result": None, "error": _NOT_FOUND}}, 404)
    stamp, zone, kind, currency = _market(ticker)
    listed = [(day, _divided(day, value, splits)) for day, value in prices[ticker]]
    rows = [(stamp(day), value) for day, value in bent(listed, how)]
    currency = "EUR" if how == "other-currency" else currency
    meta = _meta(ticker if how != "other-series" else "OTHR", rows, zone, kind, currency)
    if now is not None:
        rows.append((int(now[0].timestamp()), now[1]))
        meta |= {"regularMarketTime": rows[-1][0], "regularMarketPrice": now[1]}
    if query.get("range") == "1d":
        rows = rows[-1:]
    elif "period1" in query:
        rows = [r for r in rows if int(query["period1"]) <= r[0]]
        if how != "future":  # it sends more than it was asked for
            rows = [r for r in rows if r[0] < int(query["period2"])]
    if not rows:
        empty = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
        return json_answer({"chart": {"result": [empty], "error": None}})
    values = [value for _, value in rows]
    close = "last" if how == "renamed-column" else "close"
    priced = [v if isinstance(v, float) else None for v in values]
    quote = {
        "open": priced, "high": [v and v * 1.01 for v in priced],
        "low": [v and v * 0.99 for v in priced], close: values,
        "volume": [None if v is None else 1000 + n for n, v in enumerate(values)],
    }  # fmt: skip
    paid = rows[0][0]
    events = {
        "dividends": {str(paid): {"amount": 0.115, "date": paid}},
        "splits": {
            str(stamp(day)): {"date": stamp(day), "numerator": new, "denominator": old,
                              "splitRatio": f"{new}:{old}"}
            for day, new, old in splits if stamp(day) >= paid
        },
    }  # fmt: skip
    result = {
        "meta": meta, "timestamp": [moment for moment, _ in rows],
        **({"events": events} if kind == "EQUITY" else {}),
        "indicators": {
            "quote": [quote], "adjclose": [{"adjclose": [v and v * 0.9 for v in priced]}],
        },
    }  # fmt: skip
    return json_answer({"chart": {"result": [result], "error": None}})


def _divided(day: date, value: float | None, splits: Sequence[Split]) -> float | None:
    """A close of the past as Yahoo gives it after later splits."""
    for when, new, old in splits:
        if value is not None and day < when:
            value = value * old / new
    return value


def _market(ticker: str) -> tuple[Callable[[date], int], str, str, str]:
    """How Yahoo dates a session of `ticker`, its zone, kind and currency."""
    kinds = {"=F": ("FUTURE", "USD"), "=X": ("CURRENCY", ticker[:3])}
    kind, currency = kinds.get(ticker[-2:], ("INDEX" if ticker[0] == "^" else "EQUITY", "USD"))
    zone = _LONDON if kind == "CURRENCY" else _NEW_YORK
    hour, minute = (9, 30) if kind in ("EQUITY", "INDEX") else (0, 0)
    if ticker.endswith(".KS"):
        zone, (hour, minute), currency = _SEOUL, (9, 0), "KRW"

    def stamp(day: date) -> int:
        return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp())

    return stamp, str(zone), kind, currency


def _meta(
    symbol: str, rows: Sequence[tuple[int, float | None]], zone: str, kind: str, currency: str
) -> dict[str, Any]:
    last = rows[-1] if rows else (0, None)
    offset = -14400 if zone == "America/New_York" else 3600
    period = {"timezone": "EDT", "start": last[0], "end": last[0] + 23400, "gmtoffset": offset}
    return {
        "currency": currency, "symbol": symbol, "exchangeName": "NMS",
        "fullExchangeName": "NasdaqGS", "instrumentType": kind, "firstTradeDate": 455466600,
        "regularMarketTime": last[0] + 23400, "hasPrePostMarketData": True, "gmtoffset": offset,
        "timezone": "EDT", "exchangeTimezoneName": zone, "regularMarketPrice": last[1],
        "chartPreviousClose": rows[0][1] if rows else None, "priceHint": 2,
        "currentTradingPeriod": {
            "pre": dict(period), "regular": dict(period), "post": dict(period),
        },
        "dataGranularity": "1d", "range": "",
        "validRanges": [
            "1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max",
        ],
    }  # fmt: skip


def _gov(
    listed: Sequence[Listed], query: dict[str, str], headers: dict[str, str], how: str
) -> Answer:
    """The search of the policy library of gov.cn, as its own page asks it."""
    if "Mozilla/5.0" not in headers.get("user-agent", "") or "referer" not in headers:
        return Answer(403, "text/html", _PAGE.replace(b"Welcome", b"Forbidden"))
    wanted = query.get("t", "").split("|")
    libraries = [t for t in _LIBRARIES if t in wanted or "zhengcelibrary" in wanted]
    size, page = int(query.get("n", "5")), int(query.get("p", "1"))
    found = {
        t: [d for d in listed if d.where == t and _in_search(d, query, how)] for t in libraries
    }
    if not any(found.values()):
        return json_answer(
            {"code": 1001, "msg": "抱歉，没有找到相关结果", "data": [], "searchVO": None,
             "paramsVO": None}
        )  # fmt: skip
    lists = {t: _gov_list(rows, size, page, how) for t, rows in found.items()}
    if "zhengcelibrary" in wanted:
        named = {_LIBRARIES[t]: one for t, one in lists.items()}
        search = {"totalCount": 0, "pageSize": 0, "totalpage": 0, "catMap": named}
    else:
        rows = [row for one in lists.values() for row in one["listVO"]]
        total = sum(one["totalCount"] for one in lists.values())
        search = {"totalCount": total, "pageSize": size, "totalpage": -(-total // size),
                  "currentPage": page, "listVO": rows, "catMap": None}  # fmt: skip
    asked = {"t": query.get("t"), "q": query.get("q") or None, "p": page, "n": size,
             "mintime": query.get("mintime"), "maxtime": query.get("maxtime")}  # fmt: skip
    return json_answer(
        {"code": 200, "msg": "操作成功", "data": None, "paramsVO": asked, "searchVO": search}
    )


def _in_search(document: Listed, query: dict[str, str], how: str) -> bool:
    if how == "future":  # it sends more than it was asked for
        return True
    inside = query.get("timetype") != "timezd" or (
        (query.get("mintime") or "0001") <= str(document.day) <= (query.get("maxtime") or "9999")
    )
    return inside and query.get("q", "") in document.title


def _gov_list(found: Sequence[Listed], size: int, page: int, how: str) -> dict[str, Any]:
    rows = _listing(found, how)[size * (page - 1) : size * page]
    total = len(_listing(found, how)) * (100 if how == "x100" else 1)
    return {"totalCount": total, "currentNum": len(rows),
            "listVO": [_gov_row(document, how) for document in rows]}  # fmt: skip


def _gov_row(document: Listed, how: str) -> dict[str, Any]:
    midnight = datetime(*document.day.timetuple()[:3], tzinfo=_BEIJING)
    stamp: float = int(midnight.timestamp() * 1000) * (100 if how == "x100" else 1)
    shown = f"{document.day:%Y.%m.%d}"
    return {
        "id": document.id, "name" if how == "renamed-column" else "title": document.title,
        "summary": "……", "url": document.address("www.gov.cn", how), "source": "", "index": "",
        "pcode": document.number, "puborg": document.issuer, "childtype": "科技、教育",
        "pubtime": math.nan if how == "nan" else stamp, "ptime": stamp,
        "pubtimeStr": "NaN" if how == "nan" else shown, "fwdw": document.issuer,
    }  # fmt: skip


def _nda(listed: Sequence[Listed], place: str, how: str) -> Answer:
    """One page of a list of NDA; its script turns the pages."""
    *_, part, folder, file = place.split("/")
    rows = _listing([d for d in listed if d.where == part], how)
    number = file.removeprefix("index_pc_").removesuffix(".html")
    shown = rows[_NDA_PAGE * (int(number) - 1) :][:_NDA_PAGE] if number.isdecimal() else []
    if folder != "list" or not shown:
        return Answer(404, "text/html", _PAGE.replace(b"Welcome", b"Not Found"))
    total = len(rows) * (100 if how == "x100" else 1)
    name = "c-list" if how == "renamed-column" else "u-list"
    page = (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head><meta charset="utf-8">'
        '<title>国家数据局</title></head>\n<body>\n<div class="nav"><ul><li><a href="/sjj/">首页'
        f'</a></li></ul></div>\n<ul class="{name}">\n'
        + "".join(_nda_row(document, how) for document in shown)
        + '</ul>\n<div class="pages"></div>\n<script>\n$(".pages").pagination({ totalData: '
        f"{total}, showData: {_NDA_PAGE}, coping: true }});\n</script>\n</body>\n</html>\n"
    )
    return Answer(200, "text/html; charset=utf-8", page.encode())


def _nda_row(document: Listed, how: str) -> str:
    title = escape(document.title)
    year = document.day.year * (100 if how == "x100" else 1)
    day = "NaN" if how == "nan" else f"{year}.{document.day:%m.%d}"
    box = (
        '<strong>解读</strong><div class="popbox"><ul><li><a href="/sjj/zwgk/zjjd/9_pc.html" '
        f'title="专家解读：{title}">专家解读</a><span>{day}</span></li></ul></div>'
    )
    return (
        f'<li><a href="{document.address("www.nda.gov.cn", how)}" title="{title}" target="_blank">'
        f"{title[:24]}</a>{box if document.interpreted else ''}<span>{day}</span></li>\n"
    )


def pink_sheet(commodities: dict[str, list[Price]], how: str = "") -> bytes:
    """The World Bank's workbook: names in the fifth row, units in the sixth, then the months."""
    book = openpyxl.Workbook()
    book.active.title = "AFOSHEET"
    sheet = book.create_sheet("Monthly Prices")
    for line in (
        "World Bank Commodity Price Data (The Pink Sheet)",
        "monthly prices in nominal US dollars, 1960 to present",
        "(monthly series are available only in nominal terms)",
        "Updated on October 02, 2026",
    ):
        sheet.append([line])
    other = {"renamed-column": "Gold, London", "other-series": "Palladium"}.get(how)
    names = [*(other or name for name in commodities), "Silver"]
    sheet.append([None, "Crude oil, average", *names])
    sheet.append([None, "($/bbl)", *("($/troy oz)" for _ in names)])
    columns = [bent(rows, how) for rows in commodities.values()]
    for cells in zip(*columns, strict=True):
        values = ["NaN" if v is not None and v != v else "…" if v is None else v for _, v in cells]
        sheet.append([f"{cells[0][0]:%YM%m}", 70.5, *values, 31.2])
    book.create_sheet("Monthly Indices")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _listing(found: Sequence[Listed], how: str) -> list[Listed]:
    """The documents newest first, or wrong in the way of `how`."""
    rows = sorted(found, key=lambda document: document.day, reverse=True)
    if how == "reversed":
        return rows[::-1]
    if how == "doubled":
        return [document for document in rows for _ in range(2)]
    return rows


_NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
_COOKIE = (
    "Set-Cookie",
    "A3=d=AQABBTest&S=AQAAAtest; Domain=.yahoo.com; Path=/; Secure; HttpOnly; "
    f"Expires={time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + 3e7))}",
)
_CONSENT = b"""<!DOCTYPE html><html><form method="post" action="/v2/collectConsent?sessionId=3_s">
<input type="hidden" name="csrfToken" value="t0ken"><input type="hidden" name="sessionId"
value="3_s"></form></html>"""
#: Where SEC has the facts of Micron's cover pages; others are in tests/sites/sec.py.
_MICRON = "/api/xbrl/companyconcept/CIK0000723125/dei/"
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>Welcome</body></html>\n"
_NDA_PAGE = 15
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COMMODITY_FILES = (
    "/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026/related/CMO-Historical-Data-"
)
_COMMODITY_PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><title>Commodity Markets</title></head><body>
<a href="/en/home">Home</a><ul>
<li><a href="https://thedocs.worldbank.org/en/doc/74e8/related/CMO-Pink-Sheet-October-2026.pdf">Pink
Sheet</a></li>
<li><a href="https://thedocs.worldbank.org{_COMMODITY_FILES}Annual.xlsx">Annual prices</a></li>
<li><a href="https://thedocs.worldbank.org{_COMMODITY_FILES}Monthly.xlsx">Monthly prices</a></li>
</ul></body></html>
""".encode()
#: The libraries of gov.cn, and their names where an answer holds a list for each.
_LIBRARIES = {"zhengcelibrary_gw": "gongwen", "zhengcelibrary_bm": "bumenfile",
              "zhengcelibrary_or": "otherfile", "zhengcelibrary_gb": "gongbao"}  # fmt: skip
