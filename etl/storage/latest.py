"""Where each indicator stands: its newest value and the values it is compared with, found once,
when a snapshot is built, so that a table of thousands is read in one go."""

from __future__ import annotations

from typing import Any

import duckdb

from etl.catalog import Catalog
from etl.frequency import RULES
from etl.storage.periods import is_base, is_step

_MONTH, _YEAR = (is_base("n.date", "o.date", over, "months", "base_days") for over in (1, 12))
_STEP = is_step("before_date", "n.date", "months", "step_days")
# One row an indicator that has values. What is compared with the newest value is of the same
# definition: one way of measuring, and no break between; and a step or a month or a year before it
# by the rule of its frequency; else it is null.
STANDINGS = f"""
with told as (
  select unnest($ids) as indicator, unnest($months::integer[]) as months,
         unnest($step_days::integer[]) as step_days, unnest($base_days::integer[]) as base_days),
breaks as (select unnest($broken) as indicator, unnest($breaks) as date),
span as (
  select indicator, min(date) as first, max(date) as date, count(*) as count,
         arg_max(basis, date) as basis
  from observations group by indicator),
newest as (
  select s.*, t.months, t.step_days, t.base_days,
         coalesce((select max(b.date) from breaks as b
                   where b.indicator = s.indicator and b.date <= s.date), s.first) as since
  from span as s join told as t using (indicator)),
based as (
  select n.indicator,
         max(o.date) filter (o.date < n.date) as before_date,
         arg_max(o.value, o.date) filter (o.date < n.date) as before,
         arg_max(o.basis, o.date) filter (o.date < n.date) as before_basis,
         max(o.date) filter ({_MONTH}) as month_date,
         arg_max(o.value, o.date) filter ({_MONTH}) as month_value,
         arg_max(o.basis, o.date) filter ({_MONTH}) as month_basis,
         max(o.date) filter ({_YEAR}) as year_date,
         arg_max(o.value, o.date) filter ({_YEAR}) as year_value,
         arg_max(o.basis, o.date) filter ({_YEAR}) as year_basis,
         max(o.value) filter (o.basis is not distinct from n.basis and o.date >= since) as highest
  from observations as o join newest as n using (indicator) group by n.indicator)
select n.indicator, n.first, n.count, o.date, o.value, o.source, o.known_at, o.status, o.credit,
       o.basis, o.note,
       case when before_basis is not distinct from n.basis and before_date >= since and {_STEP}
            then before end as previous,
       case when month_basis is not distinct from n.basis and month_date >= since
            then month_value end as last_month,
       case when year_basis is not distinct from n.basis and year_date >= since
            then year_value end as last_year,
       highest
from newest as n join based using (indicator)
join observations as o on o.indicator = n.indicator and o.date = n.date
order by n.indicator
"""

#: The same as of `$moment`: what was served then takes the place of the view.
STANDINGS_THEN = STANDINGS.replace(
    "with told as", "with observations as (select * from served_all($moment)), told as", 1
)


def create_standings(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Write the table `standings` beside the observations of a snapshot."""
    connection.execute(f"create table standings as {STANDINGS}", what_is_told(catalog))


def what_is_told(catalog: Catalog) -> dict[str, Any]:
    """What `STANDINGS` asks of a catalog."""
    indicators = list(catalog.all())
    rules = [RULES[i.frequency] for i in indicators]
    breaks = [(i.id, change.date) for i in indicators for change in i.breaks]
    return {
        "ids": [i.id for i in indicators],
        "months": [rule.months for rule in rules],
        "step_days": [rule.step_days for rule in rules],
        "base_days": [rule.base_days for rule in rules],
        "broken": [name for name, _ in breaks],
        "breaks": [day for _, day in breaks],
    }
