"""What became known between two moments, from a snapshot: one question per table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from etl.bulletins.model import Bulletin
from etl.calendars import end_of, listed_at
from etl.catalog import USUAL_STEPS
from etl.claims.check import texts
from etl.claims.model import Claim, JudgedBy
from etl.errors import SettingError
from etl.records import BEIJING, EVENT_COLUMNS, Event, Vintage, event_of

Rows = Callable[[str, Mapping[str, Any]], Sequence[tuple[Any, ...]]]
#: How far a brief looks back if there is no previous bulletin.
DAYS = 7
#: The values of a change and of those it is measured against.
TAIL = USUAL_STEPS + 2

#: How many statements of bulletins that a later value may have overtaken are looked at.
MOST_STATEMENTS = 200
#: The first format of snapshots that says how long a statement stays true.
KNOWS_ENDS = 12

# Of each indicator its newest value; with news also those before it, those up to the newest that
# was known before, and those that the events in between are about. `held` counts the dates after
# the newest that was known before.
VALUES = """
with served as materialized (select * from {served}),
fresh as (
  select distinct o.indicator from vintages as o join first_loads as f using (indicator)
  where {new} and {known}),
told as (
  select e.indicator, e.date, e.previous_date
  from events as e join first_loads as f using (indicator)
  join observations as o on o.indicator = e.indicator and o.date = e.date
  where {new} and {known}),
newest as (
  select o.indicator, max(o.date) as date from vintages as o join first_loads as f using (indicator)
  where not {new} group by o.indicator),
spans as (
  select s.indicator, max(s.date) as last, count(*) filter (s.date > n.date) as held,
         any_value(n.date) as newest,
         max(s.date, $tail) filter (f.indicator is not null) as late,
         max(s.date, $tail) filter (f.indicator is not null and s.date <= n.date) as early
  from served as s left join newest as n using (indicator) left join fresh as f using (indicator)
  group by s.indicator),
wanted as (
  select indicator, last as date from spans
  union select indicator, unnest(late) from spans union select indicator, unnest(early) from spans
  union select indicator, date from told union select indicator, previous_date from told)
select o.indicator, o.date, o.value, o.source, o.known_at, o.status, o.credit, o.basis, o.note,
       {new} as is_new, s.held, s.newest
from served as o join first_loads as f using (indicator) join spans as s using (indicator)
join wanted using (indicator, date)
order by o.indicator, o.date
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
# The statements of bulletins that something new may have a say in: another value of the date they
# were judged by, a later value beyond the bounds between which they stay true, or the value that
# was missing on their day.
STATEMENTS = """
with fresh as (
  select o.indicator, o.date, o.value
  from {served} as o join first_loads as f using (indicator) where {new})
select c.date, c.section, c.paragraph, c.start, c.stop, c.judged_by, c.low, c.high, c.document
from claims as c
where c.date <= $day and (
  c.later = 'contradicted'
  or exists (select 1 from fresh as n where n.indicator = c.indicator and n.date = c.judged_by)
  or c.low is not null and exists (
    select 1 from fresh as n where n.indicator = c.indicator and n.date > c.judged_by
      and not n.value between c.low and c.high))
order by c.date desc, c.number limit $most
"""
AFTER = """
with asked as (select unnest($ids) as indicator, unnest($days) as day)
select o.indicator, o.date, o.value, o.source, o.known_at, o.status, o.credit, o.basis, o.note,
       {new} as is_new, 0, null
from {served} as o join first_loads as f using (indicator) join asked as a using (indicator)
where o.date >= a.day order by o.indicator, o.date
"""
SPLITS = "select indicator, date from actions where kind = 'split' order by indicator, date"
TEXTS = "select date, document from bulletins where date in (select unnest($days))"
LOADED_LATER = "select count(*) from first_loads where loaded_at > $since"
FORMAT = "select value from meta where key = 'format'"
FIRST = "select indicator, date from observations order by date, indicator limit 1"
PROBLEMS = "select subject from problems"


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
class EarlierStatement:
    """What a bulletin said in `words`, and the value it was judged by with those that came after it
    as far as they are held."""

    day: date
    words: str
    claim: Claim
    basis: JudgedBy | None
    values: Sequence[Vintage]


@dataclass(frozen=True, slots=True)
class Meeting:
    """What only those ask who look back to a day: statements that may be overtaken, by which of
    their values that is `new`, the days of splits, the subjects that the last run failed at, and
    whether something was loaded only after that day."""

    statements: Sequence[EarlierStatement]
    new: frozenset[tuple[str, date]]
    splits: Mapping[str, Sequence[date]]
    problems: frozenset[str]
    is_reconstructed: bool


@dataclass(frozen=True, slots=True)
class News:
    """What was known by `until`, and which of it was not by `since`: the newest values of each
    indicator, the newest date that each had before and how many dates came after it, events, and
    documents in order of date. `meeting` is there where one looks back to a day that was named."""

    day: date
    before: date | None
    since: datetime
    until: datetime
    series: Mapping[str, Sequence[Vintage]]
    new: frozenset[tuple[str, date]]
    newest: Mapping[str, date]
    held: Mapping[str, int]
    events: Mapping[str, Sequence[Event]]
    documents: Sequence[CountedDocument]
    meeting: Meeting | None = None

    def is_new(self, indicator: str, day: date) -> bool:
        """Whether the value of a day became known in between."""
        return (indicator, day) in self.new


