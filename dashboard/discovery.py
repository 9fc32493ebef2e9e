"""What tells machines what there is: sitemap, feed, catalogue and the rules for robots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from dashboard import formatting
from dashboard.data import queries
from dashboard.data.queries import Standing
from dashboard.data.snapshot import Snapshot
from dashboard.export.formats import FORMATS
from dashboard.export.table import iso
from dashboard.texts import text
from dashboard.urls import Urls
from etl.catalog import Indicator
from etl.records import BEIJING, Event, Vintage
from etl.words.sentences import badges

ENTRIES = 100
#: Events are looked through newest date first; what was known last comes first in the feed.
LOOKED_AT = 1000
#: When a bulletin is read.
MORNING = time(7, 30)
PAGES = (
    "/", "/bulletins", "/bulletins/new", "/indicators", "/compare", "/policies", "/export",
    "/status", "/about", "/corrections",
)  # fmt: skip
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ATOM = "http://www.w3.org/2005/Atom"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the feed; `key` is what its lasting id is made of."""

    key: str
    title: str
    updated: datetime
    link: str
    summary: str


def robots(urls: Urls) -> str:
    """Everything may be read but the machinery of the pages."""
    machinery, sitemap = urls.to("/_dash-"), urls.online.to("/sitemap.xml")
    return f"User-agent: *\nDisallow: {machinery}\n\nSitemap: {sitemap}\n"


def sitemap(snapshot: Snapshot, urls: Urls) -> bytes:
    """Every page that there is, with the day on which it changed last."""
    root = Element("urlset", xmlns=_SITEMAP)
    found = ((urls.online.to(path), day) for path, day in _pages(snapshot))
    for link, day in dict(pair for pair in found if pair[0]).items():
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = link
        if day:
            SubElement(entry, "lastmod").text = day.isoformat()
    return _xml(root)


def atom(snapshot: Snapshot, urls: Urls) -> bytes:
    """The newest bulletins, events and alerts, of those that lead somewhere."""
    whole = urls.online
    told = (*_bulletins(snapshot), *_events(snapshot), *_alerts(snapshot))
    entries = sorted(
        (entry for entry in told if whole.to(entry.link)),
        key=lambda e: (e.updated, e.key),
        reverse=True,
    )[:ENTRIES]
    updated = entries[0].updated if entries else snapshot.published_at
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "zh-CN"})
    _texts(root, title="新质生产力每日动态 · 指标台", id=_id("feed"), updated=iso(updated))
    here = whole.to("/atom.xml")
    SubElement(root, "link", rel="self", href=here, type="application/atom+xml")
    SubElement(root, "link", rel="alternate", href=whole.to("/"), type="text/html")
    _texts(SubElement(root, "author"), name="新质生产力每日动态")
    for entry in entries:
        node = SubElement(root, "entry")
        _texts(node, title=entry.title, id=_id(entry.key), updated=iso(entry.updated))
        SubElement(node, "link", rel="alternate", href=whole.to(entry.link), type="text/html")
        _texts(node, summary=entry.summary)
    return _xml(root)


def catalogue(snapshot: Snapshot, urls: Urls) -> dict[str, Any]:
    """Every indicator that has a page, as a data set of schema.org and DCAT with its files."""
    standings, whole = queries.standings(snapshot), urls.online
    return {
        "@context": ["https://schema.org", {"dcat": "http://www.w3.org/ns/dcat#"}],
        "@type": ["DataCatalog", "dcat:Catalog"],
        "@id": whole.to("/catalog.jsonld"),
        "name": "新质生产力每日动态 · 指标台",
        "url": whole.to("/"),
        "inLanguage": ["zh-CN", "en"],
        "version": snapshot.name,
        "dateModified": iso(snapshot.published_at),
        "dataset": [
            _dataset(snapshot, indicator, standings.get(indicator.id), whole)
            for indicator in snapshot.catalog.all()
            if whole.to(f"/indicators/{indicator.id}")
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
        yield f"/c/{indicator.id}", changed
        yield f"/indicators/{indicator.id}", changed


def _bulletins(snapshot: Snapshot) -> Iterator[Entry]:
    for bulletin in queries.bulletins(snapshot)[:ENTRIES]:
        yield Entry(
            f"bulletins/{bulletin.date}",
            f"{bulletin.title} {formatting.full_date(bulletin.date, 'zh')}",
            datetime.combine(bulletin.date, MORNING, BEIJING).astimezone(UTC),
            f"/bulletins/{bulletin.date}",
            bulletin.summary,
        )


def _events(snapshot: Snapshot) -> Iterable[Entry]:
    """The events, each once: of a value that was revised, what was known last."""
    found: dict[str, Entry] = {}
    events = queries.events(snapshot, most=LOOKED_AT)
    for event in sorted(events, key=lambda event: event.known_at):
        entry = _event(snapshot, event)
        found[entry.key] = entry
    return found.values()


def _alerts(snapshot: Snapshot) -> Iterator[Entry]:
    """Each crossing once: the moment at which a rule of the catalog came to hold."""
    for alert in queries.alerts(snapshot):
        first = snapshot.catalog[alert.indicator].first_id
        title = f"提醒：{snapshot.catalog[alert.indicator].title.zh} {alert.rule_zh}"
        for crossing in alert.crossings:
            yield Entry(
                f"alerts/{first}/{alert.rule}/{crossing.date}",
                title,
                crossing.known_at,
                f"/indicators/{alert.indicator}",
                crossing.zh,
            )


def _event(snapshot: Snapshot, event: Event) -> Entry:
    indicator = snapshot.catalog[event.indicator]
    unit = snapshot.catalog.unit(indicator)
    vintage = Vintage(event.date, event.value, "", event.known_at, "")
    (badge,) = badges(vintage, [event], indicator, unit, "zh")
    figure = formatting.figure(event.value, indicator, unit, "zh", exact=True)
    day = formatting.day(event.date, indicator, "zh", year=True)
    threshold = "" if event.threshold is None else f"{event.threshold:g}"
    return Entry(
        f"events/{indicator.first_id}/{event.date}/{event.kind}/{threshold}",
        f"{indicator.title.zh}：{badge.words}",
        event.known_at,
        f"/indicators/{event.indicator}",
        f"{day}，{indicator.title.zh} {figure}，{badge.sentence}。"
        f"{text('source_is', 'zh', source=indicator.credit.name.zh)}",
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
            if kind.suffix != ".metadata.json"
        ],
    }


def _texts(parent: Element, **texts: str) -> None:
    for name, words in texts.items():
        SubElement(parent, name).text = words


def _id(key: str) -> str:
    """An id that stays when the site moves to another host."""
    return uuid5(NAMESPACE_URL, f"xinzhi:{key}").urn


def _xml(root: Element) -> bytes:
    return (_HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode()
