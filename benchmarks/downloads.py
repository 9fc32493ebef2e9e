"""A CSV of 10,000 rows, asked for over loopback: ours beside a bare route with the same bytes, and
beside a plain Dash app whose route calls `to_csv`."""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path

from benchmarks.page import serving
from etl.calendars import why_shut
from etl.storage.snapshots import Folder

INDICATOR, MARKET, ROWS, FIRST = "vix", "XCBF", 10_000, date(1985, 1, 1)
SECONDS = 10


@dataclass(frozen=True)
class Rates:
    """Answers a second of each kind."""

    cached: float
    bare: float
    uncached: float
    plain: float


def measure(data: Path) -> Rates:
    """Rates on one connection each, asked in turns, so that a busy machine slows both alike."""
    fill(data)
    snapshot = data / "published" / f"{Folder(data / 'published').current_name()}.duckdb"
    path = f"/c/{INDICATOR}.csv?scope=full"
    peer = [sys.executable, "-m", "benchmarks.plain_csv"]
    with (
        serving([sys.executable, "-m", "dashboard", "--port"], data) as ours,
        serving([sys.executable, "-m", "benchmarks.bare_csv", ours + path[1:]], data) as bare,
        serving([*peer, str(snapshot), INDICATOR], data) as plain,
    ):
        spans = windows()
        asked = {
            "cached": Asked(ours, lambda: path),
            "bare": Asked(bare, lambda: "/"),
            "uncached": Asked(ours, lambda: f"/c/{INDICATOR}.csv?t={next(spans)}"),
            "plain": Asked(plain, lambda: "/csv"),
        }
        for pair in (("cached", "bare"), ("uncached", "plain")):
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                for name in pair:
                    asked[name].once()
    return Rates(**{name: one.rate for name, one in asked.items()})


class Asked:
    """One connection to a server, and how long each answer took."""

    def __init__(self, base: str, path: Callable[[], str]) -> None:
        port = int(base.rstrip("/").rpartition(":")[2])
        self.link, self.path = HTTPConnection("127.0.0.1", port, timeout=30), path
        self.buffer, self.taken = bytearray(1 << 20), list[float]()

    def once(self) -> None:
        """Ask, and read the whole answer; a server that closes is asked on a new connection."""
        start = time.perf_counter()
        self.link.request("GET", self.path(), headers={"Accept-Encoding": "identity"})
        answer = self.link.getresponse()
        if answer.status != 200:
            raise ConnectionError(answer.status, answer.read(300))
        while answer.readinto(self.buffer):
            pass
        self.taken.append(time.perf_counter() - start)

    @property
    def rate(self) -> float:
        """Answers a second at the median time."""
        return 1 / statistics.median(self.taken)


def fill(data: Path) -> None:
    """Import so many daily values, and publish them."""
    file = data.parent / "benchmark.csv"
    sessions = (day for day in _days() if not why_shut(MARKET, day))
    with open(file, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["indicator", "date", "value"])
        for k, day in enumerate(islice(sessions, ROWS)):
            value = 20 + (k * 7919 % 1000) / 97
            writer.writerow([INDICATOR, day, repr(value)])
    subprocess.run(
        [sys.executable, "-m", "etl", "import", str(file)],
        env={**os.environ, "XINZHI_DATA": str(data)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _days() -> Iterator[date]:
    """Every day from the first, which leaves room for so many sessions before now."""
    return (FIRST + timedelta(days=k) for k in count())


def windows() -> Iterator[str]:
    """Another address each time, of nearly as many rows."""
    for k in range(1, 100_000):
        yield f"{FIRST + timedelta(days=k % 300)}..{date(2030, 1, 1) + timedelta(days=k)}"


if __name__ == "__main__":
    print(measure(Path(sys.argv[1])))
