"""Record highs and lows, and round numbers crossed: computed once, when a snapshot is built."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from etl.catalog import Catalog

# Each vintage is judged against the values served for earlier dates of the same definition, so
# that an event is known when its value was. `since` is where the history it is judged on begins.
EVENTS = """
create table {target}.events as
with defined as (
  select o.*, (select count(*) from breaks b
               where b.indicator = o.indicator and b.date <= o.date) period
  from {target}.observations o),
history as (
  select indicator, date, basis,
         max(value) over earlier highest, min(value) over earlier lowest,
         lag(value) over dates previous, lag(date) over dates previous_date,
         first(date) over dates since
  from defined
  window dates as (partition by indicator, basis, period order by date),
         earlier as (partition by indicator, basis, period order by date
                     rows between unbounded preceding and 1 preceding)),
judged as (
  select h.*, v.value, min(v.known_at) known_at
  from history h join {target}.vintages v
    on v.indicator = h.indicator and v.date = h.date and v.basis = h.basis
  where h.previous is not null
  group by all),
found as (
  select *, 'record_high' kind, null::double threshold, false is_first from judged
  where value > highest and indicator in (select indicator from records)
  union all
  select *, 'record_low', null, false from judged
  where value < lowest and indicator in (select indicator from records)
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


def create_events(connection: duckdb.DuckDBPyConnection, target: str, catalog: Catalog) -> None:
    """Write the table `events` beside the observations and vintages of the database `target`."""
    connection.execute("create or replace temp table records (indicator varchar)")
    connection.execute(
        "create or replace temp table milestones (indicator varchar, threshold double)"
    )
    records = [[i.id] for i in catalog.all() if i.records]
    if records:
        connection.executemany("insert into records values (?)", records)
    milestones = list(_milestones(catalog))
    if milestones:
        connection.executemany("insert into milestones values (?, ?)", milestones)
    connection.execute("create or replace temp table breaks (indicator varchar, date date)")
    breaks = [[i.id, change.date] for i in catalog.all() for change in i.breaks]
    if breaks:
        connection.executemany("insert into breaks values (?, ?)", breaks)
    connection.execute(EVENTS.format(target=target))


def _milestones(catalog: Catalog) -> Iterator[list[object]]:
    for indicator in catalog.all():
        for threshold in indicator.milestones:
            yield [indicator.id, threshold]
