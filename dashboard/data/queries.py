"""The only SQL that reads. Each function is named after its answer."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from datetime import date as Date
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from dashboard.data.snapshot import Snapshot
from etl.alerts.rules import JSON as ALERT
from etl.alerts.rules import Alert
from etl.brief import known
from etl.brief.known import News
from etl.bulletins.model import Bulletin, Withdrawal
from etl.catalog import Text
from etl.claims.model import Claim, JudgedBy, Placed
from etl.corrections import Correction
from etl.document_scope import DocumentScope
from etl.events import events_of
from etl.provinces import ProvinceYardstick
from etl.records import (
    EVENT_COLUMNS,
    Action,
    Disagreement,
    Document,
    Event,
    HeldAnswer,
    Revision,
    Sample,
    Vintage,
    event_of,
)
from etl.reliability import JSON as RELIABILITY
from etl.reliability import Reliability
from etl.storage.latest import STANDINGS, STANDINGS_THEN, what_is_told

LIVE = """
select date, value, source, known_at, status, credit, basis, note
from observations where indicator = ? order by date
"""
AS_OF = """
select date, value, source, known_at, status, credit, basis, note
from served(?, ?) order by date
"""
_SERIES = "indicator, date, value, source, known_at, status, credit, basis, note"
SEVERAL_LIVE = f"""
select {_SERIES} from observations where list_contains($ids, indicator) order by indicator, date
"""
SEVERAL_AS_OF = f"""
select {_SERIES} from served_all($moment)
where list_contains($ids, indicator) order by indicator, date
"""
FIRST_KNOWN = "select min(known_at) from vintages where list_contains(?, indicator)"
EVENTS = f"""
select {EVENT_COLUMNS}
from events
where ($id is null or indicator = $id) and ($kind is null or kind = $kind)
  and known_at <= $moment
order by date desc, indicator, kind, threshold limit $most
"""
CROSSINGS = f"""
select {EVENT_COLUMNS} from events where threshold is not null
qualify row_number() over (partition by indicator, kind, threshold order by date, known_at) = 1
order by indicator, threshold, kind
"""
REVISIONS = """
with told as (
  select date, source, known_at, value, status,
         lag(value) over (partition by source, date order by known_at, load) as before
  from vintages where indicator = $id)
select date, source, before, value, known_at from told
where before is not null and before <> value and status = 'fetched' and known_at <= $moment
order by known_at desc, date desc limit $most
"""
REVISED_LATELY = """
with touched as (
  select distinct indicator, source, date from vintages
  where known_at between $since and $until and status = 'fetched'),
told as (
  select indicator, date, source, known_at, value,
         lag(value) over (partition by indicator, source, date order by known_at, load) as before
  from vintages join touched using (indicator, source, date))
select indicator, date, source, before, value, known_at from told
where before is not null and before <> value and known_at between $since and $until
order by known_at desc, indicator, date desc limit $most
"""
CAME_SINCE = """
with fresh as (select indicator, source, date, held_at from vintages where held_at > $since),
before as (
  select distinct indicator, source, date from vintages
  where held_at <= $since and indicator in (select indicator from fresh))
select f.indicator, count(*) filter (where b.date is null),
       count(*) filter (where b.date is not null), max(f.date)
from fresh as f left join before as b using (indicator, source, date)
group by f.indicator order by max(f.held_at) desc, f.indicator
"""
STANDING = """
select indicator, first, count, date, value, source, known_at, status, credit, basis, note,
       previous, last_month, last_year, highest
from standings where $id is null or indicator = $id
"""
SINCE = """
select indicator, date, value, basis
from observations join (select unnest($ids) as indicator, unnest($since) as since) using (indicator)
where date >= since
qualify row_number() over (partition by indicator order by date desc) <= $most
order by indicator, date
"""
EVENTS_ON = f"""
select {EVENT_COLUMNS}
from events join (select unnest($ids) as indicator, unnest($days) as date) using (indicator, date)
order by indicator, kind, threshold
"""
#: Which statements are asked for.
_ASKED = """
from claims
where ($id = '' or indicator = $id) and ($verdict = '' or verdict = $verdict)
  and ($kind = '' or kind = $kind) and date between $since and $until
