"""/indicators: every indicator with its newest value and how far it is from others; searched,
filtered and sorted by the address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.address import AddressError, one_of
from dashboard.components import cards
from dashboard.components.listing import further
from dashboard.components.picking import options, search
from dashboard.overview import Distance, Line, line
from dashboard.pages.page import Page, Visit, message
from dashboard.paging import paged
from dashboard.texts import text
from etl.catalog import Indicator

PAGE = 100
#: More indicators than this are not all read to sort them by what is reckoned.
MOST_SORTED = 600
SORTS = ("", "name", "date", "change", "month", "year", "record")
COLUMNS = ("name", "value", "change", "month", "year", "record", "trend", "date", "source")


def layout(visit: Visit) -> Page:
    """The table that the address asks for."""
    title = text("indicators", visit.lang)
    try:
        found = _filtered(visit)
        sort = _sort(visit, len(found))
        page = paged(visit.query.get("page", ""), _sorted(visit, found, sort), PAGE)
    except AddressError as error:
        return message(text("wrong_address", visit.lang), str(error), visit.chosen, error.status)
    lines = [line(visit.snapshot, i.id, visit.lang) for i in page.shown]
    tables = (
        [_table(visit, lines, sort, len(found))] if sort.strip("-")
        else [_group(visit, name, list(part), len(found))
              for name, part in groupby(lines, key=lambda x: x.reading.indicator.group)]
    )  # fmt: skip
    nothing = html.P(text("nothing_found", visit.lang), className="message")
    return Page(
        title,
        [
            html.Section(
                [
                    html.H1(title),
                    _filters(visit),
                    html.Div(id="pins", **{"data-title": text("pins", visit.lang)}),
                    *(tables if lines else [nothing]),
                    further(page, lambda number: _href(visit, page=number), visit.lang),
                ],
                className="wide",
            )
        ],
        title,
    )


def _href(visit: Visit, **changed: str) -> str:
    kept = {name: visit.query.get(name, "") for name in ("q", "group", "frequency", "sort")}
    return visit.chosen.href("/indicators", **{**kept, **changed})


def _filtered(visit: Visit) -> list[Indicator]:
    catalog = visit.snapshot.catalog
    group = one_of("group", visit.query.get("group", ""), ("", *catalog.groups))
    known = ("", *dict.fromkeys(i.frequency for i in catalog.all()))
    frequency = one_of("frequency", visit.query.get("frequency", ""), known)
    words = visit.query.get("q", "").casefold().split()
    return [
        i
        for i in catalog.all()
        if group in ("", i.group)
        and frequency in ("", i.frequency)
        and all(word in _searched(i) for word in words)
    ]


def _searched(indicator: Indicator) -> str:
    i = indicator
    parts = (i.id, i.title.zh, i.title.en, i.short.zh, i.short.en, *i.aliases)
    return "\n".join(parts).casefold()


def _sort(visit: Visit, count: int) -> str:
    asked = visit.query.get("sort", "")
    name = one_of("sort", asked.removeprefix("-"), SORTS)
    if count > MOST_SORTED and name not in ("", "name"):
        raise AddressError(
            "sort",
            f"sort: {count:,} indicators are too many to sort by {name}; filter them first, to at "
            f"most {MOST_SORTED}.",
        )
    return f"-{name}" if asked.startswith("-") and name else name


def _sorted(visit: Visit, found: Sequence[Indicator], sort: str) -> list[Indicator]:
    name, lang = sort.removeprefix("-"), visit.lang
    if not name:
        order = list(visit.snapshot.catalog.groups)
        return sorted(found, key=lambda i: order.index(i.group))
    if name == "name":
        return sorted(found, key=lambda i: i.title.in_(lang), reverse=sort.startswith("-"))
    keys = {i.id: _key(line(visit.snapshot, i.id, lang), name) for i in found}
    held = [i for i in found if keys[i.id] is not None]
    held.sort(key=lambda i: keys[i.id] or 0.0, reverse=sort.startswith("-"))
    return [*held, *(i for i in found if keys[i.id] is None)]


def _key(item: Line, name: str) -> float | None:
    """What a line is sorted by; lines without it come last."""
    vintage = item.reading.vintage
    if vintage is None:
        return None
    if name == "date":
        return float(vintage.date.toordinal())
    if name == "change":
        return item.session.percent if item.session else None
    distance: Distance | None = getattr(item, name)
    return distance.percent if distance else None


def _filters(visit: Visit) -> Component:
    catalog, lang = visit.snapshot.catalog, visit.lang
    group, frequency = visit.query.get("group", ""), visit.query.get("frequency", "")
    groups = [
        (text("all", lang), _href(visit, group=""), not group),
        *((g.title.in_(lang), _href(visit, group=name), group == name)
          for name, g in catalog.groups.items()),
    ]  # fmt: skip
    known = dict.fromkeys(i.frequency for i in catalog.all())
    frequencies = [
        (text("all", lang), _href(visit, frequency=""), not frequency),
        *((text(name, lang), _href(visit, frequency=name), frequency == name) for name in known),
    ]
    kept = {"group": group, "frequency": frequency, "sort": visit.query.get("sort", "")}
    return html.Div(
        [
            search(visit, "/indicators", text("search_indicators", lang), kept),
            options(text("group", lang), groups),
            options(text("frequency", lang), frequencies),
        ],
        className="filters",
    )


def _group(visit: Visit, name: str, lines: Sequence[Line], count: int) -> Component:
    title = visit.snapshot.catalog.groups[name].title.in_(visit.lang)
    return html.Section([html.H2(title), _table(visit, lines, "", count)])


def _table(visit: Visit, lines: Iterable[Line], sort: str, count: int) -> Component:
    header = html.Tr([_heading(visit, name, sort, count) for name in COLUMNS])
    return html.Table(
        [html.Thead(header), html.Tbody([_row(visit, item) for item in lines])],
        className="table indicators-table",
    )


def _heading(visit: Visit, name: str, sort: str, count: int) -> Component:
    """The name of a column; where it can be sorted by, a link that does, or turns the order."""
    words = text(f"col_{name}" if name in ("month", "year", "record") else name, visit.lang)
    if name not in SORTS or (count > MOST_SORTED and name != "name"):
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


def _row(visit: Visit, entry: Line) -> Component:
    item = entry.reading
    title = item.indicator.title.in_(visit.lang)
    name = html.Th(
        [
            html.Button("☆", className="pin", **{
                "data-pin": item.id, "aria-pressed": "false",
                "aria-label": text("pin", visit.lang, title=title)}),
            dcc.Link(title, href=visit.chosen.href(f"/indicators/{item.id}")),
            *[cards.badge(b) for b in item.badges],
        ],
        scope="row",
        className="col-name",
    )  # fmt: skip
    if item.vintage is None or item.figure is None:
        empty = html.Td(
            text("no_data", visit.lang), colSpan=len(COLUMNS) - 1, className="empty-cell"
        )
        return html.Tr([name, empty])
    return html.Tr(
        [
            name,
            html.Td(cards.number(item.figure, "cell-number"), className="col-value"),
            html.Td(cards.delta(item.change), className="col-change"),
            *[
                html.Td(cards.delta(d.change) if d else "—", className=f"col-{kind}",
                        **{"data-label": text(f"col_{kind}", visit.lang)})
                for kind, d in (("month", entry.month), ("year", entry.year),
                                ("record", entry.record))
            ],
            html.Td(cards.sparkline(item, visit.chosen), className="col-trend"),
            html.Td(cards.dated(item, visit.lang), className="col-date"),
            html.Td(cards.source_words(item, visit.lang), className="col-source"),
        ]
    )  # fmt: skip
