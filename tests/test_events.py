"""Records and milestones of the published snapshot, found again in the CSV by plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Cli, bundled, served, settings_of, snapshot, write_csv
from serving import client

from dashboard.data import queries
from dashboard.data.snapshot import Snapshots
from etl.catalog import Catalog
from etl.events import events_of
from etl.records import Observation
from etl.settings import Settings
from etl.storage import publish
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Warehouse

DAY = date(2026, 5, 26)


class Event(NamedTuple):
    date: date
    kind: str
    value: float
    threshold: float | None
    is_first: bool
    previous: float
    since: date


def _events(settings: Settings, indicator: str, kind: str) -> list[Event]:
    query = (
        "select date, kind, value, threshold, is_first, previous, since from events "
        "where indicator = ? and kind = ? order by date, threshold"
    )
    with snapshot(settings.data) as connection:
        return [Event(*row) for row in connection.execute(query, [indicator, kind]).fetchall()]


@pytest.mark.parametrize("indicator", ["nasdaq_composite", "sp500", "micron_close_usd"])
def test_26_may_2026_closed_at_a_record(indicator: str, published: Settings) -> None:
    (event,) = [e for e in _events(published, indicator, "record_high") if e.date == DAY]
    assert event.value == bundled("market.csv", indicator)[DAY]


@pytest.mark.parametrize(
    ("indicator", "file"),
    [("nasdaq_composite", "market.csv"), ("sp500", "market.csv"),
     ("brent_spot_usd_bbl", "brent_spot.csv.gz")],
)  # fmt: skip
def test_a_record_is_strictly_beyond_every_earlier_value(
    indicator: str, file: str, published: Settings
) -> None:
    values = sorted(bundled(file, indicator).items())
    for kind, beyond in (("record_high", float.__gt__), ("record_low", float.__lt__)):
        best, expected = values[0][1], []
        for day, value in values[1:]:
            if beyond(value, best):
                best = value
                expected.append(day)
        assert [e.date for e in _events(published, indicator, kind)] == expected


def test_a_value_that_only_equals_the_highest_is_no_record(
    warehouse: Warehouse, catalog: Catalog, tmp_path: Path
) -> None:
    days = [date(2026, 5, number) for number in (18, 19, 20, 21)]
    rows = [Observation(d, v) for d, v in zip(days, (7000.0, 7100.0, 7100.0, 7200.0), strict=True)]
    moment = datetime(2026, 5, 22, tzinfo=UTC)
    load = warehouse.begin_load("run", moment, moment)
    warehouse.append("sp500", "fred", rows, load=load, known_at=moment)
    content = publish.all_content(catalog, (), (), ())
    publish.publish(warehouse, content, Folder(tmp_path / "published"), moment)
    with snapshot(tmp_path) as connection:
        query = "select date from events where kind = 'record_high' order by date"
        found = [day for (day,) in connection.execute(query).fetchall()]
    assert found == [days[1], days[3]]


def test_the_first_value_is_no_record_and_says_where_history_begins(published: Settings) -> None:
    first = min(bundled("market.csv", "nasdaq_composite"))
    events = [*_events(published, "nasdaq_composite", "record_high"),
              *_events(published, "nasdaq_composite", "record_low")]  # fmt: skip
    assert events
    assert all(event.since == first < event.date for event in events)


def test_the_market_value_first_crossed_a_thousand_billion_on_26_may_2026(
    published: Settings,
) -> None:
    crossings = [
        e for e in _events(published, "micron_market_cap_usd_bn", "milestone_up")
        if e.threshold == 1000
    ]  # fmt: skip
    assert crossings[0].date == DAY
    assert [crossing.is_first for crossing in crossings] == [
        True,
        *[False] * (len(crossings) - 1),
    ]
    assert crossings[0].previous < 1000 <= crossings[0].value


def test_every_crossing_of_a_round_number_is_told_in_both_directions(
    published: Settings, catalog: Catalog
) -> None:
    name = "micron_market_cap_usd_bn"
    values = sorted(served(published.data, name).items())
    steps = list(pairwise(values))
    for threshold in catalog[name].milestones:
        up = [day for (_, old), (day, new) in steps if old < threshold <= new]
        down = [day for (_, old), (day, new) in steps if new < threshold <= old]
        for kind, expected in (("milestone_up", up), ("milestone_down", down)):
            found = [e.date for e in _events(published, name, kind) if e.threshold == threshold]
            assert found == expected


def test_a_market_value_that_fell_back_below_a_thousand_is_told(published: Settings) -> None:
    values = served(published.data, "micron_market_cap_usd_bn")
    fell = [
        e for e in _events(published, "micron_market_cap_usd_bn", "milestone_down")
        if e.threshold == 1000
    ]  # fmt: skip
    assert fell
    assert all(e.date > DAY and values[e.date] < 1000 <= e.previous for e in fell)


def test_an_indicator_that_keeps_no_records_has_none(published: Settings, catalog: Catalog) -> None:
    with snapshot(published.data) as connection:
        query = "select distinct indicator from events where kind like 'record%'"
        found = {name for (name,) in connection.execute(query).fetchall()}
    assert found
    assert all(catalog[name].records for name in found)


def test_an_event_is_known_when_its_value_was(published: Settings) -> None:
    query = """
        select count(*) from events e where not exists (
          select 1 from vintages v where v.indicator = e.indicator and v.date = e.date
             and v.value = e.value and v.known_at = e.known_at)"""
    with snapshot(published.data) as connection:
        assert connection.execute(query).fetchall() == [(0,)]
        assert connection.execute("select count(*) > 50 from events").fetchall() == [(True,)]


def test_a_series_alone_has_the_events_of_the_snapshot(published: Settings) -> None:
    opened = Snapshots(Folder(published.published)).current()
    for indicator in opened.catalog.all():
        alone = list(events_of(indicator, queries.series(opened, indicator.id)))
        held = queries.events(opened, indicator.id)
        assert sorted(alone, key=repr) == sorted(held, key=repr), indicator.id


def test_a_frozen_chart_keeps_its_records_when_earlier_values_are_revised(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    kinds = (".txt", ".svg", ".csv")
    before = [client(settings_of(filled)).get(f"/c/sp500@2026-05-27{kind}").text for kind in kinds]
    assert "创新高" in before[0]
    rows = [["indicator", "date", "value"], ["sp500", "2026-05-22", 8765.43]]
    file = write_csv(tmp_path / "revised.csv", rows)
    assert cli("import", file, "--known-at", "2026-06-02T08:00:00Z").status == 0
    site = client(settings_of(filled))
    assert [site.get(f"/c/sp500@2026-05-27{kind}").text for kind in kinds] == before
    assert "创历史新高" not in site.get("/c/sp500@2026-06-03.txt").text