"""
LEDGER_COUNT = f"select count(*) {_ASKED}"
_ENTRY = "date, number, paragraph, start, stop, judged_by, low, high, document"
LEDGER = f"select {_ENTRY} {_ASKED} order by date desc, number limit $most offset $first"
JUDGED_LATER = f"""
select {_ENTRY} from claims where later is not null
order by later <> 'contradicted', date desc, number limit $most
"""
#: The first format whose events say whether they are of all time.
KNOWS_ALL_TIME = 11
#: The first format whose statements can be asked for one by one.
KNOWS_LEDGER = 12
#: Of so many indicators together it is judged at once what was served as of a moment.
FEW_ENOUGH = 500
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


#: Seconds that a question about the news of a day may take: of ten thousand indicators as of a past
#: day it would take minutes, and hold a place that pages need.
MOST_NEWS_S = 10.0


@dataclass(frozen=True, slots=True)
class Policy(Document):
    """A policy document, and whether it enters the counts."""

    counted: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """What a reference is (policy, media, data), and the document of the register that it means:
    `origin` is `register`, or `cited` for one that waits to be taken into it."""

    kind: str
    title: str = ""
    issuer: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SourceAttempt:
    """When a source was last asked for an indicator; `problem` is empty where it answered well, and
    had no value."""

    source: str
    tried_at: datetime
    problem: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that is over: when it began and ended, which command it was, how many values are new or
    replaced, how many subjects failed, and the indicators that most came for."""

    started_at: datetime
    finished_at: datetime
    command: str
    added: int
    revised: int
    failed: int
    came: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewValues:
    """How many values of an indicator came for dates of which nothing was held from their source,
    how many in the place of others, and the newest date among them."""

    indicator: str
    added: int
    revised: int
    newest: Date


@dataclass(frozen=True, slots=True)
class Comparison:
    """A PUE that somebody named besides the indicators, as it was said, with who said it."""

    scope: Text
    period: str
    pue: str
    kind: Text
    source: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The first date of an indicator, how many observations it has, the newest, and the values of
    the same definition that it is compared with: the one before, those of a month and of a year
    before by the rules of `mom` and `yoy`, and the highest of all; None where there is none."""

    first: Date
    count: int
    newest: Vintage
    previous: float | None
    last_month: float | None
    last_year: float | None
    highest: float


@dataclass(frozen=True, slots=True)
class Mentioned:
    """`text[start:stop]` of a paragraph speaks of the indicator."""

    start: int
    stop: int
    indicator: str


class LedgerFilter(NamedTuple):
    """Which statements are asked for: of an indicator, with a verdict of the day, of a kind (an
    empty word asks for all), in bulletins from a day to another."""

    id: str = ""
    verdict: str = ""
    kind: str = ""
    since: Date = Date.min
    until: Date = Date.max


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A checked statement: the day of its bulletin, and its number among those of that day."""

    day: Date
    number: int
    placed: Placed


@dataclass(frozen=True, slots=True)
class BulletinEntry:
    """A bulletin in the list of bulletins."""

    date: Date
    title: str
    summary: str
    headings: tuple[str, ...]


def series(snapshot: Snapshot, indicator: str, as_of: datetime | None = None) -> list[Vintage]:
    """The observations of an indicator in the order of dates: newest, or as known at a moment."""
    key = (indicator, as_of)
    return snapshot.cached("series", key, lambda: _series(snapshot, indicator, as_of))


