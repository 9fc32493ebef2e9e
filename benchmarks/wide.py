"""A made-up catalog as broad as the board's: many indicators over all the sources that answer a
plain request, and an internet that has ten years of each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from etl.settings import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))
from sites import SecSite
from sites.sec import Told
from upstreams import Internet, Listed

from benchmarks.sources import timed

INDICATORS = 75
CONCEPT = "EntityCommonStockSharesOutstanding"
LAST = date(2026, 10, 30)
DAYS = [day for n in range(3650) if (day := LAST - timedelta(days=3650 - n)).weekday() < 5]
MONTHS = [date(2016 + n // 12, n % 12 + 1, 1) for n in range(120)]
FILED = [date(2016 + n // 4, n % 4 * 3 + 2, 20) for n in range(40)]

_HEAD = """\
units:
  points: {code: points, label: {zh: 点, en: points}}
  usd_oz: {code: USD/oz, label: {zh: 美元/盎司, en: USD/oz}}
  shares: {code: shares, label: {zh: 股, en: shares}}
groups:
  markets: {title: {zh: 市场, en: Markets}}
indicators:
"""
_ENTRY = """\
  wide_{n:02d}:
    title: {{zh: 第 {n} 号指标, en: Indicator number {n}}}
    short: {{zh: 指标 {n}, en: Indicator {n}}}
    group: markets
    unit: {unit}
    decimals: 2
    frequency: {frequency}
    calendar: {calendar}
    definition: {{zh: 第 {n} 号指标，只为量快慢。, en: 'Indicator {n}, made up to measure speed.'}}
    credit:
      name: {{zh: 某处, en: Somewhere}}
      licence: {{zh: 公开, en: Open}}
      url: 'https://example.org/{n}'
    sources:
      - {source}
    expect: {{min: 0.01, max: 1000000000000}}
    publication: {publication}
    aliases: [第{n}号指标]
    milestones: [100, 200]
    records: true

"""
# In turn: what a source is asked, and the calendar of its values.
_DAILY = ("points", "daily", "XNYS", "{rule: close}")
_MONTHLY = ("usd_oz", "monthly", "month", "{rule: next_month, n: 3}")
_FILED = ("shares", "event", "event", "{rule: days, n: 14}")
_KINDS: Sequence[tuple[str, tuple[str, str, str, str]]] = (
    ("{{name: yahoo, ticker: W{n:02d}}}", _DAILY),
    ("{{name: fred, series: WIDE{n:02d}}}", _DAILY),
    ("{{name: sec, cik: '{n:010d}', concept: " + CONCEPT + "}}", _FILED),
    ("{{name: world_bank, commodity: Metal {n:02d}}}", _MONTHLY),
    ("{{name: fred, series: WIDE{n:02d}}}", _DAILY),
)


def write_catalog(path: Path, indicators: int = INDICATORS) -> Path:
    """A catalog of so many entries, a fifth of each kind."""
    with open(path, "w", encoding="utf-8") as text:
        text.write(_HEAD)
        for n in range(indicators):
            source, (unit, frequency, calendar, publication) = _KINDS[n % len(_KINDS)]
            text.write(
                _ENTRY.format(
                    n=n, unit=unit, frequency=frequency, calendar=calendar,
                    source=source.format(n=n), publication=publication,
                )
            )  # fmt: skip
    return path


@dataclass(frozen=True)
class Times:
    """Seconds of a first run, of the next, of one that nobody answers, and of the plain script."""

    first: float
    again: float
    silent: float
    plain: float


def measure(folder: Path) -> Times:
    """Runs over the whole catalog: from nothing, again, and while every host hangs."""
    catalog = write_catalog(folder / "wide.yaml")
    with internet(folder) as world:
        environment = {
            "XINZHI_DATA": str(folder / "data"),
            "XINZHI_CATALOG": str(catalog),
            "XINZHI_PROXY": world.proxy_url,
            "XINZHI_CA_BUNDLE": str(world.ca_pem),
            "XINZHI_CONTACT": "bench@example.org",
        }
        run = [sys.executable, "-m", "etl", "run"]
        first, again = timed(run, environment), timed(run, environment)
        plain = timed([sys.executable, "-m", "benchmarks.plain_fetch"], environment)
        world.fail(".", "timeout")
        silent = timed(run, environment, status=1)
    return Times(first, again, silent, plain)


@contextmanager
def internet(folder: Path, indicators: int = INDICATORS) -> Iterator[Internet]:
    """The internet in which each entry of the catalog has ten years of values."""
    with Internet(folder) as world:
        for n in range(indicators):
            rising = [(day, round(50 + n + at / 100, 2)) for at, day in enumerate(DAYS)]
            world.prices[f"W{n:02d}"] = list(rising)
            world.fred[f"WIDE{n:02d}"] = list(rising)
            if n % len(_KINDS) == 3:
                world.commodities[f"Metal {n:02d}"] = [
                    (month, 1200.0 + at) for at, month in enumerate(MONTHS)
                ]
        filings = [
            (day, 1_000_000_000 + n, None, "10-Q", day + timedelta(days=9))
            for n, day in enumerate(FILED)
        ]
        told = {(n, "dei", CONCEPT): filings for n in range(indicators)}
        world.sites.append(SecSite({key: [Told(*row) for row in told[key]] for key in told}))
        world.documents = [
            Listed(f"{place}{n}", "关于数据要素的通知", LAST, place)
            for place in ("zhengcelibrary_gw", "zhengcelibrary_bm", "zcfb", "tzgg")
            for n in range(10)
        ]
        yield world
