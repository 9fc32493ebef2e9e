"""How the sources answered, from what the warehouse holds of the runs: loads, attempts, exchanges,
and when each value was first seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from etl.catalog import STATUS_OF_SOURCE
from etl.lags import FirstSeen
from etl.records import BEIJING
from etl.reliability import (
    ALL_GOOD,
    DAYS,
    NONE_GOOD,
    NOT_ASKED,
    SOME_GOOD,
    HostLatency,
    Reliability,
)
from etl.storage.warehouse import REVISIONS, Warehouse

#: Of each indicator so many of the newest values are told, and none before so many days.
MOST_SEEN, SEEN_DAYS = 120, 1200
#: More revisions than these are not counted.
MOST_REVISIONS = 100_000

# What was asked of the sources of the network, run by run.
ASKED = """
with asked as (
  select a.source, l.load, l.started_at, a.problem
  from attempts as a join loads as l using (load)
  where l.command = 'run' and not list_contains($own, a.source)
    and not list_contains($untold, a.subject))
"""
BY_DAY = (
    ASKED
    + """
select source, (started_at + interval 8 hour)::date as day, count(*),
       count(*) filter (problem = '')
from asked where started_at >= $since group by source, day
"""
)
STANDING = (
    ASKED
    + """,
good as (select source, max(load) as load, max(started_at) as at from asked
         where problem = '' group by source)
select a.source, any_value(g.at), min(a.started_at) filter (a.load > coalesce(g.load, -1)),
       coalesce(arg_max(a.problem, a.load) filter (a.problem <> ''), '')
from asked as a left join good as g using (source) group by a.source
"""
)
HOSTS = """
select source, host, count(*), count(*) filter (problem = ''),
       median(seconds) filter (problem = ''), max(seconds) filter (problem = '')
from exchanges
where sent_at >= $since
  and source not in (select source from attempts where list_contains($untold, subject))
group by source, host order by source, count(*) desc, host
"""
REVISED = f"""
select source, count(distinct (indicator, date)), median(pct), max(pct)
from (select source, indicator, date, 100 * abs(value - before) / abs(before) as pct
      from ({REVISIONS}) where before <> 0 and not list_contains($untold, indicator))
group by source
"""
# A value is first seen by a run of the clock if the same source had answered that run before
# without it, and it is newer than all that was held then: neither a first history nor an old value
# filled in.
SEEN = """
with live as (
  select load, started_at from loads
  where command = 'run' and abs(epoch(known_at) - epoch(started_at)) < 60),
answered as (
  select a.subject as indicator, a.source, l.load, l.started_at
  from attempts as a join live as l using (load)
  where a.problem = '' and not list_contains($own, a.source)),
told as (
  select h.indicator, o.source, h.date, min(h.load) as load, arg_min(h.public_at, h.load) as public
  from held as h join origins as o using (origin)
  where o.status in ('fetched', 'disputed') and h.date >= $since
    and (h.indicator, o.source) in (select (indicator, source) from answered)
  group by h.indicator, o.source, h.date),
ahead as (
  select *, max(date) over (
    partition by indicator, source order by load
    range between unbounded preceding and 1 preceding) as before
  from told)
select n.indicator, n.source, n.date, l.started_at, a.started_at, n.public
from ahead as n
join live as l on l.load = n.load
asof join answered as a
  on a.indicator = n.indicator and a.source = n.source and n.load > a.load
where n.date > n.before
qualify row_number() over (partition by n.indicator, n.source order by n.date desc) <= $most
order by n.indicator, n.source, n.date
"""


def first_seen(warehouse: Warehouse, now: datetime) -> tuple[FirstSeen, ...]:
    """When the newest values of each indicator were first seen, and last not seen."""
    asked = {"own": [*STATUS_OF_SOURCE], "since": _day(now, SEEN_DAYS), "most": MOST_SEEN}
    rows = warehouse.connection.execute(SEEN, asked).fetchall()
    return tuple(FirstSeen(*row[:3], *map(_utc, row[3:])) for row in rows)


def reliability(
    warehouse: Warehouse,
    sources: Collection[str],
    seen: Sequence[FirstSeen],
    now: datetime,
    untold: Collection[str] = (),
) -> tuple[Reliability, ...]:
    """What each of the sources that use the network did in the last 90 days, in the order of their
    names; none that was not asked in them. What they did for `untold` indicators is left out; of a
    source that was asked for one no host is told, since exchanges are not known by indicator."""
    hidden = {"untold": sorted(untold)}
    seen = [one for one in seen if one.indicator not in hidden["untold"]]
    since = datetime.combine(_day(now, DAYS - 1), datetime.min.time(), BEIJING)
    asked = {"own": [*STATUS_OF_SOURCE], "since": _naive(since), **hidden}
    by_day: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for source, day, count, good in _rows(warehouse, BY_DAY, asked):
        by_day[source][day] = (count, good)
    hosts: dict[str, list[HostLatency]] = defaultdict(list)
    for source, *one in _rows(warehouse, HOSTS, {"since": _naive(since), **hidden}):
        hosts[source].append(HostLatency(*one))
    told = {"since": _naive(since), "most": MOST_REVISIONS, **hidden}
    revised = {row[0]: row[1:] for row in _rows(warehouse, REVISED, told)}
    lags = _lags(seen, since)
    standing = {
        row[0]: row[1:] for row in _rows(warehouse, STANDING, {"own": asked["own"], **hidden})
    }
    last_day = max((day for days in by_day.values() for day in days), default=date.min)
    return tuple(
        _one(source, days, last_day, standing[source], hosts[source], lags[source],
             revised.get(source, (0, None, None)))
        for source, days in sorted(by_day.items())
        if source in sources
    )  # fmt: skip


def _one(
    source: str,
    days: Mapping[date, tuple[int, int]],
    last_day: date,
    standing: Sequence[Any],
    hosts: Sequence[HostLatency],
    lags: Sequence[float],
    revised: Sequence[Any],
) -> Reliability:
    good_at, failing_since, problem = standing
    counts = [days.get(last_day - timedelta(days=n), (0, 0)) for n in reversed(range(DAYS))]
    return Reliability(
        source, last_day, "".join(map(_letter, counts)),
        asked=sum(count for count, _ in counts), good=sum(good for _, good in counts),
        last_good_at=good_at and _utc(good_at), failing_since=failing_since and _utc(failing_since),
        problem=problem, hosts=tuple(hosts),
        seen=len(lags), lag_h=median(lags) if lags else None, most_lag_h=max(lags, default=None),
        revised=revised[0], revised_pct=revised[1], most_revised_pct=revised[2],
    )  # fmt: skip


def _letter(counts: tuple[int, int]) -> str:
    asked, good = counts
    if not asked:
        return NOT_ASKED
    return NONE_GOOD if not good else ALL_GOOD if good == asked else SOME_GOOD


def _lags(seen: Sequence[FirstSeen], since: datetime) -> Mapping[str, list[float]]:
    """The hours from publication until a value was first seen, by source."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in seen:
        if one.seen_at >= since and one.is_close:
            found[one.source].append((one.seen_at - one.public_at) / timedelta(hours=1))
    return found


def _rows(warehouse: Warehouse, query: str, names: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    yield from warehouse.connection.execute(query, dict(names)).fetchall()


def _day(now: datetime, days: int) -> date:
    return now.astimezone(BEIJING).date() - timedelta(days=days)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
