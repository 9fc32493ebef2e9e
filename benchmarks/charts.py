"""Chart pages: how soon they are seen on a slow phone, and how many a worker answers."""

from __future__ import annotations

import http.client
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import brotli
from playwright.sync_api import Browser, sync_playwright

from benchmarks.page import (
    ARGUMENTS,
    BYTES_PER_S,
    CPU_SLOWDOWN,
    LATENCY_MS,
    chromium,
    serving,
)

PAGE = "c/micron_market_cap_usd_bn"
SECONDS, CONNECTIONS = 4.0, 4
ROUNDS = 5
#: The moment of the first paint that has the chart in it, by the clock of the page.
PAINTED = "() => performance.getEntriesByType('paint').map(p => p.startTime).pop() / 1000"


def seen(data: Path, snapshot: Path) -> dict[str, tuple[float, float]]:
    """Seconds until the chart is painted and kilobytes until then, ours and a plain Dash page's;
    and the seconds of ours beside bare HTML that holds the same drawing and nothing else."""
    ours, plain = [sys.executable, "-m", "dashboard", "--port"], [
        sys.executable, "-m", "benchmarks.plain_dash", str(snapshot),
    ]  # fmt: skip
    with (
        serving(ours, data) as here,
        serving(plain, data) as there,
        tempfile.NamedTemporaryFile(suffix=".br") as drawing,
        sync_playwright() as playwright,
    ):
        Path(drawing.name).write_bytes(brotli.compress(_drawing_alone(_get(here + PAGE))))
        bare_page = [sys.executable, "-m", "benchmarks.bare", drawing.name]
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        loads, bares = [], []
        with serving(bare_page, data) as bare:
            for _ in range(ROUNDS):  # in turns, so that a busy machine slows both alike
                loads.append(_opened(browser, here + PAGE, ".plot svg"))
                bares.append(_opened(browser, bare, ".plot svg"))
        peers = [_opened(browser, there, ".main-svg") for _ in range(2)]
        browser.close()
    ours = statistics.median(load[0] for load in loads)
    beside_bare = {"bare": (ours, statistics.median(load[0] for load in bares))}
    return beside_bare | {
        name: (statistics.median(load[n] for load in loads),
               statistics.median(load[n] for load in peers))
        for n, name in enumerate(("seconds", "kilobytes"))
    }  # fmt: skip


def _drawing_alone(page: bytes) -> bytes:
    html = brotli.decompress(page).decode()
    found = re.search('<div class="plot".*?</div>', html, re.DOTALL)
    assert found is not None
    return f'<!DOCTYPE html><meta charset="utf-8"><title>x</title>{found[0]}'.encode()


def answered(data: Path) -> dict[str, tuple[float, float]]:
    """Requests a second of one worker, ours and the peer's: a page that is kept, and pages that
    nobody asked for before beside the same bare route."""
    with (
        tempfile.NamedTemporaryFile(suffix=".br") as kept,
        serving([sys.executable, "-m", "dashboard", "--port"], data) as here,
    ):
        Path(kept.name).write_bytes(_get(here + PAGE))
        with serving([sys.executable, "-m", "benchmarks.bare", kept.name], data) as there:
            ours, bare = [], []
            for _ in range(3):
                ours.append(_rate(here, lambda: f"/{PAGE}"))
                bare.append(_rate(there, lambda: "/"))
        days = _new_addresses()
        fresh = _rate(here, lambda: next(days))
        pictures = [_timed(f"{here}c/sp500.png?t=2026-03-01..2026-08-{day:02d}")
                    for day in range(10, 25)]  # fmt: skip
    return {
        "kept": (statistics.median(ours), statistics.median(bare)),
        "new": (fresh, statistics.median(bare)),
        "png": (1000 * statistics.median(pictures), 0.0),
    }


def _new_addresses() -> Iterator[str]:
    """One page after another that was never asked for; safe between threads."""
    lock = threading.Lock()
    start = date(2016, 1, 1)

    def days() -> Iterator[str]:
        number = 0
        while True:
            with lock:
                number += 1
                mine = number
            yield f"/{PAGE}?t={start + timedelta(days=mine % 3000)}..2026-08-{1 + mine // 3000:02d}"

    return _Shared(days())


class _Shared:
    """An iterator that several threads may take from."""

    def __init__(self, items: Iterator[str]) -> None:
        self.items, self.lock = items, threading.Lock()

    def __iter__(self) -> _Shared:
        return self

    def __next__(self) -> str:
        with self.lock:
            return next(self.items)


def _rate(base: str, path: Callable[[], str]) -> float:
    """Requests a second over a few connections that stay open."""
    until = time.monotonic() + SECONDS
    counts = [0] * CONNECTIONS

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(base).port or 80)
        while time.monotonic() < until:
            connection.request("GET", path(), headers={"Accept-Encoding": "br"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(CONNECTIONS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - start)


def _get(address: str) -> bytes:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80)
    where = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", where, headers={"Accept-Encoding": "br"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    return answer.read()


def _timed(address: str) -> float:
    start = time.monotonic()
    _get(address)
    return time.monotonic() - start


def _opened(browser: Browser, address: str, chart: str) -> tuple[float, float]:
    """Seconds until the chart is painted, and the kilobytes that had come by then."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    session = context.new_cdp_session(page)
    received: list[float] = []
    session.on("Network.loadingFinished", lambda e: received.append(e["encodedDataLength"]))
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY_MS, "downloadThroughput": BYTES_PER_S,
         "uploadThroughput": BYTES_PER_S / 2},
    )  # fmt: skip
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    start = time.monotonic()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(chart, state="attached")
    attached, kilobytes = time.monotonic() - start, sum(received) / 1000
    page.wait_for_timeout(1500)
    painted = page.evaluate(PAINTED)
    kilobytes = kilobytes or received[0] / 1000
    context.close()
    # A chart that scripts draw comes long after the first paint; one in the page comes with it.
    return (painted if attached < painted + 1 else attached), kilobytes
