"""Where each indicator stands: its newest value and the values it is compared with, found once,
when a snapshot is built, so that a table of thousands is read in one go."""

from __future__ import annotations

from typing import Any

import duckdb

from etl.catalog import Catalog

#: How much older than one month or one year a base may be, in days, by frequency.
TOLERANCE_DAYS = {"daily": 10, "monthly": 45, "quarterly": 100, "annual": 400, "event": 400}
# One row an indicator that has values. What is compared with the newest value is of the same
# definition: one way of measuring, and no break between; else it is null.
STANDINGS = """
with told as (select unnest($ids) indicator, unnest($tolerances) tolerance),
breaks as (select unnest($broken) indicator, unnest($breaks) date),
span as (
  select indicator, min(date) first, max(date) date, count(*) count, arg_max(basis, date) basis
  from observations group by indicator),
newest as (
  select s.*, t.tolerance,
         s.date - interval 1 month month_ago, s.date - interval 1 year year_ago,
         coalesce((select max(b.date) from breaks b
                   where b.indicator = s.indicator and b.date <= s.date), s.first) since
  from span s join told t using (indicator)),
based as (
  select n.indicator,
         max(o.date) filter (o.date < n.date) before_date,
         arg_max(o.value, o.date) filter (o.date < n.date) before,
         arg_max(o.basis, o.date) filter (o.date < n.date) before_basis,
         max(o.date) filter (o.date <= month_ago) month_date,
         arg_max(o.value, o.date) filter (o.date <= month_ago) month_value,
         arg_max(o.basis, o.date) filter (o.date <= month_ago) month_basis,
         max(o.date) filter (o.date <= year_ago) year_date,
         arg_max(o.value, o.date) filter (o.date <= year_ago) year_value,
         arg_max(o.basis, o.date) filter (o.date <= year_ago) year_basis,
         max(o.value) filter (o.basis is not distinct from n.basis and o.date >= since) highest
  from observations o join newest n using (indicator) group by n.indicator)
select n.indicator, n.first, n.count, o.date, o.value, o.source, o.known_at, o.status, o.credit,
       o.basis, o.note,
       case when before_basis is not distinct from n.basis and before_date >= since
            then before end previous,
       case when month_basis is not distinct from n.basis and month_date >= since
             and month_date >= month_ago - to_days(tolerance) then month_value end last_month,
       case when year_basis is not distinct from n.basis and year_date >= since
             and year_date >= year_ago - to_days(tolerance) then year_value end last_year,
       highest
from newest n join based using (indicator)
join observations o on o.indicator = n.indicator and o.date = n.date
order by n.indicator
"""


def create_standings(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Write the table `standings` beside the observations of a snapshot."""
    connection.execute(f"create table standings as {STANDINGS}", what_is_told(catalog))


def what_is_told(catalog: Catalog) -> dict[str, Any]:
    """What `STANDINGS` asks of a catalog."""
    indicators = list(catalog.all())
    breaks = [(i.id, change.date) for i in indicators for change in i.breaks]
    return {
        "ids": [i.id for i in indicators],
        "tolerances": [TOLERANCE_DAYS[i.frequency] for i in indicators],
        "broken": [name for name, _ in breaks],
        "breaks": [day for _, day in breaks],
    }
