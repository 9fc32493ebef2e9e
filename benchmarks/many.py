"""Many made-up indicators: a catalog of them, and their values as CSV and Parquet."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import duckdb

from etl.calendars import sessions

INDICATORS, DAYS = 10_000, 2_500
FIRST, LAST = date(2016, 11, 1), date(2026, 11, 20)

_HEAD = """\
units:
  points: {code: points, label: {zh: 点, en: points}}
groups:
  markets: {title: {zh: 市场, en: Markets}}
indicators:
"""
_ENTRY = """\
  {id}:
    title: {{zh: 第 {n} 号指数收盘点位, en: Closing level of index number {n}}}
    short: {{zh: 指数 {n}, en: Index {n}}}
    group: markets
    unit: points
    decimals: 2
    frequency: daily
    calendar: {calendar}
    definition:
      zh: 第 {n} 号指数每个交易日的收盘点位，未复权，不计股息。随机游走，只为量快慢。
      en: Closing level of index number {n} for each session, dividends not included; a walk.
    credit:
      name: {{zh: 某交易所, en: 'Some exchange, as published'}}
      licence: {{zh: 公开事实, en: Facts as published}}
      url: 'https://example.org/index/{n}'
    sources:
      - {{name: yahoo, ticker: ^I{n}}}
      - {{name: fred, series: INDEX{n}}}
    expect: {{min: 0.01, max: 1000000, max_change_pct: 60}}
    publication: {publication}
    aliases: [第{n}号指数, Index {n}]
    milestones: [100, 200]
    records: true

"""
# What stands behind the dates differs in the real catalog, so it differs here.
_KINDS = (
    ("XNYS", "{rule: close}"),
    ("XNYS", "{rule: sessions, n: 1, at: '16:15'}"),
    ("24/5", "{rule: days, n: 7, at: '17:00'}"),
)
# Sessions from November 2016 on; a value moves by at most 1 % and each indicator walks its own way.
_VALUES = """
select 'index_' || lpad(i::varchar, 5, '0') as indicator, date,
       round(50 + i % 100 + 40 * sin(n / 60.0 + i) + ((n * 7919 + i * 104729) % 97) / 100.0, 4)
         "value"
from range(0, $indicators) t(i),
     (select unnest($sessions) as date, unnest(range(1, $days + 1)) as n)
order by i, date
"""


def names(indicators: int) -> list[str]:
    """The ids, in the order of the catalog."""
    return [f"index_{n:05d}" for n in range(indicators)]


def write_catalog(path: Path, indicators: int = INDICATORS) -> Path:
    """A catalog of so many entries, each as long as those that people write."""
    with open(path, "w", encoding="utf-8") as text:
        text.write(_HEAD)
        for n, name in enumerate(names(indicators)):
            calendar, publication = _KINDS[n % len(_KINDS)]
            text.write(_ENTRY.format(id=name, n=n, calendar=calendar, publication=publication))
    return path


def write_values(path: Path, indicators: int = INDICATORS, days: int = DAYS) -> Path:
    """Their values of so many days; the ending of the name says the form."""
    form = "csv, header" if path.suffix == ".csv" else "parquet"
    target = str(path).replace("'", "''")
    listed = sessions("XNYS", FIRST, LAST)[:days]
    with duckdb.connect() as connection:
        connection.execute(
            f"copy ({_VALUES}) to '{target}' (format {form})",
            {"indicators": indicators, "days": days, "sessions": listed},
        )
    return path


if __name__ == "__main__":
    count = int(sys.argv[3]) if len(sys.argv) > 3 else INDICATORS
    write_catalog(Path(sys.argv[1]), count)
    write_values(Path(sys.argv[2]), count)
