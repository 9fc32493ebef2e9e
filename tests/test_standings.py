"""Where indicators stand, against the transforms that files and pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest
from conftest import settings_of
from hypothesis import given
from hypothesis import strategies as st
from serving import vintages
from test_transforms import a_series

from dashboard.address import Transform
from dashboard.data import queries
from dashboard.data.indicator_rows import percent_from
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshots
from dashboard.data.transforms import transformed
from etl.catalog import Catalog, Dated, Indicator, Text, load_catalog
from etl.changes import comparable
from etl.records import Vintage
from etl.settings import PROJECT, Settings
from etl.storage.latest import STANDINGS, what_is_told
from etl.storage.snapshots import Folder

CATALOG = load_catalog(PROJECT / "indicators.yaml")
NAMES = {"change": "pct", "month": "mom", "year": "yoy"}
OBSERVATIONS = """
create or replace table observations (indicator varchar, date date, value double, source varchar,
  known_at timestamp, status varchar, credit varchar, basis varchar, note varchar)
"""


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def stand(
    store: duckdb.DuckDBPyConnection, indicator: Indicator, series: list[Vintage]
) -> Standing | None:
    catalog = Catalog(units=CATALOG.units, groups=CATALOG.groups,
                      indicators={indicator.id: indicator})  # fmt: skip
    store.execute(OBSERVATIONS)
    rows = [
        (indicator.id, v.date, v.value, v.source, v.known_at.replace(tzinfo=None), v.status,
         v.credit, v.basis, v.note)
        for v in series
    ]  # fmt: skip
    if rows:
        store.executemany("insert into observations values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    found = store.execute(STANDINGS, what_is_told(catalog)).fetchall()
    return queries.standing_from(found[0]) if found else None


@given(a_series(), st.lists(st.integers(0, 400), max_size=2))
def test_a_standing_says_what_the_transforms_say_of_the_newest_value(
    store: duckdb.DuckDBPyConnection,
    drawn: tuple[Indicator, list[Vintage]],
    breaks: list[int],
) -> None:
    indicator, series = drawn
    if series:
        changes = tuple(
            Dated(date=series[-1].date - timedelta(days=n), note=Text(zh="变", en="changed"))
            for n in breaks
        )
        indicator = indicator.model_copy(update={"breaks": changes})
    standing = stand(store, indicator, series)
    if not series:
        assert standing is None
        return
    assert standing is not None
    assert (standing.first, standing.count) == (series[0].date, len(series))
    assert standing.newest == series[-1]
    for name, transform in NAMES.items():
        wanted = transformed(series, Transform(transform), indicator, None)[-1]
        assert percent_from(standing, name) == pytest.approx(wanted), name
    alike = [v.value for v in series if comparable(v, series[-1], indicator)]
    assert standing.highest == max(alike)


def test_a_snapshot_without_standings_is_read_like_one_with_them(published: Settings) -> None:
    snapshot = Snapshots(Folder(settings_of(published.data).published)).current()
    kept = queries.standings(snapshot)
    held = snapshot.rows("select count(distinct indicator) from observations")
    assert (len(kept), len(kept) > 50) == (held[0][0], True)
    rows = snapshot.rows(STANDINGS, what_is_told(snapshot.catalog))
    assert {row[0]: queries.standing_from(row) for row in rows} == kept
    assert all(queries.standing(snapshot, name) == one for name, one in kept.items())


def test_a_month_two_months_ago_is_not_the_month_before(
    store: duckdb.DuckDBPyConnection,
) -> None:
    gold = CATALOG["gold_monthly_usd_oz"]
    days = [date(2025, 4, 30), date(2026, 2, 28), date(2026, 4, 1)]
    values = dict(zip(days, (100.0, 150.0, 160.0), strict=True))
    standing = stand(store, gold, vintages(values))
    assert standing is not None
    assert (standing.previous, standing.last_month, standing.last_year) == (None, None, 100.0)
    standing = stand(store, gold, vintages(values | {date(2026, 3, 31): 155.0}))
    assert standing is not None
    assert (standing.previous, standing.last_month) == (155.0, 155.0)


def test_the_value_before_a_gap_is_not_the_one_before(store: duckdb.DuckDBPyConnection) -> None:
    series = vintages({date(2026, 2, 27): 100.0, date(2026, 3, 31): 110.0})
    standing = stand(store, CATALOG["sp500"], series)
    assert standing is not None
    assert standing.previous is None
    assert standing.last_month == 100.0
