"""Until when somebody looked: of what changes only at events, the newest value says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from etl.catalog import STATUS_OF_SOURCE, Catalog, Indicator
from etl.policies.candidates import FINDERS
from etl.records import BEIJING
from etl.storage.warehouse import Warehouse

#: For each subject and source, when it last answered well.
Looks = Mapping[tuple[str, str], datetime]
# What a person accepts was looked at before; what a person imports, that person has looked at.
LOOKS = """
select a.subject, a.source, max(l.known_at) as moment
from attempts a join loads l using (load)
where a.problem = '' and l.command = 'run' group by a.subject, a.source
union all
select o.subject, 'import', max(l.known_at)
from outcomes o join loads l using (load) where l.command = 'import' group by o.subject
"""


def with_looks(catalog: Catalog, warehouse: Warehouse, now: datetime) -> Catalog:
    """The catalog as it is published: `checked` of each indicator whose calendar is `event` is the
    day in Beijing until which it was looked at, by whomever; None where nobody has looked."""
    rows = warehouse.connection.execute(LOOKS).fetchall()
    looks = {(subject, source): at.replace(tzinfo=UTC) for subject, source, at in rows}
    today = now.astimezone(BEIJING).date()
    known = dict(catalog.indicators)
    for one in catalog.all():
        if one.calendar == "event":
            until = _until(catalog, one, looks)
            checked = None if until is None else min(until, today)
            known[one.id] = one.model_copy(update={"checked": checked})
    return catalog.model_copy(update={"indicators": known})


def _until(catalog: Catalog, indicator: Indicator, looks: Looks) -> date | None:
    """The newest look at any of its sources, or the day that the catalog names."""
    days = [] if indicator.checked is None else [indicator.checked]
    days += [moment.astimezone(BEIJING).date() for moment in _moments(indicator, looks)]
    if indicator.inputs:
        of_inputs = [_until(catalog, catalog[name], looks) for name in indicator.inputs]
        known = [day for day in of_inputs if day is not None]
        days += [min(known)] if len(known) == len(of_inputs) else []
    return max(days, default=None)


def _moments(indicator: Indicator, looks: Looks) -> Iterator[datetime]:
    names = [ref.name for ref in indicator.sources]
    for source in ("import", *(name for name in names if name not in STATUS_OF_SOURCE)):
        if moment := looks.get((indicator.id, source)):
            yield moment
    if "register" in names:
        # The register is as complete as the one of its upstreams that was asked longest ago.
        found = [moment for name in FINDERS if (moment := looks.get((name, name)))]
        if len(found) == len(FINDERS):
            yield min(found)
