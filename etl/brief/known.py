"""What became known between two moments, from a snapshot: one question per table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from etl.calendars import end_of, listed_at
from etl.catalog import USUAL_STEPS
from etl.errors import SettingError
from etl.records import BEIJING, EVENT_COLUMNS, Event, Vintage, event_of

Rows = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
#: How far a brief looks back if there is no previous bulletin.
DAYS = 7
#: The values of a change and of those it is measured against.
TAIL = USUAL_STEPS + 2

# Of each indicator with news: its newest values, and those that the events in between are about.
VALUES = """
with fresh as (
  select distinct o.indicator from vintages as o join first_loads as f using (indicator)
  where {new} and {known}),
told as (
  select e.indicator, e.date, e.previous_date
  from events as e join first_loads as f using (indicator)
  join observations as o on o.indicator = e.indicator and o.date = e.date
  where {new} and {known}),
wanted as (
  select indicator, unnest(max(date, $tail)) as date from {served}
  where indicator in (select indicator from fresh) group by indicator
  union select indicator, date from told union select indicator, previous_date from told)
select o.indicator, o.date, o.value, o.source, o.known_at, o.status, o.credit, o.basis, o.note,
       {new} as is_new
from {served} as o join first_loads as f using (indicator) join wanted using (indicator, date)
order by o.indicator, o.date
"""
NEWEST = """
select o.indicator, max(o.date) from vintages as o join first_loads as f using (indicator)
where not {new} group by o.indicator
"""
EVENTS = f"""
select {EVENT_COLUMNS} from events
where (indicator, date) in (
  select (o.indicator, o.date) from observations as o join first_loads as f using (indicator)
  where {{new}} and {{known}})
order by indicator, date, kind, threshold
"""
# Whether a vintage was unknown at one moment and known at the other.
_HELD = "case when ${moment} < f.loaded_at then o.known_at else o.held_at end <= ${moment}"
_NEW = f"not ({_HELD.format(moment='since')})"
_KNOWN = _HELD.format(moment="until")
DOCUMENTS = "select document from policies where counted"
BEFORE = "select max(date) from bulletins where date < $day"


@dataclass(frozen=True, slots=True)
class CountedDocument:
    """A counted document of the register. `published` says whether its day is that of publication
    rather than of issue."""

    title: str
    issuer: str
    number: str
    day: str
    published: bool
    url: str


@dataclass(frozen=True, slots=True)
class News:
    """What was known by `until`, and which of it was not by `since`: the newest values of each
    indicator that has news, the newest date that each had before, events, and documents in order
    of date."""

    day: date
    before: date | None
    since: datetime
    until: datetime
    series: Mapping[str, Sequence[Vintage]]
    new: frozenset[tuple[str, date]]
    newest: Mapping[str, date]
    events: Mapping[str, Sequence[Event]]
    documents: Sequence[CountedDocument]

    def is_new(self, indicator: str, day: date) -> bool:
        """Whether the value of a day became known in between."""
        return (indicator, day) in self.new


def news(rows: Rows, day: date, now: datetime) -> News:
    """The news of a day in Beijing since the previous bulletin; so far, if the day is not over. A
    SettingError if the day is in the future."""
    if day > now.astimezone(BEIJING).date():
        raise SettingError(
            f"{day} is still to come in Beijing; write the day of today or one that is past."
        )
    ((before,),) = rows(BEFORE, {"day": day})
    since = end_of(before or date.fromordinal(max(1, day.toordinal() - DAYS)))
    until = min(end_of(day), now)
    # Nothing that is held comes after now: of a day that is not over, all of it is asked for.
    span = {"since": _naive(since), "until": _naive(end_of(day))}
    # What is served now is at hand; as of a past moment it must be judged, which takes longer.
    served = "observations" if end_of(day) >= now else "served_all($until)"
    query = VALUES.format(new=_NEW, known=_KNOWN, served=served)
    values = rows(query, {**span, "tail": TAIL})
    return News(
        day,
        before,
        since,
        until,
        _series(values),
        frozenset((indicator, day) for indicator, day, *_, is_new in values if is_new),
        dict(rows(NEWEST.format(new=_NEW), {"since": span["since"]})),
        _events(rows(EVENTS.format(new=_NEW, known=_KNOWN), span)),
        _documents(rows(DOCUMENTS, {}), since, until),
    )


def _series(rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Sequence[Vintage]]:
    found: dict[str, list[Vintage]] = {}
    for indicator, day, value, source, known_at, *rest, _ in rows:
        vintage = Vintage(day, value, source, known_at.replace(tzinfo=UTC), *rest)
        found.setdefault(indicator, []).append(vintage)
    return found


def _events(rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Sequence[Event]]:
    found: dict[str, list[Event]] = {}
    for row in rows:
        event = event_of(row)
        found.setdefault(event.indicator, []).append(event)
    return found


def _documents(
    rows: Sequence[tuple[Any, ...]], since: datetime, until: datetime
) -> Sequence[CountedDocument]:
    held = [json.loads(text) for (text,) in rows]
    found = [
        CountedDocument(
            row["title"], row["issuer"], row["number"], row["published"] or row["issued"],
            bool(row["published"]), row["url"],
        )
        for row in held
    ]  # fmt: skip
    return sorted(
        (d for d in found if since < listed_at(d.day) <= until),
        key=lambda d: (d.day, d.issuer, d.title),
    )


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