def several_series(
    snapshot: Snapshot, ids: Sequence[str], as_of: datetime | None = None
) -> Mapping[str, list[Vintage]]:
    """The same of several indicators, in one question. Where there are very many besides, one for
    each: to judge what was served of all would take longer."""
    if as_of is not None and len(snapshot.catalog.indicators) > FEW_ENOUGH:
        return {name: series(snapshot, name, as_of) for name in ids}
    held = {name: snapshot.in_cache("series", (name, as_of)) for name in ids}
    new = [name for name, rows in held.items() if rows is None]
    rows = _several(snapshot, new, as_of) if new else []
    found: dict[str, list[Vintage]] = {name: rows or [] for name, rows in held.items()}
    for name, own in groupby(rows, key=itemgetter(0)):
        found[name] = [_vintage(row[1:]) for row in own]
    for name in new:
        snapshot.add_to_cache("series", (name, as_of), found[name])
    return found


def _several(snapshot: Snapshot, ids: Sequence[str], as_of: datetime | None) -> Sequence[Any]:
    if as_of is None:
        return snapshot.rows(SEVERAL_LIVE, {"ids": ids})
    asked = {"ids": ids, "moment": _naive(as_of)}
    return snapshot.rows(SEVERAL_AS_OF, asked, most_s=MOST_NEWS_S)


def first_known(snapshot: Snapshot, ids: Sequence[str]) -> datetime | None:
    """When the first value of any of them became known."""
    rows = snapshot.cached(
        "standings", ("first known", tuple(ids)), lambda: snapshot.rows(FIRST_KNOWN, [list(ids)])
    )
    moment: datetime | None = rows[0][0]
    return moment.replace(tzinfo=UTC) if moment else None


def sounds(snapshot: Snapshot) -> dict[str, str]:
    """How Chinese words of the catalog sound, in syllables; nothing in an earlier snapshot."""
    if not snapshot.has("sounds"):
        return {}
    return dict(snapshot.rows("select words, syllables from sounds"))


def crossings(snapshot: Snapshot) -> list[Event]:
    """Each round number that an indicator ever crossed, once a direction: the first time. Earlier
    snapshots cannot say of which time it was, so that they say nothing."""
    if snapshot.format < KNOWS_ALL_TIME:
        return []
    return [event_of(row) for row in snapshot.rows(CROSSINGS)]


def attempts(snapshot: Snapshot) -> Mapping[str, Sequence[SourceAttempt]]:
    """When each source of an indicator without values was last asked, and with what result."""
    return snapshot.cached("awaited", "", lambda: _attempts(snapshot))


def _attempts(snapshot: Snapshot) -> Mapping[str, Sequence[SourceAttempt]]:
    if not snapshot.has("attempts"):
        return {}
    found: dict[str, list[SourceAttempt]] = defaultdict(list)
    query = "select indicator, source, tried_at, problem from attempts order by all"
    for name, source, tried_at, problem in snapshot.rows(query):
        found[name].append(SourceAttempt(source, tried_at.replace(tzinfo=UTC), problem))
    return found


def _series(snapshot: Snapshot, indicator: str, as_of: datetime | None) -> list[Vintage]:
    if as_of is None:
        rows = snapshot.rows(LIVE, [indicator])
    else:
        rows = snapshot.rows(AS_OF, [indicator, _naive(as_of)])
    return [_vintage(row) for row in rows]


def _vintage(row: Sequence[Any]) -> Vintage:
    day, value, source, known_at, *others = row
    return Vintage(day, value, source, known_at.replace(tzinfo=UTC), *others)


def events(
    snapshot: Snapshot,
    indicator: str | None = None,
    as_of: datetime | None = None,
    most: int = 100_000,
    kind: str | None = None,
) -> list[Event]:
    """Events as they were known at a moment, newest first."""
    key = (indicator, as_of, most, kind)
    return snapshot.cached("events", key, lambda: _events(snapshot, indicator, as_of, most, kind))


