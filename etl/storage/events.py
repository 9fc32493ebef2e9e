"""The table of events in a snapshot: found once, when it is built, by `etl.events`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from etl.catalog import Catalog, Indicator
from etl.events import GRAINS, KINDS, Events, Stretch, changes_of, stretches
from etl.storage.warehouse import spans

TABLE = """
create table events (
  indicator varchar, date date, kind varchar, value double, threshold double, is_first boolean,
  previous double, previous_date date, since date, known_at timestamp, all_time boolean,
  grain varchar, unbroken date);
create temp table bases as
  select basis, row_number() over (order by basis) as number
  from (select distinct basis from origins);
create temp table watched (indicator varchar, number integer);
"""
# The values that are served, each indicator in the order of dates; `again` marks a date that has
# other vintages beside.
SERVED = """
select w.number, b.number as basis, h.date, h.value, h.known_at,
       exists (select 1 from repeated as r
               where r.indicator = h.indicator and r.date = h.date) as again
from held as h join watched as w using (indicator) join origins using (origin)
join bases as b using (basis)
where h.served and h.indicator between $first and $last
order by w.number, h.date
"""
# All that was ever said of those dates: each is judged on the values served for earlier dates, so
# that an event is known when its value was.
REPEATED = """
select w.number, b.number as basis, v.date, v.value, min(v.known_at) as known_at
from vintages as v join watched as w using (indicator) join bases as b using (basis)
where v.indicator between $first and $last
  and exists (select 1 from repeated as r where r.indicator = v.indicator and r.date = v.date)
group by all order by w.number, v.date
"""
WRITE = """
insert into events by name
select w.indicator, f.date::date as date, $kinds[f.kind + 1] as kind, f.value,
       case when not isnan(f.threshold) then f.threshold end as threshold, f.is_first,
       f.previous, f.previous_date::date as previous_date, f.since::date as since, f.known_at,
       f.all_time, $grains[f.grain + 1] as grain, f.unbroken::date as unbroken
from found as f join watched as w using (number)
order by w.indicator, f.date, kind, f.threshold
"""

Rows = Mapping[str, NDArray[Any]]
Columns = dict[str, NDArray[Any]]


def create_events(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Write the table `events` beside the observations and vintages of a snapshot."""
    watched = sorted((i for i in catalog.all() if i.records or i.milestones), key=lambda i: i.id)
    connection.execute(TABLE)
    connection.execute(
        "insert into watched select unnest(?), unnest(?)",
        [[i.id for i in watched], [*range(len(watched))]],
    )
    splits = _splits(connection)
    changes = [changes_of(i, splits.get(i.id, ())) for i in watched]
    for first, last in spans(indicator.id for indicator in watched):
        span = {"first": first, "last": last}
        served = _in_days(connection.execute(SERVED, span).fetchnumpy())
        repeated = _in_days(connection.execute(REPEATED, span).fetchnumpy())
        parts = list(_found(served, repeated, watched, changes))
        if parts:
            names = parts[0]
            found = {name: np.concatenate([part[name] for part in parts]) for name in names}
            connection.register("found", found)
            connection.execute(WRITE, {"kinds": [*KINDS], "grains": [*GRAINS]})
            connection.unregister("found")


def _splits(connection: duckdb.DuckDBPyConnection) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    rows = connection.execute("select indicator, date from actions where kind = 'split'")
    for indicator, day in rows.fetchall():
        found.setdefault(indicator, []).append(day)
    return found


def _in_days(rows: Rows) -> Columns:
    return {**rows, "date": rows["date"].astype("datetime64[D]")}


def _found(
    served: Rows, repeated: Rows, watched: list[Indicator], changes: list[list[date]]
) -> Iterator[Columns]:
    """The events of each definition of each indicator, as columns of the table."""
    for number, own in _runs(served):
        series = _cut(served, own)
        more = _cut(repeated, slice(*np.searchsorted(repeated["number"], [number, number + 1])))
        for places, stretch in stretches(
            watched[number], series["date"], series["value"], series["basis"], changes[number]
        ):
            asked = _asked(_cut(series, places), more, stretch)
            events = stretch.events(asked["at"], asked["value"], records=watched[number].records)
            if len(events.asked):
                yield _columns(number, events, stretch, asked)


def _asked(series: Rows, more: Rows, stretch: Stretch) -> Columns:
    """All that was ever said of the dates of a stretch, each with its place there."""
    at = np.flatnonzero(~series["again"])
    place = np.minimum(np.searchsorted(stretch.days, more["date"]), len(stretch) - 1)
    inside = (stretch.days[place] == more["date"]) & (more["basis"] == series["basis"][0])
    return {
        "at": np.concatenate((at, place[inside])),
        **{
            name: np.concatenate((series[name][at], more[name][inside]))
            for name in ("value", "known_at")
        },
    }


def _columns(number: int, events: Events, stretch: Stretch, asked: Rows) -> Columns:
    at = asked["at"][events.asked]
    return {
        "number": np.full(len(at), number),
        "date": _moments(stretch.days[at]),
        "kind": events.kind,
        "value": asked["value"][events.asked],
        "threshold": events.threshold,
        "is_first": events.is_first,
        "previous": stretch.previous[at],
        "previous_date": _moments(stretch.days[at - 1]),
        "since": _moments(np.repeat(stretch.days[:1], len(at))),
        "known_at": asked["known_at"][events.asked],
        "all_time": events.all_time,
        "grain": stretch.grains[at],
        "unbroken": _moments(stretch.days[stretch.unbroken[at]]),
    }


def _cut(rows: Rows, chosen: NDArray[Any] | slice) -> Columns:
    return {name: column[chosen] for name, column in rows.items()}


def _moments(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Days as DuckDB takes them."""
    return days.astype("datetime64[us]")


def _runs(rows: Rows) -> Iterator[tuple[int, slice]]:
    """Each indicator, and where its rows are."""
    numbers = rows["number"]
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    yield from ((int(numbers[a]), slice(a, b)) for a, b in pairwise(edges) if a < b)
