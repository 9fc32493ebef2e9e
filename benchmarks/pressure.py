"""A crowd, and one reader who asks for the same things in tens of thousands of spellings: what the
others notice of them."""

from __future__ import annotations

import http.client
import re
import statistics
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.desk import callback_body
from benchmarks.page import serving

CLICKS, SPELLINGS = 100, 50_000
MEMORY = re.compile(rb"^process_resident_memory_bytes (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Pressure:
    """Milliseconds that clicks and `/healthz` took, how many were told to come back, and by how
    many megabytes the process grew."""

    click_p95_ms: float
    turned_away: int
    health_alone_ms: float
    health_median_ms: float
    health_worst_ms: float
    grown_mb: float


def measure(data: Path) -> Pressure:
    """A hundred people click at once, each on a page that nobody asked for before; then one asks
    for pages, files and assets with a parameter that nothing knows, another each time."""
    with serving([sys.executable, "-m", "dashboard", "--port"], data) as base:
        time.sleep(5)  # the calendars are read, the chart library is made small
        alone = [_asked(base, "GET", "/healthz")[1] for _ in range(20)]
        clicks, health = _crowd(base)
        styles = re.findall(rb'href="(/assets/[^"?]+)', _body(base, "/"))
        paths = ["/c/sp500", "/c/sp500.csv", "/c/sp500.svg", "/api/v1/indicators",
                 *{style.decode() for style in styles}]  # fmt: skip
        _spell(base, paths, 0, 1_000)
        before = _memory(base)
        _spell(base, paths, 1_000, SPELLINGS)
        grown = _memory(base) - before
    answered = [1000 * seconds for status, seconds in clicks if status == 200]
    if {status for status, _ in clicks} - {200, 429}:
        raise ConnectionError({status for status, _ in clicks})
    return Pressure(
        statistics.quantiles(answered, n=20)[-1],
        sum(status == 429 for status, _ in clicks),
        1000 * statistics.median(alone),
        1000 * statistics.median(health),
        1000 * max(health),
        grown / 1e6,
    )


def _crowd(base: str) -> tuple[list[tuple[int, float]], list[float]]:
    """Status and seconds of each click, and the seconds of `/healthz` meanwhile."""
    clicks: list[tuple[int, float]] = []

    def click(number: int) -> None:
        clicks.append(_asked(base, "POST", "/_dash-update-component", _visit(number)))

    people = [threading.Thread(target=click, args=(number,)) for number in range(CLICKS)]
    for one in people:
        one.start()
    health = []
    while any(one.is_alive() for one in people):
        health.append(_asked(base, "GET", "/healthz")[1])
        time.sleep(0.02)
    return clicks, health


def _visit(number: int) -> bytes:
    return callback_body("/indicators", f"?q=x{number}").encode()


def _asked(base: str, method: str, path: str, body: bytes | None = None) -> tuple[int, float]:
    """The status of an answer, and the seconds until it was there, on a connection of its own."""
    start = time.perf_counter()
    link = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 80, timeout=60)
    link.request(method, path, body, {"Content-Type": "application/json", "Accept-Encoding": "br"})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status, time.perf_counter() - start


def _body(base: str, path: str) -> bytes:
    link = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 80, timeout=60)
    link.request("GET", path)
    body = link.getresponse().read()
    link.close()
    return body


def _memory(base: str) -> float:
    found = MEMORY.search(_body(base, "/metrics"))
    assert found is not None
    return float(found[1])


def _spell(base: str, paths: list[str], first: int, last: int) -> None:
    link = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 80, timeout=60)
    for number in range(first, last):
        link.request("GET", f"{paths[number % len(paths)]}?unknown{number}={'x' * 200}{number}",
                     headers={"Accept-Encoding": "br"})  # fmt: skip
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise ConnectionError(answer.status, paths[number % len(paths)])
    link.close()


if __name__ == "__main__":
    print(measure(Path(sys.argv[1])))
