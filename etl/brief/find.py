"""What moved, as a brief: records, round numbers, large changes and new documents, each in a
sentence that says only what the data says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from math import sqrt
from statistics import stdev
from urllib.parse import urlencode

from etl.brief.known import TAIL, CountedDocument, News
from etl.brief.lacks import lacks
from etl.brief.model import JUMP, Brief, BriefLevel, BriefPaper, Item, Said
from etl.brief.overtaken import overtaken
from etl.calendars import sessions, sessions_between
from etl.catalog import USUAL_STEPS, Catalog, Indicator, Unit
from etl.changes import ZScore, changes, comparable, follows, z_scores
from etl.frequency import RULES
from etl.records import Event, Vintage
from etl.words import numbers
from etl.words.numbers import Change
from etl.words.sentences import (
    RECORDS,
    Badge,
    badges,
    change_words,
    event_words,
    gap_before,
    joined,
    lowered,
    value_words,
    z_score_words,
)

#: Changes with a larger z-score are reported.
FAR = 2.0
#: With fewer steps before it nobody knows how far a change over a span is.
FEWEST_STEPS = 20


def brief(catalog: Catalog, news: News, base_url: str, lang: str) -> Brief:
    """The brief of a day, with frozen links to the charts at `base_url`, in the order of the
    catalog and of the dates."""
    found: list[Item] = []
    levels: list[BriefLevel] = []
    unremarkable, unchanged, missing = [], [], []
    for indicator in catalog.all():
        teller = _Teller(indicator, catalog.unit(indicator), news, base_url, lang)
        items = list(teller.items())
        found += items
        levels += teller.levels()
        name = indicator.title.in_(lang)
        if not teller.rows and indicator.id not in news.newest:
            missing.append(name)
        elif not teller.rows or not teller.is_new(teller.rows[-1]):
            unchanged.append(name)
        elif not items:
            unremarkable.append(name)
    return Brief(
        date=news.day,
        lang=lang,
        before=news.before,
        since=news.since,
        until=news.until,
        items=tuple(found),
        papers=tuple(_paper(document, base_url, lang) for document in news.documents),
        count=_count(catalog, news, base_url, lang),
        unremarkable=tuple(unremarkable),
        unchanged=tuple(unchanged),
        missing=tuple(missing),
        levels=tuple(sorted(levels, key=_furthest_first)),
        overtaken=tuple(overtaken(catalog, news, base_url, lang)),
        lacks=tuple(lacks(catalog, news, lang)),
        is_meeting=news.meeting is not None,
        is_reconstructed=news.meeting is not None and news.meeting.is_reconstructed,
    )


def _furthest_first(level: BriefLevel) -> tuple[bool, bool, float]:
    """What came before what did not, and of it what moved furthest; else the catalog's order."""
    return not level.is_new, level.deviation is None, -abs(level.deviation or 0)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Finds what is remarkable about one indicator."""

    indicator: Indicator
    unit: Unit
    news: News
    base_url: str
    lang: str

    @property
    def rows(self) -> Sequence[Vintage]:
        return self.news.series.get(self.indicator.id, ())

    def is_new(self, vintage: Vintage) -> bool:
        """Whether a value is news: known since then, and dated after those already known."""
        newest = self.news.newest.get(self.indicator.id, date.min)
        return self.news.is_new(self.indicator.id, vintage.date) and vintage.date >= newest

    def items(self) -> Iterator[Item]:
        """The values that have an event or a large change, in order of date."""
        events = self._events()
        for at, vintage in enumerate(self.rows):
            own = [event for event in events if event.date == vintage.date]
            step = self._far_step() if at == len(self.rows) - 1 else None
            if self.is_new(vintage) and (own or step):
                yield self._item(self.rows[: at + 1], own, step)

    def _events(self) -> Sequence[Event]:
        """All events on the newest date of each kind, if the value is still the one served."""
        served = {vintage.date: vintage.value for vintage in self.rows}
        held = [
            event
            for event in self.news.events.get(self.indicator.id, ())
            if served.get(event.date) == event.value
        ]
        newest = {(event.kind, event.is_first): event.date for event in held}
        return [event for event in held if newest[event.kind, event.is_first] == event.date]

    def _far_step(self) -> ZScore | None:
        """The latest change, if it is far from the mean of those before it."""
        taken = list(changes(self.indicator, self.rows[-TAIL:]))
        last = [*z_scores(USUAL_STEPS, taken)][-1]
        return last if last is not None and abs(last.measure) > FAR else None

    def levels(self) -> Iterator[BriefLevel]:
        """Where the indicator stands, if it has a value."""
        if not self.rows:
            return
        newest, base = self.rows[-1], self._base()
        is_new, change = self.is_new(newest), None
        if base is not None and base.date < newest.date and self._is_same(base, newest):
            change = self._change(newest, base)
        dates = {vintage.date: vintage for vintage in self.rows}
        events = [event for event in self._events() if self.is_new(dates[event.date])]
        crossed = [event for event in events if event.kind not in RECORDS and not event.is_first]
        events = [event for event in events if event not in crossed] + crossed[-1:]
        yield BriefLevel(
            indicator=self.indicator.id,
            title=self.indicator.title.in_(self.lang),
            value=newest.value,
            unit=self.unit.code,
            date=newest.date,
            figure=self._figure(newest),
            day=self._day(newest),
            base=base.value if base else None,
            base_date=base.date if base else None,
            was=self._figure(base) if base else "",
            was_day=self._day(base) if base else "",
            change=change,
            deviation=self._deviation(base, newest) if base and change else None,
            marks=tuple(self._dated(event) for event in sorted(events, key=lambda e: e.date)),
            source=self.indicator.credit.name.in_(self.lang),
            link=self.link(),
            is_new=is_new,
        )

    def _base(self) -> Vintage | None:
        """The value, as it is held now, of the newest date that was known before."""
        before = self.news.newest.get(self.indicator.id)
        return next((vintage for vintage in self.rows if vintage.date == before), None)

    def _is_same(self, base: Vintage, newest: Vintage) -> bool:
        """Whether two values may be compared: one definition, and no split between them."""
        meeting = self.news.meeting
        splits = meeting.splits.get(self.indicator.id, ()) if meeting else ()
        is_split = any(base.date < split <= newest.date for split in splits)
        return not is_split and comparable(base, newest, self.indicator)

    def _deviation(self, base: Vintage, newest: Vintage) -> float | None:
        """A change in standard deviations of the steps before it, up to the usual number without a
        gap, as if each were drawn anew: over four steps twice as much is usual. What they tended
        to is left out, so that the sign is that of the change."""
        steps = self._steps(base, newest)
        before = [row for row in self.rows if row.date <= base.date][-USUAL_STEPS - 1 :]
        taken = list(takewhile(bool, reversed([*changes(self.indicator, before)][1:])))
        if steps < 1 or len(taken) < FEWEST_STEPS:
            return None
        sizes = [after.value - first.value for first, after in filter(None, taken)]
        spread = stdev(sizes) * sqrt(steps)
        return (newest.value - base.value) / spread if spread else None

    def _steps(self, base: Vintage, newest: Vintage) -> int:
        """How many steps of the frequency lie between two values; none where it has no steps."""
        months = RULES[self.indicator.frequency].months
        if months is not None:
            first, last = base.date, newest.date
            return (12 * (last.year - first.year) + last.month - first.month) // months
        if self.indicator.frequency != "daily":
            return 0
        return sessions_between(self.indicator.calendar, base.date, newest.date)

    def _dated(self, event: Event) -> str:
        """An event in a few words, with its day."""
        words = event_words(event, self.indicator, self.unit, self.lang)
        is_past = event.date.year != self.news.day.year
        day = numbers.day(event.date, self.indicator, self.lang, year=is_past)
        if self.lang == "en":
            return f"{words} ({day})"
        return f"{day}：{words}" if gap_before(words) else f"{day}{words}"

    def _figure(self, vintage: Vintage) -> str:
        figure = numbers.figure(vintage.value, self.indicator, self.unit, self.lang)
        return numbers.spoken(figure, self.unit)

    def _item(self, rows: Sequence[Vintage], events: Sequence[Event], step: ZScore | None) -> Item:
        vintage, before = rows[-1], self._before(rows)
        change = self._change(vintage, before) if before else None
        follows = before is not None and self._follows(vintage, before)
        marks = list(badges(vintage, events, self.indicator, self.unit, self.lang))
        base = "" if before is None or follows else self._day(before)
        clauses = [
            change_words(change, self.indicator, self.unit, self.lang, base),
            self._marked(marks),
            self._unusual(step),
        ]
        transform = ""
        if step and not marks:
            transform = "pct" if change and change.text.endswith("%") else "diff"
        return Item(
            kinds=(*(mark.kind for mark in marks), *([JUMP] if step else [])),
            indicator=self.indicator.id,
            date=vintage.date,
            value=vintage.value,
            unit=self.unit.code,
            previous=before.value if before else None,
            deviation=step.measure if step else None,
            since=_since(events),
            source=self.indicator.credit.name.in_(self.lang),
            said=Said(
                self.value(vintage, clauses),
                self.indicator.title.in_(self.lang),
                self.link(transform),
            ),
        )

    def _before(self, rows: Sequence[Vintage]) -> Vintage | None:
        """The value before the latest, if the two may be compared."""
        if len(rows) < 2 or not comparable(rows[-2], rows[-1], self.indicator):
            return None
        return rows[-2]

    def _change(self, vintage: Vintage, before: Vintage) -> Change:
        return numbers.change(vintage.value, before.value, self.indicator, self.unit, self.lang)

    def _follows(self, vintage: Vintage, before: Vintage) -> bool:
        """Whether a value is that of the session or period right after another."""
        if not follows(before, vintage, self.indicator):
            return False
        if self.indicator.frequency != "daily":
            return True
        first, last = before.date + timedelta(days=1), vintage.date - timedelta(days=1)
        return not sessions(self.indicator.calendar, first, last)

    def _marked(self, marks: Sequence[Badge]) -> str:
        """Records and round numbers."""
        if self.lang == "en":
            return ", ".join(lowered(mark.words) for mark in marks)
        return joined(marks, self.lang)

    def _unusual(self, step: ZScore | None) -> str:
        if step is None:
            return ""
        words = z_score_words(step, self.lang)
        return f"a step of {words}" if self.lang == "en" else words

    def value(self, vintage: Vintage, clauses: Sequence[str] = ()) -> str:
        """A value as a sentence."""
        said = self._figure(vintage)
        title = self.indicator.title.in_(self.lang)
        return value_words(title, self._day(vintage), said, clauses, self.lang)

    def _day(self, vintage: Vintage) -> str:
        return numbers.day(vintage.date, self.indicator, self.lang, year=True)

    def link(self, transform: str = "") -> str:
        """The chart as known by the day of the brief."""
        fields = {"u": transform, "lang": self.lang if self.lang == "en" else ""}
        more = urlencode({name: value for name, value in fields.items() if value})
        return f"{self.base_url}/c/{self.indicator.id}@{self.news.day}{f'?{more}' if more else ''}"


def _since(events: Sequence[Event]) -> date | None:
    """The start of the history on which records and firsts among the events were judged."""
    return min((e.since for e in events if e.kind in RECORDS or e.is_first), default=None)


def _paper(document: CountedDocument, base_url: str, lang: str) -> BriefPaper:
    title = document.title.replace("《", "〈").replace("》", "〉")
    number = f"（{document.number}）" if document.number else ""
    day = _partial(document.day, lang)
    is_web = document.url.startswith(("https://", "http://"))
    link = document.url if is_web else f"{base_url}/policies?month={document.day[:7]}"
    if lang == "en":
        number = f" ({document.number})" if document.number else ""
        verb = "published" if document.published else "issued"
        text = f"{document.issuer}: “{document.title}”{number}, {verb} {day}."
        said = Said(text, document.title, link)
    else:
        verb = "公布" if document.published else "印发"
        said = Said(f"{day}，{document.issuer}{verb}《{title}》{number}。", title, link)
    return BriefPaper(document.title, document.issuer, document.number, document.day, said)


def _partial(day: str, lang: str) -> str:
    """A day, or the month if no more is known."""
    if len(day) == len("2026-05-19"):
        return numbers.full_date(date.fromisoformat(day), lang)
    first = date.fromisoformat(f"{day}-01")
    return f"{first.year} 年 {first.month} 月" if lang == "zh" else f"{first:%B %Y}"


def _count(catalog: Catalog, news: News, base_url: str, lang: str) -> Said | None:
    """How many documents the newest month has, if some were counted."""
    for indicator in catalog.all():
        if indicator.documents is not None and indicator.documents.is_whole and news.documents:
            teller = _Teller(indicator, catalog.unit(indicator), news, base_url, lang)
            if teller.rows:
                text = teller.value(teller.rows[-1])
                return Said(text, indicator.title.in_(lang), teller.link())
    return None
