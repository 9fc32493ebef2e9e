"""A snapshot of 50 MB goes into a store, and three readers with caches of their own serve it: how
long after the pointer, beside a plain client that only downloads it three times at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import obstore
from obstore.store import S3Store

from benchmarks.many import write_catalog, write_values
from benchmarks.page import serving
from benchmarks.servers import (
    LAKE_PYTHON,
    bucket_server,
    wait_until,
)
from etl.settings import PROJECT, load_settings
from etl.storage.snapshots import SnapshotStore, store_of

INDICATORS, DAYS, READERS = 1_000, 2_500, 3
BUCKET = "bench-snapshots"
COMMAND = [sys.executable, "-m", "dashboard", "--port"]


@dataclass(frozen=True)
class InStore:
    """Seconds until all readers serve it, and until it was downloaded as often by a plain client;
    both count from the pointer."""

    megabytes: float
    visible_s: float
    plain_s: float


def measure(folder: Path, indicators: int = INDICATORS, days: int = DAYS) -> InStore | None:
    """None where the store is not installed."""
    if not LAKE_PYTHON.exists():
        return None
    catalog = {"XINZHI_CATALOG": str(write_catalog(folder / "indicators.yaml", indicators))}
    small = write_values(folder / "small.parquet", indicators, 2)
    large = write_values(folder / "large.parquet", indicators, days)
    with bucket_server() as server, ExitStack() as stack:
        server.new_bucket(BUCKET)
        writer = {**catalog, **server.settings(BUCKET), "XINZHI_DATA": str(folder / "writer")}
        _import(small, writer)
        own = {**catalog, **server.settings(BUCKET)}
        readers = [
            stack.enter_context(serving(COMMAND, folder / f"reader{number}", **own))
            for number in range(READERS)
        ]
        for address in readers:
            wait_until(lambda address=address: _served(address), "a reader")
        store = store_of(load_settings(writer))
        first = store.pointer().snapshot
        with ThreadPoolExecutor() as pool:
            seen = pool.submit(_moment_of_another, store, first)
            shown = [pool.submit(_moment_shown, address, first) for address in readers]
            _import(large, writer)
            begun = seen.result()
            visible_s = max(one.result() for one in shown) - begun
        pointer = store.pointer()
        plain = S3Store(
            BUCKET, prefix="site", endpoint=server.endpoint, region="us-east-1",
            access_key_id=writer["XINZHI_S3_KEY_ID"],
            secret_access_key=writer["XINZHI_S3_SECRET"],
            client_options={"allow_http": True}, virtual_hosted_style_request=False,
        )  # fmt: skip
        start = time.monotonic()
        with ThreadPoolExecutor() as pool:
            name = f"{pointer.snapshot}.duckdb"
            list(pool.map(lambda _: len(obstore.get(plain, name).bytes()), range(READERS)))
        return InStore(pointer.bytes / 1e6, visible_s, time.monotonic() - start)


def _import(values: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "etl", "import", str(values)],
        cwd=PROJECT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _moment_of_another(store: SnapshotStore, first: str) -> float:
    """When the pointer names another snapshot than the first."""
    while store.pointer().snapshot == first:
        time.sleep(0.02)
    return time.monotonic()


def _moment_shown(address: str, first: str) -> float:
    """When a reader serves another one."""
    while _served(address) in ("", first):
        time.sleep(0.05)
    return time.monotonic()


def _served(address: str) -> str:
    """The snapshot that a reader says it serves; nothing while it has none."""
    try:
        with urlopen(f"{address}readyz", timeout=5) as answer:
            return str(json.load(answer)["snapshot"])
    except OSError:
        return ""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(measure(Path(place), *(int(number) for number in sys.argv[1:])))