def _events(
    snapshot: Snapshot, indicator: str | None, as_of: datetime | None, most: int, kind: str | None
) -> list[Event]:
    """The events of the snapshot are judged on what is served now; those of an indicator as of a
    moment, on what was known then. Those of an earlier version did not know what is of all time."""
    is_early = snapshot.format < KNOWS_ALL_TIME
    if is_early or (indicator is not None and as_of is not None):
        asked = [indicator] if indicator is not None else list(snapshot.catalog.indicators)
        found = [event for name in asked for event in _judged(snapshot, name, as_of)]
        found.sort(key=lambda event: (-event.date.toordinal(), event.indicator, event.kind))
        return [event for event in found if kind in (None, event.kind)][:most]
    moment = _naive(as_of or FOREVER)
    parameters = {"id": indicator, "kind": kind, "moment": moment, "most": most}
    return [event_of(row) for row in snapshot.rows(EVENTS, parameters)]


def _judged(snapshot: Snapshot, indicator: str, as_of: datetime | None) -> Sequence[Event]:
    return events_in(snapshot, indicator, series(snapshot, indicator, as_of))


def events_in(snapshot: Snapshot, indicator: str, rows: Sequence[Vintage]) -> Sequence[Event]:
    """The events of an indicator, judged on these observations of it."""
    splits = [one.date for one in actions(snapshot, indicator) if one.kind == "split"]
    return events_of(snapshot.catalog[indicator], rows, splits)


def bulletins(snapshot: Snapshot) -> list[BulletinEntry]:
    """Every bulletin, newest first."""
    rows = snapshot.rows("select document from bulletins order by date desc")
    found = [Bulletin.model_validate_json(row[0]) for row in rows]
    return [
        BulletinEntry(b.date, b.title, b.summary, tuple(s.title for s in b.sections)) for b in found
    ]


def bulletin_days(snapshot: Snapshot) -> list[Date]:
    """The days that have a bulletin, oldest first."""
    return [row[0] for row in snapshot.rows("select date from bulletins order by date")]


def bulletin(snapshot: Snapshot, day: Date) -> Bulletin | None:
    """The bulletin of a day."""
    rows = snapshot.rows("select document from bulletins where date = ?", [day])
    return Bulletin.model_validate_json(rows[0][0]) if rows else None


def withdrawal(snapshot: Snapshot, day: Date) -> Withdrawal | None:
    """That the bulletin of a day was taken back, if it was."""
    if not snapshot.has("withdrawals"):
        return None
    rows = snapshot.rows("select document from withdrawals where date = ?", [day])
    return Withdrawal.model_validate_json(rows[0][0]) if rows else None


def claims(snapshot: Snapshot, day: Date) -> list[Placed]:
    """The checked statements of the bulletin of a day, in the order of its text."""
    if not snapshot.has("claims"):
        return []
    known = "judged_by, low, high" if snapshot.format >= KNOWS_LEDGER else "null, null, null"
    rows = snapshot.rows(
        f"select paragraph, start, stop, {known}, document from claims where date = ? "
        "order by rowid",
        [day],
    )
    return [_placed(row) for row in rows]


def _placed(row: Sequence[Any]) -> Placed:
    paragraph, start, stop, judged_by, low, high, document = row
    basis = JudgedBy(judged_by, low, high) if judged_by else None
    return Placed(paragraph, start, stop, Claim.model_validate_json(document), basis)


def ledger_count(snapshot: Snapshot, asked: LedgerFilter) -> int:
    """How many statements are asked for."""
    if snapshot.format < KNOWS_LEDGER:
        return len(_early_ledger(snapshot, asked))
    return int(snapshot.rows(LEDGER_COUNT, asked._asdict())[0][0])


def ledger(snapshot: Snapshot, asked: LedgerFilter, first: int, most: int) -> list[LedgerEntry]:
    """So many of them from the `first` on, newest bulletin first, in the order of its text."""
    if snapshot.format < KNOWS_LEDGER:
        return _early_ledger(snapshot, asked)[first : first + most]
    rows = snapshot.rows(LEDGER, {**asked._asdict(), "first": first, "most": most})
    return [LedgerEntry(row[0], row[1], _placed(row[2:])) for row in rows]


