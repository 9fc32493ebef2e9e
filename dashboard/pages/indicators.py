"""/indicators: every indicator with its newest value, by group."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components import cards
from dashboard.pages.page import Page, Visit
from dashboard.readings import Reading, readings
from dashboard.texts import text


def layout(visit: Visit) -> Page:
    catalog = visit.snapshot.catalog
    items = readings(visit.snapshot, catalog.indicators, None, visit.lang)
    title = text("indicators", visit.lang)
    groups = [
        _group(visit, group.title.in_(visit.lang), [i for i in items if i.indicator.group == name])
        for name, group in catalog.groups.items()
    ]
    return Page(title, [html.Section([html.H1(title), *groups], className="wide")], title)


def _group(visit: Visit, title: str, items: list[Reading]) -> Component:
    names = ("name", "value", "change", "trend", "date", "source")
    header = html.Tr(
        [html.Th(text(n, visit.lang), scope="col", className=f"col-{n}") for n in names]
    )
    return html.Section(
        [
            html.H2(title),
            html.Table(
                [html.Thead(header), html.Tbody([_row(visit, item) for item in items])],
                className="table indicators-table",
            ),
        ]
    )


def _row(visit: Visit, item: Reading) -> Component:
    name = html.Th(
        [
            dcc.Link(
                item.indicator.title.in_(visit.lang),
                href=visit.chosen.href(f"/indicators/{item.id}"),
            ),
            *[cards.badge(b) for b in item.badges],
        ],
        scope="row",
        className="col-name",
    )
    if item.vintage is None or item.figure is None:
        empty = html.Td(text("no_data", visit.lang), colSpan=5, className="empty-cell")
        return html.Tr([name, empty])
    return html.Tr(
        [
            name,
            html.Td(cards.number(item.figure, "cell-number"), className="col-value"),
            html.Td(cards.delta(item.change), className="col-change"),
            html.Td(cards.sparkline(item, visit.chosen), className="col-trend"),
            html.Td(cards.dated(item, visit.lang), className="col-date"),
            html.Td(cards.source_words(item, visit.lang), className="col-source"),
        ]
    )
