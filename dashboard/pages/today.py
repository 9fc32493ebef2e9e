"""/ and /bulletins/DATE: the bulletin's text beside the indicators it mentions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dashboard import formatting
from dashboard.address import Transform, Window
from dashboard.chart.model import build
from dashboard.data import queries
from dashboard.data.cards import Reading, reading, readings
from dashboard.data.ledger import known_then
from dashboard.data.policy_filter import MAX_WORDS
from dashboard.data.queries import Citation, Mentioned
from dashboard.data.snapshot import Snapshot
from dashboard.data.transforms import span, transformed
from dashboard.pages.chain import chain
from dashboard.pages.frame import CLAIMS
from dashboard.pages.page import Page, PageRequest, message
from dashboard.pages.parts import alerts
from dashboard.pages.parts.aftermath import AftermathWords
from dashboard.pages.parts.cards import Card, card, cards
from dashboard.pages.parts.charts import LEAD, PageChart
from dashboard.pages.parts.marked import MarkedText, Piece
from dashboard.pages.parts.marked_table import Block, block
from etl.bulletins.mentions import HEADING
from etl.bulletins.model import Bulletin, Reference
from etl.bulletins.model import Section as BulletinSection
from etl.bulletins.parts import numeral
from etl.calendars import end_of
from etl.claims.check import TITLE
from etl.claims.model import Claim, Placed
from etl.records import COMMITTEE, Vintage

WEIGHT = {"milestone_up": 4, "record_high": 2, "milestone_down": 3, "record_low": 1}
#: Statements by how much their chart tells, the most telling first.
TELLING = ("first", "milestone", "record_high", "record_low", "streak", "change", "direction")
RECORDS: dict[str, Callable[..., Vintage]] = {"record_high": max, "record_low": min}
#: How much of the past stands before what is spoken of, in its own length and in days.
ROOM, LEAST_DAYS = 0.5, 92


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of the text with the cards beside it; of `waiting` nothing is held."""

    number: int
    numeral: str
    title: str
    heading: list[Piece]
    paragraphs: list[Block]
    cards: list[Card]
    waiting: list[Card]


@dataclass(frozen=True, slots=True)
class ShownReference:
    """A reference as it was written; `label` says what it is, and leads there if it can."""

    number: int
    words: str
    use: str
    label: str
    href: str
    title: str


@dataclass(frozen=True, slots=True)
class PreparedBulletin:
    """A bulletin with all that its page says of it."""

    bulletin: Bulletin
    mentions: Mapping[tuple[str, int], Sequence[Mentioned]]
    claims: Sequence[Placed]
    citations: Mapping[int, Citation]
    #: Whether it is there to be taken along; a draft is not.
    is_public: bool = True

    @classmethod
    def of_day(cls, snapshot: Snapshot, day: date) -> PreparedBulletin | None:
        """The published bulletin of a day, if there is one."""
        bulletin = queries.bulletin(snapshot, day)
        if bulletin is None:
            return None
        return cls(
            bulletin,
            queries.mentions(snapshot, day),
            queries.claims(snapshot, day),
            queries.citations(snapshot, day),
        )

    @property
    def mentioned(self) -> Mapping[str, Sequence[str]]:
        """For each part the indicators that it mentions, each once, in order."""
        parts: dict[str, dict[str, None]] = {}
        for part, number in sorted(self.mentions):
            names = (one.indicator for one in self.mentions[part, number])
            parts.setdefault(part, {}).update(dict.fromkeys(names))
        return {part: list(names) for part, names in parts.items()}


def today(request: PageRequest) -> Page:
    """The newest bulletin."""
    days = _days(request)
    if not days:
        long = "no_bulletin_then" if request.as_of else "no_bulletin_long"
        return message(request.say("no_bulletin"), request.say(long), 200)
    page = _page(request, days[-1], days)
    if request.as_of is not None:
        return page
    standing = alerts.triggered(queries.alerts(request.snapshot))
    named = alerts.in_words(standing[: alerts.NAMED], request.snapshot.catalog, request.urls)
    # How the alerts stand now is no part of what was known on the day.
    return replace(page, context={**page.context, "alerts": named, "alert_count": len(standing)})


def of_day(request: PageRequest, day_text: str) -> Page:
    """The bulletin of one day; 404 in words when there is none."""
    days = _days(request)
    try:
        day = date.fromisoformat(day_text) if len(day_text) == 10 else None
    except ValueError:
        day = None
    gone = queries.withdrawal(request.snapshot, day) if day else None
    if gone is not None:
        when = formatting.full_date(gone.withdrawn, request.lang)
        told = request.say("withdrawn_long", day=when, reason=gone.reason)
        shown = formatting.full_date(gone.date, request.lang)
        return message(request.say("withdrawn", day=shown), told, 410)
    if day is None or day not in days:
        long = "no_bulletin_then" if request.as_of else "not_found_long"
        return message(request.say("not_found"), request.say(long), 404)
    return _page(request, day, days)