def indicators_of_claims(snapshot: Snapshot, most: int) -> list[str]:
    """The indicators that statements were made of, those with most statements first."""
    if snapshot.format < KNOWS_LEDGER:
        return []
    rows = snapshot.rows(
        "select indicator from claims group by indicator order by count(*) desc, indicator limit ?",
        [most],
    )
    return [name for (name,) in rows]


def judged_later(snapshot: Snapshot, most: int) -> list[LedgerEntry]:
    """The newest statements that could be judged only after their day; those that a value
    contradicts come first."""
    if snapshot.format < KNOWS_LEDGER:
        return []
    rows = snapshot.rows(JUDGED_LATER, {"most": most})
    return [LedgerEntry(row[0], row[1], _placed(row[2:])) for row in rows]


def _early_ledger(snapshot: Snapshot, asked: LedgerFilter) -> list[LedgerEntry]:
    """The same of a snapshot that holds no more than the documents."""
    return [
        LedgerEntry(day, number, placed)
        for day in reversed(bulletin_days(snapshot))
        if asked.since <= day <= asked.until
        for number, placed in enumerate(claims(snapshot, day), 1)
        if asked.id in ("", placed.claim.indicator)
        and asked.verdict in ("", placed.claim.verdict)
        and asked.kind in ("", placed.claim.kind)
    ]


def mentioned(snapshot: Snapshot, day: Date) -> Mapping[str, Sequence[str]]:
    """For each part of a bulletin the indicators it mentions, each once, in order."""
    rows = snapshot.rows(
        "select part, indicator from mentions where date = ? order by part, paragraph, start", [day]
    )
    parts: dict[str, list[str]] = defaultdict(list)
    for part, indicator in rows:
        if indicator not in parts[part]:
            parts[part].append(indicator)
    return parts


def mentions(snapshot: Snapshot, day: Date) -> Mapping[tuple[str, int], Sequence[Mentioned]]:
    """Where the bulletin of a day speaks of indicators, by part and paragraph, in the order of the
    text; paragraph -1 is the heading of a section."""
    rows = snapshot.rows(
        "select part, paragraph, start, stop, indicator from mentions where date = ? "
        "order by part, paragraph, start",
        [day],
    )
    found: dict[tuple[str, int], list[Mentioned]] = defaultdict(list)
    for part, paragraph, start, stop, indicator in rows:
        found[part, paragraph].append(Mentioned(start, stop, indicator))
    return found


def search_bulletins(snapshot: Snapshot, words: Sequence[str]) -> list[tuple[Bulletin, int]]:
    """The bulletins, newest first, that hold all the words anywhere in their text or references,
    and how often."""
    where = " and ".join("contains(lower(document), ?)" for _ in words) or "true"
    rows = snapshot.rows(
        f"select document from bulletins where {where} order by date desc",
        [json.dumps(word, ensure_ascii=False)[1:-1].lower() for word in words],
    )
    found = [Bulletin.model_validate_json(row[0]) for row in rows]
    counted = [(b, text_of(b).casefold()) for b in found]
    # Names of fields stand in the document too: what matters is in the text.
    return [
        (b, sum(text.count(word.casefold()) for word in words))
        for b, text in counted
        if all(word.casefold() in text for word in words)
    ]


def text_of(bulletin: Bulletin) -> str:
    """Everything that a reader sees of a bulletin, a paragraph a line."""
    parts = [bulletin.title, bulletin.summary]
    for section in bulletin.sections:
        parts += [section.title, *section.paragraphs]
    parts += bulletin.judgement
    for r in bulletin.references:
        parts += [r.title, r.publisher or "", r.use or ""]
    return "\n".join(parts)


def mentioned_in(snapshot: Snapshot, indicator: str) -> list[tuple[Date, str]]:
    """The days and titles of the bulletins that mention an indicator, newest first."""
    return snapshot.cached("mentions", indicator, lambda: _mentioned_in(snapshot, indicator))


