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

from benchmarks import (
    assistants,
    bulk,
    charts,
    claims,
    desk,
    downloads,
    in_front,
    lake,
    page,
    pressure,
    sources,
    store,
    wide,
)
from benchmarks.servers import NGINX
from etl.settings import PROJECT
from etl.storage.snapshots import Folder

ROUNDS = 3


def main() -> None:
    """Run everything; twenty minutes, and 3 GB of disk while it lasts. What was measured is printed
    also when a part fails."""
    table = Table("what", "ours", "plain peer", "ours / peer", "wanted")
    console = Console(width=110)
    try:
        measure(table)
        console.print(claims.show(claims.Golden()))
    finally:
        console.print(table)


def measure(table: Table) -> None:
    """Add the row of every measure to the table."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        runs(table, data, Path(folder))
        asking(table, Path(folder))
        snapshot = data / "published" / f"{Folder(data / 'published').current_name()}.duckdb"
        pages(table, data, snapshot)
        callbacks(table, data)
        asked(table, data)
        crowd(table, data)
        before_readers(table, data)
        chart_links(table, data, snapshot)
        files(table, data)
    for form in ("csv", "parquet"):
        with tempfile.TemporaryDirectory() as folder:
            many(table, Path(folder), form)
    with tempfile.TemporaryDirectory() as folder:
        lakes(table, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        stores(table, Path(folder))


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


def asking(table: Table, folder: Path) -> None:
    """A run over every source, on loopback, beside a script that asks for the same series."""
    first, again, plain = sources.measure(folder)
    peer = statistics.median(plain)
    row(table, "run that asks every source, ten years, s", statistics.median(first), peer, "< 20 s")
    row(table, "the next run, s", statistics.median(again), peer, "< 20 s")
    place = folder / "wide"
    place.mkdir()
    broad = wide.measure(place)
    name = f"run over {wide.INDICATORS} indicators, s"
    row(table, name, broad.first, broad.plain, "<= 30 s")
    row(table, "  the next one", broad.again, broad.plain, "<= 30 s")
    row(table, "  while every host hangs", broad.silent, None, "<= 15 s")


def pages(table: Table, data: Path, snapshot: Path) -> None:
    """The today page on a slow phone: CPU/4, 1.6 Mbit/s, 150 ms."""
    ours, plain = page.measure(data, snapshot)
    for name, field, wanted in (
        ("text readable, s", "text_s", "<= 1.3 s"),
        ("first chart, s", "chart_s", "<= 5 s"),
        ("live chart, s", "live_chart_s", "<= 6 s"),
        ("in all, kB", "kilobytes", "<= 680 kB"),
    ):
        row(table, name, page.median(ours, field), page.median(plain, field), wanted)


def callbacks(table: Table, data: Path) -> None:
    """What a click in the dashboard takes, alone and in a crowd."""
    taken = desk.measure(data)
    row(table, "a callback's answer, ms", taken["alone"], None, "≤ 250 ms")
    row(table, "  50 people at once, 95 of 100, ms", taken["crowd"], None, "< 1000 ms")


def asked(table: Table, data: Path) -> None:
    """What an assistant waits for, beside a plain GET of a series as JSON."""
    taken, plain = assistants.measure(data)
    for tool, milliseconds in taken.items():
        row(table, f"assistant: {tool}, ms", milliseconds, plain, "<= 50 ms")


def crowd(table: Table, data: Path) -> None:
    """A hundred clicks at once, and fifty thousand spellings of a few addresses."""
    found = pressure.measure(data)
    told = f"<= 1000 ms; {found.turned_away} were told to come back"
    row(table, "100 clicks at once, 95 of 100, ms", found.click_p95_ms, None, told)
    row(
        table,
        "  /healthz meanwhile, ms",
        found.health_median_ms,
        found.health_alone_ms,
        "<= 200 ms",
    )
    row(table, "  /healthz at worst, ms", found.health_worst_ms, found.health_alone_ms, "")
    row(table, "50,000 spellings, MB more", found.grown_mb, None, "< 50 MB")


def before_readers(table: Table, data: Path) -> None:
    """Readers behind nginx, beside one that is asked directly."""
    if NGINX is None:
        table.add_row("behind nginx, pages/s", "", "", "", "nginx is not installed")
        return
    found = in_front.measure(data)
    # Readers, nginx and the client want a core each.
    enough = found.cores > in_front.READERS + 1
    told = "≥ 2.5 ×" if enough else f"≥ 2.5 × where cores allow; here are {found.cores}"
    row(table, "one reader behind nginx, pages/s", found.one, found.direct, "")
    row(table, f"  {in_front.READERS} readers", found.several, found.one, told)
    row(table, "  from the cache of nginx", found.cached, found.one, "")


def chart_links(table: Table, data: Path, snapshot: Path) -> None:
    """Chart pages beside a plain Dash page, and beside a bare route that returns the same bytes."""
    opened, answered = charts.seen(data, snapshot), charts.answered(data)
    row(table, "chart page seen, s", *opened["seconds"], "< 0.5 s, 1/30")
    row(table, "  beside bare HTML with the same drawing", *opened["bare"], "")
    row(table, "  kB until then", *opened["kilobytes"], "< 60 kB")
    row(table, "kept page, requests/s", *answered["kept"], "≥ 0.9 ×")
    row(table, "new page, requests/s", *answered["new"], "> 150/s")
    table.add_row("new PNG, ms", f"{answered['png'][0]:.0f}", "", "", "< 120 ms")


def files(table: Table, data: Path) -> None:
    """A CSV of 10,000 rows over loopback, on one connection."""
    rates = downloads.measure(data)
    row(table, "CSV kept, a second (bare route)", rates.cached, rates.bare, "≥ 0.6 ×")
    row(table, "CSV of a new address, a second (Dash)", rates.uncached, rates.plain, "≥ 5 ×")


def many(table: Table, folder: Path, form: str) -> None:
    """10,000 indicators of 2,500 days from one file, beside DuckDB that only copies its rows."""
    done = bulk.measure(folder, form)
    for name, ours, peer, wanted in (
        ("import, s", done.first.seconds - done.first.publish_s, done.peer_s, "< 90 s"),
        ("of it anew, unchanged, s", done.second.seconds, done.peer_s, "no more"),
        ("published, s", done.first.publish_s, done.peer_s, "< 20 s"),
        ("memory at most, MB", done.first.megabytes, None, "< 1500 MB"),
        ("warehouse, MB", done.warehouse_mb, done.peer_mb, ""),
        ("snapshot, MB", done.snapshot_mb, done.peer_mb, ""),
        ("a page's query, ms (25 indicators)", done.query_ms, done.query_of_few_ms, "≤ 2 ×"),
        ("a page of the table, ms", done.page_ms, None, "≤ 250 ms"),
        ("the slowest of them, ms", done.slowest_page_ms, None, ""),
    ):
        row(table, f"25 million rows of {form}: {name}", ours, peer, wanted)


def lakes(table: Table, folder: Path) -> None:
    """The warehouse as a lake, beside the file, with the same DuckDB."""
    name = "2.5 million rows into a lake and published, s of CPU"
    taken = lake.measure(folder)
    if taken is None:
        table.add_row(name, "PostgreSQL or .venv-lake is missing", "", "", "<= 1.4 ×")
    else:
        row(table, name, *taken, "<= 1.4 ×")


def stores(table: Table, folder: Path) -> None:
    """A snapshot in an object store, beside a plain download of it."""
    found = store.measure(folder)
    if found is None:
        table.add_row("a snapshot on three readers, s", ".venv-lake is missing", "", "", "<= 5 s")
    else:
        name = f"{found.megabytes:.0f} MB on three readers after the pointer, s"
        row(table, name, found.visible_s, found.plain_s, "<= 5 s")


def row(table: Table, name: str, ours: float, peer: float | None, wanted: str) -> None:
    beside = (f"{peer:.2f}", f"{ours / peer:.3f}") if peer else ("", "")
    table.add_row(name, f"{ours:.2f}", *beside, wanted)


def timed(arguments: list[str], data: Path) -> float:
    start = time.monotonic()
    environment = {**os.environ, "XINZHI_DATA": str(data)}
    subprocess.run(
        [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - start


if __name__ == "__main__":
    main()
