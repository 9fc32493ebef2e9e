"""What happened and concerns an indicator, as known at a moment: records, crossings, rate
decisions, filings, splits, documents, bulletins, authored events and corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dashboard import formatting
from dashboard.address import AddressError, as_of_in, day_of, known_id
from dashboard.chart.notes import NOTE_KINDS, Note, NoteKind
from dashboard.data import queries
from dashboard.data.queries import Policy
from dashboard.data.snapshot import Snapshot
from dashboard.texts import text
from etl.catalog import AuthoredEvent, Catalog, Indicator
from etl.corrections import Correction
from etl.records import BEIJING, Action, Event, Vintage
from etl.words.sentences import event_words

#: What may be asked for; the page and its display are asked for besides.
PARAMETERS = ("id", "kind", "since", "until", "asof")
#: So many are told of one chart.
MOST = 24
#: The kinds that are judged on values, as `etl.events` finds them.
JUDGED = frozenset(("record_high", "record_low", "milestone_up", "milestone_down"))


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value that changes only at events, and the one it replaces."""

    vintage: Vintage
    before: Vintage | None


@dataclass(frozen=True, slots=True)
class BulletinDay:
    """A bulletin by its title."""

    title: str


#: What a happening is, as it is held.
What = Event | NewValue | Action | Policy | BulletinDay | AuthoredEvent | Correction


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened on a day, before it is put into words. `ids` are the indicators that it
    concerns, the first of them the one whose chart shows it; `shown_on` is the day there."""

    day: date
    kind: NoteKind
    ids: tuple[str, ...]
    what: What
    shown_on: date


class HappenedFilter(NamedTuple):
    """Which happenings are asked for: of an indicator, of kinds (nothing asks for all), from a day
    to another, as known at a moment."""

    id: str = ""
    kinds: tuple[NoteKind, ...] = NOTE_KINDS
    since: date = date.min
    until: date = date.max
    as_of: datetime | None = None


def chosen(query: Mapping[str, str], catalog: Catalog, now: datetime) -> HappenedFilter:
    """What an address asks for; an error names the parameter that is wrong."""
    since, until = (
        day_of(name, query[name]) if query.get(name) else None for name in ("since", "until")
    )
    if since and until and since > until:
        raise AddressError("since", f"since: {since} is after until, {until}.")
    kinds: tuple[NoteKind, ...] = NOTE_KINDS
    if asked := query.get("kind", ""):
        names = asked.split(",")
        kinds = tuple(kind for kind in NOTE_KINDS if kind in names)
        if unknown := [name for name in names if name not in NOTE_KINDS]:
            allowed = ", ".join(NOTE_KINDS)
            raise AddressError(
                "kind", f"kind: '{unknown[0][:40]}' is not allowed. Allowed: {allowed}."
            )
    return HappenedFilter(
        id=known_id(query["id"], catalog) if query.get("id") else "",
        kinds=kinds,
        since=since or date.min,
        until=until or date.max,
        as_of=as_of_in(query, now),
    )


def happened(snapshot: Snapshot, asked: HappenedFilter) -> list[Happened]:
    """All that is asked for, newest first."""
    key = (asked.id, asked.as_of)
    found = snapshot.cached("notes", key, lambda: _all(snapshot, asked.id, asked.as_of))
    return [
        one for one in found if one.kind in asked.kinds and asked.since <= one.day <= asked.until
    ]


def related(catalog: Catalog, name: str) -> tuple[str, ...]:
    """The indicators whose decisions, filings, splits and authored events concern this one: itself,
    what it is derived from, and those that the catalog names."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found and one in catalog:
            found[one] = None
            waiting += [*catalog[one].events_of, *catalog[one].inputs]
    return tuple(found)