def _days(request: PageRequest) -> list[date]:
    """The days of the bulletins that there were by the moment that is looked back to."""
    return [day for day in queries.bulletin_days(request.snapshot) if day <= request.last_day]


def of_draft(request: PageRequest, draft: PreparedBulletin) -> Page:
    """The page that a draft will be, with all its marks."""
    days = sorted({*_days(request), draft.bulletin.date})
    return _laid_out(request, draft, days)


def _page(request: PageRequest, day: date, days: Sequence[date]) -> Page:
    prepared = PreparedBulletin.of_day(request.snapshot, day)
    assert prepared is not None
    return _laid_out(request, prepared, days)


def _laid_out(request: PageRequest, prepared: PreparedBulletin, days: Sequence[date]) -> Page:
    bulletin, day = prepared.bulletin, prepared.bulletin.date
    urls, seen_at = request.urls, request.as_of
    as_of = min(end_of(day), seen_at) if seen_at else end_of(day)
    first = [i.id for i in request.snapshot.catalog.all() if i.headline]
    spoken_of = {name: None for names in prepared.mentioned.values() for name in names}
    every = dict.fromkeys((*first, *spoken_of, *_companions(request, [*spoken_of])))
    readings(request.snapshot, every, as_of, request.lang, seen_at)  # all in one question
    beside = _beside(request, prepared.mentioned, as_of)
    here = {item.id for items in beside.values() for item in items if item.vintage}
    claims = [known_then(placed, seen_at) for placed in prepared.claims]
    marked = MarkedText(request.snapshot, urls, prepared.mentions, claims, here)
    named = readings(request.snapshot, first, as_of, request.lang, seen_at)
    headlines = [item for item in named if item.vintage is not None]
    told = _most_telling(marked.claims)
    lead = _lead(request, headlines, as_of, told)
    shown = formatting.full_date(day, request.lang)
    known = prepared.citations
    return Page(
        title=f"{bulletin.title} · {shown}",
        template="today",
        description=bulletin.summary[:160],
        charts=(lead[1],) if lead else (),
        paper=urls.online.page(f"/bulletins/{day}"),
        context={
            "bulletin": bulletin,
            "title_pieces": marked.heading(TITLE, 0, bulletin.title),
            "shown": shown,
            "for_committee": bulletin.visibility == COMMITTEE,
            "publisher": bulletin.publisher.replace("；", " · "),
            "known_by": _known_by(request, bulletin.date, shown),
            "neighbours": _neighbours(request, day, days),
            "since": urls.page(f"/since/{_looked_back_to(day, days)}"),
            "pack": urls.page(f"/bulletins/{day}.zip") if prepared.is_public else "",
            "kit": urls.page(f"/bulletins/{day}.kit.zip") if prepared.is_public else "",
            "headlines": cards(headlines, urls),
            "lead": lead,
            "alerts": [],
            "alert_count": 0,
            "summary": marked.paragraph("summary", 0, bulletin.summary),
            "sections": [_section(request, one, beside, marked) for one in bulletin.sections],
            "judgement": [
                block(marked, "judgement", number, words)
                for number, words in enumerate(bulletin.judgement)
            ],
            # Who looks at a draft waits for nothing that it does not say itself.
            "chain": chain(request, as_of, days) if prepared.is_public else None,
            "marked": marked,
            "aftermath": AftermathWords(request.snapshot, urls, seen_at).of_bulletin(
                bulletin, marked.claims
            ),
            "ledger": urls.page(CLAIMS, since=str(day), until=str(day)),
            "references": [
                _reference(request, r, known.get(r.number)) for r in bulletin.references
            ],
        },
    )


def _beside(
    request: PageRequest, mentioned: Mapping[str, Sequence[str]], as_of: datetime
) -> Mapping[str, Sequence[Reading]]:
    """For each part the indicators it mentions, and those that are shown with them.

    An indicator stands beside the first section that mentions it, not again beside later ones.
    """
    placed: set[str] = set()
    result: dict[str, list[Reading]] = {}
    for part in sorted((p for p in mentioned if p.isdigit()), key=int):
        names = [*mentioned[part], *_companions(request, mentioned[part])]
        fresh = [name for name in dict.fromkeys(names) if name not in placed]
        placed.update(fresh)
        result[part] = readings(request.snapshot, fresh, as_of, request.lang, request.as_of)
    return result


def _companions(request: PageRequest, names: Sequence[str]) -> list[str]:
    return [i.id for i in request.snapshot.catalog.all() if set(i.shown_with) & set(names)]


def _known_by(request: PageRequest, day: date, shown: str) -> str:
    known = request.say("known_by", day=shown)
    named = [i.id for i in request.snapshot.catalog.all() if i.headline]
    if not request.snapshot.is_reconstructed(named, end_of(day)):
        return known
    why = request.say("reconstructed")
    return f"{known}（{why}）" if request.lang == "zh" else f"{known} ({why})"


