"""What tells machines what there is: sitemap, feeds, catalogue and the rules for robots."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from dashboard import formatting
from dashboard.address import ChartAddress
from dashboard.data import queries
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshot
from dashboard.export.csv import iso
from dashboard.export.formats import FORMATS
from dashboard.export.licence import may_be_passed_on
from dashboard.markup import plain, render
from dashboard.texts import site_title, text
from dashboard.urls import Urls
from etl.brief.words import and_more, in_markdown
from etl.calendars import end_of
from etl.catalog import Indicator
from etl.records import BEIJING, Event, Vintage
from etl.subscribers import LEAVE
from etl.words.sentences import badges

ENTRIES = 100
#: How many events the title of a day names, and how many its entry tells; the others are counted.
NAMED, TOLD = 3, 30
#: What no XML may hold.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: How many indicators the list for assistants names.
LISTED = 500
#: Events are looked through newest date first; what was known last comes first in the feed.
LOOKED_AT = 1000
#: When a bulletin is read.
MORNING = time(7, 30)
PAGES = (
    "/", "/bulletins", "/bulletins/new", "/indicators", "/compare", "/provinces", "/wall",
    "/policies", "/export", "/status", "/about", "/corrections", "/claims", "/events", "/since",
    "/verify",
)  # fmt: skip
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ATOM = "http://www.w3.org/2005/Atom"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed; `key` is what its lasting id is made of, `content` markup."""

    key: str
    title: str
    updated: datetime
    link: str
    summary: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class ListedIndicator:
    """An indicator in the list for assistants."""

    title: str
    href: str
    words: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of an indicator, or a crossing of one of its rules: in few words, as a sentence, and
    the moment from which it could be known."""

    indicator: Indicator
    on: date
    known_at: datetime
    words: str
    sentence: str
    #: How remarkable it is: nought is named first.
    rank: int = 3

    @property
    def day(self) -> date:
        """The day in Beijing on which it became known."""
        return self.known_at.astimezone(BEIJING).date()

    def link(self, urls: Urls) -> str:
        """Its chart as it was known at the end of that day; as it is now in a copy without that."""
        frozen = urls.chart(ChartAddress(self.indicator.id, as_of=end_of(self.day)))
        return frozen or urls.to(f"/indicators/{self.indicator.id}")


def robots(urls: Urls) -> str:
    """Everything may be read but the machinery of the pages."""
    machinery, leave = urls.to("/_dash-"), urls.to(f"{LEAVE}/")
    sitemap = urls.online.to("/sitemap.xml")
    return f"User-agent: *\nDisallow: {machinery}\nDisallow: {leave}\n\nSitemap: {sitemap}\n"


def sitemap(snapshot: Snapshot, urls: Urls) -> bytes:
    """Every page that there is, with the day on which it changed last."""
    root = Element("urlset", xmlns=_SITEMAP)
    found = ((urls.online.to(path), day) for path, day in _pages(snapshot))
    for link, day in dict(pair for pair in found if pair[0]).items():
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = link
        if day:
            SubElement(entry, "lastmod").text = day.isoformat()
    return xml_of(root)


def llms(snapshot: Snapshot, urls: Urls, lang: str = "zh") -> bytes:
    """What there is for assistants, as Markdown after llmstxt.org: how to ask, the indicators with
    values in their groups, the newest bulletins."""
    whole, catalog, standings = urls.online, snapshot.catalog, queries.standings(snapshot)
    held = [one for one in catalog.all() if one.id in standings]
    groups: dict[str, list[ListedIndicator]] = defaultdict(list)
    for one in held[:LISTED]:
        is_free = may_be_passed_on(one)
        address = ChartAddress(one.id, lang=lang)
        groups[one.group].append(
            ListedIndicator(
                in_markdown(one.title.in_(lang)),
                whole.chart(address, ".md" if is_free else ""),
                f"`{one.id}`, {catalog.unit(one).code}, {one.frequency}, "
                f"{standings[one.id].newest.date}",
            )
        )
    listed = _bulletins(snapshot, whole)
    return plain(
        "llms.txt",
        lang,
        title=site_title(lang),
        urls=whole,
        example=whole.chart(ChartAddress(held[0].id, lang=lang), ".md") if held else "",
        groups=[(catalog.groups[name].title.in_(lang), found) for name, found in groups.items()],
        more=f"{len(held) - LISTED:,}" if len(held) > LISTED else "",
        bulletins=[replace(one, title=in_markdown(one.title)) for one in listed],
    ).encode()


def bulletins_feed(snapshot: Snapshot, urls: Urls) -> bytes:
    """The newest bulletins, as Atom."""
    whole = urls.online
    entries = list(_bulletins(snapshot, whole))
    return atom("/atom.xml", "feed", site_title(), "zh", entries, snapshot, whole)


def events_feed(snapshot: Snapshot, urls: Urls, lang: str = "zh", group: str = "") -> bytes:
    """What happened to indicators, or to those of a group, as Atom: one entry a day and group, each
    event told once."""
    days: dict[tuple[date, str], list[Happening]] = defaultdict(list)
    for one in happenings(snapshot, lang):
        if group in ("", one.indicator.group) and one.link(urls.online):
            days[one.day, one.indicator.group].append(one)
    newest = sorted(days, reverse=True)[:ENTRIES]
    entries = [_day_entry(snapshot, day, group, days[day, group], urls.online, lang)
               for day, group in newest]  # fmt: skip
    about = snapshot.catalog.groups[group].title.in_(lang) if group else site_title(lang)
    title = f"{about} · {text('events', lang)}"
    chosen = [
        part
        for part in (f"group={group}" if group else "", "lang=en" if lang == "en" else "")
        if part
    ]
    path = "/events.atom" + (f"?{'&'.join(chosen)}" if chosen else "")
    key = f"events-feed-{lang}" + (f"-{group}" if group else "")
    return atom(path, key, title, lang, entries, snapshot, urls.online)


def atom(
    path: str,
    key: str,
    title: str,
    lang: str,
    entries: Sequence[FeedEntry],
    snapshot: Snapshot,
    urls: Urls,
) -> bytes:
    """The newest entries as an Atom document."""
    newest = sorted(entries, key=lambda e: (e.updated, e.key), reverse=True)[:ENTRIES]
    updated = newest[0].updated if newest else snapshot.published_at
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "en" if lang == "en" else "zh-CN"})
    _texts(root, title=title, id=_id(key), updated=iso(updated))
    SubElement(root, "link", rel="self", href=urls.to(path), type="application/atom+xml")
    SubElement(root, "link", rel="alternate", href=urls.to("/"), type="text/html")
    _texts(SubElement(root, "author"), name=text("site", lang))
    for entry in newest:
        node = SubElement(root, "entry")
        _texts(node, title=entry.title, id=_id(entry.key), updated=iso(entry.updated))
        SubElement(node, "link", rel="alternate", href=entry.link, type="text/html")
        _texts(node, summary=entry.summary)
        if entry.content:
            SubElement(node, "content", type="html").text = _printable(entry.content)
    return xml_of(root)


def catalogue(snapshot: Snapshot, urls: Urls) -> dict[str, Any]:
    """Every indicator with values and a page, as a data set of schema.org and DCAT with its
    files."""
    standings, whole = queries.standings(snapshot), urls.online
    return {
        "@context": ["https://schema.org", {"dcat": "http://www.w3.org/ns/dcat#"}],
        "@type": ["DataCatalog", "dcat:Catalog"],
        "@id": whole.to("/catalog.jsonld"),
        "name": site_title(),
        "url": whole.to("/"),
        "inLanguage": ["zh-CN", "en"],
        "version": snapshot.name,
        "dateModified": iso(snapshot.published_at),
        "dataset": [
            _dataset(snapshot, indicator, standings.get(indicator.id), whole)
            for indicator in snapshot.catalog.all()
            if indicator.id in standings and whole.to(f"/indicators/{indicator.id}")
        ],
    }


def _pages(snapshot: Snapshot) -> Iterator[tuple[str, date | None]]:
    standings, days = queries.standings(snapshot), queries.bulletin_days(snapshot)
    published = snapshot.published_at.astimezone(BEIJING).date()
    for path in PAGES:
        yield path, published if path != "/about" else None
    for day in reversed(days):
        yield f"/bulletins/{day}", day
    for indicator in snapshot.catalog.all():
        held = standings.get(indicator.id)
        changed = held.newest.known_at.astimezone(BEIJING).date() if held else None
        if held:
            yield f"/c/{indicator.id}", changed
        yield f"/indicators/{indicator.id}", changed


def _bulletins(snapshot: Snapshot, urls: Urls) -> Iterator[FeedEntry]:
    for bulletin in queries.bulletins(snapshot)[:ENTRIES]:
        if link := urls.to(f"/bulletins/{bulletin.date}"):
            yield FeedEntry(
                f"bulletins/{bulletin.date}",
                f"{bulletin.title} {formatting.full_date(bulletin.date, 'zh')}",
                datetime.combine(bulletin.date, MORNING, BEIJING).astimezone(UTC),
                link,
                bulletin.summary,
            )


def happenings(snapshot: Snapshot, lang: str, only: str = "") -> list[Happening]:
    """Events and crossings of all indicators, or `only` of one, each once: of a value that was
    revised, what was known last; of a rule that says what an event says already, the event."""
    found = queries.events(snapshot, only or None, most=LOOKED_AT)
    events = sorted(found, key=lambda event: event.known_at)
    last = {(e.indicator, e.date, e.kind, e.threshold): e for e in events}
    marked = {(e.indicator, e.date) for e in last.values()}
    told = [_of_event(snapshot, event, lang) for event in last.values()]
    colon = "：" if lang == "zh" else ": "
    for alert in queries.alerts(snapshot):
        if only not in ("", alert.indicator):
            continue
        is_mark = alert.rule.startswith(("record", "threshold"))
        for crossing in alert.crossings:
            if not (is_mark and (alert.indicator, crossing.date) in marked):
                indicator = snapshot.catalog[alert.indicator]
                rule, sentence = (
                    (alert.rule_en, crossing.en) if lang == "en" else (alert.rule_zh, crossing.zh)
                )
                said = f"{indicator.title.in_(lang)}{colon}{sentence}"
                told.append(Happening(indicator, crossing.date, crossing.known_at, rule, said))
    return told


def _of_event(snapshot: Snapshot, event: Event, lang: str) -> Happening:
    indicator = snapshot.catalog[event.indicator]
    unit = snapshot.catalog.unit(indicator)
    vintage = Vintage(event.date, event.value, "", event.known_at, "")
    (badge,) = badges(vintage, [event], indicator, unit, lang)
    figure = formatting.figure(event.value, indicator, unit, lang, exact=True)
    day = formatting.day(event.date, indicator, lang, year=True)
    comma, stop, space = ("，", "。", "") if lang == "zh" else (", ", ". ", " ")
    sentence = (
        f"{day}{comma}{indicator.title.in_(lang)} {figure}{comma}{badge.sentence}{stop}"
        f"{text('source_is', lang, source=indicator.credit.name.in_(lang))}"
    )
    rank = 2 if event.kind.startswith("record") else 0 if event.is_first else 1
    return Happening(
        indicator, event.date, event.known_at, badge.words, sentence.rstrip(space), rank
    )


def _day_entry(
    snapshot: Snapshot, day: date, group: str, found: Sequence[Happening], urls: Urls, lang: str
) -> FeedEntry:
    """What became known of one group on one day."""
    order = list(snapshot.catalog.indicators)
    told = sorted(found, key=lambda one: (order.index(one.indicator.id), one.on, one.words))
    comma, colon = ("；", "：") if lang == "zh" else ("; ", ": ")
    first = sorted(told, key=lambda one: one.rank)[:NAMED]
    named = [f"{one.indicator.short.in_(lang)}{colon}{one.words}" for one in first]
    more = and_more(len(told), lang) if len(told) > NAMED else ""
    rest = [text("more_events", lang, count=str(len(told) - TOLD))] if len(told) > TOLD else []
    title = snapshot.catalog.groups[group].title.in_(lang)
    shown = told[:TOLD]
    linked = [(one.sentence, one.link(urls)) for one in shown]
    return FeedEntry(
        f"events/{day}/{group}" + ("/en" if lang == "en" else ""),
        f"{formatting.full_date(day, lang)} {title} · {comma.join(named)}{more}",
        max(one.known_at for one in told),
        told[0].link(urls),
        "\n".join([*(one.sentence for one in shown), *rest]),
        str(render("feed_entry.html", lang, rest=rest, told=linked)),
    )


def _dataset(
    snapshot: Snapshot, indicator: Indicator, held: Standing | None, urls: Urls
) -> dict[str, Any]:
    page = urls.to(f"/indicators/{indicator.id}")
    return {
        "@type": ["Dataset", "dcat:Dataset"],
        "@id": page,
        "identifier": indicator.id,
        "name": indicator.title.zh,
        "alternateName": indicator.title.en,
        "description": f"{indicator.definition.zh}\n{indicator.definition.en}",
        "url": page,
        "creator": {"@type": "Organization", "name": indicator.credit.name.en},
        "license": {"@type": "CreativeWork", "name": indicator.credit.licence.en},
        "isBasedOn": indicator.credit.url,
        "isAccessibleForFree": True,
        **({"temporalCoverage": f"{held.first}/{held.newest.date}"} if held else {}),
        "variableMeasured": {
            "@type": "PropertyValue",
            "name": indicator.title.en,
            "unitText": snapshot.catalog.unit(indicator).code,
        },
        "distribution": [
            {
                "@type": ["DataDownload", "dcat:Distribution"],
                "contentUrl": urls.to(f"/c/{indicator.id}{kind.suffix}?scope=full"),
                "encodingFormat": kind.media_type.partition(";")[0],
            }
            for kind in FORMATS.values()
            if kind.holds_values and may_be_passed_on(indicator)
        ],
    }


def _texts(parent: Element, **texts: str) -> None:
    for name, words in texts.items():
        SubElement(parent, name).text = _printable(words)


def _printable(words: str) -> str:
    """The words without what no XML may hold."""
    return _NOT_IN_XML.sub("", words)


def _id(key: str) -> str:
    """An id that stays when the site moves to another host."""
    return uuid5(NAMESPACE_URL, f"xinzhi:{key}").urn


def xml_of(root: Element) -> bytes:
    return (_HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