def chart_notes(
    snapshot: Snapshot, name: str, as_of: datetime | None, lang: str, first: date, last: date
) -> list[Note]:
    """The notes of a chart from one day to another, newest first: one a day and kind, and of many
    those that come first."""
    asked = HappenedFilter(name, tuple(NOTE_KINDS[:-1]), first, last, as_of)
    kept: dict[tuple[NoteKind, date], list[Happened]] = {}
    for one in happened(snapshot, asked):
        kept.setdefault((one.kind, one.day), []).append(one)
    order = sorted(kept, key=lambda key: (NOTE_KINDS.index(key[0]), -key[1].toordinal()))
    between = "；" if lang == "zh" else "; "
    notes = [
        Note(
            day,
            kind,
            between.join(words(snapshot, one, lang) for one in _worth_telling(kept[kind, day])),
            href(snapshot, kept[kind, day][0]),
        )
        for kind, day in order[:MOST]
    ]
    return sorted(notes, key=lambda note: note.day, reverse=True)


def _worth_telling(found: Sequence[Happened]) -> Sequence[Happened]:
    """Of several round numbers of a day only the farthest."""
    if found[0].kind == "milestone_up":
        return found[-1:]
    return found[:1] if found[0].kind == "milestone_down" else found


def _all(snapshot: Snapshot, name: str, as_of: datetime | None) -> list[Happened]:
    catalog = snapshot.catalog
    near = [catalog[one] for one in (related(catalog, name) if name else catalog.indicators)]
    found = [
        *_judged(snapshot, name, as_of),
        *(one for i in near for one in _of_indicator(snapshot, i, as_of)),
        *_documents(snapshot, name, as_of),
        *_bulletins(snapshot, name, as_of),
        *_corrections(snapshot, name, as_of),
    ]
    order = {one: place for place, one in enumerate(catalog.indicators)}
    return sorted(
        found,
        key=lambda one: (-one.day.toordinal(), order.get(one.ids[0], 0) if one.ids else -1),
    )


def _judged(snapshot: Snapshot, name: str, as_of: datetime | None) -> Iterator[Happened]:
    for event in queries.events(snapshot, name or None, as_of):
        kind = next(one for one in NOTE_KINDS if one == event.kind)
        yield Happened(event.date, kind, (event.indicator,), event, event.date)


def _of_indicator(
    snapshot: Snapshot, indicator: Indicator, as_of: datetime | None
) -> Iterator[Happened]:
    """What belongs to one indicator alone."""
    ids, last = (indicator.id,), _day(as_of)
    is_rate = snapshot.catalog.unit(indicator).code == "percent"
    if indicator.frequency == "event" and is_rate:
        for before, vintage in pairwise(queries.series(snapshot, indicator.id, as_of)):
            if vintage.value != before.value:
                yield Happened(vintage.date, "rate", ids, NewValue(vintage, before), vintage.date)
    if indicator.ref("sec") is not None:
        zone = ZoneInfo(indicator.publication.zone)
        for vintage in queries.series(snapshot, indicator.id, as_of):
            filed = vintage.known_at.astimezone(zone).date()
            yield Happened(filed, "filing", ids, NewValue(vintage, None), vintage.date)
    if indicator.may_split:
        for action in queries.actions(snapshot, indicator.id):
            if action.kind == "split" and action.date <= last:
                yield Happened(action.date, "split", ids, action, action.date)
    for event in indicator.events:
        if event.known_at <= as_of if event.known_at and as_of else event.known_on <= last:
            yield Happened(event.date, "authored", ids, event, event.date)


def _documents(snapshot: Snapshot, name: str, as_of: datetime | None) -> Iterator[Happened]:
    """The counted documents whose day is known, with the indicators that count them: the narrowest
    first."""
    counting = [
        (indicator.id, indicator.documents)
        for indicator in snapshot.catalog.all()
        if indicator.documents is not None
    ]
    counting.sort(key=lambda one: one[1].breadth)
    if name and name not in {one for one, _ in counting}:
        return
    last = _day(as_of)
    for document in queries.policies(snapshot):
        ids = tuple(one for one, scope in counting if scope.counts(document))
        if not ids or len(document.day) != 10 or (name and name not in ids):
            continue
        day = date.fromisoformat(document.day)
        if day <= last:
            yield Happened(day, "document", ids, document, day)