def _looked_back_to(day: date, days: Sequence[date]) -> date:
    """The day since which a meeting would look: that of the bulletin, or, as nothing has come after
    the newest yet, that of the one before it."""
    return days[-2] if day == days[-1] and len(days) > 1 else day


def _neighbours(request: PageRequest, day: date, days: Sequence[date]) -> list[tuple[str, str]]:
    """The bulletins before and after: words and link."""
    place = list(days).index(day)
    return [
        (f"{request.say(name)} {days[at]}", request.urls.page(f"/bulletins/{days[at]}"))
        for name, at in (("previous_bulletin", place - 1), ("next_bulletin", place + 1))
        if 0 <= at < len(days)
    ]


def _most_telling(claims: Sequence[Placed]) -> Claim | None:
    """The statement that a chart bears out best: one that was right on its day."""
    held = [
        placed.claim
        for placed in claims
        if placed.claim.verdict == "supported"
        and placed.claim.evidence is not None
        and placed.claim.kind in TELLING
    ]
    return min(held, key=lambda one: TELLING.index(one.kind), default=None)


def _first_day(rows: Sequence[Vintage], claim: Claim, told: date) -> date:
    """Where the chart of a statement begins: so that it holds what the statement compares with, a
    record the top before it, and some room in front."""
    since = told
    if extreme := RECORDS.get(claim.kind):
        earlier = [v for v in rows if v.date < told]
        since = extreme(earlier, key=lambda v: v.value).date if earlier else told
    elif ".." in (claim.period or ""):
        start = str(claim.period).partition("..")[0]  # a day, a month or a year
        since = min((v.date for v in rows if str(v.date) >= start), default=told)
    length = max((told - since) * (1 + ROOM), timedelta(days=LEAST_DAYS))
    return told - length


def _lead(
    request: PageRequest, headlines: Sequence[Reading], as_of: datetime, told: Claim | None
) -> tuple[Card, PageChart] | None:
    """The indicator that the most telling statement speaks of; without one the headline with the
    most remarkable value of the day, and its chart."""

    def weight(item: Reading) -> int:
        return sum(WEIGHT.get(badge.kind, 0) for badge in item.badges)

    held = [item for item in headlines if item.vintage is not None and len(item.spark) > 1]
    notes: tuple[str, ...] = ()
    if told and told.evidence:
        item = reading(request.snapshot, told.indicator, as_of, request.lang)
        rows = queries.series(request.snapshot, item.id, as_of)
        last = told.evidence.date
        first = _first_day(rows, told, last)
        events = [
            event
            for event in queries.events(request.snapshot, item.id, as_of)
            if event.date == last
        ]
        notes = (request.say("lead_why", sentence=told.sentence),)
    elif held:
        item = max(held, key=weight)
        rows = queries.series(request.snapshot, item.id, as_of)
        first, last = span(rows, Window("3y"))
        events = queries.events(request.snapshot, item.id, as_of)
    else:
        return None
    transform = Transform()
    values = transformed(rows, transform, item.indicator, first)
    shown = [(v, x) for v, x in zip(rows, values, strict=True) if first <= v.date <= last]
    model = build(
        item.indicator,
        item.unit,
        shown,
        transform=transform,
        events=events,
        lang=request.lang,
    )
    lead = card(item, request.urls)
    notes = (*notes, lead.dated, request.say("source_is", source=lead.source))
    return lead, PageChart(item.id, model, request.lang, request.display.theme, LEAD, notes)


def _section(
    request: PageRequest,
    section: BulletinSection,
    beside: Mapping[str, Sequence[Reading]],
    marked: MarkedText,
) -> ShownSection:
    items = beside.get(str(section.number), ())
    return ShownSection(
        section.number,
        numeral(section.number),
        section.title,
        marked.heading(str(section.number), HEADING, section.title),
        [
            block(marked, str(section.number), number, words)
            for number, words in enumerate(section.paragraphs)
        ],
        cards((item for item in items if item.vintage is not None), request.urls),
        cards((item for item in items if item.vintage is None), request.urls),
    )


def _reference(
    request: PageRequest, reference: Reference, known: Citation | None
) -> ShownReference:
    """What kind a reference is; a policy leads to its entry in the register."""
    publisher = f"{reference.publisher}：" if reference.publisher else ""
    day = f"，{reference.date}" if reference.date else ""
    words = f"{publisher}《{reference.title}》{day}"
    label = href = title = ""
    if known and known.kind == "policy" and known.title:
        label = request.say("reference_held" if known.origin == "register" else "reference_cited")
        href = request.urls.page("/policies", q=known.title[:MAX_WORDS])
        title = known.title
    elif known:
        label = request.say(f"reference_{known.kind}")
    return ShownReference(reference.number, words, reference.use or "", label, href, title)