def news(rows: Rows, day: date, now: datetime) -> News:
    """The news of a day in Beijing since the previous bulletin; so far, if the day is not over. A
    SettingError if the day is in the future."""
    _refuse_future(day, now)
    ((before,),) = rows(BEFORE, {"day": day})
    since = end_of(before or date.fromordinal(max(1, day.toordinal() - DAYS)))
    # Nothing that is held comes after now: of a day that is not over, all of it is asked for.
    asked = Asked(rows, since, end_of(day), is_now=end_of(day) >= now)
    return replace(asked.news(day), before=before, until=min(end_of(day), now))


def news_since(rows: Rows, since: date, now: datetime, as_of: datetime | None = None) -> News:
    """The news since the end of a day in Beijing, by now or as they were known at a moment, with
    what earlier bulletins said."""
    _refuse_future(since, now)
    until = as_of or now
    day = until.astimezone(BEIJING).date()
    asked = Asked(rows, end_of(since), as_of or end_of(day), is_now=as_of is None)
    return replace(asked.news(day), before=since, until=until, meeting=asked.meeting(day))


def first_value(rows: Rows) -> tuple[str, date] | None:
    """The indicator with the earliest value of all, and its date; None if nothing is held."""
    found = rows(FIRST, {})
    return (found[0][0], found[0][1]) if found else None


def _refuse_future(day: date, now: datetime) -> None:
    if day > now.astimezone(BEIJING).date():
        raise SettingError(
            f"{day} is still to come in Beijing; write the day of today or one that is past."
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions about what became known between two moments."""

    rows: Rows
    since: datetime
    until: datetime
    is_now: bool

    def news(self, day: date) -> News:
        """What became known."""
        values = self._ask(VALUES, tail=TAIL)
        return News(
            day,
            None,
            self.since,
            self.until,
            _series(values),
            _new(values),
            {indicator: newest for indicator, *_, newest in values if newest},
            {indicator: held for indicator, *_, held, _ in values},
            _events(self._ask(EVENTS)),
            _documents(self.rows(DOCUMENTS, {}), self.since, self.until),
        )

    def meeting(self, day: date) -> Meeting:
        """What is told besides of a day that was named."""
        ((late,),) = self.rows(LOADED_LATER, {"since": _naive(self.since)})
        splits: dict[str, list[date]] = {}
        for indicator, split in self.rows(SPLITS, {}):
            splits.setdefault(indicator, []).append(split)
        # What the last run failed at is known of now alone.
        problems = self.rows(PROBLEMS, {}) if self.is_now else []
        statements, new = self._statements(day)
        return Meeting(
            statements, new, splits, frozenset(subject for (subject,) in problems), late > 0
        )

    def _statements(
        self, day: date
    ) -> tuple[Sequence[EarlierStatement], frozenset[tuple[str, date]]]:
        ((told,),) = self.rows(FORMAT, {})
        if int(told) < KNOWS_ENDS:
            return (), frozenset()
        found = self._ask(STATEMENTS, day=day, most=MOST_STATEMENTS)
        if not found:
            return (), frozenset()
        claims = [Claim.model_validate_json(row[-1]) for row in found]
        starts: dict[str, date] = {}
        for row, claim in zip(found, claims, strict=True):
            start = row[5] or row[0]
            starts[claim.indicator] = min(start, starts.get(claim.indicator, start))
        after = self._ask(AFTER, ids=list(starts), days=list(starts.values()))
        days = sorted({row[0] for row in found})
        said = {
            (bulletin, part, number): words
            for bulletin, document in self.rows(TEXTS, {"days": days})
            for part, number, words in texts(Bulletin.model_validate_json(document))
        }
        series = _series(after)
        return [
            EarlierStatement(
                bulletin,
                said.get((bulletin, part, number), "")[start:stop] or claim.sentence,
                claim,
                JudgedBy(judged_by, low, high) if judged_by else None,
                series.get(claim.indicator, ()),
            )
            for (bulletin, part, number, start, stop, judged_by, low, high, _), claim in zip(
                found, claims, strict=True
            )
        ], _new(after)

    def _ask(self, query: str, **more: Any) -> Sequence[tuple[Any, ...]]:
        # What is served now is at hand; as of a past moment it must be judged, which takes longer.
        served = "observations" if self.is_now else "served_all($until)"
        asked = query.format(new=_NEW, known=_KNOWN, served=served)
        given = {"since": _naive(self.since), "until": _naive(self.until), **more}
        return self.rows(asked, {name: one for name, one in given.items() if f"${name}" in asked})


def _new(rows: Sequence[tuple[Any, ...]]) -> frozenset[tuple[str, date]]:
    return frozenset((indicator, day) for indicator, day, *_, is_new, _, _ in rows if is_new)


def _series(rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Sequence[Vintage]]:
    found: dict[str, list[Vintage]] = {}
    for indicator, day, value, source, known_at, *rest, _, _, _ in rows:
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
