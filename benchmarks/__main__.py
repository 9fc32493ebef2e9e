"""make bench: a table of times and sizes, each as a ratio against a plain peer in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import downloads, page
from etl.publish import current_name
from etl.settings import PROJECT

ROUNDS = 3


def main() -> None:
    """Run everything; a few minutes."""
    table = Table("what", "ours", "plain peer", "ours / peer", "wanted")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        runs(table, data, Path(folder))
        snapshot = data / "published" / f"{current_name(data / 'published')}.duckdb"
        pages(table, data, snapshot)
        files(table, data)
    Console(width=110).print(table)


def runs(table: Table, data: Path, folder: Path) -> None:
    """An offline run from nothing, and a second one, beside a pandas script that only loads."""
    first, second, peer = [], [], []
    for index in range(ROUNDS):
        place = data if index == ROUNDS - 1 else folder / f"data{index}"
        first.append(timed(["-m", "etl", "run", "--offline"], place))
        second.append(timed(["-m", "etl", "run", "--offline"], place))
        load = [str(PROJECT / "data" / "figures"), str(folder / f"peer{index}.duckdb")]
        peer.append(timed(["-m", "benchmarks.plain_load", *load], place))
    for name, ours, wanted in (
        ("offline run from nothing, s", first, "< 15 s"),
        ("second run, s", second, "< 5 s"),
    ):
        row(table, name, statistics.median(ours), statistics.median(peer), wanted)


def pages(table: Table, data: Path, snapshot: Path) -> None:
    """The today page on a slow phone: CPU/4, 1.6 Mbit/s, 150 ms."""
    ours, plain = page.measure(data, snapshot)
    for name, field, wanted in (
        ("text readable, s", "text_s", "< 3 s"),
        ("first chart, s", "chart_s", "< 6 s"),
        ("live chart, s", "live_chart_s", ""),
        ("in all, kB", "kilobytes", "< 900 kB"),
    ):
        row(table, name, page.median(ours, field), page.median(plain, field), wanted)


def files(table: Table, data: Path) -> None:
    """A CSV of 10,000 rows over loopback, on one connection."""
    rates = downloads.measure(data)
    row(table, "CSV kept, a second (bare route)", rates.cached, rates.bare, "≥ 0.6 ×")
    row(table, "CSV of a new address, a second (Dash)", rates.uncached, rates.plain, "≥ 5 ×")


def row(table: Table, name: str, ours: float, peer: float, wanted: str) -> None:
    table.add_row(name, f"{ours:.2f}", f"{peer:.2f}", f"{ours / peer:.3f}", wanted)


def timed(arguments: list[str], data: Path) -> float:
    start = time.monotonic()
    environment = {**os.environ, "XINZHI_DATA": str(data)}
    subprocess.run(
        [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - start


if __name__ == "__main__":
    main()
