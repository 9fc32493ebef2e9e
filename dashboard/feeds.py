"""What can be followed apart: the new values and events of one indicator, the events of a group,
the policy documents of a topic; and the list of all feeds (OPML)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement

from dashboard import formatting
from dashboard.address import AddressError, known_id
from dashboard.api import answers
from dashboard.api.models import PolicyAnswer
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.discovery import ENTRIES, FeedEntry, Happening, atom, happenings, xml_of
from dashboard.export.licence import may_be_passed_on
from dashboard.export.quoting import sentence
from dashboard.texts import site_title, text
from dashboard.urls import Urls
from etl.catalog import Indicator
from etl.errors import nearest, quoted
from etl.records import BEIJING, Vintage

EVENTS, DOCUMENTS, LIST = "/events.atom", "/policies.atom", "/feeds.opml"


def address(path: str, lang: str, **chosen: str) -> str:
    """The address within the site of a feed."""
    told = {**chosen, "lang": "en" if lang == "en" else ""}
    query = urlencode({name: value for name, value in told.items() if value})
    return f"{path}?{query}" if query else path


def known_group(snapshot: Snapshot, group: str) -> str:
    """The group, if there is one of this name; an AddressError otherwise."""
    if group not in snapshot.catalog.groups:
        hint = nearest(group, snapshot.catalog.groups)
        raise AddressError("group", f"group: there is no group '{quoted(group)}'. {hint}", 404)
    return group


def indicator_feed(snapshot: Snapshot, urls: Urls, name: str, lang: str = "zh") -> bytes:
    """The newest values of an indicator, each with what it is: a record, a round number, a step
    beyond a rule. Of one whose values may not be passed on, only what happened."""
    indicator = snapshot.catalog[known_id(name, snapshot.catalog)]
    told: dict[date, list[Happening]] = defaultdict(list)
    for one in happenings(snapshot, lang, name):
        told[one.on].append(one)
    is_free = may_be_passed_on(indicator)
    newest = islice(reversed(queries.series(snapshot, name)), ENTRIES)
    entries = [
        entry
        for vintage in newest
        if (is_free or told[vintage.date])
        and (entry := _value_entry(snapshot, indicator, vintage, told[vintage.date], urls, lang))
    ]
    title = f"{indicator.title.in_(lang)} · {text('new_values', lang)}"
    path = address(EVENTS, lang, id=name)
    return atom(path, f"indicator/{name}/{lang}", title, lang, entries, snapshot, urls.online)


def documents_feed(snapshot: Snapshot, urls: Urls, topic: str = "", lang: str = "zh") -> bytes:
    """The newest policy documents, or those of a topic."""
    found = answers.policies(snapshot, {"topic": topic}).policies
    entries = [_document_entry(one, urls.online, lang) for one in found[:ENTRIES]]
    title = f"{topic or text('policies', lang)} · {text('new_documents', lang)}"
    path = address(DOCUMENTS, lang, topic=topic)
    key = f"documents/{topic}/{lang}"
    return atom(path, key, title, lang, entries, snapshot, urls.online)


def opml(snapshot: Snapshot, urls: Urls, lang: str = "zh") -> bytes:
    """Every feed, as a program that reads feeds takes them all at once."""
    whole, catalog = urls.online, snapshot.catalog
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = site_title(lang)
    body = SubElement(root, "body")

    def listed(parent: Element, title: str, path: str, page: str) -> None:
        if link := whole.to(path):
            about = {"text": title, "title": title, "type": "rss", "xmlUrl": link}
            SubElement(parent, "outline", about, htmlUrl=whole.to(page))

    listed(body, text("bulletins", lang), "/atom.xml", "/bulletins")
    listed(body, text("events", lang), address(EVENTS, lang), "/events")
    papers = SubElement(body, "outline", text=text("policies", lang))
    listed(papers, text("policies", lang), address(DOCUMENTS, lang), "/policies")
    topics = sorted({topic for one in queries.policies(snapshot) for topic in one.topics})
    for topic in topics:
        page = f"/policies?{urlencode({'topic': topic})}"
        listed(papers, topic, address(DOCUMENTS, lang, topic=topic), page)
    held = queries.standings(snapshot)
    for name, group in catalog.groups.items():
        members = [one for one in catalog.all() if one.group == name and one.id in held]
        if not members:
            continue
        part = SubElement(body, "outline", text=group.title.in_(lang))
        listed(part, group.title.in_(lang), address(EVENTS, lang, group=name), "/indicators")
        for one in members:
            feed = address(EVENTS, lang, id=one.id)
            listed(part, one.title.in_(lang), feed, f"/indicators/{one.id}")
    return xml_of(root)


def _value_entry(
    snapshot: Snapshot,
    indicator: Indicator,
    vintage: Vintage,
    told: list[Happening],
    urls: Urls,
    lang: str,
) -> FeedEntry | None:
    """One value, with what happened on its date."""
    unit = snapshot.catalog.unit(indicator)
    figure = formatting.figure(vintage.value, indicator, unit, lang, exact=True)
    day = formatting.day(vintage.date, indicator, lang, year=True)
    said = sentence(indicator, unit, vintage, lang)
    comma, colon = ("，", "：") if lang == "zh" else (", ", ": ")
    value = Happening(indicator, vintage.date, vintage.known_at, "", "")
    link = value.link(urls.online)
    if not link:
        return None
    words = comma.join(dict.fromkeys(one.words for one in told))
    title = f"{indicator.short.in_(lang)} {figure}{comma}{day}"
    return FeedEntry(
        f"values/{indicator.id}/{vintage.date}" + ("/en" if lang == "en" else ""),
        f"{title}{colon}{words}" if words else title,
        max([vintage.known_at, *(one.known_at for one in told)]),
        link,
        "\n".join([said, *(one.sentence for one in told)]),
    )


def _document_entry(one: PolicyAnswer, urls: Urls, lang: str) -> FeedEntry:
    day = one.published or one.issued
    comma = "，" if lang == "zh" else ", "
    page = urls.to(f"/policies?{urlencode({'month': one.month})}") if one.month else ""
    return FeedEntry(
        f"documents/{one.number or f'{one.issuer}/{one.title}'}",
        one.title,
        datetime.combine(_first_day(day), time(), BEIJING).astimezone(UTC),
        one.url or page or urls.to("/policies"),
        comma.join(_said_of(one)),
    )


def _said_of(one: PolicyAnswer) -> Iterator[str]:
    yield from filter(None, (one.issuer, one.number, one.published or one.issued))
    yield from one.topics


def _first_day(text: str) -> date:
    """The first day of what a date that is known as a day, a month or a year can be."""
    return date.fromisoformat(f"{text}-01-01"[:10] if text else "1970-01-01")