def _mentioned_in(snapshot: Snapshot, indicator: str) -> list[tuple[Date, str]]:
    rows = snapshot.rows(
        "select distinct b.date, b.document from mentions m join bulletins b using (date) "
        "where m.indicator = ? order by b.date desc",
        [indicator],
    )
    return [(day, Bulletin.model_validate_json(text).title) for day, text in rows]


def mentioned_on(snapshot: Snapshot) -> Mapping[Date, Sequence[str]]:
    """For each bulletin the indicators it mentions, those that it mentions most first."""
    found: dict[Date, list[str]] = defaultdict(list)
    for day, indicator in snapshot.rows(
        "select date, indicator from mentions group by all order by date, count(*) desc, indicator"
    ):
        found[day].append(indicator)
    return found


def documents_of_month(snapshot: Snapshot, month: str, scope: DocumentScope) -> list[Policy]:
    """The policy documents of a month (YYYY-MM) that a count is of."""
    return [policy for policy in policies(snapshot, month) if scope.counts(policy)]


def policies(snapshot: Snapshot, month: str | None = None) -> list[Policy]:
    """The documents of the register and those that bulletins cite, newest first: of a month
    (YYYY-MM), or all."""
    rows = snapshot.rows(
        "select counted, document from policies where $month is null or month = $month",
        {"month": month},
    )
    found = [(counted, json.loads(text)) for counted, text in rows]
    return [
        Policy(
            **{**row, "topics": tuple(row["topics"]), "cited_by": tuple(row["cited_by"])},
            counted=counted,
        )
        for counted, row in found
    ]


def news(snapshot: Snapshot, day: Date, now: datetime) -> News:
    """What became known on a day since the bulletin before it, by now at the latest."""
    return known.news(partial(snapshot.rows, most_s=MOST_NEWS_S), day, now)


def news_since(
    snapshot: Snapshot, since: Date, now: datetime, as_of: datetime | None = None
) -> News:
    """What became known since the end of a day, by now or as it was known at a moment, with what
    became of earlier statements."""

    def found() -> News:
        return known.news_since(partial(snapshot.rows, most_s=MOST_NEWS_S), since, now, as_of)

    # A snapshot holds nothing that comes later: of now, only the clock goes on.
    return replace(snapshot.cached("since", (since, as_of), found), until=as_of or now)


def alerts(snapshot: Snapshot) -> list[Alert]:
    """Every alert as it was judged at publication, in the order of the catalog."""
    if not snapshot.has("alerts"):
        return []
    return snapshot.cached(
        "events",
        "alerts",
        lambda: [
            ALERT.validate_json(text) for (text,) in snapshot.rows("select document from alerts")
        ],
    )


def citations(snapshot: Snapshot, day: Date) -> Mapping[int, Citation]:
    """What each reference of the bulletin of a day is, by its number."""
    if not snapshot.has("citations"):
        return {}
    rows = snapshot.rows("select number, kind, document from citations where date = ?", [day])
    return {number: _citation(kind, json.loads(text or "{}")) for number, kind, text in rows}


def _citation(kind: str, document: Mapping[str, str]) -> Citation:
    return Citation(kind, *(document.get(name, "") for name in ("title", "issuer", "origin")))


def corrections(snapshot: Snapshot) -> list[Correction]:
    """Every value that people corrected, newest correction first."""
    if not snapshot.has("corrections"):
        return []
    return snapshot.cached(
        "events",
        "corrections",
        lambda: [
            Correction.model_validate_json(document)
            for (document,) in snapshot.rows(
                "select document from corrections order by since desc, date desc, indicator"
            )
        ],
    )


def comparisons(snapshot: Snapshot) -> list[Comparison]:
    """What others say of PUE, in the order of the file."""
    if not snapshot.has("comparisons"):
        return []
    rows = snapshot.rows(
        "select scope_zh, scope, period, pue, kind_zh, kind, source, status, note from comparisons"
    )
    return [
        Comparison(Text(zh=r[0], en=r[1]), r[2], r[3], Text(zh=r[4], en=r[5]), *r[6:]) for r in rows
    ]