def _bulletins(snapshot: Snapshot, name: str, as_of: datetime | None) -> Iterator[Happened]:
    last = _day(as_of)
    if name:
        found: list[tuple[date, str, tuple[str, ...]]] = [
            (day, title, (name,)) for day, title in queries.mentioned_in(snapshot, name)
        ]
    else:
        mentioned = queries.mentioned_on(snapshot)
        found = [
            (one.date, one.title, tuple(mentioned.get(one.date, ())))
            for one in queries.bulletins(snapshot)
        ]
    for day, title, ids in found:
        if day <= last:
            yield Happened(day, "bulletin", ids, BulletinDay(title), day)


def _corrections(snapshot: Snapshot, name: str, as_of: datetime | None) -> Iterator[Happened]:
    last = _day(as_of)
    for one in queries.corrections(snapshot):
        if one.since <= last and name in ("", one.indicator):
            yield Happened(one.since, "correction", (one.indicator,), one, one.date)


def _day(as_of: datetime | None) -> date:
    """The last day that was known of."""
    return date.max if as_of is None else as_of.astimezone(BEIJING).date()


def words(snapshot: Snapshot, one: Happened, lang: str) -> str:
    """What happened, without its day and its indicator."""
    catalog = snapshot.catalog
    match one.what:
        case Policy(title=title, issuer=issuer):
            return f"《{title}》（{issuer}）" if lang == "zh" else f"《{title}》 ({issuer})"
        case BulletinDay(title=title):
            return title if lang == "zh" else text("note_bulletin", lang)
        case AuthoredEvent(title=told):
            return told.in_(lang)
    indicator = catalog[one.ids[0]]
    unit = catalog.unit(indicator)

    def said(value: float) -> str:
        figure = formatting.figure(value, indicator, unit, lang)
        return formatting.spoken(figure, unit)

    match one.what:
        case Event() as event:
            colon = "：" if lang == "zh" else ": "
            return f"{event_words(event, indicator, unit, lang)}{colon}{said(event.value)}"
        case NewValue(vintage=vintage, before=Vintage() as before):
            return text(
                "rate_raised" if vintage.value > before.value else "rate_cut",
                lang,
                title=indicator.short.in_(lang),
                before=said(before.value),
                after=said(vintage.value),
            )
        case NewValue(vintage=vintage):
            when = formatting.full_date(vintage.date, lang)
            return text("filed", lang, value=said(vintage.value), day=when)
        case Action(value=value):
            return text("split", lang, value=formatting.trimmed(value), unit=unit.label.in_(lang))
        case Correction() as correction:
            return text(
                "corrected_event",
                lang,
                day=formatting.day(correction.date, indicator, lang, year=True),
                before=said(correction.expected),
                after=said(correction.value),
            )
    raise AssertionError(one)


def href(snapshot: Snapshot, one: Happened) -> str:
    """Where it can be read: an address of the site, of the web, or nothing."""
    match one.what:
        case Policy(url=url, month=month):
            return url if url.startswith("https://") else f"/policies?month={month}"
        case BulletinDay():
            return f"/bulletins/{one.day}"
        case AuthoredEvent(url=url):
            return url or ""
        case Correction():
            return "/corrections"
        case NewValue():
            return snapshot.catalog[one.ids[0]].credit.url
    return ""


def source(snapshot: Snapshot, one: Happened, lang: str) -> str:
    """Who says so."""
    match one.what:
        case Policy(issuer=issuer):
            return issuer
        case BulletinDay():
            return text("site", lang)
        case AuthoredEvent(source=said):
            return said
        case Correction(evidence=evidence):
            return evidence
    return snapshot.catalog[one.ids[0]].credit.name.in_(lang)
