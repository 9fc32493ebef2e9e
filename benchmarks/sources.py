"""A run over every source, on a loopback internet, beside a script that only asks."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from etl.catalog import load_catalog
from etl.settings import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))
from upstreams import Internet, Listed

YEARS = 10
#: How a run ends in which a source failed: hosts that this internet has not answer 404.
SOME_FAILED = 1
LAST = date(2026, 10, 30)


def measure(folder: Path) -> tuple[list[float], list[float], list[float]]:
    """Seconds of first runs, of second runs, and of the plain script."""
    first, again, plain = [], [], []
    for index in range(3):
        place = folder / f"sources{index}"
        place.mkdir()
        with internet(place) as environment:
            run = [sys.executable, "-m", "etl", "run"]
            for taken in (first, again):
                taken.append(timed(run, environment, SOME_FAILED))
            plain.append(timed([sys.executable, "-m", "benchmarks.plain_fetch"], environment))
    return first, again, plain


@contextmanager
def internet(folder: Path) -> Iterator[dict[str, str]]:
    """The settings under which a run sees ten years of every series."""
    catalog = load_catalog(PROJECT / "indicators.yaml")
    days = [LAST - timedelta(days=n) for n in range(365 * YEARS)][::-1]
    rising = [(day, 50 + n / 100) for n, day in enumerate(d for d in days if d.weekday() < 5)]
    with Internet(folder) as world:
        for indicator in catalog.all():
            middle = math.sqrt(max(indicator.expect.min, 1) * indicator.expect.max)
            values = [(day, round(middle * (1 + value / 1e4), 4)) for day, value in rising]
            for ref in indicator.sources:
                if ref.name == "yahoo":
                    world.prices[str(ref.params["ticker"])] = list(values)
                elif ref.name == "fred":
                    world.fred[str(ref.params["series"])] = list(values)
        months = [date(2016 + n // 12, n % 12 + 1, 1) for n in range(12 * YEARS)]
        world.commodities["Gold"] = [(month, 1200.0 + n) for n, month in enumerate(months)]
        world.documents = [
            Listed(
                f"{place}{n}", f"关于数据要素的通知（第 {n} 批）", LAST - timedelta(days=n), place
            )
            for place in ("zhengcelibrary_gw", "zhengcelibrary_bm", "zcfb", "tzgg")
            for n in range(40)
        ]
        world.shares = [(date(2026, 6, 17), 1129393151, "10-Q", date(2026, 6, 25))]
        yield {
            "XINZHI_DATA": str(folder / "data"),
            "XINZHI_PROXY": world.proxy_url,
            "XINZHI_CA_BUNDLE": str(world.ca_pem),
            "XINZHI_CONTACT": "bench@example.org",
        }


def timed(command: list[str], environment: dict[str, str], status: int = 0) -> float:
    """How long a command takes that ends with this status."""
    start = time.monotonic()
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode != status:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]} {done.stderr[-500:]}")
    return time.monotonic() - start
