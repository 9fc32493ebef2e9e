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
from pathlib import Path

from benchmarks.page import serving
from etl.publish import current_name

INDICATOR, ROWS = "vix", 10_000
ROUNDS, SECONDS = 5, 1.5


@dataclass(frozen=True)
class Rates:
    """Answers a second of each kind."""

    cached: float
    bare: float
    uncached: float
    plain: float


def measure(data: Path) -> Rates:
    """Rates on one connection each, in turns; medians of the rounds."""
    fill(data)
    snapshot = data / "published" / f"{current_name(data / 'published')}.duckdb"
    path = f"/c/{INDICATOR}.csv?scope=full"
    peer = [sys.executable, "-m", "benchmarks.plain_csv"]
    with (
        serving([sys.executable, "-m", "dashboard", "--port"], data) as ours,
        serving([sys.executable, "-m", "benchmarks.bare", ours + path[1:]], data) as bare,
        serving([*peer, str(snapshot), INDICATOR], data) as plain,
    ):
        spans = windows()
        kinds: dict[str, Callable[[], float]] = {
            "cached": lambda: rate(ours, lambda: path),
            "bare": lambda: rate(bare, lambda: "/"),
            "uncached": lambda: rate(ours, lambda: f"/c/{INDICATOR}.csv?t={next(spans)}"),
            "plain": lambda: rate(plain, lambda: "/csv"),
        }
        taken: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(ROUNDS):
            for name, take in kinds.items():
                taken[name].append(take())
    return Rates(*(statistics.median(taken[name]) for name in kinds))


def fill(data: Path) -> None:
    """Import so many daily values, and publish them."""
    file = data.parent / "benchmark.csv"
    first = date(1999, 1, 1)
    with open(file, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["indicator", "date", "value"])
        for k in range(ROWS):
            value = 20 + (k * 7919 % 1000) / 97
            writer.writerow([INDICATOR, first + timedelta(days=k), repr(value)])
    subprocess.run(
        [sys.executable, "-m", "etl", "import", str(file)],
        env={**os.environ, "XINZHI_DATA": str(data)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def windows() -> Iterator[str]:
    """Another address each time, of nearly as many rows."""
    first = date(1999, 1, 1)
    for k in range(1, 100_000):
        yield f"{first + timedelta(days=k % 300)}..{date(2030, 1, 1) + timedelta(days=k)}"


def rate(base: str, path: Callable[[], str]) -> float:
    """Answers a second, one after the other."""
    link = HTTPConnection("127.0.0.1", int(base.rstrip("/").rpartition(":")[2]), timeout=30)
    buffer, count, start = bytearray(1 << 20), 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        link.request("GET", path(), headers={"Accept-Encoding": "identity"})
        answer = link.getresponse()  # a server that closes is asked on a new connection
        if answer.status != 200:
            raise ConnectionError(answer.status, answer.read(300))
        while answer.readinto(buffer):
            pass
        count += 1
    link.close()
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    print(measure(Path(sys.argv[1])))
