"""/events: everything that happened to indicators, newest first, filtered by the address; each
leads to its day on the chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dashboard.address import AddressError, ChartAddress, MovedError, Window
from dashboard.chart.notes import NOTE_KINDS, SHAPES
from dashboard.data.notes import PARAMETERS, Happened, chosen, happened, href, source, words
from dashboard.data.when import answers
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import paged
from dashboard.pages.parts.listing import further
from dashboard.pages.parts.picking import search_form
from etl.catalog import Indicator

PATH = "/events"
A_PAGE = 100
#: Days before and after an event that its chart shows, of daily values and of rarer ones.
AROUND, AROUND_RARE = 45, 550


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event of the list: its day and kind, of what it tells and what, who says so, and the chart
    that shows the day."""

    day: str
    sign: str
    kind: str
    title: str
    words: str
    href: str
    source: str
    chart: str


def layout(request: PageRequest) -> Page:
    """The page; 400 or 404 in words where a parameter is wrong."""
    catalog, said = request.snapshot.catalog, request.query
    try:
        asked = chosen(said, catalog, datetime.now(UTC))
        page = paged(said.get("page", ""), happened(request.snapshot, asked), A_PAGE)
    except MovedError as error:
        there = request.urls.page(PATH, **{**said, "id": error.new})
        return Page(error.new, status=301, location=there)
    except AddressError as error:
        return wrong_parameter(request, error)
    found = request.say("found_events", count=f"{page.all:,}")
    now = said.get("kind", "")
    return Page(
        title=request.say("events"),
        template="events",
        description=request.say("events_lead"),
        context={
            "form": request.urls.form(PATH),
            "kept": [
                (name, value)
                for name, value in (*request.urls.kept.items(), ("kind", now))
                if value
            ],
            "indicators": [(i.id, i.title.in_(request.lang), i.id == asked.id)
                           for i in catalog.all()],
            "said": {name: said.get(name, "") for name in ("since", "until")},
            "kinds": [
                (request.say("every_event_kind"), _href(request, kind=""), not now),
                *(
                    (request.say(f"note_{one}"), _href(request, kind=one), one == now)
                    for one in NOTE_KINDS
                ),
            ],
            "found": found,
            "answers": answered(request),
            "search": search_form(
                request, PATH, request.say("ask_when"), {n: said.get(n, "") for n in PARAMETERS}
            ),
            "events": [_shown(request, one, asked.id) for one in page.shown],
            "whole": request.urls.page(PATH),
            "further": further(page, lambda n: _href(request, page=n), request.lang),
        },
    )  # fmt: skip


def _href(request: PageRequest, **changed: str) -> str:
    kept = {name: request.query.get(name, "") for name in PARAMETERS}
    return request.urls.page(PATH, **{**kept, **changed})


def _shown(request: PageRequest, one: Happened, asked: str) -> ShownEvent:
    snapshot, lang = request.snapshot, request.lang
    name = asked if asked in one.ids else next(iter(one.ids), "")
    where = href(snapshot, one)
    days = (one.shown_on, one.shown_on if one.kind == "correction" else one.day)
    days = (min(days), days[1])
    return ShownEvent(
        day=str(one.day),
        sign=SHAPES[one.kind].sign,
        kind=request.say(f"note_{one.kind}"),
        title=snapshot.catalog[name].short.in_(lang) if name in snapshot.catalog else "",
        words=words(snapshot, one, lang),
        href=request.urls.page(where) if where.startswith("/") and "?" not in where
        else request.urls.to(where) if where.startswith("/") else where,
        source=source(snapshot, one, lang),
        chart=_chart_of(request, snapshot.catalog[name], *days)
        if name in snapshot.catalog
        else "",
    )  # fmt: skip


def answered(request: PageRequest) -> list[tuple[str, str]]:
    """What the search words ask for when they ask when: sentences, each with the chart of its
    day."""
    snapshot, catalog = request.snapshot, request.snapshot.catalog
    return [
        (
            one.sentence,
            _chart_of(request, catalog[one.id], one.day, one.day) if one.day else "",
        )
        for one in answers(snapshot, request.query.get("q", ""), request.lang, request.as_of)
    ]


def _chart_of(request: PageRequest, indicator: Indicator, first: date, last: date) -> str:
    """The chart whose window holds the days; its fragment marks the last."""
    around = timedelta(days=AROUND if indicator.frequency == "daily" else AROUND_RARE)
    display = request.display
    address = ChartAddress(
        indicator.id,
        window=Window("", first - around, last + around),
        lang=display.lang,
        theme=display.theme,
        updown=display.updown,
    )
    link = request.urls.chart(address)
    return f"{link}#d-{last}" if link else ""
