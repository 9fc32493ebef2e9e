"""/indicators: every indicator with its newest value and how far it is from others; searched,
filtered and sorted by the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.address import AddressError, one_of
from dashboard.components.indicator_table import COLUMNS, Entry, column_words, indicator_table
from dashboard.components.listing import further
from dashboard.components.picking import chip, options, search
from dashboard.data.freshness import health
from dashboard.data.indicator_rows import in_order, lines
from dashboard.data.search import found
from dashboard.pages.page import Page, PageClock, PageRequest, message
from dashboard.pages.paging import paged
from dashboard.texts import text
from etl.catalog import Indicator

PAGE = 50
SORTS = ("", "name", "date", "change", "month", "year", "record", "age")
#: What the address may hold, so that a link that changes one keeps the others.
KEPT = ("q", "group", "frequency", "sort", "cols")


def layout(visit: PageRequest, desk: PageClock) -> Page:
    """The table that the address asks for, with how fresh everything is at the minute of `desk`."""
    now = desk.minute
    title = text("indicators", visit.lang)
    try:
        found = _filtered(visit)
        columns = _columns(visit)
        sort = _sort(visit)
        page = paged(visit.query.get("page", ""), _sorted(visit, found, sort, now), PAGE)
    except AddressError as error:
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    shown = lines(visit.snapshot, [i.id for i in page.shown], visit.lang)
    aged = health(visit.snapshot, now, page.shown)
    entries = [Entry(*one) for one in zip(shown, aged, strict=True)]

    def table(part: Iterable[Entry]) -> Component:
        return indicator_table(visit, part, columns, lambda name: _heading(visit, name, sort))

    def group(name: str, part: Iterable[Entry]) -> Component:
        words = visit.snapshot.catalog.groups[name].title.in_(visit.lang)
        return html.Section([html.H2(words), table(part)])

    tables = (
        [table(entries)] if sort.strip("-")
        else [group(*one) for one in groupby(entries, lambda e: e.health.indicator.group)]
    )  # fmt: skip
    nothing = html.P(text("nothing_found", visit.lang), className="message")
    return Page(
        title,
        [
            html.Section(
                [
                    html.H1(title),
                    _filters(visit),
                    _column_picker(visit, columns),
                    html.Div(id="pins", **{"data-title": text("pins", visit.lang)}),
                    *(tables if entries else [nothing]),
                    further(page, lambda number: _href(visit, page=number), visit.lang),
                ],
                className="wide",
            )
        ],
        title,
    )


def _href(visit: PageRequest, **changed: str) -> str:
    kept = {name: visit.query.get(name, "") for name in KEPT}
    return visit.chosen.href("/indicators", **{**kept, **changed})


def _columns(visit: PageRequest) -> tuple[str, ...]:
    """The columns of the address in their usual order; all of them where it names none, and none
    where it names only `name`."""
    asked = visit.query.get("cols", "")
    names = {one_of("cols", name, ("name", *COLUMNS)) for name in asked.split(",")}
    return tuple(name for name in COLUMNS if name in names) if asked else COLUMNS


def _column_picker(visit: PageRequest, columns: Sequence[str]) -> Component:
    def href(names: Sequence[str]) -> str:
        is_usual = set(names) == set(COLUMNS)
        return _href(visit, cols="" if is_usual else ",".join(names) or "name")

    words, count = text("columns", visit.lang), f"{len(columns)} / {len(COLUMNS)}"
    chips = [chip(column_words(name, visit.lang), name, columns, len(COLUMNS), href)
             for name in COLUMNS]  # fmt: skip
    return html.Details(
        [html.Summary([words, html.Span(count, className="quiet")]),
         html.Div(chips, className="chips")],
        className="picker columns",
        open=len(columns) < len(COLUMNS),
    )  # fmt: skip


def _filtered(visit: PageRequest) -> list[Indicator]:
    catalog = visit.snapshot.catalog
    group = one_of("group", visit.query.get("group", ""), ("", *catalog.groups))
    known = ("", *catalog.frequencies)
    frequency = one_of("frequency", visit.query.get("frequency", ""), known)
    return [
        i
        for i in found(visit.snapshot, visit.query.get("q", ""))
        if (not group or i.group == group) and (not frequency or i.frequency == frequency)
    ]


def _sort(visit: PageRequest) -> str:
    asked = visit.query.get("sort", "")
    name = one_of("sort", asked.removeprefix("-"), SORTS)
    return f"-{name}" if asked.startswith("-") and name else name


def _sorted(
    visit: PageRequest, found: Sequence[Indicator], sort: str, now: datetime
) -> Sequence[Indicator]:
    """The indicators in the order that is asked for; those without what it goes by come last."""
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    if not name:
        groups = list(visit.snapshot.catalog.groups)
        return sorted(found, key=lambda i: groups.index(i.group))
    if name == "name":
        return sorted(found, key=lambda i: i.title.in_(visit.lang), reverse=falls)
    order = in_order(visit.snapshot, name, falls=falls, now=now)
    wanted = {i.id: i for i in found}
    held = [wanted[name] for name in order if name in wanted]
    return [*held, *(i for i in found if i.id not in order)]


def _filters(visit: PageRequest) -> Component:
    catalog, lang = visit.snapshot.catalog, visit.lang
    group, frequency = visit.query.get("group", ""), visit.query.get("frequency", "")
    groups = [
        (text("all", lang), _href(visit, group=""), not group),
        *((g.title.in_(lang), _href(visit, group=name), group == name)
          for name, g in catalog.groups.items()),
    ]  # fmt: skip
    frequencies = [
        (text("all", lang), _href(visit, frequency=""), not frequency),
        *(
            (text(name, lang), _href(visit, frequency=name), frequency == name)
            for name in catalog.frequencies
        ),
    ]
    kept = {name: visit.query.get(name, "") for name in KEPT if name != "q"}
    return html.Div(
        [
            search(visit, "/indicators", text("search_indicators", lang), kept),
            options(text("group", lang), groups),
            options(text("frequency", lang), frequencies),
        ],
        className="filters",
    )


def _heading(visit: PageRequest, name: str, sort: str) -> Component:
    """The name of a column; where it can be sorted by, a link that does, or turns the order."""
    words = column_words(name, visit.lang)
    if name not in SORTS:
        return html.Th(words, scope="col", className=f"col-{name}")
    falls_first = name != "name"
    first, second = (f"-{name}", name) if falls_first else (name, f"-{name}")
    order = {name: "ascending", f"-{name}": "descending"}.get(sort)
    arrow = {"ascending": " ↑", "descending": " ↓"}.get(order or "", "")
    href = _href(visit, sort=second if sort == first else first)
    marked = {"aria-sort": order} if order else {}
    return html.Th(
        dcc.Link(words + arrow, href=href), scope="col", className=f"col-{name}", **marked
    )
