"""Record highs and lows, and round numbers crossed: computed once, when a snapshot is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from etl.catalog import Catalog, Indicator
from etl.storage.warehouse import spans

TABLE = """
create table events (
  indicator varchar, date date, kind varchar, value double, threshold double, is_first boolean,
  previous double, previous_date date, since date, known_at timestamp);
create temp table bases as
  select basis, row_number() over (order by basis) number from (select distinct basis from origins);
create temp table watched (indicator varchar, number integer, records boolean);
create temp table milestones (indicator varchar, threshold double);
"""
# The values that are served, in runs of one indicator and basis, each in the order of dates;
# `again` marks a date that has other vintages beside.
RUNS = """
select w.number, b.number basis, h.date, h.value,
       exists (select 1 from repeated r where r.indicator = h.indicator and r.date = h.date) again
from held h join watched w using (indicator) join origins using (origin) join bases b using (basis)
where h.served and h.indicator between $first and $last
order by w.number, b.number, h.date
"""
# Each vintage is judged against the values served for earlier dates of the same definition, so
# that an event is known when its value was. `since` is where the history it is judged on begins.
EVENTS = """
insert into events
with judged as materialized (
  select w.indicator, w.records, h.date::date date, h.highest, h.lowest, h.previous,
         h.previous_date::date previous_date, h.since::date since,
         v.value, min(v.known_at) known_at
  from history h join watched w using (number) join bases b on b.number = h.basis
  join vintages v
    on v.indicator = w.indicator and v.date = h.date::date and v.basis = b.basis
  where v.indicator between $first and $last
  group by all),
found as (
  select *, 'record_high' kind, null::double threshold, false is_first from judged
  where value > highest and records
  union all
  select *, 'record_low', null, false from judged
  where value < lowest and records
  union all
  select j.*, 'milestone_up', m.threshold, j.highest < m.threshold
  from judged j join milestones m using (indicator)
  where j.value >= m.threshold and j.previous < m.threshold
  union all
  select j.*, 'milestone_down', m.threshold, j.lowest >= m.threshold
  from judged j join milestones m using (indicator)
  where j.value < m.threshold and j.previous >= m.threshold)
select indicator, date, kind, value, threshold, is_first, previous, previous_date, since, known_at
from found order by indicator, date, kind, threshold
"""

Rows = Mapping[str, NDArray[Any]]


def create_events(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Write the table `events` beside the observations and vintages of a snapshot."""
    watched = sorted((i for i in catalog.all() if i.records or i.milestones), key=lambda i: i.id)
    milestones = [(i.id, threshold) for i in watched for threshold in i.milestones]
    connection.execute(TABLE)
    connection.execute(
        "insert into watched select unnest(?), unnest(?), unnest(?)",
        [[i.id for i in watched], [*range(len(watched))], [i.records for i in watched]],
    )
    connection.execute(
        "insert into milestones select unnest(?), unnest(?)",
        [[name for name, _ in milestones], [threshold for _, threshold in milestones]],
    )
    rules = [_Rule.of(indicator) for indicator in watched]
    for first, last in spans(indicator.id for indicator in watched):
        span = {"first": first, "last": last}
        history = _history(connection.execute(RUNS, span).fetchnumpy(), rules)
        connection.register("history", history)
        connection.execute(EVENTS, span)
        connection.unregister("history")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is told of an indicator, and the days from which its values are defined anew."""

    records: bool
    milestones: NDArray[np.float64]
    breaks: NDArray[np.datetime64]

    @classmethod
    def of(cls, indicator: Indicator) -> _Rule:
        breaks = np.array([change.date for change in indicator.breaks], dtype="datetime64[us]")
        return cls(indicator.records, np.sort(np.array(indicator.milestones, float)), breaks)

    def tells(
        self,
        values: NDArray[np.float64],
        highest: NDArray[np.float64],
        lowest: NDArray[np.float64],
    ) -> NDArray[np.bool_]:
        """Whether there is an event at each value but the first."""
        below = np.searchsorted(self.milestones, values, side="right")
        crossed: NDArray[np.bool_] = below[1:] != below[:-1]
        return crossed | (self.records & ((values[1:] > highest) | (values[1:] < lowest)))


def _history(rows: Rows, rules: list[_Rule]) -> dict[str, NDArray[Any]]:
    """Each date that may have an event, with what stood before it. DuckDB can tell the highest
    value before each date too, but takes fifty times as long."""
    parts = [_told(rows, a, b, rules[rows["number"][a]]) for a, b in _runs(rows, rules)]
    empty = (np.empty(0, int), np.empty(0), np.empty(0), np.empty(0, int))
    at, highest, lowest, first = map(np.concatenate, zip(empty, *parts, strict=True))
    return {
        "number": rows["number"][at],
        "basis": rows["basis"][at],
        "date": rows["date"][at],
        "highest": highest,
        "lowest": lowest,
        "previous": rows["value"][at - 1],
        "previous_date": rows["date"][at - 1],
        "since": rows["date"][first],
    }


def _told(rows: Rows, start: int, stop: int, rule: _Rule) -> tuple[NDArray[Any], ...]:
    """The places in one run, the extremes before each, and where the run begins."""
    values = rows["value"][start:stop]
    highest, lowest = np.maximum.accumulate(values)[:-1], np.minimum.accumulate(values)[:-1]
    tells = rule.tells(values, highest, lowest) | rows["again"][start + 1 : stop]
    at = np.flatnonzero(tells)
    return start + 1 + at, highest[at], lowest[at], np.full(len(at), start)


def _runs(rows: Rows, rules: list[_Rule]) -> Iterator[tuple[int, int]]:
    """Where the values of one definition begin and end."""
    number, basis, dates = rows["number"], rows["basis"], rows["date"]
    changes = np.flatnonzero((number[1:] != number[:-1]) | (basis[1:] != basis[:-1])) + 1
    for a, b in pairwise([0, *changes.tolist(), len(number)]):
        if a < b:
            anew = a + np.searchsorted(dates[a:b], rules[number[a]].breaks)
            yield from pairwise(sorted({a, *anew.tolist(), b}))
