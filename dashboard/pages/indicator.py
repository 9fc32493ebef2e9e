"""/indicators/ID: one indicator with its chart, definition, source and download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice

from dashboard import feeds, formatting
from dashboard.address import AddressError, ChartAddress, MovedError, as_named, parse
from dashboard.chart_page.controls import Choice, SpanForm, controls, span_form
from dashboard.chart_page.page import licence_words, shared_link
from dashboard.chart_page.report_mail import report_link
from dashboard.chart_page.since import since
from dashboard.chart_page.view import View, of_chart, of_data, view
from dashboard.data import correction_notes, queries
from dashboard.data.awaited import awaited
from dashboard.data.cards import Reading, reading
from dashboard.export.licence import may_be_passed_on
from dashboard.export.table import Column, provenance
from dashboard.pages.frame import CLAIMS
from dashboard.pages.page import Page, PageRequest, message, wrong_parameter
from dashboard.pages.parts import alerts
from dashboard.pages.parts.cards import dated
from dashboard.pages.parts.charts import WIDE, PageChart
from dashboard.pages.parts.picking import kept_fields
from dashboard.pages.parts.publication import publication_words
from dashboard.provenance import TriedSource, provenance_words, tried_sources
from dashboard.related_links import related_links
from etl.records import Disagreement, Vintage
from etl.reliability import failure_told
from etl.words.sentences import Badge, badges

MORE_FORMATS = ("xlsx", "parquet", "json", "zip")
RECENT, EVENTS, DISAGREEMENTS, REVISIONS, ACTIONS, NOTES, BULLETINS = 12, 12, 6, 6, 6, 8, 10
#: Not every event is told: so many are looked at.
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class RecentValue:
    """A value with the moment it is known from and how it came to be held; `source` says more."""

    day: str
    figure: str
    known_at: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class DayNote:
    """What is to be said of one day of an indicator; a `remark` stands quietly after it."""

    day: str
    words: str
    badge: Badge | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class MonthDocuments:
    """The documents behind the count of a month: words and day of each."""

    title: str
    documents: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownChart:
    """The chart with what it is chosen by, what must be said of its values, and where they are to
    be had: `downloads` as words and link."""

    chart: PageChart
    controls: list[tuple[str, list[Choice]]]
    span: SpanForm
    corrected: list[str]
    downloads: list[tuple[str, str]]
    #: Why there are no data files, where a licence forbids them.
    refused: str
    compare: str
    report: str


def layout(request: PageRequest, indicator_id: str) -> Page:
    """The page of an indicator; 404 or 400 in words when the address is wrong."""
    urls, catalog = request.urls, request.snapshot.catalog
    try:
        address = parse(indicator_id, request.query, catalog, datetime.now(UTC))
        address = replace(address, as_of=request.as_of, more=(), shape="long")
        seen = view(request.snapshot, address)
    except MovedError:
        now_named, _ = as_named(indicator_id, {}, catalog)
        here = urls.page(f"/indicators/{now_named}", **_kept(request))
        return replace(layout(request, now_named), status=301, location=here)
    except AddressError as error:
        if error.parameter == "asof":  # it exists, and nothing was known of it yet
            title = catalog[indicator_id].title.in_(request.lang)
            return message(title, request.say("nothing_known_then"), 200)
        if error.status == 404:
            return message(request.say("not_found"), str(error), 404)
        return wrong_parameter(request, error)
    item = reading(request.snapshot, address.id, address.as_of, request.lang)
    shown = _chart(request, seen) if item.vintage else None
    column = seen.table.columns[0]
    feed = urls.to(feeds.address(feeds.EVENTS, request.lang, id=address.id))
    return Page(
        title=item.indicator.title.in_(request.lang),
        template="indicator",
        description=item.indicator.definition.in_(request.lang)[:160],
        charts=(shown.chart,) if shown and not seen.model.empty else (),
        ids=(item.id,),
        told=_since(seen),
        paper="" if item.indicator.for_committee else shared_link(seen, urls.online),
        feeds=((feed, item.indicator.title.in_(request.lang)),),
        context={
            "feed": feed,
            "for_committee": item.indicator.for_committee,
            "group": catalog.groups[item.indicator.group].title.in_(request.lang),
            "figure": item.figure,
            "change": item.change,
            "dated": dated(item, request.lang) if item.vintage else "",
            "badges": item.badges,
            "problem": _problem(request, item),
            "alerts": _alerts(request, item),
            "shown": shown,
            "tried": [] if shown else _tried(request, item),
            "definition": item.indicator.definition.in_(request.lang),
            "recent": _recent(request, column, item),
            "facts": _facts(request, item),
            "notes": _notes(request, column, item),
            "documents": _documents(request, item),
            "related": related_links(
                request.snapshot,
                item.id,
                lambda name: urls.page(f"/indicators/{name}"),
                request.lang,
            ),
            "claims": urls.page(CLAIMS, id=item.id),
            "bulletins": [
                (f"{day} {title}", urls.page(f"/bulletins/{day}"))
                for day, title in _mentioned_in(request, item)
            ],
        },
    )


def _kept(request: PageRequest) -> dict[str, str]:
    names = ("t", "u", "scale", "freq", "agg")
    return {name: request.query[name] for name in names if request.query.get(name)}


def _since(seen: View) -> tuple[str, ...]:
    """What has become of the values of a past moment; nothing where they are those of now."""
    if seen.address.as_of is None:
        return ()
    found = since(view(seen.snapshot, of_chart(seen.address)))
    return tuple(line for line in (*found.lines, found.revised) if line)


def _tried(request: PageRequest, item: Reading) -> list[TriedSource]:
    """What its sources answered, where nothing is held of it."""
    waits = awaited(request.snapshot, (item.indicator,), request.as_of)
    return [tried for one in waits for tried in tried_sources(one, request.lang)]


def _mentioned_in(request: PageRequest, item: Reading) -> list[tuple[date, str]]:
    found = queries.mentioned_in(request.snapshot, item.id)
    return [(day, title) for day, title in found if day <= request.last_day][:BULLETINS]


def _problem(request: PageRequest, item: Reading) -> str:
    """What the last run could not do; of earlier ones nobody knows any more."""
    problem = "" if request.as_of else queries.problems(request.snapshot).get(item.id, "")
    return failure_told(problem, request.lang)


def _alerts(request: PageRequest, item: Reading) -> list[alerts.AlertWords]:
    if request.as_of:
        return []  # they are judged on what is known now
    found = alerts.triggered(queries.alerts(request.snapshot))
    own = [alert for alert in found if alert.indicator == item.id]
    return alerts.in_words(own, request.snapshot.catalog, request.urls)


def _chart(request: PageRequest, seen: View) -> ShownChart:
    address, table, urls = seen.address, seen.table, request.urls
    indicator, lang = table.columns[0].indicator, request.lang
    source = request.say("source_is", source=indicator.credit.name.in_(lang))
    changes = request.snapshot.catalog[address.id].breaks
    notes = [f"{change.date}：{change.note.in_(lang)}" for change in changes]
    if address.freq:
        notes.insert(0, indicator.title.in_(lang))
    if left_out := table.columns[0].left_out:
        notes.append(request.say("left_out", count=str(left_out)))

    def link(chosen: ChartAddress) -> str:
        return urls.page(f"/indicators/{chosen.id}", **chosen.chosen)

    return ShownChart(
        chart=PageChart(
            indicator.id, seen.model, lang, request.display.theme, WIDE, (source, *notes)
        ),
        controls=controls(seen, link),
        span=span_form(
            request.snapshot,
            address,
            urls.form(f"/indicators/{address.id}"),
            kept_fields(request, address.chosen),
        ),
        corrected=list(correction_notes.sentences(request.snapshot, table.columns, lang)),
        downloads=_downloads(request, seen),
        refused="" if may_be_passed_on(indicator) else request.say("no_files"),
        compare=urls.page(
            "/compare",
            ids=address.id,
            t=str(address.window),
            freq=address.freq,
            agg=address.chosen["agg"],
        ),
        report=report_link(table, urls, request.site.reports_to),
    )


def _downloads(request: PageRequest, seen: View) -> list[tuple[str, str]]:
    """The page to share and the kit, as the reader has chosen the display; files are the same for
    every reader."""
    page, plain, urls = of_chart(seen.address), of_data(seen.address), request.urls
    files = (
        ("download_csv", urls.chart(plain, ".csv")),
        ("download_excel", urls.chart(replace(plain, for_="excel"), ".csv")),
        *((f"download_{name}", urls.chart(plain, f".{name}")) for name in MORE_FORMATS),
    )
    is_free = may_be_passed_on(seen.columns[0].indicator)
    links = (
        ("chart_page", urls.chart(page)),
        *(files if is_free else ()),
        ("metadata", urls.chart(plain, ".metadata.json")),
        ("kit", urls.chart(page, ".kit.zip")),
    )
    return [(request.say(name), href) for name, href in links]


def _facts(request: PageRequest, item: Reading) -> list[tuple[str, str, str]]:
    """What is known of the indicator itself: label, words, and where they lead outside."""
    indicator, lang = item.indicator, request.lang
    credit, held = indicator.credit, queries.standing(request.snapshot, item.id)
    order = " → ".join(request.say(f"source_{ref.name}") for ref in indicator.sources)
    facts = [
        ("unit", item.unit.label.in_(lang), ""),
        ("frequency", request.say(indicator.frequency), ""),
        ("publication", publication_words(indicator, lang), ""),
        ("source", credit.name.in_(lang), credit.url),
        ("licence", licence_words(credit, lang), ""),
        ("sources_order", order, ""),
    ]
    if held and item.as_of is None:
        first, last = (
            formatting.day(day, indicator, lang, year=True)
            for day in (held.first, held.newest.date)
        )
        words = request.say("values_held", first=first, last=last, count=f"{held.count:,}")
        facts.append(("history", words, ""))
    return [(request.say(name), words, href) for name, words, href in facts]


def _recent(request: PageRequest, column: Column, item: Reading) -> list[RecentValue]:
    """The newest values of the window, the newest first."""
    held = [(vintage, value) for vintage, value in column.rows if value is not None]
    return [
        RecentValue(
            day=formatting.table_day(vintage.date, column.indicator, request.lang),
            figure=_figure(request, column, item, value),
            known_at=formatting.minute(vintage.known_at),
            status=_status(request, vintage),
            source=provenance_words(
                provenance(vintage), item.id, request.snapshot.catalog, request.lang
            ),
        )
        for vintage, value in held[-RECENT:][::-1]
    ]


def _status(request: PageRequest, vintage: Vintage) -> str:
    """How a value came to be held, and its way of measuring where the source names one."""
    words = request.say(f"{vintage.status}_status")
    return f"{words} · {vintage.basis}" if vintage.basis else words


def _figure(request: PageRequest, column: Column, item: Reading, value: float) -> str:
    if column.unit == item.unit.code:
        return _exact(request, item, value)
    suffix = "%" if column.unit == "percent" else ""
    return formatting.signed(value, 2) + suffix


def _exact(request: PageRequest, item: Reading, value: float) -> str:
    return str(formatting.figure(value, item.indicator, item.unit, request.lang, exact=True))


def _notes(request: PageRequest, column: Column, item: Reading) -> list[tuple[str, list[DayNote]]]:
    """What there is to say of single days, under a title each; what there is nothing of is left
    out."""
    differing = [] if request.as_of else queries.disagreements(request.snapshot, item.id)
    found = [
        (
            request.say("disagreements", count=f"{len(differing):,}"),
            [_disagreement(request, item, one) for one in differing[:DISAGREEMENTS]],
        ),
        (request.say("revisions"), _revisions(request, item)),
        (request.say("actions"), _actions(request, item)),
        (request.say("note"), _remarks(request, column, item)),
        (request.say("events"), list(islice(_events(request, item), EVENTS))),
    ]
    return [(title, notes) for title, notes in found if notes]


def _disagreement(request: PageRequest, item: Reading, found: Disagreement) -> DayNote:
    """Where another source says something else: told, never averaged."""
    said = (
        f"{request.say(f'source_{source}')} {_exact(request, item, value)}"
        for source, value in (
            (found.source, found.value),
            (found.other_source, found.other_value),
        )
    )
    return DayNote(_table_day(request, item, found.date), " · ".join(said))


def _revisions(request: PageRequest, item: Reading) -> list[DayNote]:
    """What a source said first, and what it says now."""
    return [
        DayNote(
            _table_day(request, item, one.date),
            f"{_exact(request, item, one.before)} → {_exact(request, item, one.after)}",
            remark=request.say(
                "revised_by",
                source=request.say(f"source_{one.source}"),
                moment=formatting.minute(one.known_at),
            ),
        )
        for one in queries.revisions(request.snapshot, item.id, item.as_of, most=REVISIONS)
    ]


def _actions(request: PageRequest, item: Reading) -> list[DayNote]:
    """Splits and dividends, which the prices are not adjusted for."""
    unit = item.unit.label.in_(request.lang)
    held = queries.actions(request.snapshot, item.id)
    known = [one for one in held if one.date <= request.last_day]
    return [
        DayNote(
            _table_day(request, item, one.date),
            request.say(one.kind, value=formatting.trimmed(one.value), unit=unit),
        )
        for one in known[:ACTIONS]
    ]


def _remarks(request: PageRequest, column: Column, item: Reading) -> list[DayNote]:
    """What is to be said of single values, the newest first."""
    remarked = [vintage for vintage, _ in reversed(column.rows) if vintage.note]
    return [
        DayNote(
            _table_day(request, item, one.date),
            correction_notes.note(request.snapshot, item.indicator, one, request.lang),
        )
        for one in remarked[:NOTES]
    ]


def _events(request: PageRequest, item: Reading) -> Iterator[DayNote]:
    """Records and round numbers, the newest first."""
    for event in queries.events(request.snapshot, item.id, item.as_of, most=MOST_EVENTS):
        vintage = Vintage(event.date, event.value, "", event.known_at, "")
        day = formatting.day(event.date, item.indicator, request.lang, year=True)
        words = _exact(request, item, event.value)
        for badge in badges(vintage, [event], item.indicator, item.unit, request.lang):
            yield DayNote(day, words, badge)


def _table_day(request: PageRequest, item: Reading, day: date) -> str:
    return formatting.table_day(day, item.indicator, request.lang)


def _documents(request: PageRequest, item: Reading) -> MonthDocuments | None:
    """The documents behind the newest count."""
    scope = item.indicator.documents
    if scope is None or item.vintage is None:
        return None
    month = f"{item.vintage.date:%Y-%m}"
    found = queries.documents_of_month(request.snapshot, month, scope)
    words = formatting.day(item.vintage.date, item.indicator, request.lang)
    return MonthDocuments(
        request.say("documents", month=words),
        [
            (f"{one.issuer}：《{one.title}》", f"，{one.day}")
            for one in found
            if one.day <= str(request.last_day)
        ],
    )
