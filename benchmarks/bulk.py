"""10,000 indicators of 2,500 days: imported, imported again, published; beside bare DuckDB."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import desk
from benchmarks.many import DAYS

# `import` as a process of its own that says in the end how long publishing took and how much
# memory it all took.
_IMPORT = """
import json, resource, sys, time
from etl.ingest import run as ingest_run
from etl.__main__ import main

took = {"publish_s": 0.0}
publish = ingest_run.publish_to_all

def timed(*arguments, **options):
    start = time.monotonic()
    try:
        return publish(*arguments, **options)
    finally:
        took["publish_s"] = time.monotonic() - start

ingest_run.publish_to_all = timed
status = main(["import", sys.argv[1]])
took["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print("TOOK " + json.dumps(took))
sys.exit(status)
"""
_PEER = """
import sys, duckdb
with duckdb.connect(sys.argv[2]) as connection:
    query = "create table plain as select * from read_{}($file)"
    connection.execute(query, {{"file": sys.argv[1]}})
"""
# The query behind a page, of indicators here and there; what was asked once is not kept.
_ASK = """
import statistics, sys, time
from pathlib import Path
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot

snapshot = Snapshot(Path(sys.argv[1]))
names = list(snapshot.catalog.indicators)
taken = []
for turn in range(100):
    name = names[turn * 7919 % len(names)]
    start = time.perf_counter()
    rows = queries._series(snapshot, name, None)
    taken.append(time.perf_counter() - start)
    assert len(rows) == int(sys.argv[2]), len(rows)
print(1000 * statistics.median(taken))
"""


@dataclass(frozen=True)
class Done:
    """What one import took: in all, of that to publish, and at most of memory."""

    seconds: float
    publish_s: float
    megabytes: float


@dataclass(frozen=True)
class Measured:
    """A first and an unchanged second import of one file, the plain peer, and what is on disk."""

    first: Done
    second: Done
    peer_s: float
    warehouse_mb: float
    snapshot_mb: float
    peer_mb: float
    query_ms: float
    query_of_few_ms: float
    page_ms: float
    slowest_page_ms: float


def measure(folder: Path, form: str) -> Measured:
    """Import a generated file of the form (csv or parquet) into a folder of its own."""
    catalog, file = folder / "many.yaml", folder / f"many.{form}"
    # In a process of its own: the memory of a parent counts as that of its children.
    _run(["-m", "benchmarks.many", str(catalog), str(file)], {})
    data, peer = folder / f"data-{form}", folder / f"peer-{form}.duckdb"
    start = time.monotonic()
    _run(["-c", _PEER.format(form), str(file), str(peer)], {})
    peer_s = time.monotonic() - start
    settings = {"XINZHI_DATA": str(data), "XINZHI_CATALOG": str(catalog)}
    first, second = (_imported(file, settings) for _ in range(2))
    (snapshot,) = (data / "published").glob("2*.duckdb")
    pages_ms = desk.each_once(data)
    return Measured(
        first,
        second,
        peer_s,
        _mb(data / "warehouse.duckdb"),
        _mb(snapshot),
        _mb(peer),
        _asked_ms(snapshot),
        _asked_ms(_few(folder, form)),
        statistics.median(pages_ms),
        max(pages_ms),
    )


def _few(folder: Path, form: str) -> Path:
    """A snapshot of as few indicators as the project has, each as long as one of the many."""
    catalog, file = folder / "few.yaml", folder / f"few.{form}"
    _run(["-m", "benchmarks.many", str(catalog), str(file), "25"], {})
    data = folder / "data-few"
    _imported(file, {"XINZHI_DATA": str(data), "XINZHI_CATALOG": str(catalog)})
    (snapshot,) = (data / "published").glob("2*.duckdb")
    return snapshot


def _asked_ms(snapshot: Path) -> float:
    return float(_run(["-c", _ASK, str(snapshot), str(DAYS)], {}))


def _imported(file: Path, settings: dict[str, str]) -> Done:
    start = time.monotonic()
    said = _run(["-c", _IMPORT, str(file)], settings)
    took = json.loads(re.findall(r"^TOOK (.*)$", said, re.MULTILINE)[0])
    return Done(time.monotonic() - start, took["publish_s"], took["mb"])


def _run(arguments: list[str], settings: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **settings},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def _mb(path: Path) -> float:
    return path.stat().st_size / 1e6