def provinces(snapshot: Snapshot, day: str = "") -> list[ProvinceYardstick]:
    """What is measured of provinces, in the order of the file: the figures that were public on a
    day, or all."""
    if not snapshot.has("provinces"):
        return []
    rows = snapshot.rows("select document from provinces")
    held = [ProvinceYardstick.from_json(text) for (text,) in rows]
    return [
        replace(one, figures=tuple(f for f in one.figures if not day or f.public <= day))
        for one in held
    ]


def refused(snapshot: Snapshot) -> Mapping[str, Sequence[HeldAnswer]]:
    """The answers of sources that are kept apart, by indicator."""
    rows = snapshot.rows("select indicator, source, since, sentence, may_be_taken from refused")
    found: dict[str, list[HeldAnswer]] = defaultdict(list)
    for indicator, source, since, sentence, may_be_taken in rows:
        found[indicator].append(
            HeldAnswer(indicator, source, since.replace(tzinfo=UTC), sentence, bool(may_be_taken))
        )
    return found


def disagreements(snapshot: Snapshot, indicator: str) -> list[Disagreement]:
    """Where sources differ beyond the catalog's tolerance, newest first."""
    rows = snapshot.rows(
        "select date, source, value, other_source, other_value from disagreements "
        "where indicator = ? order by date desc, other_source",
        [indicator],
    )
    return [Disagreement(*row) for row in rows]


def revisions(
    snapshot: Snapshot, indicator: str, as_of: datetime | None = None, most: int = 100
) -> list[Revision]:
    """The fetched values of an indicator that were replaced, newest first."""
    parameters = {"id": indicator, "moment": _naive(as_of or FOREVER), "most": most}
    rows = snapshot.rows(REVISIONS, parameters)
    return [Revision(indicator, r[0], r[1], r[2], r[3], r[4].replace(tzinfo=UTC)) for r in rows]


def revised_lately(
    snapshot: Snapshot, since: datetime, most: int, as_of: datetime | None = None
) -> list[Revision]:
    """The fetched values that were replaced since a moment, by now or another, newest first."""
    asked = {"since": _naive(since), "until": _naive(as_of or FOREVER), "most": most}
    rows = snapshot.rows(REVISED_LATELY, asked)
    return [Revision(r[0], r[1], r[2], r[3], r[4], r[5].replace(tzinfo=UTC)) for r in rows]


def came_since(snapshot: Snapshot, since: datetime) -> list[NewValues]:
    """What was taken in after a moment, what came last first."""
    return [NewValues(*row) for row in snapshot.rows(CAME_SINCE, {"since": _naive(since)})]


def all_disagreements(snapshot: Snapshot) -> Mapping[str, Sequence[Disagreement]]:
    """The same of every indicator that has any."""
    found: dict[str, list[Disagreement]] = defaultdict(list)
    for indicator, *row in snapshot.rows(
        "select indicator, date, source, value, other_source, other_value from disagreements "
        "order by indicator, date desc, other_source"
    ):
        found[indicator].append(Disagreement(*row))
    return found


def disagreeing(snapshot: Snapshot) -> list[tuple[str, int, Date]]:
    """Each indicator whose sources differ: on how many dates, and the newest of them."""
    return snapshot.rows(
        "select indicator, count(distinct date), max(date) from disagreements "
        "group by indicator order by max(date) desc, indicator"
    )


def actions(snapshot: Snapshot, indicator: str) -> list[Action]:
    """The splits and dividends of an indicator, newest first."""
    rows = snapshot.rows(
        "select date, kind, value from actions where indicator = ? order by date desc, kind",
        [indicator],
    )
    return [Action(*row) for row in rows]


def problems(snapshot: Snapshot) -> Mapping[str, str]:
    """What the last run could not do, by indicator."""
    return snapshot.cached(
        "problems", "", lambda: dict(snapshot.rows("select subject, problem from problems"))
    )


