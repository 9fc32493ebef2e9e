"""The today page on a slow phone, beside a plain Dash page with the same text and chart."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from benchmarks.servers import free_port

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CPU_SLOWDOWN = 4
BYTES_PER_S = 1.6e6 / 8
LATENCY_MS = 150
ROUNDS = 3
#: When the browser first drew each of these, in ms: a question from outside would be answered only
#: when the page's scripts leave a moment for it.
SEEN = """
  window.seen = {};
  const drawn = new IntersectionObserver(all => all.forEach(one => {
    const name = one.target.classList[0];
    if (one.boundingClientRect.height && !(name in seen)) seen[name] = one.time;
  }));
  new MutationObserver(() => document.querySelectorAll(".summary, .chart-still, .main-svg").forEach(
    part => { if (!part.watched) { part.watched = true; drawn.observe(part); } }
  )).observe(document, {childList: true, subtree: true});
"""


@dataclass(frozen=True)
class Load:
    """One opening of a page with an empty cache."""

    text_s: float
    chart_s: float
    live_chart_s: float
    kilobytes: float


def measure(data: Path, snapshot: Path) -> tuple[list[Load], list[Load]]:
    """Loads of our page and of the plain one, in turn."""
    ours: list[Load] = []
    plain: list[Load] = []
    with (
        serving([sys.executable, "-m", "dashboard", "--port"], data) as here,
        serving([sys.executable, "-m", "benchmarks.plain_dash", str(snapshot)], data) as there,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for _ in range(ROUNDS):
            ours.append(load(browser, here))
            plain.append(load(browser, there))
        browser.close()
    return ours, plain


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def load(browser: Browser, address: str) -> Load:
    """Open the page as a slow phone does."""
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
    page.add_init_script(SEEN)
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".main-svg", state="attached")
    page.wait_for_timeout(3000)
    seen = {name: at / 1000 for name, at in page.evaluate("seen").items()}
    context.close()
    live_s = seen["main-svg"]
    chart_s = seen.get("chart-still", live_s)
    return Load(seen["summary"], chart_s, live_s, sum(received) / 1000)


@contextmanager
def serving(command: list[str], data: Path, **settings: str) -> Iterator[str]:
    """The address of a server that runs as long as the block."""
    import os

    port = free_port()
    environment = {**os.environ, **settings, "XINZHI_DATA": str(data)}
    with subprocess.Popen(
        [*command, str(port)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        address = f"http://127.0.0.1:{port}/"
        try:
            for _ in range(200):
                try:
                    urlopen(address, timeout=5).read()
                    break
                except (URLError, OSError):
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def median(loads: list[Load], field: str) -> float:
    return statistics.median(getattr(one, field) for one in loads)