def reliability(snapshot: Snapshot) -> list[Reliability]:
    """What each source did in the 90 days up to the last run; nothing in a snapshot of an earlier
    version."""

    def told() -> list[Reliability]:
        if not snapshot.has("reliability"):
            return []
        rows = snapshot.rows("select document from reliability order by source")
        return [RELIABILITY.validate_json(document) for (document,) in rows]

    return snapshot.cached("reliability", "", told)


def runs(snapshot: Snapshot) -> list[PastRun]:
    """The last runs up to the snapshot, the newest first; none in one of an earlier version. A run
    that changed nothing publishes nothing, and is told with the next that does."""

    def told() -> list[PastRun]:
        if not snapshot.has("runs"):
            return []
        rows = snapshot.rows(
            "select started_at, finished_at, command, added, revised, failed, came from runs "
            "order by started_at desc"
        )
        return [
            PastRun(
                begun.replace(tzinfo=UTC), ended.replace(tzinfo=UTC), command, added, revised,
                failed, tuple(came),
            )
            for begun, ended, command, added, revised, failed, came in rows
        ]  # fmt: skip

    return snapshot.cached("runs", "", told)


def standings(snapshot: Snapshot, as_of: datetime | None = None) -> Mapping[str, Standing]:
    """Where each indicator stands that has any value; now, or as known at a moment."""
    if as_of is not None:
        return snapshot.cached("standings", as_of, lambda: _standings_then(snapshot, as_of))
    return snapshot.cached("standings", "", lambda: _standings(snapshot))


def _standings_then(snapshot: Snapshot, as_of: datetime) -> Mapping[str, Standing]:
    asked = {**what_is_told(snapshot.catalog), "moment": _naive(as_of)}
    rows = snapshot.rows(STANDINGS_THEN, asked, most_s=MOST_NEWS_S)
    return {row[0]: standing_from(row) for row in rows}


def standing(snapshot: Snapshot, indicator: str) -> Standing | None:
    """Where one indicator stands; None where it has no value."""
    every: Mapping[str, Standing] | None = snapshot.in_cache("standings", "")
    if every is not None:
        return every.get(indicator)
    found = snapshot.cached("standings", indicator, lambda: _standings(snapshot, indicator))
    return found.get(indicator)


def _standings(snapshot: Snapshot, indicator: str | None = None) -> Mapping[str, Standing]:
    if snapshot.has("standings"):
        rows = snapshot.rows(STANDING, {"id": indicator})
    else:
        rows = snapshot.rows(STANDINGS, what_is_told(snapshot.catalog))
    return {row[0]: standing_from(row) for row in rows}


def standing_from(row: tuple[Any, ...]) -> Standing:
    _, first, count, day, value, source, known_at, status, credit, basis, note, *others = row
    known_at = known_at.replace(tzinfo=UTC)
    newest = Vintage(day, value, source, known_at, status, credit, basis, note)
    return Standing(first, count, newest, *others)


def samples_since(
    snapshot: Snapshot, since: Mapping[str, Date], most: int
) -> Mapping[str, list[Sample]]:
    """The values of several indicators, each from a day of its own and at most the newest so many,
    in the order of dates."""
    asked = {"ids": list(since), "since": list(since.values()), "most": most}
    found: dict[str, list[Sample]] = {name: [] for name in since}
    for name, rows in groupby(snapshot.rows(SINCE, asked), key=itemgetter(0)):
        found[name] = [Sample(day, value, basis) for _, day, value, basis in rows]
    return found


def events_on(snapshot: Snapshot, days: Mapping[str, Date]) -> Mapping[str, list[Event]]:
    """The events of several indicators, each on a day of its own."""
    if snapshot.format < KNOWS_ALL_TIME:
        return {
            name: [e for e in reversed(events(snapshot, name)) if e.date == day]
            for name, day in days.items()
        }
    found: dict[str, list[Event]] = {name: [] for name in days}
    for row in snapshot.rows(EVENTS_ON, {"ids": list(days), "days": list(days.values())}):
        found[row[0]].append(event_of(row))
    return found


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
